"""Instalments: a contract becomes several dated credits; a return ends those to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation.columns import with_same
from compensation.exact_columns import EXACT_TYPE, divided, exact
from compensation.plans.components import Every, Recurs, Returns
from compensation.plans.periods import months_after
from compensation.plans.rules import Rule

_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}


@dataclass(frozen=True)
class Schedule:
    """How a rule spreads documents over time; the usual one credits each of them once."""

    recurs: Recurs | None = None
    returns: Returns | None = None

    @classmethod
    def of(cls, rule: Rule) -> "Schedule":
        recurs = rule.component.recurs
        return cls(recurs, rule.component.returns) if recurs else cls()


def scheduled(
    transactions: pl.DataFrame, schedules: Sequence[Schedule], keys: Sequence[str], as_of: date | None
) -> pl.DataFrame:
    """The transactions once for each schedule, with its number as ``schedule``, and ``instalment`` (0, 1, 2 …).

    ``keys`` name the measures that are divided. Instalments take their place in the order by their own date.
    """
    if schedules == [Schedule()]:
        return with_same(transactions, pl.Int64(), schedule=0, instalment=0)
    parts = [
        part.with_columns(pl.lit(number, pl.Int64).alias("schedule"))
        for number, schedule in enumerate(schedules)
        for part in _of_schedule(transactions, schedule, keys, as_of)
    ]
    order = ("posting_sequence", "_day", "source", "source_ref", "transaction_id", "instalment")
    everything = pl.concat(parts).sort(*order)
    return everything.with_columns(pl.struct(order).rle_id().cast(pl.Int64).alias("order_no")).drop("_day")


def _of_schedule(
    transactions: pl.DataFrame, schedule: Schedule, keys: Sequence[str], as_of: date | None
) -> Iterator[pl.DataFrame]:
    once = transactions.with_columns(pl.lit(0, pl.Int64).alias("instalment"), pl.col("dated_on").alias("_day"))
    if schedule.recurs is None:
        yield once
        return
    is_return = pl.col("kind") == "return"
    yield _instalments(once, schedule.recurs, schedule.returns, keys, as_of).select(once.columns)
    if schedule.returns is Returns.CURRENT:
        yield once.filter(is_return)
    else:  # one that reverses nothing known stands alone
        yield once.filter(is_return & pl.col("reverses_id").is_null())


def _instalments(
    once: pl.DataFrame, recurs: Recurs, returns: Returns | None, keys: Sequence[str], as_of: date | None
) -> pl.DataFrame:
    originals = once.filter(pl.col("kind") != "return")
    calendar = _calendar(originals["dated_on"].unique().to_list(), recurs, as_of)
    spread = originals.drop("instalment", "credited_on", "_day").join(calendar, on="dated_on")
    if returns is Returns.ORIGIN:
        spread = _until_returned(spread, once)
    if recurs.divided:
        spread = spread.with_columns(
            _part(f"{key}_{side}", recurs.times) for key in keys for side in ("before", "after")
        )
    return spread


def _calendar(days: Sequence[date], recurs: Recurs, as_of: date | None) -> pl.DataFrame:
    rows = [
        (day, number, months_after(day, number * _MONTHS[recurs.every]))
        for day in days
        for number in range(recurs.times)
    ]
    due = [(*row, row[2]) for row in rows if as_of is None or row[2] <= as_of]
    schema = {"dated_on": pl.Date, "instalment": pl.Int64, "credited_on": pl.Date, "_day": pl.Date}
    return pl.DataFrame(due, schema=schema, orient="row")


def _until_returned(spread: pl.DataFrame, once: pl.DataFrame) -> pl.DataFrame:
    """Without what comes after the first return; a row that reverses nothing (null) meets no document."""
    ends = once.group_by("scenario", pl.col("reverses_id").alias("transaction_id")).agg(
        pl.col("dated_on").min().alias("_ends")
    )
    ending = spread.join(ends, on=["scenario", "transaction_id"], how="left", maintain_order="left")
    return ending.filter(pl.col("_ends").is_null() | (pl.col("credited_on") <= pl.col("_ends"))).drop("_ends")


def _part(column: str, times: int) -> pl.Expr:
    """The instalment's part by subtraction on a running share, so that the parts add up."""
    upto, below = pl.col("instalment") + 1, pl.col("instalment")
    cut = [divided(pl.col(column) * number.cast(EXACT_TYPE), exact(times)) for number in (upto, below)]
    return (cut[0] - cut[1]).alias(column)
