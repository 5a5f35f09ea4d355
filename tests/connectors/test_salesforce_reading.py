"""What is special about reading Salesforce: children, locators, deleted feeds, schema, exact text."""

import json
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaDriftError,
)
from connectors.protocol import Connector, Cursor, DeleteSupport, EventRequest, SourceRecord
from tests.acceptance.salesforce_org import SalesforceOrg


@pytest.fixture
def system() -> Iterator[SalesforceOrg]:
    with SalesforceOrg.started() as counterpart:
        yield counterpart


class Sync:
    """Reads a stream again and again, as a job would, and keeps the cursor."""

    def __init__(self, system: SalesforceOrg, connector: Connector, stream: str = "Opportunity") -> None:
        self._system, self._connector, self._stream = system, connector, stream
        self.cursor: Cursor | None = None

    def __call__(self) -> list[SourceRecord]:
        records: list[SourceRecord] = []
        for page in self._connector.read(self._stream, self.cursor, self._system.now()):
            records += page.records
            self.cursor = page.cursor
        return records


def opportunity(system: SalesforceOrg, **fields: object) -> str:
    row = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30"}
    return system.org.insert("Opportunity", [row | fields])[0]


def line(system: SalesforceOrg, deal: str, **fields: object) -> str:
    return system.org.insert(
        "OpportunityLineItem", [{"OpportunityId": deal, "Quantity": 1, "TotalPrice": 10} | fields]
    )[0]


def stamp_of(system: SalesforceOrg, ref: str) -> object:
    return next(row["SystemModstamp"] for row in system.org.records("Opportunity") if row["Id"] == ref)


def lines(record: SourceRecord) -> list[Mapping[str, object]]:
    found = json.loads(record.payload, parse_float=Decimal)["OpportunityLineItems"]
    return list(found["records"]) if found else []


@pytest.fixture
def two_deals(system: SalesforceOrg) -> tuple[SalesforceOrg, str, str]:
    deal, other = opportunity(system), opportunity(system)
    line(system, other)
    system.let_pass(3600)
    return system, deal, other


def pinned(system: SalesforceOrg, ref: str, stamp: object) -> None:
    """Puts the parent's stamp back: in Salesforce, not every change of a child moves it."""
    assert isinstance(stamp, str)
    system.org.update("Opportunity", [{"Id": ref}], at=datetime.fromisoformat(stamp))
    assert stamp_of(system, ref) == stamp


def test_a_new_changed_or_deleted_child_brings_its_parent(two_deals: tuple[SalesforceOrg, str, str]) -> None:
    system, deal, _ = two_deals
    stamp = stamp_of(system, deal)
    sync = Sync(system, system.connect(safety_horizon=0))
    assert len(sync()) == 2

    def next_sync() -> SourceRecord:
        pinned(system, deal, stamp)
        system.let_pass(60)
        (record,) = sync()
        assert record.ref == deal
        assert sync() == []
        return record

    system.let_pass(60)
    child = line(system, deal, TotalPrice=Decimal("10.10"))
    added = next_sync()
    assert [one["TotalPrice"] for one in lines(added)] == [Decimal("10.10")]
    system.org.update("OpportunityLineItem", [{"Id": child, "TotalPrice": Decimal("12.20")}])
    changed = next_sync()
    assert [one["TotalPrice"] for one in lines(changed)] == [Decimal("12.20")]
    system.org.delete("OpportunityLineItem", [child])
    deleted = next_sync()
    assert lines(deleted) == []
    assert len({added.version, changed.version, deleted.version}) == 3, "each is a version of its own"
    assert added.version < changed.version < deleted.version
    assert {added.modified_at, changed.modified_at, deleted.modified_at} == {added.modified_at}


def test_splits_are_children_too(two_deals: tuple[SalesforceOrg, str, str]) -> None:
    system, deal, _ = two_deals
    stamp = stamp_of(system, deal)
    sync = Sync(system, system.connect(safety_horizon=0))
    sync()
    system.let_pass(60)
    (user,) = system.org.insert("User", [{"LastName": "Doe", "Username": "doe@example.org"}])
    system.org.insert("OpportunitySplit", [{"OpportunityId": deal, "SplitOwnerId": user, "SplitPercentage": 50}])
    pinned(system, deal, stamp)
    system.let_pass(60)
    (record,) = sync()
    (split,) = json.loads(record.payload)["OpportunitySplits"]["records"]
    assert (record.ref, split["SplitOwnerId"]) == (deal, user)


def test_a_parent_that_changed_with_its_children_comes_once(two_deals: tuple[SalesforceOrg, str, str]) -> None:
    system, deal, _ = two_deals
    sync = Sync(system, system.connect(safety_horizon=0))
    sync()
    system.let_pass(60)
    line(system, deal)
    system.change(deal, Decimal(99))
    system.let_pass(60)
    assert [record.ref for record in sync()] == [deal]


def test_a_child_that_commits_late_is_not_lost(two_deals: tuple[SalesforceOrg, str, str]) -> None:
    system, deal, _ = two_deals
    sync = Sync(system, system.connect())
    sync()
    stamp, before = stamp_of(system, deal), system.now()
    system.let_pass(240)
    sync()
    child = system.org.insert(
        "OpportunityLineItem", [{"OpportunityId": deal, "Quantity": 1}], at=before + timedelta(seconds=1)
    )
    pinned(system, deal, stamp)
    seen = [one["Id"] for record in sync() for one in lines(record)]
    assert child[0] in seen


def test_a_first_read_that_crashed_still_sees_children_that_changed_meanwhile(system: SalesforceOrg) -> None:
    deals = [opportunity(system, Name=f"Deal {number}") for number in range(250)]
    system.let_pass(3600)
    connector = system.connect(page_size=200)
    first = next(iter(connector.read("Opportunity", None, system.now())))
    stamp, deal = stamp_of(system, deals[0]), deals[0]
    system.let_pass(86_400)
    line(system, deal)
    pinned(system, deal, stamp)
    system.let_pass(86_400)
    rest = [record for page in connector.read("Opportunity", first.cursor, system.now()) for record in page.records]
    assert [len(lines(record)) for record in rest if record.ref == deal] == [1]
    assert {record.ref for record in (*first.records, *rest)} == set(deals)


def test_children_that_fill_several_pages_are_all_in_the_payload(system: SalesforceOrg) -> None:
    deal = opportunity(system)
    for number in range(450):
        line(system, deal, TotalPrice=Decimal(number) / 10)
    (record,) = system.connect(page_size=200).get_by_ids("Opportunity", [deal]).records
    assert sorted(Decimal(str(one["TotalPrice"])) for one in lines(record)) == [Decimal(n) / 10 for n in range(450)]
    assert json.loads(record.payload)["OpportunityLineItems"]["done"] is True


@pytest.mark.parametrize(
    ("fault", "count"),
    [("short_page", 2), ("expired_session", 1), ("server_error", 2), ("truncated_body", 2), ("unavailable", 2)],
)
def test_the_orgs_own_faults_lose_nothing(system: SalesforceOrg, fault: str, count: int) -> None:
    deals = {opportunity(system) for _ in range(450)}
    system.let_pass(3600)
    system.org.faults.add(fault, matching="*quer*", count=count, skip=1)
    read = [record.ref for record in Sync(system, system.connect(page_size=200))()]
    assert set(read) == deals
    assert system.org.faults.pending() == ()


def test_locators_that_are_lost_with_every_page_hold_nothing_up(system: SalesforceOrg) -> None:
    deals = {opportunity(system) for _ in range(650)}
    read = read_with_lost_locators(system, horizon=0)
    assert set(read) == deals


def test_locators_that_are_lost_without_any_progress_end_in_an_error(system: SalesforceOrg) -> None:
    for _ in range(250):
        opportunity(system)
    with pytest.raises(ProtocolError, match="LOCATOR"):
        read_with_lost_locators(system, horizon=600)


def read_with_lost_locators(system: SalesforceOrg, *, horizon: int) -> list[str]:
    read: list[str] = []
    for page in system.connect(page_size=200, safety_horizon=horizon).read("Opportunity", None, system.now()):
        read += [record.ref for record in page.records]
        system.org.sessions.expire_all()
    return read


def test_the_days_allowance_used_up_is_not_retried(system: SalesforceOrg) -> None:
    connector = system.connect()
    connector.check()
    system.org.faults.add("request_limit_exceeded", count=5)
    with pytest.raises(QuotaExhaustedError):
        Sync(system, connector)()
    assert system.waits == []


def test_too_many_requests_for_ever_is_rate_limited(system: SalesforceOrg) -> None:
    connector = system.connect()
    connector.check()
    system.org.faults.add("too_many_requests", count=50)
    with pytest.raises(RateLimitedError):
        Sync(system, connector)()


def test_tombstones_merges_undeletes_and_hard_deletes(system: SalesforceOrg) -> None:
    plain, purged, back = opportunity(system), opportunity(system), opportunity(system)
    sync = Sync(system, system.connect(safety_horizon=0))
    system.let_pass(60)
    sync()
    before = system.now()
    system.org.delete("Opportunity", [plain, back])
    system.org.purge("Opportunity", [purged])
    system.let_pass(120)
    deletions = system.connect().read_deleted("Opportunity", before, system.now())
    assert {tombstone.ref for tombstone in deletions.tombstones} == {plain, purged, back}
    assert not deletions.is_gap
    system.org.undelete("Opportunity", [back])
    system.let_pass(60)
    assert [record.ref for record in sync()] == [back], "it comes back by its new stamp"


def test_a_window_that_the_org_has_forgotten_is_a_gap(system: SalesforceOrg) -> None:
    system.let_pass(40 * 86_400)
    system.org.forget_deletions(system.now() - timedelta(days=15))
    long_ago = system.connect().read_deleted("Opportunity", system.now() - timedelta(days=30), system.now())
    assert long_ago.is_gap
    assert long_ago.support is DeleteSupport.FEED
    assert not system.connect().read_deleted("Opportunity", system.now() - timedelta(days=2), system.now()).is_gap


def test_a_field_that_is_dropped_in_mid_run_is_named(system: SalesforceOrg) -> None:
    system.org.define("Opportunity", {"Margin__c": "currency(18,2)"})
    opportunity(system)
    sync = Sync(system, system.connect(changes={"Opportunity": {"add": ["Margin__c"]}}))
    assert json.loads(sync()[0].payload)["Margin__c"] is None
    system.org.drop_field("Opportunity", "Margin__c")
    with pytest.raises(SchemaDriftError, match=r"crm/Opportunity.*Margin__c"):
        sync()
    assert Sync(system, system.connect(changes={}))()


def test_what_an_org_lacks_is_left_out_and_what_it_has_is_added(system: SalesforceOrg) -> None:
    system.org.define("OpportunityLineItem", {"Cost__c": "currency(18,2)"})
    line(system, opportunity(system), Cost__c=Decimal("7.25"))
    changes = {
        "add_to_children": {"OpportunityLineItems": ["Cost__c"]},
        "omit": ["LeadSource"],
        "omit_children": ["OpportunitySplits"],
    }
    connector = system.connect(changes={"Opportunity": changes}, omit_fields=["CurrencyIsoCode"])
    (record,) = Sync(system, connector)()
    payload = json.loads(record.payload, parse_float=str)
    assert payload["OpportunityLineItems"]["records"][0]["Cost__c"] == "7.25"
    assert not {"LeadSource", "OpportunitySplits", "CurrencyIsoCode"} & payload.keys()


def test_a_setting_for_a_stream_that_there_is_not_is_refused(system: SalesforceOrg) -> None:
    with pytest.raises(ValueError, match="no stream 'Oportunity'"):
        system.connect(streams=["Oportunity"])


def test_every_default_stream_can_be_read_and_described(system: SalesforceOrg) -> None:
    connector = system.connect(streams=[], changes={})
    for stream in connector.streams:
        assert list(connector.read(stream, None, system.now()))
        assert connector.reconcile(stream, system.now() - timedelta(days=1), system.now()).id_digest
    described = {stream.name: stream for stream in connector.discover()}
    assert set(described) == set(connector.streams)
    amount = next(field for field in described["Opportunity"].fields if field.name == "Amount")
    assert (amount.native_type, amount.scale, amount.is_calculated) == ("currency", 2, False)


def test_formulas_and_parents_fields_are_to_be_swept(system: SalesforceOrg) -> None:
    system.org.define("Opportunity", {"Sector__c": "formula(Account.Industry)"})
    connector = system.connect(changes={"Opportunity": {"add": ["Sector__c", "Account.Name"]}})
    (stream,) = connector.discover()
    assert stream.sweep == ("Sector__c", "Account.Name")


def test_a_payload_is_the_records_own_text(system: SalesforceOrg) -> None:
    """NUL, quotes, newlines, other scripts, and numbers that a float would change."""
    name = 'a\x00"b"\n\u4e2d\u6587 \u20ac'
    system.org.define("Opportunity", {"Exact__c": "double(18,16)"})
    deal = opportunity(system, Name=name, Amount=Decimal("1234567890123456.78"), Exact__c=Decimal("0.1234567890123456"))
    (record,) = system.connect(changes={"Opportunity": {"add": ["Exact__c"]}}).get_by_ids("Opportunity", [deal]).records
    payload = json.loads(record.payload, parse_float=Decimal)
    assert payload["Name"] == name
    assert payload["Amount"] == Decimal("1234567890123456.78")
    assert payload["Exact__c"] == Decimal("0.1234567890123456")


def test_a_short_id_finds_its_record(system: SalesforceOrg) -> None:
    deal = opportunity(system)
    found = system.connect().get_by_ids("Opportunity", [deal[:15]])
    assert [record.ref for record in found.records] == [deal]
    assert found.missing == ()


@pytest.mark.parametrize(
    "cursor", ["", "{}", "null", '{"at": ["2026-01-01T00:00:00", "x"]}', "not JSON", '{"at":[1,2]}']
)
def test_a_cursor_of_another_system_is_refused(system: SalesforceOrg, cursor: str) -> None:
    with pytest.raises(ProtocolError, match="cursor"):
        list(system.connect().read("Opportunity", Cursor(cursor), system.now()))


def test_an_event_is_not_believed(system: SalesforceOrg) -> None:
    with pytest.raises(ProtocolError, match="no signed events"):
        system.connect().verify_event(EventRequest("POST", "/hook", {}, b"<Envelope/>"))


def test_check_tells_scopes_allowance_and_clock_skew(system: SalesforceOrg) -> None:
    health = system.connect().check()
    assert "api" in health.scopes
    assert health.remaining_calls is not None
    assert 0 < health.remaining_calls <= system.org.daily_api_requests
    assert abs(health.clock_skew) < timedelta(seconds=2)


def test_a_large_read_stays_flat_in_memory(system: SalesforceOrg) -> None:
    row = {"Name": "n" * 100, "StageName": "Prospecting", "CloseDate": "2026-06-30", "Amount": 1}
    system.org.insert("Opportunity", [row] * 2400)
    system.let_pass(3600)
    pages = system.connect(page_size=200).read("Opportunity", None, system.now())
    next(pages)
    tracemalloc.start()
    count = sum(len(page.records) for page in pages)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 2200
    assert peak < 25 * 1024 * 1024
