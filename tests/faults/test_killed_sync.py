"""kill -9 in the middle of a first sync, at random points, and a restart: the same warehouse, row for row."""

import random
import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from bonusbridge.configuration import Configuration
from tests.databases import Server
from tests.faults.first_sync import first_sync
from tests.forking import forked
from tests.whole_path import configuration, served_pipeline
from warehouse.database import open_database, reading
from warehouse.digest import digest

KILLS = [
    pytest.param("sqlite", 50),
    pytest.param("postgresql", 25),
    pytest.param("sqlite", 500, marks=pytest.mark.soak),
    pytest.param("postgresql", 500, marks=pytest.mark.soak),
]
SEED = 20180115
# Of what the whole sync takes undisturbed; some lives are long enough for the longest step.
LONGEST_LIVES = (0.15, 0.15, 0.9)
PAGE_SIZE = 500


@pytest.fixture
def fresh_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """A function that gives the URL of another new database each time."""
    numbers = count()
    if database_kind == "sqlite":
        return lambda: f"sqlite:///{tmp_path / f'warehouse-{next(numbers)}.db'}"
    server: Server = request.getfixturevalue("postgres")
    name = f"killed_{tmp_path.name}".lower()
    return lambda: server.create(f"{name}_{next(numbers)}")


@pytest.mark.parametrize(("database_kind", "kills"), KILLS)
def test_a_killed_first_sync_ends_in_the_same_warehouse(
    kills: int, fresh_database_url: Callable[[], str], test_data: Path, tmp_path: Path
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses when to kill
    with served_pipeline(test_data, page_size=PAGE_SIZE) as (_, source):

        def configured() -> Configuration:
            return configuration(fresh_database_url(), "crm_sales", {"crm": source})

        undisturbed = configured()
        started = time.monotonic()
        assert live(undisturbed, tmp_path, None) == 0
        whole_life = time.monotonic() - started
        expected = contents(undisturbed)
        killed = 0
        while killed < kills:
            disturbed = configured()
            while live(disturbed, tmp_path, chance.uniform(0, whole_life * chance.choice(LONGEST_LIVES))) != 0:
                killed += 1
            assert contents(disturbed) == expected, f"after {killed} kills with seed {SEED}"


def live(configured: Configuration, folder: Path, seconds: float | None) -> int:
    """The exit code of a process that is killed after ``seconds`` unless it has ended by itself."""
    process = forked(first_sync, configured, folder)
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
    exit_code = process.exitcode
    process.close()
    assert exit_code in (0, -signal.SIGKILL)
    return exit_code


def contents(configured: Configuration) -> dict[str, str]:
    engine = open_database(configured.database)
    with reading(engine) as connection:
        found = digest(connection)
    engine.dispose()
    return found
