"""Assignments, quotas, exchange rates and currencies, as frames; and which deals touch some payees."""

from collections.abc import Collection, Mapping
from datetime import date

import polars as pl
from sqlalchemy import Connection, select

from mappings.money import exponent
from warehouse.canonical.participants import ASSIGNMENTS, EMPLOYEES, participants
from warehouse.canonical.tables import KINDS, payee_id
from warehouse.facts.frames import read_frame

ALWAYS = date(1900, 1, 1)

_CURRENCY_COLUMNS = ("currency", "pay_currency", "from_currency", "to_currency")


def deals_touching(connection: Connection, payees: Collection[str]) -> list[str]:
    """The ids of the deals in which these payees, or anybody who ever stood below them, take part."""
    manager = payee_id(ASSIGNMENTS, "manager_")
    report = payee_id(ASSIGNMENTS, "employee_").label("payee_id")
    wanted = list(payees)
    below = select(report).where(manager.in_(wanted)).cte("below", recursive=True)
    below = below.union(select(report).where(manager == below.c.payee_id))
    concerned = {*wanted, *connection.scalars(select(below.c.payee_id))}
    taking_part = participants()
    found = select(taking_part.c.deal_id).where(taking_part.c.payee_id.in_(sorted(concerned))).distinct()
    return sorted(connection.scalars(found))


def read_assignments(connection: Connection) -> pl.DataFrame:
    """One row an assignment; an employee without any has one without a title, for all time."""
    employees = read_frame(
        connection,
        select(payee_id(EMPLOYEES).label("payee_id"), EMPLOYEES.c.name, EMPLOYEES.c.email, EMPLOYEES.c.pay_currency),
    )
    columns = ASSIGNMENTS.c
    assignments = read_frame(
        connection,
        select(
            payee_id(ASSIGNMENTS, "employee_").label("payee_id"),
            columns.title,
            columns.region,
            columns.channel,
            payee_id(ASSIGNMENTS, "manager_").label("manager_id"),
            columns.from_on,
            columns.to_on,
        ),
    )
    order = ("name", "email", "title", "region", "channel", "manager_id", "pay_currency", "from_on", "to_on")
    return (
        employees.join(assignments, on="payee_id", how="left")
        .with_columns(pl.col("title").fill_null(""), pl.col("from_on").fill_null(ALWAYS))
        .select("payee_id", *order)
        .sort("payee_id", "from_on")
    )


def read_quotas(connection: Connection) -> pl.DataFrame:
    table = KINDS["quota"].table
    columns = table.c
    return read_frame(
        connection,
        select(
            payee_id(table, "employee_").label("payee_id"),
            columns.measure,
            columns.from_on,
            columns.to_on,
            columns.amount_minor.label("quota_minor"),
            columns.amount_currency.label("currency"),
        ).order_by(columns.source, columns.ref),
    )


def read_rates(connection: Connection) -> pl.DataFrame:
    """One source a pair of currencies, the first by name: two systems' rates are never mixed."""
    columns = KINDS["exchange_rate"].table.c
    pair = ["from_currency", "to_currency"]
    rates = read_frame(
        connection,
        select(
            columns.source, columns.ref, columns.from_currency, columns.to_currency, columns.valid_from, columns.rate
        ),
    )
    return (
        rates.filter(pl.col("source") == pl.col("source").min().over(pair))
        .sort(*pair, "valid_from", "ref")
        .unique([*pair, "valid_from"], keep="last", maintain_order=True)
        .select(*pair, "valid_from", "rate")
    )


def read_currencies(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every currency that occurs in the frames, with the digits of its minor unit."""
    found: set[str] = set()
    for frame in frames.values():
        for name in _CURRENCY_COLUMNS:
            if name in frame.columns:
                found.update(frame[name].drop_nulls().unique())
    rows = [(currency, exponent(currency)) for currency in sorted(found)]
    return pl.DataFrame(rows, schema={"currency": pl.String, "exponent": pl.Int64}, orient="row")
