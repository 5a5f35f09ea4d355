"""The API on a filled warehouse, on SQLite and on PostgreSQL, asked with real tokens."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from httpx import Client, Response
from sqlalchemy import Engine

from mashup_api.app import create_app
from mashup_api.issuer import Issuer
from sandbox.serving import serve
from tests.mashup_api import world
from warehouse.reader import open_reader


@dataclass(frozen=True)
class Asked:
    """The API as somebody would call it: ``asked.get("ada", "/v1/me")``."""

    client: Client
    issuer: Issuer

    def bearer(self, who: str, deal_id: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.mint(world.PEOPLE[who].email, deal_id=deal_id)}"}

    def get(self, who: str, path: str, **headers: str) -> Response:
        return self.client.get(path, headers={**self.bearer(who), **headers})

    def post(self, who: str, path: str, body: object) -> Response:
        return self.client.post(path, headers=self.bearer(who), json=body)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    world.fill(engine)
    return engine


@pytest.fixture
def asked(filled: Engine, database_url: str) -> Iterator[Asked]:
    issuer = world.open_issuer("https://issuer.example")
    settings = world.settings(
        issuer, allowed_origins=("https://crm.example",), frame_ancestors=("https://crm.example",), max_variations=20
    )
    app = create_app(settings, engine=filled, reader=open_reader(database_url), clock=lambda: world.NOON)
    with serve(app) as url, Client(base_url=url, trust_env=False, timeout=30) as client:
        yield Asked(client, issuer)
