"""An org with a clock that the test moves, served on loopback, and the clients that talk to it."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(__file__).with_name("jsforce")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

Json = Any
"""What came out of JSON."""
Client = Any
"""A ``Salesforce`` of simple-salesforce, whose own annotations deny half of what it does."""
Node = Callable[..., dict[str, Any]]


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)


class Loopback(HTTPAdapter):
    """Carries ``https://anything.salesforce.com`` of simple-salesforce to a server on plain http."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def send(self, request: requests.PreparedRequest, *args: Json, **kwargs: Json) -> requests.Response:
        asked = urlsplit(str(request.url))
        request.url = self._base + asked.path + (f"?{asked.query}" if asked.query else "")
        return super().send(request, *args, **kwargs)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture(scope="session")
def node_binary() -> Path:
    binary = ROOT / ".venv" / "bin" / "node"
    assert binary.exists(), f"no Node at {binary}: install the dev requirements"
    assert (ROOT / "node_modules" / "jsforce").is_dir(), "no jsforce: run npm ci"
    return binary


@pytest.fixture
def org(clock: Clock) -> Org:
    made = Org(clock)
    made.define(
        "Opportunity",
        {
            "External_Key__c": "string(40) external unique",
            "Order_Key__c": "string(40) external",
            "Estimate__c": "currency",
        },
    )
    return made


class Switchboard:
    """One server for all tests; each puts its own org behind it."""

    app: ASGIApp
    url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def switchboard() -> Iterator[Switchboard]:
    made = Switchboard()
    with serve(made) as made.url:
        yield made


@pytest.fixture
def base(org: Org, switchboard: Switchboard) -> str:
    switchboard.app = create_app(org)
    return switchboard.url


@pytest.fixture
def session(base: str) -> Iterator[requests.Session]:
    """For simple-salesforce: no proxies or bundles of the environment, everything to the org."""
    with requests.Session() as made:
        made.trust_env = False
        made.mount("https://", Loopback(base))
        yield made


@pytest.fixture
def sf(org: Org, session: requests.Session) -> Client:
    """simple-salesforce, logged in by client credentials."""
    known = org.credentials
    return Salesforce(
        consumer_key=known.client_id, consumer_secret=known.client_secret, domain="acme.my", session=session
    )


@pytest.fixture
def rest(org: Org, base: str) -> Iterator[httpx.Client]:
    """A bare client of ``/services/data/v60.0/``, logged in."""
    token = org.sessions.open(org.id, org.session_lifetime).token
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{base}/services/data/v60.0/", headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def node(node_binary: Path, org: Org, base: str) -> Node:
    """Runs a script of ``jsforce/`` against the org and returns the JSON object that it prints."""

    def run(script: str, **more: object) -> dict[str, Any]:
        known = org.credentials
        settings = {
            "base": base,
            "clientId": known.client_id,
            "clientSecret": known.client_secret,
            "username": known.username,
            "password": known.password + known.security_token,
            "privateKey": known.jwt_private_key,
        }
        # Our own script, run with the pinned Node.
        done = subprocess.run(  # noqa: S603
            [str(node_binary), str(SCRIPTS / script)],
            input=json.dumps(settings | more),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(more.get("ca", ""))},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed: dict[str, Any] = json.loads(done.stdout)
        return printed

    return run


def opportunity(name: str, **more: object) -> dict[str, object]:
    return {"Name": name, "StageName": "Prospecting", "CloseDate": "2026-12-01"} | more


def next_path(page: dict[str, Any]) -> str:
    """``nextRecordsUrl`` relative to the version that ``rest`` speaks."""
    return str(page["nextRecordsUrl"]).removeprefix("/services/data/v60.0/")
