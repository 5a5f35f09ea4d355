"""Faults on demand, as a client meets them: each as often as it was ordered, then all is well again."""

import contextlib
from datetime import timedelta

import pytest
import requests
import zeep

from sandbox.erp.ledger import FAULTS
from tests.sandbox.erp.conftest import Clock, Erp, order


@pytest.mark.parametrize(
    ("fault", "code", "fault_code"),
    [
        ("invalid_credentials", "soap:Client", "INVALID_CREDENTIALS"),
        ("invalid_session", "soap:Client", "INVALID_SESSION"),
        ("concurrency", "soap:Server", "CONCURRENCY_LIMIT_EXCEEDED"),
        ("unexpected_error", "soap:Server", "UNEXPECTED_ERROR"),
    ],
)
def test_soap_faults_come_as_often_as_ordered(erp: Erp, fault: str, code: str, fault_code: str) -> None:
    erp.ledger.faults.add(fault, matching="search*", count=2)
    assert erp.call("getServerTime").timeZone == "UTC"
    for _ in range(2):
        with pytest.raises(zeep.exceptions.Fault) as caught:
            erp.call("searchInvoices")
        assert caught.value.code == code
        assert caught.value.detail.findtext(".//{*}code") == fault_code
    assert erp.call("searchInvoices").totalRecords == 0


def test_too_many_at_once_says_when_to_come_back(erp: Erp) -> None:
    erp.ledger.faults.add("concurrency", seconds=2.5)
    with pytest.raises(zeep.exceptions.Fault) as caught:
        erp.call("searchInvoices")
    assert caught.value.detail.findtext(".//{*}retryAfterSeconds") == "2.5"


def test_a_proxys_503_is_html(erp: Erp) -> None:
    erp.ledger.faults.add("html_503", count=2, seconds=7)
    with pytest.raises(zeep.exceptions.Fault, match="Unknown fault"):
        erp.call("searchInvoices")
    answer = requests.get(f"{erp.address}/erp?wsdl", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert requests.get(f"{erp.address}/erp?wsdl", timeout=5).status_code == 200


def test_a_login_page_with_status_200(erp: Erp) -> None:
    erp.ledger.faults.add("login_page")
    answer = requests.post(f"{erp.address}/erp", data=_envelope("<m:getServerTime/>"), timeout=5)
    assert (answer.status_code, "<form>" in answer.text) == (200, True)


def test_a_body_that_breaks_off(erp: Erp) -> None:
    erp.ledger.faults.add("truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        erp.call("getServerTime")
    assert erp.call("getServerTime").timeZone == "UTC"


def test_silence_ends_when_its_time_is_over(erp: Erp) -> None:
    erp.ledger.faults.add("timeout", seconds=0.2)
    answer = requests.post(f"{erp.address}/erp", data=_envelope("<m:getServerTime/>"), timeout=5)
    assert answer.status_code == 504
    assert answer.elapsed >= timedelta(seconds=0.2)


def test_silence_outlasts_a_client_that_has_no_patience(erp: Erp) -> None:
    erp.ledger.faults.add("timeout")
    with erp.client.transport.settings(timeout=0.3), pytest.raises(requests.exceptions.ReadTimeout):
        erp.call("getServerTime")


def test_a_late_commit_appears_below_what_was_already_read(erp: Erp, clock: Clock) -> None:
    stamped = clock.now
    erp.ledger.faults.add("late_commit", matching="SalesOrder", seconds=240)
    erp.ledger.put("SalesOrder", order("SO1"))
    clock.pass_by(seconds=239)
    assert erp.call("searchSalesOrders").totalRecords == 0
    assert erp.call("getList", kind="SalesOrder", internalId=["SO1"]).missing == ["SO1"]
    clock.pass_by(seconds=1)
    [record] = erp.call("searchSalesOrders", modifiedUntil=stamped + timedelta(seconds=1)).record
    assert record.lastModifiedDate == stamped


def test_a_late_change_shows_the_earlier_record_until_then(erp: Erp, clock: Clock) -> None:
    erp.ledger.put("SalesOrder", order("SO1"))
    erp.ledger.faults.add("late_commit", seconds=60)
    erp.ledger.put("SalesOrder", order("SO1", status="closed"))
    assert [record["status"] for record in erp.ledger.records("SalesOrder")] == ["open"]
    clock.pass_by(seconds=60)
    assert [record["status"] for record in erp.ledger.records("SalesOrder")] == ["closed"]


def test_skipping_a_few_first(erp: Erp) -> None:
    erp.ledger.faults.add("unexpected_error", matching="getServerTime", skip=2)
    outcomes = [_succeeds(erp) for _ in range(4)]
    assert outcomes == [True, True, False, True]


def test_faults_are_ordered_over_http_too(erp: Erp) -> None:
    address = f"{erp.address}/__faults"
    assert requests.post(address, json={"kind": "concurrency", "count": 3}, timeout=5).status_code == 204
    [pending] = requests.get(address, timeout=5).json()
    assert (pending["kind"], pending["count"], pending["matching"]) == ("concurrency", 3, "*")
    refused = requests.post(address, json={"kind": "earthquake"}, timeout=5)
    assert (refused.status_code, "no fault 'earthquake'" in refused.json()["error"]) == (400, True)
    for wrong in ({}, {"kind": "concurrency", "count": "many"}, {"kind": "concurrency", "often": 3}):
        assert requests.post(address, json=wrong, timeout=5).status_code == 400
    assert requests.post(address, data="[", timeout=5).status_code == 400
    assert requests.delete(address, timeout=5).status_code == 204
    assert requests.get(address, timeout=5).json() == []


def test_every_fault_is_told_what_it_does(erp: Erp) -> None:
    assert erp.ledger.faults.kinds == set(FAULTS)


def _succeeds(erp: Erp) -> bool:
    with contextlib.suppress(zeep.exceptions.Fault):
        return bool(erp.call("getServerTime"))
    return False


def _envelope(message: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:sandbox-erp:messages:1">'
        f"<s:Body>{message}</s:Body></s:Envelope>"
    )
