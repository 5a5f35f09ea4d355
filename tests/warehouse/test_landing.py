"""Landing: append-only, idempotent, in order."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, Engine

from warehouse.database import reading, writing
from warehouse.landing import (
    Freshness,
    SourceVersion,
    freshness,
    land,
    live_refs,
    read_cursor,
    read_latest,
    read_since,
    save_cursor,
)

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def version(ref: str, stamp: str = "1", payload: str = "{}", *, source: str = "crm", **changes: bool) -> SourceVersion:
    return SourceVersion(source, "Opportunity", ref, stamp, NOON, payload, **changes)


def refs(connection: Connection, after: int = 0, limit: int = 100) -> list[str]:
    return [landed.ref for landed in read_since(connection, "crm", after, limit)]


def test_landing_again_changes_nothing(engine: Engine) -> None:
    versions = [version("a"), version("b"), version("a", "2"), version("a", "2", is_deleted=True)]
    with writing(engine) as connection:
        assert land(connection, versions, NOON) == 4
        assert land(connection, versions, NOON + timedelta(hours=1)) == 0
        assert land(connection, [version("c"), version("a")], NOON + timedelta(hours=1)) == 1


def test_a_version_comes_back_as_it_came(engine: Engine) -> None:
    payload = '{"Amount": 0.10, "Name": "订单 \\u0000 \\"x\\""}'
    peking = NOON.astimezone(timezone(timedelta(hours=8)))
    landed = SourceVersion("crm", "Opportunity", "006", "v", peking, payload, is_deleted=True)
    with writing(engine) as connection:
        land(connection, [landed], NOON)
    with reading(engine) as connection:
        found = read_latest(connection, "crm", "Opportunity", "006")
    assert found is not None
    assert found[1:] == landed
    assert found.modified_at is not None
    assert found.modified_at.tzinfo is UTC


def test_a_naive_instant_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no time zone"), writing(engine) as connection:
        land(connection, [version("a")], NOON.replace(tzinfo=None))


def test_only_the_latest_version_of_each_record_is_read_by_pages(engine: Engine) -> None:
    with writing(engine) as connection:
        land(connection, [version("a"), version("b"), version("c"), version("b", "2")], NOON)
        land(connection, [version("x", source="erp")], NOON)
        land(connection, [version("a", "2")], NOON)
    with reading(engine) as connection:
        assert refs(connection) == ["c", "b", "a"]
        first = read_since(connection, "crm", 0, 2)
        assert [landed.ref for landed in first] == ["c", "b"]
        assert refs(connection, first[-1].landing_id) == ["a"]
        assert [landed.version for landed in read_since(connection, "crm", 0, 9)] == ["1", "2", "2"]


def test_cursors_and_freshness(engine: Engine) -> None:
    later = NOON + timedelta(minutes=5)
    with writing(engine) as connection:
        assert read_cursor(connection, "crm", "Opportunity") is None
        land(connection, [version("a")], NOON)
        assert read_cursor(connection, "crm", "Opportunity") is None
        save_cursor(connection, "crm", "Opportunity", "cursor 1", NOON, NOON)
        save_cursor(connection, "crm", "Opportunity", "cursor 2", later, later)
        land(connection, [version("a")], later)
        assert read_cursor(connection, "crm", "Opportunity") == ("cursor 2", later)
        assert freshness(connection) == [Freshness("crm", "Opportunity", later, later, NOON)]


def test_live_refs_are_those_not_deleted_last(engine: Engine) -> None:
    with writing(engine) as connection:
        land(connection, [version(ref) for ref in "edcba"], NOON)
        land(connection, [version("b", "2", is_deleted=True), version("c", "2", is_deleted=True)], NOON)
        land(connection, [version("c", "3"), version("x", source="erp")], NOON)
        assert live_refs(connection, "crm", "Opportunity", "", 10) == ["a", "c", "d", "e"]
        assert live_refs(connection, "crm", "Opportunity", "a", 2) == ["c"]
        assert live_refs(connection, "crm", "Opportunity", "a", 1) == ["c"]
        assert live_refs(connection, "crm", "Opportunity", "c", 2) == ["d", "e"]
        assert live_refs(connection, "crm", "Opportunity", "e", 2) == []


def test_whoever_lands_later_gets_later_ids_also_while_the_other_has_not_committed(engine: Engine) -> None:
    def land_b() -> None:
        with writing(engine) as connection:
            land(connection, [version("b")], NOON)

    second = threading.Thread(target=land_b)
    with writing(engine) as connection:
        land(connection, [version("a")], NOON)
        second.start()
        second.join(0.3)
        assert second.is_alive(), "the second did not wait: its id could be seen before the first one's"
    second.join()
    with reading(engine) as connection:
        assert refs(connection) == ["a", "b"]


def test_more_rows_than_a_batch(engine: Engine) -> None:
    versions = [version(f"{number}") for number in range(12_001)]
    with writing(engine) as connection:
        assert land(connection, versions, NOON) == 12_001
        assert land(connection, versions, NOON) == 0
    with reading(engine) as connection:
        assert refs(connection, limit=20_000) == [str(number) for number in range(12_001)]
