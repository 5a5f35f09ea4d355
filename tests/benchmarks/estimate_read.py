"""CPU of one estimate read, against a bare FastAPI handler on the same server and database.

The bare handler verifies the same token by PyJWT, runs the same SELECTs by the bare driver and returns the stored
bytes; it has no policy, no headers, no conditional reads. The caller is another process, so that only the server's CPU
is counted.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from fastapi import FastAPI, Request, Response
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Dialect, SelectBase, create_engine

from mappings.money import Money
from mappings.records import CanonicalRecord, Opportunity, Stage
from mashup_api.app import create_app
from mashup_api.issuer import Issuer
from sandbox.serving import serve
from tests.benchmarks import Result
from tests.databases import run_postgres
from tests.mashup_api import world
from warehouse import migrations
from warehouse.database import open_database
from warehouse.reader import Parameters, Reader, open_reader

LIMIT = 1.6
DEALS = 3_000
ROUNDS = 5
REQUESTS = 300
PATH = "/v1/deals/crm/006CONTOSO/estimate"
DEAL, PAYEE = "crm:006CONTOSO", "crm:005ADA"

CALLER = """
import http.client, sys
address, path, token, count = sys.argv[1:]
connection = http.client.HTTPConnection(address)
for _ in range(int(count)):
    connection.request("GET", path, headers={"Authorization": "Bearer " + token})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    assert b"7460.00" in answer.read()
"""

Fetch = Callable[[], Awaitable[bytes]]
Asked = list[tuple[SelectBase, dict[str, object]]]


def run() -> Iterator[Result]:
    """One result for each database."""
    with tempfile.TemporaryDirectory() as folder:
        yield _compare("SQLite", f"sqlite:///{Path(folder) / 'warehouse.db'}")
    with run_postgres() as server:
        yield _compare("PostgreSQL", server.create("estimate_read"))


def _compare(name: str, url: str) -> Result:
    _fill(url)
    issuer = Issuer("https://issuer.example", world.AUDIENCE, world.PEOPLE.values(), lambda: datetime.now(UTC))
    token = issuer.mint(world.PEOPLE["ada"].email, lifetime=timedelta(hours=1))
    engine = open_database(url)
    reader = open_reader(url)
    ours = create_app(
        world.settings(issuer), engine=engine, reader=reader, clock=lambda: world.NOON, time_zone=world.ZONE
    )
    with serve(ours) as our_url:
        asked = _selects(our_url, token, reader)
        with serve(_bare(url, issuer, asked)) as bare_url:
            ratio = _ratio(our_url, bare_url, token)
    engine.dispose()
    return Result(
        f"estimate read, {name}", ratio, LIMIT, f"CPU against a bare handler with the same {len(asked)} SELECTs"
    )


def _ratio(our_url: str, bare_url: str, token: str) -> float:
    """The median of rounds in which both are measured, one after the other, so that a busy machine hits both."""
    for url in (our_url, bare_url):
        _seconds(url, token, REQUESTS)
    return statistics.median(
        _seconds(our_url, token, REQUESTS) / _seconds(bare_url, token, REQUESTS) for _ in range(ROUNDS)
    )


def _seconds(url: str, token: str, count: int) -> float:
    """CPU seconds of this process, which is the server, while another one calls."""
    address = url.removeprefix("http://")
    before = time.process_time()
    subprocess.run([sys.executable, "-c", CALLER, address, PATH, token, str(count)], check=True)  # noqa: S603
    return time.process_time() - before


def _selects(url: str, token: str, reader: Reader) -> Asked:
    """What one read asks the database."""
    asked: Asked = []
    rows = reader.rows

    async def recorded(statement: SelectBase, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        asked.append((statement, dict(parameters or {})))
        return await rows(statement, parameters)

    reader.rows = recorded  # type: ignore[method-assign] # for one request
    _seconds(url, token, 1)
    reader.rows = rows  # type: ignore[method-assign]
    return asked


def _bare(url: str, issuer: Issuer, asked: Asked) -> FastAPI:
    """The handler that somebody would write who needs no more than the answer."""
    key = jwt.PyJWKSet.from_dict(issuer.jwks()).keys[0]
    fetch: list[Fetch] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with _driver(url, asked) as opened:
            fetch.append(opened)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/deals/{source}/{ref}/estimate")
    async def estimate(source: str, ref: str, request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        jwt.decode(
            token,
            key.key,
            algorithms=["ES256"],
            audience=issuer.audience,
            issuer=issuer.url,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        return Response(await fetch[0](), media_type="application/json")

    return app


@asynccontextmanager
async def _driver(url: str, asked: Asked) -> AsyncIterator[Fetch]:
    """The SELECTs on sqlite3 or psycopg themselves; gives the document, which is the one result of bytes."""
    is_sqlite = url.startswith("sqlite")
    dialect = create_engine(
        url if is_sqlite else url.replace("postgresql:", "postgresql+psycopg:"),
        paramstyle="named" if is_sqlite else "pyformat",
    ).dialect
    selects = [_compiled(statement, parameters, dialect) for statement, parameters in asked]
    if is_sqlite:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)

        async def fetch() -> bytes:
            return _document([connection.execute(sql, parameters).fetchall() for sql, parameters in selects])

        yield fetch
        connection.close()
        return
    async with AsyncConnectionPool(url, min_size=1, open=False, kwargs={"autocommit": True}) as pool:

        async def fetch_pooled() -> bytes:
            async with pool.connection() as opened:
                found = [await (await opened.execute(sql, parameters)).fetchall() for sql, parameters in selects]
            return _document(found)

        yield fetch_pooled


def _compiled(statement: SelectBase, parameters: dict[str, object], dialect: Dialect) -> tuple[str, Any]:
    compiled = statement.compile(dialect=dialect)
    values = {**compiled.params, **parameters}
    if dialect.name == "sqlite":
        values = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return str(compiled), values


def _document(found: list[list[tuple[Any, ...]]]) -> bytes:
    return next(row[0] for rows in found for row in rows if isinstance(row[0], bytes))


def _fill(url: str) -> None:
    """The company with some thousand further deals of other people."""
    engine = open_database(url)
    migrations.upgrade(engine)
    world.fill(engine, _more_deals)
    engine.dispose()


def _more_deals() -> Iterator[CanonicalRecord]:
    for number in range(DEALS):
        yield Opportunity(
            source="crm",
            ref=f"006X{number:05}",
            name=f"Deal {number}",
            stage=Stage.LOST,
            currency="USD",
            amount=Money(minor=100_000 + number, currency="USD"),
            close_on=date(2026, 1, 1) + timedelta(days=number % 300),
            owner_key=world.key("005BO" if number % 2 else "005OLA"),
        )
