"""The frames of a calculation, from what a run earned."""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.columns import rows_of
from compensation.curves.terms import PLAIN_TERMS, Terms
from compensation.earnings.accumulators import AccumulatorKey
from compensation.earnings.engine import Engine
from compensation.earnings.period_pay import earned_on
from compensation.earnings.runs import Earned
from compensation.exact import rounded
from compensation.names import NAME
from compensation.plans.components import AccumulateBy

_PERIOD: dict[str, pl.DataType] = {"period_label": NAME, "period_start": pl.Date(), "period_end": pl.Date()}
CREDIT_COLUMNS = (
    *("transaction_id", "instalment", "deal_id", "document_id", "payee_id", "plan", "plan_version", "component"),
    *("role", "party", "via_payee_id", "reverses_id", "share_millionths", "dated_on", "credited_on", *_PERIOD),
    *("currency", "measure", "credit_minor"),
)
POSITIONS = ("before_minor", "after_minor", "quota_minor", "calculated_minor", "earning_minor")
KEY = ("payee_id", "plan", "plan_version", "component", *_PERIOD, "currency")


def openings_of(engine: Engine, earned: Earned, as_of: date) -> pl.DataFrame:
    keys, of_key = [pay.key for pay in earned.pays], earned.accumulators.of_key
    days = {period: earned_on(period, as_of) for period in {key.period for key in keys}}
    terms = [of_key(key).terms for key in keys]
    frame = pl.DataFrame(
        {
            **_places(keys),
            "kind": pl.Series([pay.kind for pay in earned.pays], dtype=NAME),
            "earned_on": pl.Series([days[key.period] for key in keys], dtype=pl.Date),
            "quota_minor": pl.Series([each and each.quota for each in terms], dtype=pl.Int64),
            "earning_minor": pl.Series([pay.minor for pay in earned.pays], dtype=pl.Int64),
        }
    )
    named = frame.hstack(rows_of(engine.names, frame["rule"]))
    return named[[*KEY, "kind", "earned_on", "quota_minor", "earning_minor"]]


def _places(keys: Sequence[AccumulatorKey]) -> dict[str, pl.Series]:
    """Columns rule, payee_id, period_label, period_start, period_end."""
    return {
        "rule": pl.Series([key.rule for key in keys], dtype=pl.Int64),
        "payee_id": pl.Series([key.payee_id for key in keys], dtype=NAME),
        **{
            name: pl.Series([key.period[place] for key in keys], dtype=dtype)
            for place, (name, dtype) in enumerate(_PERIOD.items())
        },
    }


def accumulated_of(engine: Engine, earned: Earned) -> pl.DataFrame:
    """By payee, rule and period, whatever its positions accumulate by."""
    found = _known(engine, earned).hstack(_sums(earned))
    if any(rule.component.accumulate_by is not AccumulateBy.PAYEE for rule in engine.rules):
        told = [name for name in found.columns if name not in (*_PLACE, *_SUMS)]
        found = found.group_by(_PLACE, maintain_order=True).agg(pl.col(told).first(), pl.col(_SUMS).sum())
    named = found.hstack(rows_of(engine.names, found["rule"]))
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


_PLACE = ("rule", "payee_id", *_PERIOD)
_SUMS = ("position_minor", "calculated_minor", "_lines", "_pays")


def _known(engine: Engine, earned: Earned) -> pl.DataFrame:
    """A row for each accumulator: rule, payee_id, period, quota_minor, target_minor, factor, gates_failed, outcome."""
    rows = earned.accumulators.rows
    keys, terms = [row.key for row in rows], [row.terms for row in rows]
    return pl.DataFrame(
        {
            **_places(keys),
            "quota_minor": pl.Series([each and each.quota for each in terms], dtype=pl.Int64),
            "target_minor": pl.Series([_target(each) for each in terms], dtype=pl.Int64),
            "factor": pl.Series([_factor(each) for each in terms], dtype=pl.String),
            "gates_failed": _gates_failed(engine, earned),
            "outcome": pl.Series([row.outcome for row in rows], dtype=NAME),
        }
    )


def _gates_failed(engine: Engine, earned: Earned) -> pl.Series:
    """The figures of the gates that each accumulator does not pass."""
    gates, rows = [[gate.figure for gate in rule.component.gates] for rule in engine.rules], earned.accumulators.rows
    kind = pl.List(pl.String)
    if not any(gates):
        return pl.Series([[]], dtype=kind).new_from_index(0, len(rows))
    failed = [[gates[row.key.rule][number] for number in row.terms.failed] if row.terms else [] for row in rows]
    return pl.Series(failed, dtype=kind)


def _target(terms: Terms | None) -> int | None:
    return None if terms is None or terms.target_minor is None else rounded(terms.target_minor)


def _factor(terms: Terms | None) -> str | None:
    """The product of the modifiers, as text."""
    if terms is None:
        return None
    return "1" if terms.factor is PLAIN_TERMS.factor else str(terms.factor)


def _sums(earned: Earned) -> pl.DataFrame:
    """A row for each accumulator: what its lines, and the pay of its period, add up to."""
    of_key = earned.accumulators.of_key
    pays = pl.DataFrame(
        {
            "accumulator": pl.Series([of_key(pay.key).number for pay in earned.pays], dtype=pl.Int64),
            "_pays": pl.Series([pay.minor for pay in earned.pays], dtype=pl.Int64),
        }
    )
    added = (
        earned.lines.lazy()
        .filter(pl.col("outcome").is_null())
        .group_by("accumulator")
        .agg(pl.col("position", "calculated_minor", "earning_minor").sum())
        .rename({"position": "position_minor", "earning_minor": "_lines"})
    )
    numbers = pl.LazyFrame({"accumulator": range(len(earned.accumulators.rows))}, schema={"accumulator": pl.Int64})
    for sums in (added, pays.lazy().group_by("accumulator").agg(pl.col("_pays").sum())):
        numbers = numbers.join(sums, on="accumulator", how="left", maintain_order="left")
    return numbers.select(pl.col(_SUMS).fill_null(0)).collect()


def _attainments(frame: pl.DataFrame) -> pl.Series:
    pairs = frame.select("position_minor", "quota_minor").iter_rows()
    return pl.Series([str(Fraction(position, quota)) if quota else None for position, quota in pairs], dtype=pl.String)


def figures_of(engine: Engine, earned: Earned) -> pl.DataFrame:
    """Each figure that a component looks at, for everybody who has it, period by period."""
    schema: dict[str, pl.DataType] = {
        **dict.fromkeys(("payee_id", "plan", "plan_version", "component", "figure"), NAME),
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
    schema: dict[str, pl.DataType] = {"payee_id": NAME, "rule": pl.Int64(), **_PERIOD, **texts}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    named = frame.hstack(rows_of(engine.names, frame["rule"]))
    return named.select("payee_id", "plan", "plan_version", "component", *_PERIOD, *texts)
