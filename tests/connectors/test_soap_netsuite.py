"""A large real WSDL (NetSuite, 46 schemas) and answers that were recorded from the real service."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lxml import etree

from connectors.errors import AuthenticationError, ConnectorError, InvalidRowError, RateLimitedError
from connectors.soap import SoapConnector, SoapSettings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MESSAGES = "urn:messages_2023_2.platform.webservices.netsuite.com"
CORE = "urn:core_2023_2.platform.webservices.netsuite.com"
DESCRIPTION = {
    "binding": "NetSuiteBinding",
    "time_zone": "America/Los_Angeles",
    "headers": {
        "tokenPassport": {
            "account": "{account}",
            "consumerKey": "{consumer_key}",
            "token": "{token_id}",
            "nonce": "n",
            "timestamp": 1,
            "signature": {"_value_1": "s", "algorithm": "HMAC-SHA256"},
        }
    },
    "credentials": {"account": "TSTDRV0", "consumer_key": "consumer-for-tests", "token_id": "token-for-tests"},
    "faults": [
        # Too many calls at once come with the code of a wrong login: what the fault says in words is asked first.
        {"contains": "Only one request may be made against a session at a time", "kind": "rate_limited"},
        {"contains": "WS_CONCUR_SESSION_DISALLWD", "kind": "rate_limited"},
        {"contains": "INVALID_LOGIN_CREDENTIALS", "kind": "authentication"},
        {"contains": "INVALID_KEY_OR_REF", "kind": "invalid_row"},
    ],
    "failure": {
        "path": "writeResponse.status.@isSuccess",
        "equals": "false",
        "code": "writeResponse.status.statusDetail.code",
        "message": "writeResponse.status.statusDetail.message",
    },
    "streams": {
        "Invoice": {
            "type": "{urn:sales_2023_2.transactions.webservices.netsuite.com}Invoice",
            "ref": "@internalId",
            "modified": "lastModifiedDate",
            "version": "lastModifiedDate",
            "sums": ["total"],
            "search": {
                "operation": "search",
                "request": {
                    "searchRecord": {
                        "$type": "{urn:common_2023_2.platform.webservices.netsuite.com}TransactionSearchBasic",
                        "lastModifiedDate": {"operator": "within", "searchValue": "{since}", "searchValue2": "{until}"},
                    }
                },
                "records": "searchResult.recordList.record",
                "paging": {
                    "style": "search_id",
                    "search_id": "searchResult.searchId",
                    "total_pages": "searchResult.totalPages",
                    "more": {
                        "operation": "searchMoreWithId",
                        "request": {"searchId": "{search_id}", "pageIndex": "{page_index}"},
                    },
                },
            },
            "lookup": {
                "operation": "get",
                "request": {"baseRef": {"$type": f"{{{CORE}}}RecordRef", "internalId": "{id}", "type": "invoice"}},
                "records": "readResponse.record",
                "batch_size": 1,
            },
            "deleted": {
                "operation": "getDeleted",
                "request": {
                    "getDeletedFilter": {
                        "deletedDate": {"operator": "within", "searchValue": "{since}", "searchValue2": "{until}"},
                        "type": {"operator": "anyOf", "searchValue": ["invoice"]},
                    },
                    "pageIndex": "{page_index}",
                },
                "records": "getDeletedResult.deletedRecordList.deletedRecord",
                "ref": "record.@internalId",
                "deleted_at": "deletedDate",
                "paging": {"style": "index", "total_pages": "getDeletedResult.totalPages"},
            },
        }
    },
}


@pytest.fixture(scope="module")
def wsdl(test_data: Path) -> Path:
    return test_data / "data" / "wsdl" / "netsuite_2023_2" / "netsuite.wsdl"


@contextmanager
def replaying(recording: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A service that gives one recorded answer to everything, under the namespaces of the present release."""
    answer = re.sub(rb"_20\d\d_\d\.", b"_2023_2.", recording.read_bytes())
    status = 500 if b"<soapenv:Fault>" in answer else 200
    asked: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def connector(wsdl: Path, endpoint: str) -> SoapConnector:
    settings = {**DESCRIPTION, "endpoint": endpoint, "wsdl": wsdl, "retry": {"attempts": 2}}
    return SoapConnector("netsuite", SoapSettings.model_validate(settings), lambda: NOW, sleep=lambda _seconds: None)


def texts(recording: Path, name: str) -> list[str]:
    """All texts of an element of a recording, whatever its namespace."""
    root = etree.parse(recording).getroot()
    return [str(node.text) for node in root.iter(f"{{*}}{name}")]


def test_46_schemas_load_from_their_folder_without_a_network(wsdl: Path) -> None:
    (stream,) = connector(wsdl, "http://127.0.0.1:9").discover()
    types = {field.name: field.native_type for field in stream.fields}
    assert types["total"] == "double"
    assert types["itemList.item.amount"] == "double"
    assert types["tranDate"] == "dateTime"


def test_a_recorded_invoice_keeps_its_amounts_to_the_letter(wsdl: Path, test_data: Path) -> None:
    recording = test_data / "data" / "payloads" / "netsuite" / "get" / "get_invoice.xml"
    with replaying(recording) as (endpoint, asked):
        (record,) = connector(wsdl, endpoint).get_by_ids("Invoice", ["439"]).records
    invoice = json.loads(record.payload)
    for name in ("amountPaid", "amountRemaining", "subTotal", "taxTotal", "total", "discountTotal"):
        assert [invoice[name]] == texts(recording, name)
    (line,) = invoice["itemList"]["item"]
    assert [line["amount"]] == texts(recording, "amount")
    assert line["quantity"] == "1.0"
    assert invoice["customFieldList"]["customField"][0]["value"] == "false"
    assert record.ref == "439"
    assert record.modified_at == datetime(2011, 12, 16, 21, 37, 57, tzinfo=UTC)
    assert b'internalId="439"' in asked[0]
    assert re.search(rb'xsi:type="\w+:RecordRef"', asked[0])
    assert b"consumer-for-tests" in asked[0]


def test_recorded_deletions_are_tombstones_with_their_instants(wsdl: Path, test_data: Path) -> None:
    recording = test_data / "data" / "payloads" / "netsuite" / "get_deleted" / "get_deleted_invoices.xml"
    with replaying(recording) as (endpoint, _):
        deletions = connector(wsdl, endpoint).read_deleted("Invoice", datetime(2016, 12, 1, tzinfo=UTC), NOW)
    assert [one.ref for one in deletions.tombstones] == ["1", "2", "3"]
    assert deletions.tombstones[1].modified_at == datetime(2016, 12, 9, 21, 0, tzinfo=UTC)


def test_a_search_is_sent_with_its_type_and_window(wsdl: Path, test_data: Path) -> None:
    recording = test_data / "data" / "payloads" / "netsuite" / "search" / "basic_search_contact.xml"
    with replaying(recording) as (endpoint, asked):
        pages = list(connector(wsdl, endpoint).read("Invoice", None, NOW))
    assert [record.ref for page in pages for record in page.records] == ["7272"]
    assert b"TransactionSearchBasic" in asked[0]
    assert b"2026-03-02T09:00:00Z" in asked[0]


@pytest.mark.parametrize(
    ("folder", "name", "kind", "calls"),
    [
        ("login", "failure_concurrent_requests.xml", RateLimitedError, 2),
        # The very same words under the code of a wrong login: it is worth another try, and ends soon if it is none.
        ("login", "failure_invalid_credentials.xml", RateLimitedError, 2),
        ("add", "add_invoice_error.xml", InvalidRowError, 1),
    ],
)
def test_recorded_faults_are_of_the_right_kind(
    wsdl: Path, test_data: Path, folder: str, name: str, kind: type[ConnectorError], calls: int
) -> None:
    recording = test_data / "data" / "payloads" / "netsuite" / folder / name
    with replaying(recording) as (endpoint, asked):
        with pytest.raises(kind) as raised:
            connector(wsdl, endpoint).get_by_ids("Invoice", ["439"])
        assert len(asked) == calls
    assert "consumer-for-tests" not in str(raised.value)


def test_a_wrong_login_in_its_own_words_is_not_tried_again(wsdl: Path, test_data: Path, tmp_path: Path) -> None:
    recorded = test_data / "data" / "payloads" / "netsuite" / "login" / "failure_invalid_credentials.xml"
    fault = tmp_path / "fault.xml"
    said = "Only one request may be made against a session at a time"
    fault.write_text(recorded.read_text().replace(said, "Invalid login attempt."))
    with replaying(fault) as (endpoint, asked):
        with pytest.raises(AuthenticationError):
            connector(wsdl, endpoint).get_by_ids("Invoice", ["439"])
        assert len(asked) == 1
