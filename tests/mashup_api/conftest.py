"""The API on a filled warehouse, on SQLite and on PostgreSQL, asked with real tokens."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from httpx import Client, Response
from sqlalchemy import Engine

from mashup_api.app import create_app
from mashup_api.issuer import Issuer
from sandbox.serving import serve
from tests.mashup_api import world
from warehouse.database import open_database
from warehouse.reader import open_reader

OpenDatabase = Callable[[str], str]


@dataclass(frozen=True, eq=False)
class Asked:
    """The API as somebody would call it: ``asked.get("ada", "/v1/me")``."""

    client: Client
    issuer: Issuer
    engine: Engine

    @cache  # noqa: B019 - a few people, for one session
    def bearer(self, who: str, deal_id: str | None = None) -> dict[str, str]:
        token = self.issuer.mint(world.PEOPLE[who].email, deal_id=deal_id, lifetime=timedelta(hours=1))
        return {"Authorization": f"Bearer {token}"}

    def get(self, who: str, path: str, **headers: str) -> Response:
        return self.client.get(path, headers={**self.bearer(who), **headers})

    def post(self, who: str, path: str, body: object) -> Response:
        return self.client.post(path, headers=self.bearer(who), json=body)


@pytest.fixture(scope="session")
def new_company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenDatabase:
    """Gives the URL of a new database with the company in it; it is filled once for each kind, then copied."""
    numbers = count()
    templates: dict[str, Path | str] = {}

    def sqlite() -> str:
        path = tmp_path_factory.mktemp("company") / "warehouse.db"
        source = templates.get("sqlite") or request.getfixturevalue("sqlite_template")
        shutil.copyfile(source, path)
        if "sqlite" not in templates:
            _fill(f"sqlite:///{path}")
            templates["sqlite"] = path
            return sqlite()
        return f"sqlite:///{path}"

    def postgresql() -> str:
        server = request.getfixturevalue("postgres")
        if "postgresql" not in templates:
            _fill(server.create("company", "warehouse"))
            templates["postgresql"] = "company"
        return str(server.create(f"company_{next(numbers)}", "company"))

    return lambda kind: {"sqlite": sqlite, "postgresql": postgresql}[kind]()


def _fill(url: str) -> None:
    engine = open_database(url)
    world.fill(engine)
    engine.dispose()


@contextmanager
def open_api(url: str) -> Iterator[Asked]:
    """Serves the API on a database."""
    issuer = world.open_issuer("https://issuer.example")
    settings = world.settings(
        issuer, allowed_origins=("https://crm.example",), frame_ancestors=("https://crm.example",), max_variations=20
    )
    engine = open_database(url)
    app = create_app(settings, engine=engine, reader=open_reader(url), clock=lambda: world.NOON, time_zone=world.ZONE)
    with serve(app) as address, Client(base_url=address, trust_env=False, timeout=30) as client:
        yield Asked(client, issuer, engine)
    engine.dispose()


@pytest.fixture(scope="session")
def shared(new_company: OpenDatabase) -> Iterator[Callable[[str], Asked]]:
    """The API on one database of each kind, opened when it is wanted, for tests that change nothing."""
    with ExitStack() as opened:
        apis: dict[str, Asked] = {}

        def api(kind: str) -> Asked:
            if kind not in apis:
                apis[kind] = opened.enter_context(open_api(new_company(kind)))
            return apis[kind]

        yield api


@pytest.fixture
def asked(shared: Callable[[str], Asked], database_kind: str) -> Asked:
    """The shared API: nothing may be written."""
    return shared(database_kind)


@pytest.fixture
def own(new_company: OpenDatabase, database_kind: str) -> Iterator[Asked]:
    """An API with a database of the test alone."""
    with open_api(new_company(database_kind)) as opened:
        yield opened
