"""Deals that have to be credited in one place: those between which something was returned."""

import polars as pl

from compensation.facts.frames import Facts
from compensation.partitions.units import place_of


def deal_places(facts: Facts, count: int) -> pl.DataFrame:
    """deal_id, place (0 to below ``count``) of every deal that the facts know.

    Everything of a deal has one place, and so have deals that are tied by a return in one of what the other sold.
    """
    named = (getattr(facts, name)["deal_id"] for name in ("transactions", "participants", "deals"))
    deals = pl.concat(named).unique().sort()
    firsts = _firsts(_ties(facts.transactions))
    found = [place_of(firsts.get(deal_id, deal_id), count) for deal_id in deals]
    return pl.DataFrame({"deal_id": deals, "place": pl.Series(found, dtype=pl.Int64)})


def _ties(transactions: pl.DataFrame) -> list[tuple[str, str]]:
    """The pairs of deals between which something was returned."""
    sold = transactions.select(pl.col("transaction_id").alias("reverses_id"), pl.col("deal_id").alias("sold_in"))
    returned = transactions.select("reverses_id", "deal_id").drop_nulls().join(sold, on="reverses_id")
    return returned.filter(pl.col("deal_id") != pl.col("sold_in")).select("deal_id", "sold_in").unique().rows()


def _firsts(ties: list[tuple[str, str]]) -> dict[str, str]:
    """For each tied deal the first, by id, of all that it is tied to directly or through others."""
    firsts: dict[str, str] = {}

    def first(deal_id: str) -> str:
        while firsts.setdefault(deal_id, deal_id) != deal_id:
            firsts[deal_id] = firsts[firsts[deal_id]]
            deal_id = firsts[deal_id]
        return deal_id

    for one, other in ties:
        low, high = sorted((first(one), first(other)))
        firsts[high] = low
    return {deal_id: first(deal_id) for deal_id in list(firsts)}
