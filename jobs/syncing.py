"""Sync: each stream is read from its cursor and landed a page at a time.

A page and the cursor after it are committed together, and landing knows every version that it has seen: a step that
is repeated after a kill goes on from the cursor, so nothing is lost and nothing doubled.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
)
from connectors.protocol import Cursor, Page, SourceRecord
from jobs.work import Source, Work
from warehouse.database import reading, writing
from warehouse.landing import SourceVersion, land, land_swept, newest_ids, read_cursor, save_cursor

DELETIONS = "#deleted"
DELETION_OVERLAP = timedelta(minutes=15)
SWEEP_PAGE = 200
MISSING = "missing"


class Failure(StrEnum):
    """What a stream's error says of the rest of its system."""

    STREAM = "stream"  # it concerns this stream alone
    SILENCE = "silence"  # no answer, after all the attempts that the connector's policy allows
    REFUSAL = "refusal"  # whoever goes on asking gets locked out


class Landed(NamedTuple):
    """What one step did. ``error`` says why the stream could not be read; ``is_last``: nothing follows."""

    read: int = 0
    landed: int = 0
    is_last: bool = False
    gap_found_at: datetime | None = None
    after: str = ""
    error: str = ""
    failure: Failure | None = None


class StreamLanding:
    """Lands the streams of all sources; keeps a read open between the pages of one run."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._open: dict[tuple[str, str, str], Iterator[Page]] = {}

    def next_page(self, run_id: str, source: Source, stream: str) -> Landed:
        """Lands the next page of the stream and moves its cursor, in one transaction."""
        key = (run_id, source.name, stream)
        try:
            if key not in self._open:
                self._open[key] = self._start(source, stream)
            page = next(self._open[key], None)
        except ConnectorError as error:
            self._open.pop(key, None)
            return _failed(error)
        if page is None:
            del self._open[key]
            return Landed(is_last=True)
        now = self._work.clock()
        with writing(self._work.engine) as connection:
            landed = land(connection, _versions(page.records), now)
            known = read_cursor(connection, source.name, stream)
            # The first page of a later read ends where the last one did; what was complete then still is.
            through = max(page.complete_through, known.complete_through) if known else page.complete_through
            save_cursor(connection, source.name, stream, page.cursor, through, now)
        self._work.progress("sync", f"{source.name}/{stream}", len(page.records))
        return Landed(len(page.records), landed)

    def _start(self, source: Source, stream: str) -> Iterator[Page]:
        now = self._work.clock()
        with writing(self._work.engine) as connection:
            state = read_cursor(connection, source.name, stream)
            if read_cursor(connection, source.name, stream + DELETIONS) is None:
                # What was deleted before the first read began was never landed.
                save_cursor(connection, source.name, stream + DELETIONS, "", now, now)
        return source.connector.read(stream, Cursor(state.cursor) if state else None, now)

    def deletions(self, source: Source, stream: str) -> Landed:
        """Lands the tombstones since the last look. ``gap_found_at``: some are forgotten; sweep, then ``close_gap``."""
        now = self._work.clock()
        with reading(self._work.engine) as connection:
            state = read_cursor(connection, source.name, stream + DELETIONS)
        since = (state.complete_through if state else now) - DELETION_OVERLAP
        try:
            deletions = source.connector.read_deleted(stream, since, now)
        except ConnectorError as error:
            return _failed(error)
        with writing(self._work.engine) as connection:
            landed = land(connection, _versions(deletions.tombstones), now)
            if not deletions.is_gap:
                save_cursor(connection, source.name, stream + DELETIONS, "", now, now)
        gap_found_at = now if deletions.is_gap else None
        return Landed(len(deletions.tombstones), landed, is_last=True, gap_found_at=gap_found_at)

    def close_gap(self, source: Source, stream: str, found_at: datetime) -> None:
        """The stream was swept whole since ``found_at``: the next look at deletions begins there."""
        with writing(self._work.engine) as connection:
            save_cursor(connection, source.name, stream + DELETIONS, "", found_at, self._work.clock())

    def sweep_page(self, source: Source, stream: str, after: str) -> Landed:
        """Re-reads records that we hold, by id after ``after``: finds what was deleted, undeleted or changed unseen."""
        with reading(self._work.engine) as connection:
            held = newest_ids(connection, source.name, stream, after, SWEEP_PAGE)
        if not held:
            return Landed(is_last=True)
        refs = list(held)
        try:
            found = source.connector.get_by_ids(stream, refs)
        except ConnectorError as error:
            return _failed(error)
        tombstones = [SourceVersion(source.name, stream, ref, MISSING, None, "{}", True) for ref in found.missing]
        with writing(self._work.engine) as connection:
            landed = land_swept(connection, [*_versions(found.records), *tombstones], held, self._work.clock())
        self._work.progress("sweep", f"{source.name}/{stream}", len(refs))
        return Landed(len(refs), landed, after=refs[-1])


def _failed(error: ConnectorError) -> Landed:
    failure = Failure.STREAM
    if isinstance(error, AuthenticationError | QuotaExhaustedError):
        failure = Failure.REFUSAL
    elif isinstance(error, TransientError | RateLimitedError):
        failure = Failure.SILENCE
    return Landed(is_last=True, error=str(error), failure=failure)


def _versions(records: Sequence[SourceRecord]) -> list[SourceVersion]:
    return [
        SourceVersion(
            record.source,
            record.stream,
            record.ref,
            record.version,
            record.modified_at,
            record.payload,
            record.is_deleted,
        )
        for record in records
    ]
