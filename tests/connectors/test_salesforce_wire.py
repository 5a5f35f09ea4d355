"""Recorded and hostile answers, byte by byte: what is asked for, what is believed, and where the token goes."""

import contextlib
import doctest
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    PermissionDeniedError,
    Place,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaDriftError,
    TransientError,
)
from connectors.protocol import Connector
from connectors.registry import open_connector
from connectors.salesforce import SalesforceSettings, soql
from connectors.salesforce.client import Client
from connectors.salesforce.refusals import Refusal

HOST = "https://acme.my.salesforce.com"
API = f"{HOST}/services/data/v62.0"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WHIZBANG = {"fields": ["Text_Label"]}


@pytest.fixture
def recorded(test_data: Path) -> Path:
    return test_data / "data" / "payloads" / "salesforce"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def settings() -> dict[str, object]:
    login = {"flow": "client_credentials", "client_id": "id", "client_secret": "secret"}
    retry = {"attempts": 2, "first_wait": 0}
    return {"instance_url": HOST, "login": login, "retry": retry, "custom_streams": {"Whizbang": WHIZBANG}}


def connector() -> Connector:
    return open_connector("salesforce", "crm", settings(), lambda: NOW, sleep=lambda _seconds: None)


def client() -> Client:
    return Client("crm", SalesforceSettings.model_validate(settings()), lambda: NOW, lambda _seconds: None)


def answer(web: responses.RequestsMock, path: str, body: str | bytes, *, status: int = 200) -> None:
    web.get(f"{API}/{path}", body=body, status=status, content_type="application/json;charset=UTF-8")


def log_in(web: responses.RequestsMock, body: str = '{"access_token": "T0KEN", "scope": "api"}') -> None:
    web.post(f"{HOST}/services/oauth2/token", body=body, content_type="application/json")


def test_recorded_pages_of_a_query(web: responses.RequestsMock, recorded: Path) -> None:
    log_in(web)
    answer(web, "query/", (recorded / "sobject/query_paginated_first_page_response.json").read_bytes())
    answer(web, "query/01gD", (recorded / "sobject/query_paginated_last_page_response.json").read_bytes())
    pages = list(client().query(Place("crm", "Whizbang"), "SELECT Text_Label FROM Whizbang"))
    assert [json.loads(bytes(raw))["Text_Label"] for rows in pages for raw in rows] == ["First Page", "Last Page"]


def test_the_instance_that_a_login_names_is_not_where_the_token_goes(
    web: responses.RequestsMock, recorded: Path
) -> None:
    log_in(web, (recorded / "auth_success_response.json").read_text())
    answer(web, "query/", (recorded / "sobject/query_empty_response.json").read_bytes())
    assert list(client().query(Place("crm"), "SELECT Id FROM Whizbang")) == [[]]
    assert {urlsplit(str(call.request.url)).hostname for call in web.calls} == {"acme.my.salesforce.com"}


def test_a_recorded_expired_session_is_renewed_once(web: responses.RequestsMock, recorded: Path) -> None:
    log_in(web)
    answer(web, "query/", (recorded / "expired_session_response.json").read_bytes(), status=401)
    answer(web, "query/", (recorded / "sobject/query_empty_response.json").read_bytes())
    assert list(client().query(Place("crm"), "SELECT Id FROM Whizbang")) == [[]]
    assert [urlsplit(str(call.request.url)).path.split("/")[-2] for call in web.calls] == [
        "oauth2",
        "query",
        "oauth2",
        "query",
    ]


def test_a_recorded_refused_login(web: responses.RequestsMock, recorded: Path) -> None:
    body = (recorded / "auth_error_response.json").read_text()
    web.post(f"{HOST}/services/oauth2/token", body=body, status=400, content_type="application/json")
    with pytest.raises(AuthenticationError, match=r"invalid_grant: authentication failure - Invalid Password"):
        connector().check()


def test_a_recorded_missing_field(web: responses.RequestsMock, recorded: Path) -> None:
    log_in(web)
    answer(web, "query/", (recorded / "sobject/query_error_response.json").read_bytes(), status=400)
    with pytest.raises(SchemaDriftError, match="crm/Whizbang: HTTP 400 INVALID_FIELD"):
        list(connector().read("Whizbang", None, NOW))


def test_a_recorded_deleted_feed(web: responses.RequestsMock, recorded: Path) -> None:
    log_in(web)
    answer(web, "sobjects/Whizbang/deleted/", (recorded / "sobject/get_deleted_success_response.json").read_bytes())
    since = datetime(2013, 5, 5, 10, 0, 30, tzinfo=UTC)
    deletions = connector().read_deleted("Whizbang", since, since + timedelta(days=3))
    (tombstone,) = deletions.tombstones
    assert (tombstone.ref, tombstone.modified_at) == ("a00D0000008pQRAIA2", datetime(2013, 5, 7, 22, 7, 19, tzinfo=UTC))
    asked = parse_qs(urlsplit(str(web.calls[-1].request.url)).query)
    assert asked == {"start": ["2013-05-05T10:00:00.000Z"], "end": ["2013-05-08T10:01:00.000Z"]}, "whole minutes"


def test_a_deletion_feed_that_an_object_lacks_is_unsupported(web: responses.RequestsMock) -> None:
    log_in(web)
    body = '[{"errorCode": "INVALID_TYPE_FOR_OPERATION", "message": "not replicable"}]'
    answer(web, "sobjects/Whizbang/deleted/", body, status=400)
    assert connector().read_deleted("Whizbang", NOW - timedelta(days=1), NOW).support == "unsupported"


@pytest.mark.parametrize(
    "next_url",
    [
        "https://attacker.example/services/data/v62.0/query/01g-2000",
        "@attacker.example/01gD",
        "//attacker.example/query/01gD",
        "/services/data/v62.0/query/../../../secrets",
        "/services/data/v62.0/query/01gD?x=https://attacker.example",
        "/services/data/v62.0/query/",
        None,
    ],
)
def test_a_hostile_next_page_is_asked_of_the_org_or_not_at_all(
    web: responses.RequestsMock, next_url: str | None
) -> None:
    log_in(web)
    answer(web, "query/", json.dumps({"done": False, "nextRecordsUrl": next_url, "records": [], "totalSize": 2}))
    answer(web, "query/01gD", '{"done": true, "records": [], "totalSize": 2}')
    answer(web, "query/01g-2000", '{"done": true, "records": [], "totalSize": 2}')
    answer(web, "query/secrets", '[{"errorCode": "INVALID_QUERY_LOCATOR"}]', status=400)
    with pytest.raises(ProtocolError) if _is_odd(next_url) else contextlib.nullcontext():
        list(client().query(Place("crm"), "SELECT Id FROM Whizbang"))
    assert {urlsplit(str(call.request.url)).hostname for call in web.calls} == {"acme.my.salesforce.com"}


@pytest.mark.parametrize("date", ["yesterday", "Mon, 99 Mar 2026 99:00:00 GMT", "Mon, 02 Mar 2026 09:00:05 -0000", ""])
def test_a_clock_that_tells_no_time_is_no_error(web: responses.RequestsMock, date: str) -> None:
    log_in(web)
    web.get(f"{API}/limits", json={}, headers={"Date": date})
    web.get(f"{API}/query/", json={"records": [{"TimeZoneSidKey": "GMT"}]}, headers={"Date": date})
    health = connector().check()
    assert health.remaining_calls is None
    assert health.clock_skew in (timedelta(0), timedelta(seconds=5))


def test_wire_details(web: responses.RequestsMock) -> None:
    log_in(web)
    answer(web, "query/", '{"done": true, "records": [], "totalSize": 0}')
    list(connector().read("Whizbang", None, NOW))
    request = web.calls[-1].request
    assert request.headers["Authorization"] == "Bearer T0KEN"
    assert request.headers["Sforce-Query-Options"] == "batchSize=2000"
    assert "X-PrettyPrint" not in request.headers
    (asked,) = parse_qs(urlsplit(str(request.url)).query)["q"]
    assert asked == (
        "SELECT Id, SystemModstamp, Text_Label FROM Whizbang WHERE SystemModstamp <= 2026-03-02T09:00:00.000Z "
        "ORDER BY SystemModstamp, Id"
    )


@pytest.mark.parametrize(
    "record",
    [
        '{"Id": "a00D0000008pQRAIA2"}',
        '{"Id": "a00D0000008pQRAIA2", "SystemModstamp": null}',
        '{"Id": "a00D0000008pQRAIA2", "SystemModstamp": "2026-01-01T00:00:00.000"}',
        '{"Id": 7, "SystemModstamp": "2026-01-01T00:00:00.000+0000"}',
        "[]",
        "null",
    ],
)
def test_a_record_that_is_not_as_documented_is_a_protocol_error(web: responses.RequestsMock, record: str) -> None:
    log_in(web)
    answer(web, "query/", f'{{"done": true, "records": [{record}], "totalSize": 1}}')
    with pytest.raises(ProtocolError, match="crm/Whizbang"):
        list(connector().read("Whizbang", None, NOW))


@pytest.mark.parametrize("number", ["0.1", "1e2", "1E+2", "12.50", "999999999999999999", "-0.00", "1e400"])
def test_a_number_keeps_its_text(web: responses.RequestsMock, number: str) -> None:
    log_in(web)
    stamp = "2026-01-01T00:00:00.000+0000"
    record = f'{{"Id": "a00D0000008pQRAIA2", "SystemModstamp": "{stamp}", "Text_Label": {number}}}'
    answer(web, "query/", f'{{"done": true, "records": [{record}], "totalSize": 1}}')
    first, _last = connector().read("Whizbang", None, NOW)
    assert first.records[0].payload == record


@pytest.mark.parametrize(
    ("status", "code", "message", "retry_after", "kind"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", None, QuotaExhaustedError),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", None, RateLimitedError),
        (503, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "30", RateLimitedError),
        (429, "", "", None, RateLimitedError),
        (503, "", "", "30", RateLimitedError),
        (503, "", "", None, TransientError),
        (500, "UNKNOWN_EXCEPTION", "", None, TransientError),
        (400, "QUERY_TIMEOUT", "", None, TransientError),
        (400, "UNABLE_TO_LOCK_ROW", "", None, ConflictError),
        (403, "API_DISABLED_FOR_ORG", "", None, PermissionDeniedError),
        (403, "", "", None, PermissionDeniedError),
        (404, "NOT_FOUND", "", None, SchemaDriftError),
        (400, "INVALID_TYPE", "sObject type 'X' is not supported.", None, SchemaDriftError),
        (400, "MALFORMED_QUERY", "unexpected token: FORM", None, ProtocolError),
        (401, "INVALID_SESSION_ID", "", None, AuthenticationError),
        (302, "", "", None, ProtocolError),
        (418, "", "", None, ProtocolError),
    ],
)
def test_refusals_are_grouped_by_what_to_do(
    status: int, code: str, message: str, retry_after: str | None, kind: type[ConnectorError]
) -> None:
    error = Refusal(status, code, message, retry_after).error(Place("crm", "Opportunity"), NOW)
    assert isinstance(error, kind)
    if isinstance(error, RateLimitedError):
        assert error.retry_at == (NOW + timedelta(seconds=30) if retry_after else None)


def test_a_message_that_may_quote_a_record_is_not_shown() -> None:
    refusal = Refusal(400, "FIELD_INTEGRITY_EXCEPTION", "Amount: 123456.78 is too large", None)
    assert "123456" not in str(refusal.error(Place("crm"), NOW))


def test_examples() -> None:
    assert doctest.testmod(soql).failed == 0


def _is_odd(next_url: str | None) -> bool:
    return next_url is None or next_url.endswith("/") or "secrets" in next_url or "?" in next_url
