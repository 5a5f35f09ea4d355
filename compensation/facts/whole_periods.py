"""Amounts for a longer period than a component's own, and the part of each period in it."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

from compensation.errors import FactsError
from compensation.exact import rounded
from compensation.plans.periods import Period, PeriodKind, period_of, periods_between
from compensation.plans.rules import Rule

_DAY = timedelta(days=1)


def whole_period(rule: Rule, kind: PeriodKind, period: Period) -> Period:
    """The period of that kind in which the period begins."""
    return period_of(period.start, kind, rule.plan.calendar)


def part_of(rule: Rule, kind: PeriodKind, period: Period, amount: int) -> int:
    """Of an amount for each period of the kind, what falls into ``period``: by the quota's weights, or equal parts.

    Cut off the running sum, so that the parts add up. A longer period has the amount as often as it has such periods.
    """
    whole = whole_period(rule, kind, period)
    if period == whole:
        return amount
    if period.end > whole.end and period.start == whole.start:
        return amount * len(periods_between(period.start, period.end - _DAY, kind, rule.plan.calendar))
    upto, below = (_passed(rule, whole, day) for day in (min(period.end, whole.end), period.start))
    return rounded(amount * upto) - rounded(amount * below)


def _passed(rule: Rule, whole: Period, day: date) -> Fraction:
    """The part of the whole that lies before the day."""
    parts, weights = _weighted(rule, whole)
    passed = Fraction(0)
    for part, weight in zip(parts, weights, strict=True):
        if part.end <= day:
            passed += weight
        elif part.start < day:
            passed += weight * _elapsed(part, day, rule.component.period)
    return passed


def _weighted(rule: Rule, whole: Period) -> tuple[Sequence[Period], Sequence[Fraction]]:
    kind, weights = rule.component.period, rule.component.quota.weights
    parts = periods_between(whole.start, whole.end - _DAY, kind, rule.plan.calendar)
    clipped = [Period(part.label, max(part.start, whole.start), min(part.end, whole.end)) for part in parts]
    if not weights:
        return [whole], [Fraction(1)]
    if len(weights) != len(clipped):
        raise FactsError(
            f"plan '{rule.plan.name}', component '{rule.component.name}': the quota has {len(weights)} weights for "
            f"{len(clipped)} periods; give one for each {kind} of the {whole.label}"
        )
    return clipped, [weight.value for weight in weights]


def _elapsed(part: Period, day: date, kind: PeriodKind) -> Fraction:
    """In months (half ones, where the component counts in those) where all begin with one, else in days."""
    beginnings = (1, 16) if kind is PeriodKind.HALF_MONTH else (1,)
    if all(each.day in beginnings for each in (part.start, day, part.end)):
        return Fraction(_half_month(day) - _half_month(part.start), _half_month(part.end) - _half_month(part.start))
    return Fraction((day - part.start).days, (part.end - part.start).days)


def _half_month(day: date) -> int:
    return 2 * (day.year * 12 + day.month) + (day.day == 16)
