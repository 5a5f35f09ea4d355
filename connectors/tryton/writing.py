"""Upserts into Tryton: each row found by its key, compared, then created or written, and its outcome known."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from connectors.errors import ConflictError, InvalidRowError, OutcomeUnknownError, Place, TransientError
from connectors.protocol import Outcome, RowResult
from connectors.retrying import Caller
from connectors.tryton.rpc import Row, Wire, to_wire


class Call(Protocol):
    def __call__(self, place: Place, method: str, *params: object, context: Row | None = None) -> Wire: ...


@dataclass(frozen=True)
class Upsert:
    """Writes rows of one model by the field ``key``, each in rounds until its fate is known.

    ``read`` may be repeated, ``write`` may not. Every round looks first, so that nothing is created twice.
    """

    read: Call
    write: Call
    rounds: Caller
    place: Place
    model: str
    key: str

    def rows(self, rows: Sequence[Mapping[str, object]]) -> tuple[RowResult, ...]:
        """One result per row, in order. Two rows of one key: the first is written, a second that differs rejected."""
        results: dict[str, RowResult] = {}
        first_of: dict[str, Mapping[str, object]] = {}
        answers = []
        for row in rows:
            name = str(row.get(self.key) or "")
            if dict(first_of.setdefault(name, row)) != dict(row):
                answers.append(_rejected(name, f"{self.key} occurs twice in this write, with different values"))
                continue
            results[name] = results.get(name) or self._row(name, row)
            answers.append(results[name])
        return tuple(answers)

    def _row(self, name: str, row: Mapping[str, object]) -> RowResult:
        if not isinstance(row.get(self.key), str) or not name.strip():
            return _rejected(name, f"{self.key} is not a text or empty")
        values: Row = {}
        for field, value in row.items():
            try:
                values[field] = to_wire(value)
            except ValueError as error:
                return _rejected(name, f"{field}: {error}")
        return self._write_row(name, values)

    def _write_row(self, name: str, values: Row) -> RowResult:
        last = RowResult(name, Outcome.UNKNOWN, reason="the server does not answer")
        is_created = False

        def one_round() -> None:
            nonlocal last, is_created
            last, is_created = self._round(name, values, was_created=is_created)
            if last.outcome is Outcome.UNKNOWN:
                raise TransientError(self.place, last.reason)

        with contextlib.suppress(TransientError):  # what is still open then says so in its result
            self.rounds.call(one_round)
        return last

    def _round(self, name: str, values: Row, *, was_created: bool) -> tuple[RowResult, bool]:
        """The row's outcome, and whether this or an earlier round set out to create it."""
        try:
            found = self._find(name, values)
        except TransientError as error:
            return RowResult(name, Outcome.UNKNOWN, reason=error.message), was_created
        try:
            return self._put(name, values, found, was_created=was_created), was_created or not found
        except (InvalidRowError, ConflictError) as error:
            return _rejected(name, error.message), was_created
        except OutcomeUnknownError:
            reason = "the answer was lost, and the row is not there as written"
            return RowResult(name, Outcome.UNKNOWN, reason=reason), was_created or not found

    def _put(self, name: str, values: Row, found: list[Row], *, was_created: bool) -> RowResult:
        if len(found) > 1:
            return _rejected(name, f"several records have this {self.key}")
        if not found:
            (ref,) = self.write(self._at(name), f"model.{self.model}.create", [values])
            return RowResult(name, Outcome.CREATED, str(ref))
        ref = found[0]["id"]
        if was_created:  # by an earlier round, whose answer was lost
            return RowResult(name, Outcome.CREATED, str(ref), "the answer was lost; read back as written")
        if all(_same(found[0][field], value) for field, value in values.items()):
            return RowResult(name, Outcome.UNCHANGED, str(ref))
        # Tryton refuses the write if the record has moved since it was read.
        stamp = {"_timestamp": {f"{self.model},{ref}": found[0]["_timestamp"]}}
        self.write(self._at(name), f"model.{self.model}.write", [ref], values, context=stamp)
        return RowResult(name, Outcome.UPDATED, str(ref))

    def _find(self, name: str, values: Row) -> list[Row]:
        domain = [[self.key, "=", values[self.key]]]
        names = ["id", "_timestamp", *values]
        method = f"model.{self.model}.search_read"
        found: list[Row] = self.read(self._at(name), method, domain, 0, 2, [["id", "ASC"]], names)
        return found

    def _at(self, name: str) -> Place:
        return Place(self.place.source, self.place.stream, name)


def _rejected(name: str, reason: str) -> RowResult:
    return RowResult(name, Outcome.REJECTED, reason=reason)


def _same(stored: object, wanted: object) -> bool:
    """Decimals by value (the server rounds 1.5 to 1.50), all else as it is."""
    if isinstance(stored, dict) and isinstance(wanted, dict) and "decimal" in stored and "decimal" in wanted:
        return Decimal(stored["decimal"]) == Decimal(wanted["decimal"])
    return stored == wanted
