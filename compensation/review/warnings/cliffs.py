"""Cliffs: one more unit sold, and pay jumps by more than any rate would pay on it."""

from collections.abc import Iterator

from compensation.review.alone import Alone
from compensation.review.trials import pay_at
from compensation.review.warning import PlanWarning, about, paid, sold


def cliffs(alone: Alone) -> Iterator[PlanWarning]:
    """One for each place where the pay of a single sale jumps up; a fixed amount for each sale is none."""
    is_fixed = alone.component.payout.amount is not None and not alone.runs_together
    bends = [bend for bend in alone.bends if bend > alone.step or not is_fixed]
    pays = pay_at(alone, [amount for bend in bends for amount in (bend - alone.step, bend)])
    for bend in bends:
        below = bend - alone.step
        if pays[bend] - pays[below] > alone.smooth(alone.step):
            yield about(
                alone,
                "cliff",
                below=sold(alone, below),
                pays_below=paid(alone, pays[below]),
                step=sold(alone, alone.step),
                pays_at=paid(alone, pays[bend]),
            )
