"""Date functions of SOQL (``TODAY``, ``LAST_N_DAYS:30``, ``THIS_QUARTER``) as ranges of days.

Days, weeks (from Sunday, as in the en_US locale) and quarters of the calendar, which is the fiscal year here too.
"""

import re
from datetime import date, timedelta

_RELATIVE = {"LAST": -1, "THIS": 0, "NEXT": 1}
_FORM = re.compile(
    r"(?:(?P<which>LAST|THIS|NEXT)_(?P<unit>WEEK|MONTH|QUARTER|YEAR)"
    r"|(?P<way>LAST|NEXT)_N_(?P<units>DAY|WEEK|MONTH|QUARTER|YEAR)S:(?P<n>\d+)"
    r"|N_(?P<ago_unit>DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(?P<ago>\d+))"
)
_NAMED = {"YESTERDAY": (-1, 0), "TODAY": (0, 1), "TOMORROW": (1, 2), "LAST_90_DAYS": (-90, 1), "NEXT_90_DAYS": (1, 91)}


def date_range(name: str, today: date) -> tuple[date, date]:
    """First day (included) and last day (excluded) of a date function.

    >>> date_range("LAST_QUARTER", date(2026, 2, 10))
    (datetime.date(2025, 10, 1), datetime.date(2026, 1, 1))
    >>> date_range("LAST_N_DAYS:2", date(2026, 2, 10))
    (datetime.date(2026, 2, 8), datetime.date(2026, 2, 11))
    """
    if name in _NAMED:
        first, end = _NAMED[name]
        return today + timedelta(first), today + timedelta(end)
    matched = _FORM.fullmatch(name.replace("FISCAL_", ""))
    if matched is None:
        raise ValueError(f"no date function {name!r}")
    if matched["which"]:
        place = _RELATIVE[matched["which"]]
        return _start(matched["unit"], today, place), _start(matched["unit"], today, place + 1)
    if matched["ago_unit"]:
        count = int(matched["ago"])
        return _start(matched["ago_unit"], today, -count), _start(matched["ago_unit"], today, 1 - count)
    return _several(matched["way"], matched["units"], int(matched["n"]), today)


def _several(way: str, unit: str, count: int, today: date) -> tuple[date, date]:
    if way == "NEXT":
        return _start(unit, today, 1), _start(unit, today, count + 1)
    # Today is one of the last n days, while this month is none of the last n months.
    return _start(unit, today, -count), _start(unit, today, 1 if unit == "DAY" else 0)


def _start(unit: str, today: date, places: int) -> date:
    if unit == "DAY":
        return today + timedelta(places)
    if unit == "WEEK":
        return today - timedelta(today.isoweekday() % 7) + timedelta(weeks=places)
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit]
    current = (today.year * 12 + today.month - 1) // months * months + places * months
    return date(current // 12, current % 12 + 1, 1)
