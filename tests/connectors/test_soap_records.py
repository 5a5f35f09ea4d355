"""Records from wire to payload: exact text; null, empty and absent apart; lists always lists; pages in any shape."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaDriftError,
    TransientError,
)
from connectors.protocol import Cursor, EventRequest, Outcome, SourceRecord
from connectors.soap import SoapConnector, SoapSettings
from sandbox.erp import wire
from sandbox.erp.app import create_app
from sandbox.erp.ledger import Ledger
from sandbox.serving import serve

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INVOICE: wire.Record = {
    "number": "I-1",
    "tranDate": date(2026, 3, 1),
    "currency": "USD",
    "total": Decimal("12.50"),
    "taxTotal": Decimal(0),
    "grossTotal": Decimal("12.50"),
}

_ANYWHERE = {"service": "sandbox_erp", "endpoint": "http://127.0.0.1/erp"}
DESCRIPTION = SoapSettings.model_validate(_ANYWHERE).streams["Invoice"]


class Erp:
    """The sandbox ERP, its clock, and connectors to it."""

    def __init__(self) -> None:
        self.now = START
        self.waits: list[float] = []
        self.ledger = Ledger(lambda: self.now)
        self.url = ""

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def open(self, **changes: object) -> SoapConnector:
        ours = self.ledger.credentials
        settings = {
            "service": "sandbox_erp",
            "endpoint": f"{self.url}/erp",
            "wsdl": wire.FOLDER / "erp.wsdl",
            "credentials": {"company": ours.company, "user": ours.user, "password": ours.password},
            **changes,
        }
        return SoapConnector("erp", SoapSettings.model_validate(settings), lambda: self.now, sleep=self.sleep)

    def put(self, **changes: wire.Value) -> str:
        return self.ledger.put("Invoice", {**INVOICE, **changes})

    def read(self, connector: SoapConnector, since: Cursor | None = None) -> list[SourceRecord]:
        pages = connector.read("Invoice", since, self.now)
        return [record for page in pages for record in page.records]


@pytest.fixture
def erp() -> Iterator[Erp]:
    there = Erp()
    with serve(create_app(there.ledger)) as url:
        there.url = url
        yield there


def payload(erp: Erp, **changes: wire.Value) -> Mapping[str, object]:
    ref = erp.put(**changes)
    (record,) = erp.open().get_by_ids("Invoice", [ref]).records
    found: dict[str, object] = json.loads(record.payload)
    return found


@pytest.mark.parametrize("text", ["0.1", "0.30", "-0.10", "123456789012345678.9", "0.1234567890123456789", "100000"])
def test_decimals_and_doubles_keep_the_text_of_the_wire(erp: Erp, text: str) -> None:
    line: wire.Record = {
        "lineNumber": 1,
        "quantity": Decimal(text),
        "unitPrice": Decimal(text),
        "amount": Decimal(text),
    }
    found = payload(erp, total=Decimal(text), line=[line])
    assert found["total"] == text
    assert found["line"] == [{"lineNumber": "1", "quantity": text, "unitPrice": text, "amount": text}]


def test_null_empty_and_absent_stay_apart(erp: Erp) -> None:
    assert payload(erp, memo=None)["memo"] is None
    assert payload(erp, memo="")["memo"] == ""
    assert "memo" not in payload(erp)


@pytest.mark.parametrize("orders", [["O-1"], ["O-1", "O-2"]])
def test_what_may_repeat_is_a_list_even_if_there_is_one(erp: Erp, orders: list[wire.Value]) -> None:
    assert payload(erp, orderNumber=orders)["orderNumber"] == orders


def test_text_with_markup_newlines_and_all_alphabets_comes_through(erp: Erp) -> None:
    text = "<b>&amp; ]]> 销售\n zweite Zeile 🙂"
    assert payload(erp, memo=text)["memo"] == text


def test_the_kind_of_a_record_is_told(erp: Erp) -> None:
    assert payload(erp)["@xsi:type"] == "Invoice"


@pytest.mark.parametrize("fault", ["short_page", "empty_page"])
def test_a_short_or_empty_page_need_not_be_the_last(erp: Erp, fault: str) -> None:
    refs = {erp.put() for _ in range(7)}
    erp.ledger.faults.add(fault, matching="searchInvoices")
    assert {record.ref for record in erp.read(erp.open(page_size=3))} == refs


def test_a_search_that_the_service_forgot_goes_on_from_the_last_cursor(
    erp: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.erp.operations._KEPT_SEARCHES", 1)
    refs = []
    for _ in range(6):
        refs.append(erp.put())
        erp.now += timedelta(seconds=1)
    erp.now += timedelta(hours=1)
    pages = erp.open(page_size=2).read("Invoice", None, erp.now)
    read = [record.ref for record in next(pages).records]
    list(erp.open().read("Receipt", None, erp.now))  # one more search than is kept
    read += [record.ref for page in pages for record in page.records]
    assert read == refs


def test_a_stream_that_is_not_ordered_moves_its_cursor_at_the_end_only(erp: Erp) -> None:
    search = DESCRIPTION.search.model_copy(update={"is_ordered": False})
    streams = {"Invoice": DESCRIPTION.model_copy(update={"search": search})}
    refs = {erp.put() for _ in range(5)}
    erp.now += timedelta(hours=1)
    pages = list(erp.open(streams=streams, page_size=2).read("Invoice", None, erp.now))
    assert len({page.cursor for page in pages[:-1]}) == 1
    assert pages[0].cursor != pages[-1].cursor
    assert {record.ref for page in pages for record in page.records} == refs


@pytest.mark.parametrize(
    ("fault", "kind", "waits"),
    [
        ("invalid_credentials", AuthenticationError, 0),
        ("invalid_session", AuthenticationError, 0),
        ("concurrency", RateLimitedError, 4),
        ("unexpected_error", TransientError, 4),
        ("html_503", TransientError, 4),
        ("login_page", ProtocolError, 0),
        ("truncated", TransientError, 4),
    ],
)
def test_what_a_fault_means_and_whether_it_is_worth_another_try(
    erp: Erp, fault: str, kind: type[ConnectorError], waits: int
) -> None:
    erp.put()
    connector = erp.open()
    erp.ledger.faults.add(fault, matching="searchInvoices", count=1000)
    with pytest.raises(kind) as raised:
        erp.read(connector)
    assert type(raised.value) in (kind, *kind.__subclasses__())
    assert len(erp.waits) == waits
    assert raised.value.place.stream == "Invoice"


def test_a_fault_that_names_a_time_is_heeded(erp: Erp) -> None:
    erp.put()
    erp.ledger.faults.add("concurrency", matching="searchInvoices", seconds=42)
    assert len(erp.read(erp.open())) == 1
    assert 42 <= erp.waits[0] <= 43


def test_a_session_that_expired_is_renewed_at_once(erp: Erp) -> None:
    erp.put()
    connector = erp.open()
    connector.check()
    erp.ledger.faults.add("invalid_session", matching="searchInvoices")
    assert len(erp.read(connector)) == 1
    assert erp.waits == []


def test_the_service_kinds_of_faults_can_be_described_otherwise(erp: Erp) -> None:
    erp.ledger.faults.add("concurrency", matching="searchInvoices")
    faults = [{"contains": "CONCURRENCY_LIMIT_EXCEEDED", "kind": "quota"}]
    with pytest.raises(QuotaExhaustedError):
        erp.read(erp.open(faults=faults))


def test_deletions_that_the_service_no_longer_remembers_are_a_gap(erp: Erp) -> None:
    ref = erp.put()
    erp.ledger.delete("Invoice", ref)
    erp.now += timedelta(minutes=1)
    connector = erp.open()
    assert [one.ref for one in connector.read_deleted("Invoice", START, erp.now).tombstones] == [ref]
    erp.now += timedelta(days=40)
    assert connector.read_deleted("Invoice", START, erp.now).is_gap


def test_a_locked_row_is_tried_again_by_itself(erp: Erp) -> None:
    erp.ledger.faults.add("row_locked", matching="K-1")
    fixed = {"employeeEmail": "rep@sandbox.example", "notedOn": date(2026, 3, 1), "currency": "USD"}
    rows = [{"externalId": key, "amount": Decimal(1), **fixed} for key in ("K-1", "K-2")]
    results = erp.open().write("CommissionNote", rows, "externalId", "run-1")
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.CREATED]
    assert len(erp.waits) == 1


def test_a_stream_that_takes_no_writes_says_so(erp: Erp) -> None:
    with pytest.raises(ProtocolError, match="cannot be written"):
        erp.open().write("Invoice", [{"number": "1"}], "number", "run-1")


def test_events_are_not_supported(erp: Erp) -> None:
    with pytest.raises(ProtocolError, match="read it on a schedule"):
        erp.open().verify_event(EventRequest("POST", "/", {}, b""))


@pytest.mark.parametrize("cursor", ["", "null", "[]", '{"stamp": 1}', '{"stamp": "yesterday"}', "\x00"])
def test_a_foreign_cursor_is_refused(erp: Erp, cursor: str) -> None:
    with pytest.raises(ProtocolError, match="cursor"):
        erp.read(erp.open(), Cursor(cursor))


def test_an_operation_or_type_that_the_wsdl_lacks_is_drift(erp: Erp) -> None:
    gone = DESCRIPTION.search.model_copy(update={"operation": "searchEverything"})
    streams = {"Invoice": DESCRIPTION.model_copy(update={"search": gone, "type": "{urn:sandbox-erp:records:1}Gone"})}
    connector = erp.open(streams=streams)
    with pytest.raises(SchemaDriftError, match="no operation searchEverything"):
        erp.read(connector)
    with pytest.raises(SchemaDriftError, match="no type"):
        connector.discover()


def test_a_request_that_does_not_fit_the_wsdl_is_drift(erp: Erp) -> None:
    wrong = DESCRIPTION.search.model_copy(update={"request": {"since": "{since}", "noSuchElement": "x"}})
    with pytest.raises(SchemaDriftError, match="does not fit the WSDL"):
        erp.read(erp.open(streams={"Invoice": DESCRIPTION.model_copy(update={"search": wrong})}))


def test_a_path_that_leads_to_no_number_of_pages_is_drift_and_not_the_end(erp: Erp) -> None:
    refs = {erp.put() for _ in range(5)}
    paging = DESCRIPTION.search.paging.model_copy(update={"total_pages": "pagesInAll"})
    search = DESCRIPTION.search.model_copy(update={"paging": paging})
    with pytest.raises(SchemaDriftError, match="pagesInAll"):
        erp.read(erp.open(streams={"Invoice": DESCRIPTION.model_copy(update={"search": search})}, page_size=2))
    assert {record.ref for record in erp.read(erp.open(page_size=2))} == refs


def test_deletions_over_several_pages_all_come(erp: Erp) -> None:
    refs = [erp.put() for _ in range(6)]
    for ref in refs:
        erp.now += timedelta(seconds=1)
        erp.ledger.delete("Invoice", ref)
    feed = DESCRIPTION.deleted
    assert feed is not None
    connector = erp.open(page_size=2)
    erp.now += timedelta(seconds=1)
    assert [one.ref for one in connector.read_deleted("Invoice", START, erp.now).tombstones] == refs


def test_discover_tells_native_types_of_fields_and_lines(erp: Erp) -> None:
    (stream,) = [stream for stream in erp.open().discover() if stream.name == "Invoice"]
    types = {field.name: field.native_type for field in stream.fields}
    assert types["total"] == "decimal"
    assert types["line.quantity"] == "double"
    assert types["tranDate"] == "date"
