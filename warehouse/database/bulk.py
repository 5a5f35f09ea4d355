"""Many rows at a time, by the driver itself: several times faster than through SQLAlchemy's statements.

Both databases take ``executemany`` of raw rows; PostgreSQL takes many rows by COPY into a temporary table, and from
there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from psycopg import Connection as PostgresConnection
from sqlalchemy import Connection, Select, Table
from sqlalchemy.types import TypeEngine

Row = Sequence[Any]
AnySelect = Select[*tuple[Any, ...]]
Convert = Callable[[Any], Any] | None

BATCH_ROWS = 5_000
ROWS_WORTH_COPYING = 100
STAGE = "pg_temp.staged_rows"


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
    condition = " AND ".join(f"{quote(name)} = {_mark(connection)}" for name in columns)
    statement = f"DELETE FROM {quote(table.name)} WHERE {condition}"  # noqa: S608 - the names are our tables' own
    return sum(_each(connection, statement, batch) for batch in _batches(connection, table, columns, rows))


def fetch(connection: Connection, statement: AnySelect) -> Sequence[Row]:
    """The rows as the driver has them, without SQLAlchemy's result types."""
    with connection.execute(statement) as result:
        cursor = result.cursor
        return [] if cursor is None else cursor.fetchall()


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row], conflict: str) -> int:
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, columns))
    target = f"INSERT INTO {quote(table.name)} ({names})"
    marks = ", ".join(_mark(connection) for _ in columns)
    count = 0
    for batch in _batches(connection, table, columns, rows):
        if connection.dialect.name == "postgresql" and len(batch) >= ROWS_WORTH_COPYING:
            count += _copy(connection, table, columns, batch, f"{target} SELECT * FROM {STAGE} {conflict}")  # noqa: S608
        else:
            count += _each(connection, f"{target} VALUES ({marks}) {conflict}", batch)
    return count


def _batches(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]
) -> Iterator[Sequence[Row]]:
    """The rows as the driver takes them."""
    if not connection.in_transaction():
        connection.begin()  # the driver's own cursor does not start SQLAlchemy's transaction
    converters = [_converter(table.c[name].type, connection) for name in columns]
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH_ROWS)):
        values: list[Row] = [
            column if convert is None else [convert(value) for value in column]
            for column, convert in zip(zip(*batch, strict=True), converters, strict=True)
        ]
        yield list(zip(*values, strict=True))


def _each(connection: Connection, statement: str, batch: Sequence[Row]) -> int:
    with closing(connection.connection.cursor()) as cursor:
        cursor.executemany(statement, batch)
        return cursor.rowcount


def _copy(connection: Connection, table: Table, columns: Sequence[str], batch: Sequence[Row], merge: str) -> int:
    driver = connection.connection.driver_connection
    assert isinstance(driver, PostgresConnection)  # noqa: S101 - narrows the type; there is no other
    quote = connection.dialect.identifier_preparer.quote
    types = ", ".join(f"{quote(name)} {table.c[name].type.compile(connection.dialect)}" for name in columns)
    with driver.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {STAGE} ({types}) ON COMMIT DROP")
        with cursor.copy(f"COPY {STAGE} FROM STDIN") as copy:
            for row in batch:
                copy.write_row(row)
        cursor.execute(merge)
        count = cursor.rowcount
        cursor.execute(f"DROP TABLE {STAGE}")
        return count


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _converter(column_type: TypeEngine[Any], connection: Connection) -> Convert:
    return column_type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
