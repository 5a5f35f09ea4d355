"""What has been ordered, invoiced, received and renewed in the deals, seen from the credits that wait for it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from compensation.errors import FactsError, PayOverflowError
from compensation.exact import MAX_MINOR
from compensation.exact_columns import as_exact, divided
from compensation.facts.exchange_rates import ExchangeRates

KINDS = ("booking", "order", "invoice", "receipt")
"""In the order in which a deal goes through them."""
_PAID_BY_DOCUMENT = pl.col("document_id").is_not_null() & pl.col("settles").fill_null(value=False)
DOCUMENTED = (
    *("transaction_id", "deal_id", "kind", "document_id", "currency", "settles_id", "reverses_id", "dated_on"),
    "revenue_minor",
)
"""What is looked at of transactions."""
_ACCOUNT = ("deal_id", "kind", "document", "currency")


@dataclass(frozen=True)
class Documents:
    """The transactions known (the columns :data:`DOCUMENTED`), without those that are only expected."""

    transactions: pl.DataFrame
    rates: ExchangeRates

    def origins(self, starts: pl.DataFrame) -> pl.DataFrame:
        """The credits at which families begin (or, where the calendar alone matters, the days: ``awaited`` is "").

        ``starts``: schedule, awaited, start_on, each once. In their order, with the further columns origin (number),
        deal_id, kind, document_id, currency, document (whose receipts settle it; null: all of the deal do).
        """
        named = self.transactions.select(
            pl.col("transaction_id").alias("awaited"), "deal_id", "kind", "document_id", "currency"
        )
        document = pl.when(pl.col("kind") == "invoice", _PAID_BY_DOCUMENT).then("document_id")
        return (
            starts.join(named, on="awaited", how="left", maintain_order="left")
            .join(self._settling, on="deal_id", how="left", maintain_order="left")
            .with_columns(document.alias("document"), pl.int_range(pl.len()).alias("origin"))
        )

    def ledger(self, origins: pl.DataFrame) -> pl.DataFrame:
        """What moves in the deal or document of each origin: origin, on, since, basis, received, invoiced.

        Minor units. ``basis`` is the revenue, less returns, that receipts and invoices are measured by; ``since`` the
        day of an invoice that is taken back.
        """
        waiting = origins.filter(pl.col("kind").is_in(KINDS[:-1]))
        accounts = waiting.select(_ACCOUNT).unique(maintain_order=True).with_row_index("account")
        by_deal = accounts.filter(pl.col("document").is_null()).drop("document")
        by_document = accounts.filter(pl.col("document").is_not_null())
        moved = self._movements.rename({"kind": "moved", "currency": "moved_in"})
        rows = pl.concat(
            each.select("account", "kind", "currency", "moved", "moved_in", "on", "since", "revenue")
            for each in (
                by_deal.join(moved, on="deal_id"),
                by_document.join(moved, on=["deal_id", "document"]),
            )
        )
        booked = _booked(self._in_one_currency(rows))
        tied = waiting.select("origin", *_ACCOUNT).join(accounts, on=_ACCOUNT, nulls_equal=True)
        return tied.select("origin", "account").join(booked, on="account").drop("account").sort("origin", "on")

    @cached_property
    def first_orders(self) -> pl.DataFrame:
        """Columns deal_id, ordered_on: the day of the deal's first order."""
        orders = self.transactions.filter(pl.col("kind") == "order")
        return orders.group_by("deal_id").agg(pl.col("dated_on").min().alias("ordered_on"))

    @cached_property
    def renewals(self) -> pl.DataFrame:
        """Columns deal_id, renewed_on, by day."""
        renewals = self.transactions.filter(pl.col("kind") == "renewal")
        return renewals.select("deal_id", pl.col("dated_on").alias("renewed_on")).sort("renewed_on")

    @cached_property
    def _settling(self) -> pl.DataFrame:
        """The deals of which it is known which invoice a receipt settles."""
        settling = self.transactions.filter(pl.col("kind") == "receipt", pl.col("settles_id").is_not_null())
        return settling.select("deal_id").unique().with_columns(pl.lit(value=True).alias("settles"))

    @cached_property
    def _movements(self) -> pl.DataFrame:
        """Columns deal_id, kind, document, currency, on, since (the day of what is returned, if known), revenue.

        A return takes away where its origin stands.
        """
        originals = self.transactions.filter(pl.col("kind").is_in(KINDS))
        returns = self.transactions.filter(pl.col("kind") == "return")
        place = ("kind", "document_id", "settles_id")
        origins = originals.select(
            pl.col("transaction_id").alias("reverses_id"), pl.col("dated_on").alias("since"), *place
        )
        tied = returns.drop(place).join(origins, on="reverses_id", how="left", maintain_order="left")
        tied = tied.with_columns(pl.col("kind").fill_null("invoice"))
        document = pl.when(pl.col("kind") == "receipt").then("settles_id").otherwise("document_id")
        return pl.concat([originals, tied], how="diagonal").select(
            "deal_id",
            "kind",
            document.alias("document"),
            "currency",
            pl.col("dated_on").alias("on"),
            "since",
            pl.col("revenue_minor").alias("revenue"),
        )

    def _in_one_currency(self, rows: pl.DataFrame) -> pl.DataFrame:
        """At the rate of the day; of a return at that of what it takes back, so that nothing is left of it."""
        foreign = rows.filter(pl.col("moved_in") != pl.col("currency"))
        if foreign.is_empty():
            return rows
        foreign = foreign.with_columns(pl.coalesce("since", "on").alias("valued_on"))
        wanted = foreign.select("moved_in", "currency", "valued_on").unique()
        wanted = wanted.sort("moved_in", "currency", "valued_on")
        exchange = self.rates.frame(wanted.iter_rows())
        names = {"currency": "moved_in", "plan_currency": "currency", "credited_on": "valued_on"}
        rated = foreign.join(exchange.rename(names), on=list(names.values()), how="left")
        _refuse_unrated(rated)
        return pl.concat([rows.filter(pl.col("moved_in") == pl.col("currency")), _converted(rated, rows.columns)])


def refuse_wide(ledger: pl.DataFrame, families: pl.DataFrame, most_instalments: int) -> None:
    """PayOverflowError if what moves in a deal, counted once for each instalment, leaves 64 bits."""
    moved = pl.sum_horizontal(pl.col("basis", "received", "invoiced").cast(pl.Float64).abs())
    wide = (
        ledger.group_by("origin")
        .agg(moved.sum().alias("moved"))
        .filter(pl.col("moved") * (most_instalments + 1) > MAX_MINOR / 2)
    )
    if not wide.is_empty():
        row = families.join(wide, on="origin", how="semi").row(0, named=True)
        raise PayOverflowError(row["payee_id"], row["component"], f"what is moved in the deal of {row['origin_id']}")


def _booked(rows: pl.DataFrame) -> pl.DataFrame:
    """Minor units by account and day; an invoice is itself what is invoiced."""
    amounts = {"basis": pl.col("moved") == pl.col("kind")}
    amounts |= {"received": pl.col("moved") == "receipt", "invoiced": pl.col("moved") == "invoice"}
    split = rows.select(
        "account",
        "on",
        pl.when(amounts["invoiced"]).then("since").alias("since"),
        *(pl.when(counts).then("revenue").otherwise(0).alias(name) for name, counts in amounts.items()),
    )
    return split.group_by("account", "on", "since").agg(pl.col(list(amounts)).sum())


def _refuse_unrated(rated: pl.DataFrame) -> None:
    unrated = rated.filter(pl.col("rate_num").is_null())
    if not unrated.is_empty():
        origin, target, day = unrated.select("moved_in", "currency", "valued_on").row(0)
        raise no_rate(origin, target, day, "to know which part of a deal is received")


def no_rate(origin: str, target: str, day: date, purpose: str) -> FactsError:
    """The error that says which rate is missing."""
    return FactsError(f"rates: none from {origin} to {target} on {day}; add one {purpose}")


def _converted(rated: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    revenue = as_exact("revenue") * pl.col("rate_num")
    exact = rated.lazy().with_columns(divided(revenue, pl.col("rate_den")).cast(pl.Int64).alias("revenue"))
    return exact.select(columns).collect()
