"""Metrics: numbers reported from outside, of a payee, a team or everyone, for spans of days."""

from collections import defaultdict
from datetime import date
from fractions import Fraction

import polars as pl


class Metrics:
    """The metrics frame."""

    def __init__(self, metrics: pl.DataFrame) -> None:
        self._rows: dict[tuple[str, str], list[tuple[date, date | None, Fraction]]] = defaultdict(list)
        columns = metrics.select("subject", "metric", "from_on", "to_on", "value").sort("from_on")
        for subject, metric, from_on, to_on, value in columns.iter_rows():
            self._rows[subject, metric].append((from_on, to_on, Fraction(value)))

    def value(self, subject: str, metric: str, start: date, end: date) -> Fraction | None:
        """The latest value that holds on a day from ``start`` to before ``end``; None if there is none."""
        holding = (
            value
            for from_on, to_on, value in reversed(self._rows.get((subject, metric), []))
            if from_on < end and (to_on is None or to_on > start)
        )
        return next(holding, None)
