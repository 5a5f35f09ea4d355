"""Factors that somebody set by hand."""

from collections import defaultdict
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.plans.periods import Period


class ManualFactors:
    """The factors frame, by payee and modifier."""

    def __init__(self, factors: pl.DataFrame) -> None:
        self._rows: dict[tuple[str, str], list[tuple[date, date | None, Fraction]]] = defaultdict(list)
        columns = factors.select("payee_id", "modifier", "from_on", "to_on", "factor").sort("from_on")
        for payee_id, modifier, from_on, to_on, factor in columns.iter_rows():
            self._rows[payee_id, modifier].append((from_on, to_on, Fraction(factor)))

    def of(self, modifier: str, payee_id: str, period: Period) -> Fraction:
        """The latest factor that holds on a day of the period; 1 if nobody set one."""
        holding = (
            factor
            for from_on, to_on, factor in reversed(self._rows.get((payee_id, modifier), []))
            if from_on < period.end and (to_on is None or to_on > period.start)
        )
        return next(holding, Fraction(1))
