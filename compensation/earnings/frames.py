"""The frames of a calculation, from what a run earned."""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.curves.terms import PLAIN_TERMS, Terms
from compensation.earnings.engine import Engine
from compensation.earnings.period_pay import earned_on
from compensation.earnings.runs import Earned
from compensation.exact import rounded
from compensation.plans.rules import Rule

_OF_RULE: dict[str, pl.DataType] = dict.fromkeys(
    ("plan", "plan_version", "component", "currency", "measure"), pl.String()
)
_PERIOD: dict[str, pl.DataType] = {"period_label": pl.String(), "period_start": pl.Date(), "period_end": pl.Date()}
CREDIT_COLUMNS = (
    *("transaction_id", "instalment", "deal_id", "document_id", "payee_id", "plan", "plan_version", "component"),
    *("role", "party", "via_payee_id", "reverses_id", "share_millionths", "dated_on", "credited_on", *_PERIOD),
    *("currency", "measure", "credit_minor"),
)
POSITIONS = ("before_minor", "after_minor", "quota_minor", "calculated_minor", "earning_minor")
KEY = ("payee_id", "plan", "plan_version", "component", *_PERIOD, "currency")


def named_rules(rules: Sequence[Rule]) -> pl.DataFrame:
    """Columns rule, plan, plan_version, component, currency, measure; each rule in the row of its number."""
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


def openings_of(engine: Engine, earned: Earned, as_of: date) -> pl.DataFrame:
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
    named = frame.join(named_rules(engine.rules), on="rule", maintain_order="left")
    return named.select(*KEY, "kind", "earned_on", "quota_minor", "earning_minor")


def accumulated_of(engine: Engine, earned: Earned) -> pl.DataFrame:
    """By payee, rule and period, whatever its positions accumulate by."""
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for row in earned.accumulators.rows:
        key = (row.key.rule, row.key.payee_id, *row.key.period)
        if key not in rows:
            rows[key] = (*_told(row.terms, engine.rules[row.key.rule]), row.outcome)
    place = ("rule", "payee_id", "period_label", "period_start", "period_end")
    schema: dict[str, pl.DataType] = {
        "rule": pl.Int64(),
        "payee_id": pl.String(),
        **_PERIOD,
        "quota_minor": pl.Int64(),
        "target_minor": pl.Int64(),
        "factor": pl.String(),
        "gates_failed": pl.List(pl.String),
        "outcome": pl.String(),
    }
    known = pl.DataFrame([(*key, *found) for key, found in rows.items()], schema=schema, orient="row")
    sums = _sums(earned).group_by(place).agg(pl.col("position_minor", "calculated_minor", "_lines").sum())
    pays = pl.DataFrame(
        [(pay.key.rule, pay.key.payee_id, *pay.key.period, pay.minor) for pay in earned.pays],
        schema={"rule": pl.Int64(), "payee_id": pl.String(), **_PERIOD, "_pays": pl.Int64()},
        orient="row",
    )
    together = known.join(sums, on=place, how="left").join(
        pays.group_by(place).agg(pl.col("_pays").sum()), on=place, how="left"
    )
    amounts = ("position_minor", "calculated_minor", "_lines", "_pays")
    named = together.with_columns(pl.col(amounts).fill_null(0)).join(named_rules(engine.rules), on="rule")
    return (
        named.with_columns(
            (pl.col("_lines") + pl.col("_pays")).alias("earning_minor"),
            (pl.col("calculated_minor") + pl.col("_pays")).alias("calculated_minor"),
            _attainments(named).alias("attainment"),
        )
        .select(
            *KEY, "position_minor", "quota_minor", "target_minor", "attainment", "factor", "gates_failed",
            "calculated_minor", "earning_minor", "outcome",
        )
        .sort(KEY)
    )  # fmt: skip


def _told(terms: Terms | None, rule: Rule) -> tuple[object, ...]:
    """Quota, target pay, factor and the figures of the gates not passed."""
    if terms is None:
        return None, None, None, []
    target = None if terms.target_minor is None else rounded(terms.target_minor)
    factor = "1" if terms.factor is PLAIN_TERMS.factor else str(terms.factor)
    return terms.quota, target, factor, [rule.component.gates[number].figure for number in terms.failed]


def _sums(earned: Earned) -> pl.DataFrame:
    """Columns rule, payee_id, period and what the lines of an accumulator add up to."""
    lines = earned.lines.lazy().filter(pl.col("outcome").is_null())
    sums = (
        lines.group_by("accumulator")
        .agg(
            pl.col("position").sum().alias("position_minor"),
            pl.col("calculated_minor").sum(),
            pl.col("earning_minor").sum().alias("_lines"),
        )
        .collect()
    )
    keys = (earned.accumulators.rows[number].key for number in sums["accumulator"])
    schema = {"rule": pl.Int64(), "payee_id": pl.String(), **_PERIOD}
    return pl.DataFrame([(key.rule, key.payee_id, *key.period) for key in keys], schema=schema, orient="row").hstack(
        sums.drop("accumulator")
    )


def _attainments(frame: pl.DataFrame) -> pl.Series:
    pairs = frame.select("position_minor", "quota_minor").iter_rows()
    return pl.Series([str(Fraction(position, quota)) if quota else None for position, quota in pairs], dtype=pl.String)


def figures_of(engine: Engine, earned: Earned) -> pl.DataFrame:
    """Each figure that a component looks at, for everybody who has it, period by period."""
    schema: dict[str, pl.DataType] = {
        **dict.fromkeys(("payee_id", "plan", "plan_version", "component", "figure"), pl.String()),
        **_PERIOD,
        "value": pl.String(),
    }
    return pl.DataFrame(list(_figure_rows(engine, earned)), schema=schema, orient="row")


def _figure_rows(engine: Engine, earned: Earned) -> Iterator[tuple[object, ...]]:
    looked_at = [list(dict.fromkeys(rule.component.figures)) for rule in engine.rules]
    seen = set()
    for row in earned.accumulators.rows if any(looked_at) else ():
        rule, key = engine.rules[row.key.rule], row.key
        for figure in looked_at[key.rule]:
            place = (key.rule, key.payee_id, key.period, figure)
            if place not in seen:
                seen.add(place)
                value = earned.figures.value(figure, rule, key.scenario, key.payee_id, key.period)
                names = (rule.plan.name, rule.plan.version, rule.component.name, figure)
                yield key.payee_id, *names, *key.period, None if value is None else str(value)


def scores_of(engine: Engine, earned: Earned) -> pl.DataFrame:
    """The lines of scorecards, for everybody who has one, period by period."""
    rows = [
        (key.payee_id, key.rule, *key.period, kpi, str(value), str(score), str(weighted))
        for key, kpi, value, score, weighted in earned.scores
    ]
    texts = dict.fromkeys(("kpi", "value", "score", "weighted"), pl.String())
    schema: dict[str, pl.DataType] = {"payee_id": pl.String(), "rule": pl.Int64(), **_PERIOD, **texts}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    named = frame.join(named_rules(engine.rules), on="rule", maintain_order="left")
    return named.select("payee_id", "plan", "plan_version", "component", *_PERIOD, *texts)
