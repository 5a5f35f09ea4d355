"""Generated companies with a history of closed periods, and what a calculation in one piece says of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from bonusbridge.large.calculating import read_results
from bonusbridge.large.tasks import FRAMES, OF_CALCULATION
from compensation import Facts, Plan, calculate, settle
from compensation.facts.schemas import SCHEMAS
from tests.compensation.worlds import LAST, facts_of, world

CLOSED_ON = date(2026, 6, 30)
Frames = dict[str, pl.DataFrame]


def generated(seed: int, plans: int = 3) -> tuple[Facts, list[Plan]]:
    """A company of the seed: some returns lie in other deals than their origins, and half of the year is paid."""
    rows, written = world(seed, plans)
    facts = _scattered(facts_of(rows))
    return _with_history(facts, written), written


def in_one_piece(facts: Facts, plans: Sequence[Plan]) -> Frames:
    calculation = calculate(facts, plans, as_of=LAST)
    settlement = settle(calculation, facts, plans, as_of=LAST)
    frames = {name: getattr(calculation, name) for name in (*OF_CALCULATION, "outcomes")}
    frames |= {name: getattr(settlement, name) for name in FRAMES if name not in frames}
    return {name: in_order(frame) for name, frame in frames.items()}


def results_of(out: Path) -> Frames:
    return {name: in_order(read_results(out, name)) for name in FRAMES}


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort([name for name, kind in frame.schema.items() if not isinstance(kind, pl.List)], nulls_last=True)


def differences(one: Frames, other: Frames) -> list[str]:
    """The names of the frames that are not the same, row by row."""
    assert one.keys() == other.keys()
    return [name for name in one if not one[name].equals(other[name])]


def _scattered(facts: Facts) -> Facts:
    """Every third return is booked in the deal of the transaction before it."""
    is_moved = (pl.col("kind") == "return") & (pl.int_range(pl.len()) % 3 == 0)
    moved = pl.when(is_moved).then(pl.col("deal_id").shift(7).fill_null(pl.col("deal_id"))).otherwise("deal_id")
    return replace(facts, transactions=facts.transactions.with_columns(moved.alias("deal_id")))


def _with_history(facts: Facts, plans: Sequence[Plan]) -> Facts:
    """What a close in the middle of the year posted and paid, had it known the deals by then."""
    calculation = calculate(facts, plans, as_of=CLOSED_ON)
    payments = settle(calculation, facts, plans, as_of=CLOSED_ON).payments
    latest = payments.group_by("plan").agg(pl.col("period_label").sort_by("period_start").last().alias("posted_in"))
    posted = calculation.lines.join(latest, on="plan").with_columns(pl.lit(None, pl.Int64).alias("released_minor"))
    paid = payments.rename({"carried_out_minor": "carried_minor"})
    return replace(facts, posted=posted.select(SCHEMAS["posted"].keys()), paid=paid.select(SCHEMAS["paid"].keys()))
