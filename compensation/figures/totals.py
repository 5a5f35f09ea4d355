"""Totals by day: what a rule credited, or paid, to each payee between any two days."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import accumulate

Key = tuple[str, int, str]
"""Scenario, rule and payee."""


class Totals:
    """Sums over spans of days. ``direct`` ones leave out what came to a manager through somebody else."""

    def __init__(self, rows: Iterable[tuple[Key, date, int, int]]) -> None:
        """``rows``: key, day, amount and the direct part of it; in any order."""
        days: dict[Key, list[tuple[date, int, int]]] = defaultdict(list)
        for key, day, amount, direct in rows:
            days[key].append((day, amount, direct))
        self._days = {key: _Running(sorted(values)) for key, values in days.items()}

    def between(self, key: Key, start: date, end: date, *, direct: bool = False) -> int:
        """The sum from ``start`` to before ``end``."""
        running = self._days.get(key)
        return running.between(start, end, direct=direct) if running else 0

    def keys(self) -> Iterator[Key]:
        """Whose totals there are."""
        return iter(self._days)


class _Running:
    def __init__(self, values: list[tuple[date, int, int]]) -> None:
        self._dates = [day for day, _, _ in values]
        self._all = [0, *accumulate(amount for _, amount, _ in values)]
        self._direct = [0, *accumulate(direct for _, _, direct in values)]

    def between(self, start: date, end: date, *, direct: bool) -> int:
        sums = self._direct if direct else self._all
        return sums[bisect_left(self._dates, end)] - sums[bisect_left(self._dates, start)]
