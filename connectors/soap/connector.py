"""A SOAP service as a connector, whatever service it is: everything particular is in its description."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import msgspec

from connectors.errors import InvalidRowError, Place, ProtocolError, SchemaDriftError
from connectors.protocol import (
    Cursor,
    DeleteSupport,
    Deletions,
    EventRequest,
    Field,
    Found,
    Health,
    Hint,
    Page,
    Reconciliation,
    RowResult,
    SourceRecord,
    Stream,
)
from connectors.retrying import Caller
from connectors.soap.answers import FeedGapError
from connectors.soap.description import Operation, SoapSettings, StreamDescription
from connectors.soap.reading import Call, IncrementalRead, decode, search_pages
from connectors.soap.service import Slots, SoapService
from connectors.soap.shapes import Json, follow_all, text_at
from connectors.soap.stamps import Reader, instant, repeated_hour
from connectors.soap.writing import Upsert, Written


class SoapConnector:
    """Reads and writes one SOAP service; safe to share between threads."""

    def __init__(
        self,
        source: str,
        settings: SoapSettings,
        clock: Callable[[], datetime],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._settings = settings
        self._clock = clock
        self._streams = {name: settings.streams[name] for name in settings.only or settings.streams}
        self._zone = ZoneInfo(settings.time_zone)
        self._horizon = settings.safety_horizon + repeated_hour(self._zone)
        self._rounds = Caller(settings.retry, clock, sleep)
        self._service = SoapService(source, settings, clock, Caller(settings.retry, clock, sleep))

    @property
    def source(self) -> str:
        return self._source

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(self._streams)

    def check(self) -> Health:
        """Asks the service for its time, where it tells it; or searches the first stream for nothing."""
        place, clock = Place(self._source), self._settings.server_time
        skew = timedelta()
        if clock is not None:
            answer = self._service.call(place, clock, {})
            skew = instant(text_at(answer, clock.path), self._zone) - self._clock()
        else:
            now = self._clock()
            name = self.streams[0]
            place = self._place(name)
            next(search_pages(self._call(place), place, self._streams[name].search, {"since": now, "until": now}))
        return Health(
            system=f"SOAP {self._settings.service or self._settings.endpoint.host}",
            scopes=self.streams,
            remaining_calls=None,
            clock_skew=skew,
            time_zone=self._settings.time_zone,
        )

    def discover(self) -> tuple[Stream, ...]:
        return tuple(self._discover(name) for name in self._streams)

    def read(self, stream: str, since: Cursor | None, until: datetime) -> Iterator[Page]:
        place = self._place(stream)
        search = self._streams[stream].search
        reading = IncrementalRead(self._call(place), place, search, self._to_record(stream))
        return reading.pages(decode(place, since), until.astimezone(UTC), self._horizon)

    def read_deleted(self, stream: str, since: datetime, until: datetime) -> Deletions:
        place, feed = self._place(stream), self._streams[stream].deleted
        if feed is None:
            return Deletions((), DeleteSupport.UNSUPPORTED)
        reader = Reader(place, self._streams[stream], self._zone)
        slots = {"since": since.astimezone(UTC), "until": until.astimezone(UTC)}
        try:
            found = [one for page, _ in search_pages(self._call(place), place, feed, slots) for one in page]
        except FeedGapError:
            return Deletions((), DeleteSupport.FEED, is_gap=True)
        tombstones = (reader.tombstone(text_at(one, feed.ref), text_at(one, feed.deleted_at)) for one in found)
        return Deletions(tuple(tombstones), DeleteSupport.FEED)

    def get_by_ids(self, stream: str, refs: Sequence[str]) -> Found:
        place, lookup = self._place(stream), self._streams[stream].lookup
        if lookup is None:
            raise ProtocolError(place, "this service cannot be asked for records by id; read the stream")
        hostile = [ref for ref in refs if not re.fullmatch(self._streams[stream].ref_pattern, ref)]
        if hostile:
            raise InvalidRowError(place, f"{len(hostile)} ids cannot be ids of this service (see ref_pattern)")
        to_record, records = self._to_record(stream), list[SourceRecord]()
        for start in range(0, len(refs), lookup.batch_size):
            batch = list(refs[start : start + lookup.batch_size])
            answer = self._service.call(place, lookup, {"ids": batch, "id": batch[0]})
            records += map(to_record, follow_all(answer, lookup.records))
        there = {record.ref for record in records}
        return Found(tuple(records), tuple(ref for ref in refs if ref not in there))

    def write(
        self, stream: str, rows: Sequence[Mapping[str, object]], key: str, idempotency_id: str
    ) -> tuple[RowResult, ...]:
        """Upserts by external id, so that a repeated row changes nothing; ``idempotency_id`` is not needed."""
        del idempotency_id
        place, description = self._place(stream), self._streams[stream]
        if description.write is None:
            raise ProtocolError(place, "this stream cannot be written")
        read_back = self._written_since(stream)
        return Upsert(self._service, self._rounds, place, description.write, key, read_back).rows(rows)

    def verify_event(self, request: EventRequest) -> tuple[Hint, ...]:
        del request
        raise ProtocolError(Place(self._source), "this service sends no events; read it on a schedule")

    def reconcile(self, stream: str, since: datetime, until: datetime) -> Reconciliation:
        """Of the records modified from ``since`` until ``until``, both included."""
        place, description = self._place(stream), self._streams[stream]
        slots = {"since": since.astimezone(UTC), "until": until.astimezone(UTC)}
        sums, ids = dict.fromkeys(description.sums, Decimal(0)), list[str]()
        for found, _ in search_pages(self._call(place), place, description.search, slots):
            for record in found:
                ids.append(text_at(record, description.ref))
                for path in description.sums:
                    sums[path] += sum((_exact(place, text) for text in follow_all(record, path)), Decimal(0))
        return Reconciliation(len(ids), sums, hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest())

    def close(self) -> None:
        self._service.close()

    def _place(self, stream: str) -> Place:
        place = Place(self._source, stream)
        if stream not in self._streams:
            raise SchemaDriftError(place, f"no such stream; there are {', '.join(self._streams)}")
        return place

    def _call(self, place: Place) -> Call:
        page_size = {"page_size": self._settings.page_size} if self._settings.page_size else {}

        def call(operation: Operation, slots: Slots) -> Json:
            return self._service.call(place, operation, {**slots, **page_size})

        return call

    def _to_record(self, stream: str) -> Callable[[Json], SourceRecord]:
        reader = Reader(self._place(stream), self._streams[stream], self._zone)
        return lambda found: reader.record(found, msgspec.json.encode(found).decode())

    def _written_since(self, stream: str) -> Callable[[], list[Written]]:
        """Answers the records that were written since now, less the horizon for clocks that differ."""
        start, description = self._clock() - self._settings.safety_horizon, self._streams[stream]
        place = self._place(stream)

        def read_back() -> list[Written]:
            found = search_pages(self._call(place), place, description.search, {"since": start})
            return [_written(description, record) for page, _ in found for record in page]

        return read_back

    def _discover(self, stream: str) -> Stream:
        place, description = self._place(stream), self._streams[stream]
        shapes = self._service.shapes()
        try:
            kind = shapes.type(description.type)
        except KeyError as error:
            raise SchemaDriftError(place, f"the WSDL has no type {description.type}") from error
        fields = tuple(
            Field(name, native_type, is_external_id=name == description.external_id)
            for name, native_type in shapes.fields(kind)
        )
        deletes = DeleteSupport.FEED if description.deleted else DeleteSupport.UNSUPPORTED
        return Stream(stream, fields, deletes, description.sweep)


def _written(description: StreamDescription, record: Json) -> Written:
    created = text_at(record, description.created) if description.created else ""
    is_new = bool(created) and created == text_at(record, description.modified)
    return Written(text_at(record, description.external_id), text_at(record, description.ref), is_new, record)


def _exact(place: Place, text: Json) -> Decimal:
    try:
        return Decimal(text.strip()) if text else Decimal(0)
    except (InvalidOperation, AttributeError) as error:
        raise SchemaDriftError(place, "an amount to be added up is no number; mend its path") from error
