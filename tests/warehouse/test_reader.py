"""The async reader gives the values that SQLAlchemy gives."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, bindparam, select

from warehouse.database import DatabaseError, reading, writing
from warehouse.landing import LANDING, STREAMS, SourceVersion, land, save_cursor
from warehouse.reader import open_reader

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BY_REF = select(LANDING).where(LANDING.c.ref == bindparam("ref"), LANDING.c.landed_at >= bindparam("since"))


def test_rows_are_what_the_engine_reads(engine: Engine, database_url: str) -> None:
    with writing(engine) as connection:
        versions = [SourceVersion("crm", "Opportunity", ref, "1", NOON, "{}", is_deleted=True) for ref in "abc"]
        land(connection, versions, NOON)
        save_cursor(connection, "crm", "Opportunity", "c", NOON, NOON)
    parameters = {"ref": "b", "since": NOON}
    with reading(engine) as connection:
        expected = [tuple(row) for row in connection.execute(BY_REF, parameters)]

    async def read() -> None:
        async with open_reader(database_url) as reader:
            assert await reader.rows(BY_REF, parameters) == expected
            assert await reader.rows(BY_REF, parameters) == expected
            many = await asyncio.gather(*(reader.rows(BY_REF, {"ref": ref, "since": NOON}) for ref in "abcd" * 20))
            assert [len(rows) for rows in many] == [1, 1, 1, 0] * 20
            assert await reader.rows(select(STREAMS.c.read_at)) == [(NOON,)]

    asyncio.run(read())


def test_a_commit_is_seen_by_the_next_read(engine: Engine, database_url: str) -> None:
    async def read() -> None:
        statement = select(LANDING.c.ref)
        async with open_reader(database_url) as reader:
            assert await reader.rows(statement) == []
            with writing(engine) as connection:
                land(connection, [SourceVersion("crm", "Opportunity", "a", "1", NOON, "{}")], NOON)
            assert await reader.rows(statement) == [("a",)]

    asyncio.run(read())


@pytest.mark.parametrize("url", ["sqlite:////nowhere/x.db", "postgresql://someone:s3cret@127.0.0.1:1/bonus"])
def test_an_unreachable_database_is_explained(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.reader.CONNECT_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(DatabaseError, match="cannot") as caught:
        asyncio.run(open_reader(url).open())
    assert "s3cret" not in str(caught.value)


def test_a_reader_that_is_not_open_says_so(database_url: str) -> None:
    with pytest.raises(DatabaseError, match="not open"):
        asyncio.run(open_reader(database_url).rows(BY_REF, {"ref": "a", "since": NOON}))
