"""CPU of landing 100,000 opportunities in a first sync, against simple-salesforce and a bare insert of the same rows.

The bare side downloads the same fields with simple-salesforce, parses them, and inserts each record's JSON by the
driver's own bulk call in one transaction a page. The org is another process, so that only the reader's CPU is counted.
"""

import itertools
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import requests
from simple_salesforce.api import Salesforce

from bonusbridge.configuration import Configuration, SourceConfiguration
from bonusbridge.wiring import open_jobs
from tests.benchmarks import Result
from tests.databases import run_postgres
from tests.sandbox.salesforce.conftest import Loopback
from warehouse import migrations
from warehouse.database import open_database

ROWS = 100_000
PAGE = 2_000
ROUNDS = 3
LIMIT = 1.5
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIELDS = (
    "Id,SystemModstamp,Name,AccountId,OwnerId,StageName,IsClosed,IsWon,Amount,CurrencyIsoCode,CloseDate,Probability,Type,"
    "LeadSource,ForecastCategoryName,Pricebook2Id,CreatedDate"
)

ORG = f"""
import json, sys
from datetime import timedelta
from decimal import Decimal
from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.benchmarks.sync import NOW

org = Org(lambda: NOW)
(account,) = org.insert("Account", [{{"Name": "Larkfield"}}], at=NOW - timedelta(days=300))
for day in range({ROWS} // 500):
    rows = [
        {{"Name": f"Deal {{day}}-{{n}}", "AccountId": account, "StageName": "Closed Won", "CloseDate": "2026-10-01",
          "Amount": Decimal(n * 100 + day)}}
        for n in range(500)
    ]
    org.insert("Opportunity", rows, at=NOW - timedelta(days=210) + timedelta(days=day))
with serve(create_app(org)) as url:
    login = {{"id": org.credentials.client_id, "secret": org.credentials.client_secret}}
    print(json.dumps(login | {{"url": url}}), flush=True)
    sys.stdin.read()
"""

Insert = Callable[[Iterable[list[tuple[str, str, str]]]], None]


def run() -> Iterator[Result]:
    """One result for each database."""
    with _org() as org, tempfile.TemporaryDirectory() as folder, run_postgres() as server:
        numbers = itertools.count()
        yield _compare(
            "SQLite", org, lambda: f"sqlite:///{folder}/{next(numbers)}.db", lambda url: _sqlite_insert(url + ".bare")
        )
        yield _compare("PostgreSQL", org, lambda: server.create(f"sync_{next(numbers)}"), _postgres_insert)


def _compare(
    name: str, org: dict[str, str], new_database: Callable[[], str], insert: Callable[[str], Insert]
) -> Result:
    ratios = []
    for _ in range(ROUNDS):
        url = new_database()
        bare = _cpu_seconds(partial(_insert_bare, insert(url), org))
        ratios.append(_ours(org, url) / bare)
    compared = f"CPU of {ROWS:,} opportunities against simple-salesforce, parsed and inserted bare; median of {ROUNDS}"
    return Result(f"landing of a first sync, {name}", statistics.median(ratios), LIMIT, compared)


def _insert_bare(insert: Insert, org: dict[str, str]) -> None:
    insert(_pages(_bare_records(org)))


@contextmanager
def _org() -> Iterator[dict[str, str]]:
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", ORG], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        # Leaving the block closes standard input, at which the org ends.


def _ours(org: dict[str, str], url: str) -> float:
    login = {"flow": "client_credentials", "client_id": org["id"], "client_secret": org["secret"]}
    omitted = {"omit_children": ["OpportunityLineItems", "OpportunitySplits"]}
    settings = {
        "instance_url": org["url"],
        "login": login,
        "streams": ["Opportunity"],
        "changes": {"Opportunity": omitted},
        "page_size": PAGE,
    }
    source = SourceConfiguration(connector="salesforce", mapping="salesforce", settings=settings)
    configured = Configuration(database=url, sources={"crm": source})
    _migrate(url)
    with open_jobs(configured, Path.cwd(), clock=lambda: NOW) as runner:
        return _cpu_seconds(lambda: _land(runner))


def _land(runner: Any) -> None:  # noqa: ANN401 - a runner
    outcome = runner.run("land")
    assert (outcome["landed"], outcome["failures"]) == (ROWS, [])


def _migrate(url: str) -> None:
    engine = open_database(url)
    migrations.upgrade(engine)
    engine.dispose()


def _bare_records(org: dict[str, str]) -> Iterator[dict[str, Any]]:
    form = {"grant_type": "client_credentials", "client_id": org["id"], "client_secret": org["secret"]}
    token = requests.post(f"{org['url']}/services/oauth2/token", data=form, timeout=30).json()["access_token"]
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Loopback(org["url"]))
    client = Salesforce(instance_url="https://bare.example", session_id=token, session=session, version="62.0")
    found: Iterator[dict[str, Any]] = client.query_all_iter(f"SELECT {FIELDS} FROM Opportunity")  # noqa: S608
    return found


def _pages(records: Iterable[dict[str, Any]]) -> Iterator[list[tuple[str, str, str]]]:
    rows = ((record["Id"], record["SystemModstamp"], json.dumps(record)) for record in records)
    while page := list(itertools.islice(rows, PAGE)):
        yield page


def _sqlite_insert(url: str) -> Insert:
    def insert(pages: Iterable[list[tuple[str, str, str]]]) -> None:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE bare (id, stamp, payload)"
        )
        for page in pages:
            with connection:
                connection.executemany("INSERT INTO bare VALUES (?, ?, ?)", page)
        connection.close()

    return insert


def _postgres_insert(url: str) -> Insert:
    def insert(pages: Iterable[list[tuple[str, str, str]]]) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE bare (id text, stamp text, payload text)")
            for page in pages:
                with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                    for row in page:
                        copy.write_row(row)
                connection.commit()

    return insert


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
