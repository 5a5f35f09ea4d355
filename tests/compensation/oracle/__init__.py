"""A second calculator, small and slow: plain loops over Fractions, sharing no code with the engine.

It reads the models of plan files and plain rows of facts, so that a mistake would have to be made twice in two ways. A
file for each step: documents, parties, crediting, measures; terms, figures, curve; lines with their limits; and the
reckoning that leads from one to the next. What happens after: awaited documents, releasing, the payee's currency,
paying, adjusting; and the settling of them all.
"""

from tests.compensation.oracle.reckoning import reckon
from tests.compensation.oracle.records import Reckoning
from tests.compensation.oracle.settling import Settled, settle_up

__all__ = ["Reckoning", "Settled", "reckon", "settle_up"]
