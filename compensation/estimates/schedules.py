"""When each part of an estimated earning is paid at the earliest, and what it waits for."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from compensation.estimates.deal_estimate import ExpectedRelease
from compensation.estimates.reasons import decimal_text, money
from compensation.exact import rounded
from compensation.plans.periods import Calendar, PeriodKind, months_after, period_of
from compensation.plans.releases import Moment, Release
from compensation.plans.rules import Rule

_DAY = timedelta(days=1)
_ENDS = {
    Moment.MONTH_END: PeriodKind.MONTH,
    Moment.QUARTER_END: PeriodKind.QUARTER,
    Moment.HALF_YEAR_END: PeriodKind.HALF_YEAR,
    Moment.YEAR_END: PeriodKind.YEAR,
}


def expected_releases(rule: Rule, earning_minor: int, credited_on: date, exponent: int) -> Iterator[ExpectedRelease]:
    """The parts of the earning in the order of the plan's release, by subtraction on the running share.

    A part that waits for a document (an invoice, money) can come at the earliest on the day of the credit.
    """
    running, released = Fraction(0), 0
    for share, part in rule.component.releases:
        for number in range(part.instalments):
            running += share / part.instalments
            upto = rounded(earning_minor * running)
            day = _earliest(part, credited_on, rule.plan.calendar, number)
            yield ExpectedRelease(
                waits_for=part.when.value,
                share=decimal_text(share / part.instalments),
                amount=money(upto - released, rule.plan.currency, exponent),
                earliest_on=day,
                paid_in=period_of(day, rule.plan.payments.period, rule.plan.calendar).label,
            )
            released = upto


def _earliest(part: Release, credited_on: date, calendar: Calendar, instalment: int) -> date:
    day = credited_on
    if part.on is not None:
        day = max(part.on, credited_on)
    elif part.when in _ENDS:
        day = period_of(credited_on, _ENDS[part.when], calendar).end - _DAY
    return months_after(day, part.after_months + instalment) + timedelta(days=part.after_days)
