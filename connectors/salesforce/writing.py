"""Upserts by external id in batches of 200, each row with its own result.

Salesforce answers 200 even if every row failed. Rows are sorted by parent, because rows of one parent in two batches
lock each other out; a locked row is tried again by itself. After a broken-off call the rows are read back: those that
are there as written are done, only the others are written again.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import msgspec

from connectors.errors import ConnectorError, OutcomeUnknownError, Place, TransientError
from connectors.protocol import Outcome, RowResult
from connectors.retrying import Caller
from connectors.salesforce.client import Call, Client
from connectors.salesforce.soql import in_list, instant_literal, is_name, parse_instant, select

ROWS_A_CALL = 200
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_LOCKED = frozenset({"UNABLE_TO_LOCK_ROW", "ROW_LOCKED"})

Row = Mapping[str, object]


class _RowError(msgspec.Struct):
    statusCode: str  # noqa: N815 - Salesforce's name
    fields: list[str] = []


class _RowAnswer(msgspec.Struct):
    success: bool
    id: str | None = None
    created: bool = False
    errors: list[_RowError] = []


@dataclass(frozen=True)
class Upsert:
    """Writes rows of one object by one external id field. ``parent``: the look-up by which rows are sorted."""

    client: Client
    rounds: Caller
    place: Place
    sobject: str
    key: str
    parent: str | None
    idempotency_id: str

    def write(self, rows: Sequence[Row]) -> tuple[RowResult, ...]:
        """One result per row, in order. Two rows of one key: the first is written, a second that differs rejected."""
        results: dict[int, RowResult] = {}
        first_of: dict[str, int] = {}
        for index, row in enumerate(rows):
            results |= self._checked(index, row, rows, first_of)
        written = self._write_all([dict(rows[index]) for index in first_of.values()])
        return tuple(results.get(index) or written[str(row[self.key])] for index, row in enumerate(rows))

    def _checked(self, index: int, row: Row, rows: Sequence[Row], first_of: dict[str, int]) -> dict[int, RowResult]:
        key = row.get(self.key)
        reason = _fault(row) or ("" if isinstance(key, str) and key.strip() else f"{self.key} is not a text or empty")
        if not reason and dict(rows[first_of.setdefault(str(key), index)]) != dict(row):
            reason = f"{self.key} occurs twice in this write, with different values"
        return {index: RowResult(str(key or ""), Outcome.REJECTED, reason=reason)} if reason else {}

    def _write_all(self, rows: list[dict[str, object]]) -> dict[str, RowResult]:
        if self.parent:
            rows.sort(key=lambda row: str(row.get(self.parent or "") or ""))
        results: dict[str, RowResult] = {}
        try:
            for start in range(0, len(rows), ROWS_A_CALL):
                batch = {str(row[self.key]): row for row in rows[start : start + ROWS_A_CALL]}
                _Batch(self, batch, results).write()
        except _GaveUpError as gave_up:
            if not results:
                raise gave_up.error from None
            reason = f"not written: {gave_up.error.message}"  # what was done before is not forgotten over it
            keys = (str(row[self.key]) for row in rows)
            results = {key: RowResult(key, Outcome.REJECTED, reason=reason) for key in keys} | results
        return results

    def send(self, rows: Sequence[Row]) -> list[_RowAnswer]:
        """One call; OutcomeUnknownError if its answer is lost or is not one for each row."""
        records = [{"attributes": {"type": self.sobject}} | {name: _wire(row[name]) for name in row} for row in rows]
        body = _ENCODER.encode({"allOrNone": False, "records": records})
        headers = {"Sforce-Call-Options": f"client=bonusbridge-{self.idempotency_id}"}
        call = Call(f"composite/sobjects/{self.sobject}/{self.key}", "PATCH", body=body, headers=headers)
        answers = self.client.write(self.place, call, list[_RowAnswer])
        if len(answers) != len(rows):
            raise OutcomeUnknownError(self.place, "the answer has another number of rows")
        return answers

    def stored(self, rows: Sequence[Row]) -> Iterator[dict[str, object]]:
        """The records that have the external ids of ``rows``, with the rows' fields, numbers as Decimal."""
        fields = dict.fromkeys(("Id", self.key, *(name for row in rows for name in row)))
        keys = [str(row[self.key]) for row in rows]
        for start in range(0, len(keys), 50):  # external ids may be 255 characters long
            condition = f"{self.key} IN {in_list(keys[start : start + 50])}"
            for raw in self.client.query_all(self.place, select(fields, self.sobject, condition)):
                yield json.loads(bytes(raw), parse_float=Decimal, parse_int=Decimal)


class _GaveUpError(Exception):
    """A call has failed for good; not to be taken for a reason to go another round."""

    def __init__(self, error: ConnectorError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass
class _Batch:
    """Rows on their way, by external id. ``results`` are added to; ``in_doubt``: look before writing again."""

    upsert: Upsert
    pending: dict[str, dict[str, object]]
    results: dict[str, RowResult]
    in_doubt: bool = False

    def write(self) -> None:
        """Rounds until every row has its outcome; what is still locked or unknown in the end says so in its result."""
        with contextlib.suppress(TransientError):
            self.upsert.rounds.call(self._round)

    def _round(self) -> None:
        try:
            if not self.in_doubt:
                self._send()
            if self.in_doubt:
                self._look()
        except ConnectorError as error:
            raise _GaveUpError(error) from None
        if self.pending:
            raise TransientError(self.upsert.place, f"{len(self.pending)} rows are locked or not there")

    def _send(self) -> None:
        try:
            answers = self.upsert.send(list(self.pending.values()))
        except OutcomeUnknownError as error:
            self.in_doubt = True
            self._settle({key: RowResult(key, Outcome.UNKNOWN, reason=error.message) for key in self.pending})
        else:
            self._settle({key: _result(key, answer) for key, answer in zip(self.pending, answers, strict=True)})

    def _look(self) -> None:
        there = {str(record[self.upsert.key]): record for record in self.upsert.stored(list(self.pending.values()))}
        self.in_doubt = False
        self._settle({key: _compared(key, row, there.get(key)) for key, row in self.pending.items()})

    def _settle(self, results: dict[str, RowResult]) -> None:
        self.results |= results
        self.pending = {key: row for key, row in self.pending.items() if _is_open(results[key])}


def _compared(key: str, row: Row, stored: dict[str, object] | None) -> RowResult:
    if stored is not None and all(_is_same(row[name], stored.get(name)) for name in row):
        return RowResult(key, Outcome.UPDATED, str(stored["Id"]), "the answer was lost; read back as written")
    return RowResult(key, Outcome.UNKNOWN, reason="the answer was lost, and the row is not there as written")


def _result(key: str, answer: _RowAnswer) -> RowResult:
    if answer.success:
        return RowResult(key, Outcome.CREATED if answer.created else Outcome.UPDATED, answer.id)
    return RowResult(key, Outcome.REJECTED, reason="; ".join(map(_reason, answer.errors)) or "no reason given")


def _reason(error: _RowError) -> str:
    # Not the message: it may quote amounts.
    return f"{error.statusCode} on {', '.join(error.fields)}" if error.fields else error.statusCode


def _is_open(result: RowResult) -> bool:
    is_locked = result.outcome is Outcome.REJECTED and result.reason.split(" ")[0] in _LOCKED
    return is_locked or result.outcome is Outcome.UNKNOWN


def _fault(row: Row) -> str:
    """Why this row cannot be sent; empty if it can."""
    for name, value in row.items():
        if not is_name(name):
            return "a field's name is not a Salesforce name"
        if isinstance(value, Decimal) and not value.is_finite():
            return f"{name} is not a finite number"
        if isinstance(value, datetime) and value.tzinfo is None:
            return f"{name} is a time without a time zone"
        if not isinstance(value, str | bool | int | Decimal | date | None):
            return f"{name} is a {type(value).__name__}; give text, Decimal, int, bool, date, aware datetime or None"
    return ""


def _wire(value: object) -> object:
    if isinstance(value, datetime):
        return instant_literal(value)
    return value.isoformat() if isinstance(value, date) else value


def _is_same(written: object, stored: object) -> bool:
    if isinstance(written, str) and not written:
        return stored is None  # Salesforce keeps no empty text
    if isinstance(written, datetime):
        return isinstance(stored, str) and instant_literal(parse_instant(stored)) == instant_literal(written)
    if isinstance(written, bool) or not isinstance(written, int | Decimal):
        return _wire(written) == stored
    return isinstance(stored, Decimal) and Decimal(written) == stored
