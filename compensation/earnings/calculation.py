"""Earnings of everything that happened up to a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.crediting.parties import broken_splits
from compensation.crediting.transactions import Scenarios, in_scenario
from compensation.earnings.engine import Earned, Engine
from compensation.earnings.period_pay import earned_on
from compensation.facts.frames import Facts
from compensation.plans.components import Event
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule

_OF_RULE: dict[str, pl.DataType] = dict.fromkeys(
    ("plan", "plan_version", "component", "currency", "measure"), pl.String()
)
_PERIOD: dict[str, pl.DataType] = {"period_label": pl.String(), "period_start": pl.Date(), "period_end": pl.Date()}
_CREDIT_COLUMNS = (
    *("transaction_id", "instalment", "deal_id", "document_id", "payee_id", "plan", "plan_version", "component"),
    *("role", "party", "via_payee_id", "reverses_id", "share_millionths", "dated_on", "credited_on", *_PERIOD),
    *("currency", "measure", "credit_minor"),
)
_POSITIONS = ("before_minor", "after_minor", "quota_minor", "calculated_minor", "earning_minor")
_KEY = ("payee_id", "plan", "plan_version", "component", *_PERIOD, "currency")


@dataclass(frozen=True)
class Calculation:
    """What the facts earn under the plans. Money in minor units of ``currency`` (the plan's); quantities in millionths.

    - ``credits``: transaction_id, instalment (0 unless the component recurs), deal_id, document_id, payee_id, plan,
      plan_version, component, role, party (owner, overlay, direct_manager, upper_manager, coverage, customer),
      via_payee_id (the owner through whom a manager is credited), reverses_id, share_millionths, dated_on, credited_on
      (a return by origin has the origin's date), period_label, period_start, period_end (excluded), currency, measure,
      credit_minor, outcome (null if it pays, else ``no_rate``, ``no_margin``, ``no_measure``, ``no_team``, ``no_case``,
      ``no_hiring_date``, ``no_quota``, ``zero_quota``, ``no_quota_rate``, ``no_target_pay``, ``no_salary``,
      ``no_figure``).
    - ``openings``: pay of payee, component and period that stands on no single credit: kind (opening, scorecard,
      matrix, ranking, pool, floor, cap), earned_on, earning_minor, and quota_minor.
    - ``lines``: the credits that pay, in their order, with before_minor, after_minor (positions), quota_minor,
      calculated_minor (by the curve), earning_minor (after all limits).
    - ``accumulated``: for each payee, component and period: position_minor, quota_minor, attainment (exact ratio as
      text), factor (of all modifiers, exact text), gates_failed (figures), calculated_minor, earning_minor, outcome.
    - ``figures``: payee_id, plan, plan_version, component (that looks at it), figure, period_label, value (exact ratio
      as text; null if it has none).
    - ``outcomes``: transactions that no component credits: transaction_id, deal_id, code (``nobody_owns``,
      ``splits_not_whole``, ``no_rule``).

    In mode ``curve`` an opening and its lines add up to the rounded cumulative pay.
    """

    credits: pl.DataFrame
    openings: pl.DataFrame
    lines: pl.DataFrame
    accumulated: pl.DataFrame
    figures: pl.DataFrame
    outcomes: pl.DataFrame

    def totals(self) -> pl.DataFrame:
        """earning_minor of openings and lines by payee_id, plan, plan_version, component, period and currency."""
        parts = [frame.select(*_KEY, "earning_minor") for frame in (self.openings, self.lines)]
        return pl.concat(parts).group_by(_KEY).agg(pl.col("earning_minor").sum()).sort(_KEY)


def calculate(facts: Facts, plans: Sequence[Plan], *, as_of: date) -> Calculation:
    """Calculates every transaction dated up to ``as_of`` (included); expected ones are left out.

    PayOverflowError names payee and component if amounts leave the exact range. Same facts, plans and ``as_of``:
    same frames. Plans that are not in execution pay nothing.
    """
    engine = Engine.of(facts, plans)
    scenarios = history(facts, as_of)
    credited = engine.credits(scenarios)
    earned = engine.run(credited, [""], as_of)
    lines = earned.lines.join(_rules(engine.rules), on="rule", maintain_order="left")
    lines = lines.rename({"base": "credit_minor", "before": "before_minor", "after": "after_minor"})
    return Calculation(
        credits=lines.select(*_CREDIT_COLUMNS, "outcome"),
        openings=_openings(engine, earned, as_of),
        lines=lines.filter(pl.col("outcome").is_null()).select(*_CREDIT_COLUMNS, *_POSITIONS),
        accumulated=_accumulated(engine, earned),
        figures=_figures(engine, earned),
        outcomes=_uncredited(scenarios, credited),
    )


def history(facts: Facts, as_of: date) -> Scenarios:
    """What has happened up to the day."""
    happened = facts.transactions.filter(pl.col("kind") != "expected", pl.col("dated_on") <= as_of)
    return Scenarios(
        in_scenario(happened),
        in_scenario(facts.participants),
        measures=facts.measures,
        attributes=facts.attributes,
        coverage=facts.coverage,
        as_of=as_of,
    )


def _rules(rules: Sequence[Rule]) -> pl.DataFrame:
    rows = [
        (
            rule.number,
            rule.plan.name,
            rule.plan.version,
            rule.component.name,
            rule.plan.currency,
            rule.component.measure,
        )
        for rule in rules
    ]
    return pl.DataFrame(rows, schema={"rule": pl.Int64(), **_OF_RULE}, orient="row")


def _openings(engine: Engine, earned: Earned, as_of: date) -> pl.DataFrame:
    rows = [
        (pay.key.payee_id, pay.key.rule, *pay.key.period, pay.kind, earned_on(pay.key.period, as_of),
         terms.quota if (terms := earned.accumulators.of_key(pay.key).terms) else None, pay.minor)
        for pay in earned.pays
    ]  # fmt: skip
    schema: dict[str, pl.DataType] = {
        "payee_id": pl.String(),
        "rule": pl.Int64(),
        **_PERIOD,
        "kind": pl.String(),
        "earned_on": pl.Date(),
        **dict.fromkeys(("quota_minor", "earning_minor"), pl.Int64()),
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    named = frame.join(_rules(engine.rules), on="rule", maintain_order="left")
    return named.select(*_KEY, "kind", "earned_on", "quota_minor", "earning_minor")


def _accumulated(engine: Engine, earned: Earned) -> pl.DataFrame:
    """By payee, rule and period, whatever its positions accumulate by."""
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for row in earned.accumulators.rows:
        terms, gates = row.terms, engine.rules[row.key.rule].component.gates
        found = (
            terms.quota if terms else None,
            str(terms.factor) if terms else None,
            [gates[number].figure for number in terms.failed] if terms else [],
            row.outcome,
        )
        rows.setdefault((row.key.rule, row.key.payee_id, *row.key.period), found)
    place = ("rule", "payee_id", "period_label", "period_start", "period_end")
    schema: dict[str, pl.DataType] = {
        "rule": pl.Int64(),
        "payee_id": pl.String(),
        **_PERIOD,
        "quota_minor": pl.Int64(),
        "factor": pl.String(),
        "gates_failed": pl.List(pl.String),
        "outcome": pl.String(),
    }
    known = pl.DataFrame([(*key, *found) for key, found in rows.items()], schema=schema, orient="row")
    paying = earned.lines.lazy().filter(pl.col("outcome").is_null())
    sums = paying.group_by(place).agg(
        pl.col("position").sum().alias("position_minor"),
        pl.col("calculated_minor").sum(),
        pl.col("earning_minor").sum().alias("_lines"),
    )
    pays = pl.DataFrame(
        [(pay.key.rule, pay.key.payee_id, *pay.key.period, pay.minor) for pay in earned.pays],
        schema={"rule": pl.Int64(), "payee_id": pl.String(), **_PERIOD, "_pays": pl.Int64()},
        orient="row",
    )
    together = known.join(sums.collect(), on=place, how="left").join(
        pays.group_by(place).agg(pl.col("_pays").sum()), on=place, how="left"
    )
    amounts = ("position_minor", "calculated_minor", "_lines", "_pays")
    named = together.with_columns(pl.col(amounts).fill_null(0)).join(_rules(engine.rules), on="rule")
    return (
        named.with_columns(
            (pl.col("_lines") + pl.col("_pays")).alias("earning_minor"),
            (pl.col("calculated_minor") + pl.col("_pays")).alias("calculated_minor"),
            _attainments(named).alias("attainment"),
        )
        .select(
            *_KEY, "position_minor", "quota_minor", "attainment", "factor", "gates_failed", "calculated_minor",
            "earning_minor", "outcome",
        )
        .sort(_KEY)
    )  # fmt: skip


def _attainments(frame: pl.DataFrame) -> pl.Series:
    pairs = frame.select("position_minor", "quota_minor").iter_rows()
    return pl.Series([str(Fraction(position, quota)) if quota else None for position, quota in pairs], dtype=pl.String)


def _figures(engine: Engine, earned: Earned) -> pl.DataFrame:
    """Each figure that a component looks at, for everybody who has it, period by period."""
    schema: dict[str, pl.DataType] = {
        **dict.fromkeys(("payee_id", "plan", "plan_version", "component", "figure"), pl.String()),
        **_PERIOD,
        "value": pl.String(),
    }
    return pl.DataFrame(list(_figure_rows(engine, earned)), schema=schema, orient="row")


def _figure_rows(engine: Engine, earned: Earned) -> Iterator[tuple[object, ...]]:
    seen = set()
    for row in earned.accumulators.rows:
        rule, key = engine.rules[row.key.rule], row.key
        for figure in dict.fromkeys(rule.component.figures):
            place = (key.rule, key.payee_id, key.period, figure)
            if place not in seen:
                seen.add(place)
                value = earned.figures.value(figure, rule, key.scenario, key.payee_id, key.period)
                names = (rule.plan.name, rule.plan.version, rule.component.name, figure)
                yield key.payee_id, *names, *key.period, None if value is None else str(value)


def _uncredited(scenarios: Scenarios, credited: pl.DataFrame) -> pl.DataFrame:
    events = [*(event.value for event in Event), "return"]
    left = scenarios.transactions.filter(pl.col("kind").is_in(events)).join(credited, on="transaction_id", how="anti")
    broken = broken_splits(scenarios.participants).with_columns(pl.lit("splits_not_whole").alias("broken"))
    owned = scenarios.participants.select("deal_id").unique().with_columns(pl.lit("no_rule").alias("owned"))
    coded = left.join(broken, on="deal_id", how="left").join(owned, on="deal_id", how="left")
    code = pl.coalesce("broken", "owned", pl.lit("nobody_owns")).alias("code")
    return coded.select("transaction_id", "deal_id", code).sort("transaction_id")
