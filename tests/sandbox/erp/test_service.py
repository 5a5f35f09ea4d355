"""Every operation, as a SOAP client that we did not write sees it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import zeep
from lxml import etree

from sandbox.erp.operations import OPERATIONS, SEARCHES
from sandbox.erp.wire import Value, check_message
from tests.sandbox.erp.conftest import Clock, Erp, order

INVOICE: dict[str, Any] = {
    "internalId": "INV1",
    "number": "INV1",
    "orderNumber": ["SO1", "SO2"],
    "tranDate": date(2026, 11, 3),
    "currency": "USD",
    "total": Decimal("100.00"),
    "taxTotal": Decimal("7.25"),
    "grossTotal": Decimal("107.25"),
}
RECORDS: dict[str, dict[str, Any]] = {
    "Customer": {"internalId": "C1", "name": "Ålesund & Søn <A/S>", "crmAccountId": "001", "currency": "EUR"},
    "Item": {
        "internalId": "I1",
        "itemCode": "LF-1",
        "name": "Probe",
        "listPrice": Decimal("890.00"),
        "unitCost": Decimal("0.1"),
    },
    "ExchangeRate": {
        "internalId": "R1",
        "fromCurrency": "EUR",
        "toCurrency": "USD",
        "effectiveDate": date(2026, 11, 1),
        "rate": Decimal("1.085204"),
    },
    "SalesOrder": order("SO1", customer={"internalId": "C1", "name": "Ålesund"}, memo=None),
    "Invoice": INVOICE,
    "Receipt": {
        "internalId": "RC1",
        "number": "RC1",
        "tranDate": date(2026, 11, 4),
        "currency": "USD",
        "amount": Decimal("107.25"),
        "allocation": [
            {"invoiceNumber": "INV1", "amount": Decimal("100.00")},
            {"invoiceNumber": "INV2", "amount": Decimal("7.25")},
        ],
    },
    "CreditMemo": {
        "internalId": "CM1",
        "number": "CM1",
        "invoiceNumber": "INV1",
        "tranDate": date(2026, 11, 5),
        "currency": "USD",
        "total": Decimal("100.00"),
        "taxTotal": Decimal("7.25"),
        "grossTotal": Decimal("107.25"),
    },
    "CommissionNote": {
        "internalId": "N1",
        "externalId": "x-1",
        "employeeEmail": "rep@example.com",
        "notedOn": date(2026, 11, 6),
        "amount": Decimal("-12.50"),
        "currency": "USD",
    },
}


def test_the_served_wsdl_names_the_address_and_every_operation(erp: Erp) -> None:
    [service] = erp.client.wsdl.services.values()
    [port] = service.ports.values()
    assert port.binding_options["address"] == f"{erp.address}/erp"
    assert set(port.binding.all()) == OPERATIONS


@pytest.mark.parametrize(("operation", "kind"), SEARCHES.items())
def test_each_kind_is_searched_and_typed(erp: Erp, operation: str, kind: str) -> None:
    erp.ledger.put(kind, RECORDS[kind])
    result = erp.call(operation)
    assert (result.totalRecords, result.totalPages, result.pageIndex) == (1, 1, 1)
    [record] = result.record
    assert type(record).__name__ == kind
    assert record.internalId == RECORDS[kind]["internalId"]
    assert record.lastModifiedDate == datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_decimals_doubles_dates_optional_repeated_and_nil_elements(erp: Erp) -> None:
    erp.ledger.put("SalesOrder", RECORDS["SalesOrder"])
    erp.ledger.put("Invoice", INVOICE)
    [sold] = erp.call("searchSalesOrders").record
    [billed] = erp.call("searchInvoices").record
    assert (sold.total, type(sold.total)) == (Decimal("12.30"), Decimal)
    assert (sold.line[0].unitPrice, type(sold.line[0].unitPrice)) == (4.1, float)
    assert sold.tranDate == date(2026, 11, 2)
    assert sold.customer.name == "Ålesund"
    assert (sold.memo, sold.crmOpportunityId) == (None, None)
    assert billed.orderNumber == ["SO1", "SO2"]
    assert billed.line == []


def test_amounts_go_out_with_their_own_digits(erp: Erp) -> None:
    line: dict[str, Value] = {
        "lineNumber": 1,
        "quantity": Decimal("1E+2"),
        "amount": Decimal("0.10"),
        "lineCost": Decimal("1234567890.0123456789"),
    }
    erp.ledger.put("SalesOrder", order("SO1", total=Decimal("123456789012345678.90"), line=[line]))
    with erp.client.settings(raw_response=True):
        text = erp.call("searchSalesOrders").text
    root = etree.fromstring(text.encode())
    found = {etree.QName(node).localname: node.text for node in root.iter("{urn:sandbox-erp:records:1}*")}
    assert found["total"] == "123456789012345678.90"
    assert (found["quantity"], found["amount"], found["lineCost"]) == ("100", "0.10", "1234567890.0123456789")


def test_a_window_includes_its_start_and_excludes_its_end(erp: Erp, clock: Clock) -> None:
    first = clock.now
    for number in range(3):
        erp.ledger.put("SalesOrder", order(f"SO{number}"), at=first + timedelta(minutes=number))
    window = {"modifiedFrom": first + timedelta(minutes=1), "modifiedUntil": first + timedelta(minutes=2)}
    assert [record.internalId for record in erp.call("searchSalesOrders", **window).record] == ["SO1"]
    assert erp.call("searchSalesOrders", modifiedFrom=first + timedelta(hours=1)).totalPages == 0


def test_a_changed_record_moves_to_the_window_of_its_change(erp: Erp, clock: Clock) -> None:
    erp.ledger.put("SalesOrder", order("SO1"))
    clock.pass_by(hours=1)
    erp.ledger.put("SalesOrder", order("SO1", status="cancelled"))
    [record] = erp.call("searchSalesOrders", modifiedFrom=clock.now).record
    assert (record.status, record.createdDate) == ("cancelled", clock.now - timedelta(hours=1))


def test_pages_hold_every_record_once_though_records_change_meanwhile(erp: Erp, clock: Clock) -> None:
    for number in range(7):
        erp.ledger.put("SalesOrder", order(f"SO{number}"))
    page = erp.call("searchSalesOrders", pageSize=3)
    found = [record.internalId for record in page.record]
    clock.pass_by(seconds=5)
    erp.ledger.put("SalesOrder", order("SO5"))
    erp.ledger.delete("SalesOrder", "SO6")
    for page_index in range(2, page.totalPages + 1):
        more = erp.call("searchMoreWithId", searchId=page.searchId, pageIndex=page_index)
        assert (more.pageIndex, more.totalRecords) == (page_index, 7)
        found += [record.internalId for record in more.record]
    assert found == [f"SO{number}" for number in range(7)]


@pytest.mark.parametrize(("fault", "sizes"), [("short_page", [2, 4, 1]), ("empty_page", [0, 4, 3])])
def test_a_page_may_be_short_without_being_the_last(erp: Erp, fault: str, sizes: list[int]) -> None:
    for number in range(7):
        erp.ledger.put("SalesOrder", order(f"SO{number}"))
    erp.ledger.faults.add(fault, matching="searchSalesOrders")
    first = erp.call("searchSalesOrders", pageSize=4)
    rest = [erp.call("searchMoreWithId", searchId=first.searchId, pageIndex=index) for index in (2, 3)]
    assert [len(page.record) for page in (first, *rest)] == sizes
    assert first.totalPages == 3


def test_records_by_id(erp: Erp) -> None:
    erp.ledger.put("SalesOrder", order("SO1"))
    result = erp.call("getList", kind="SalesOrder", internalId=["SO1", "SO2", "https://elsewhere.example/"])
    assert [record.internalId for record in result.found] == ["SO1"]
    assert result.missing == ["SO2", "https://elsewhere.example/"]


def test_the_deleted_feed_by_pages(erp: Erp, clock: Clock) -> None:
    start = clock.now
    for number in range(5):
        erp.ledger.put("Invoice", INVOICE | {"internalId": f"INV{number}"})
        erp.ledger.delete("Invoice", f"INV{number}", at=start + timedelta(minutes=number))
    window = {
        "kind": "Invoice",
        "deletedFrom": start + timedelta(minutes=1),
        "deletedUntil": start + timedelta(minutes=4),
    }
    pages = [erp.call("getDeleted", **window, pageSize=2, pageIndex=index) for index in (1, 2)]
    found = [(one.kind, one.internalId, one.deletedDate) for page in pages for one in page.deletedRecord]
    assert found == [("Invoice", f"INV{number}", start + timedelta(minutes=number)) for number in (1, 2, 3)]
    assert (pages[0].totalRecords, pages[0].totalPages) == (3, 2)
    assert erp.call("searchInvoices").totalRecords == 0


def test_the_deleted_feed_says_when_it_has_forgotten(erp: Erp, clock: Clock) -> None:
    start = clock.now
    clock.pass_by(days=31)
    with pytest.raises(zeep.exceptions.Fault, match="WINDOW_TOO_OLD"):
        erp.call("getDeleted", kind="Invoice", deletedFrom=start, deletedUntil=clock.now)


def test_the_server_tells_its_time(erp: Erp, clock: Clock) -> None:
    answer = erp.call("getServerTime")
    assert (answer.serverTime, answer.timeZone) == (clock.now, "UTC")


def test_a_token_serves_until_it_expires(erp: Erp, clock: Clock) -> None:
    token = erp.call("login").token
    with_token = {name: erp.credentials[name] for name in ("company", "user")} | {"token": token}
    assert erp.call_as(with_token, "getServerTime").timeZone == "UTC"
    assert erp.ledger.sessions.opened == 1
    clock.pass_by(minutes=20)
    with pytest.raises(zeep.exceptions.Fault, match="INVALID_SESSION"):
        erp.call_as(with_token, "getServerTime")


@pytest.mark.parametrize(
    "change", [{"company": "OTHER"}, {"user": "nobody"}, {"password": "wrong"}, {"password": "pässword"}]
)
def test_wrong_credentials_are_refused_without_being_repeated(erp: Erp, change: dict[str, str]) -> None:
    with pytest.raises(zeep.exceptions.Fault) as caught:
        erp.call_as({**erp.credentials, **change}, "searchInvoices")
    assert caught.value.code == "soap:Client"
    assert caught.value.detail.findtext(".//{*}code") == "INVALID_CREDENTIALS"
    assert erp.ledger.credentials.password not in etree.tostring(caught.value.detail).decode()


def test_no_credentials_at_all(erp: Erp) -> None:
    with pytest.raises(zeep.exceptions.Fault, match="the header credentials is missing"):
        erp.call_as({}, "getServerTime")


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("searchInvoices", {"pageSize": 0}, "BAD_SEARCH"),
        ("searchInvoices", {"pageSize": 1001}, "BAD_SEARCH"),
        ("searchInvoices", {"modifiedFrom": datetime(2026, 2, 1), "modifiedUntil": datetime(2026, 1, 1)}, "BAD_SEARCH"),  # noqa: DTZ001 - a client without time zones
        ("searchMoreWithId", {"searchId": "none", "pageIndex": 1}, "INVALID_SEARCH_ID"),
        ("getList", {"kind": "SalesOrder", "internalId": [str(number) for number in range(1001)]}, "TOO_MANY_IDS"),
        ("getList", {"kind": "Salary", "internalId": ["1"]}, "INVALID_REQUEST"),
        (
            "getDeleted",
            {"kind": "Invoice", "deletedFrom": date(2026, 11, 20), "deletedUntil": "soon"},
            "INVALID_REQUEST",
        ),
    ],
)
def test_bad_requests_are_faults_that_say_why(erp: Erp, operation: str, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(zeep.exceptions.Fault, match=f"^{code}: ") as caught:
        erp.call(operation, **arguments)
    assert caught.value.detail.findtext(".//{*}code") == code


def test_a_page_that_does_not_exist(erp: Erp) -> None:
    erp.ledger.put("SalesOrder", order("SO1"))
    search_id = erp.call("searchSalesOrders").searchId
    with pytest.raises(zeep.exceptions.Fault, match="page 2 of 1 does not exist"):
        erp.call("searchMoreWithId", searchId=search_id, pageIndex=2)


def test_every_answer_is_what_the_schema_promises(erp: Erp) -> None:
    for kind, record in RECORDS.items():
        erp.ledger.put(kind, record)
    erp.ledger.delete("Item", "I1")
    window = {"deletedFrom": erp.ledger.now(), "deletedUntil": erp.ledger.now() + timedelta(hours=1)}
    note = {name: value for name, value in RECORDS["CommissionNote"].items() if name != "internalId"}
    calls: list[tuple[str, dict[str, Any]]] = [
        *((operation, {}) for operation in SEARCHES),
        ("login", {}),
        ("getServerTime", {}),
        ("getList", {"kind": "Invoice", "internalId": ["INV1", "no"]}),
        ("getDeleted", {"kind": "Item", **window}),
        ("upsertCommissionNotes", {"note": [note, {**note, "externalId": ""}]}),
    ]
    with erp.client.settings(raw_response=True):
        for operation, arguments in calls:
            envelope = etree.fromstring(erp.call(operation, **arguments).content)
            [message] = envelope.findall("{*}Body/*")
            check_message(message)
            assert etree.QName(message).localname == f"{operation}Response"
