"""Calendar periods over which positions accumulate."""

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class PeriodKind(StrEnum):
    """The kinds of periods, the shorter first."""

    WEEK = "week"
    TWO_WEEKS = "two-weeks"
    HALF_MONTH = "half-month"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half-year"
    YEAR = "year"
    EVER = "ever"


WITHIN_MONTHS = frozenset({PeriodKind.WEEK, PeriodKind.TWO_WEEKS, PeriodKind.HALF_MONTH})
"""Periods that may begin on another day than the first of a month."""
_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF_YEAR: 6, PeriodKind.YEAR: 12}


class Calendar(NamedTuple):
    """The month in which years begin, and a day on which two weeks do (any; every other fortnight follows from it)."""

    year_starts: int = 1
    two_weeks_start: date = date(2026, 1, 5)


CALENDAR_YEARS = Calendar()


class Period(NamedTuple):
    """``start`` is the first day, ``end`` the first day after it."""

    label: str
    start: date
    end: date


@lru_cache(maxsize=65_536)
def period_of(day: date, kind: PeriodKind, calendar: Calendar = CALENDAR_YEARS) -> Period:
    """The period that the day lies in; a year is named after its last day, two weeks after their first.

    >>> period_of(date(2026, 11, 21), PeriodKind.QUARTER)
    Period(label='2026-Q4', start=datetime.date(2026, 10, 1), end=datetime.date(2027, 1, 1))
    >>> period_of(date(2026, 11, 21), PeriodKind.YEAR, Calendar(year_starts=4)).label
    'FY2027'
    >>> [period_of(date(2027, 1, 1), kind).label for kind in (PeriodKind.WEEK, PeriodKind.TWO_WEEKS)]
    ['2026-W53', '2026-12-21-2W']
    >>> period_of(date(2026, 2, 16), PeriodKind.HALF_MONTH)
    Period(label='2026-02-H2', start=datetime.date(2026, 2, 16), end=datetime.date(2026, 3, 1))
    """
    match kind:
        case PeriodKind.WEEK:
            return _week(day)
        case PeriodKind.TWO_WEEKS:
            return _two_weeks(day, calendar.two_weeks_start)
        case PeriodKind.HALF_MONTH:
            return _half_month(day)
        case PeriodKind.EVER:
            return Period("ever", date.min, date.max)
        case _:
            return _months(day, kind, calendar.year_starts)


@lru_cache(maxsize=4_096)
def periods_between(
    first: date, last: date, kind: PeriodKind, calendar: Calendar = CALENDAR_YEARS
) -> tuple[Period, ...]:
    """Every period that has a day from ``first`` to ``last``, both included."""
    periods = []
    while first <= last:
        period = period_of(first, kind, calendar)
        periods.append(period)
        first = period.end
    return tuple(periods)


def months_between(first: date, last: date) -> int:
    """Whole months from ``first`` to ``last``; the last day of a month completes a month that began on a later one.

    >>> months_between(date(2026, 1, 31), date(2026, 2, 28)), months_between(date(2026, 1, 15), date(2026, 3, 14))
    (1, 1)
    """
    months = (last.year - first.year) * 12 + last.month - first.month
    is_month_end = last == month_end(last)
    return months if last.day >= first.day or is_month_end else months - 1


def month_end(day: date) -> date:
    """The last day of the month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month.

    >>> months_after(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    end = month_end(_months_later(day.replace(day=1), months))
    return min(end, end.replace(day=min(day.day, end.day)))


def _week(day: date) -> Period:
    year, week, weekday = day.isocalendar()
    start = day - timedelta(days=weekday - 1)
    return Period(f"{year}-W{week:02}", start, start + timedelta(days=7))


def _two_weeks(day: date, begins_on: date) -> Period:
    start = day - timedelta(days=(day - begins_on).days % 14)
    return Period(f"{start}-2W", start, start + timedelta(days=14))


def _half_month(day: date) -> Period:
    """From the 1st through the 15th, and from the 16th on."""
    first, middle = day.replace(day=1), day.replace(day=16)
    start, end = (first, middle) if day < middle else (middle, _months_later(first, 1))
    return Period(f"{day.year}-{day.month:02}-H{1 + (day >= middle)}", start, end)


def _months(day: date, kind: PeriodKind, year_starts: int) -> Period:
    months = _MONTHS[kind]
    into_year = (day.month - year_starts) % 12
    number = into_year // months
    start = _months_later(day.replace(day=1), number * months - into_year)
    return Period(_label(start, number + 1, kind, year_starts), start, _months_later(start, months))


def _label(start: date, number: int, kind: PeriodKind, year_starts: int) -> str:
    if kind is PeriodKind.MONTH:
        return f"{start.year}-{start.month:02}"
    year = str(start.year)
    if year_starts != 1:
        year = f"FY{_months_later(start.replace(day=1), 12 - (start.month - year_starts) % 12 - 1).year}"
    match kind:
        case PeriodKind.QUARTER:
            return f"{year}-Q{number}"
        case PeriodKind.HALF_YEAR:
            return f"{year}-H{number}"
        case _:
            return year


def _months_later(first: date, months: int) -> date:
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)
