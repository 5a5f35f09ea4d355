"""Returns: what credit notes take back, and from which invoice line."""

import polars as pl
from sqlalchemy import Connection

from warehouse.facts.frames import quotient, running_shares
from warehouse.facts.lines import Scope, counted, identified, of_one_currency, read_documents, read_lines, with_deal

_MEASURES = ("revenue_minor", "margin_minor", "quantity_millionths")


def read_returns(connection: Connection, members: pl.DataFrame, scope: Scope, invoices: pl.DataFrame) -> pl.DataFrame:
    """Transactions with negative measures, each with the one that it reverses where that is known."""
    documents = read_documents(connection, "credit_note", scope, "invoice_id")
    lines = of_one_currency(documents, read_lines(connection, "credit_note", scope))
    rows = with_deal(counted(documents, lines), members).with_columns(
        pl.coalesce("origin_id", "invoice_id").alias("invoice_id")
    )
    billed = _billed(invoices)
    names_no_line = (pl.col("line") == "whole") & pl.all_horizontal(pl.col("origin_line_ref", "product_id").is_null())
    is_spread = names_no_line & pl.col("invoice_id").is_in(
        billed.filter(pl.col("billed_total") != 0)["invoice_id"].implode()
    )
    spread = _spread(rows.filter(is_spread.fill_null(value=False)), billed)
    matched = _matched(rows.filter(~is_spread.fill_null(value=False)), billed)
    returns = identified(pl.concat([spread, matched], how="diagonal").with_columns(pl.lit("return").alias("kind")))
    return _with_margin(returns).with_columns(
        pl.coalesce("billed_deal_id", "only_deal_id").alias("deal_id"),
        *((0 - pl.col(name)).alias(name) for name in _MEASURES),
    )


def _billed(invoices: pl.DataFrame) -> pl.DataFrame:
    return invoices.select(
        pl.col("document_id").alias("invoice_id"),
        pl.col("position").alias("billed_position"),
        pl.col("line_ref").alias("billed_line_ref"),
        pl.col("product_id").alias("billed_product_id"),
        pl.col("transaction_id").alias("reverses_id"),
        pl.col("deal_id").alias("billed_deal_id"),
        pl.col("revenue_minor").alias("billed_minor"),
        pl.col("margin_minor").alias("billed_margin"),
        pl.col("revenue_minor").sum().over("document_id").alias("billed_total"),
    ).sort("invoice_id", "billed_position")


def _spread(notes: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """A note without lines: a part for each line of its invoice, in proportion; together they are the note."""
    rows = notes.drop("product_id").join(billed, on="invoice_id").sort("document_id", "billed_position")
    group = ["document_id"]
    parts = [
        running_shares(rows, group, "billed_minor", name, "billed_total").alias(name)
        for name in ("revenue_minor", "cost_minor", "quantity_millionths")
    ]
    return rows.with_columns(
        *parts,
        pl.col("billed_product_id").alias("product_id"),
        pl.format("whole/{}", "billed_position").alias("line"),
    )


def _matched(rows: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """The invoice line that the row names, else the only one with its product, else the first."""
    by_line = billed.filter(pl.col("billed_line_ref").is_not_null()).unique(
        ["invoice_id", "billed_line_ref"], keep="first", maintain_order=True
    )
    by_product = billed.filter(pl.col("billed_product_id").is_not_null()).unique(
        ["invoice_id", "billed_product_id"], keep="none"
    )
    first = billed.unique("invoice_id", keep="first", maintain_order=True)
    found = (
        rows.join(
            by_line.select("invoice_id", "billed_line_ref", pl.col("reverses_id").alias("by_line")),
            left_on=["invoice_id", "origin_line_ref"],
            right_on=["invoice_id", "billed_line_ref"],
            how="left",
        )
        .join(
            by_product.select("invoice_id", "billed_product_id", pl.col("reverses_id").alias("by_product")),
            left_on=["invoice_id", "product_id"],
            right_on=["invoice_id", "billed_product_id"],
            how="left",
        )
        .join(first.select("invoice_id", pl.col("reverses_id").alias("by_place")), on="invoice_id", how="left")
        .with_columns(pl.coalesce("by_line", "by_product", "by_place").alias("reverses_id"))
    )
    return found.join(billed.drop("invoice_id"), on="reverses_id", how="left")


def _with_margin(returns: pl.DataFrame) -> pl.DataFrame:
    """Where the note tells no cost: the reversed line's margin in proportion, so that a full return leaves none."""
    is_known = pl.col("billed_minor").is_not_null() & (pl.col("billed_minor") != 0)
    divisors = returns.select(pl.when(is_known).then("billed_minor").otherwise(1)).to_series()
    margins = returns.select(pl.when(is_known).then("billed_margin")).to_series()
    shares = quotient(returns["revenue_minor"].to_list(), margins.to_list(), divisors.to_list())
    return returns.with_columns(
        pl.coalesce("margin_minor", pl.Series("share", shares, dtype=pl.Int128)).alias("margin_minor")
    )
