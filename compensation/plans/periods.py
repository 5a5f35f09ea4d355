"""Calendar periods over which positions accumulate."""

from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class PeriodKind(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half-year"
    YEAR = "year"


_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF_YEAR: 6, PeriodKind.YEAR: 12}


class Period(NamedTuple):
    """``start`` is the first day, ``end`` the first day after it."""

    label: str
    start: date
    end: date


@lru_cache(maxsize=65_536)
def period_of(day: date, kind: PeriodKind) -> Period:
    """The period that the day lies in.

    >>> period_of(date(2026, 11, 21), PeriodKind.QUARTER)
    Period(label='2026-Q4', start=datetime.date(2026, 10, 1), end=datetime.date(2027, 1, 1))
    """
    months = _MONTHS[kind]
    number = (day.month - 1) // months
    start = date(day.year, number * months + 1, 1)
    return Period(_label(day.year, number + 1, kind), start, _months_later(start, months))


def periods_between(first: date, last: date, kind: PeriodKind) -> list[Period]:
    """Every period that has a day from ``first`` to ``last``, both included."""
    periods = []
    while first <= last:
        period = period_of(first, kind)
        periods.append(period)
        first = period.end
    return periods


def _label(year: int, number: int, kind: PeriodKind) -> str:
    match kind:
        case PeriodKind.MONTH:
            return f"{year}-{number:02}"
        case PeriodKind.QUARTER:
            return f"{year}-Q{number}"
        case PeriodKind.HALF_YEAR:
            return f"{year}-H{number}"
        case _:
            return str(year)


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)
