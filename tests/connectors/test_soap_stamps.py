"""Instants without an offset are read and sent in the zone that is declared, across daylight saving too."""

import doctest
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.soap import SoapConnector, SoapSettings, stamps
from connectors.soap.stamps import instant, repeated_hour
from sandbox.erp import wire
from sandbox.erp.app import create_app
from sandbox.erp.ledger import Ledger
from sandbox.serving import serve

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def test_examples() -> None:
    assert doctest.testmod(stamps).failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01T00:00:00", "2026-06-30T22:00:00+00:00"),
        ("2026-01-01T00:00:00", "2025-12-31T23:00:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),  # happens twice: the first time
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00+00:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00+00:00"),  # an offset is believed
        ("2026-07-01T00:00:00Z", "2026-07-01T00:00:00+00:00"),
        ("2026-07-01T00:00:00.1234567Z", "2026-07-01T00:00:00.123456+00:00"),
        (" 2026-07-01T00:00:00-08:00\n", "2026-07-01T08:00:00+00:00"),
    ],
)
def test_an_instant_is_that_of_its_offset_or_of_the_declared_zone(text: str, expected: str) -> None:
    assert instant(text, BERLIN).isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "01/02/2026 10:00", "2026-13-01T00:00:00Z", "N/A"])
def test_what_is_no_instant_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"nvalid|must be"):
        instant(text, BERLIN)


def test_a_zone_with_daylight_saving_asks_for_a_longer_horizon() -> None:
    assert repeated_hour(BERLIN) == timedelta(hours=1)
    assert repeated_hour(ZoneInfo("UTC")) == repeated_hour(ZoneInfo("Asia/Shanghai")) == timedelta(0)


def test_an_unknown_zone_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ValidationError, match="is not a time zone"):
        SoapSettings.model_validate(
            {"service": "sandbox_erp", "endpoint": "http://127.0.0.1/erp", "time_zone": "Middle-earth/Shire"}
        )


@pytest.fixture
def ledger() -> Iterator[tuple[Ledger, str]]:
    there = Ledger(lambda: NOW)
    with serve(create_app(there)) as url:
        yield there, url


def test_a_service_that_takes_local_times_is_sent_local_times(ledger: tuple[Ledger, str]) -> None:
    there, url = ledger
    rate: wire.Record = {
        "fromCurrency": "USD",
        "toCurrency": "EUR",
        "effectiveDate": date(2026, 3, 2),
        "rate": Decimal("0.9"),
    }
    recent, old = (there.put("ExchangeRate", rate, NOW - timedelta(minutes=minutes)) for minutes in (30, 90))
    settings = {
        "service": "sandbox_erp",
        "endpoint": f"{url}/erp",
        "wsdl": wire.FOLDER / "erp.wsdl",
        "credentials": {"company": there.credentials.company, "user": there.credentials.user}
        | {"password": there.credentials.password},
        "sends_naive_times": True,
        "time_zone": "Europe/Berlin",
    }
    # The ERP takes what has no offset for UTC, so an hour of Berlin's winter is an hour later there.
    connector = SoapConnector("erp", SoapSettings.model_validate(settings), lambda: NOW)
    window = (NOW - timedelta(hours=2), NOW - timedelta(minutes=20, hours=1))
    assert connector.reconcile("ExchangeRate", *window).count == 1
    utc = SoapConnector("erp", SoapSettings.model_validate({**settings, "sends_naive_times": False}), lambda: NOW)
    assert utc.reconcile("ExchangeRate", *window).count == 1
    assert connector.reconcile("ExchangeRate", *window) != utc.reconcile("ExchangeRate", *window)
    assert {recent, old} == {"1", "2"}
