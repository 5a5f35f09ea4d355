"""Incremental reads in the order (SystemModstamp, Id), children included.

A child's change does not always move its parent's SystemModstamp (splits, price book entries, deletions), so the cursor
keeps one position per kind of child besides the parents'. A read goes over the changed parents, then over the changed
children (deleted ones too, by queryAll) whose parents did not change themselves, and reads those parents again. Such a
parent's version is the youngest stamp of itself, its children and the change that led to it, so that a child that comes
and goes again makes versions of its own. A deleted child is seen for as long as the recycle bin keeps it (15 days).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from connectors.errors import Place, ProtocolError
from connectors.protocol import Cursor, Page, SourceRecord
from connectors.salesforce.client import Client, QueryPage, as_documented
from connectors.salesforce.refusals import LocatorLostError
from connectors.salesforce.settings import ChildSettings, StreamSettings
from connectors.salesforce.soql import Position, after, in_list, instant_literal, parse_instant, select

IDS_A_QUERY = 200  # 200 ids and all fields stay far below the 16,384 characters of a request line
LOSSES_WITHOUT_PROGRESS = 3
NO_CHANGES: Mapping[str, datetime] = {}


@dataclass(frozen=True)
class Standing:
    """How far a stream is read: ``at`` among its records, ``children`` by type; None is before the first."""

    at: Position | None
    children: dict[str, Position]

    def cursor(self) -> Cursor:
        return Cursor(msgspec.json.encode(self).decode())

    def complete(self, limit: datetime) -> datetime:
        return self.at.stamp if self.at else limit

    def after_child(self, sobject: str, position: Position | None) -> "Standing":
        return replace(self, children=self.children | {sobject: position}) if position else self


class _Row(msgspec.Struct):
    Id: str
    SystemModstamp: str

    def position(self) -> Position:
        return Position(parse_instant(self.SystemModstamp), self.Id)


_ROW = msgspec.json.Decoder(_Row)


class _ChildRows(msgspec.Struct):
    records: list[_Row]
    done: bool = True


class StreamReader:
    """Reads one configured stream of one org."""

    def __init__(self, client: Client, source: str, name: str, stream: StreamSettings) -> None:
        self._client = client
        self._source = source
        self._name = name
        self._place = Place(source, name)
        self._children = stream.children
        self._columns = tuple(_columns(stream))
        relationships = [(child.relationship, _ChildRows | None, None) for child in stream.children]
        row: type[Any] = msgspec.defstruct(name, relationships, bases=(_Row,), kw_only=True)
        self._decoder = msgspec.json.Decoder(row)

    def read(self, since: Cursor | None, until: datetime, horizon: timedelta) -> Iterator[Page]:
        """Pages up to ``until``; no cursor passes ``until`` less ``horizon``. The last page is empty and says so."""
        limit = until - horizon
        standing = self._start(since, limit)
        window = _Window(standing.at, until, limit)
        for rows, position in self._keyset(self._place, self._changed(until), standing.at, limit):
            standing = replace(standing, at=position)
            yield Page(self._records(rows, until), standing.cursor(), standing.complete(limit))
        for child in self._children if window.start else ():  # a first read has read them all with their parents
            for records, position in self._with_changed(child, standing.children.get(child.sobject), window):
                standing = standing.after_child(child.sobject, position)
                yield Page(records, standing.cursor(), standing.complete(limit))
        yield Page((), standing.cursor(), limit)

    def by_ids(self, refs: Iterable[str], changes: Mapping[str, datetime] = NO_CHANGES) -> Iterator[SourceRecord]:
        """The records of these 18-character ids that there are; ``changes``: the stamps of changes that led here."""
        remaining = iter(refs)
        while batch := list(itertools.islice(remaining, IDS_A_QUERY)):
            soql = select(self._columns, self._name, f"Id IN {in_list(batch)}")
            for raw in self._client.query_all(self._place, soql):
                yield self._record(raw, changes)

    def _start(self, since: Cursor | None, limit: datetime) -> Standing:
        if since is None:  # parents are read with their children, so only later changes of these matter
            return Standing(None, {child.sobject: Position(limit, "") for child in self._children})
        try:
            return msgspec.json.decode(since, type=Standing)
        except (msgspec.DecodeError, UnicodeError):
            raise ProtocolError(self._place, "this cursor is not one of Salesforce's; resync the stream") from None

    def _keyset(
        self, place: Place, soql: "_Query", position: Position | None, limit: datetime, *, with_deleted: bool = False
    ) -> Iterator[tuple[list[msgspec.Raw], Position | None]]:
        """Pages after ``position``, each with the last position not after ``limit``; lost locators are replaced."""
        losses = 0
        while True:
            try:
                for rows in self._client.query(place, soql(position), with_deleted=with_deleted):
                    with as_documented(place):
                        further = _last_position(rows, limit)
                    position, losses = (further, 0) if further else (position, losses)
                    yield rows, position
            except LocatorLostError:
                losses += 1
                if losses > LOSSES_WITHOUT_PROGRESS:
                    raise
            else:
                return

    def _changed(self, until: datetime) -> "_Query":
        bound = f"SystemModstamp <= {instant_literal(until)} ORDER BY SystemModstamp, Id"
        return lambda position: select(self._columns, self._name, _from(position) + bound)

    def _with_changed(
        self, child: ChildSettings, position: Position | None, window: "_Window"
    ) -> Iterator[tuple[tuple[SourceRecord, ...], Position | None]]:
        """Records whose children changed after ``position`` while they themselves did not in the window."""
        row: type[Any] = msgspec.defstruct(child.sobject, [(child.parent_field, str)], bases=(_Row,))
        decoder = msgspec.json.Decoder(row)
        place, soql = Place(self._source, child.sobject), _changed_children(child, window)
        for rows, further in self._keyset(place, soql, position, window.limit, with_deleted=True):
            with as_documented(place):
                changed = [decoder.decode(raw) for raw in rows]
                stamps = {getattr(one, child.parent_field): one.position().stamp for one in changed}
            yield tuple(self.by_ids(stamps, stamps)), further

    def _records(self, rows: list[msgspec.Raw], until: datetime) -> tuple[SourceRecord, ...]:
        records = (self._record(raw) for raw in rows)
        # A record that changed while its page was fetched shows its new stamp: the next read has it in its place.
        return tuple(record for record in records if record.modified_at is None or record.modified_at <= until)

    def _record(self, raw: msgspec.Raw, changes: Mapping[str, datetime] = NO_CHANGES) -> SourceRecord:
        with as_documented(self._place):
            row = self._decoder.decode(raw)
            stamp = parse_instant(row.SystemModstamp)
            version = max(stamp, changes.get(row.Id, stamp), *self._child_stamps(row))
            payload = bytes(raw if self._is_whole(row) else self._completed(raw)).decode()
        return SourceRecord(self._source, self._name, row.Id, instant_literal(version), stamp, payload)

    def _child_stamps(self, row: _Row) -> Iterator[datetime]:
        for child in self._children:
            rows = getattr(row, child.relationship)
            yield from (parse_instant(one.SystemModstamp) for one in rows.records) if rows else ()

    def _is_whole(self, row: _Row) -> bool:
        found = (getattr(row, child.relationship) for child in self._children)
        return all(rows is None or rows.done for rows in found)

    def _completed(self, raw: msgspec.Raw) -> bytes:
        """The record with all pages of its children: a sub-query is paged like a query."""
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        for child in self._children:
            page = msgspec.json.decode(members[child.relationship], type=QueryPage | None)
            if page is not None and not page.done:
                members[child.relationship] = msgspec.Raw(msgspec.json.encode(self._whole(page)))
        return msgspec.json.encode(members)

    def _whole(self, page: QueryPage) -> dict[str, Any]:
        records = list(page.records)
        while not page.done:
            page = self._client.more(self._place, page.nextRecordsUrl)
            records += page.records
        return {"totalSize": len(records), "done": True, "records": records}


_Query = Callable[[Position | None], str]


class _Window(NamedTuple):
    """One read: from ``start`` (None: the first) to ``until``; cursors stay at or before ``limit``."""

    start: Position | None
    until: datetime
    limit: datetime


def _columns(stream: StreamSettings) -> Iterator[str]:
    yield from stream.fields
    yield from (f"({select(child.fields, child.relationship)})" for child in stream.children)


def _from(position: Position | None) -> str:
    return f"{after(position)} AND " if position else ""


def _changed_children(child: ChildSettings, window: _Window) -> _Query:
    bound = f"SystemModstamp <= {instant_literal(window.until)} ORDER BY SystemModstamp, Id"
    if window.start:  # who changed after it has been read with all children
        bound = f"{child.parent_path}.SystemModstamp <= {instant_literal(window.start.stamp)} AND {bound}"
    columns = ("Id", child.parent_field, "SystemModstamp")
    return lambda position: select(columns, child.sobject, _from(position) + bound)


def _last_position(rows: list[msgspec.Raw], limit: datetime) -> Position | None:
    """Of the last row not younger than ``limit``: a row that changed while the query ran does not move the cursor."""
    positions = (_ROW.decode(raw).position() for raw in reversed(rows))
    return next((position for position in positions if position.stamp <= limit), None)
