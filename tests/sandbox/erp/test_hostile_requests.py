"""What is not a clean request is a SOAP fault, whatever it is; nothing is fetched, expanded or half done."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from sandbox.erp.app import MAX_REQUEST_BYTES
from sandbox.erp.wire import NotAllowedError, parse
from tests.sandbox.erp.conftest import Erp

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:sandbox-erp:messages:1">'
    "<s:Header>{header}</s:Header><s:Body>{message}</s:Body></s:Envelope>"
)
ENTITIES = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
NOTE = (
    "<m:upsertCommissionNotes><m:note xmlns='urn:sandbox-erp:records:1'><externalId>a</externalId><employeeEmail>e"
    "</employeeEmail><notedOn>{noted_on}</notedOn><amount>{amount}</amount><currency>USD</currency></m:note>"
    "</m:upsertCommissionNotes>"
)


def fault_code(erp: Erp, document: str | bytes) -> str | None:
    answer = requests.post(f"{erp.address}/erp", data=document, timeout=5)
    assert answer.status_code == 500
    return etree.fromstring(answer.content).findtext(".//{*}detail/{*}fault/{*}code")


def envelope(erp: Erp, message: str) -> str:
    header = "".join(f"<m:{name}>{value}</m:{name}>" for name, value in erp.credentials.items())
    return ENVELOPE.format(header=f"<m:credentials>{header}</m:credentials>", message=message)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{}",
        "\x00",
        "<s:Envelope",
        "<Envelope/>",
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"/>',
        ENVELOPE.format(header="", message=""),
        ENVELOPE.format(header="", message="<m:getServerTime/><m:getServerTime/>"),
        ENVELOPE.format(header="", message="<getServerTime/>"),
        ENVELOPE.format(header="", message="<m:getServerTime><m:more/></m:getServerTime>"),
        ENVELOPE.format(
            header="", message="<m:searchInvoices><m:modifiedFrom>11/21/2026</m:modifiedFrom></m:searchInvoices>"
        ),
        ENTITIES + ENVELOPE.format(header="", message="<m:getServerTime>&b;</m:getServerTime>"),
        '<!DOCTYPE s SYSTEM "file:///etc/passwd">' + ENVELOPE.format(header="", message="<m:getServerTime/>"),
    ],
)
def test_what_is_no_request_is_refused(erp: Erp, document: str) -> None:
    assert fault_code(erp, document) == "INVALID_REQUEST"


def test_an_unknown_operation(erp: Erp) -> None:
    assert fault_code(erp, envelope(erp, "<m:payEverybody/>")) == "UNKNOWN_OPERATION"


def test_a_header_that_must_be_understood_and_is_not(erp: Erp) -> None:
    header = '<w:Security xmlns:w="urn:w" s:mustUnderstand="1"/>'
    assert fault_code(erp, ENVELOPE.format(header=header, message="<m:getServerTime/>")) == "MUST_UNDERSTAND"


def test_a_request_that_is_too_large(erp: Erp) -> None:
    padding = " " * MAX_REQUEST_BYTES
    assert fault_code(erp, envelope(erp, "<m:getServerTime/>") + padding) == "REQUEST_TOO_LARGE"


@pytest.mark.parametrize(
    ("noted_on", "amount"),
    [
        ("2026-11-21", "NaN"),
        ("2026-11-21", "1e400"),
        ("12026-01-01", "1.00"),
        ("-0044-03-15", "1.00"),
        ("2026-02-30", "1.00"),
    ],
)
def test_values_that_are_none(erp: Erp, noted_on: str, amount: str) -> None:
    document = envelope(erp, NOTE.format(noted_on=noted_on, amount=amount))
    assert fault_code(erp, document) == "INVALID_REQUEST"
    assert erp.ledger.records("CommissionNote") == []


def test_comments_and_instructions_are_no_content(erp: Erp) -> None:
    noise = "<?go?><!-- a -->" + NOTE.format(noted_on="2026-11-21", amount="1<!-- b -->.50").replace(
        "<amount>", "<!-- c --><amount>"
    )
    answer = requests.post(f"{erp.address}/erp", data=envelope(erp, noise), timeout=5)
    assert answer.status_code == 200
    assert [str(record["amount"]) for record in erp.ledger.records("CommissionNote")] == ["1.50"]


def test_nothing_is_fetched_for_a_document() -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/x.dtd"
        for document in (
            f'<!DOCTYPE s SYSTEM "{address}"><s/>',
            f'<!DOCTYPE s [<!ENTITY % p SYSTEM "{address}"> %p;]><s/>',
            f'<!DOCTYPE s [<!ENTITY e SYSTEM "{address}">]><s>&e;</s>',
        ):
            with pytest.raises(NotAllowedError):
                parse(document.encode())
        server.shutdown()
        thread.join()
    assert asked == []


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: ENVELOPE.format(header="", message=text).encode())
)
def test_any_bytes_parse_or_are_refused(document: bytes) -> None:
    with contextlib.suppress(NotAllowedError):
        assert isinstance(parse(document).tag, str)
