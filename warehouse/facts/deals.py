"""Deals and who takes part in them, as frames."""

import polars as pl
from sqlalchemy import Connection, literal, select

from warehouse.canonical.participants import OPPORTUNITIES, ORDERS, SHARES
from warehouse.canonical.tables import KINDS, payee_id
from warehouse.facts.frames import millionths, read_frame
from warehouse.facts.lines import Scope, read_customers

# The kinds that a deal without an opportunity can begin with, and the columns that tell about it.
_DOCUMENTS = ("quote", "contract", "order", "invoice", "receipt", "credit_note")

_DEAL = (
    "deal_id", "source", "ref", "name", "customer", "stage", "stage_name", "owner_id", "expected_on", "currency",
    "amount_minor", "amount_basis",
)  # fmt: skip


def read_deals(connection: Connection, members: pl.DataFrame, scope: Scope, bases: pl.DataFrame) -> pl.DataFrame:
    """One row a deal: its opportunity's, or (as won) its first document's. ``bases``: see ``read_transactions``."""
    opened = members.filter(pl.col("kind") == "opportunity")
    others = members.join(opened, on="deal_id", how="anti").sort("deal_id", "position")
    first = others.unique("deal_id", keep="first", maintain_order=True)
    with_opportunity = opened.join(_opportunities(connection, scope), on="document_id").join(bases, on="document_id")
    without = first.join(_documents(connection, scope), on=["kind", "document_id"])
    # A deal's own key: what stands before and after the first colon of its id.
    key = pl.col("deal_id").str.splitn(":", 2)
    deals = scope.inside(pl.concat([with_opportunity, without], how="diagonal"))
    return (
        deals.join(read_customers(connection).drop("region"), on="customer_id", how="left")
        .with_columns(key.struct[0].alias("source"), key.struct[1].alias("ref"))
        .select(_DEAL)
        .sort("deal_id")
    )


def read_participants(connection: Connection, members: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """deal_id, payee_id, role, share_millionths, is_overlay."""
    opened = members.filter(pl.col("kind") == "opportunity")
    shares = _shares(connection, scope)
    owners = _owners(connection, scope).join(shares.filter(~pl.col("is_overlay")), on="document_id", how="anti")
    of_opportunity = opened.join(pl.concat([shares, owners]), on="document_id")
    ordered = members.filter(pl.col("kind") == "order").join(opened, on="deal_id", how="anti")
    employees = _order_employees(connection, scope)
    of_order = (
        ordered.join(employees, on="document_id")
        .sort("deal_id", "position")
        .unique("deal_id", keep="first", maintain_order=True)
    )
    return (
        scope.inside(pl.concat([of_opportunity, of_order], how="diagonal"))
        .select("deal_id", "payee_id", "role", "share_millionths", "is_overlay")
        .sort("deal_id", "payee_id", "role")
    )


def _opportunities(connection: Connection, scope: Scope) -> pl.DataFrame:
    columns = OPPORTUNITIES.c
    return read_frame(
        connection,
        select(
            payee_id(OPPORTUNITIES).label("document_id"),
            columns.name,
            columns.stage,
            columns.stage_name,
            columns.close_on.label("expected_on"),
            payee_id(OPPORTUNITIES, "owner_").label("owner_id"),
            payee_id(OPPORTUNITIES, "customer_").label("customer_id"),
        ).where(*scope.holds("opportunity", columns.source, columns.ref)),
    )


def _documents(connection: Connection, scope: Scope) -> pl.DataFrame:
    return pl.concat([_documents_of(connection, kind, scope) for kind in _DOCUMENTS], how="diagonal")


def _documents_of(connection: Connection, kind: str, scope: Scope) -> pl.DataFrame:
    table = KINDS[kind].table
    columns = table.c
    found = select(
        payee_id(table).label("document_id"),
        columns.number.label("name"),
        (columns.currency if "currency" in columns else columns.amount_currency).label("currency"),
        columns.amount_minor,
        payee_id(table, "customer_").label("customer_id"),
    ).where(*scope.holds(kind, columns.source, columns.ref))
    if kind == "order":
        found = found.add_columns(payee_id(table, "employee_").label("owner_id"))
    has_amount = pl.col("amount_minor").is_not_null()
    return read_frame(connection, found).with_columns(
        pl.lit(kind).alias("kind"),
        pl.lit("won").alias("stage"),
        pl.lit("").alias("stage_name"),
        pl.when(has_amount).then(pl.lit("stated")).otherwise(pl.lit("none")).alias("amount_basis"),
        pl.lit(None, dtype=pl.Date).alias("expected_on"),
    )


def _shares(connection: Connection, scope: Scope) -> pl.DataFrame:
    columns = SHARES.c
    source, ref = columns.opportunity_source, columns.opportunity_ref
    found = select(
        (source + literal(":") + ref).label("document_id"),
        payee_id(SHARES, "employee_").label("payee_id"),
        columns.role,
        columns.ratio,
        columns.is_overlay,
    )
    shares = read_frame(connection, found.where(*scope.holds("opportunity", source, ref)))
    return shares.select(
        "document_id", "payee_id", "role", millionths(shares["ratio"]).alias("share_millionths"), "is_overlay"
    )


def _owners(connection: Connection, scope: Scope) -> pl.DataFrame:
    columns = OPPORTUNITIES.c
    owner = payee_id(OPPORTUNITIES, "owner_")
    found = select(payee_id(OPPORTUNITIES).label("document_id"), owner.label("payee_id")).where(owner.is_not(None))
    return _as_owner(read_frame(connection, found.where(*scope.holds("opportunity", columns.source, columns.ref))))


def _order_employees(connection: Connection, scope: Scope) -> pl.DataFrame:
    columns = ORDERS.c
    employee = payee_id(ORDERS, "employee_")
    found = select(payee_id(ORDERS).label("document_id"), employee.label("payee_id")).where(employee.is_not(None))
    return _as_owner(read_frame(connection, found.where(*scope.holds("order", columns.source, columns.ref))))


def _as_owner(payees: pl.DataFrame) -> pl.DataFrame:
    return payees.with_columns(
        pl.lit("owner").alias("role"),
        pl.lit(1_000_000, dtype=pl.Int64).alias("share_millionths"),
        pl.lit(value=False).alias("is_overlay"),
    )
