"""Lines: each credit in its accumulator, on its curve, with what it earns before any limit."""

from collections.abc import Mapping, Sequence

import polars as pl

from compensation.curves.earning import Method, earn
from compensation.earnings.accumulators import Accumulators
from compensation.earnings.overflow import refuse_overflow
from compensation.exact_columns import EXACT_TYPE
from compensation.packing import packed
from compensation.plans.rules import Rule

_PLACE = ("scenario", "rule", "payee_id", "accumulates_for", "period_start")
_NOTHING: dict[str, pl.DataType] = {
    "credit_id": pl.Int64(),
    **dict.fromkeys(("before", "after", "earning"), EXACT_TYPE),
}


def earned_lines(
    credited: pl.DataFrame, accumulators: Accumulators, rules: Sequence[Rule], minors: Mapping[int, int]
) -> pl.DataFrame:
    """The credits with credit_id, accumulator, walk, quota_minor, outcome and, where they pay, before, after, earning.

    In the order of the credits inside walks; credit_id follows it. ``minors``: minor units in a unit, by rule.
    ValueError if two credits of an accumulator have the same place, PayOverflowError if amounts leave the exact range.
    """
    frame = accumulators.frame()
    placed = _placed(credited.hstack(_entered(credited, frame)))
    paying = [rule for rule in rules if rule.component.pays_by_line]
    payable = placed.filter(pl.col("outcome").is_null())
    if len(paying) < len(rules):
        payable = payable.filter(pl.col("rule").is_in([rule.number for rule in paying]))
    if payable.is_empty():
        return _with(placed, pl.DataFrame(schema=_NOTHING))
    payable = _on_curves(payable, accumulators, paying)
    refuse_overflow(payable, accumulators.rows, accumulators.curves.compiled, rules)
    earned = _earned(payable, frame, accumulators, paying, minors)
    return _with(placed, earned)


def _entered(credited: pl.DataFrame, accumulators: pl.DataFrame) -> pl.DataFrame:
    """The row of its accumulator for each credit; looked up once for each that occurs."""
    places = packed(credited, _PLACE)
    if places is None:
        found = credited.select(_PLACE).join(accumulators, on=_PLACE, how="left", maintain_order="left")
        return found.drop(_PLACE)
    first = places.arg_unique()
    distinct = credited.select(_PLACE)[first].join(accumulators, on=_PLACE, how="left", maintain_order="left")
    known = distinct.drop(_PLACE).with_columns(places.gather(first).alias("place"))
    return places.to_frame("place").join(known, on="place", how="left", maintain_order="left").drop("place")


def _with(placed: pl.DataFrame, earned: pl.DataFrame) -> pl.DataFrame:
    """The placed credits, whose credit_id is their row, with what they earn."""
    if earned.height == placed.height:
        return placed.hstack(earned.sort("credit_id").drop("credit_id"))
    found = placed.select("credit_id").join(earned, on="credit_id", how="left", maintain_order="left")
    return placed.hstack(found.drop("credit_id"))


def _placed(credited: pl.DataFrame) -> pl.DataFrame:
    """The credits in their order, numbered; ``outcome`` says what cannot be paid."""
    order = ("walk", "order_no", "instalment", "rule", "party_no")
    place = packed(credited, order)
    placed = credited.sort(order) if place is None else credited[place.arg_sort()]
    placed = placed.with_columns(
        pl.coalesce("outcome", "pay_outcome").alias("outcome"), pl.int_range(pl.len()).alias("credit_id")
    )
    if place is not None and place.n_unique() == len(place):
        return placed
    ties = placed.filter(pl.all_horizontal(pl.col(name) == pl.col(name).shift() for name in order))
    if not ties.is_empty():
        raise ValueError(
            f"transaction {ties['transaction_id'][0]}: two credits of {ties['payee_id'][0]} have the same place"
        )
    return placed


def _on_curves(payable: pl.DataFrame, accumulators: Accumulators, rules: Sequence[Rule]) -> pl.DataFrame:
    """Credits that fall into cases get the curve of theirs."""
    if not any(rule.component.payout.cases or rule.component.payout.matrix for rule in rules):
        return payable
    cases = accumulators.cases(payable)
    return payable.drop("curve").join(cases, on=["accumulator", "case_no"], how="left", maintain_order="left")


def _earned(
    payable: pl.DataFrame,
    frame: pl.DataFrame,
    accumulators: Accumulators,
    rules: Sequence[Rule],
    minors: Mapping[int, int],
) -> pl.DataFrame:
    by_rule = {rule.number: Method.of(rule.component, minors[rule.number]) for rule in rules}
    methods = list(dict.fromkeys(by_rule.values()))
    walk = "accumulator" if accumulators.are_walks else "walk"
    columns = {"credit_id", "accumulator", walk, "position", "curve"}
    if any(method.mode != "curve" for method in methods):
        payable = _tied(payable)
        columns |= {"base", "family_base", "origin_id", "together"}
    if len(methods) > 1:
        numbers = {rule: methods.index(method) for rule, method in by_rule.items()}
        payable = payable.with_columns(pl.col("rule").replace_strict(numbers, return_dtype=pl.Int64).alias("method"))
        columns.add("method")
    credited = payable.lazy().select(*sorted(columns), pl.col("credit_id").alias("sequence"))
    walks = frame.lazy().group_by(walk).agg(pl.col("start").first())
    return earn(credited, walks, accumulators.curves.frame().lazy(), methods, walk).collect()


def _tied(payable: pl.DataFrame) -> pl.DataFrame:
    """Returns with the credit that they reverse: the same party's, in the same accumulator."""
    place = ["accumulator", "party_no", "instalment"]
    origins = payable.select(
        *place, pl.col("transaction_id").alias("reverses_id"), pl.col("credit_id").alias("origin_id")
    )
    return payable.join(origins, on=[*place, "reverses_id"], how="left", maintain_order="left")
