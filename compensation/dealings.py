"""Transactions and parties made ready for crediting: ordered, returns tied to what they reverse, managers found.

A *family* is a transaction with the returns that reverse it. Each row knows the family's measures before and after it,
so that whatever is converted or divided is the difference of two cumulative figures, and a full return leaves
exactly zero.
"""

from dataclasses import dataclass

import polars as pl

from compensation.plan import Event

MEASURES = {"revenue": "revenue_minor", "margin": "margin_minor", "quantity": "quantity_millionths"}
_ATTRIBUTES = ("product", "product_family", "customer", "region", "channel")
_WHOLE = 1_000_000
_EXACT = pl.Decimal(38, 0)


@dataclass(frozen=True)
class Dealings:
    """What is credited: transactions and participants, each with a ``scenario`` (empty: what really happened)."""

    transactions: pl.DataFrame
    participants: pl.DataFrame


def dated(transactions: pl.DataFrame) -> pl.DataFrame:
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


def parties(participants: pl.DataFrame, chains: pl.DataFrame) -> pl.DataFrame:
    """Everybody whom a deal can credit: owners and overlays, and the managers above each owner.

    Columns scenario, deal_id, payee_id, role, party (owner, overlay, direct_manager, upper_manager), via_payee_id,
    share_from and share_to (the part of the deal's whole that is theirs, in millionths), party_from, party_to,
    party_no. Owners whose shares do not make a whole are left out, see :func:`broken_splits`.
    """
    key = ["scenario", "deal_id"]
    people = (
        participants.group_by(*key, "payee_id", "role", "is_overlay")
        .agg(pl.col("share_millionths").sum())
        .sort(*key, "is_overlay", "payee_id", "role")
        .join(
            broken_splits(participants).with_columns(pl.lit(False).alias("is_overlay")),
            on=[*key, "is_overlay"],
            how="anti",
        )
    )
    running = pl.col("share_millionths").cum_sum().over(key)
    share_to = pl.when("is_overlay").then("share_millionths").otherwise(running)
    direct = people.sort(*key, "is_overlay", "payee_id", "role").select(
        *(*key, "payee_id", "role"),
        pl.when("is_overlay").then(pl.lit("overlay")).otherwise(pl.lit("owner")).alias("party"),
        pl.lit(None, pl.String).alias("via_payee_id"),
        (share_to - pl.col("share_millionths")).alias("share_from"),
        share_to.alias("share_to"),
        pl.date(1, 1, 1).alias("party_from"),
        pl.date(9999, 12, 31).alias("party_to"),
    )
    everybody = pl.concat([direct, _managers(direct, chains)])
    # The order of credit lines: owner by owner, each followed by the managers above, overlays last.
    owner = pl.coalesce("via_payee_id", "payee_id")
    order = (*key, pl.col("party") == "overlay", owner, "share_from", "party", "payee_id", "role", "party_from")
    return everybody.sort(order).with_columns(pl.int_range(pl.len()).over(key).alias("party_no"))


def _managers(direct: pl.DataFrame, chains: pl.DataFrame) -> pl.DataFrame:
    above = direct.filter(pl.col("party") == "owner").join(chains, on="payee_id", how="inner")
    level = pl.when(pl.col("level") == 1).then(pl.lit("direct_manager")).otherwise(pl.lit("upper_manager"))
    return above.with_columns(
        pl.col("payee_id").alias("via_payee_id"),
        pl.col("manager_id").alias("payee_id"),
        pl.lit("manager").alias("role"),
        level.alias("party"),
        pl.col("chain_from").alias("party_from"),
        pl.col("chain_to").alias("party_to"),
    ).select(direct.columns)


def broken_splits(participants: pl.DataFrame) -> pl.DataFrame:
    """The deals (scenario, deal_id) whose owners' shares do not add up to 100 %."""
    totals = (
        participants.filter(~pl.col("is_overlay")).group_by("scenario", "deal_id").agg(pl.col("share_millionths").sum())
    )
    return totals.filter(pl.col("share_millionths") != _WHOLE).select("scenario", "deal_id")


def of_scenario(frame: pl.DataFrame, scenario: str = "") -> pl.DataFrame:
    """The frame as one scenario."""
    return frame.with_columns(pl.lit(scenario).alias("scenario"))
