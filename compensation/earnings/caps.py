"""Caps over several components or payees: of what they earn together, the part above the cap is taken away."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import polars as pl

from compensation.exact import rounded
from compensation.exact_columns import EXACT_TYPE, divided, exact
from compensation.figures.groups import Groups
from compensation.names import NAME
from compensation.plans.figures import Of
from compensation.plans.limits import Cap, CapAttribution, Per
from compensation.plans.periods import period_of
from compensation.plans.plan import Plan

_ORDER = "pay_order"


def capped_pay(
    pay: pl.DataFrame, plans: Mapping[int, Plan], measured: pl.DataFrame, groups: Groups, minors: Mapping[int, int]
) -> pl.DataFrame:
    """The pay, in any order, with ``earning`` after the caps of all plans, each in the order of the file.

    A cap of the same name in the next version of a plan goes on with it if one of its components continues.

    ``pay``: pay_order (unique; the order in which a cap is used up), scenario, plan (number), component, payee_id,
    transaction_id, instalment, reverses_id, deal_id (null for pay of a period), paid_on, earning (exact).
    ``measured``: scenario, plan, cap (name), transaction_id, instalment, deal_id, base: what share caps take their
    share of.
    ``minors``: by plan.
    """
    for versions in _continued(plans):
        concerned = [_concerned(each) for each in versions]
        numbers = [each.number for each in versions]
        own = [
            _limited(_grouped(part, each, groups), each.cap, numbers, measured, minors[each.number])
            for is_own, each in zip(concerned, versions, strict=True)
            if not (part := pay.filter(is_own)).is_empty()
        ]
        if own:
            cut = _cut(pl.concat(own, how="diagonal"), versions[0].cap.attribution)
            pay = pl.concat([pay.filter(~pl.any_horizontal(concerned)), cut.select(pay.columns)])
    return pay


class _CapOf(NamedTuple):
    """A cap and the version of the plan that has it; ``number`` is the plan's."""

    number: int
    plan: Plan
    cap: Cap

    @property
    def continues(self) -> bool:
        """Whether it goes on with the version before: one of its components does."""
        return any(self.plan.component(name).continues for name in self.cap.components)

    @property
    def kept(self) -> tuple[object, ...]:
        """What versions of a cap have in common."""
        cap = self.cap
        return self.plan.name, self.plan.currency, cap.cap, cap.of, cap.per, cap.period, cap.attribution


def _continued(plans: Mapping[int, Plan]) -> list[list[_CapOf]]:
    """The caps, those together that go on with one another, version after version."""
    together: list[list[_CapOf]] = []
    latest: dict[tuple[object, ...], list[_CapOf]] = {}
    for number, plan in sorted(plans.items(), key=lambda each: (each[1].effective.from_on, each[0])):
        for cap in plan.caps:
            own = _CapOf(number, plan, cap)
            if not own.continues or own.kept not in latest:
                latest[own.kept] = []
                together.append(latest[own.kept])
            latest[own.kept].append(own)
    return together


def _concerned(own: _CapOf) -> pl.Expr:
    concerned = (pl.col("plan") == own.number) & pl.col("component").is_in(own.cap.components)
    return concerned if own.cap.per is Per.PERIOD else concerned & pl.col("deal_id").is_not_null()


def _grouped(pay: pl.DataFrame, own: _CapOf, groups: Groups) -> pl.DataFrame:
    """Adds ``what`` (the period, deal or family that is capped) and ``whose`` (payee, team or everyone)."""
    cap, plan = own.cap, own.plan
    days = pay["paid_on"].unique().to_list()
    if cap.period is not None:
        labels = {day: period_of(day, cap.period, plan.calendar).label for day in days}
        what = pl.col("paid_on").replace_strict(labels, return_dtype=pl.String)
    else:
        what = _document(cap)
    whose = pl.lit("")
    if cap.of is Of.PAYEE:
        whose = pl.col("payee_id")
    elif cap.of is Of.TEAM:
        pairs = pay.select("payee_id", "paid_on").unique().rows()
        teams = [(*pair, groups.team(*pair)) for pair in pairs]
        schema = {"payee_id": NAME, "paid_on": pl.Date(), "_team": pl.String()}
        table = pl.DataFrame(teams, schema=schema, orient="row")
        pay, whose = pay.join(table, on=["payee_id", "paid_on"], how="left", maintain_order="left"), pl.col("_team")
    return pay.with_columns(what.alias("what"), whose.alias("whose"))


def _document(cap: Cap) -> pl.Expr:
    """The deal, or the transaction with its returns, of which each instalment is one of its own."""
    if cap.per is Per.DEAL:
        return pl.col("deal_id")
    return pl.concat_str(pl.coalesce("reverses_id", "transaction_id"), "instalment", separator="|")


def _limited(pay: pl.DataFrame, cap: Cap, plans: Sequence[int], measured: pl.DataFrame, minor: int) -> pl.DataFrame:
    """Adds ``limit``: the amount, or the share of what the deal or transaction measures in all the ``plans``."""
    if cap.amount is not None:
        return pay.with_columns(exact(rounded(cap.amount.value * minor)).alias("limit"))
    share = cap.share.value if cap.share else Fraction(0)
    # The whole measure stands with everybody whom a component credits: once for a transaction is enough. Where
    # components convert by different rates and the cap names none, that of the last that knows one counts.
    own = measured.filter(pl.col("plan").is_in(plans), pl.col("cap") == cap.cap, pl.col("base").is_not_null())
    own = own.with_columns(_document(cap).alias("what")).sort("rule")
    own = own.unique(["scenario", "what", "transaction_id", "instalment"], keep="last")
    sums = (
        own.lazy()
        .group_by("scenario", "what")
        .agg(pl.col("base").sum().alias("_base"))
        .with_columns(divided(pl.col("_base") * exact(share.numerator), exact(share.denominator)).alias("limit"))
        .drop("_base")
        .collect()
    )
    joined = pay.join(sums, on=["scenario", "what"], how="left", maintain_order="left")
    # A measure below zero, as of a return that stands alone, allows nothing; a cap never makes a debt of pay.
    return joined.with_columns(pl.max_horizontal("limit", exact(0)).alias("limit"))


def _cut(pay: pl.DataFrame, attribution: CapAttribution) -> pl.DataFrame:
    group = ["scenario", "what", "whose"]
    running = pl.col("earning").cum_sum().over(group, order_by=_ORDER)
    pay = pay.with_columns(running.alias("_upto")).with_columns(
        (pl.col("_upto") - pl.col("earning")).alias("_below"),
        pl.col("_upto").last().over(group, order_by=_ORDER).alias("_whole"),
    )
    if attribution is CapAttribution.CROSSING:
        kept = pl.min_horizontal("_upto", "limit") - pl.min_horizontal("_below", "limit")
    else:
        whole = pl.when(pl.col("_whole") > pl.col("limit")).then("_whole")
        parts = [divided(pl.col("limit") * pl.col(name), whole) for name in ("_upto", "_below")]
        kept = pl.coalesce(parts[0] - parts[1], "earning")
    return pay.with_columns(kept.cast(EXACT_TYPE).alias("earning"))
