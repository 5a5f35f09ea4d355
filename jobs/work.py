"""What the jobs work with; the wiring makes one and hands it to every job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from compensation import Plan
from connectors.protocol import Connector
from mappings.language import Mapping as RecordMapping


class Progress(Protocol):
    """Told of every page: which job, of what (a stream or table), and how many rows since the last call."""

    def __call__(self, job: str, of: str, rows: int) -> None: ...


def unwatched(job: str, of: str, rows: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Source:
    """One outside system with the mapping of its records; ``refers_to`` binds the mapping's names of other systems."""

    connector: Connector
    mapping: RecordMapping
    refers_to: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.connector.source

    @property
    def mapping_version(self) -> str:
        """What a record's mapping depends on: the mapping, and which systems its names of others are bound to."""
        bound = "".join(f" {name}={source}" for name, source in sorted(self.refers_to.items()))
        return f"{self.mapping.version}{bound}"

    @property
    def streams(self) -> tuple[str, ...]:
        """What is read: the connector's streams that the mapping knows, in the connector's order."""
        return tuple(stream for stream in self.connector.streams if stream in self.mapping.streams)


class PlanFile(NamedTuple):
    """A plan with the text that it was read from."""

    plan: Plan
    text: str

    @property
    def version(self) -> str:
        return self.plan.version


@dataclass(frozen=True, slots=True)
class Work:
    """The database, the systems, the plans in force, the clock and the company's time zone."""

    engine: Engine
    sources: tuple[Source, ...]
    plans: tuple[PlanFile, ...]
    clock: Callable[[], datetime]
    time_zone: ZoneInfo
    progress: Progress = unwatched

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)

    def today(self) -> date:
        return self.clock().astimezone(self.time_zone).date()
