"""Nothing is lost, nothing is made up: reads from the first to the last page, whatever happens between."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.errors import ConnectorError, InvalidRowError
from connectors.protocol import Connector, Cursor, DeleteSupport, Page, Reconciliation, SourceRecord
from tests.acceptance.counterparts import Counterpart

HORIZON = 600


@dataclass
class Landing:
    """What a caller keeps: versions that it has not seen before, and the cursor of the last landed page."""

    cursor: Cursor | None = None
    versions: dict[tuple[str, str, str], SourceRecord] = field(default_factory=dict)

    def land(self, page: Page) -> int:
        new = {(record.ref, record.version, record.payload): record for record in page.records}
        added = len(new.keys() - self.versions.keys())
        self.versions |= new
        self.cursor = page.cursor
        return added

    def sync(self, connector: Connector, system: Counterpart) -> int:
        """How many records were handed out."""
        handed_out = 0
        for page in connector.read(system.stream, self.cursor, system.now()):
            self.land(page)
            handed_out += len(page.records)
        return handed_out

    def amounts(self, system: Counterpart) -> dict[str, str]:
        """The amount of each record's last landed version."""
        return {ref: system.amount_text(record.payload) for (ref, _, _), record in self.versions.items()}


def amounts(count: int) -> list[Decimal]:
    return [Decimal(100 + number) for number in range(count)]


def refs(pages: Iterable[Page]) -> list[str]:
    return [record.ref for page in pages for record in page.records]


def test_a_first_read_has_everything_once(system: Counterpart) -> None:
    system.put(amounts(2 * system.page_size + 3))
    system.let_pass(HORIZON + 1)
    read = Counter(refs(system.open().read(system.stream, None, system.now())))
    assert set(read) == system.refs()
    assert set(read.values()) == {1}


def test_records_of_one_stamp_that_fill_several_pages_all_come(system: Counterpart) -> None:
    put = system.put(amounts(3 * system.page_size), stamped=system.now())
    system.let_pass(HORIZON + 1)
    pages = list(system.open().read(system.stream, None, system.now()))
    assert sorted(set(refs(pages)) & set(put)) == sorted(put)
    assert sum(bool(page.records) for page in pages) >= 3


def test_a_second_read_of_an_unchanged_system_has_nothing(system: Counterpart) -> None:
    system.put(amounts(5))
    system.let_pass(HORIZON + 1)
    landing = Landing()
    landing.sync(system.open(), system)
    system.let_pass(60)
    assert landing.sync(system.open(), system) == 0


def test_a_change_is_seen_at_once_and_its_old_version_stays_landed(system: Counterpart) -> None:
    changed, *_ = system.put(amounts(3))
    system.let_pass(HORIZON + 1)
    landing = Landing()
    landing.sync(system.open(), system)
    system.let_pass(2)
    system.change(changed, Decimal(777))
    system.let_pass(2)
    landing.sync(system.open(), system)
    assert landing.amounts(system)[changed].startswith("777")
    assert len({version for ref, version, _ in landing.versions if ref == changed}) == 2


def test_a_record_that_commits_late_is_neither_lost_nor_doubled(late_system: Counterpart) -> None:
    system = late_system
    system.put(amounts(4))
    system.let_pass(300)
    landing = Landing()
    landing.sync(system.open(horizon=HORIZON), system)
    (late,) = system.put([Decimal(9)], stamped=system.now() - timedelta(seconds=240))
    for _ in range(6):
        system.let_pass(300)
        landing.sync(system.open(horizon=HORIZON), system)
    assert late in landing.amounts(system)
    assert len(landing.versions) == len(system.refs())
    assert landing.sync(system.open(horizon=HORIZON), system) == 0


def test_no_cursor_passes_the_safety_horizon(system: Counterpart) -> None:
    system.put(amounts(3))
    landing = Landing()
    assert landing.sync(system.open(horizon=HORIZON), system) >= 3, "the young records are handed out"
    assert landing.sync(system.open(horizon=HORIZON), system) >= 3, "and again, until they are older than the horizon"
    assert all(page.complete_through <= system.now() - timedelta(seconds=HORIZON) for page in _read(system, landing))


def _read(system: Counterpart, landing: Landing) -> list[Page]:
    return list(system.open(horizon=HORIZON).read(system.stream, landing.cursor, system.now()))


def test_a_crash_after_any_page_and_a_restart_give_the_same_records(system: Counterpart) -> None:
    system.put(amounts(system.page_size + 2))
    system.let_pass(1)
    system.put(amounts(2 * system.page_size))
    system.let_pass(HORIZON + 1)
    pages = len(list(system.open().read(system.stream, None, system.now())))
    assert pages >= 3
    for crash_after in range(pages):
        landing = Landing()
        for number, page in enumerate(system.open().read(system.stream, None, system.now())):
            if number == crash_after:
                break  # fetched, never landed
            landing.land(page)
        landing.sync(system.open(), system)
        assert {ref for ref, _, _ in landing.versions} == system.refs()
        assert len(landing.versions) == len(system.refs())


def test_a_window_ends_where_it_is_told_to(system: Counterpart) -> None:
    early = system.put(amounts(2))
    until = system.now()
    system.let_pass(5)
    late = system.put(amounts(2))
    system.let_pass(HORIZON)
    read = refs(system.open().read(system.stream, None, until))
    assert set(early) <= set(read)
    assert not set(late) & set(read)


def test_deletions_are_told_or_declared_unsupported(system: Counterpart) -> None:
    kept, gone = system.put(amounts(2))
    before = system.now()
    system.let_pass(60)
    system.delete(gone)
    system.let_pass(60)
    deletions = system.open().read_deleted(system.stream, before, system.now())
    assert deletions.support is system.deletes
    expected = {gone} if system.deletes is DeleteSupport.FEED else set()
    assert {tombstone.ref for tombstone in deletions.tombstones} == expected
    assert all(tombstone.is_deleted for tombstone in deletions.tombstones)
    assert kept in system.refs()


def test_records_are_found_or_missing_by_id(system: Counterpart) -> None:
    first, second, gone = system.put([Decimal(1), Decimal(2), Decimal(3)])
    system.delete(gone)
    found = system.open().get_by_ids(system.stream, [second, system.unknown_ref, gone, first])
    assert {record.ref for record in found.records} == {first, second}
    assert set(found.missing) == {system.unknown_ref, gone}


def test_a_record_is_the_same_by_page_and_by_id(system: Counterpart) -> None:
    """Else every sweep would land what has not changed."""
    refs = system.put([Decimal("1.50"), Decimal(2)])
    connector = system.open(horizon=0)
    system.let_pass(1)
    read = [record for page in connector.read(system.stream, None, system.now()) for record in page.records]
    found = connector.get_by_ids(system.stream, refs).records
    assert {record.ref: record for record in found} == {record.ref: record for record in read if record.ref in refs}


def test_a_hostile_id_is_refused_before_anything_is_asked(system: Counterpart) -> None:
    connector = system.open()
    for ref in system.hostile_refs:
        with pytest.raises(InvalidRowError):
            connector.get_by_ids(system.stream, [ref])
    assert system.proxy.requests == []


def test_an_unknown_stream_is_an_error_that_names_it(system: Counterpart) -> None:
    with pytest.raises(ConnectorError, match="NoSuchStream"):
        list(system.open().read("NoSuchStream", None, system.now()))


@pytest.mark.parametrize("amount", ["0.1", "0.30", "1250", "999999999999999.99", "1234567890123456.78", "-17.05"])
def test_amounts_come_through_exactly(system: Counterpart, amount: str) -> None:
    (ref,) = system.put([Decimal(amount)])
    found = system.open().get_by_ids(system.stream, [ref])
    text = system.amount_text(found.records[0].payload)
    assert Decimal(text) == Decimal(amount)


def test_reconcile_agrees_with_what_was_read_and_finds_a_dropped_row(system: Counterpart) -> None:
    system.put([Decimal("0.1"), Decimal("0.2"), Decimal("1000000.07")])
    connector = system.open(horizon=0)
    system.let_pass(1)
    since, until = system.now() - timedelta(days=3650), system.now()
    records = [record for page in connector.read(system.stream, None, until) for record in page.records]
    there = connector.reconcile(system.stream, since, until)
    assert there == reconciled(system, records)
    assert there != reconciled(system, records[1:])


def test_an_unreachable_host_is_told_after_a_few_attempts(system: Counterpart) -> None:
    connector = system.open(url="http://127.0.0.1:9")
    with pytest.raises(ConnectorError, match="reached"):
        connector.check()
    assert system.waits, "it may come back: some attempts are made"
    assert sum(system.waits) < 300


def test_check_tells_time_zone_and_clock_skew(system: Counterpart) -> None:
    health = system.open().check()
    assert health.system
    assert health.time_zone
    assert isinstance(health.clock_skew, timedelta)


def test_discover_describes_the_stream_and_its_fields(system: Counterpart) -> None:
    (stream,) = [stream for stream in system.open().discover() if stream.name == system.stream]
    assert stream.deletes is system.deletes
    assert stream.fields


def reconciled(system: Counterpart, records: list[SourceRecord]) -> Reconciliation:
    """What the source should say if exactly these records are there."""
    total = sum((Decimal(system.amount_text(record.payload)) for record in records), Decimal(0))
    digest = hashlib.sha256("\n".join(sorted(record.ref for record in records)).encode()).hexdigest()
    return Reconciliation(len(records), {system.amount_name: total}, digest)
