"""One run of the engine: level by level (components that others stand on come first) credits, figures of the periods,
terms and curves, lines, limits, pay of the periods; and in the end the caps over several components or payees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from compensation.columns import renamed
from compensation.curves.compiling import compile_curve
from compensation.curves.terms import Terms
from compensation.earnings.accumulators import AccumulatorKey, Accumulators, Curves, entered_by
from compensation.earnings.caps import capped_pay
from compensation.earnings.earning_credits import earning_scenarios, with_sources
from compensation.earnings.limits import Limits, has_limits
from compensation.earnings.lines import earned_lines
from compensation.earnings.period_pay import PeriodPay, PeriodPays, Scores, earned_on
from compensation.earnings.terms import TermsBook
from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR
from compensation.exact_columns import EXACT_TYPE, as_exact, exact, magnitude
from compensation.facts.exchange_rates import ExchangeRates
from compensation.figures.evaluating import Figures
from compensation.figures.totals import Key, Totals
from compensation.names import NAME
from compensation.plans.limits import Per
from compensation.plans.periods import WITHIN_MONTHS, Period
from compensation.plans.rules import Rule

if TYPE_CHECKING:
    from compensation.earnings.engine import Engine


@dataclass(frozen=True)
class Earned:
    """What a run earned.

    ``lines``: the credits in their order with accumulator, before, after, calculated_minor (by the curve),
    earning_minor (after all limits), or an outcome; ``pays``: pay of periods.
    """

    accumulators: Accumulators
    figures: Figures
    lines: pl.DataFrame
    pays: list[PeriodPay]
    scores: Scores


class Run:
    """One run; holds what its levels hand on to one another."""

    def __init__(
        self,
        engine: Engine,
        as_of: date,
        scenarios: Sequence[str],
        starts: Mapping[AccumulatorKey, int],
        in_force: Iterable[AccumulatorKey],
        through: Mapping[tuple[str, int], date] | None,
    ) -> None:
        self._engine, self._as_of, self._scenarios, self._starts = engine, as_of, scenarios, starts
        self._in_force: dict[int, list[AccumulatorKey]] = defaultdict(list)
        for key in in_force:
            self._in_force[key.rule].append(key)
        rules = engine.rules
        self._through = through
        # What a run is made of does not know the run: it goes, with all of its accumulators, when the run does.
        self._day = partial(_day, as_of, through or {})
        self._figures = Figures(
            engine.paying,
            engine.versions,
            engine.assignments,
            engine.quotas,
            engine.rates,
            engine.metrics,
            engine.groups,
            self._day,
        )
        own_pay = partial(_own_pay, self._figures, engine.rates)
        self._terms = TermsBook(engine.quotas, engine.targets, engine.presence, self._figures, engine.factors, own_pay)
        exponents = {rule.plan.currency: engine.rates.exponent(rule.plan.currency) for rule in rules}
        self._accumulators = Accumulators(rules, self._terms, Curves(rules, exponents, engine.plain_curves))
        self._period_pays = PeriodPays(self._accumulators, self._figures, engine.groups, engine.minors)
        self._credited: list[pl.DataFrame] = []
        self._lines: list[pl.DataFrame] = []
        self._pays: list[PeriodPay] = []

    def earned(self, credited: pl.DataFrame) -> Earned:
        caps, measured = [rule.number for rule in self._engine.rules if rule.cap is not None], credited.clear()
        if caps:
            is_measured = credited["rule"].is_in(caps)
            measured, credited = credited.filter(is_measured), credited.filter(~is_measured)
        self._credited.append(credited)
        levels = self._engine.levels
        for rules in levels:
            own = credited if len(levels) == 1 else credited.filter(pl.col("rule").is_in([r.number for r in rules]))
            standing, sources = [rule for rule in rules if rule.component.earnings_of], None
            if standing:
                credited_by, sources = self._earning_credits(standing)
                self._credited.append(credited_by)
                own = pl.concat([own, credited_by], how="diagonal_relaxed")
            self._count()
            self._level(own, rules, sources)
        lines = self._capped(_together(self._lines), measured)
        lines = _in_minor_units(lines, self._engine.rules)
        _refuse_totals(lines, self._pays, self._engine.rules)
        return Earned(
            self._accumulators,
            self._figures,
            lines,
            self._pays,
            self._period_pays.scores,
        )

    def _count(self) -> None:
        """Totals of positions and of earnings so far, if any figure or pool looks at them."""
        rules = self._engine.paying
        if any(rule.component.payout.pool or list(rule.component.figures) for rule in rules):
            self._figures.positions = Totals(row for frame in self._credited for row in _daily(frame, rules))
        if any(list(rule.plan.earnings_behind(name)) for rule in rules for name in rule.component.figures):
            by_day = [row for frame in self._lines for row in _daily(frame, rules, "earning")]
            of_periods = (
                (
                    (pay.key.scenario, pay.key.rule, pay.key.payee_id),
                    self._earned_on(pay),
                    pay.minor,
                    pay.minor,
                )
                for pay in self._pays
            )
            self._figures.earnings = Totals([*by_day, *of_periods])

    def _level(self, credited: pl.DataFrame, rules: Sequence[Rule], sources: pl.DataFrame | None) -> None:
        entered = entered_by(credited)
        self._accumulators.add(entered.keys, self._starts)
        in_force = {rule.number: self._keys_in_force(rule) for rule in rules}
        for keys in in_force.values():
            self._accumulators.add(keys, self._starts)
        numbers = self._accumulators.numbers(entered)
        lines = earned_lines(credited, numbers, self._accumulators, rules, self._engine.minors)
        lines = self._limited(lines.hstack([lines["earning"].alias("calculated")]), rules, in_force)
        self._lines.append(lines if sources is None else with_sources(lines, sources))
        for rule in rules:
            self._pay_periods(rule, in_force[rule.number], lines)

    def _limited(
        self, lines: pl.DataFrame, rules: Sequence[Rule], in_force: Mapping[int, list[AccumulatorKey]]
    ) -> pl.DataFrame:
        """The lines with ``earning`` after all limits."""
        if not any(has_limits(rule.component) for rule in rules):
            return lines
        before = _together(self._lines) if self._lines else None
        opening = [key for keys in in_force.values() for key in keys]
        engine = self._engine
        limits = Limits(self._accumulators, before, engine.rules, engine.minors, opening, engine.versions)
        paying = lines.filter(pl.col("earning").is_not_null()).with_columns(as_exact("earning"))
        results = limits.applied(paying, rules).select("credit_id", "earning")
        return lines.drop("earning").join(results, on="credit_id", how="left", maintain_order="left", validate="1:1")

    def _keys_in_force(self, rule: Rule) -> list[AccumulatorKey]:
        keys = sorted(self._opened_by(rule)) if self._scenarios else []
        everywhere = [AccumulatorKey(scenario, rule.number, *key) for scenario in self._scenarios for key in keys]
        return [*everywhere, *self._in_force[rule.number]]

    def _opened_by(self, rule: Rule) -> set[tuple[str, str, Period]]:
        """The periods that the rule opens; those that a later version goes on with are opened by that alone."""
        own = {*self._engine.in_force(rule, self._as_of)}
        for later in self._engine.continued_by[rule.number]:
            continued = self._engine.days_in_force(later, self._as_of)
            own = {key for key in own if (key[0], key[2]) not in continued}
        return own

    def _earned_on(self, pay: PeriodPay) -> date:
        return earned_on(pay.key.period, self._day(pay.key.scenario, pay.key.rule))

    def _pay_periods(self, rule: Rule, in_force: Sequence[AccumulatorKey], lines: pl.DataFrame) -> None:
        pays, floor = self._period_pays.of(rule, in_force), rule.component.floor
        if floor and floor.per is Per.PERIOD:
            paid = _paid(self._engine.versions[rule.number], lines, pays)
            pays += list(self._period_pays.floors(rule, floor, in_force, paid))
        for pay in pays:
            if abs(pay.minor) > MAX_MINOR:
                raise PayOverflowError(
                    pay.key.payee_id, rule.component.name, f"the {pay.kind} of {pay.key.period.label}"
                )
        self._pays += pays

    def _earning_credits(self, standing: Sequence[Rule]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Credits of the rules that other components' earnings credit, and where these come from."""
        lines = _together(self._lines)
        pays = [(pay, self._earned_on(pay)) for pay in self._pays]
        instalments_through = self._as_of if self._through is None else None
        scenarios, sources = earning_scenarios(lines, pays, standing, self._engine.rules, instalments_through)
        return self._engine.credited(scenarios, standing), sources

    def _capped(self, lines: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
        """The lines after caps over components and payees; what these take from pay of periods is pay of kind cap."""
        plans = {rule.plan_number: rule.plan for rule in self._engine.paying if rule.plan.caps}
        if not plans:
            return lines
        minors = {rule.plan_number: self._engine.minors[rule.number] for rule in self._engine.paying}
        self._pays.sort(key=lambda each: (each.key.payee_id, each.key))
        pay = _pay_of(lines, [(each, self._earned_on(each)) for each in self._pays], self._engine.rules)
        named = _of_rules(self._engine.rules)
        cut = capped_pay(pay, plans, measured.join(named, on="rule"), self._engine.groups, minors).sort("pay_order")
        count = len(self._pays)
        taken = [int(new - old) for old, new in zip(pay["earning"][:count], cut["earning"][:count], strict=True)]
        self._pays += [PeriodPay(pay.key, "cap", minor) for pay, minor in zip(self._pays, taken, strict=False) if minor]
        kept = cut[count:].select(pl.col("line"), pl.col("earning"))
        return (
            lines.with_row_index("line")
            .drop("earning")
            .join(kept, on="line", how="left", maintain_order="left")
            .drop("line")
        )


def _day(as_of: date, through: Mapping[tuple[str, int], date], scenario: str, rule: int) -> date:
    """As of which a rule is calculated in a scenario."""
    return through.get((scenario, rule), as_of)


def _own_pay(
    figures: Figures, rates: ExchangeRates, rule: Rule, terms: Terms, scenario: str, payee_id: str, period: Period
) -> Fraction:
    """See :class:`TermsBook`."""
    position = figures.positions.between((scenario, rule.number, payee_id), period.start, period.end)
    exponent = rates.exponent(rule.plan.currency)
    return Fraction(compile_curve(rule, terms, exponent).pay_at(position), 10**exponent)


def _together(levels: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The lines of all levels; what only later ones have is null in earlier ones."""
    return levels[0] if len(levels) == 1 else pl.concat(levels, how="diagonal_relaxed")


def _daily(
    frame: pl.DataFrame, rules: Sequence[Rule], amount: str = "position"
) -> Iterator[tuple[Key, date, int, int]]:
    """Sums by scenario, rule, payee and month (day, where periods begin within months); what no manager gets, apart."""
    by_day = any(rule.component.period in WITHIN_MONTHS for rule in rules)
    day = pl.col("credited_on") if by_day else pl.col("credited_on").dt.month_start()
    sums = (
        frame.lazy()
        .filter(pl.col("outcome").is_null(), pl.col(amount).is_not_null())
        .with_columns(day.alias("_day"), as_exact(amount).alias("_amount"))
        .with_columns(pl.when(pl.col("via_payee_id").is_null()).then("_amount").otherwise(exact(0)).alias("_direct"))
        .group_by("scenario", "rule", "payee_id", "_day")
        .agg(pl.col("_amount").sum(), pl.col("_direct").sum())
        .collect()
    )
    for scenario, rule, payee_id, on, whole, direct in sums.iter_rows():
        yield (scenario, rule, payee_id), on, int(whole), int(direct)


def _paid(
    versions: Sequence[int], lines: pl.DataFrame, pays: Iterable[PeriodPay]
) -> dict[tuple[str, str, Period], int]:
    """What a rule in all its versions pays by scenario, payee and period, lines and pay of the period together."""
    paid: dict[tuple[str, str, Period], int] = defaultdict(int)
    place = ("scenario", "payee_id", "period_label", "period_start", "period_end")
    sums = (
        lines.lazy()
        .filter(pl.col("rule").is_in(versions), pl.col("earning").is_not_null())
        .group_by(place)
        .agg(pl.col("earning").sum())
        .collect()
    )
    for scenario, payee_id, label, start, end, minor in sums.iter_rows():
        paid[scenario, payee_id, Period(label, start, end)] += int(minor)
    for pay in pays:
        paid[pay.key.scenario, pay.key.payee_id, pay.key.period] += pay.minor
    return paid


def _of_rules(rules: Sequence[Rule]) -> pl.DataFrame:
    rows = [(rule.number, rule.plan_number, rule.component.name, rule.cap) for rule in rules]
    schema = {"rule": pl.Int64, "plan": pl.Int64, "component": pl.String, "cap": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _pay_of(lines: pl.DataFrame, pays: Sequence[tuple[PeriodPay, date]], rules: Sequence[Rule]) -> pl.DataFrame:
    """All pay in the order in which caps are used up: that of periods (with their days), then the lines."""
    keys = ("scenario", "rule", "payee_id")
    of_periods = [(*(getattr(pay.key, key) for key in keys), day, pay.minor) for pay, day in pays]
    schema: dict[str, pl.DataType] = {
        "scenario": pl.String(),
        "rule": pl.Int64(),
        "payee_id": NAME,
        "paid_on": pl.Date(),
        "earning": EXACT_TYPE,
    }
    first = pl.DataFrame(of_periods, schema=schema, orient="row")
    paying = lines.with_row_index("line").filter(pl.col("earning").is_not_null())
    ordered = paying.sort("order_no", "instalment", "rule", "party_no").select(
        "line",
        *keys,
        "transaction_id",
        "instalment",
        "reverses_id",
        "deal_id",
        pl.col("credited_on").alias("paid_on"),
        "earning",
    )
    together = pl.concat([first, ordered], how="diagonal_relaxed")
    return together.with_row_index("pay_order").join(_of_rules(rules), on="rule", how="left", maintain_order="left")


def _in_minor_units(lines: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    amounts = ("base", "position", "before", "after", "calculated", "earning", "quota_minor")
    for name in (name for name in amounts if lines.schema[name] != pl.Int64):
        if magnitude(lines[name]) > MAX_MINOR:
            beyond = lines.filter(pl.col(name).abs() > MAX_MINOR)
            component = rules[beyond["rule"][0]].component.name
            raise PayOverflowError(beyond["payee_id"][0], component, f"the {name} of {beyond['period_label'][0]}")
    names = {"calculated": "calculated_minor", "earning": "earning_minor"}
    wide = [name for name in amounts if lines[name].dtype != pl.Int64()]
    return renamed(lines.with_columns(pl.col(wide).cast(pl.Int64)) if wide else lines, names)


_TOTALLED = ("position", "calculated_minor", "earning_minor")


def _refuse_totals(lines: pl.DataFrame, pays: Sequence[PeriodPay], rules: Sequence[Rule]) -> None:
    """PayOverflowError if what a payee has in a component and period adds up to more than is stored.

    First the largest line as often as there are lines, which nearly always fits.
    """
    largest = max(magnitude(lines[name]) for name in _TOTALLED)
    fixed = max((abs(pay.minor) for pay in pays), default=0)
    if largest * lines.height + fixed * len(pays) <= MAX_MINOR:
        return
    place = ("payee_id", "rule", "period_label")
    paid = pl.DataFrame(
        [(pay.key.payee_id, pay.key.rule, pay.key.period.label, *[pay.minor] * 3) for pay in pays],
        schema={
            "payee_id": NAME,
            "rule": pl.Int64,
            "period_label": NAME,
            **dict.fromkeys(_TOTALLED, pl.Int64),
        },
        orient="row",
    )
    sums = (
        pl.concat([lines.lazy().select(*place, *_TOTALLED), paid.lazy()])
        .group_by(place)
        .agg(pl.col(name).cast(EXACT_TYPE).abs().sum() for name in _TOTALLED)
        .filter(pl.any_horizontal(pl.col(name) > MAX_MINOR for name in _TOTALLED))
        .sort(place)
        .collect()
    )
    if not sums.is_empty():
        payee_id, rule, label, *_ = sums.row(0)
        raise PayOverflowError(payee_id, rules[rule].component.name, f"the total of {label}")
