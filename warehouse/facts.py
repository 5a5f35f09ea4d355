"""Facts: the frames that a calculation is given, from canonical records and deals.

How records become transactions (all amounts in minor units of their currency):

- A document counts by its lines if they all have amounts and add up to its own; otherwise as one line.
- ``booking``: a won opportunity, on its close date. ``expected``: an open one, on its expected close date or ``as_of``;
  without an amount, by its products' list prices if its mapping says so.
- ``order``: not cancelled ones. ``invoice``: a line belongs to the deal of the order that it bills.
- ``receipt``: of each invoice that it settles the net share, allocation x net / gross, cut off the running sum of that
  invoice's allocations, so that full payment gives the net amount exactly.
- ``return``: a credit note's lines, negative. Each takes back the invoice line that it names, else the only line with
  its product, else the first. A note without lines takes back all lines in proportion. What tells no cost takes back
  margin in proportion.

Who takes part in a deal: the opportunity's shares, or its owner with all of it; without an opportunity the first
order's employee. What belongs to no deal, or to several without saying which line to which, is left out and counted.
"""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection

from warehouse.fact_deals import read_deals, read_participants
from warehouse.fact_lines import Scope, read_members
from warehouse.fact_people import deals_touching, read_assignments, read_currencies, read_quotas, read_rates
from warehouse.fact_transactions import read_transactions


class FactsRead(NamedTuple):
    """``frames`` by name; ``left_out``: kind, document_id, line, reason of what could not be given to a deal."""

    frames: dict[str, pl.DataFrame]
    left_out: pl.DataFrame


def read_facts(
    connection: Connection, *, as_of: date, payees: Collection[str] | None = None
) -> dict[str, pl.DataFrame]:
    """The frames transactions, participants, assignments, quotas, rates, currencies and deals.

    ``payees`` restricts deals to those in which these or anybody who ever stood below them take part. Money is Int64
    minor units, quantities and shares Int64 millionths, rates exact text, days Date. FactsError if an amount leaves
    64 bits.
    """
    return read_facts_and_gaps(connection, as_of=as_of, payees=payees).frames


def read_facts_and_gaps(connection: Connection, *, as_of: date, payees: Collection[str] | None = None) -> FactsRead:
    """The same, with what was left out and why."""
    scope = Scope(None if payees is None else deals_touching(connection, payees))
    members = read_members(connection, scope)
    transactions, bases, left_out = read_transactions(connection, members, scope, as_of)
    frames = {
        "transactions": transactions,
        "participants": read_participants(connection, members, scope),
        "assignments": read_assignments(connection),
        "quotas": read_quotas(connection),
        "rates": read_rates(connection),
        "deals": read_deals(connection, members, scope, bases),
    }
    return FactsRead(frames | {"currencies": read_currencies(frames)}, left_out)
