"""Parties: everybody whom a deal can credit, with the part of the deal that is theirs."""

import polars as pl

from compensation.exact import MILLIONTHS
from compensation.plans.components import CreditTo

PARTIES = {
    CreditTo.OWNERS: ("owner",),
    CreditTo.OVERLAYS: ("overlay",),
    CreditTo.DIRECT_MANAGER: ("direct_manager",),
    CreditTo.ALL_MANAGERS: ("direct_manager", "upper_manager"),
}
"""The parties that each word of ``credit_to`` means."""


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
    return totals.filter(pl.col("share_millionths") != MILLIONTHS).select("scenario", "deal_id")
