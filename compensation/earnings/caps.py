"""Caps over several components or payees: of what they earn together, the part above the cap is taken away."""

from collections.abc import Mapping
from fractions import Fraction

import polars as pl

from compensation.exact import rounded
from compensation.exact_columns import EXACT_TYPE, divided, exact
from compensation.figures.groups import Groups
from compensation.plans.figures import Of
from compensation.plans.limits import Cap, CapAttribution, Per
from compensation.plans.periods import period_of
from compensation.plans.plan import Plan

_ORDER = "pay_order"


def capped_pay(
    pay: pl.DataFrame, plans: Mapping[int, Plan], measured: pl.DataFrame, groups: Groups, minors: Mapping[int, int]
) -> pl.DataFrame:
    """The pay with ``earning`` after the caps of all plans, each in the order of the file.

    ``pay``: pay_order (unique; the order in which a cap is used up), scenario, plan (number), component, payee_id,
    transaction_id, reverses_id, deal_id (null for pay of a period), paid_on, earning (exact). ``measured``: scenario,
    plan, cap (name), transaction_id, instalment, deal_id, base: what share caps take their share of.
    ``minors``: by plan.
    """
    for number, plan in plans.items():
        for cap in plan.caps:
            concerned = (pl.col("plan") == number) & pl.col("component").is_in(cap.components)
            if cap.per is not Per.PERIOD:
                concerned &= pl.col("deal_id").is_not_null()
            own = pay.filter(concerned)
            if not own.is_empty():
                grouped = _limited(_grouped(own, cap, plan, groups), cap, number, measured, minors[number])
                pay = pl.concat([pay.filter(~concerned), _cut(grouped, cap).select(pay.columns)])
    return pay.sort(_ORDER)


def _grouped(pay: pl.DataFrame, cap: Cap, plan: Plan, groups: Groups) -> pl.DataFrame:
    """Adds ``what`` (the period, deal or family that is capped) and ``whose`` (payee, team or everyone)."""
    days = pay["paid_on"].unique().to_list()
    if cap.period is not None:
        labels = {day: period_of(day, cap.period, plan.calendar).label for day in days}
        what = pl.col("paid_on").replace_strict(labels, return_dtype=pl.String)
    elif cap.per is Per.DEAL:
        what = pl.col("deal_id")
    else:
        what = pl.coalesce("reverses_id", "transaction_id")
    whose = pl.lit("")
    if cap.of is Of.PAYEE:
        whose = pl.col("payee_id")
    elif cap.of is Of.TEAM:
        pairs = pay.select("payee_id", "paid_on").unique().rows()
        teams = [(*pair, groups.team(*pair) or "") for pair in pairs]
        schema = {"payee_id": pl.String, "paid_on": pl.Date, "_team": pl.String}
        table = pl.DataFrame(teams, schema=schema, orient="row")
        pay, whose = pay.join(table, on=["payee_id", "paid_on"], how="left", maintain_order="left"), pl.col("_team")
    return pay.with_columns(what.alias("what"), whose.alias("whose"))


def _limited(pay: pl.DataFrame, cap: Cap, plan: int, measured: pl.DataFrame, minor: int) -> pl.DataFrame:
    """Adds ``limit``: the amount, or the share of what the deal or transaction measures."""
    if cap.amount is not None:
        return pay.with_columns(exact(rounded(cap.amount.value * minor)).alias("limit"))
    share = cap.share.value if cap.share else Fraction(0)
    # The whole measure stands with everybody whom a component credits: once for a transaction is enough. Where
    # components convert by different rates and the cap names none, that of the last that knows one counts.
    own = measured.filter(pl.col("plan") == plan, pl.col("cap") == cap.cap, pl.col("base").is_not_null())
    own = own.sort(pl.col("rule") * -1, "order_no", "party_no").unique(
        ["scenario", "transaction_id", "instalment"], keep="first", maintain_order=True
    )
    what = pl.col("deal_id") if cap.per is Per.DEAL else pl.coalesce("reverses_id", "transaction_id")
    sums = (
        own.lazy()
        .with_columns(what.alias("what"))
        .group_by("scenario", "what")
        .agg(pl.col("base").sum().alias("_base"))
        .with_columns(divided(pl.col("_base") * exact(share.numerator), exact(share.denominator)).alias("limit"))
        .drop("_base")
        .collect()
    )
    joined = pay.join(sums, on=["scenario", "what"], how="left", maintain_order="left")
    # A measure below zero, as of a return that stands alone, allows nothing; a cap never makes a debt of pay.
    return joined.with_columns(pl.max_horizontal(pl.col("limit").fill_null(exact(0)), exact(0)).alias("limit"))


def _cut(pay: pl.DataFrame, cap: Cap) -> pl.DataFrame:
    group = ["scenario", "what", "whose"]
    running = pl.col("earning").cum_sum().over(group, order_by=_ORDER)
    pay = pay.with_columns(running.alias("_upto")).with_columns(
        (pl.col("_upto") - pl.col("earning")).alias("_below"),
        pl.col("_upto").last().over(group, order_by=_ORDER).alias("_whole"),
    )
    if cap.attribution is CapAttribution.CROSSING:
        kept = pl.min_horizontal("_upto", "limit") - pl.min_horizontal("_below", "limit")
    else:
        whole = pl.when(pl.col("_whole") > pl.col("limit")).then("_whole").otherwise(exact(1))
        parts = [divided(pl.col("limit") * pl.col(name), whole) for name in ("_upto", "_below")]
        kept = pl.when(pl.col("_whole") > pl.col("limit")).then(parts[0] - parts[1]).otherwise("earning")
    return pay.with_columns(kept.cast(EXACT_TYPE).alias("earning"))
