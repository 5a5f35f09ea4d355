"""Tryton (series 8.2) as a connector.

Its habits: ``write_date`` is empty until the first write, so a record's stamp is the later of creation and write, its
own or its lines'. Records are paged by id within a window of stamps that stays fixed until the pass is over, so that
nothing moves between pages. Deletes leave no trace and are found by sweeping.
"""

import hashlib
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import msgspec
from pydantic import BaseModel, ConfigDict, HttpUrl, SecretStr
from pydantic import Field as Setting

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
from connectors.retrying import Caller, RetryPolicy
from connectors.tryton.payload import last_stamp, to_payload
from connectors.tryton.rpc import JsonRpc, Row, Wire, to_wire
from connectors.tryton.streams import STREAMS, StreamFields
from connectors.tryton.writing import Upsert

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TrytonSettings(BaseModel):
    """Where a Tryton database is and what is read of it.

    ``safety_horizon`` is how late a change may be committed after its stamp. ``streams`` adds to, or replaces, those
    that ship with the connector; ``only`` picks some of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: HttpUrl
    database: str = Setting(pattern=r"^[A-Za-z0-9_-]{1,63}$")
    username: str
    password: SecretStr
    timeout: timedelta = timedelta(seconds=60)
    safety_horizon: timedelta = timedelta(minutes=10)
    page_size: int = Setting(default=500, ge=1, le=5000)
    streams: Mapping[str, StreamFields] = {}
    only: tuple[str, ...] = ()
    retry: RetryPolicy = RetryPolicy()


class Pass(msgspec.Struct, frozen=True):
    """What a cursor holds: all up to ``after`` is read; a pass up to ``through`` has come as far as ``last_id``."""

    after: datetime | None = None
    through: datetime | None = None
    last_id: int = 0

    def to_cursor(self) -> Cursor:
        return Cursor(msgspec.json.encode(self).decode())


class TrytonConnector:
    """Reads and writes one Tryton database as one user; safe to share between threads."""

    def __init__(
        self,
        source: str,
        settings: TrytonSettings,
        clock: Callable[[], datetime],
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._settings = settings
        self._clock = clock
        described = {**STREAMS, **settings.streams}
        self._streams = {name: described[name] for name in settings.only or described}
        self._client = httpx.Client(
            base_url=str(settings.url),
            timeout=settings.timeout.total_seconds(),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )
        weakref.finalize(self, self._client.close)  # for those who forget to close
        password = settings.password.get_secret_value
        self._rpc = JsonRpc(self._client, settings.database, settings.username, password, clock)
        self._caller = Caller(settings.retry, clock, sleep)
        self._rounds = Caller(settings.retry, clock, sleep)
        self._context: Row | None = None
        self._kinds: dict[str, dict[str, str]] = {}

    @property
    def source(self) -> str:
        return self._source

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(self._streams)

    def check(self) -> Health:
        """``scopes`` are the readable models; the clock's skew is known to about a second (HTTP dates)."""
        place = Place(self._source)
        version = self._caller.call(lambda: self._rpc.version(place))
        access = self._call(place, "model.ir.model.access.get_access", list(self._streams))
        server_time = self._rpc.server_time
        return Health(
            system=f"Tryton {version}",
            scopes=tuple(model for model, rights in access.items() if rights["read"]),
            remaining_calls=None,
            clock_skew=server_time - self._clock() if server_time else timedelta(),
            time_zone="UTC",
        )

    def discover(self) -> tuple[Stream, ...]:
        return tuple(self._discover(name) for name in self._streams)

    def read(self, stream: str, since: Cursor | None, until: datetime) -> Iterator[Page]:
        """Pages of a pass, by id: first the rest of one that was broken off, then one up to ``until``."""
        state, until = _decode(self._place(stream), since), until.astimezone(UTC)
        is_broken_off = state.through is not None and state.through < until
        for through in (state.through, until) if is_broken_off else (until,):
            state = Pass(state.after, through, state.last_id)
            while state.through is not None:
                rows = self._search(stream, [self._changed(stream, state), ["id", ">", state.last_id]])
                state = self._next(state, rows)
                yield Page(self._records(stream, rows), state.to_cursor(), state.after or EPOCH)

    def read_deleted(self, stream: str, since: datetime, until: datetime) -> Deletions:
        """Nothing: a deleted record leaves no trace that a client may read."""
        del since, until
        self._place(stream)
        return Deletions((), DeleteSupport.UNSUPPORTED)

    def get_by_ids(self, stream: str, refs: Sequence[str]) -> Found:
        place = self._place(stream)
        hostile = [ref for ref in refs if not (ref.isascii() and ref.isdigit() and len(ref) < 19)]
        if hostile:
            raise InvalidRowError(place, f"{len(hostile)} ids are no Tryton ids, which are digits")
        size, rows = self._settings.page_size, list[Row]()
        for start in range(0, len(refs), size):
            rows += self._search(stream, [["id", "in", [int(ref) for ref in refs[start : start + size]]]])
        records = self._records(stream, rows)
        there = {record.ref for record in records}
        return Found(records, tuple(ref for ref in refs if str(int(ref)) not in there))

    def write(
        self, stream: str, rows: Sequence[Mapping[str, object]], key: str, idempotency_id: str
    ) -> tuple[RowResult, ...]:
        """Upserts by the field ``key``, record by record. ``idempotency_id`` is not needed: a key is written once."""
        del idempotency_id
        place = self._place(stream)
        return Upsert(self._call, self._call_to_write, self._rounds, place, stream, key).rows(rows)

    def verify_event(self, request: EventRequest) -> tuple[Hint, ...]:
        del request
        raise ProtocolError(Place(self._source), "Tryton sends no events; read it on a schedule")

    def reconcile(self, stream: str, since: datetime, until: datetime) -> Reconciliation:
        """Of the records whose stamp is after ``since`` and not after ``until``."""
        place = self._place(stream)
        fields = self._streams[stream].sums
        window = self._changed(stream, Pass(since.astimezone(UTC), until.astimezone(UTC)))
        sums, ids, last_id = dict.fromkeys(fields, Decimal(0)), list[str](), 0
        while True:
            rows = self._fetch(place, stream, [window, ["id", ">", last_id]], ["id", *fields])
            for row in rows:
                ids.append(str(row["id"]))
                for field in fields:
                    sums[field] += Decimal(row[field]["decimal"]) if row[field] else 0
            if len(rows) < self._settings.page_size:
                return Reconciliation(len(ids), sums, hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest())
            last_id = rows[-1]["id"]

    def close(self) -> None:
        self._rpc.log_out(Place(self._source))
        self._client.close()

    def _place(self, stream: str, record: str = "") -> Place:
        place = Place(self._source, stream, record)
        if stream not in self._streams:
            raise SchemaDriftError(place, f"no such stream; there are {', '.join(self._streams)}")
        return place

    def _next(self, state: Pass, rows: Sequence[Row]) -> Pass:
        """After the last page the cursor stays behind the pass: what commits late below it is read next time."""
        if len(rows) == self._settings.page_size or state.through is None:
            return Pass(state.after, state.through, rows[-1]["id"])
        return Pass(max(state.after or EPOCH, state.through - self._settings.safety_horizon))

    def _changed(self, stream: str, state: Pass) -> list[object]:
        """The domain of records that changed, themselves or in one of their parts, in the pass's window."""
        own = _stamped(state)
        # In a list of its own: where a part points back by a reference, Tryton appends to the domain, to our OR too.
        return ["OR", own, *([part, "where", [own]] for part in self._streams[stream].parts)]

    def _search(self, stream: str, domain: list[object]) -> list[Row]:
        fields = self._streams[stream]
        stamps = [f"{prefix}{name}" for prefix in ("", *(f"{part}." for part in fields.parts)) for name in _STAMPS]
        return self._fetch(self._place(stream), stream, domain, ["id", *fields.fields, *stamps])

    def _fetch(self, place: Place, stream: str, domain: list[object], names: list[str]) -> list[Row]:
        where = [*domain, *map(list, self._streams[stream].where)]
        size = self._settings.page_size
        rows: list[Row] = self._call(place, f"model.{stream}.search_read", where, 0, size, [["id", "ASC"]], names)
        return rows

    def _records(self, stream: str, rows: Sequence[Row]) -> tuple[SourceRecord, ...]:
        if not rows:
            return ()
        kinds, parts = self._native_types(stream), self._streams[stream].parts
        return tuple(self._record(stream, row, last_stamp(row, parts), kinds) for row in rows)

    def _record(self, stream: str, row: Row, stamp: datetime, kinds: Mapping[str, str]) -> SourceRecord:
        return SourceRecord(
            source=self._source,
            stream=stream,
            ref=str(row["id"]),
            version=stamp.isoformat(),
            modified_at=stamp,
            payload=to_payload(row, kinds),
        )

    def _discover(self, stream: str) -> Stream:
        fields = self._streams[stream]
        definitions = self._definitions(stream)
        found = tuple(
            Field(
                name=path,
                native_type=definition["type"] if definition else "unknown",
                is_external_id=path in ("number", "code", "reference"),
                is_calculated=bool(definition)
                and definition.get("loading") == "lazy"
                and definition["type"] == "numeric",
            )
            for path, definition in definitions.items()
        )
        return Stream(stream, found, DeleteSupport.UNSUPPORTED, fields.sweep)

    def _native_types(self, stream: str) -> dict[str, str]:
        if stream not in self._kinds:
            definitions = self._definitions(stream)
            self._kinds[stream] = {path: one["type"] for path, one in definitions.items() if one}
        return self._kinds[stream]

    def _definitions(self, stream: str) -> dict[str, Row]:
        """Definitions of the configured paths; empty for those behind a reference, whose model varies."""
        paths = {path: path.split(".") for path in self._streams[stream].fields}
        return self._define(self._place(stream), stream, paths)

    def _define(self, place: Place, model: str, paths: Mapping[str, list[str]]) -> dict[str, Row]:
        """Asks for the named fields only: describing all those of a model takes Tryton a tenth of a second."""
        names = sorted({steps[0] for steps in paths.values()})
        definitions: dict[str, Row] = self._call(place, f"model.{model}.fields_get", names, 0)
        if gone := [name for name in names if name not in definitions]:
            raise SchemaDriftError(place, f"the model {model} has no field {gone[0]}; mend the stream's fields")
        found = {path: definitions[steps[0]] for path, steps in paths.items() if not steps[1:]}
        for name in names:
            rest = {path: steps[1:] for path, steps in paths.items() if steps[0] == name and steps[1:]}
            relation = definitions[name].get("relation")
            found |= self._define(place, relation, rest) if rest and relation else {path: {} for path in rest}
        return {path: found[path] for path in paths}

    def _call(self, place: Place, method: str, *params: object, context: Row | None = None) -> Wire:
        extra = context or {}
        return self._caller.call(lambda: self._rpc.call(place, method, *params, {**self._user_context(place), **extra}))

    def _call_to_write(self, place: Place, method: str, *params: object, context: Row | None = None) -> Wire:
        whole = {**self._user_context(place), **(context or {})}  # known by now: a row is read before it is written
        return self._caller.call(lambda: self._rpc.call(place, method, *params, whole, is_write=True))

    def _user_context(self, place: Place) -> Row:
        """The user's company decides prices and accounts; without ``active_test`` archived records would vanish."""
        if self._context is None:
            preferences = self._rpc.call(place, "model.res.user.get_preferences", True, {})
            self._context = {**preferences, "active_test": False}
        return self._context


_STAMPS = ("write_date", "create_date")


def _stamped(state: Pass) -> list[object]:
    """A record or line last written in the window, which is open below and closed above."""

    def within(name: str) -> list[object]:
        lower = [] if state.after is None else [[name, ">", to_wire(state.after)]]
        return [*lower, [name, "<=", to_wire(state.through)]]

    return ["OR", within("write_date"), [["write_date", "=", None], *within("create_date")]]


def _decode(place: Place, cursor: Cursor | None) -> Pass:
    if cursor is None:
        return Pass()
    try:
        return msgspec.json.decode(cursor, type=Pass)
    except msgspec.DecodeError as error:
        raise ProtocolError(place, "the cursor is not one of this connector; read the stream from its start") from error
