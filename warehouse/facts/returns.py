"""Returns: what credit notes take back, and from which invoice line."""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection

from warehouse.facts.frames import running_shares
from warehouse.facts.lines import Scope, counted, identified, of_one_currency, read_documents, read_lines, with_deal

_MEASURES = ("revenue_minor", "margin_minor", "quantity_millionths")
_IN_TIME = ("dated_on", "source", "ref")


def read_returns(connection: Connection, members: pl.DataFrame, scope: Scope, invoices: pl.DataFrame) -> pl.DataFrame:
    """Transactions with negative measures, each with the one that it reverses where that is known."""
    documents = read_documents(connection, "credit_note", scope, "invoice_id", "document_type")
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
    """A note without lines: a part for each line of its invoice, in proportion; together they are the note.

    A part is what the line has lost after the note, less what it had lost before it: all notes together are the line.
    """
    names = ("revenue_minor", "cost_minor", "quantity_millionths")
    after = [pl.col(name).cum_sum().over("invoice_id", "currency").alias(f"{name}_after") for name in names]
    before = [(pl.col(f"{name}_after") - pl.col(name)).alias(f"{name}_before") for name in names]
    running = notes.drop("product_id").sort(_IN_TIME).with_columns(after).with_columns(before)
    rows = running.join(billed, on="invoice_id").sort(*_IN_TIME, "billed_position")

    def lost(amount: str) -> pl.Series:
        return running_shares(rows, ["document_id"], "billed_minor", amount, "billed_total")

    return rows.with_columns(
        *((lost(f"{name}_after") - lost(f"{name}_before")).alias(name) for name in names),
        pl.col("billed_product_id").alias("product_id"),
        pl.format("whole/{}", "billed_position").alias("line"),
    )


def _matched(rows: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """The invoice line that the row names, else the first with its product (of its amount, if there is one).

    By place: what names no product, or whose product can only be in a line that names none.
    """
    by_product = {"product_id": "billed_product_id"}
    ways = {
        "by_line": _first(billed, {"origin_line_ref": "billed_line_ref"}),
        "by_amount": _first(billed, by_product | {"revenue_minor": "billed_minor"}),
        "by_product": _first(billed, by_product),
        "by_blank": _first(billed.filter(pl.col("billed_product_id").is_null()), {}),
        "by_place": _first(billed, {}),
    }
    found = rows
    for name, lines in ways.items():
        on = [column for column in lines.columns if column != "found"]
        found = found.join(lines.rename({"found": name}), on=on, how="left")
    by_place = pl.when(pl.col("product_id").is_null()).then("by_place").otherwise("by_blank")
    found = found.with_columns(pl.coalesce("by_line", "by_amount", "by_product", by_place).alias("reverses_id"))
    return found.drop(ways).join(billed.drop("invoice_id"), on="reverses_id", how="left")


def _first(billed: pl.DataFrame, keys: Mapping[str, str]) -> pl.DataFrame:
    """``found``: the first line of each invoice, or of each value of ``keys`` (of the row: of the line) in it."""
    columns = ["invoice_id", *keys.values()]
    lines = billed.drop_nulls(columns).unique(columns, keep="first", maintain_order=True)
    return lines.select(
        "invoice_id", *(pl.col(line).alias(row) for row, line in keys.items()), pl.col("reverses_id").alias("found")
    )


def _with_margin(returns: pl.DataFrame) -> pl.DataFrame:
    """Where the note tells no cost: the reversed line's margin in proportion, so that a full return leaves none."""
    rows = returns.sort(*_IN_TIME, "position").with_columns(pl.when(pl.col("billed_minor") != 0).then("billed_margin"))
    shares = running_shares(rows, ["reverses_id", "currency"], "revenue_minor", "billed_margin", "billed_minor")
    return rows.with_columns(pl.coalesce("margin_minor", shares).alias("margin_minor"))
