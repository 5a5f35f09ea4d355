"""Incremental reading: pages of a search by modification time, and the cursor after each."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from connectors.errors import Place, ProtocolError, SchemaDriftError, TransientError
from connectors.protocol import Cursor, Page, SourceRecord
from connectors.soap.answers import SearchExpiredError
from connectors.soap.description import DeletedFeed, Operation, Paging, Search
from connectors.soap.service import Slots
from connectors.soap.shapes import Json, follow_all, text_at

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_RESTARTS = 10

Call = Callable[[Operation, Slots], Json]
ToRecord = Callable[[Json], SourceRecord]


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a cursor holds: all before ``stamp`` is read, and of the records stamped so, those ``seen``."""

    stamp: datetime | None = None
    seen: frozenset[str] = frozenset()

    def after(self, record: SourceRecord) -> "Position":
        stamp = record.modified_at
        return Position(stamp, self.seen | {record.ref} if stamp == self.stamp else frozenset({record.ref}))

    def at_least(self, stamp: datetime) -> "Position":
        return self if self.stamp is not None and self.stamp >= stamp else Position(stamp)

    def is_seen(self, record: SourceRecord) -> bool:
        return record.modified_at == self.stamp and record.ref in self.seen

    def to_cursor(self) -> Cursor:
        return Cursor(msgspec.json.encode(self, order="deterministic").decode())


def decode(place: Place, cursor: Cursor | None) -> Position:
    if cursor is None:
        return Position()
    try:
        return msgspec.json.decode(cursor, type=Position)
    except msgspec.DecodeError as error:
        raise ProtocolError(place, "the cursor is not one of this connector; read the stream from its start") from error


class IncrementalRead:
    """One reading of a stream up to ``until``; no cursor of it passes ``until`` less ``horizon``."""

    def __init__(self, call: Call, place: Place, search: Search, to_record: ToRecord) -> None:
        self._call = call
        self._place = place
        self._search = search
        self._to_record = to_record
        self._position = Position()

    def pages(self, start: Position, until: datetime, horizon: timedelta) -> Iterator[Page]:
        """Searches again from the last position when the service forgets the search or its result moves."""
        self._position, restarts = start, 0
        while True:
            try:
                yield from self._pass(until, until - horizon)
            except SearchExpiredError as error:
                restarts += 1
                if restarts > _MOST_RESTARTS:
                    raise TransientError(self._place, f"{restarts} searches ended early: {error.message}") from error
            else:
                return

    def _pass(self, until: datetime, limit: datetime) -> Iterator[Page]:
        start, last_stamp, read = self._position, EPOCH, set[tuple[str, str]]()
        window = {"since": start.stamp, "until": until}
        for found, is_last in search_pages(self._call, self._place, self._search, window):
            records = [record for record in map(self._to_record, found) if not start.is_seen(record)]
            if self._search.is_ordered:
                last_stamp = self._check_order(records, last_stamp)
                self._position = _advanced(self._position, records, limit)
            else:
                records = [record for record in records if (record.ref, record.version) not in read]
                read.update((record.ref, record.version) for record in records)
            if is_last:
                self._position = self._position.at_least(limit)
            yield Page(tuple(records), self._position.to_cursor(), self._position.stamp or EPOCH)

    def _check_order(self, records: list[SourceRecord], last_stamp: datetime) -> datetime:
        for record in records:
            stamp = record.modified_at or EPOCH
            if stamp < last_stamp:
                message = (
                    "the search is not ordered by modification time as its description says; set is_ordered: false"
                )
                raise ProtocolError(self._place, message)
            last_stamp = stamp
        return last_stamp


def _advanced(position: Position, records: list[SourceRecord], limit: datetime) -> Position:
    for record in records:
        if record.modified_at is None or record.modified_at > limit:
            break
        position = position.after(record)
    return position


def search_pages(
    call: Call, place: Place, search: Search | DeletedFeed, slots: Slots
) -> Iterator[tuple[list[Json], bool]]:
    """The raw records of each page, and whether it is the last. A short or an empty page need not be.

    SearchExpiredError if the number of records changes in mid-run: pages by index then slip past some of them.
    """
    paging, until = search.paging, slots.get("until")
    if isinstance(search, Search) and isinstance(until, datetime):
        slots = {**slots, "until": until + search.until_step}
    answer = call(search, {**slots, "page_size": paging.page_size, "page_index": 1})
    total, index = text_at(answer, paging.total_records) if paging.total_records else "", 1
    search_id = text_at(answer, paging.search_id) if paging.search_id else ""
    while True:
        is_last = index >= _number_of_pages(place, answer, paging)
        yield follow_all(answer, search.records), is_last
        if is_last:
            return
        index += 1
        more = paging.more or search
        answer = call(more, {**slots, "page_size": paging.page_size, "page_index": index, "search_id": search_id})
        if total and text_at(answer, paging.total_records) != total:
            raise SearchExpiredError(place, "the number of records changed while they were read")


def _number_of_pages(place: Place, answer: Json, paging: Paging) -> int:
    if paging.style == "none":
        return 1
    found = text_at(answer, paging.total_pages)
    if not (found.isascii() and found.isdigit()):  # taking it for the last page would lose the rest in silence
        raise SchemaDriftError(place, f"the answer has no number of pages at {paging.total_pages}; mend the path")
    return int(found)
