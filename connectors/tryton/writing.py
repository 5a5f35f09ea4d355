"""Upserts into Tryton: each row found by its key, compared, then created or written, and its outcome known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from connectors.errors import ConflictError, InvalidRowError, OutcomeUnknownError, Place
from connectors.protocol import Outcome, RowResult
from connectors.tryton.rpc import Row, Wire, to_wire


class Call(Protocol):
    def __call__(self, place: Place, method: str, *params: object, context: Row | None = None) -> Wire: ...


class Upsert:
    """Writes rows of one model by the field ``key``; ``read`` may be repeated, ``write`` may not."""

    def __init__(self, read: Call, write: Call, place: Place, model: str, key: str) -> None:
        self._read = read
        self._write = write
        self._place = place
        self._model = model
        self._key = key

    def rows(self, rows: Sequence[Mapping[str, object]]) -> tuple[RowResult, ...]:
        """One result per row, in order. A key that occurs twice is rejected both times: which is meant is unknown."""
        counts = Counter(str(row.get(self._key)) for row in rows)
        return tuple(self._row(row, is_unique=counts[str(row.get(self._key))] == 1) for row in rows)

    def _row(self, row: Mapping[str, object], *, is_unique: bool) -> RowResult:
        name = row.get(self._key)
        if not isinstance(name, str | int) or isinstance(name, bool) or not name:
            return _rejected(str(name), f"the row has no {self._key}")
        if not is_unique:
            return _rejected(str(name), f"{self._key} {name} occurs more than once in this batch")
        try:
            values = {field: to_wire(value) for field, value in row.items()}
            return self._put(str(name), values)
        except ValueError as error:
            return _rejected(str(name), str(error))
        except (InvalidRowError, ConflictError) as error:
            return _rejected(str(name), error.message)

    def _put(self, name: str, values: Row) -> RowResult:
        found = self._find(name, values)
        if len(found) > 1:
            return _rejected(name, f"{len(found)} records have this {self._key}")
        if found and _is_as_wanted(found[0], values):
            return RowResult(name, Outcome.UNCHANGED, str(found[0]["id"]))
        outcome = Outcome.UPDATED if found else Outcome.CREATED
        try:
            ref = self._update(name, found[0], values) if found else self._create(name, values)
        except OutcomeUnknownError:
            return self._read_back(name, values, outcome)
        return RowResult(name, outcome, str(ref))

    def _create(self, name: str, values: Row) -> int:
        (ref,) = self._write(self._at(name), f"model.{self._model}.create", [values])
        return int(ref)

    def _update(self, name: str, found: Row, values: Row) -> int:
        # Tryton refuses the write if the record has moved since it was read.
        stamp = {f"{self._model},{found['id']}": found["_timestamp"]}
        changes = {field: value for field, value in values.items() if field != "id"}
        self._write(self._at(name), f"model.{self._model}.write", [found["id"]], changes, context={"_timestamp": stamp})
        return int(found["id"])

    def _read_back(self, name: str, values: Row, outcome: Outcome) -> RowResult:
        """After a write that ended without an answer: what is there decides, and nothing is written twice."""
        found = self._find(name, values)
        if len(found) == 1 and _is_as_wanted(found[0], values):
            return RowResult(name, outcome, str(found[0]["id"]))
        reason = "the server did not answer and the record is not (yet) as written; look at it before repeating"
        return RowResult(name, Outcome.UNKNOWN, reason=reason)

    def _find(self, name: str, values: Row) -> list[Row]:
        domain = [[self._key, "=", values[self._key]]]
        names = ["id", "_timestamp", *values]
        method = f"model.{self._model}.search_read"
        found: list[Row] = self._read(self._at(name), method, domain, 0, 2, [["id", "ASC"]], names)
        return found

    def _at(self, name: str) -> Place:
        return Place(self._place.source, self._place.stream, name)


def _rejected(name: str, reason: str) -> RowResult:
    return RowResult(name, Outcome.REJECTED, reason=reason)


def _is_as_wanted(found: Row, values: Row) -> bool:
    return all(_same(found[field], value) for field, value in values.items())


def _same(stored: object, wanted: object) -> bool:
    """Decimals by value (the server rounds 1.5 to 1.50), all else as it is."""
    if isinstance(stored, dict) and isinstance(wanted, dict) and "decimal" in stored and "decimal" in wanted:
        return Decimal(stored["decimal"]) == Decimal(wanted["decimal"])
    return stored == wanted
