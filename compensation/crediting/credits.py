"""Transactions become credits: who, by which rule, with what share, in which period, how much."""

from collections.abc import Sequence
from decimal import Decimal

import narwhals as nw
import polars as pl

from compensation.crediting.matching import match
from compensation.crediting.overflow import refuse_overflow
from compensation.crediting.transactions import MEASURES, Scenarios
from compensation.exact import EXACT, MILLIONTHS, Frame, lazy, quotient
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.plans.periods import PeriodKind, period_of
from compensation.plans.rules import Rule


def credit(scenarios: Scenarios, rules: Sequence[Rule], assignments: Assignments, rates: ExchangeRates) -> pl.DataFrame:
    """The credits of the scenarios, one row per transaction, party and rule that credits it.

    Columns: scenario, transaction_id, deal_id, rule, payee_id, role, party, via_payee_id, share_millionths,
    credited_on, dated_on, order_no, party_no, reverses_id, period_label, period_start, period_end, ``base``,
    ``position`` and ``family_base`` (exact, minor units of the plan's currency or millionths; family_base: credited
    of the same family before), ``outcome`` (null, or why it is not paid: ``no_rate``, ``no_margin``).
    """
    matched = match(scenarios, rules, assignments)
    days = matched.select("credited_on", "period_kind", "currency", "plan_currency").unique()
    matched = matched.join(_periods(days), on=["credited_on", "period_kind"], how="left")
    keys = ["currency", "plan_currency", "credited_on"]
    exchange = rates.frame(days.select(keys).unique().iter_rows())
    return _measured(matched.join(exchange, on=keys, how="left"), rules)


def _measured(matched: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    matched = matched.with_columns(
        *(_raw("measure", side).alias(f"base_{side}") for side in ("before", "after")),
        *(_raw("looks_at", side).alias(f"position_{side}") for side in ("before", "after")),
        *(
            pl.when(pl.col(by) == "quantity")
            .then(Decimal(1))
            .otherwise(f"rate_{part}")
            .cast(pl.Decimal(38, 0))
            .alias(f"{by}_{part}")
            for by in ("measure", "looks_at")
            for part in ("num", "den")
        ),
    ).with_columns(_outcome().alias("outcome"))
    refuse_overflow(matched, rules)
    credited = lazy(matched)
    for name, by in (("base", "measure"), ("position", "looks_at")):
        for side in ("before", "after"):
            credited = _credited(credited, f"{name}_{side}", by)
    credited = credited.with_columns(
        nw.col("base_before").alias("family_base"),
        (nw.col("base_after") - nw.col("base_before")).alias("base"),
        (nw.col("position_after") - nw.col("position_before")).cast(nw.Int64).alias("position"),
        (nw.col("share_to") - nw.col("share_from")).alias("share_millionths"),
    )
    measured: pl.DataFrame = credited.select(*_COLUMNS).collect().to_native()
    return measured


_COLUMNS = (
    *("scenario", "transaction_id", "deal_id", "rule", "payee_id", "role", "party", "via_payee_id", "share_millionths"),
    *("credited_on", "dated_on", "order_no", "party_no", "reverses_id", "period_label", "period_start", "period_end"),
    *("base", "position", "family_base", "outcome"),
)


def _raw(by: str, side: str) -> pl.Expr:
    chosen = pl.coalesce(pl.when(pl.col(by) == name).then(f"{name}_{side}") for name in MEASURES)
    return chosen.cast(pl.Decimal(38, 0))


def _outcome() -> pl.Expr:
    no_margin = pl.col("base_after").is_null() | pl.col("position_after").is_null()
    no_rate = pl.col("measure_num").is_null() | pl.col("looks_at_num").is_null()
    return (
        pl.when(no_margin)
        .then(pl.lit("no_margin"))
        .when(no_rate)
        .then(pl.lit("no_rate"))
        .otherwise(pl.lit(None, pl.String))
    )


def _credited(frame: Frame, column: str, by: str) -> Frame:
    """Converted and rounded, the party's part of it by subtraction on the running share, the rule's share of that."""
    whole = nw.lit(Decimal(MILLIONTHS)).cast(EXACT)
    exact = {name: nw.col(name).cast(EXACT) for name in ("share_to", "share_from", "share_num", "share_den")}
    return (
        frame.with_columns((nw.col(column) * nw.col(f"{by}_num")).alias("_scaled"))
        .with_columns(quotient(nw.col("_scaled"), nw.col(f"{by}_den")).alias("_whole"))
        .with_columns(
            (nw.col("_whole") * exact["share_to"]).alias("_upto"),
            (nw.col("_whole") * exact["share_from"]).alias("_below"),
        )
        .with_columns(
            ((quotient(nw.col("_upto"), whole) - quotient(nw.col("_below"), whole)) * exact["share_num"]).alias("_part")
        )
        .with_columns(quotient(nw.col("_part"), exact["share_den"]).alias(column))
    )


def _periods(days: pl.DataFrame) -> pl.DataFrame:
    pairs = days.select("credited_on", "period_kind").unique().rows()
    periods = [(*pair, *period_of(pair[0], PeriodKind(pair[1]))) for pair in pairs]
    schema = {"credited_on": pl.Date, "period_kind": pl.String, "period_label": pl.String}
    return pl.DataFrame(periods, schema={**schema, "period_start": pl.Date, "period_end": pl.Date}, orient="row")
