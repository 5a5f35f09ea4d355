"""Pay for delaying a deal into the next period, or for pulling it forward.

Every rate that changes with the position makes some days better than others. What is told here is worse: a deal that
pays nothing today and something tomorrow, or far more today than the plan's best rate would pay on it.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from compensation.plans.periods import PeriodKind, period_of
from compensation.review.alone import Alone
from compensation.review.trials import Sale, pay
from compensation.review.warning import PlanWarning, about, paid, sold
from compensation.review.warnings.dead_zones import flat_stretches


class _Timed(NamedTuple):
    """A deal that comes after what is sold, and what it adds on either day."""

    sold: int
    deal: int
    now: int
    next: int


def timing(alone: Alone) -> Iterator[PlanWarning]:
    """The smallest deal that is better delayed, and the smallest that is better pulled forward."""
    if not alone.runs_together or alone.component.period is PeriodKind.EVER:
        return
    last, following = _days(alone)
    at_bends = [_timed(alone, *deal) for deal in _before_bends(alone)]
    on_the_flat = [_timed(alone, *deal) for deal in _on_the_flat(alone)]
    delayed = [each for each in on_the_flat if each.now <= 0 < each.next]
    delayed += [each for each in at_bends if each.now < -alone.curve.rounding.increment and each.next > each.now]
    pulled = [each for each in at_bends if each.now - each.next > alone.smooth(each.deal)]
    for code, found in (("delaying_pays", delayed), ("pulling_forward_pays", pulled)):
        if found:
            smallest = min(found, key=lambda each: (each.deal, each.sold))
            yield about(
                alone,
                code,
                sold=sold(alone, smallest.sold),
                deal=sold(alone, smallest.deal),
                day=last,
                next_day=following,
                pays_now=paid(alone, smallest.now),
                pays_next=paid(alone, smallest.next),
            )


def _before_bends(alone: Alone) -> Iterator[tuple[int, int]]:
    """What is sold, one step short of a bend, and a deal after it."""
    for deal in sorted({alone.step, _smallest_paid(alone)}):
        yield from ((bend - alone.step, deal) for bend in alone.bends)


def _on_the_flat(alone: Alone) -> Iterator[tuple[int, int]]:
    """What is sold, up to where nothing more is paid, and a deal after it."""
    smallest = _smallest_paid(alone)
    for start, end in flat_stretches(alone):
        if start and (end is None or start + smallest < end):
            yield start, smallest


def _smallest_paid(alone: Alone) -> int:
    """The smallest deal that a new period pays anything for; a step if there is none."""
    opening, curve = alone.curve.pay_at(0), alone.curve
    upper = next((bend for bend in (alone.step, *alone.bends, 10**6 * alone.scale) if curve.pay_at(bend) > opening), 0)
    lower = 0
    while upper - lower > alone.step:
        middle = (lower + upper) // 2 // alone.step * alone.step
        lower, upper = (lower, middle) if curve.pay_at(middle) > opening else (middle, upper)
    return max(upper, alone.step)


def _timed(alone: Alone, before: int, deal: int) -> _Timed:
    last, following = _days(alone)
    first = [Sale(before, alone.period.start)] if before else []
    worlds = [first, [*first, Sale(deal, last)], [*first, Sale(deal, following)]]
    without, now, later = pay(alone, worlds, as_of=following)
    return _Timed(before, deal, now - without, later - without)


def _days(alone: Alone) -> tuple[date, date]:
    """The last day of the first period, and the first of the next."""
    last = alone.period.end - timedelta(days=1)
    return last, period_of(alone.period.end, alone.component.period, alone.plan.year_starts).start
