"""Rejects: landed versions that could not be mapped, kept with their reason until they can be."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from sqlalchemy import BigInteger, Column, Connection, Named, Table, TypedColumns, func, select

from warehouse.database import bulk
from warehouse.database.columns import METADATA
from warehouse.landing import LandedVersion


class RejectColumns(TypedColumns):
    source: Named[str] = Column(primary_key=True)
    stream: Named[str] = Column(primary_key=True)
    ref: Named[str] = Column(primary_key=True)
    landing_id: Named[int] = Column(BigInteger)
    mapping_version: Named[str]
    field: Named[str]
    reason: Named[str]


REJECTS = Table("rejects", METADATA, RejectColumns)


class Reject(NamedTuple):
    """A source record whose latest version could not be mapped. ``field`` is empty if no single field is to blame."""

    source: str
    stream: str
    ref: str
    landing_id: int
    mapping_version: str
    field: str
    reason: str


class RejectCount(NamedTuple):
    """How many records of a stream are rejected because of one field and reason, and the first of them by id."""

    source: str
    stream: str
    field: str
    reason: str
    records: int
    example: str


class Refusal(Protocol):
    """Why a version could not be mapped."""

    @property
    def field(self) -> str: ...

    @property
    def reason(self) -> str: ...


def replace(
    connection: Connection,
    versions: Iterable[LandedVersion],
    refused: Iterable[tuple[LandedVersion, Refusal]],
    mapping_version: str,
) -> None:
    """Of all ``versions`` that were tried now, exactly the ``refused`` ones are rejects."""
    clear(connection, versions)
    rows = {
        (landed.source, landed.stream, landed.ref): (landed.landing_id, mapping_version, refusal.field, refusal.reason)
        for landed, refusal in refused
    }
    bulk.insert(connection, REJECTS, Reject._fields, (key + rest for key, rest in rows.items()))


def clear(connection: Connection, versions: Iterable[LandedVersion]) -> int:
    """Forgets the rejects of these source records; returns how many there were."""
    keys = ((landed.source, landed.stream, landed.ref) for landed in versions)
    return bulk.delete(connection, REJECTS, ("source", "stream", "ref"), keys)


def drop_other_versions(connection: Connection, source: str, mapping_version: str) -> int:
    """Forgets what other versions of the mapping rejected; returns how many there were."""
    stale = REJECTS.delete().where(REJECTS.c.source == source, REJECTS.c.mapping_version != mapping_version)
    return connection.execute(stale).rowcount


def read(connection: Connection, source: str | None = None, limit: int = 1_000) -> list[Reject]:
    """The rejects, ordered by source, stream and ref."""
    found = select(*(REJECTS.c[name] for name in Reject._fields)).order_by(*REJECTS.primary_key).limit(limit)
    if source is not None:
        found = found.where(REJECTS.c.source == source)
    return [Reject(*row) for row in connection.execute(found)]


def count(connection: Connection) -> list[RejectCount]:
    """How many records are rejected for one reason, the most frequent first."""
    columns = REJECTS.c
    cause = (columns.source, columns.stream, columns.field, columns.reason)
    found = select(*cause, func.count(), func.min(columns.ref)).group_by(*cause)
    return [RejectCount(*row) for row in connection.execute(found.order_by(func.count().desc(), *cause))]
