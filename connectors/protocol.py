"""What every connector can do. The same calls and guarantees, whatever the system."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NewType, Protocol

Cursor = NewType("Cursor", str)
"""Opaque: only the connector that made it reads it. It names the last record read (stamp and id)."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One version of one record, as it came.

    ``payload`` is a JSON object as text, numbers as the wire had them (never through a float); what came as XML
    is a JSON object whose amounts are strings with the wire's text. ``version`` is the system's version stamp.
    ``modified_at`` is aware (UTC); None where the system has no stamp.
    """

    source: str
    stream: str
    ref: str
    version: str
    modified_at: datetime | None
    payload: str
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Records, the cursor after them, and the instant up to which the stream is known to be complete."""

    records: tuple[SourceRecord, ...]
    cursor: Cursor
    complete_through: datetime


class DeleteSupport(StrEnum):
    FEED = "feed"  # the system tells what was deleted
    UNSUPPORTED = "unsupported"  # found only by sweeping: compare the ids that are there


@dataclass(frozen=True, slots=True)
class Deletions:
    """Tombstones of a window. ``is_gap``: the system has forgotten part of the window; resync the stream."""

    tombstones: tuple[SourceRecord, ...]
    support: DeleteSupport
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a stream: its native type, decimals if numeric, and what the system promises about it."""

    name: str
    native_type: str
    scale: int | None = None
    is_external_id: bool = False
    is_calculated: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that can be read; ``sweep`` names the fields whose changes move no version stamp."""

    name: str
    fields: tuple[Field, ...]
    deletes: DeleteSupport
    sweep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """An answer of ``check``. ``clock_skew`` is their clock minus ours; ``remaining_calls`` None if not told."""

    system: str
    scopes: tuple[str, ...]
    remaining_calls: int | None
    clock_skew: timedelta
    time_zone: str


@dataclass(frozen=True, slots=True)
class Found:
    records: tuple[SourceRecord, ...]
    missing: tuple[str, ...]


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one written row: ``key`` is its external id, ``reason`` says why it was rejected."""

    key: str
    outcome: Outcome
    ref: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that an event says has changed; it is re-read, the event itself is never the data."""

    stream: str
    ref: str


@dataclass(frozen=True, slots=True)
class EventRequest:
    """A webhook as it arrived: exact bytes, and the raw target before any decoding."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A stream's count, exact sums of amounts, and SHA-256 over its sorted ids (joined by newlines) in a window."""

    count: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    id_digest: str = ""


class Connector(Protocol):
    """Reads and writes one outside system. Synchronous; every call has a time-out and a retry budget."""

    @property
    def source(self) -> str:
        """The configured name of the system, e.g. ``crm``."""
        ...

    @property
    def streams(self) -> tuple[str, ...]:
        """The configured streams, in the order in which they should be read."""
        ...

    def check(self) -> Health: ...

    def discover(self) -> tuple[Stream, ...]: ...

    def read(self, stream: str, since: Cursor | None, until: datetime) -> Iterator[Page]:
        """Pages in order of (stamp, id), from after ``since`` to ``until``.

        Records are handed out up to ``until``, so that a change is seen at once; but no cursor passes ``until`` less
        the safety horizon, so the youngest records are read again by the next call (landing knows them by their
        version) and one that commits late below them is not lost. A page is handed out once it is whole; the caller
        lands it durably before keeping its cursor. A stream with nothing new answers no page or an empty one.
        Raises a ``ConnectorError``.
        """
        ...

    def read_deleted(self, stream: str, since: datetime, until: datetime) -> Deletions: ...

    def get_by_ids(self, stream: str, refs: Sequence[str]) -> Found: ...

    def write(
        self, stream: str, rows: Sequence[Mapping[str, object]], key: str, idempotency_id: str
    ) -> tuple[RowResult, ...]:
        """Upserts ``rows`` by their external id field ``key``; one result per row, in order."""
        ...

    def verify_event(self, request: EventRequest) -> tuple[Hint, ...]: ...

    def reconcile(self, stream: str, since: datetime, until: datetime) -> Reconciliation: ...

    def close(self) -> None: ...
