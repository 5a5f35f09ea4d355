"""What somebody would write in Polars for the one plan of the made-up company: its rates and caps in the expressions.

Amounts in ``Decimal(38, 0)``, as money has to be; the same lines, releases and payments to the cent.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from compensation import Facts

EXACT = pl.Decimal(38, 0)
LINE = ("transaction_id", "payee_id", "component", "via_payee_id")
_MILLION = pl.lit(Decimal(1_000_000), EXACT)


class Paid(NamedTuple):
    lines: pl.DataFrame
    releases: pl.DataFrame
    payments: pl.DataFrame


def pay_by_hand(facts: Facts) -> Paid:
    """Lines (:data:`LINE`, dated_on, earning), releases (with released_on, release), payments by payee and month."""
    owned = _owned(facts)
    lines = pl.concat(
        part.select(*LINE, "document_id", "dated_on", "earning") for part in _components(owned, facts)
    ).collect()
    releases = _releases(lines.lazy(), facts).collect()
    payments = (
        releases.lazy()
        .group_by("payee_id", pl.col("released_on").dt.month_start().alias("month"))
        .agg(pl.col("release").sum())
        .collect()
    )
    return Paid(lines.drop("document_id"), releases, payments)


def _owned(facts: Facts) -> pl.LazyFrame:
    """Each invoice's parts of its owners, in the order in which they accumulate."""
    shares = facts.participants.lazy().sort("deal_id", "payee_id").select(
        "deal_id", "payee_id", pl.col("share_millionths").cum_sum().over("deal_id").alias("to"), "share_millionths"
    )  # fmt: skip
    invoices = facts.transactions.lazy().filter(pl.col("kind") == "invoice").sort("dated_on", "source_ref")
    columns = ("transaction_id", "deal_id", "dated_on", "product_family", "document_id")
    amounts = {"revenue": "revenue_minor", "margin": "margin_minor", "quantity": "quantity_millionths"}
    start = pl.col("to") - pl.col("share_millionths")
    return (
        invoices.select(*columns, *(pl.col(column).cast(EXACT).alias(name) for name, column in amounts.items()))
        .join(shares, on="deal_id", maintain_order="left_right")
        .with_columns(pl.col("to").cast(EXACT), start.cast(EXACT).alias("start"))
        .with_columns(
            (
                _rounded(pl.col(name) * pl.col("to"), _MILLION) - _rounded(pl.col(name) * pl.col("start"), _MILLION)
            ).alias(name)
            for name in amounts
        )
        .drop("to", "start", "share_millionths")
        .with_columns(
            pl.col("dated_on").dt.truncate("1q").alias("quarter"),
            pl.col("dated_on").dt.month_start().alias("month"),
            pl.lit(None, pl.String).alias("via_payee_id"),
        )
    )


def _components(owned: pl.LazyFrame, facts: Facts) -> list[pl.LazyFrame]:
    quotas = facts.quotas.lazy().select(
        "payee_id", pl.col("from_on").alias("quarter"), pl.col("quota_minor").cast(EXACT).alias("quota")
    )
    managers = facts.assignments.lazy().filter(pl.col("manager_id").is_not_null()).select("payee_id", "manager_id")
    robots = owned.filter(pl.col("product_family") == "Robots")
    managed = (
        owned.join(managers, on="payee_id", maintain_order="left")
        .with_columns(pl.col("payee_id").alias("via_payee_id"))
        .with_columns(pl.col("manager_id").alias("payee_id"))
    )
    return [
        _paid("commission", owned.join(quotas, on=["payee_id", "quarter"], maintain_order="left"), "revenue",
              "quarter", _commission, 10_000, cap=900_000),
        _paid("margin", owned, "margin", "month", lambda position: position * 25, 1_000),
        _paid("robots", robots, "revenue", None, _robots, 100),
        _paid("units", owned, "quantity", "quarter", lambda position: position * 125, 1_000_000),
        _paid("year", owned, "revenue", None, _year, 1),
        _paid("override", managed, "revenue", "quarter", lambda position: position * 1, 100, cap=4_000_000),
    ]  # fmt: skip


def _paid(
    name: str,
    credited: pl.LazyFrame,
    measure: str,
    period: str | None,
    curve: Callable[[pl.Expr], pl.Expr],
    whole: int,
    cap: int | None = None,
) -> pl.LazyFrame:
    """Rounded cumulative pay (``curve`` gives it times ``whole``) after each line, less that before it."""
    after = pl.col("after")
    before = after - pl.col(measure)
    return (
        credited.with_columns(
            pl.col(measure).cum_sum().over(["payee_id", period] if period else ["payee_id"]).alias("after"),
            pl.lit(name).alias("component"),
        )
        .with_columns(
            _capped(curve(after), whole, cap).alias("upto"), _capped(curve(before), whole, cap).alias("below")
        )
        .with_columns((pl.col("upto") - pl.col("below")).alias("earning"))
    )


def _capped(pay: pl.Expr, whole: int, cap: int | None) -> pl.Expr:
    rounded = _rounded(pay, pl.lit(Decimal(whole), EXACT))
    return rounded if cap is None else pl.when(rounded > cap).then(pl.lit(Decimal(cap), EXACT)).otherwise(rounded)


def _commission(position: pl.Expr) -> pl.Expr:
    quota = pl.col("quota")
    return (
        pl.when(position < quota)
        .then(position * 400)
        .when(position * 4 < quota * 5)
        .then(position * 600 - quota * 200)
        .otherwise(position * 800 - quota * 450)
    )


def _robots(position: pl.Expr) -> pl.Expr:
    return pl.when(position < 2_000_000).then(position).otherwise(position * 3 - 4_000_000)


def _year(position: pl.Expr) -> pl.Expr:
    amounts = [pl.lit(Decimal(amount), EXACT) for amount in (0, 50_000, 150_000)]
    return pl.when(position < 5_000_000).then(amounts[0]).when(position < 10_000_000).then(amounts[1]).otherwise(
        amounts[2]
    )  # fmt: skip


def _releases(lines: pl.LazyFrame, facts: Facts) -> pl.LazyFrame:
    """Half of a commission at once, the other half in proportion to what is received of the invoice."""
    earning, columns = pl.col("earning"), (*LINE, "released_on", "release")
    at_once = lines.filter(pl.col("component") != "commission").select(
        *LINE, pl.col("dated_on").alias("released_on"), earning.alias("release")
    )
    commissions = lines.filter(pl.col("component") == "commission")
    half = _rounded(earning, pl.lit(Decimal(2), EXACT))
    first = commissions.select(*LINE, pl.col("dated_on").alias("released_on"), half.alias("release"))
    kind = pl.col("kind")
    invoiced = facts.transactions.lazy().filter(kind == "invoice").select("document_id", "revenue_minor")
    receipts = facts.transactions.lazy().filter(kind == "receipt").sort("dated_on").select(
        pl.col("settles_id").alias("document_id"), pl.col("dated_on").alias("released_on"),
        pl.col("revenue_minor").cum_sum().over("settles_id").alias("received"), pl.col("revenue_minor").alias("amount"),
    )  # fmt: skip
    parts = (
        receipts.join(invoiced, on="document_id")
        .filter(pl.col("released_on") <= pl.date(2026, 12, 31))
        .with_columns(
            pl.min_horizontal("received", "revenue_minor").cast(EXACT).alias("received"),
            pl.min_horizontal(pl.col("received") - pl.col("amount"), "revenue_minor").cast(EXACT).alias("earlier"),
            pl.col("revenue_minor").cast(EXACT).alias("revenue"),
        )
    )
    whole = pl.col("revenue") * 2
    second = commissions.join(parts, on="document_id").with_columns(
        (
            _rounded(earning * (pl.col("revenue") + pl.col("received")), whole)
            - _rounded(earning * (pl.col("revenue") + pl.col("earlier")), whole)
        ).alias("release")
    )
    return pl.concat([part.select(columns) for part in (at_once, first, second)]).filter(pl.col("release") != 0)


def _rounded(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    magnitude = (numerator.abs() * 2 + denominator) // (denominator * 2)
    return pl.when(numerator < 0).then(0 - magnitude).otherwise(magnitude)
