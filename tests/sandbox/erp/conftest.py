"""A ledger with a clock of its own, served on loopback, and a zeep client that has read its WSDL over HTTP."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
import zeep
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.erp.app import create_app
from sandbox.erp.ledger import Ledger
from sandbox.erp.wire import Value
from sandbox.serving import serve


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass
class Erp:
    """The ledger, its address, and operations called with valid credentials unless others are given."""

    ledger: Ledger
    address: str
    client: Any
    credentials: Mapping[str, str] = field(default_factory=dict)

    def call(self, operation: str, /, **arguments: object) -> Any:  # noqa: ANN401 - zeep's answers are not typed
        return self.call_as(self.credentials, operation, **arguments)

    def call_as(self, credentials: Mapping[str, str], operation: str, /, **arguments: object) -> Any:  # noqa: ANN401
        headers = {"credentials": credentials} if credentials else None
        return self.client.service[operation](**arguments, _soapheaders=headers)


def order(number: str, /, **changes: Value) -> dict[str, Value]:
    line: dict[str, Value] = {
        "lineNumber": 1,
        "quantity": Decimal(3),
        "unitPrice": Decimal("4.1"),
        "amount": Decimal("12.30"),
    }
    document: dict[str, Value] = {
        "internalId": number,
        "number": number,
        "status": "open",
        "tranDate": date(2026, 11, 2),
    }
    return document | {"currency": "EUR", "total": Decimal("12.30"), "line": [line]} | changes


@pytest.fixture
def clock() -> Clock:
    return Clock()


class _Front:
    """One server for all tests: it serves whatever application the test has put behind it."""

    def __init__(self) -> None:
        self.app: ASGIApp = create_app(Ledger(Clock()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[_Front, str, Any]]:
    front = _Front()
    with serve(front) as address, requests.Session() as session:
        soap: Any = zeep  # half typed
        transport = soap.Transport(session=session, timeout=5, operation_timeout=5)
        yield front, address, soap.Client(f"{address}/erp?wsdl", transport=transport)


@pytest.fixture
def erp(clock: Clock, served: tuple[_Front, str, Any]) -> Erp:
    front, address, client = served
    ledger = Ledger(clock)
    front.app = create_app(ledger)
    secret = ledger.credentials
    header = {"company": secret.company, "user": secret.user, "password": secret.password}
    return Erp(ledger, address, client, header)
