"""A job is run once at a time, resumed after kill -9, and handed to the worker that is already there."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import Engine, text

from jobs.runner import list_runs, running
from warehouse.database import open_database, writing

KILLED = """
import sys, time
import pytest
from dbos import DBOS
from sqlalchemy import text
from jobs.runner import running
from tests.jobs.test_runner import counting_jobs
from warehouse.database import open_database

engine = open_database(sys.argv[1])
with running(engine, "worker-1", lambda: counting_jobs(engine, pause=0.05)) as runner:
    print("started", flush=True)
    runner.run("count", 40)
"""


def counting_jobs(engine: Engine, pause: float = 0.0) -> dict[str, Callable[..., Any]]:
    @DBOS.step(name="count_once")
    def count_once(number: int) -> int:
        time.sleep(pause)
        with writing(engine) as connection:
            connection.execute(
                text("INSERT INTO counted (number) VALUES (:number) ON CONFLICT DO NOTHING"), {"number": number}
            )
        return number

    @DBOS.workflow(name="count")
    def count(upto: int) -> int:
        return sum(count_once(number) for number in range(upto))

    return {"count": count}


def counted(engine: Engine) -> list[int]:
    with writing(engine) as connection:
        return [number for (number,) in connection.execute(text("SELECT number FROM counted ORDER BY number"))]


def prepare(database_url: str) -> Engine:
    engine = open_database(database_url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER PRIMARY KEY)"))
    return engine


@pytest.mark.parametrize("worker_id", ["worker-1", "worker-2"])
def test_a_killed_run_is_resumed_by_its_worker_or_another(database_url: str, worker_id: str) -> None:
    engine = prepare(database_url)
    root = Path(__file__).parents[2]
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", KILLED, database_url], stdout=subprocess.PIPE, cwd=root, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        while not counted(engine):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert 0 < len(counted(engine)) < 40
    with running(engine, worker_id, lambda: counting_jobs(engine)) as runner:
        assert runner.run("count", 40) == sum(range(40))
    assert counted(engine) == list(range(40))
    assert [run.status for run in list_runs(engine, 10)] == ["SUCCESS", "SUCCESS"], "the killed one and the new one"
    engine.dispose()


def test_a_second_process_with_the_same_id_hands_its_job_over(database_url: str) -> None:
    engine, other = prepare(database_url), open_database(database_url)
    results: list[int] = []

    def ask() -> None:
        with running(other, "worker-1", dict) as runner:
            results.append(runner.run("count", 5))

    with running(engine, "worker-1", lambda: counting_jobs(engine)):
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(timeout=60)
    assert results == [10]
    other.dispose()
    engine.dispose()
