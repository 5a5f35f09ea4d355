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

_ROWS_A_CALL = 200


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
        first_of: dict[str, Mapping[str, object]] = {}
        rejected: dict[int, RowResult] = {}
        sound: dict[str, Row] = {}
        for position, row in enumerate(rows):
            name = str(row.get(self.key) or "")
            values, objection = _wire_values(row, self.key)
            if not objection and dict(first_of.setdefault(name, row)) != dict(row):
                objection = f"{self.key} occurs twice in this write, with different values"
            if objection:
                rejected[position] = _rejected(name, objection)
            else:
                sound[name] = values
        results = self._write_all(sound)
        return tuple(rejected.get(position) or results[str(row[self.key])] for position, row in enumerate(rows))

    def _write_all(self, rows: dict[str, Row]) -> dict[str, RowResult]:
        results: dict[str, RowResult] = {}
        names = list(rows)
        for start in range(0, len(names), _ROWS_A_CALL):
            batch = {name: rows[name] for name in names[start : start + _ROWS_A_CALL]}
            created = self._create_new(batch) if len(batch) > 1 else {}
            for name, values in batch.items():
                # A lost answer leaves it open who created the row; only that it was to be created is known.
                is_open = created.get(name, "") is None
                results[name] = created.get(name) or self._write_row(name, values, was_created=is_open)
        return results

    def _create_new(self, batch: dict[str, Row]) -> dict[str, RowResult | None]:
        """Creates the rows that are not there in one call, all or none; None for those whose fate is open."""
        try:
            there = {row[self.key] for row in self._find(list(batch), [self.key])}
        except TransientError:
            return {}
        new = [name for name in batch if name not in there]
        try:
            refs = self.write(self.place, f"model.{self.model}.create", [batch[name] for name in new]) if new else []
        except OutcomeUnknownError:
            return dict.fromkeys(new)
        except (InvalidRowError, ConflictError):  # one of them is refused: each by itself will tell which
            return {}
        return {name: RowResult(name, Outcome.CREATED, str(ref)) for name, ref in zip(new, refs, strict=True)}

    def _write_row(self, name: str, values: Row, *, was_created: bool) -> RowResult:
        last = RowResult(name, Outcome.UNKNOWN, reason="the server does not answer")
        is_created = was_created

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
            found = self._find([name], ["_timestamp", *values])
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

    def _find(self, names: list[str], fields: list[str]) -> list[Row]:
        place = self._at(names[0]) if len(names) == 1 else self.place
        method = f"model.{self.model}.search_read"
        found: list[Row] = self.read(
            place, method, [[self.key, "in", names]], 0, 2 * len(names), [["id", "ASC"]], ["id", *fields]
        )
        return found

    def _at(self, name: str) -> Place:
        return Place(self.place.source, self.place.stream, name)


def _wire_values(row: Mapping[str, object], key: str) -> tuple[Row, str]:
    """The row as it is sent, or why it cannot be."""
    if not isinstance(row.get(key), str) or not str(row[key]).strip():
        return {}, f"{key} is not a text or empty"
    values: Row = {}
    for field, value in row.items():
        try:
            values[field] = to_wire(value)
        except ValueError as error:
            return {}, f"{field}: {error}"
    return values, ""


def _rejected(name: str, reason: str) -> RowResult:
    return RowResult(name, Outcome.REJECTED, reason=reason)


def _same(stored: object, wanted: object) -> bool:
    """Decimals by value (the server rounds 1.5 to 1.50), all else as it is."""
    if isinstance(stored, dict) and isinstance(wanted, dict) and "decimal" in stored and "decimal" in wanted:
        return Decimal(stored["decimal"]) == Decimal(wanted["decimal"])
    return stored == wanted
