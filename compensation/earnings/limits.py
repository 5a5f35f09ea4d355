"""Limits on lines, after the curve: clawbacks, shares of earnings, what others got, caps, floors, attribution."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction

import polars as pl

from compensation.curves.compiling import caps_on_curve, limit_minor
from compensation.earnings.accumulators import AccumulatorKey, Accumulators
from compensation.exact import MILLIONTHS, rounded
from compensation.exact_columns import EXACT_TYPE, as_exact, divided, exact
from compensation.names import NAME
from compensation.plans.components import Attribution, Component, Rounding, SplitOf
from compensation.plans.limits import Limit, Per
from compensation.plans.periods import months_between
from compensation.plans.releases import Clawback
from compensation.plans.rules import Rule

Lines = pl.DataFrame
_ORDER = ("order_no", "instalment", "party_no")


class Limits:
    """Applies a rule's limits to its lines.

    ``earned``: the lines of earlier levels; ``opening``: the accumulators in which periods open; ``versions``: by rule
    its own number and those of the earlier versions that it continues.
    """

    def __init__(
        self,
        accumulators: Accumulators,
        earned: Lines | None,
        rules: Sequence[Rule],
        minors: Mapping[int, int],
        opening: Collection[AccumulatorKey],
        versions: Mapping[int, Sequence[int]],
    ) -> None:
        self._accumulators, self._earned, self._rules, self._minors = accumulators, earned, rules, minors
        self._opening, self._versions = frozenset(opening), versions

    def applied(self, lines: Lines, rules: Sequence[Rule]) -> Lines:
        """The lines (of paying credits, in their order) with ``earning`` after all limits, in any order.

        Those of rules without any limit are left as they are.
        """
        limited = [each for each in self._continued(rules) if any(has_limits(rule.component) for rule in each)]
        parts = [lines.filter(~pl.col("rule").is_in([rule.number for each in limited for rule in each]))]
        parts += [self._limited(lines, each) for each in limited]
        return pl.concat(parts)

    def _continued(self, rules: Sequence[Rule]) -> list[list[Rule]]:
        """The rules, those together that go on with one another."""
        together: dict[int, list[Rule]] = defaultdict(list)
        for rule in rules:
            together[self._versions[rule.number][-1]].append(rule)
        return list(together.values())

    def _limited(self, lines: Lines, rules: Sequence[Rule]) -> Lines:
        """``rules`` go on with one another: what one version has earned counts under the limits of the next."""
        columns = lines.columns
        lines = pl.concat([self._by_line(lines.filter(pl.col("rule") == rule.number), rule) for rule in rules])
        lines = self._by_group(lines, rules)
        lines = pl.concat([self._prorated(lines.filter(pl.col("rule") == rule.number), rule) for rule in rules])
        return self._capped_by_period(lines, rules).select(columns)

    def _prorated(self, lines: Lines, rule: Rule) -> Lines:
        if rule.component.attribution is not Attribution.PRO_RATA:
            return lines
        return _pro_rata(lines, rule.component.rounding, self._minors[rule.number]).select(lines.columns)

    def _by_line(self, lines: Lines, rule: Rule) -> Lines:
        """What changes each line (or transaction with its returns) by itself."""
        component, columns = rule.component, lines.columns
        if component.floor and component.floor.per is Per.TRANSACTION:
            lines = self._lifted(lines, rule, component.floor)
        lines = _clawed_back(lines, component.clawback)
        if component.split is SplitOf.EARNING:
            lines = _shared(lines)
        if component.less_earnings_of:
            lines = self._less_others(lines, rule)
        if component.less_paid_below:
            lines = _less_below(lines)
        return lines.select(columns)

    def _by_group(self, lines: Lines, rules: Sequence[Rule]) -> Lines:
        """Floors of deals, then caps of transactions (with their returns) and deals."""
        floors = [(rule, rule.component.floor) for rule in rules]
        caps = [(rule, rule.component.cap) for rule in rules]
        lines = self._running(lines, _of(floors, Per.DEAL), ["payee_id", "deal_id"], _at_least)
        lines = self._running(lines, _of(caps, Per.DEAL), ["payee_id", "deal_id"], pl.min_horizontal)
        return self._running(lines, _of(caps, Per.TRANSACTION), _FAMILY, pl.min_horizontal)

    def _limit_column(self, lines: Lines, limits: Sequence[tuple[Rule, Limit]]) -> Lines:
        """Adds ``limit``, null for the lines of other rules."""
        rows = [
            (row.number, rounded(limit_minor(limit, row.terms, self._minors[rule.number])))
            for rule, limit in limits
            for row in self._accumulators.of_rules([rule])
            if row.terms is not None
        ]
        lines = lines.drop("limit", strict=False)
        amounts = pl.DataFrame(rows, schema={"accumulator": pl.Int64, "limit": pl.Int64}, orient="row")
        return lines.join(amounts.with_columns(as_exact("limit")), on="accumulator", how="left", maintain_order="left")

    def _running(
        self, lines: Lines, limits: Sequence[tuple[Rule, Limit]], group: list[str], bounded: Callable[..., pl.Expr]
    ) -> Lines:
        """The difference that a line makes to the bounded running total of its group."""
        if not limits:
            return lines
        lines = _in_families(self._limit_column(lines, limits))
        return _bounded(lines, ["scenario", *group], bounded, exact(0)).drop("limit", "family")

    def _capped_by_period(self, lines: Lines, rules: Sequence[Rule]) -> Lines:
        """The cap on all that the payee earns in the period, what the period opens with included."""
        limits = _of([(rule, rule.component.cap) for rule in rules if not caps_on_curve(rule.component)], Per.PERIOD)
        if not limits:
            return lines
        opened = [
            (row.key.scenario, row.key.payee_id, *row.key.period[1:], curves[row.curve].pay_at(0))
            for curves in (self._accumulators.curves.compiled,)
            for row in self._accumulators.of_rules(rules)
            if row.curve is not None and row.key in self._opening
        ]
        days = dict.fromkeys(("period_start", "period_end"), pl.Date())
        place = {"scenario": pl.String(), "payee_id": NAME, **days}
        openings = pl.DataFrame(opened, schema={**place, "_opened": EXACT_TYPE}, orient="row")
        lines = self._limit_column(lines, limits).join(
            openings, on=list(place), how="left", maintain_order="left", validate="m:1"
        )
        return _bounded(lines, list(place), pl.min_horizontal, pl.col("_opened").fill_null(exact(0)))

    def _lifted(self, lines: Lines, rule: Rule, limit: Limit) -> Lines:
        """Originals that pay anything pay at least the floor; returns take back by the same ratio, or as calculated."""
        lines = _in_families(self._limit_column(lines, [(rule, limit)]))
        is_original = pl.col("reverses_id").is_null() & (pl.col("earning") > 0)
        lifted = lines.with_columns(
            pl.when(is_original).then(pl.max_horizontal("earning", "limit")).otherwise("earning").alias("lifted")
        )
        if rule.component.clawback.before_minimum:
            return lifted.with_columns(pl.col("lifted").alias("earning"))
        originals = lifted.filter(is_original).select(
            *_FAMILY, pl.col("earning").alias("original"), pl.col("lifted").alias("paid")
        )
        tied = lifted.join(originals, on=_FAMILY, how="left", maintain_order="left")
        running = pl.col("earning").cum_sum().over(_FAMILY)
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


_FAMILY = ["accumulator", "party_no", "deal_id", "family", "instalment"]
"""A transaction with its returns; each instalment of a contract is one of its own."""


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


def _of(limits: Sequence[tuple[Rule, Limit | None]], per: Per) -> list[tuple[Rule, Limit]]:
    return [(rule, limit) for rule, limit in limits if limit is not None and limit.per is per]


def _in_families(lines: Lines) -> Lines:
    return lines.with_columns(pl.coalesce("reverses_id", "transaction_id").alias("family"))


def _bounded(lines: Lines, group: list[str], bounded: Callable[..., pl.Expr], start: pl.Expr) -> Lines:
    """Each line becomes the difference that it makes to the running total, which begins with ``start``, within its own
    limit: one that has changed, as from version to version, neither takes back nor adds to what was earned before.
    """
    upto = pl.col("earning").cum_sum().over(group, order_by=_ORDER) + start
    lines = lines.with_columns(upto.alias("_upto")).with_columns((pl.col("_upto") - pl.col("earning")).alias("_below"))
    kept = (bounded(pl.col(name), pl.col("limit")) for name in ("_upto", "_below"))
    return lines.with_columns((next(kept) - next(kept)).alias("earning")).drop("_upto", "_below")


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
    most_below = pl.col("_size").cum_max().shift().over(chain, order_by="level")
    exceeding = pl.max_horizontal(pl.col("_size") - pl.col("_below"), exact(0))
    signed = pl.when(pl.col("earning") < 0).then(exact(0) - exceeding).otherwise(exceeding)
    return lines.with_columns(most_below.alias("_below")).with_columns(
        pl.when(pl.col("_below").is_null()).then("earning").otherwise(signed).alias("earning")
    )


def _pro_rata(lines: Lines, rounding: Rounding, minor: int) -> Lines:
    """The accumulator's total divided by base, by subtraction on the running base; as it was where that is zero."""
    running = (name.cum_sum().over("accumulator") for name in (as_exact("base"), pl.col("earning")))
    lines = lines.with_columns(next(running).alias("_upto"), next(running).alias("_paid")).with_columns(
        pl.col("_upto").last().over("accumulator").alias("_all"),
        pl.col("_paid").last().over("accumulator").alias("_whole"),
    )
    sign = pl.when(pl.col("_all") < 0).then(exact(-1)).otherwise(exact(1))
    positive = pl.when(pl.col("_all") != 0).then(pl.col("_all").abs())
    upto, below = pl.col("_upto"), pl.col("_upto") - as_exact("base")
    parts = [
        divided(pl.col("_whole") * running * sign, positive, rounding.increment(minor)) for running in (upto, below)
    ]
    return lines.with_columns(pl.coalesce(parts[0] - parts[1], "earning").alias("earning"))


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
