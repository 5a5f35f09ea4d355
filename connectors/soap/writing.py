"""Upserts through a SOAP operation: one result per row, and no row whose fate is unknown is sent twice."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.errors import InvalidRowError, OutcomeUnknownError, Place, ProtocolError
from connectors.protocol import Outcome, RowResult
from connectors.soap.description import Write
from connectors.soap.service import SoapService
from connectors.soap.shapes import Json, follow_all, text_at

Row = Mapping[str, object]
_MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Written:
    """A record that the service holds: its external id, its own id, and whether it is new."""

    key: str
    ref: str
    is_new: bool
    record: Json


ReadBack = Callable[[], list[Written]]


class Upsert:
    """Rows by their external id ``key``; ``read_back`` answers what was written since the writing began."""

    def __init__(self, service: SoapService, place: Place, write: Write, key: str, read_back: ReadBack) -> None:
        self._service = service
        self._place = place
        self._write = write
        self._key = key
        self._read_back = read_back

    def rows(self, rows: Sequence[Row]) -> tuple[RowResult, ...]:
        counts = Counter(str(row.get(self._key)) for row in rows)
        results: dict[int, RowResult] = {}
        sound: list[tuple[int, Row]] = []
        for position, row in enumerate(rows):
            name = str(row.get(self._key) or "")
            objection = _objection(row, self._key, counts[str(row.get(self._key))])
            if objection:
                results[position] = RowResult(name, Outcome.REJECTED, reason=objection)
            else:
                sound.append((position, row))
        for start in range(0, len(sound), self._write.batch_size):
            results.update(self._batch(sound[start : start + self._write.batch_size]))
        return tuple(results[position] for position in range(len(rows)))

    def _batch(self, batch: list[tuple[int, Row]]) -> dict[int, RowResult]:
        results: dict[int, RowResult] = {}
        for _ in range(_MOST_ROUNDS):
            answers = self._send([row for _, row in batch])
            again: list[tuple[int, Row]] = []
            for (position, row), (result, is_worth_another) in zip(batch, answers, strict=True):
                results[position] = result
                if is_worth_another:
                    again.append((position, row))
            if not again:
                break
            batch = again
        return results

    def _send(self, rows: list[Row]) -> list[tuple[RowResult, bool]]:
        try:
            answer = self._service.call(self._place, self._write, {"rows": rows}, is_write=True)
        except OutcomeUnknownError as error:
            return [(result, False) for result in self._found(rows, error.message)]
        except InvalidRowError as error:
            return [(RowResult(self._name(row), Outcome.REJECTED, reason=error.message), False) for row in rows]
        found = follow_all(answer, self._write.results)
        if [text_at(one, self._write.key) for one in found] != [self._name(row) for row in rows]:
            raise ProtocolError(self._place, f"the answer to {len(rows)} rows has other rows; read them back")
        return [self._result(one) for one in found]

    def _result(self, answer: Json) -> tuple[RowResult, bool]:
        status = text_at(answer, self._write.status)
        if status not in self._write.statuses:
            raise ProtocolError(self._place, f"the status {status!r} has no outcome in the service description")
        code = text_at(answer, self._write.code) if self._write.code else ""
        reason = " ".join(part for part in (code, text_at(answer, self._write.reason)) if part)
        ref = (text_at(answer, self._write.ref) if self._write.ref else "") or None
        name = text_at(answer, self._write.key)
        return RowResult(name, self._write.statuses[status], ref, reason), code in self._write.again

    def _found(self, rows: list[Row], reason: str) -> list[RowResult]:
        """After a call without an answer: what the service holds now decides."""
        there = {written.key: written for written in self._read_back()}
        return [self._outcome(row, there.get(self._name(row)), reason) for row in rows]

    def _outcome(self, row: Row, written: Written | None, reason: str) -> RowResult:
        if written is None or not all(_same(text_at(written.record, name), value) for name, value in row.items()):
            return RowResult(self._name(row), Outcome.UNKNOWN, reason=reason)
        return RowResult(self._name(row), Outcome.CREATED if written.is_new else Outcome.UPDATED, written.ref)

    def _name(self, row: Row) -> str:
        return str(row[self._key])


def _objection(row: Row, key: str, occurrences: int) -> str:
    if not row.get(key):
        return f"the row has no {key}"
    if occurrences > 1:
        return f"{key} occurs more than once in this batch"
    for name, value in row.items():
        if isinstance(value, float):
            return f"{name}: a float is refused; give a Decimal"
        if isinstance(value, Decimal) and not value.is_finite():
            return f"{name}: not a finite number"
        if isinstance(value, datetime) and value.tzinfo is None:
            return f"{name}: an instant without a time zone is refused"
        if isinstance(value, str) and any(ord(character) < 32 and character not in "\t\n\r" for character in value):
            return f"{name}: control characters cannot be sent in XML"
    return ""


def _same(stored: str, wanted: object) -> bool:
    if isinstance(wanted, Decimal):
        return bool(stored) and Decimal(stored) == wanted
    if isinstance(wanted, date):
        return stored.startswith(wanted.isoformat()[:10])
    return stored == ("" if wanted is None else str(wanted))
