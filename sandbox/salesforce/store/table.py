"""The rows of one object, by id and by the fields that are looked up. A stored row is never changed, only replaced."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sandbox.salesforce.store.schema import Row, SObject
from sandbox.salesforce.store.values import Value


class Store(Protocol):
    """What of an org its formulas, rules and queries work on: the objects and their tables."""

    now: Callable[[], datetime]
    objects: dict[str, SObject]

    @property
    def lock(self) -> AbstractContextManager[object]: ...

    def table(self, name: str) -> "Table": ...

    def put(self, name: str, row: Row) -> None: ...


class Table:
    """Rows in the order of their creation; references, external ids and unique fields are indexed."""

    def __init__(self, sobject: SObject) -> None:
        self.sobject = sobject
        self.rows: dict[str, Row] = {}
        self._index: dict[str, dict[Value, dict[str, None]]] = {}
        self.reindex()

    def put(self, row: Row) -> None:
        row_id = str(row["Id"])
        earlier = self.rows.get(row_id)
        for name, entries in self._index.items():
            if earlier is not None:
                if earlier[name] == row[name]:
                    continue
                _forget(entries, earlier[name], row_id)
            _remember(entries, row[name], row_id)
        self.rows[row_id] = row

    def drop(self, row_id: str) -> None:
        row = self.rows.pop(row_id)
        for name, entries in self._index.items():
            _forget(entries, row[name], row_id)

    def find(self, name: str, value: Value) -> Iterator[Row]:
        """Rows, deleted ones too, whose indexed field ``name`` is ``value`` (text: whatever its case)."""
        return (self.rows[row_id] for row_id in tuple(self._index[name].get(_key(value), ())))

    def is_indexed(self, name: str) -> bool:
        return name in self._index

    def live(self) -> Iterator[Row]:
        return (row for row in self.rows.values() if not row.get("IsDeleted"))

    def reindex(self) -> None:
        """Index anew after the object's fields have changed; rows get a null (or default) for each new field."""
        names = [field.name for field in self.sobject.stored]
        blank = {field.name: False if field.type == "boolean" else None for field in self.sobject.stored}
        self._index = {field.name: {} for field in self.sobject.stored if field.is_indexed}
        rows, self.rows = self.rows, {}
        for row in rows.values():
            self.put({name: row.get(name, blank[name]) for name in names})


def _key(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _remember(entries: dict[Value, dict[str, None]], value: Value, row_id: str) -> None:
    if value is not None:
        entries.setdefault(_key(value), {})[row_id] = None


def _forget(entries: dict[Value, dict[str, None]], value: Value, row_id: str) -> None:
    if value is not None:
        entries[_key(value)].pop(row_id, None)
