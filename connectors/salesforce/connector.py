"""The connector: what the protocol asks, in Salesforce's terms."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from connectors.errors import InvalidRowError, Place, ProtocolError, SchemaDriftError
from connectors.protocol import (
    Cursor,
    Deletions,
    EventRequest,
    Found,
    Health,
    Hint,
    Page,
    Reconciliation,
    RowResult,
    Stream,
)
from connectors.retrying import Caller, Clock, Sleep
from connectors.salesforce import deletions, describing, reconciling
from connectors.salesforce.client import Call, Client, as_documented
from connectors.salesforce.reading import StreamReader
from connectors.salesforce.settings import SalesforceSettings, StreamSettings
from connectors.salesforce.soql import is_name, long_id
from connectors.salesforce.streams import configured_streams
from connectors.salesforce.writing import Upsert


class _Allowance(msgspec.Struct, frozen=True):
    Remaining: int | None = None


class _Limits(msgspec.Struct):
    DailyApiRequests: _Allowance = _Allowance()


class _Organization(msgspec.Struct):
    TimeZoneSidKey: str


class SalesforceConnector:
    """One org. ``clock`` answers aware instants; ``sleep`` is what waits between attempts.

    Streams are objects with their children as sub-queries; a record's ref is its 18-character id, its payload the REST
    record's own JSON text, its ``modified_at`` the SystemModstamp, its version the youngest stamp of both.
    """

    def __init__(self, source: str, settings: SalesforceSettings, clock: Clock, *, sleep: Sleep = time.sleep) -> None:
        self._source = source
        self._settings = settings
        self._clock = clock
        self._client = Client(source, settings, clock, sleep)
        self._rounds = Caller(settings.retry, clock, sleep)
        self._streams = configured_streams(settings)

    @property
    def source(self) -> str:
        return self._source

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(self._streams)

    def check(self) -> Health:
        place = Place(self._source)
        limits = self._client.rest(place, Call("limits"), _Limits)
        ours, theirs = self._clock(), self._client.session.server_time
        organizations = self._client.query_all(place, "SELECT TimeZoneSidKey FROM Organization")
        with as_documented(place):
            (organization,) = (msgspec.json.decode(raw, type=_Organization) for raw in organizations)
        return Health(
            system=f"Salesforce API {self._settings.api_version}",
            scopes=self._client.session.scopes,
            remaining_calls=limits.DailyApiRequests.Remaining,
            clock_skew=theirs - ours if theirs else timedelta(0),
            time_zone=organization.TimeZoneSidKey,
        )

    def discover(self) -> tuple[Stream, ...]:
        """The configured streams with all fields that their objects have; SchemaDriftError if one is gone."""
        return tuple(describing.describe(self._client, self._place(name), one) for name, one in self._streams.items())

    def read(self, stream: str, since: Cursor | None, until: datetime) -> Iterator[Page]:
        return self._reader(stream).read(since, until, self._settings.horizon)

    def read_deleted(self, stream: str, since: datetime, until: datetime) -> Deletions:
        return deletions.read(self._client, self._place(stream), since, until)

    def get_by_ids(self, stream: str, refs: Sequence[str]) -> Found:
        """InvalidRowError for a ref that is not exactly one id; nothing is asked then."""
        ids = {ref: self._id(stream, ref) for ref in refs}
        records = tuple(self._reader(stream).by_ids(dict.fromkeys(ids.values())))
        there = {record.ref for record in records}
        return Found(records, tuple(ref for ref, record_id in ids.items() if record_id not in there))

    def write(
        self, stream: str, rows: Sequence[Mapping[str, object]], key: str, idempotency_id: str
    ) -> tuple[RowResult, ...]:
        """Upserts; any object may be written, not only those read. Numbers are ``Decimal`` or ``int``; None clears.

        What makes a repetition harmless is the external id ``key``; ``idempotency_id`` only marks the calls in the
        org's event log.
        """
        for name in (stream, key):
            if not is_name(name):
                raise SchemaDriftError(Place(self._source), f"{name[:80]!r} is not the name of an object or field")
        if not re.fullmatch(r"[A-Za-z0-9_.:-]{0,100}", idempotency_id):
            raise ProtocolError(Place(self._source, stream), "an idempotency id is letters, digits and _ . : -")
        parent = self._settings.write_parents.get(stream)
        place = Place(self._source, stream)
        return Upsert(self._client, self._rounds, place, stream, key, parent, idempotency_id).write(rows)

    def verify_event(self, request: EventRequest) -> tuple[Hint, ...]:
        """Always ProtocolError: Salesforce signs no webhooks (an outbound message is SOAP that anyone can send)."""
        message = (
            f"Salesforce sends no signed events; the {request.method} is not trusted, changes are found by reading"
        )
        raise ProtocolError(Place(self._source), message)

    def reconcile(self, stream: str, since: datetime, until: datetime) -> Reconciliation:
        """Of the records that are there and whose SystemModstamp is in [since, until)."""
        place, sums = self._place(stream), self._configured(stream).sums
        return reconciling.reconcile(self._client, place, stream, sums, since, until)

    def close(self) -> None:
        self._client.session.close()

    def _place(self, stream: str) -> Place:
        self._configured(stream)
        return Place(self._source, stream)

    def _configured(self, stream: str) -> StreamSettings:
        if stream not in self._streams:
            message = f"not a configured stream; there are {', '.join(self._streams)}"
            raise SchemaDriftError(Place(self._source, stream[:80]), message)
        return self._streams[stream]

    def _reader(self, stream: str) -> StreamReader:
        return StreamReader(self._client, self._source, stream, self._configured(stream))

    def _id(self, stream: str, ref: str) -> str:
        try:
            return long_id(ref)
        except ValueError as error:
            raise InvalidRowError(Place(self._source, stream), f"{ref[:40]!r} is {error}") from None
