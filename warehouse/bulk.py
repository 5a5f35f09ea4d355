"""Many rows at a time, by the driver itself: several times faster than through SQLAlchemy's statements.

SQLite takes ``executemany`` of raw rows; PostgreSQL takes one statement whose parameters are one array a column.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, Table
from sqlalchemy.types import TypeEngine

Row = Sequence[Any]
AnySelect = Select[*tuple[Any, ...]]
Convert = Callable[[Any], Any] | None

BATCH_ROWS = 5_000


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Inserts rows of ``columns``; returns their number."""
    return _insert(connection, table, columns, rows, "")


def insert_new(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Inserts what violates no unique key; returns the number of rows that were new."""
    return _insert(connection, table, columns, rows, "ON CONFLICT DO NOTHING")


def upsert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Inserts rows, or replaces those with the same primary key; no key may occur twice in ``rows``."""
    quote = connection.dialect.identifier_preparer.quote
    keys = [column.name for column in table.primary_key]
    updates = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in columns if name not in keys)
    action = f"DO UPDATE SET {updates}" if updates else "DO NOTHING"
    return _insert(connection, table, columns, rows, f"ON CONFLICT ({', '.join(map(quote, keys))}) {action}")


def delete(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Deletes the rows whose ``columns`` have one of the given values; returns how many went."""
    quote = connection.dialect.identifier_preparer.quote
    target = quote(table.name)
    if connection.dialect.name == "sqlite":
        condition = " AND ".join(f"{quote(name)} = ?" for name in columns)
        statement = f"DELETE FROM {target} WHERE {condition}"  # noqa: S608 - the names are our tables' own
    else:
        condition = " AND ".join(f"{target}.{quote(name)} = given.{quote(name)}" for name in columns)
        given = f"{_arrays(connection, table, columns)} AS given({', '.join(map(quote, columns))})"
        statement = f"DELETE FROM {target} USING {given} WHERE {condition}"  # noqa: S608
    return _run(connection, statement, _converters(connection, table, columns), rows)


def fetch(connection: Connection, statement: AnySelect) -> Sequence[Row]:
    """The rows as the driver has them, without SQLAlchemy's result types."""
    with connection.execute(statement) as result:
        cursor = result.cursor
        return [] if cursor is None else cursor.fetchall()


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row], conflict: str) -> int:
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "sqlite":
        source = f"VALUES ({', '.join('?' for _ in columns)})"
    else:
        source = f"SELECT * FROM {_arrays(connection, table, columns)}"  # noqa: S608
    names = ", ".join(map(quote, columns))
    statement = f"INSERT INTO {quote(table.name)} ({names}) {source} {conflict}"
    return _run(connection, statement, _converters(connection, table, columns), rows)


def _run(connection: Connection, statement: str, converters: list[Convert], rows: Iterable[Row]) -> int:
    if not connection.in_transaction():
        connection.begin()  # the driver's own cursor does not start SQLAlchemy's transaction
    is_sqlite = connection.dialect.name == "sqlite"
    remaining = iter(rows)
    changed = 0
    with closing(connection.connection.cursor()) as cursor:
        while batch := list(islice(remaining, BATCH_ROWS)):
            values: list[Row] = [
                column if convert is None else [convert(value) for value in column]
                for column, convert in zip(zip(*batch, strict=True), converters, strict=True)
            ]
            if is_sqlite:
                cursor.executemany(statement, list(zip(*values, strict=True)))
            else:
                cursor.execute(statement, [list(column) for column in values])
            changed += cursor.rowcount
    return changed


def _arrays(connection: Connection, table: Table, columns: Sequence[str]) -> str:
    types = (table.c[name].type.compile(connection.dialect) for name in columns)
    return f"unnest({', '.join(f'%s::{name}[]' for name in types)})"


def _converters(connection: Connection, table: Table, columns: Sequence[str]) -> list[Convert]:
    return [_converter(table.c[name].type, connection) for name in columns]


def _converter(column_type: TypeEngine[Any], connection: Connection) -> Convert:
    return column_type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
