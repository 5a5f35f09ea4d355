"""Opening the database, and the two kinds of transaction: reading and writing.

SQLite is the embedded default, PostgreSQL is production; above this module there is one code path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

BUSY_TIMEOUT_MS = 60_000
CONNECT_TIMEOUT_SECONDS = 10

_IS_READING = "bonusbridge_is_reading"

SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


class DatabaseError(Exception):
    """The database cannot be used as configured; the message says why and what to do, and carries no password."""


def parse_url(url: str) -> URL:
    """The address with the driver that we use; DatabaseError if it is not an address of SQLite or PostgreSQL.

    >>> str(parse_url("postgresql://payroll@db.example/bonus"))
    'postgresql+psycopg://payroll@db.example/bonus'
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseError(
            "the database URL cannot be read; write sqlite:///path/to/file.db or postgresql://user@host/database"
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite_url(parsed)
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise DatabaseError(f"{other} is not supported; use a sqlite:/// or postgresql:// URL")


def open_database(url: str) -> Engine:
    """An engine on SQLite or PostgreSQL that was reached once; DatabaseError if it was not.

    ``engine.begin()`` is a write transaction (on SQLite ``BEGIN IMMEDIATE``); see also ``reading`` and ``writing``.
    """
    parsed = parse_url(url)
    engine = _open_sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _open_postgresql(parsed)
    try:
        with reading(engine):
            pass
    except DBAPIError as error:
        engine.dispose()
        place = parsed.render_as_string(hide_password=True)
        raise DatabaseError(f"cannot open {place}: {_reason(error)}; check the address and its rights") from None
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent snapshot; a write inside is refused by the database."""
    with engine.connect() as connection:
        options: dict[str, Any] = {_IS_READING: True}
        if engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with connection.execution_options(**options).begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed at the end, rolled back by an exception."""
    with engine.begin() as connection:
        yield connection


def _sqlite_url(parsed: URL) -> URL:
    path = parsed.database
    if not path or path == ":memory:" or path.startswith("file:"):
        raise DatabaseError("the SQLite URL names no file; write sqlite:///path/to/file.db")
    return parsed.set(drivername="sqlite+pysqlite")


def _open_sqlite(url: URL) -> Engine:
    folder = Path(url.database or "").parent
    if not folder.is_dir():
        raise DatabaseError(f"there is no folder {folder} for the SQLite file; create it or mend the URL")
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def configure(connection: SQLiteConnection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A plain BEGIN that writes later fails as locked when somebody else wrote in between; IMMEDIATE waits.
        is_reading = connection.get_execution_options().get(_IS_READING, False)
        driver = connection.connection.driver_connection
        assert isinstance(driver, SQLiteConnection)  # noqa: S101 - narrows the type; pysqlite has no other
        driver.isolation_level = None  # setting an isolation level on the engine gives BEGIN back to the driver
        driver.execute(f"PRAGMA query_only = {int(is_reading)}")
        driver.execute("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine


def _open_postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, "options": "-c timezone=UTC"},
    )


def _reason(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
