"""Facts: the frames that a calculation is given, from canonical records and deals.

How records become transactions (all amounts in minor units of their currency):

- A document counts by its lines if they all have amounts and add up to its own; otherwise as one line.
- ``booking``: a won opportunity, on its close date. ``expected``: an open one, on its expected close date or ``as_of``;
  without an amount, by its products' list prices if its mapping says so.
- ``order``: not cancelled ones. ``invoice``: a line belongs to the deal of the order that it bills.
- ``receipt``: of each invoice that it settles the net share, allocation x net / gross, cut off the running sum of that
  invoice's allocations, so that full payment gives the net amount exactly. What is allocated to a credit note is a
  refund, below zero: of the invoice that the note takes back.
- ``return``: a credit note's lines, negative. Each takes back the invoice line that it names, else one with its product
  (of the same amount, else the first); without a product the first line. A note without lines takes back all lines in
  proportion. What tells no cost takes back margin in proportion. Both are cut off the running sum of what was
  returned, so that a full return by several notes takes back each line and its margin exactly.

A transaction has the ``document_type`` of its document, a receipt that of the invoice that it pays.

Who takes part in a deal: the opportunity's shares, and its owner with all of it unless one of them is an owner's (no
overlay); without an opportunity the first order's employee. What belongs to no deal, or to several without saying
which line to which, is left out and counted.
"""

from warehouse.facts.frames import FactsError
from warehouse.facts.reading import FactsRead, read_facts, read_facts_and_gaps

__all__ = ["FactsError", "FactsRead", "read_facts", "read_facts_and_gaps"]
