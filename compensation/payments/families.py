"""Families: a credit and the returns that reverse it are released together."""

import polars as pl

from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR
from compensation.plans.parts import NEVER

FAMILY = ("payee_id", "plan", "plan_version", "component", "origin_id", "party", "via_payee_id", "role", "instalment")
"""What all lines of a family have in common."""


def origin_id() -> pl.Expr:
    """The transaction with which a line's family began."""
    return pl.coalesce("reverses_id", "transaction_id")


def with_origins(lines: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    """The lines; a return that was credited by itself is released with what it reverses, by the terms of that.

    ``returns: current`` decides in which period it earns, not that more is taken back than was released. Where somebody
    else was credited with what it reverses, nothing of that waits here, and it stays by itself.
    """
    returned = transactions.filter(pl.col("kind") == "return", pl.col("reverses_id").is_not_null())
    if returned.is_empty():
        return lines
    named = returned.select("transaction_id", pl.col("reverses_id").alias("origin_id"))
    returns = lines.join(named, on="transaction_id", maintain_order="left")
    if returns.is_empty():
        return lines
    key = ["payee_id", "plan", "component", "party", "via_payee_id", "role", "instalment", "currency", "origin_id"]
    renamed = lines.rename({"transaction_id": "origin_id", "plan_version": "version"}).select(*key, "version")
    versions = renamed.join(returns.select("origin_id"), on="origin_id", how="semi").unique(key)
    tied = returns.join(versions, on=key, how="left", maintain_order="left", nulls_equal=True).with_columns(
        pl.when(pl.col("version").is_not_null()).then("origin_id").alias("reverses_id"),
        pl.coalesce("version", "plan_version").alias("plan_version"),
    )
    credited = lines.join(named, on="transaction_id", how="anti", maintain_order="left")
    return pl.concat([credited, tied.select(lines.columns)])


def families(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with origin_id, family (number), start_on, first_in (the period_label of its credit), from_on,
    to_on (excluded), earned_before, earned_after.

    From a line's own day to that of the family's next, ``earned_after`` is what the family has earned. PayOverflowError
    if that leaves 64 bits.
    """
    numbered = lines.with_columns(origin_id().alias("origin_id"), pl.int_range(pl.len()).alias("family"))
    returned = numbered.filter(pl.col("reverses_id").is_not_null()).select("origin_id").unique()
    alone = numbered.join(returned, on="origin_id", how="anti", maintain_order="left").with_columns(
        pl.col("dated_on").alias("start_on"),
        pl.col("period_label").alias("first_in"),
        pl.col("dated_on").alias("from_on"),
        pl.lit(NEVER).alias("to_on"),
        pl.lit(0, pl.Int64).alias("earned_before"),
        pl.col("earning_minor").alias("earned_after"),
    )
    if returned.is_empty():
        return alone
    return pl.concat([alone, _grown(numbered.join(returned, on="origin_id", how="semi"))])


def _grown(lines: pl.DataFrame) -> pl.DataFrame:
    _refuse_overflow(lines)
    is_return = pl.col("reverses_id").is_not_null()
    order = ("dated_on", is_return, "transaction_id", "earning_minor")
    # Of several credits of one name a return cannot say which it reverses; it is the first, and the others stay apart.
    first = pl.col("family").filter(~is_return).first().over(FAMILY)
    returned = pl.when(is_return).then(pl.coalesce(first, "family")).otherwise("family").alias("family")
    ordered = lines.sort(order).with_columns(returned).sort("family", *order)
    earned = pl.col("earning_minor").cum_sum().over("family")
    return ordered.with_columns(
        pl.col("dated_on").min().over("family").alias("start_on"),
        pl.col("period_label").sort_by(is_return).first().over("family").alias("first_in"),
        pl.col("dated_on").alias("from_on"),
        pl.col("dated_on").shift(-1).over("family").fill_null(NEVER).alias("to_on"),
        (earned - pl.col("earning_minor")).alias("earned_before"),
        earned.alias("earned_after"),
    )


def _refuse_overflow(lines: pl.DataFrame) -> None:
    widest = pl.col("earning_minor").cast(pl.Float64).abs().sum().over(FAMILY)
    beyond = lines.filter(widest > MAX_MINOR / 2)
    if not beyond.is_empty():
        row = beyond.row(0, named=True)
        raise PayOverflowError(row["payee_id"], row["component"], f"what {row['origin_id']} earns")
