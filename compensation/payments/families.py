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


def families(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with origin_id, family (number), start_on, from_on, to_on (excluded), earned_before, earned_after.

    From a line's own day to that of the family's next, ``earned_after`` is what the family has earned. PayOverflowError
    if that leaves 64 bits.
    """
    numbered = lines.with_columns(origin_id().alias("origin_id"), pl.int_range(pl.len()).alias("family"))
    returned = numbered.filter(pl.col("reverses_id").is_not_null()).select("origin_id").unique()
    alone = numbered.join(returned, on="origin_id", how="anti", maintain_order="left").with_columns(
        pl.col("dated_on").alias("start_on"),
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
    ordered = lines.with_columns(pl.col("family").min().over(FAMILY)).sort(
        "family", "dated_on", pl.col("reverses_id").is_not_null(), "transaction_id"
    )
    earned = pl.col("earning_minor").cum_sum().over("family")
    return ordered.with_columns(
        pl.col("dated_on").min().over("family").alias("start_on"),
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
