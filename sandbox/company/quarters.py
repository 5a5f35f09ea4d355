"""Calendar quarters and months by their first days."""

from collections.abc import Iterator
from datetime import date, timedelta


def quarter_start(day: date) -> date:
    """
    >>> quarter_start(date(2026, 11, 21))
    datetime.date(2026, 10, 1)
    """
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarters_later(start: date, count: int) -> date:
    """
    >>> quarters_later(date(2026, 10, 1), -8)
    datetime.date(2024, 10, 1)
    """
    return _months_later(start, 3 * count)


def quarter_end(start: date) -> date:
    """The last day of the quarter."""
    return quarters_later(start, 1) - timedelta(days=1)


def quarters(first: date, last: date) -> Iterator[date]:
    """The first days of the quarters from that of ``first`` to that of ``last``."""
    start = quarter_start(first)
    while start <= last:
        yield start
        start = quarters_later(start, 1)


def months(first: date, last: date) -> Iterator[date]:
    """The first days of the months from that of ``first`` to that of ``last``."""
    start = first.replace(day=1)
    while start <= last:
        yield start
        start = _months_later(start, 1)


def _months_later(start: date, count: int) -> date:
    month = start.year * 12 + start.month - 1 + count
    return date(month // 12, month % 12 + 1, 1)
