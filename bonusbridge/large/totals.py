"""What a part earns and is paid in all, to be added up and shown."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl


class Total(NamedTuple):
    """Minor units of the currency (any size), and of how many rows; ``what``: earned or paid."""

    what: str
    plan: str
    component: str
    currency: str
    minor: int
    rows: int


def totals_of(frames: Mapping[str, pl.DataFrame]) -> tuple[Total, ...]:
    """Earned by plan, component and currency; paid by plan and currency."""
    earned = pl.concat(
        [frames[name].select("plan", "component", "currency", "earning_minor") for name in ("lines", "openings")]
    ).rename({"earning_minor": "minor"})
    paid = frames["payments"].select(
        "plan", pl.lit("").alias("component"), "currency", pl.col("paid_minor").alias("minor")
    )
    return (*_added_up("earned", earned), *_added_up("paid", paid))


def added(parts: Iterable[Iterable[Total]]) -> list[Total]:
    """The totals of all parts together."""
    sums: dict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for part in parts:
        for *key, minor, rows in part:
            known = sums[tuple(key)]  # type: ignore[index] # the four texts before the numbers
            known[0], known[1] = known[0] + minor, known[1] + rows
    return [Total(*key, *numbers) for key, numbers in sorted(sums.items())]


def _added_up(what: str, pay: pl.DataFrame) -> Iterable[Total]:
    key = ("plan", "component", "currency")
    # Two halves, since a sum of 64-bit integers may leave 64 bits unseen.
    high, low = pl.col("minor") // 2**32, pl.col("minor") % 2**32
    sums = pay.group_by(key).agg(high.sum().alias("high"), low.sum().alias("low"), pl.len())
    for plan, component, currency, high_sum, low_sum, rows in sums.sort(key).iter_rows():
        yield Total(what, plan, component, currency, high_sum * 2**32 + low_sum, rows)
