"""Pay for delaying a deal into the next period, or for pulling it forward.

Every rate that changes with the position makes some days better than others. What is told here is worse: a deal that
pays nothing on one day and something on the other, or far more today than the plan's best rate would pay on it.
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
    pulled += [
        each for each in (_timed(alone, *deal) for deal in _after_a_flat_start(alone)) if each.next <= 0 < each.now
    ]
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


def _after_a_flat_start(alone: Alone) -> Iterator[tuple[int, int]]:
    """What is sold, once a period pays at last, and a deal that a new period would not pay for."""
    for start, end in flat_stretches(alone):
        if start == 0 and end is not None:
            deal = _smallest_paid(alone, end)
            if deal < end:
                yield end, deal


def _smallest_paid(alone: Alone, after: int = 0) -> int:
    """The smallest deal that is paid after what is sold; a step if there is none."""
    curve, paid_before = alone.curve, alone.curve.pay_at(after)
    beyond = [bend - after for bend in alone.bends if bend > after]
    deals = (alone.step, *beyond, 10**6 * alone.scale)
    upper = next((deal for deal in deals if curve.pay_at(after + deal) > paid_before), 0)
    lower = 0
    while upper - lower > alone.step:
        middle = (lower + upper) // 2 // alone.step * alone.step
        lower, upper = (lower, middle) if curve.pay_at(after + middle) > paid_before else (middle, upper)
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
    return last, period_of(alone.period.end, alone.component.period, alone.plan.calendar).start
