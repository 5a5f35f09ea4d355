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
    land_swept,
    newest_ids,
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


def test_newest_ids_are_those_of_all_records_by_pages(engine: Engine) -> None:
    with writing(engine) as connection:
        land(connection, [version(ref) for ref in "dcba"], NOON)
        land(connection, [version("b", "2", is_deleted=True), version("x", source="erp")], NOON)
        latest = {landed.ref: landed.landing_id for landed in read_since(connection, "crm", 0, 9)}
        assert newest_ids(connection, "crm", "Opportunity", "", 9) == latest
        assert list(newest_ids(connection, "crm", "Opportunity", "a", 2)) == ["b", "c"]
        assert list(newest_ids(connection, "crm", "Opportunity", "c", 2)) == ["d"]
        assert newest_ids(connection, "crm", "Opportunity", "d", 2) == {}


def sweep(engine: Engine, *versions: SourceVersion) -> int:
    with writing(engine) as connection:
        return land_swept(connection, versions, newest_ids(connection, "crm", "Opportunity", "", 99), NOON)


def newest(engine: Engine, ref: str) -> tuple[str, str, bool]:
    with reading(engine) as connection:
        found = read_latest(connection, "crm", "Opportunity", ref)
    assert found is not None
    return found.version, found.payload, found.is_deleted


def test_a_content_that_comes_back_under_its_old_stamp_lands_again_when_swept(engine: Engine) -> None:
    a, b = version("r", "1", '"A"'), version("r", "1", '"B"')
    with writing(engine) as connection:
        assert land(connection, [a, version("s")], NOON) == 2
    assert [sweep(engine, swept, version("s")) for swept in (a, b, b, a, a, b, a)] == [0, 1, 0, 1, 0, 1, 1]
    assert newest(engine, "r") == ("1#5", '"A"', False)
    with writing(engine) as connection:
        assert land(connection, [a, b, a], NOON) == 0, "a page that is read again is known"
    assert newest(engine, "r") == ("1#5", '"A"', False)


def test_a_sweep_takes_back_a_deletion_and_tells_one_only_once(engine: Engine) -> None:
    there = version("r")
    told, missing = (version("r", stamp, stamp, is_deleted=True) for stamp in ("told", "missing"))
    with writing(engine) as connection:
        land(connection, [there, told], NOON)
    assert [sweep(engine, swept) for swept in (missing, there, there, missing, there, missing)] == [0, 1, 0, 1, 1, 1]
    assert newest(engine, "r") == ("missing#6", "missing", True)


def test_what_lands_while_the_source_is_asked_is_not_put_behind_what_it_said(engine: Engine) -> None:
    with writing(engine) as connection:
        land(connection, [version("r", "1"), version("s", "1")], NOON)
        held = newest_ids(connection, "crm", "Opportunity", "", 9)
    with writing(engine) as connection:
        land(connection, [version("r", "3", "3")], NOON)
    with writing(engine) as connection:
        swept = [version("r", "2", "2"), version("s", "2", "2"), version("never held")]
        assert land_swept(connection, swept, held, NOON) == 1
    assert [newest(engine, ref)[0] for ref in "rs"] == ["3", "2"]


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
