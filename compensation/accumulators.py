"""Accumulators: whose positions run together, on which curve, from where."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from compensation.curves import Curve, compile_curve
from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR
from compensation.periods import Period
from compensation.quotas import Quotas
from compensation.terms import Term


class Owner(NamedTuple):
    """Whose pay accumulates: a payee, in a term, over a period; in a scenario (empty: what really happened)."""

    scenario: str
    term: int
    payee_id: str
    period: Period


class Accumulator(NamedTuple):
    """``number`` stands for it in frames; ``curve`` and ``quota`` are None if ``outcome`` says why it cannot pay."""

    number: int
    owner: Owner
    curve: int | None
    quota: int | None
    start: int
    outcome: str | None


class CurveBook:
    """The curves in use, each compiled once for a term and quota."""

    def __init__(self, terms: tuple[Term, ...], exponents: Mapping[str, int]) -> None:
        self._terms, self._exponents = terms, exponents
        self._numbers: dict[tuple[int, int | None], int] = {}
        self.curves: list[Curve] = []

    def number(self, term: int, quota: int | None) -> int:
        """The number of the curve for a quota."""
        known = self._numbers.get((term, quota))
        if known is None:
            chosen = self._terms[term]
            known = self._numbers[term, quota] = len(self.curves)
            self.curves.append(compile_curve(chosen.component, quota, self._exponents[chosen.plan.currency]))
        return known

    def frame(self) -> pl.DataFrame:
        """See :func:`segments_frame`."""
        return segments_frame(self.curves)


def segments_frame(curves: Iterable[Curve]) -> pl.DataFrame:
    """The segments of curves: curve (its number), threshold, ceiling (Int64), a, b, d (exact)."""
    rows = [(number, *segment) for number, curve in enumerate(curves) for segment in curve.segments]
    columns = list(zip(*rows, strict=True)) or [()] * 6
    places = {name: pl.Series(columns[place], dtype=pl.Int64) for place, name in enumerate(_PLACES)}
    numbers = {name: exact_series(columns[place]) for place, name in enumerate(("a", "b", "d"), start=len(_PLACES))}
    return pl.DataFrame({**places, **numbers})


_PLACES = ("curve", "threshold", "ceiling")


class Accumulators:
    """All accumulators of a run."""

    def __init__(self, terms: tuple[Term, ...], quotas: Quotas, book: CurveBook) -> None:
        self._terms, self._quotas, self.book = terms, quotas, book
        self.rows: list[Accumulator] = []

    def add(self, owners: Iterable[Owner], starts: Mapping[Owner, int] | None = None) -> None:
        """Opens an accumulator for each owner; its position begins at ``starts`` (0 if not named)."""
        for owner in owners:
            quota, outcome = self._quotas.of(self._terms[owner.term], owner.payee_id, owner.period)
            curve = None if outcome else self.book.number(owner.term, quota)
            start = starts.get(owner, 0) if starts else 0
            if abs(start) > MAX_MINOR:
                component = self._terms[owner.term].component.name
                raise PayOverflowError(owner.payee_id, component, f"what is booked in {owner.period.label}")
            self.rows.append(Accumulator(len(self.rows), owner, curve, quota, start, outcome))

    def frame(self) -> pl.DataFrame:
        """Columns accumulator, scenario, term, payee_id, period_start, curve, start, quota_minor, pay_outcome."""
        rows = self.rows
        return pl.DataFrame(
            {
                "accumulator": pl.Series([row.number for row in rows], dtype=pl.Int64),
                "scenario": pl.Series([row.owner.scenario for row in rows], dtype=pl.String),
                "term": pl.Series([row.owner.term for row in rows], dtype=pl.Int64),
                "payee_id": pl.Series([row.owner.payee_id for row in rows], dtype=pl.String),
                "period_start": pl.Series([row.owner.period.start for row in rows], dtype=pl.Date),
                "curve": pl.Series([row.curve for row in rows], dtype=pl.Int64),
                "start": pl.Series([row.start for row in rows], dtype=pl.Int64),
                "quota_minor": exact_series([row.quota for row in rows]),
                "pay_outcome": pl.Series([row.outcome for row in rows], dtype=pl.String),
            }
        )


def exact_series(values: Iterable[int | None]) -> pl.Series:
    """Integers as an exact column."""
    return pl.Series([None if value is None else Decimal(value) for value in values], dtype=pl.Decimal(38, 0))
