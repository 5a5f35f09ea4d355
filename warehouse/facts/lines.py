"""Documents and their lines, as frames: which lines count, and to which deal each belongs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, func, literal, select, tuple_

from warehouse.canonical.deals import MEMBERS
from warehouse.canonical.tables import KINDS, child, payee_id
from warehouse.facts.frames import millionths, read_frame

WIDE = pl.Int128()
"""Sums of 64-bit amounts: Polars' own sum of Int64 wraps silently."""

DEALS_ASKED_FOR = 1_000

_DATES = {"opportunity": "close_on", "receipt": "received_on"}


@dataclass(frozen=True)
class Scope:
    """The deals to read; None: all of them. Many are picked out of all, rather than asked for by their ids."""

    deal_ids: Collection[str] | None

    @property
    def asked_for(self) -> Collection[str] | None:
        return None if self.deal_ids is None or len(self.deal_ids) > DEALS_ASKED_FOR else self.deal_ids

    def holds(self, kind: str, source: ColumnElement[str], ref: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """Conditions that a record is a member of one of the deals."""
        if self.asked_for is None:
            return []
        inside = (MEMBERS.c.kind == kind, MEMBERS.c.deal_id.in_(self.asked_for))
        return [tuple_(source, ref).in_(select(MEMBERS.c.source, MEMBERS.c.ref).where(*inside))]

    def inside(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of the deals."""
        return rows if self.deal_ids is None else rows.filter(pl.col("deal_id").is_in(list(self.deal_ids)))


def read_members(connection: Connection, scope: Scope) -> pl.DataFrame:
    """deal_id, position, kind, document_id: all deals of every document that has one in the scope."""
    columns = MEMBERS.c
    found = select(columns.deal_id, columns.position, columns.kind, payee_id(MEMBERS).label("document_id"))
    if scope.asked_for is not None:
        inside = MEMBERS.alias("inside").c
        same = select(inside.kind, inside.source, inside.ref).where(inside.deal_id.in_(scope.asked_for))
        found = found.where(tuple_(columns.kind, columns.source, columns.ref).in_(same))
    return read_frame(connection, found)


def read_products(connection: Connection) -> pl.DataFrame:
    """product_id, product, product_family: as the record has them that this one is said to be the same as, if any."""
    own, other = KINDS["product"].table, KINDS["product"].table.alias("other")
    found = select(
        payee_id(own).label("product_id"),
        func.coalesce(other.c.name, own.c.name).label("product"),
        func.coalesce(other.c.family, own.c.family).label("product_family"),
    )
    return read_frame(connection, found.select_from(own.outerjoin(other, _is_same(own, other))))


def read_customers(connection: Connection) -> pl.DataFrame:
    """customer_id, customer, region; in the same way."""
    own, other = KINDS["customer"].table, KINDS["customer"].table.alias("other")
    found = select(
        payee_id(own).label("customer_id"),
        func.coalesce(other.c.name, own.c.name).label("customer"),
        func.coalesce(other.c.region, own.c.region).label("region"),
    )
    return read_frame(connection, found.select_from(own.outerjoin(other, _is_same(own, other))))


def read_documents(connection: Connection, kind: str, scope: Scope, *more: str) -> pl.DataFrame:
    """One row a document: kind, document_id, source, ref, dated_on, currency, amount_minor, customer_id, and ``more``.

    ``currency`` is that of the amount, where there is one.
    """
    table = KINDS[kind].table
    columns = table.c
    found = select(
        payee_id(table).label("document_id"),
        columns.source,
        columns.ref,
        columns[_DATES.get(kind, "dated_on")].label("dated_on"),
        (columns.currency if "currency" in columns else columns.amount_currency).label("currency"),
        columns.amount_minor,
        columns.amount_currency,
        payee_id(table, "customer_").label("customer_id"),
        *(_more(table, name) for name in more),
    ).where(*scope.holds(kind, columns.source, columns.ref))
    return read_frame(connection, found).select(
        pl.lit(kind).alias("kind"),
        pl.exclude("amount_currency", "currency"),
        pl.coalesce("amount_currency", "currency").alias("currency"),
    )


def read_lines(connection: Connection, kind: str, scope: Scope) -> pl.DataFrame:
    """One row a line: document_id, position, line_ref, product_id, quantity (text), its millionths, amounts, origin."""
    table = child(kind, "lines")
    columns = table.c
    source, ref = columns[f"{kind}_source"], columns[f"{kind}_ref"]
    found = select(
        (source + literal(":") + ref).label("document_id"),
        columns.position,
        columns.ref.label("line_ref"),
        payee_id(table, "product_").label("product_id"),
        columns.quantity,
        columns.amount_minor.label("line_minor"),
        columns.amount_currency.label("line_currency"),
        columns.cost_minor,
        columns.cost_currency,
        payee_id(table, "origin_").label("origin_id"),
        columns.origin_line_ref,
    ).where(*scope.holds(kind, source, ref))
    lines = read_frame(connection, found)
    return lines.with_columns(millionths(lines["quantity"]).alias("quantity_millionths"))


def of_one_currency(documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """``lines`` with amounts and costs that are in their document's currency; others are unknown."""
    priced = lines.join(documents.select("document_id", "currency"), on="document_id")
    is_own, is_own_cost = pl.col("line_currency") == pl.col("currency"), pl.col("cost_currency") == pl.col("currency")
    return priced.with_columns(
        pl.when(is_own).then("line_minor").alias("line_minor"),
        pl.when(is_own_cost).then("cost_minor").alias("cost_minor"),
    ).drop("line_currency", "cost_currency", "currency")


def counted(documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """What counts of each document: its lines if all have an amount and add up to the document's; else one line of it.

    A document without an amount has that of its lines. The one line stands for product, origin and cost only if all
    lines agree on them. Adds line (unique in its document), revenue_minor, cost_minor (Int128), quantity_millionths.
    """
    sums = lines.group_by("document_id").agg(
        pl.col("line_minor").cast(WIDE).sum().alias("total"),
        pl.col("line_minor").is_not_null().all().alias("is_priced"),
        (pl.col("line_ref").is_duplicated().any() | (pl.col("line_ref") == "").any()).alias("is_numbered"),
        pl.when(pl.col("cost_minor").is_not_null().all()).then(pl.col("cost_minor").cast(WIDE).sum()).alias("all_cost"),
        pl.col("quantity_millionths").cast(WIDE).sum().alias("all_quantity"),
        *(
            pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(f"all_{name}")
            for name in ("product_id", "origin_id", "origin_line_ref")
        ),
    )
    summed = documents.join(sums, on="document_id", how="left").with_columns(
        pl.coalesce(pl.col("amount_minor").cast(WIDE), pl.when("is_priced").then("total")).alias("amount")
    )
    adds_up = (pl.col("is_priced") & (pl.col("total") == pl.col("amount"))).fill_null(value=False)
    return pl.concat([_each_line(summed.filter(adds_up), lines), _whole(summed.filter(~adds_up))], how="diagonal")


def with_deal(rows: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Adds only_deal_id: the deal of the row's document if that is exactly one."""
    of_kind = members.join(rows.select("kind", "document_id").unique(), on=["kind", "document_id"], how="semi")
    only = of_kind.group_by("kind", "document_id").agg(
        pl.when(pl.len() == 1).then(pl.col("deal_id").first()).alias("only_deal_id")
    )
    return rows.join(only, on=["kind", "document_id"], how="left")


def identified(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the margin and, see ``named``, the transaction id."""
    return named(rows.with_columns((pl.col("revenue_minor") - pl.col("cost_minor")).alias("margin_minor")))


def named(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the transaction id: source, kind, ref and line."""
    # A colon within the ref would let two documents' lines have one id.
    ref = pl.col("ref").str.replace_all("%", "%25", literal=True).str.replace_all(":", "%3A", literal=True)
    return rows.with_columns(pl.format("{}:{}:{}:{}", "source", "kind", ref, "line").alias("transaction_id"))


def _each_line(documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    number = pl.format("#{}", pl.col("position"))
    return (
        documents.select(*_DOCUMENT, *_further(documents), "is_numbered")
        .join(lines, on="document_id")
        .with_columns(
            pl.when("is_numbered").then(number).otherwise(pl.col("line_ref")).alias("line"),
            pl.col("line_minor").cast(WIDE).alias("revenue_minor"),
            pl.col("cost_minor").cast(WIDE),
            pl.col("quantity_millionths").cast(WIDE),
        )
        .drop("is_numbered", "line_minor", "quantity")
    )


def _whole(documents: pl.DataFrame) -> pl.DataFrame:
    return documents.filter(pl.col("amount").is_not_null()).select(
        *_DOCUMENT,
        *_further(documents),
        pl.lit(0, dtype=pl.Int64).alias("position"),
        pl.lit("whole").alias("line"),
        pl.col("amount").alias("revenue_minor"),
        pl.col("all_cost").alias("cost_minor"),
        pl.col("all_quantity").fill_null(1_000_000).alias("quantity_millionths"),
        pl.col("all_product_id").alias("product_id"),
        pl.col("all_origin_id").alias("origin_id"),
        pl.col("all_origin_line_ref").alias("origin_line_ref"),
    )


_DOCUMENT = ("kind", "document_id", "source", "ref", "dated_on", "currency", "customer_id")
_SUMS = {"total", "is_priced", "is_numbered", "amount", "amount_minor"}


def _further(documents: pl.DataFrame) -> list[str]:
    return [name for name in documents.columns if name not in {*_DOCUMENT, *_SUMS} and not name.startswith("all_")]


def _is_same(own: Table, other: FromClause) -> ColumnElement[bool]:
    return and_(own.c.same_as_source == other.c.source, own.c.same_as_ref == other.c.ref)


def _more(table: Table, name: str) -> ColumnElement[Any]:
    """A further column, or (``owner_id``) the id that a key gives."""
    column: ColumnElement[Any] = (
        payee_id(table, name.removesuffix("id")).label(name) if name.endswith("_id") else table.c[name]
    )
    return column
