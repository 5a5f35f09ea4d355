"""Faults on demand: what goes wrong, where, how many times, and that the org is right again afterwards."""

import time

import httpx
import pytest

from sandbox.salesforce.org import Org
from tests.sandbox.salesforce.conftest import Client, opportunity

ASK = {"q": "SELECT Id FROM Account"}


@pytest.mark.parametrize(
    ("kind", "status", "content", "type_"),
    [
        ("too_many_requests", 429, "REQUEST_LIMIT_EXCEEDED", "application/json"),
        ("request_limit_exceeded", 403, "REQUEST_LIMIT_EXCEEDED", "application/json"),
        ("unavailable", 503, "<html>", "text/html"),
        ("server_error", 500, "UNKNOWN_EXCEPTION", "application/json"),
        ("login_page", 200, "<form action=", "text/html"),
        ("expired_session", 401, "INVALID_SESSION_ID", "application/json"),
    ],
)
def test_answers_instead(rest: httpx.Client, org: Org, kind: str, status: int, content: str, type_: str) -> None:
    org.faults.add(kind, matching="GET */query*", count=1)
    assert rest.get("limits").status_code == 200
    wrong = rest.get("query", params=ASK)
    assert wrong.status_code == status
    assert content in wrong.text
    assert wrong.headers["content-type"].startswith(type_)
    assert rest.get("query", params=ASK).status_code == (401 if kind == "expired_session" else 200)


def test_retry_after_count_and_skip(rest: httpx.Client, org: Org) -> None:
    org.faults.add("unavailable", count=2, skip=1, seconds=7)
    answers = [rest.get("limits") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["retry-after"] == "7"


def test_a_body_is_cut(rest: httpx.Client, org: Org) -> None:
    org.faults.add("truncated_body", matching="*query*")
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        rest.get("query", params=ASK)
    assert rest.get("query", params=ASK).json()["done"] is True


def test_the_answer_comes_too_late_but_the_write_has_happened(rest: httpx.Client, org: Org) -> None:
    org.faults.add("timeout_after_commit", matching="POST *", seconds=0.4)
    org.faults.add("timeout_after_commit", matching="POST *")
    for name in ("late", "never"):
        with pytest.raises(httpx.ReadTimeout):
            rest.post("sobjects/Account", json={"Name": name}, timeout=0.2)
    assert [row["Name"] for row in org.records("Account")] == ["late", "never"]
    org.faults.add("timeout_after_commit", matching="POST *", seconds=0.2)
    began = time.monotonic()
    assert rest.post("sobjects/Account", json={"Name": "in time"}, timeout=5).status_code == 201
    assert time.monotonic() - began > 0.2


def test_a_late_commit_becomes_visible_with_an_older_stamp(rest: httpx.Client, org: Org) -> None:
    org.faults.add("late_commit", matching="Account", seconds=240)
    rest.post("sobjects/Account", json={"Name": "late"})
    rest.post("sobjects/Account", json={"Name": "punctual"})
    stamps = [row["SystemModstamp"] for row in org.records("Account")]
    assert stamps == ["2026-11-21T11:56:00.000+0000", "2026-11-21T12:00:00.000+0000"]


def test_a_row_is_locked(rest: httpx.Client, org: Org) -> None:
    org.faults.add("row_locked", matching="Opportunity", skip=1)
    rows = [opportunity(name, attributes={"type": "Opportunity"}) for name in "abc"]
    outcomes = rest.post("composite/sobjects", json={"records": rows}).json()
    assert [outcome["success"] for outcome in outcomes] == [True, False, True]
    assert outcomes[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def test_a_page_is_short_though_not_the_last(sf: Client, org: Org) -> None:
    org.insert("Account", [{"Name": name} for name in "abc"])
    org.faults.add("short_page", matching="GET */query*", count=2)
    first = sf.query("SELECT Name FROM Account ORDER BY Name")
    assert (len(first["records"]), first["done"]) == (1, False)
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    third = sf.query_more(second["nextRecordsUrl"], identifier_is_url=True)
    assert [len(page["records"]) for page in (second, third)] == [1, 1]
    assert third["done"] is True


def test_an_expired_session_takes_its_locators_along(sf: Client, org: Org) -> None:
    org.batch_sizes = (1, 2)
    org.insert("Account", [{"Name": name} for name in "abc"])
    first = sf.query("SELECT Name FROM Account")
    org.faults.add("expired_session", matching="*/query/01g*")
    with pytest.raises(Exception, match="INVALID_QUERY_LOCATOR"):
        sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)


def test_faults_are_ordered_over_http_too(rest: httpx.Client, base: str) -> None:
    fault = {"kind": "unavailable", "matching": "GET */limits", "count": 1}
    assert rest.post(f"{base}/__faults", json=fault).status_code == 204
    assert rest.get(f"{base}/__faults").json()[0]["kind"] == "unavailable"
    assert [rest.get("limits").status_code for _ in range(2)] == [503, 200]
    assert rest.post(f"{base}/__faults", json={"kind": "nonsense"}).status_code == 400


def test_the_date_header_is_the_orgs_clock(rest: httpx.Client) -> None:
    assert rest.get("limits").headers.get_list("date") == ["Sat, 21 Nov 2026 12:00:00 GMT"]
