"""What holds for every answer: headers, problems, CORS, the document that describes the API, and the card's files."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mashup_api.app import create_app
from mashup_api.settings import ApiSettings, TokenSettings
from tests.mashup_api import world
from tests.mashup_api.conftest import Asked
from warehouse.reader import open_reader

PATHS = ["/healthz", "/readyz", "/openapi.json", "/v1/me", "/nowhere", "/embed/deal", "/widgets/frame.js"]


@pytest.fixture
def database_kind() -> str:
    """Nothing here differs between databases."""
    return "sqlite"


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_security_headers(asked: Asked, path: str) -> None:
    headers = asked.client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] in ("no-store", "public, no-cache")


def test_pay_is_never_cached(asked: Asked) -> None:
    answer = asked.get("ada", "/v1/deals/crm/006CONTOSO/estimate")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Authorization" in answer.headers["Vary"]


def test_the_embedded_page_is_framed_by_the_listed_alone_and_holds_no_pay(asked: Asked) -> None:
    answer = asked.client.get("/embed/deal?source=crm&ref=006CONTOSO")
    assert "frame-ancestors https://crm.example" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"\d{3}", answer.text.replace("charset=utf-8", ""))
    assert "frame-ancestors 'none'" in asked.client.get("/healthz").headers["Content-Security-Policy"]


def test_only_listed_origins_may_call(asked: Asked) -> None:
    def preflight(origin: str) -> str | None:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "Authorization",
        }
        answer = asked.client.options("/v1/me", headers=headers)
        allowed: str | None = answer.headers.get("Access-Control-Allow-Origin")
        return allowed

    assert preflight("https://crm.example") == "https://crm.example"
    for origin in ("null", "https://evil.example", "https://crm.example.evil.example", "http://crm.example"):
        assert preflight(origin) is None


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", 17), ("UTC", 16), ("America/Los_Angeles", 16)])
def test_the_business_date_is_that_of_the_given_time_zone(asked: Asked, zone: str, day: int) -> None:
    app = create_app(
        world.settings(asked.issuer),
        engine=asked.engine,
        reader=open_reader(asked.engine.url.render_as_string(hide_password=False)),
        clock=lambda: datetime(2026, 11, 16, 23, 30, tzinfo=UTC),
        time_zone=ZoneInfo(zone),
    )
    assert app.state.parts.today() == date(2026, 11, day)


@pytest.mark.parametrize(
    "origin", ["*", "null", "https://*.example", "https://crm.example/", "javascript://x", "https://a b"]
)
def test_origins_are_exact(origin: str) -> None:
    tokens = TokenSettings(issuer="i", audience="a", jwks={"keys": []})
    with pytest.raises(ValueError, match="String should match"):
        ApiSettings(tokens=tokens, frame_ancestors=(origin,))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/v1/me", 405), ("GET", "/widgets/..%2Fapp.py", 404)],
)
def test_what_is_not_there_is_a_problem(asked: Asked, method: str, path: str, status: int) -> None:
    answer = asked.client.request(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["remedy"]


def test_the_document_describes_every_problem(asked: Asked) -> None:
    document = asked.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, calls in document["paths"].items():
        for call in calls.values():
            for status, answer in call["responses"].items():
                if status.startswith(("4", "5")):
                    assert answer["content"] == problem, (path, status)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert {"remedy", "detail", "type"} <= document["components"]["schemas"]["Problem"]["properties"].keys()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', asked.client.get("/openapi.json").text))
    assert references <= document["components"]["schemas"].keys()
    assert document["paths"]["/v1/me"]["get"]["security"] == [{"bearer": []}]


def test_health_and_readiness(asked: Asked) -> None:
    assert asked.client.get("/healthz").json() == {"status": "ok"}
    assert asked.client.get("/readyz").json() == {"status": "ok"}


def test_the_cards_files_are_sent_once(asked: Asked) -> None:
    first = asked.client.get("/widgets/bonusbridge-deal.js")
    again = asked.client.get("/widgets/bonusbridge-deal.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert first.headers["Content-Type"].startswith("text/javascript")
