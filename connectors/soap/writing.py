"""Upserts through a SOAP operation, one result per row. What may be written already is read back before a repeat."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.errors import ConnectorError, InvalidRowError, OutcomeUnknownError, Place, ProtocolError, TransientError
from connectors.protocol import Outcome, RowResult
from connectors.retrying import Caller
from connectors.soap.description import Write
from connectors.soap.service import SoapService
from connectors.soap.shapes import Json, follow_all, text_at

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Written:
    """A record that the service holds: its external id, its own id, and whether it is new."""

    key: str
    ref: str
    is_new: bool
    record: Json


ReadBack = Callable[[], list[Written]]


@dataclass(frozen=True)
class Upsert:
    """Writes rows by their external id ``key``, in rounds: rows that are locked or whose fate is open go into the next.

    ``read_back`` answers what was written since the writing began.
    """

    service: SoapService
    rounds: Caller
    place: Place
    description: Write
    key: str
    read_back: ReadBack

    def rows(self, rows: Sequence[Row]) -> tuple[RowResult, ...]:
        """One result per row, in order. Two rows of one key: the first is written, a second that differs rejected."""
        first_of: dict[str, Row] = {}
        rejected: dict[int, RowResult] = {}
        for position, row in enumerate(rows):
            name = str(row.get(self.key) or "")
            objection = _objection(row, self.key)
            if not objection and dict(first_of.setdefault(name, row)) != dict(row):
                objection = f"{self.key} occurs twice in this write, with different values"
            if objection:
                rejected[position] = RowResult(name, Outcome.REJECTED, reason=objection)
        written = self._write_all(list(first_of.values()))
        return tuple(rejected.get(position) or written[self._name(row)] for position, row in enumerate(rows))

    def _write_all(self, rows: list[Row]) -> dict[str, RowResult]:
        results: dict[str, RowResult] = {}
        for start in range(0, len(rows), self.description.batch_size):
            results |= self._write_batch(rows[start : start + self.description.batch_size])
        return results

    def _write_batch(self, rows: list[Row]) -> dict[str, RowResult]:
        results: dict[str, RowResult] = {}
        pending = {self._name(row): row for row in rows}

        def one_round() -> None:
            results.update(self._round(list(pending.values())))
            for name in [name for name in pending if not self._is_open(results[name])]:
                del pending[name]
            if pending:
                raise TransientError(self.place, f"{len(pending)} rows are locked or not known to be written")

        with contextlib.suppress(TransientError):  # what is still open then says so in its result
            self.rounds.call(one_round)
        return results

    def _round(self, rows: list[Row]) -> dict[str, RowResult]:
        try:
            answer = self.service.call(self.place, self.description, {"rows": rows}, is_write=True)
        except OutcomeUnknownError:
            return self._as_found(rows)
        except InvalidRowError as error:
            return {self._name(row): RowResult(self._name(row), Outcome.REJECTED, reason=error.message) for row in rows}
        found = follow_all(answer, self.description.results)
        if [text_at(one, self.description.key) for one in found] != [self._name(row) for row in rows]:
            return self._as_found(rows)
        return {text_at(one, self.description.key): self._result(one) for one in found}

    def _result(self, answer: Json) -> RowResult:
        names = self.description
        status = text_at(answer, names.status)
        if status not in names.statuses:
            raise ProtocolError(self.place, f"the status {status!r} has no outcome in the service description")
        # The message only where there is no code: it may quote amounts.
        reason = (text_at(answer, names.code) if names.code else "") or (
            text_at(answer, names.reason) if names.reason else ""
        )
        ref = (text_at(answer, names.ref) if names.ref else "") or None
        return RowResult(text_at(answer, names.key), names.statuses[status], ref, reason)

    def _as_found(self, rows: list[Row]) -> dict[str, RowResult]:
        """After a call whose answer is lost: what the service holds now decides."""
        try:
            there = {written.key: written for written in self.read_back()}
        except ConnectorError:
            there = {}
        return {self._name(row): self._compared(row, there.get(self._name(row))) for row in rows}

    def _compared(self, row: Row, written: Written | None) -> RowResult:
        if written is None or not all(_same(text_at(written.record, name), value) for name, value in row.items()):
            reason = "the answer was lost, and the row is not there as written"
            return RowResult(self._name(row), Outcome.UNKNOWN, reason=reason)
        outcome = Outcome.CREATED if written.is_new else Outcome.UPDATED
        return RowResult(self._name(row), outcome, written.ref, "the answer was lost; read back as written")

    def _is_open(self, result: RowResult) -> bool:
        is_locked = result.outcome is Outcome.REJECTED and result.reason in self.description.again
        return is_locked or result.outcome is Outcome.UNKNOWN

    def _name(self, row: Row) -> str:
        return str(row[self.key])


def _objection(row: Row, key: str) -> str:
    if not isinstance(row.get(key), str) or not str(row[key]).strip():
        return f"{key} is not a text or empty"
    return next((f"{name}: {reason}" for name, value in row.items() if (reason := _unfit(value))), "")


def _unfit(value: object) -> str:
    match value:
        case float():
            return "a float is refused; give a Decimal"
        case Decimal() if not value.is_finite():
            return "not a finite number"
        case datetime() if value.tzinfo is None:
            return "an instant without a time zone is refused"
        case str() if any(ord(character) < 32 and character not in "\t\n\r" for character in value):
            return "control characters cannot be sent in XML"
    return ""


def _same(stored: str, wanted: object) -> bool:
    if isinstance(wanted, Decimal):
        return bool(stored) and Decimal(stored) == wanted
    if isinstance(wanted, date):
        return stored.startswith(wanted.isoformat()[:10])
    return stored == ("" if wanted is None else str(wanted))
