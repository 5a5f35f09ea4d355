"""What an expectation looks at: the parts of an outcome that it chooses, as exact numbers in units as typed."""

from fractions import Fraction
from functools import cached_property
from typing import Any

import polars as pl

from compensation.curves.compiling import unit_scale
from compensation.exact import MILLIONTHS
from compensation.examples.choosing import Choice, kind_named
from compensation.examples.outcome import Outcome
from compensation.examples.walks import Walk, walks
from compensation.plans.components import Component
from compensation.plans.examples import Expectation
from compensation.plans.measures import MeasureKind
from compensation.plans.periods import Period


class Seen:
    """One method for each key of an expectation; None where there is nothing to compare with.

    Amounts and quantities are in units, sums of nothing are zero.
    """

    def __init__(self, outcome: Outcome, expected: Expectation) -> None:
        self._outcome, self._expected = outcome, expected
        self._choice = Choice(outcome, expected)
        self._minor = 10 ** outcome.exponents[outcome.plan.currency]

    def credit(self) -> Fraction | None:
        return self._sum(self._credits, "credit_minor", self._scale(self._component.measure))

    def share(self) -> Fraction | None:
        return self._sum(self._credits, "share_millionths", MILLIONTHS)

    def of_total(self) -> Fraction | None:
        whole = self._choice.of_credits(self._outcome.calculation.credits, whole_periods=True)
        return _ratio(self.credit(), self._sum(whole, "credit_minor", self._scale(self._component.measure)))

    def measures(self, name: str) -> Fraction | None:
        counted = self._outcome.measure_of(name, self._choice.transaction_ids)
        return None if counted is None else Fraction(counted, self._scale(name))

    def position(self) -> Fraction | None:
        scale = self._scale(self._component.looks_at)
        if self._expected.document is None:
            return self._sum(self._accumulated, "position_minor", scale)
        after = self._lines["after_minor"].to_list()
        return Fraction(after[-1], scale) if after else None

    def attainment(self) -> Fraction | None:
        if self._expected.document is None:
            states = self._accumulated.sort("period_start", maintain_order=True)
            return self._of_quota(states.tail(1).to_dicts(), "position_minor")
        return self._of_quota(self._lines.tail(1).to_dicts(), "after_minor")

    def factor(self) -> Fraction | None:
        return _last_text(self._accumulated, "factor")

    def figure(self, name: str) -> Fraction | None:
        figures = self._choice.of_periods(self._outcome.calculation.figures).filter(pl.col("figure") == name)
        if figures.is_empty():
            period = self._expected.period
            kind = kind_named(period) if period else self._component.period
            aside = self._outcome.figures_aside(name, kind)
            figures = self._choice.of_periods(aside.with_columns(pl.lit(self._component.name).alias("component")))
        return _last_text(figures, "value")

    def scores(self, name: str) -> Fraction | None:
        scores = self._choice.of_periods(self._outcome.calculation.scores)
        return _last_text(scores.filter(pl.col("kpi") == name), "weighted")

    def earns(self) -> Fraction:
        return self._earned_in(self._lines, self._openings)

    def calculated(self) -> Fraction:
        unlimited = self._outcome.without_limits(self._expected.component)
        return self._earned_in(self._choice.of_credits(unlimited.lines), self._choice.of_openings(unlimited.openings))

    def earned_to_date(self) -> Fraction:
        whole = self._choice.of_credits(self._outcome.calculation.lines, whole_periods=True)
        ids = whole["transaction_id"].to_list()
        last = max((place for place, each in enumerate(ids) if each in self._choice.transaction_ids), default=-1)
        return self._minor_sum(whole.head(last + 1), "earning_minor")

    def reduced_to(self) -> Fraction | None:
        return _ratio(self.earns(), self.calculated())

    def rate(self) -> Fraction | None:
        return _ratio(self.earns(), self.credit())

    def of_target(self) -> Fraction | None:
        return _ratio(self.earns(), self._target())

    def multiplier(self) -> Fraction | None:
        return _ratio(self.of_target(), self.attainment())

    def in_tiers(self) -> list[Fraction]:
        scale = self._scale(self._component.looks_at)
        return [Fraction(part.measure, scale) for walk in self._walks for part in walk.parts]

    def slices(self) -> list[Fraction]:
        return [Fraction(minor, self._minor) for walk in self._walks for minor in walk.pays]

    def why(self) -> set[str]:
        codes = {*self._credits["outcome"].drop_nulls(), *self._accumulated["outcome"].drop_nulls()}
        uncredited = self._outcome.calculation.outcomes
        chosen = uncredited.filter(pl.col("transaction_id").is_in(sorted(self._choice.transaction_ids)))
        failed = self._accumulated["gates_failed"].explode().drop_nulls()
        return codes | set(chosen["code"]) | set(failed)

    def released(self) -> Fraction:
        releases = self._choice.of_payments(self._outcome.settlement.releases, "released_on")
        return self._minor_sum(releases, "release_minor")

    def waits(self) -> Fraction:
        return self._minor_sum(self._choice.of_payments(self._outcome.settlement.waiting), "waiting_minor")

    def draw(self) -> Fraction:
        return self._paid("draw_minor")

    def recovered(self) -> Fraction:
        return self._paid("recovered_minor")

    def guarantee(self) -> Fraction:
        return self._paid("guarantee_minor")

    def adjusted(self) -> Fraction:
        return self._paid("adjustments_minor")

    def paid(self) -> Fraction:
        return self._paid("paid_minor")

    def owed(self) -> Fraction:
        return self._left("owed_minor")

    def carried(self) -> Fraction:
        return self._left("carried_out_minor")

    @cached_property
    def _credits(self) -> pl.DataFrame:
        return self._choice.of_credits(self._outcome.calculation.credits)

    @cached_property
    def _lines(self) -> pl.DataFrame:
        return self._choice.of_credits(self._outcome.calculation.lines)

    @cached_property
    def _openings(self) -> pl.DataFrame:
        return self._choice.of_openings(self._outcome.calculation.openings)

    @cached_property
    def _accumulated(self) -> pl.DataFrame:
        return self._choice.of_periods(self._outcome.calculation.accumulated)

    @cached_property
    def _payments(self) -> pl.DataFrame:
        return self._choice.of_payees(self._outcome.payments)

    @cached_property
    def _walks(self) -> list[Walk]:
        return list(walks(self._outcome, self._choice))

    @property
    def _component(self) -> Component:
        """The component that the expectation names, else the one that pays what it looks at."""
        named = self._expected.component or tuple(self._lines["component"].unique(maintain_order=True))
        return self._outcome.plan.component(named[0]) if named else self._outcome.plan.components[0]

    def _target(self) -> Fraction | None:
        """The target pay of the periods, in units."""
        targets = {
            (row.key.rule, row.key.payee_id, row.key.period): row.terms.target_minor
            for row in self._outcome.earned.accumulators.rows
            if row.terms
            and self._choice.takes(row.key.payee_id, self._outcome.engine.rules[row.key.rule], row.key.period)
        }
        known = [target for target in targets.values() if target is not None]
        return sum(known, Fraction(0)) / self._minor if known else None

    def _of_quota(self, rows: list[dict[str, Any]], position: str) -> Fraction | None:
        """The position by the quota, also where the component itself needs none."""
        for row in rows:
            rule = next(rule for rule in self._outcome.engine.rules if rule.component.name == row["component"])
            period = Period(row["period_label"], row["period_start"], row["period_end"])
            known = row["quota_minor"] or self._outcome.engine.quotas.found(rule, row["payee_id"], period).quota
            return Fraction(row[position], known) if known else None
        return None

    def _scale(self, measure: str) -> int:
        is_money = self._outcome.plan.kind_of(measure) is MeasureKind.MONEY
        return self._minor if is_money else unit_scale(MeasureKind.NUMBER, 0)

    def _earned_in(self, lines: pl.DataFrame, openings: pl.DataFrame) -> Fraction:
        return self._minor_sum(lines, "earning_minor") + self._minor_sum(openings, "earning_minor")

    def _minor_sum(self, frame: pl.DataFrame, column: str) -> Fraction:
        return self._sum(frame, column, self._minor)

    def _sum(self, frame: pl.DataFrame, column: str, scale: int) -> Fraction:
        return Fraction(sum(frame[column].drop_nulls().to_list()), scale)

    def _paid(self, column: str) -> Fraction:
        return sum((self._in_units(row, column) for row in self._payments.to_dicts()), Fraction(0))

    def _left(self, column: str) -> Fraction:
        """What is left after the last of the periods, of all payees together."""
        last = self._payments.unique("payee_id", keep="last", maintain_order=True)
        return sum((self._in_units(row, column) for row in last.to_dicts()), Fraction(0))

    def _in_units(self, row: dict[str, object], column: str) -> Fraction:
        return Fraction(int(str(row[column])), 10 ** self._outcome.exponents[str(row["currency"])])


def _ratio(dividend: Fraction | None, divisor: Fraction | None) -> Fraction | None:
    return None if dividend is None or not divisor else dividend / divisor


def _last_text(frame: pl.DataFrame, column: str) -> Fraction | None:
    known = frame.sort("period_start", maintain_order=True)[column].drop_nulls().to_list()
    return Fraction(known[-1]) if known else None
