"""Runs jobs durably on DBOS, in this process or in the worker that already holds the database.

One process at a time works under one worker id: it holds a lock that the operating system or PostgreSQL releases
even after ``kill -9``. A second process with the same id hands its job to the first and waits for the result.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    EnqueueOptions,
    ScheduleInput,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowHandle,
)
from dbos import error as dbos_errors
from sqlalchemy import Engine, text

QUEUE = "work"
APPLICATION = "bonusbridge"
# Steps may be repeated, so a run that an older release began is finished by the next one.
WORKFLOW_VERSION = "1"
POLLING_SECONDS = 0.1
RESULT_POLLING_SECONDS = 0.05
GRACE_SECONDS = 10


class Runner(Protocol):
    """Runs a registered job to its end. One of that name that is under way is waited for first: it may have read
    already what the caller wants to be read.
    """

    is_worker: bool
    """Whether this process executes the jobs itself."""

    def run(self, job: str, *arguments: object) -> Any:  # noqa: ANN401 - what the job returns
        ...

    def schedule(self, job: str, cron: str, time_zone: str) -> None:
        """Runs the scheduled form of ``job`` at the times of ``cron`` in ``time_zone``, in place of earlier ones.

        ValueError if ``cron`` is none.
        """
        ...


class _Worker:
    """This process executes the jobs; ``jobs`` are the registered workflows by name."""

    is_worker = True

    def __init__(self, jobs: dict[str, Callable[..., Any]]) -> None:
        self._jobs = jobs

    def run(self, job: str, *arguments: object) -> Any:  # noqa: ANN401
        def ask(workflow_id: str) -> "WorkflowHandle[Any]":
            with SetWorkflowID(workflow_id):
                return enqueue(job, self._jobs[job], *arguments)

        return _result_of_a_new_run(ask)

    def schedule(self, job: str, cron: str, time_zone: str) -> None:
        schedule: ScheduleInput = {
            "schedule_name": job,
            "workflow_fn": self._jobs[f"scheduled_{job}"],
            "schedule": cron,
            "context": None,
            "cron_timezone": time_zone,
        }
        try:
            DBOS.apply_schedules([schedule])
        except dbos_errors.DBOSException:
            raise ValueError(f"{cron!r} is no cron expression; write one such as */5 * * * *") from None


class _Client:
    """Another process executes the jobs; this one only asks."""

    is_worker = False

    def __init__(self, client: DBOSClient) -> None:
        self._client = client

    def run(self, job: str, *arguments: object) -> Any:  # noqa: ANN401
        def ask(workflow_id: str) -> "WorkflowHandle[Any]":
            options: EnqueueOptions = {
                "queue_name": QUEUE,
                "workflow_name": job,
                "workflow_id": workflow_id,
                "deduplication_id": job,
                "duplication_policy": "return-existing",
                "app_version": WORKFLOW_VERSION,
            }
            return self._client.enqueue(options, *arguments)

        return _result_of_a_new_run(ask)

    def schedule(self, job: str, cron: str, time_zone: str) -> None:
        raise RuntimeError(f"{job} ({cron}, {time_zone}) is for the worker to schedule, which is another process")


def _result_of_a_new_run(ask: Callable[[str], "WorkflowHandle[Any]"]) -> Any:  # noqa: ANN401
    """The result of a run that was not there yet when it was asked for; ``ask`` may be handed an older one."""
    wanted = str(uuid4())
    handle = ask(wanted)
    if handle.get_workflow_id() != wanted:
        handle.get_result(polling_interval_sec=RESULT_POLLING_SECONDS)
        handle = ask(str(uuid4()))
    return handle.get_result(polling_interval_sec=RESULT_POLLING_SECONDS)


def enqueue(name: str, job: Callable[..., Any], *arguments: object) -> "WorkflowHandle[Any]":
    """Asks for the job in the worker's own process; one of that name that waits or runs already is joined instead."""
    with SetEnqueueOptions(deduplication_id=name, duplication_policy="return-existing"):
        return DBOS.enqueue_workflow(QUEUE, job, *arguments)


@contextmanager
def running(engine: Engine, worker_id: str, register: Callable[[], dict[str, Callable[..., Any]]]) -> Iterator[Runner]:
    """A runner for as long as the context lasts; jobs that a killed process left behind are resumed first.

    ``register`` decorates the workflows and returns them by name; it is called only if this process executes them.
    """
    with _worker_lock(engine, worker_id) as is_ours:
        if not is_ours:
            client = DBOSClient(system_database_url=dbos_url(engine), application_name=APPLICATION)
            try:
                yield _Client(client)
            finally:
                client.destroy()
            return
        DBOS(config=_dbos_configuration(engine, worker_id))
        try:
            jobs = register()
            DBOS.launch()
            DBOS.register_queue(QUEUE, global_concurrency=1, polling_interval_sec=POLLING_SECONDS)
            _adopt_orphans(engine, worker_id)
            yield _Worker(jobs)
        finally:
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=GRACE_SECONDS)


def dbos_url(engine: Engine) -> str:
    """DBOS keeps its tables in our database: the same SQLite file, or a schema of its own in PostgreSQL."""
    return engine.url.set(drivername=engine.url.get_backend_name()).render_as_string(hide_password=False)


def _dbos_configuration(engine: Engine, worker_id: str) -> DBOSConfig:
    return {
        "name": APPLICATION,
        "system_database_url": dbos_url(engine),
        "application_version": WORKFLOW_VERSION,
        "executor_id": worker_id,
        "log_level": "ERROR",
        "enable_otlp": False,
        "scheduler_polling_interval_sec": 1.0,
        "notification_listener_polling_interval_sec": POLLING_SECONDS,
    }


def _adopt_orphans(engine: Engine, worker_id: str) -> None:
    """Resumes what workers with other ids left behind when they died: their locks can be had."""
    pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    for other in {str(run.executor_id) for run in pending} - {worker_id}:
        with _worker_lock(engine, other) as is_gone:
            if is_gone:
                DBOS._recover_pending_workflows([other])  # noqa: SLF001 - DBOS offers it to its conductor only


@contextmanager
def _worker_lock(engine: Engine, worker_id: str) -> Iterator[bool]:
    if engine.dialect.name == "sqlite":
        with _file_lock(Path(f"{engine.url.database}.{worker_id}.lock")) as is_ours:
            yield is_ours
        return
    number = int.from_bytes(hashlib.sha256(f"bonusbridge worker {worker_id}".encode()).digest()[:8], signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # The lock belongs to the connection, which ends with this block or with the process.
        yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}))
        connection.invalidate()


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def list_runs(engine: Engine, limit: int) -> Sequence[Any]:
    """The newest runs first, as DBOS keeps them (``WorkflowStatus``)."""
    client = DBOSClient(system_database_url=dbos_url(engine), application_name=APPLICATION)
    try:
        return client.list_workflows(queue_name=QUEUE, limit=limit, sort_desc=True, load_input=False)
    finally:
        client.destroy()
