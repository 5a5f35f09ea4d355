"""Adjustments: what was posted in closed periods against what it is today; the difference enters the open period."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from compensation.exact import rounded
from compensation.facts.frames import Facts
from compensation.names import NAME, named
from compensation.payments.pay_currency import PayCurrencies
from compensation.payments.payment_periods import PaymentPeriod

_LINE = ("payee_id", "plan", "component", "transaction_id", "party", "period_label")
_COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys(("payee_id", "plan", "component"), NAME),
    "transaction_id": pl.String(),
    **dict.fromkeys(("party", "origin_period", "posted_in", "currency"), NAME),
    **dict.fromkeys(("posted_minor", "recalculated_minor", "difference_minor", "release_minor"), pl.Int64()),
    "pay_currency": NAME,
    "pay_minor": pl.Int64(),
}


def posted_openings(
    openings: pl.DataFrame, facts: Facts, periods: Mapping[str, Sequence[PaymentPeriod]]
) -> pl.DataFrame:
    """The openings; one that was posted stays in the period that first posted it, though its own goes on.

    Its releases are counted from there, whichever periods have been closed since.
    """
    if facts.posted.is_empty():
        return openings
    key = ["payee_id", "plan", "component", "period_label"]
    days = pl.DataFrame(
        [(name, each.period.label, each.last) for name, own in periods.items() for each in own],
        schema={"plan": NAME, "posted_in": NAME, "posted_on": pl.Date},
        orient="row",
    )
    posted = named(facts.posted.filter(pl.col("transaction_id") == "")).join(days, on=["plan", "posted_in"])
    first = posted.group_by(key).agg(pl.col("posted_on").min())
    joined = openings.join(first, on=key, how="left", maintain_order="left")
    return joined.with_columns(pl.min_horizontal("earned_on", "posted_on").alias("earned_on")).drop("posted_on")


def adjustments(
    lines: pl.DataFrame,
    releases: pl.DataFrame,
    facts: Facts,
    open_days: Mapping[str, tuple[date, str]],
    currencies: PayCurrencies,
) -> pl.DataFrame:
    """What differs from what was posted, by line; see :class:`~compensation.payments.Settlement`.

    ``open_days``: the first open day and the label of its period, of each plan that has posted anything. ``lines`` have
    dated_on and earning_minor, ``releases`` pay_currency and pay_minor.
    """
    rows: list[tuple[Any, ...]] = []
    for plan, (day, label) in sorted(open_days.items()):
        compared = _compared(plan, day, lines, releases, facts)
        rows += _differences(compared, day, label, currencies)
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def _compared(plan: str, day: date, lines: pl.DataFrame, releases: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Lines of closed periods: posted, recorded (released then; null: not known), recalculated, released, paid.

    Of what was never posted nothing was released.
    """
    recorded = pl.when(pl.col("released_minor").is_null().any()).then(None).otherwise(pl.col("released_minor").sum())
    posted = (
        named(facts.posted.filter(pl.col("plan") == plan))
        .group_by(_LINE)
        .agg(
            pl.col("currency").first().alias("posted_in_currency"),
            pl.col("earning_minor").sum().alias("posted"),
            recorded.alias("recorded"),
        )
    )
    earned = (
        lines.filter(pl.col("plan") == plan, pl.col("dated_on") < day)
        .group_by(_LINE)
        .agg(pl.col("currency").first(), pl.col("earning_minor").sum().alias("recalculated"))
    )
    released = (
        releases.filter(pl.col("plan") == plan, pl.col("released_on") < day)
        .group_by(_LINE)
        .agg(
            pl.col("currency").first().alias("released_in_currency"),
            pl.col("release_minor").sum().alias("released"),
            pl.col("pay_minor").sum().alias("paid"),
            pl.col("pay_currency").unique().sort().alias("paid_in"),
        )
    )
    joined = posted.join(earned, on=_LINE, how="full", coalesce=True).join(
        released, on=_LINE, how="full", coalesce=True
    )
    whole = joined.with_columns(
        pl.coalesce("currency", "posted_in_currency", "released_in_currency").alias("currency"),
        pl.col("posted", "recalculated", "released", "paid").fill_null(0),
        pl.when(pl.col("posted").is_null()).then(0).otherwise("recorded").alias("recorded"),
    )
    changed = (pl.col("posted") != pl.col("recalculated")) | (pl.col("recorded") != pl.col("released"))
    return whole.filter(changed).sort(_LINE)


def _differences(compared: pl.DataFrame, day: date, label: str, currencies: PayCurrencies) -> Iterator[tuple[Any, ...]]:
    for row in compared.iter_rows(named=True):
        recorded = _recorded(row)
        pay_currency, pay = _paid_difference(row, recorded, day, currencies)
        yield (
            *(row[name] for name in _LINE),
            *(label, row["currency"], row["posted"], row["recalculated"], row["recalculated"] - row["posted"]),
            *(row["released"] - recorded, pay_currency, pay),
        )


def _recorded(row: dict[str, Any]) -> int:
    """What was released of the line when it was posted: as recorded, else the part that is released of it today."""
    if row["recorded"] is not None:
        return int(row["recorded"])
    if row["recalculated"] == 0:
        return int(row["posted"])
    return rounded(Fraction(row["released"] * row["posted"], row["recalculated"]))


def _paid_difference(row: dict[str, Any], recorded: int, day: date, currencies: PayCurrencies) -> tuple[str, int]:
    """In the payee's currency of the open day; at the rates at which the line was released, where it was."""
    target = currencies.on(row["payee_id"], day, row["currency"])
    released, paid = row["released"], row["paid"]
    if released and row["paid_in"] == [target]:
        return target, paid - rounded(Fraction(paid * recorded, released))
    ratio = currencies.ratio(row["currency"], target, day)
    return target, rounded(released * ratio) - rounded(recorded * ratio)
