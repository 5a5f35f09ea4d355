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
from simple_salesforce import Salesforce

from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(__file__).with_name("jsforce")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


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

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        asked = urlsplit(str(request.url))
        request.url = self._base + asked.path + (f"?{asked.query}" if asked.query else "")
        return super().send(request, *args, **kwargs)


Node = Callable[..., dict[str, Any]]


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


@pytest.fixture
def base(org: Org) -> Iterator[str]:
    with serve(create_app(org)) as url:
        yield url


@pytest.fixture
def session(base: str) -> Iterator[requests.Session]:
    """For simple-salesforce: no proxies or bundles of the environment, everything to the org."""
    with requests.Session() as made:
        made.trust_env = False
        made.mount("https://", Loopback(base))
        yield made


@pytest.fixture
def sf(org: Org, session: requests.Session) -> Salesforce:
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

    def run(script: str, **more: Any) -> dict[str, Any]:
        known = org.credentials
        settings = {
            "base": base,
            "clientId": known.client_id,
            "clientSecret": known.client_secret,
            "username": known.username,
            "password": known.password + known.security_token,
            "privateKey": known.jwt_private_key,
        }
        done = subprocess.run(  # noqa: S603 - our own script with the pinned Node
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
