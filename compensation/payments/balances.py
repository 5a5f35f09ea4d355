"""Balances: what of a period's gross pay is paid, owed and carried, between the bounds of the plan."""

from fractions import Fraction
from typing import NamedTuple

from compensation.exact import rounded
from compensation.plans.payments import NegativeBalance, NotPaidOut


class Bounds(NamedTuple):
    """What lifts and holds back the pay of a payee in a period; in minor units.

    ``draw``, ``guarantee``: None where none is in force. ``recovered``: the part of what exceeds the draw that repays
    what is owed.
    """

    draw: int | None = None
    is_recoverable: bool = True
    is_paid_in_advance: bool = False
    recovered: Fraction = Fraction(1)
    is_forgiven_after: bool = False
    guarantee: int | None = None
    minimum: int = 0
    below_minimum: NotPaidOut = NotPaidOut.CARRIED_FORWARD
    maximum: int | None = None
    above_maximum: NotPaidOut = NotPaidOut.CARRIED_FORWARD
    negative: NegativeBalance = NegativeBalance.CARRIED_FORWARD


class Paid(NamedTuple):
    """Gross + draw - recovered + guarantee = paid + carried_out + lapsed.

    ``draw`` is what it adds, less what was paid in advance; ``lapsed`` is forfeited, or (negative) forgiven; ``owed``
    of draws, after the period.
    """

    draw: int
    recovered: int
    guarantee: int
    carried_out: int
    lapsed: int
    owed: int
    paid: int


def settle_period(gross: int, owed: int, bounds: Bounds) -> Paid:
    """What is paid of ``gross`` (released, adjusted and carried in) by somebody who owes ``owed`` of earlier draws.

    >>> settle_period(2375, 500, Bounds(draw=2000))
    Paid(draw=0, recovered=375, guarantee=0, carried_out=0, lapsed=0, owed=125, paid=2000)
    """
    draw = bounds.draw or 0
    added = max(0, draw - gross) if bounds.draw is not None else 0
    recovered = min(owed, rounded(max(0, gross - draw) * bounds.recovered)) if owed else 0
    in_advance = draw if bounds.is_paid_in_advance else 0
    lifted = gross + added - recovered
    guaranteed = 0 if bounds.guarantee is None else max(0, bounds.guarantee - lifted)
    carried, lapsed, paid = _bounded(lifted + guaranteed - in_advance, bounds)
    left = 0 if bounds.is_forgiven_after else owed - recovered + (added if bounds.is_recoverable else 0)
    return Paid(added - in_advance, recovered, guaranteed, carried, lapsed, left, paid)


def _bounded(due: int, bounds: Bounds) -> tuple[int, int, int]:
    """What is carried forward, lapses and is paid."""
    if due < 0:
        return {
            NegativeBalance.CARRIED_FORWARD: (due, 0, 0),
            NegativeBalance.FORGIVEN: (0, due, 0),
            NegativeBalance.PAID_BACK: (0, 0, due),
        }[bounds.negative]
    if due < bounds.minimum:
        return (0, due, 0) if bounds.below_minimum is NotPaidOut.FORFEITED else (due, 0, 0)
    if bounds.maximum is not None and due > bounds.maximum:
        excess = due - bounds.maximum
        is_lost = bounds.above_maximum is NotPaidOut.FORFEITED
        return 0 if is_lost else excess, excess if is_lost else 0, bounds.maximum
    return 0, 0, due
