"""Polars frames from selects, and the exact integer arithmetic on them that Polars does not have."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, Boolean, ColumnElement, Connection, Date, Integer

from mappings.money import MAX_MINOR
from warehouse.database import bulk
from warehouse.database.columns import Exact


class FactsError(ValueError):
    """Records hold what cannot be calculated with; the message names one of them and says what to do."""


def read_frame(connection: Connection, statement: bulk.AnySelect) -> pl.DataFrame:
    """The rows of ``statement``: text and exact decimals as String, whole numbers as Int64, dates as Date."""
    columns = list(statement.selected_columns)
    rows = bulk.fetch(connection, statement)
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pl.DataFrame([_series(column, found) for column, found in zip(columns, values, strict=True)])


def millionths(texts: pl.Series) -> pl.Series:
    """Exact decimal text in whole millionths (half away from zero).

    >>> millionths(pl.Series(["1", "-0.0000005", None])).to_list()
    [1000000, -1, None]
    """
    distinct = texts.drop_nulls().unique()
    values = [_whole(Decimal(text).scaleb(6)) for text in distinct]
    for text, value in zip(distinct, values, strict=True):
        if abs(value) > MAX_MINOR:
            raise FactsError(
                f"the quantity or share {text} is too large to calculate with; mend the record or its mapping"
            )
    return texts.replace_strict(distinct, pl.Series(values, dtype=pl.Int64), default=None, return_dtype=pl.Int64)


def times(texts: pl.Series, amounts: pl.Series) -> pl.Series:
    """Exact decimal text times whole amounts, each rounded half away from zero; null where either is."""
    pairs = zip(texts, amounts, strict=True)
    values = [None if text is None or amount is None else _whole(Decimal(text) * amount) for text, amount in pairs]
    return pl.Series(texts.name, values, dtype=pl.Int128)


def quotient(
    numerators: Sequence[int | None], factors: Sequence[int | None], divisors: Sequence[int]
) -> list[int | None]:
    """Each numerator times factor over divisor, exactly, rounded half away from zero; null where a part is.

    >>> quotient([5, -5, 1], [1, 1, None], [2, 2, 1])
    [3, -3, None]
    """
    triples = zip(numerators, factors, divisors, strict=True)
    return [None if a is None or b is None else _rounded(a * b, c) for a, b, c in triples]


def running_shares(frame: pl.DataFrame, group: Sequence[str], weight: str, amount: str, total: str) -> pl.Series:
    """Of ``amount`` each row's part by ``weight`` ÷ ``total`` in its group, in the order of the rows.

    Cut off a running sum, so that the parts add up exactly to what their weights together are worth.
    """
    running = frame.select(pl.col(weight).cast(pl.Int128).cum_sum().over(group)).to_series()
    cut = quotient(running.to_list(), frame[amount].to_list(), frame[total].to_list())
    keyed = frame.select(*group).with_columns(pl.Series("cut", cut, dtype=pl.Int128))
    return keyed.select(pl.col("cut") - pl.col("cut").shift(1, fill_value=0).over(group)).to_series()


def narrowed(frame: pl.DataFrame, columns: Sequence[str], name: str) -> pl.DataFrame:
    """``columns`` as Int64; FactsError with the ``name`` of a row whose value does not fit."""
    for column in columns:
        beyond = frame.filter((pl.col(column) > MAX_MINOR) | (pl.col(column) < -MAX_MINOR))
        if not beyond.is_empty():
            raise FactsError(
                f"{column} of {beyond[name][0]} leaves the range of 64 bits; mend the record or its mapping"
            )
    return frame.with_columns(pl.col(columns).cast(pl.Int64))


def _series(column: ColumnElement[Any], values: Sequence[Any]) -> pl.Series:
    name = column._proxy_key or ""  # noqa: SLF001 - the name under which a result has it
    match column.type:
        case Date():
            if any(isinstance(value, str) for value in values):
                return pl.Series(name, values, dtype=pl.String).str.to_date("%Y-%m-%d")
            return pl.Series(name, values, dtype=pl.Date)
        case Boolean():
            return pl.Series(name, [None if value is None else bool(value) for value in values], dtype=pl.Boolean)
        case Integer() | BigInteger():
            return pl.Series(name, values, dtype=pl.Int64)
        case Exact():
            return pl.Series(name, values, dtype=pl.String)
        case _:
            return pl.Series(name, values, dtype=pl.String)


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def _rounded(numerator: int, divisor: int) -> int:
    sign = -1 if (numerator < 0) != (divisor < 0) else 1
    numerator, divisor = abs(numerator), abs(divisor)
    return sign * ((2 * numerator + divisor) // (2 * divisor))
