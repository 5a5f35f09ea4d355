"""Transactions, from documents and their lines; the rules stand in ``facts``."""

from datetime import date
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, select

from warehouse.canonical.tables import KINDS, child, payee_id
from warehouse.facts.frames import narrowed, read_frame, running_shares, times
from warehouse.facts.lines import (
    WIDE,
    Scope,
    counted,
    identified,
    named,
    of_one_currency,
    read_customers,
    read_documents,
    read_lines,
    read_products,
    with_deal,
)
from warehouse.facts.returns import read_returns

TRANSACTION = (
    "transaction_id", "deal_id", "kind", "dated_on", "posting_sequence", "source", "source_ref", "currency",
    "revenue_minor", "margin_minor", "quantity_millionths", "product", "product_family", "customer", "region",
    "channel", "reverses_id", "document_id", "settles_id", "document_type",
)  # fmt: skip

_MEASURES = ("revenue_minor", "margin_minor", "quantity_millionths")
_NO_DEAL = "belongs to no deal, or to several without saying to which"
_NO_DATE = "has no date"


class Transactions(NamedTuple):
    """``bases``: document_id, currency, amount_minor, amount_basis of every opportunity."""

    transactions: pl.DataFrame
    bases: pl.DataFrame
    left_out: pl.DataFrame


def read_transactions(connection: Connection, members: pl.DataFrame, scope: Scope, as_of: date) -> Transactions:
    """All transactions of the deals in the scope, and what belongs to no one deal."""
    opportunities, bases = _opportunities(connection, members, scope, as_of)
    invoices = _invoices(connection, members, scope)
    found = pl.concat(
        [
            opportunities,
            _orders(connection, members, scope),
            invoices,
            _receipts(connection, members, scope, invoices),
            read_returns(connection, members, scope, invoices),
        ],
        how="diagonal",
    )
    reason = pl.when(pl.col("deal_id").is_null()).then(pl.lit(_NO_DEAL))
    judged = found.with_columns(reason.when(pl.col("dated_on").is_null()).then(pl.lit(_NO_DATE)).alias("reason"))
    left_out = judged.filter(pl.col("reason").is_not_null()).select("kind", "document_id", "line", "reason")
    kept = scope.inside(judged.filter(pl.col("reason").is_null()))
    return Transactions(_finished(connection, kept), bases, left_out.sort("kind", "document_id", "line"))


def _opportunities(
    connection: Connection, members: pl.DataFrame, scope: Scope, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    documents = read_documents(connection, "opportunity", scope, "stage", "when_amount_missing", "document_type")
    lines = of_one_currency(documents, read_lines(connection, "opportunity", scope))
    rows = counted(documents, _at_list_price(connection, documents, lines))
    amounts = rows.group_by("document_id").agg(
        pl.col("revenue_minor").sum().alias("amount_minor"), pl.col("is_listed").any().alias("is_listed")
    )
    basis = pl.when("is_listed").then(pl.lit("list_price")).when(pl.col("amount_minor").is_not_null())
    bases = (
        documents.select("document_id", "currency")
        .join(amounts, on="document_id", how="left")
        .with_columns(basis.then(pl.lit("stated")).otherwise(pl.lit("none")).alias("amount_basis"))
    )
    dated = pl.when(pl.col("stage") == "open").then(pl.col("dated_on").fill_null(as_of)).otherwise("dated_on")
    kinds = {"won": "booking", "open": "expected"}
    rows = with_deal(rows.filter(pl.col("stage").is_in(list(kinds))), members).with_columns(
        dated.alias("dated_on"), pl.col("stage").replace_strict(kinds, return_dtype=pl.String).alias("kind")
    )
    bases = narrowed(bases, ["amount_minor"], "document_id").drop("is_listed")
    return identified(rows.rename({"only_deal_id": "deal_id"})), bases


def _at_list_price(connection: Connection, documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Lines without an amount at list price, where an open opportunity has no amount and its mapping says so."""
    products = KINDS["product"].table
    prices = read_frame(
        connection,
        select(
            payee_id(products).label("product_id"),
            products.c.list_price_minor.label("price"),
            products.c.list_price_currency.label("currency"),
        ).where(products.c.list_price_minor.is_not(None)),
    )
    has_none = pl.col("amount_minor").is_null() & (pl.col("when_amount_missing") == "list_price")
    lacking = documents.filter(has_none, pl.col("stage") == "open").select("document_id", "currency")
    unpriced = lines.filter(pl.col("line_minor").is_null()).join(lacking, on="document_id")
    listed = unpriced.join(prices, on=["product_id", "currency"]).select("document_id", "position", "quantity", "price")
    listed = listed.with_columns(times(listed["quantity"], listed["price"]).alias("listed"))
    return (
        lines.join(listed.select("document_id", "position", "listed"), on=["document_id", "position"], how="left")
        .with_columns(
            pl.coalesce(pl.col("line_minor").cast(WIDE), "listed").alias("line_minor"),
            pl.col("listed").is_not_null().alias("is_listed"),
        )
        .drop("listed")
    )


def _orders(connection: Connection, members: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    documents = read_documents(connection, "order", scope, "state", "document_type").filter(
        pl.col("state") != "cancelled"
    )
    lines = of_one_currency(documents, read_lines(connection, "order", scope))
    rows = with_deal(counted(documents, lines), members)
    return identified(rows.rename({"only_deal_id": "deal_id"}))


def _invoices(connection: Connection, members: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """Also gross_minor of the whole invoice."""
    documents = read_documents(connection, "invoice", scope, "gross_amount_minor", "document_type").with_columns(
        pl.coalesce("gross_amount_minor", "amount_minor").alias("gross_minor")
    )
    lines = of_one_currency(documents, read_lines(connection, "invoice", scope))
    ordered = members.filter(pl.col("kind") == "order").unique("document_id", keep="none")
    rows = with_deal(counted(documents, lines), members).join(
        ordered.select(pl.col("document_id").alias("origin_id"), pl.col("deal_id").alias("order_deal_id")),
        on="origin_id",
        how="left",
    )
    return identified(rows.with_columns(pl.coalesce("order_deal_id", "only_deal_id").alias("deal_id")))


def _receipts(connection: Connection, members: pl.DataFrame, scope: Scope, invoices: pl.DataFrame) -> pl.DataFrame:
    documents = read_documents(connection, "receipt", scope).drop("amount_minor", "currency", "customer_id")
    settled = _refunds_as_of_invoices(_allocations(connection, scope), _credited(connection, scope), invoices)
    allocations = settled.join(documents, on="document_id")
    every = pl.col("margin_minor").is_not_null().all()
    parts = (
        invoices.filter(pl.col("deal_id").is_not_null(), pl.col("gross_minor") != 0)
        .group_by(pl.col("document_id").alias("invoice_id"), "deal_id")
        .agg(
            pl.col("revenue_minor").sum().alias("net"),
            pl.when(every).then(pl.col("margin_minor").sum()).alias("margin"),
            pl.col("gross_minor").first(),
            pl.col("customer_id", "document_type").first(),
        )
    )
    rows = allocations.join(parts, on="invoice_id", how="left").sort("dated_on", "source", "ref", "position", "deal_id")
    group = ["invoice_id", "deal_id", "currency"]
    paid = rows.filter(pl.col("deal_id").is_not_null())
    paid = paid.with_columns(
        running_shares(paid, group, "allocated", "net", "gross_minor").alias("revenue_minor"),
        running_shares(paid, group, "allocated", "margin", "gross_minor").alias("margin_minor"),
    )
    # By the receipt's deals, not by what is read of them: an id is the same whatever is asked for.
    is_divided = pl.col("only_deal_id").is_null()
    line = pl.when(is_divided).then(pl.format("{}/{}", "position", "deal_id")).otherwise(pl.format("{}", "position"))
    unknown = rows.filter(pl.col("deal_id").is_null())
    return named(
        with_deal(pl.concat([paid, unknown], how="diagonal"), members).with_columns(
            line.alias("line"), pl.lit(0, dtype=WIDE).alias("quantity_millionths")
        )
    )


def _allocations(connection: Connection, scope: Scope) -> pl.DataFrame:
    table = child("receipt", "allocations")
    columns = table.c
    found = select(
        payee_id(table, "receipt_").label("document_id"),
        columns.position,
        payee_id(table, "invoice_").label("invoice_id"),
        columns.amount_minor.label("allocated"),
        columns.amount_currency.label("currency"),
    )
    return read_frame(connection, found.where(*scope.holds("receipt", columns.receipt_source, columns.receipt_ref)))


def _refunds_as_of_invoices(allocations: pl.DataFrame, credited: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """What is allocated to a credit note is, below zero, a part of the invoice that the note takes back."""
    notes = credited.join(invoices, on="document_id", how="anti").rename({"document_id": "invoice_id"})
    found = allocations.join(notes, on="invoice_id", how="left")
    return found.with_columns(pl.coalesce("credited_id", "invoice_id").alias("invoice_id")).drop("credited_id")


def _credited(connection: Connection, scope: Scope) -> pl.DataFrame:
    """document_id of credit notes, credited_id: the invoice that they name, else the only one that their lines name."""
    notes = read_documents(connection, "credit_note", scope, "invoice_id")
    table = child("credit_note", "lines")
    columns = table.c
    note = (columns.credit_note_source, columns.credit_note_ref)
    origins = read_frame(
        connection,
        select(payee_id(table, "credit_note_").label("document_id"), payee_id(table, "origin_").label("origin_id"))
        .where(columns.origin_ref.is_not(None), *scope.holds("credit_note", *note))
        .distinct(),
    ).unique("document_id", keep="none")
    return notes.join(origins, on="document_id", how="left").select(
        "document_id", pl.coalesce("invoice_id", "origin_id").alias("credited_id")
    )


def _finished(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    finished = (
        rows.join(read_products(connection), on="product_id", how="left")
        .join(read_customers(connection), on="customer_id", how="left")
        .with_columns(
            pl.col("ref").alias("source_ref"),
            # Nothing is posted yet: all have the same place in the sequence, and dates decide.
            pl.lit(0, dtype=pl.Int64).alias("posting_sequence"),
            pl.lit(None, dtype=pl.String).alias("channel"),
            pl.when(pl.col("kind") == "receipt").then("invoice_id").alias("settles_id"),
        )
    )
    return narrowed(finished, _MEASURES, "transaction_id").select(TRANSACTION).sort("transaction_id")
