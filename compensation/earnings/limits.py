"""Limits on lines, after the curve: clawbacks, shares of earnings, what others got, caps, floors, attribution."""

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction

import polars as pl

from compensation.curves.compiling import caps_on_curve, limit_minor
from compensation.earnings.accumulators import AccumulatorKey, Accumulators
from compensation.exact import MILLIONTHS, rounded
from compensation.exact_columns import as_exact, divided, exact
from compensation.plans.components import Attribution, Component, Rounding, SplitOf
from compensation.plans.limits import Limit, Per
from compensation.plans.periods import months_between
from compensation.plans.releases import Clawback
from compensation.plans.rules import Rule

Lines = pl.DataFrame
_ORDER = ("order_no", "instalment", "party_no")


class Limits:
    """Applies a rule's limits to its lines.

    ``earned``: the lines of earlier levels; ``opening``: the accumulators in which periods open.
    """

    def __init__(
        self,
        accumulators: Accumulators,
        earned: Lines | None,
        rules: Sequence[Rule],
        minors: Mapping[int, int],
        opening: Collection[AccumulatorKey],
    ) -> None:
        self._accumulators, self._earned, self._rules, self._minors = accumulators, earned, rules, minors
        self._opening = frozenset(opening)

    def applied(self, lines: Lines, rules: Sequence[Rule]) -> Lines:
        """The lines (of paying credits) with ``earning`` after all limits of the ``rules``; others as they are."""
        if lines.is_empty():
            return lines
        parts = [lines.filter(~pl.col("rule").is_in([rule.number for rule in rules]))]
        parts += [self._limited(lines.filter(pl.col("rule") == rule.number), rule) for rule in rules]
        return pl.concat(parts).sort("credit_id")

    def _limited(self, lines: Lines, rule: Rule) -> Lines:
        component = rule.component
        columns = lines.columns
        if component.floor and component.floor.per is Per.TRANSACTION:
            lines = self._lifted(lines, rule, component.floor)
        lines = _clawed_back(lines, component.clawback)
        if component.split is SplitOf.EARNING:
            lines = _shared(lines)
        if component.less_earnings_of:
            lines = self._less_others(lines, rule)
        if component.less_paid_below:
            lines = _less_below(lines)
        lines = self._by_group(lines, rule)
        if component.attribution is Attribution.PRO_RATA:
            lines = _pro_rata(lines, component.rounding, self._minors[rule.number])
        if component.cap and component.cap.per is Per.PERIOD and not caps_on_curve(component):
            lines = self._capped_by_period(lines, component.cap, rule)
        return lines.select(columns)

    def _by_group(self, lines: Lines, rule: Rule) -> Lines:
        """Floors of deals, then caps of transactions (with their returns) and deals."""
        component = rule.component
        if component.floor and component.floor.per is Per.DEAL:
            lines = self._running(lines, rule, component.floor, ["payee_id", "deal_id"], _at_least)
        if component.cap and component.cap.per is Per.DEAL:
            lines = self._running(lines, rule, component.cap, ["payee_id", "deal_id"], pl.min_horizontal)
        if component.cap and component.cap.per is Per.TRANSACTION:
            lines = self._running(lines, rule, component.cap, _FAMILY, pl.min_horizontal)
        return lines

    def _limit_column(self, lines: Lines, rule: Rule, limit: Limit) -> Lines:
        minor = self._minors[rule.number]
        rows = [
            (row.number, rounded(limit_minor(limit, row.terms, minor)))
            for row in self._accumulators.of_rules([rule])
            if row.terms is not None
        ]
        lines = lines.drop("limit", strict=False)
        amounts = pl.DataFrame(rows, schema={"accumulator": pl.Int64, "limit": pl.Int64}, orient="row")
        return lines.join(amounts.with_columns(as_exact("limit")), on="accumulator", how="left", maintain_order="left")

    def _running(
        self, lines: Lines, rule: Rule, limit: Limit, group: list[str], bounded: Callable[..., pl.Expr]
    ) -> Lines:
        """The difference that a line makes to the bounded running total of its group."""
        lines = _in_families(self._limit_column(lines, rule, limit))
        return _bounded(lines, ["scenario", *group], bounded, exact(0)).drop("limit")

    def _capped_by_period(self, lines: Lines, limit: Limit, rule: Rule) -> Lines:
        """The cap on all that the payee earns in the period, what the period opens with included."""
        opened = [
            (row.key.scenario, row.key.payee_id, row.key.period.start, curves[row.curve].pay_at(0))
            for curves in (self._accumulators.curves.compiled,)
            for row in self._accumulators.of_rules([rule])
            if row.curve is not None and row.key in self._opening
        ]
        place = ["scenario", "payee_id", "period_start"]
        schema = {"scenario": pl.String, "payee_id": pl.String, "period_start": pl.Date, "_opened": pl.Int64}
        openings = pl.DataFrame(opened, schema=schema, orient="row").with_columns(as_exact("_opened"))
        lines = self._limit_column(lines, rule, limit).join(
            openings, on=place, how="left", maintain_order="left", validate="m:1"
        )
        return _bounded(lines, place, pl.min_horizontal, pl.col("_opened").fill_null(exact(0)))

    def _lifted(self, lines: Lines, rule: Rule, limit: Limit) -> Lines:
        """Originals that pay anything pay at least the floor; returns take back by the same ratio, or as calculated."""
        lines = _in_families(self._limit_column(lines, rule, limit))
        is_original = pl.col("reverses_id").is_null() & (pl.col("earning") > 0)
        lifted = lines.with_columns(
            pl.when(is_original).then(pl.max_horizontal("earning", "limit")).otherwise("earning").alias("lifted")
        )
        if rule.component.clawback.before_minimum:
            return lifted.with_columns(pl.col("lifted").alias("earning"))
        place = [*_FAMILY, "instalment"]
        originals = lifted.filter(is_original).select(
            *place, pl.col("earning").alias("original"), pl.col("lifted").alias("paid")
        )
        tied = lifted.join(originals, on=place, how="left", maintain_order="left")
        running = pl.col("earning").cum_sum().over(place, order_by=_ORDER)
        upto, below = (
            divided(part * pl.col("paid"), pl.col("original")) for part in (running, running - pl.col("earning"))
        )
        by_ratio = upto - below
        is_tied_return = pl.col("reverses_id").is_not_null() & pl.col("original").is_not_null()
        return tied.with_columns(pl.when(is_tied_return).then(by_ratio).otherwise("lifted").alias("earning"))

    def _less_others(self, lines: Lines, rule: Rule) -> Lines:
        """Less the line's share of what other components paid on the same transaction."""
        names = rule.component.less_earnings_of
        numbers = [
            each.number for each in self._rules if each.plan_number == rule.plan_number and each.component.name in names
        ]
        if self._earned is None:
            return lines
        others = (
            self._earned.lazy()
            .filter(pl.col("rule").is_in(numbers))
            .group_by("scenario", "transaction_id", "instalment")
            .agg(pl.col("earning").sum().alias("others"))
            .collect()
        )
        key = ["scenario", "transaction_id", "instalment"]
        joined = lines.join(others, on=key, how="left", maintain_order="left")
        parts = pl.col("others").fill_null(exact(0))
        return joined.with_columns((pl.col("earning") - _part(parts)).alias("earning"))


_FAMILY = ["accumulator", "party_no", "deal_id", "family"]


def has_limits(component: Component) -> bool:
    """Whether anything changes the lines of a component after its curve."""
    clawback = component.clawback
    return bool(
        (component.cap and (component.cap.per is not Per.PERIOD or not caps_on_curve(component)))
        or (component.floor and component.floor.per is not Per.PERIOD)
        or clawback.given("share", "by_age", "vests_over_months")
        or component.split is SplitOf.EARNING
        or component.less_earnings_of
        or component.less_paid_below
        or component.attribution is Attribution.PRO_RATA
    )


def _in_families(lines: Lines) -> Lines:
    return lines.with_columns(pl.coalesce("reverses_id", "transaction_id").alias("family"))


def _bounded(lines: Lines, group: list[str], bounded: Callable[..., pl.Expr], start: pl.Expr) -> Lines:
    """Each line becomes the difference that it makes to the bounded running total, which begins with ``start``."""
    running = pl.col("earning").cum_sum().over(group, order_by=_ORDER) + start
    first = pl.int_range(pl.len()).over(group, order_by=_ORDER) == 0
    lines = lines.with_columns(bounded(running, pl.col("limit")).alias("_upto"))
    before, begun = pl.col("_upto").shift().over(group, order_by=_ORDER), bounded(start, pl.col("limit"))
    return lines.with_columns((pl.col("_upto") - pl.when(first).then(begun).otherwise(before)).alias("earning"))


def _at_least(running: pl.Expr, floor: pl.Expr) -> pl.Expr:
    """A deal that pays nothing, or no longer, is not lifted: a credit note of all of it leaves nothing behind."""
    return pl.when(running > 0).then(pl.max_horizontal(running, floor)).otherwise(running)


def _part(amount: pl.Expr) -> pl.Expr:
    """The party's part of an amount of the whole deal, by subtraction on the running share."""
    upto, below = (divided(amount * as_exact(name), exact(MILLIONTHS)) for name in ("share_to", "share_from"))
    return upto - below


def _shared(lines: Lines) -> Lines:
    return lines.with_columns(_part(pl.col("earning")).alias("earning"))


def _less_below(lines: Lines) -> Lines:
    """Managers earn what exceeds the most that anybody below them in the chain has as own rate; returns mirror it."""
    lines = lines.with_columns(
        pl.coalesce("via_payee_id", "payee_id").alias("_owner"), pl.col("earning").abs().alias("_size")
    )
    chain = ["scenario", "transaction_id", "deal_id", "instalment", "_owner", "share_from"]
    most_below = pl.col("_size").cum_max().over(chain, order_by="level").shift().over(chain, order_by="level")
    exceeding = pl.max_horizontal(pl.col("_size") - pl.col("_below"), exact(0))
    signed = pl.when(pl.col("earning") < 0).then(exact(0) - exceeding).otherwise(exceeding)
    return lines.with_columns(most_below.alias("_below")).with_columns(
        pl.when(pl.col("_below").is_null()).then("earning").otherwise(signed).alias("earning")
    )


def _pro_rata(lines: Lines, rounding: Rounding, minor: int) -> Lines:
    """The accumulator's total divided by base, by subtraction on the running base; as it was where that is zero."""
    increment = max(int(rounding.to.value * minor), 1) if rounding.to else 1
    running = (name.cum_sum().over("accumulator", order_by=_ORDER) for name in (as_exact("base"), pl.col("earning")))
    lines = lines.with_columns(next(running).alias("_upto"), next(running).alias("_paid")).with_columns(
        pl.col("_upto").last().over("accumulator", order_by=_ORDER).alias("_all"),
        pl.col("_paid").last().over("accumulator", order_by=_ORDER).alias("_whole"),
    )
    sign = pl.when(pl.col("_all") < 0).then(exact(-1)).otherwise(exact(1))
    positive = pl.when(pl.col("_all") == 0).then(exact(1)).otherwise(pl.col("_all").abs())
    upto, below = pl.col("_upto"), pl.col("_upto") - as_exact("base")
    parts = [divided(pl.col("_whole") * running * sign, positive, increment) for running in (upto, below)]
    share = parts[0] - parts[1]
    return lines.with_columns(pl.when(pl.col("_all") == 0).then("earning").otherwise(share).alias("earning"))


def _clawed_back(lines: Lines, clawback: Clawback) -> Lines:
    """Returns take back the share that the plan says for their age."""
    if not clawback.given("share", "by_age", "vests_over_months"):
        return lines
    is_return = pl.col("reverses_id").is_not_null()
    days = lines.filter(is_return).select("credited_on", "dated_on").unique()
    shares = [(*pair, *kept_back(clawback, months_between(*pair)).as_integer_ratio()) for pair in days.rows()]
    schema = {"credited_on": pl.Date, "dated_on": pl.Date, "_num": pl.Int64, "_den": pl.Int64}
    table = pl.DataFrame(shares, schema=schema, orient="row").with_columns(as_exact("_num"), as_exact("_den"))
    tied = lines.join(table, on=["credited_on", "dated_on"], how="left", maintain_order="left")
    taken = divided(pl.col("earning") * pl.col("_num"), pl.col("_den"))
    return tied.with_columns(pl.when(is_return).then(taken).otherwise("earning").alias("earning"))


def kept_back(clawback: Clawback, months: int) -> Fraction:
    """The share of an earning that a return takes back after so many whole months; a month begun counts as served."""
    if clawback.vests_over_months is not None:
        return Fraction(max(0, clawback.vests_over_months - months - 1), clawback.vests_over_months)
    if clawback.by_age:
        return next((step.share.value for step in clawback.by_age if months < step.within_months), Fraction(0))
    return clawback.share.value if clawback.share else Fraction(1)
