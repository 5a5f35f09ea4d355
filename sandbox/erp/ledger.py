"""What the ERP knows: its records by kind, what was deleted, and who may ask. In memory, thread-safe."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock

from sandbox.erp.sessions import Credentials, Sessions
from sandbox.erp.wire import Record, Value, check_record
from sandbox.faults import Faults

KINDS = ("Customer", "Item", "ExchangeRate", "SalesOrder", "Invoice", "Receipt", "CreditMemo", "CommissionNote")
FAULTS = {
    "html_503": "a proxy's page with status 503 (Retry-After: seconds, if given) instead of the answer",
    "login_page": "a proxy's log-in page with status 200 instead of the answer",
    "truncated": "the first half of the answer, then the connection is closed",
    "timeout": "no answer for `seconds` (30), nothing done",
    "timeout_after_commit": "done, but no answer for `seconds` (30)",
    "invalid_credentials": "SOAP fault INVALID_CREDENTIALS",
    "invalid_session": "SOAP fault INVALID_SESSION",
    "concurrency": "SOAP fault CONCURRENCY_LIMIT_EXCEEDED, with retryAfterSeconds if `seconds` are given",
    "unexpected_error": "SOAP fault UNEXPECTED_ERROR",
    "short_page": "a search's first page holds half of what it could",
    "empty_page": "a search's first page is empty",
    "late_commit": "a record put now is stamped now, but can be read only `seconds` later (matching: its kind)",
    "row_locked": "a written row is rejected with RECORD_LOCKED (matching: its externalId)",
}
"""The faults that can be ordered; all but the last two match the name of an operation (or ``wsdl``)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it is now, with its stamps among its elements."""

    kind: str
    internal_id: str
    modified_at: datetime
    record: Record


@dataclass(frozen=True, slots=True)
class Deletion:
    kind: str
    internal_id: str
    deleted_at: datetime


class Ledger:
    """The records of the ERP. ``now`` is its clock (aware); ``retention``: how long deletions are remembered."""

    def __init__(self, now: Callable[[], datetime], retention: timedelta = timedelta(days=30)) -> None:
        self.now = now
        self.retention = retention
        self.credentials = Credentials()
        self.sessions = Sessions(now)
        self.faults = Faults(FAULTS)
        self._lock = RLock()
        self._records: dict[str, dict[str, Stored]] = {kind: {} for kind in KINDS}
        self._deletions: list[Deletion] = []
        self._uncommitted: list[tuple[datetime, Stored]] = []
        self._last_id = 0

    def put(self, kind: str, record: Record, at: datetime | None = None) -> str:
        """Add or replace (by ``internalId``, given one if it has none) a record; its id.

        ``record`` has the element names of `records.xsd` as keys, amounts as Decimal; the stamps are set here:
        lastModifiedDate to ``at`` (now), createdDate to that of the record it replaces, its own or ``at``.
        NotAllowedError, and nothing is stored, if it is not a valid record of its kind.
        """
        with self._lock:
            self._commit_due()
            stored = self._stamped(kind, record, _milliseconds(at or self.now()))
            check_record(kind, stored.record)
            fault = self.faults.take(kind, "late_commit")
            if fault:
                self._uncommitted.append((self.now() + timedelta(seconds=fault.seconds), stored))
            else:
                self._records[kind][stored.internal_id] = stored
            return stored.internal_id

    def delete(self, kind: str, internal_id: str, at: datetime | None = None) -> None:
        """KeyError if there is no such record."""
        with self._lock:
            self._commit_due()
            del self._records[kind][internal_id]
            self._deletions.append(Deletion(kind, internal_id, _milliseconds(at or self.now())))

    def get(self, kind: str, internal_id: str) -> Stored | None:
        with self._lock:
            self._commit_due()
            return self._records[kind].get(internal_id)

    def find(self, kind: str, element: str, value: Value) -> Stored | None:
        """A record whose element has this value."""
        with self._lock:
            self._commit_due()
            return next((one for one in self._records[kind].values() if one.record.get(element) == value), None)

    def records(self, kind: str) -> list[Record]:
        """All records of a kind, the oldest modification first."""
        return [stored.record for stored in self.modified(kind)]

    def modified(self, kind: str, start: datetime | None = None, end: datetime | None = None) -> list[Stored]:
        """Records last modified from ``start`` (included) until ``end`` (excluded), by stamp and id."""
        with self._lock:
            self._commit_due()
            found = [stored for stored in self._records[kind].values() if _within(stored.modified_at, start, end)]
        return sorted(found, key=lambda stored: (stored.modified_at, stored.internal_id))

    def deleted(self, kind: str, start: datetime, end: datetime) -> list[Deletion]:
        """Deletions from ``start`` (included) until ``end`` (excluded) that are still remembered, by stamp and id."""
        with self._lock:
            oldest = max(start, self.now() - self.retention)
            found = [one for one in self._deletions if one.kind == kind and _within(one.deleted_at, oldest, end)]
        return sorted(found, key=lambda one: (one.deleted_at, one.internal_id))

    def _stamped(self, kind: str, record: Record, at: datetime) -> Stored:
        internal_id = str(record.get("internalId") or self._next_id())
        earlier = self._records[kind].get(internal_id)
        created: Value = earlier.record["createdDate"] if earlier else record.get("createdDate", at)
        stamps: dict[str, Value] = {"internalId": internal_id, "createdDate": created, "lastModifiedDate": at}
        return Stored(kind, internal_id, at, {**record, **stamps})

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _commit_due(self) -> None:
        if not self._uncommitted:
            return
        now = self.now()
        for _, stored in (entry for entry in self._uncommitted if entry[0] <= now):
            self._records[stored.kind][stored.internal_id] = stored
        self._uncommitted = [entry for entry in self._uncommitted if entry[0] > now]


def _within(moment: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or start <= moment) and (end is None or moment < end)


def _milliseconds(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; pass an aware instant")
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
