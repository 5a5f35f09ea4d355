"""Accumulators: whose positions run together, on which curve, from where."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl

from compensation.curves.compiling import compile_curve
from compensation.curves.curve import Curve, segments_frame
from compensation.curves.terms import Terms
from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR, exact_series
from compensation.facts.quotas import Quotas
from compensation.plans.periods import Period
from compensation.plans.rules import Rule


class AccumulatorKey(NamedTuple):
    """Whose pay accumulates: a payee, in a rule, over a period; in a scenario (empty: what really happened)."""

    scenario: str
    rule: int
    payee_id: str
    period: Period


def entered_by(credited: pl.DataFrame) -> list[AccumulatorKey]:
    """The accumulators that the credits enter, in a fixed order."""
    keys = ("scenario", "rule", "payee_id", "period_label", "period_start", "period_end")
    rows = credited.select(keys).unique().sort("scenario", "rule", "payee_id", "period_start").iter_rows()
    return [AccumulatorKey(scenario, rule, payee_id, Period(*period)) for scenario, rule, payee_id, *period in rows]


class Accumulator(NamedTuple):
    """``number`` stands for it in frames; ``curve`` and ``quota`` are None if ``outcome`` says why it cannot pay."""

    number: int
    key: AccumulatorKey
    curve: int | None
    quota: int | None
    start: int
    outcome: str | None


class Curves:
    """The curves in use, each compiled once for a rule and quota."""

    def __init__(self, rules: tuple[Rule, ...], exponents: Mapping[str, int]) -> None:
        self._rules, self._exponents = rules, exponents
        self._numbers: dict[tuple[int, int | None], int] = {}
        self.compiled: list[Curve] = []

    def number(self, rule: int, quota: int | None) -> int:
        """The number of the curve for a quota."""
        known = self._numbers.get((rule, quota))
        if known is None:
            chosen = self._rules[rule]
            known = self._numbers[rule, quota] = len(self.compiled)
            self.compiled.append(compile_curve(chosen, Terms(quota), self._exponents[chosen.plan.currency]))
        return known

    def frame(self) -> pl.DataFrame:
        """See :func:`segments_frame`."""
        return segments_frame(self.compiled)


class Accumulators:
    """All accumulators of a run."""

    def __init__(self, rules: tuple[Rule, ...], quotas: Quotas, curves: Curves) -> None:
        self._rules, self._quotas, self.curves = rules, quotas, curves
        self.rows: list[Accumulator] = []

    def add(self, keys: Iterable[AccumulatorKey], starts: Mapping[AccumulatorKey, int] | None = None) -> None:
        """Opens an accumulator for each key; its position begins at ``starts`` (0 if not named)."""
        for key in keys:
            quota, outcome = self._quotas.of(self._rules[key.rule], key.payee_id, key.period)
            curve = None if outcome else self.curves.number(key.rule, quota)
            start = starts.get(key, 0) if starts else 0
            if abs(start) > MAX_MINOR:
                component = self._rules[key.rule].component.name
                raise PayOverflowError(key.payee_id, component, f"what is booked in {key.period.label}")
            self.rows.append(Accumulator(len(self.rows), key, curve, quota, start, outcome))

    def frame(self) -> pl.DataFrame:
        """Columns accumulator, scenario, rule, payee_id, period_start, curve, start, quota_minor, pay_outcome."""
        rows = self.rows
        return pl.DataFrame(
            {
                "accumulator": pl.Series([row.number for row in rows], dtype=pl.Int64),
                "scenario": pl.Series([row.key.scenario for row in rows], dtype=pl.String),
                "rule": pl.Series([row.key.rule for row in rows], dtype=pl.Int64),
                "payee_id": pl.Series([row.key.payee_id for row in rows], dtype=pl.String),
                "period_start": pl.Series([row.key.period.start for row in rows], dtype=pl.Date),
                "curve": pl.Series([row.curve for row in rows], dtype=pl.Int64),
                "start": pl.Series([row.start for row in rows], dtype=pl.Int64),
                "quota_minor": exact_series([row.quota for row in rows]),
                "pay_outcome": pl.Series([row.outcome for row in rows], dtype=pl.String),
            }
        )
