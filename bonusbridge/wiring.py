"""Makes the parts from the configuration and joins them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bonusbridge.configuration import Configuration, ConfigurationError
from compensation import Plan, parse_plan
from connectors.protocol import Connector
from connectors.registry import open_connector
from jobs.work import Progress, Source, Work, unwatched
from mappings.language import load_mapping
from warehouse import migrations
from warehouse.database import open_database

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_work(
    configuration: Configuration, folder: Path, clock: Clock = utc_now, progress: Progress = unwatched
) -> Iterator[Work]:
    """The database (migrated), the systems and the plans of a configuration; all closed at the end."""
    plans = read_plans(configuration.plans)
    zone = _time_zone(configuration.time_zone)
    engine = open_database(database_url(configuration, folder))
    opened: list[Connector] = []
    try:
        migrations.upgrade(engine)
        sources = []
        for name, source in configuration.sources.items():
            mapping = load_mapping(_mapping_file(source.mapping, folder), source.mapping)
            connector = open_connector(source.connector, name, source.settings, clock)
            opened.append(connector)
            sources.append(Source(connector, mapping, source.refers_to))
        yield Work(engine, tuple(sources), plans, clock, zone, progress)
    finally:
        for connector in opened:
            connector.close()
        engine.dispose()
