"""Inversions: selling more pays less."""

from collections.abc import Iterator

from compensation.review.alone import Alone
from compensation.review.trials import pay_at
from compensation.review.warning import PlanWarning, about, paid, sold


def inversions(alone: Alone) -> Iterator[PlanWarning]:
    """One for each place where pay falls: at a bound, or all along a stretch."""
    pairs = list(_pairs(alone))
    pays = pay_at(alone, [amount for pair in pairs for amount in pair])
    for less, more in pairs:
        if pays[more] < pays[less]:
            yield about(
                alone,
                "inversion",
                below=sold(alone, less),
                pays_below=paid(alone, pays[less]),
                at=sold(alone, more),
                pays_at=paid(alone, pays[more]),
            )


def _pairs(alone: Alone) -> Iterator[tuple[int, int]]:
    """Sales and larger ones between which pay may fall."""
    for start, end, rate in alone.stretches:
        if rate < 0:
            yield start, (2 * start + alone.scale if end is None else end - alone.step)
        if end is not None:
            yield end - alone.step, end
