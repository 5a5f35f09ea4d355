"""Transactions made ready for crediting: ordered, and returns tied to what they reverse.

A *family* is a transaction with the returns that reverse it. Each row knows the family's measures before and after it,
so that whatever is converted or divided is the difference of two cumulative figures, and a full return leaves
exactly zero.
"""

from dataclasses import dataclass

import polars as pl

from compensation.plans.components import Event

MEASURES = {"revenue": "revenue_minor", "margin": "margin_minor", "quantity": "quantity_millionths"}
_ATTRIBUTES = ("product", "product_family", "customer", "region", "channel")
_EXACT = pl.Decimal(38, 0)


@dataclass(frozen=True)
class Scenarios:
    """What is credited: transactions and participants, each with a ``scenario`` (empty: what really happened)."""

    transactions: pl.DataFrame
    participants: pl.DataFrame


def creditable(transactions: pl.DataFrame) -> pl.DataFrame:
    """Transactions in their order, with ``event``, ``treatment``, ``credited_on``, ``reverses_id`` (of returns by
    origin) and family measures.

    ``order_no`` follows posting sequence, date, source, source ref and transaction id. A return appears once for each
    treatment: under ``origin`` it has the date and the attributes of what it reverses, under ``current`` its own.
    """
    ordered = transactions.sort("posting_sequence", "dated_on", "source", "source_ref", "transaction_id")
    ordered = ordered.with_row_index("order_no").with_columns(pl.col("order_no").cast(pl.Int64))
    originals = ordered.filter(pl.col("kind").is_in([event.value for event in Event])).with_columns(
        pl.col("kind").alias("event"),
        pl.lit("none").alias("treatment"),
        pl.col("dated_on").alias("credited_on"),
        pl.lit(None, pl.String).alias("reverses_id"),
        *(pl.lit(0).cast(_EXACT).alias(f"{name}_before") for name in MEASURES),
        *(pl.col(column).cast(_EXACT).alias(f"{name}_after") for name, column in MEASURES.items()),
    )
    returns = ordered.filter(pl.col("kind") == "return")
    if returns.is_empty():
        return originals
    parts = [originals, _at_origin(returns, originals), _at_present(returns, originals)]
    return pl.concat([part.select(originals.columns) for part in parts])


def _at_origin(returns: pl.DataFrame, originals: pl.DataFrame) -> pl.DataFrame:
    """Returns in the place of what they reverse; those that reverse nothing known are treated as present ones."""
    taken = ("event", "credited_on", "deal_id", "currency", *_ATTRIBUTES, *(f"{name}_after" for name in MEASURES))
    origins = originals.select("scenario", pl.col("transaction_id").alias("reverses_id"), *taken)
    own = returns.drop("deal_id", *_ATTRIBUTES)
    tied = own.join(origins, on=["scenario", "reverses_id", "currency"], how="inner")
    family = ["scenario", "reverses_id"]
    returned = {
        name: pl.col(column).cast(_EXACT).cum_sum().over(family, order_by="order_no")
        for name, column in MEASURES.items()
    }
    tied = tied.with_columns(
        *(
            (pl.col(f"{name}_after") + returned[name] - pl.col(column).cast(_EXACT)).alias(f"{name}_before")
            for name, column in MEASURES.items()
        ),
        *((pl.col(f"{name}_after") + returned[name]).alias(f"{name}_after") for name in MEASURES),
        pl.lit("origin").alias("treatment"),
    )
    untied = returns.join(tied, on=["scenario", "transaction_id"], how="anti")
    present = _at_present(untied, originals).with_columns(pl.lit("origin").alias("treatment"))
    return pl.concat([tied.select(originals.columns), present.select(originals.columns)])


def _at_present(returns: pl.DataFrame, originals: pl.DataFrame) -> pl.DataFrame:
    """Returns by their own date; one that reverses nothing known is taken for the return of an invoice."""
    kinds = originals.select("scenario", pl.col("transaction_id").alias("reverses_id"), "event")
    return returns.join(kinds, on=["scenario", "reverses_id"], how="left").with_columns(
        pl.col("event").fill_null(Event.INVOICE.value),
        pl.lit("current").alias("treatment"),
        pl.col("dated_on").alias("credited_on"),
        pl.lit(None, pl.String).alias("reverses_id"),
        *(pl.lit(0).cast(_EXACT).alias(f"{name}_before") for name in MEASURES),
        *(pl.col(column).cast(_EXACT).alias(f"{name}_after") for name, column in MEASURES.items()),
    )


def in_scenario(frame: pl.DataFrame, scenario: str = "") -> pl.DataFrame:
    """The frame as one scenario."""
    return frame.with_columns(pl.lit(scenario).alias("scenario"))
