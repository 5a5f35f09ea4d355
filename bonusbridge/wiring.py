"""Makes the parts from the configuration and joins them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bonusbridge.configuration import Configuration, SourceConfiguration, describe_errors
from bonusbridge.plan_files import PlanFileError, overlaps, plan_files, read_plan, read_text
from connectors.protocol import Connector
from connectors.registry import open_connector
from jobs.runner import Runner, running
from jobs.work import PlanFile, Progress, Source, Work, unwatched
from jobs.workflows import register
from mappings.language import SHIPPED, Mapping, load_mapping, load_shipped
from warehouse import migrations
from warehouse.database import open_database, parse_url

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class WiringError(Exception):
    """A part that the configuration names cannot be made; the message says which, and what to do."""


@contextmanager
def open_work(
    configuration: Configuration, folder: Path, *, clock: Clock = utc_now, progress: Progress = unwatched
) -> Iterator[Work]:
    """The database (migrated), the systems and the plans of a configuration; all closed at the end.

    ``folder`` is the configuration file's: relative paths start there.
    """
    plans = plans_in_force(configuration.plans)
    mappings = {name: _load_mapping(name, source, folder) for name, source in configuration.sources.items()}
    with ExitStack() as opened:
        sources = []
        for name, source in configuration.sources.items():
            connector = _open_connector(name, source, clock)
            opened.callback(connector.close)
            sources.append(Source(connector, mappings[name], source.refers_to))
        # Last, so that a mistake above leaves no trace.
        engine = open_database(database_url(configuration, folder))
        opened.callback(engine.dispose)
        migrations.upgrade(engine)
        yield Work(engine, tuple(sources), plans, clock, ZoneInfo(configuration.time_zone), progress)


@contextmanager
def open_jobs(
    configuration: Configuration, folder: Path, *, clock: Clock = utc_now, progress: Progress = unwatched
) -> Iterator[Runner]:
    """A runner of the jobs over the configuration's systems."""
    with (
        open_work(configuration, folder, clock=clock, progress=progress) as work,
        running(work.engine, configuration.worker_id, lambda: register(work)) as runner,
    ):
        yield runner


@contextmanager
def open_worker(
    configuration: Configuration, folder: Path, *, clock: Clock = utc_now, progress: Progress = unwatched
) -> Iterator[Runner]:
    """A runner that also works off the configuration's schedules, in this process and no other."""
    with open_jobs(configuration, folder, clock=clock, progress=progress) as runner:
        if not runner.is_worker:
            raise WiringError(
                f"a worker with the id {configuration.worker_id!r} is already at work on this database; "
                "stop it, or give this one another worker_id"
            )
        for job, cron in configuration.schedule:
            try:
                runner.schedule(job, cron, configuration.time_zone)
            except ValueError as error:
                raise WiringError(f"schedule.{job}: {error}") from None
        yield runner


def database_url(configuration: Configuration, folder: Path) -> str:
    """The database's URL; a relative SQLite file lies in the configuration's folder."""
    url = parse_url(configuration.database)
    if url.get_backend_name() == "sqlite":
        url = url.set(database=str(folder / str(url.database)))
    return url.render_as_string(hide_password=False)


def _open_connector(name: str, source: SourceConfiguration, clock: Clock) -> Connector:
    try:
        return open_connector(source.connector, name, source.settings, clock)
    except ValidationError as error:
        raise WiringError(describe_errors(f"sources.{name}.settings", error)) from None
    except ValueError as error:
        raise WiringError(f"sources.{name}: {error}") from None


def _load_mapping(name: str, source: SourceConfiguration, folder: Path) -> Mapping:
    """A shipped mapping by its name, or a file beside the configuration."""
    if (SHIPPED / f"{source.mapping}.yaml").is_file():
        return load_shipped(source.mapping)
    path = folder / source.mapping
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
        raise WiringError(f"sources.{name}.mapping: neither a shipped mapping ({shipped}) nor a file: {path}")
    return load_mapping(path)


def plans_in_force(entries: Iterable[Path]) -> tuple[PlanFile, ...]:
    """The plans of files and folders.

    WiringError if two files say what one plan pays on the same day: both would pay.
    """
    try:
        files = list(plan_files(entries))
        plans = [PlanFile(read_plan(file), read_text(file)) for file in files]
    except PlanFileError as error:
        raise WiringError(f"plans: {error}") from None
    for _, _, plan, day in overlaps(zip(files, (each.plan for each in plans), strict=True)):
        raise WiringError(
            f"plans: two files say what the plan {plan.name!r} pays on {day}; "
            "end the older one with effective.through, or give them different names"
        )
    return tuple(plans)
