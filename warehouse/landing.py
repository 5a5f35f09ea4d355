"""Landing: every version of every source record as it came. Append-only; what is canonical can be rebuilt from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Named,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    case,
    exists,
    func,
    select,
)

from warehouse.database import bulk
from warehouse.database.columns import METADATA, Instant, SurrogateId


class LandingColumns(TypedColumns):
    id: Named[int] = Column(SurrogateId, primary_key=True)
    source: Named[str]
    stream: Named[str]
    ref: Named[str]
    version: Named[str]
    content_hash: Named[bytes] = Column(LargeBinary)
    modified_at: Named[datetime | None] = Column(Instant)
    landed_at: Named[datetime] = Column(Instant)
    is_deleted: Named[bool]
    payload: Named[str] = Column(Text)


LANDING = Table(
    "landing",
    METADATA,
    LandingColumns,
    UniqueConstraint("source", "stream", "ref", "version", "content_hash", name="uq_landing_version"),
    Index(None, "source", "id"),
)


class StreamColumns(TypedColumns):
    source: Named[str] = Column(primary_key=True)
    stream: Named[str] = Column(primary_key=True)
    cursor: Named[str | None]
    complete_through: Named[datetime | None] = Column(Instant)
    read_at: Named[datetime | None] = Column(Instant)
    last_landed_at: Named[datetime | None] = Column(Instant)


STREAMS = Table("source_streams", METADATA, StreamColumns)


class ProgressColumns(TypedColumns):
    source: Named[str] = Column(primary_key=True)
    mapping_version: Named[str] = Column(primary_key=True)
    landing_id: Named[int] = Column(BigInteger)


PROGRESS = Table("mapping_progress", METADATA, ProgressColumns)


class SourceVersion(NamedTuple):
    """One version of one record of a source; ``payload`` is its JSON text, ``modified_at`` is aware."""

    source: str
    stream: str
    ref: str
    version: str
    modified_at: datetime | None
    payload: str
    is_deleted: bool = False


class LandedVersion(NamedTuple):
    """A version with the id under which it landed."""

    landing_id: int
    source: str
    stream: str
    ref: str
    version: str
    modified_at: datetime | None
    payload: str
    is_deleted: bool


class Position(NamedTuple):
    """The cursor kept last, and the instant up to which the stream was complete then."""

    cursor: str
    complete_through: datetime


class Freshness(NamedTuple):
    """How much of a stream is known: everything up to ``complete_through`` (None: not read to an end yet)."""

    source: str
    stream: str
    complete_through: datetime | None
    read_at: datetime | None
    last_landed_at: datetime | None


def land(connection: Connection, versions: Iterable[SourceVersion], landed_at: datetime) -> int:
    """Appends the versions that are not there yet; returns how many these were.

    A version is the same if source, stream, ref, version stamp, content and deletion are; landing it again changes
    nothing. Of one source, later transactions get greater landing ids.
    """
    count = 0
    for (source, stream), group in groupby(versions, key=lambda version: version[:2]):
        _lock(connection, source)
        rows = ((*version, _content_hash(version), landed_at) for version in group)
        new = bulk.insert_new(connection, LANDING, _LANDED_COLUMNS, rows)
        if new:
            bulk.upsert(connection, STREAMS, ("source", "stream", "last_landed_at"), [(source, stream, landed_at)])
        count += new
    return count


def land_swept(
    connection: Connection, versions: Iterable[SourceVersion], held: Mapping[str, int], landed_at: datetime
) -> int:
    """Appends what is not the newest version of its record; returns how many these were.

    To ``land``, what comes back under an old stamp (a formula that goes from A to B to A, a record undeleted without a
    trace) is known; here its version gets a number, and it lands again. ``held`` is what was the newest of each record
    when the source was asked: a record of which more has landed since keeps that.
    """
    count = 0
    for (source, stream), group in groupby(versions, key=lambda version: version[:2]):
        _lock(connection, source)
        swept = [version for version in group if version.ref in held]
        earlier = _earlier(connection, source, stream, [version.ref for version in swept])
        others = (_unlike(version, earlier[version.ref], held[version.ref]) for version in swept)
        count += land(connection, [version for version in others if version], landed_at)
    return count


def read_since(connection: Connection, source: str, after_landing_id: int, limit: int) -> list[LandedVersion]:
    """The next records, at most ``limit``, of which a version landed after ``after_landing_id``: each one's latest.

    In the order of landing; empty only if there are no more.
    """
    while True:
        found = _READ_SINCE.where(LANDING.c.source == source, LANDING.c.id > after_landing_id)
        page = connection.execute(found.order_by(LANDING.c.id).limit(limit)).all()
        latest = [LandedVersion(*row) for row in page if row.payload is not None]
        if latest or not page:
            return latest
        after_landing_id = page[-1].id


def read_latest(connection: Connection, source: str, stream: str, ref: str) -> LandedVersion | None:
    """The latest version of one record, e.g. to map a reject again."""
    place = (LANDING.c.source == source, LANDING.c.stream == stream, LANDING.c.ref == ref)
    # Not "id.desc()": SQLite would walk the source backwards to the record, not the few versions of it.
    row = connection.execute(select(*_LANDED).where(*place).order_by(-LANDING.c.id).limit(1)).first()
    return LandedVersion(*row) if row else None


def newest_ids(connection: Connection, source: str, stream: str, after_ref: str, limit: int) -> dict[str, int]:
    """The next refs, at most ``limit``, after ``after_ref``, deleted ones too: each with its newest landing id.

    In the order of the database; empty only if there are no more.
    """
    columns = LANDING.c
    of_stream = (columns.source == source, columns.stream == stream, columns.ref > after_ref)
    newest = select(columns.ref, func.max(columns.id)).where(*of_stream).group_by(columns.ref).order_by(columns.ref)
    return dict(connection.execute(newest.limit(limit)).all())


def read_cursor(connection: Connection, source: str, stream: str) -> Position | None:
    """How far the stream was read; None before the first cursor was kept."""
    place = (STREAMS.c.source == source, STREAMS.c.stream == stream, STREAMS.c.cursor.is_not(None))
    row = connection.execute(select(STREAMS.c.cursor, STREAMS.c.complete_through).where(*place)).first()
    return Position(row.cursor, row.complete_through) if row else None


def save_cursor(
    connection: Connection, source: str, stream: str, cursor: str, complete_through: datetime, at: datetime
) -> None:
    """Keeps the cursor after what has landed; in the transaction of ``land``, so that neither is without the other."""
    columns = ("source", "stream", "cursor", "complete_through", "read_at")
    bulk.upsert(connection, STREAMS, columns, [(source, stream, cursor, complete_through, at)])


def freshness(connection: Connection) -> list[Freshness]:
    """One row a stream that was ever read, ordered by source and stream."""
    columns = STREAMS.c
    rows = connection.execute(
        select(
            columns.source, columns.stream, columns.complete_through, columns.read_at, columns.last_landed_at
        ).order_by(columns.source, columns.stream)
    )
    return [Freshness(*row) for row in rows]


def read_progress(connection: Connection, source: str, mapping_version: str) -> int:
    """The landing id up to which this version of the mapping has mapped the source; 0 at first."""
    place = (PROGRESS.c.source == source, PROGRESS.c.mapping_version == mapping_version)
    return connection.scalar(select(PROGRESS.c.landing_id).where(*place)) or 0


def save_progress(connection: Connection, source: str, mapping_version: str, landing_id: int) -> None:
    """In the transaction that writes what was mapped. Other versions' progress is forgotten: what they made is being
    replaced, so that going back to one of them begins anew.
    """
    others = PROGRESS.delete().where(PROGRESS.c.source == source, PROGRESS.c.mapping_version != mapping_version)
    connection.execute(others)
    bulk.upsert(
        connection,
        PROGRESS,
        ("source", "mapping_version", "landing_id"),
        [(source, mapping_version, landing_id)],
    )


_LANDED_COLUMNS = (
    "source", "stream", "ref", "version", "modified_at", "payload", "is_deleted", "content_hash", "landed_at",
)  # fmt: skip
_LANDED = (
    LANDING.c.id,
    LANDING.c.source,
    LANDING.c.stream,
    LANDING.c.ref,
    LANDING.c.version,
    LANDING.c.modified_at,
    LANDING.c.payload,
    LANDING.c.is_deleted,
)
_LATER = LANDING.alias("later")
_IS_SUPERSEDED = exists().where(
    _LATER.c.source == LANDING.c.source,
    _LATER.c.stream == LANDING.c.stream,
    _LATER.c.ref == LANDING.c.ref,
    _LATER.c.id - LANDING.c.id > 0,  # not "later.id >": SQLite would walk all later ids, not the few of this record
)
# Superseded versions come without their payload. A condition would do as well, but PostgreSQL would then join the whole
# table for each page.
_READ_SINCE = select(*_LANDED[:-2], case((~_IS_SUPERSEDED, LANDING.c.payload)).label("payload"), LANDING.c.is_deleted)


def _content_hash(version: SourceVersion) -> bytes:
    state = b"deleted" if version.is_deleted else b"there"
    return sha256(state + version.payload.encode()).digest()


class _Earlier(NamedTuple):
    id: int
    ref: str
    version: str
    content_hash: bytes
    is_deleted: bool


def _earlier(connection: Connection, source: str, stream: str, refs: Sequence[str]) -> dict[str, list[_Earlier]]:
    """What has landed of each record, the newest last."""
    columns = LANDING.c
    of_records = (columns.source == source, columns.stream == stream, columns.ref.in_(refs))
    rows = connection.execute(select(*(columns[name] for name in _Earlier._fields)).where(*of_records))
    found: dict[str, list[_Earlier]] = {ref: [] for ref in refs}
    for row in sorted(rows):  # by id, and here: asked to sort, SQLite would walk all of the source
        found[row.ref].append(_Earlier(*row))
    return found


def _unlike(version: SourceVersion, earlier: Sequence[_Earlier], held_id: int) -> SourceVersion | None:
    """``version`` as it may land; None if the newest that has landed is the same, or younger than what was read."""
    newest, content = earlier[-1], _content_hash(version)
    is_same = newest.content_hash == content or (newest.is_deleted and version.is_deleted)
    if is_same or newest.id != held_id:
        return None
    is_known = any((each.version, each.content_hash) == (version.version, content) for each in earlier)
    # Numbered by what has landed, not by the time: warehouses with one history stay equal.
    return version._replace(version=f"{version.version}#{len(earlier) + 1}") if is_known else version


def _lock(connection: Connection, source: str) -> None:
    # Readers go on after the greatest id that they saw. PostgreSQL gives ids before commits, in any order: one
    # transaction a source at a time keeps the two orders the same. SQLite has one writer anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"landing {source}"))))
