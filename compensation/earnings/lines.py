"""Lines: each credit in its accumulator, on its curve, with what it earns before any limit."""

from collections.abc import Mapping, Sequence

import polars as pl

from compensation.columns import with_looked_up
from compensation.crediting.matched import ORDER
from compensation.curves.earning import Method, earn
from compensation.earnings.accumulators import Accumulators
from compensation.earnings.overflow import refuse_overflow
from compensation.exact_columns import EXACT_TYPE, as_exact
from compensation.packing import first_occurrences, in_order, packed
from compensation.plans.rules import Rule

_NOTHING: dict[str, pl.DataType] = {
    "credit_id": pl.Int64(),
    **dict.fromkeys(("before", "after", "earning"), EXACT_TYPE),
}


def earned_lines(
    credited: pl.DataFrame,
    entered: pl.Series,
    accumulators: Accumulators,
    rules: Sequence[Rule],
    minors: Mapping[int, int],
) -> pl.DataFrame:
    """The credits with credit_id, accumulator, walk, quota_minor, outcome and, where they pay, before, after, earning.

    In the order of the credits; credit_id follows it. ``entered``: each credit's accumulator; ``minors``: minor units
    in a unit, by rule. ValueError if two credits of an accumulator have the same place, PayOverflowError if amounts
    leave the exact range.
    """
    known = accumulators.frame()
    placed = _placed(credited.hstack([entered, known["walk"][entered]]))
    looked_up = [(known[name], placed["accumulator"]) for name in ("curve", "quota_minor", "pay_outcome")]
    placed = with_looked_up(placed, looked_up).hstack([pl.int_range(placed.height, eager=True).alias("credit_id")])
    if known["pay_outcome"].null_count() < known.height:
        placed = placed.with_columns(pl.coalesce("outcome", "pay_outcome").alias("outcome"))
    paying = [rule for rule in rules if rule.component.pays_by_line]
    payable = placed
    if placed["outcome"].null_count() < placed.height:
        payable = placed.filter(pl.col("outcome").is_null())
    if len(paying) < len(rules):
        payable = payable.filter(pl.col("rule").is_in([rule.number for rule in paying]))
    if payable.is_empty():
        return _with(placed, pl.DataFrame(schema=_NOTHING))
    payable = _on_curves(payable, accumulators, paying)
    numbers = refuse_overflow(payable, accumulators.rows, accumulators.curves.compiled, rules)
    earned = _earned(payable, known, accumulators, paying, minors, numbers)
    return _with(placed, earned)


def _with(placed: pl.DataFrame, earned: pl.DataFrame) -> pl.DataFrame:
    """The placed credits, whose credit_id is their row, with what they earn."""
    if earned.height == placed.height:
        whole = earned if earned["credit_id"].is_sorted() else earned.sort("credit_id")
    else:
        whole = placed[["credit_id"]].join(earned, on="credit_id", how="left", maintain_order="left")
    return placed.hstack(whole[["before", "after", "earning"]])


def _placed(credited: pl.DataFrame) -> pl.DataFrame:
    """The credits in their order."""
    place = packed(credited, ORDER)
    if place is None:
        credited = in_order(credited, ORDER)
    elif not place.is_sorted():
        order = place.arg_sort()
        credited, place = credited[order], place.gather(order)
    if place is not None and not (place == place.shift()).any():
        return credited
    once = ("walk", *ORDER)
    first, _ = first_occurrences(credited, once)
    if len(first) == credited.height:
        return credited
    ties = credited.filter(pl.struct(once).is_duplicated())
    raise ValueError(
        f"transaction {ties['transaction_id'][0]}: two credits of {ties['payee_id'][0]} have the same place"
    )


def _on_curves(payable: pl.DataFrame, accumulators: Accumulators, rules: Sequence[Rule]) -> pl.DataFrame:
    """Credits that fall into cases get the curve of theirs."""
    if not any(rule.component.payout.cases or rule.component.payout.matrix for rule in rules):
        return payable
    cases = accumulators.cases(payable)
    return payable.drop("curve").join(cases, on=["accumulator", "case_no"], how="left", maintain_order="left")


def _earned(
    payable: pl.DataFrame,
    known: pl.DataFrame,
    accumulators: Accumulators,
    rules: Sequence[Rule],
    minors: Mapping[int, int],
    numbers: pl.DataType,
) -> pl.DataFrame:
    by_rule = {rule.number: Method.of(rule.component, minors[rule.number]) for rule in rules}
    methods = list(dict.fromkeys(by_rule.values()))
    columns = {"credit_id", "accumulator", "walk", "position", "curve"}
    if any(method.mode != "curve" for method in methods):
        payable = _tied(payable).with_columns(
            as_exact("base"), as_exact("family_base"), known["together"][payable["accumulator"]]
        )
        columns |= {"base", "family_base", "origin_id", "together"}
    if len(methods) > 1:
        numbered = {rule: methods.index(method) for rule, method in by_rule.items()}
        payable = payable.with_columns(pl.col("rule").replace_strict(numbered, return_dtype=pl.Int64).alias("method"))
        columns.add("method")
    starts = known["start"][first_occurrences(known, ["walk"])[0]]
    credited = payable[sorted(columns)].hstack([starts[payable["walk"]], payable["credit_id"].alias("sequence")])
    return earn(credited, accumulators.curves.frame(numbers), methods).rechunk()


def _tied(payable: pl.DataFrame) -> pl.DataFrame:
    """Returns with the credit that they reverse: the same party's, in the same accumulator."""
    place = ["accumulator", "party_no", "instalment"]
    origins = payable.select(
        *place, pl.col("transaction_id").alias("reverses_id"), pl.col("credit_id").alias("origin_id")
    )
    return payable.join(origins, on=[*place, "reverses_id"], how="left", maintain_order="left")
