"""Holds: what somebody has stopped by hand stands still, and goes on on the day on which it is let go."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from compensation.facts.frames import Facts
from compensation.names import NAME
from compensation.payments.releasing import Released
from compensation.plans.parts import NEVER

HELD = "held"
"""Stands for a moment: what waits until somebody lets it go."""
_PLACE = {"of_deal": pl.String(), "of_document": pl.String(), "released_on": pl.Date()}
_FREED = {"freed_on": pl.Date(), "held_by": pl.String(), "held_because": pl.String()}


class _Hold(NamedTuple):
    document_id: str | None
    from_on: date
    to_on: date
    author: str
    reason: str

    def holds(self, document_id: str | None, day: date) -> bool:
        return self.document_id in (None, document_id) and self.from_on <= day < self.to_on


def held(released: Released, facts: Facts, *, as_of: date) -> Released:
    """What is released, or taken back by a return, on days on which it is held moves to the day after the hold.

    What is not let go up to ``as_of`` waits instead: ``held``, expected on that day (null: not known), with the author
    and the reason of the hold that ends last (``held_by``, ``held_because``; null for all that waits for the plan).
    """
    waiting = released.waiting.with_columns(pl.lit(None, pl.String).alias(name) for name in ("held_by", "held_because"))
    if facts.holds.is_empty():
        return Released(released.releases, waiting)
    tied = _with_holds(released.releases, facts)
    is_held = (pl.col("freed_on") > as_of).fill_null(value=False)
    going_on = tied.filter(~is_held).with_columns(pl.coalesce("freed_on", "released_on").alias("released_on"))
    stopped = tied.filter(is_held).with_columns(
        pl.lit(HELD, NAME).alias("waits_for"),
        pl.when(pl.col("freed_on") < NEVER).then("freed_on").alias("expected_on"),
        pl.col("release_minor").alias("waiting_minor"),
    )
    return Released(going_on.select(released.releases.columns), pl.concat([waiting, stopped.select(waiting.columns)]))


def _with_holds(releases: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Adds freed_on, held_by and held_because to what is held: with a document its returns, and overrides on it."""
    placed = releases.join(_places(facts.transactions), on="transaction_id", how="left", maintain_order="left")
    placed = placed.with_columns(pl.coalesce("of_deal", "deal_id").alias("of_deal"))
    holds = _by_deal(facts.holds)
    concerned = placed.filter(pl.col("of_deal").is_in(list(holds))).select(*_PLACE).unique().sort(*_PLACE)
    rows = [
        (deal_id, document_id, day, *freed)
        for deal_id, document_id, day in concerned.iter_rows()
        if (freed := _freed(holds[deal_id], document_id, day))
    ]
    freed_on = pl.DataFrame(rows, schema={**_PLACE, **_FREED}, orient="row")
    return placed.join(freed_on, on=list(_PLACE), how="left", nulls_equal=True, maintain_order="left")


def _places(transactions: pl.DataFrame) -> pl.DataFrame:
    """The deal and document of each transaction: of a return those of what it reverses, if that is known."""
    own = transactions.select(
        pl.col("transaction_id").alias("origin"),
        pl.col("deal_id").alias("of_deal"),
        pl.col("document_id").alias("of_document"),
    )
    is_known = pl.col("reverses_id").is_in(own["origin"].implode())
    origin = pl.when(is_known).then("reverses_id").otherwise("transaction_id").alias("origin")
    return transactions.select("transaction_id", origin).join(own, on="origin", how="left").drop("origin")


def _by_deal(holds: pl.DataFrame) -> Mapping[str, Sequence[_Hold]]:
    found: dict[str, list[_Hold]] = defaultdict(list)
    columns = ("deal_id", "document_id", "from_on", "to_on", "author", "reason")
    for deal_id, document_id, from_on, to_on, author, reason in holds.select(columns).sort(columns).iter_rows():
        found[deal_id].append(_Hold(document_id, from_on, to_on or NEVER, author, reason))
    return found


def _freed(holds: Sequence[_Hold], document_id: str | None, day: date) -> tuple[date, str, str] | None:
    """The day on which nothing holds any more what would be released on the day, and who held it last and why."""
    freed = None
    while holding := [hold for hold in holds if hold.holds(document_id, day)]:
        last = max(holding, key=lambda hold: hold.to_on)
        day = last.to_on
        freed = (day, last.author, last.reason)
    return freed
