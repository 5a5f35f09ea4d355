"""The canonical tables, made from the record models by one set of rules, so that a new field is only a migration.

| in the model | in the database |
| --- | --- |
| the record kind | a table named by its plural, keyed by ``source`` and ``ref`` |
| ``customer_key: Key`` | ``customer_source`` and ``customer_ref`` |
| ``amount: Money`` | ``amount_minor`` and ``amount_currency`` |
| decimal, instant | exact text, instant (see ``database.columns``) |
| text, enumeration, date, flag, whole number | the same |
| ``lines: tuple[Line, ...]`` | a table ``<kind>_lines`` keyed by the record's key and ``position`` |

Every record also names the landed version (``landing_id``) and the mapping that it was made with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    ForeignKeyConstraint,
    FromClause,
    Integer,
    String,
    Table,
    literal,
)
from sqlalchemy.types import TypeEngine

from mappings.money import Money
from mappings.records import RECORD_KINDS, CanonicalRecord, Key
from warehouse.database.columns import METADATA, Exact, Instant

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """How one field of a model lies in columns: ``write`` gives their values, ``read`` takes as many back."""

    field: str
    columns: tuple[tuple[str, type[TypeEngine[Any]]], ...]
    is_optional: bool
    write: Callable[[Any], Values]
    read: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A model without its nested tuples, as a row."""

    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name, _ in part.columns)

    def columns(self, primary_key: tuple[str, ...] = ()) -> Iterator[Column[Any]]:
        for part in self.parts:
            for name, column_type in part.columns:
                yield Column(name, column_type(), primary_key=name in primary_key, nullable=part.is_optional)

    def write(self, model: BaseModel) -> Values:
        return tuple(chain.from_iterable(part.write(getattr(model, part.field)) for part in self.parts))

    def read(self, row: Values) -> dict[str, Any]:
        values = iter(row)
        return {part.field: part.read(*(next(values) for _ in part.columns)) for part in self.parts}


@dataclass(frozen=True, slots=True)
class Child:
    """The table of a nested tuple: of models, or of bare keys."""

    field: str
    model: type[BaseModel]
    table: Table
    shape: Shape
    is_key: bool

    def rows(self, record: BaseModel, key: Values) -> Iterator[Values]:
        for position, item in enumerate(getattr(record, self.field)):
            values = self.shape.parts[0].write(item) if self.is_key else self.shape.write(item)
            yield (*key, position, *values)

    def item(self, row: Values) -> object:
        return self.shape.parts[0].read(*row) if self.is_key else self.shape.read(row)

    @property
    def key_names(self) -> tuple[str, str]:
        source, ref, *_ = self.table.primary_key.columns.keys()
        return source, ref


@dataclass(frozen=True, slots=True)
class Kind:
    """The tables of one record kind."""

    name: str
    model: type[CanonicalRecord]
    table: Table
    shape: Shape
    children: tuple[Child, ...]


def plural(kind: str) -> str:
    """The table's name.

    >>> plural("opportunity"), plural("credit_note")
    ('opportunities', 'credit_notes')
    """
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def child(kind: str, field: str) -> Table:
    """The table of a record kind's nested field."""
    return next(each.table for each in KINDS[kind].children if each.field == field)


def payee_id(table: FromClause, prefix: str = "") -> ColumnElement[str]:
    """The payee id from the two columns of a key."""
    return table.c[f"{prefix}source"] + literal(":") + table.c[f"{prefix}ref"]


_SCALARS: dict[Any, type[TypeEngine[Any]]] = {
    str: String,
    bool: Boolean,
    int: BigInteger,
    date: Date,
    datetime: Instant,
    AwareDatetime: Instant,
    Decimal: Exact,
}


def _kind(name: str, model: type[CanonicalRecord]) -> Kind:
    nested = {field: _item(info.annotation) for field, info in model.model_fields.items()}
    shape = Shape(
        tuple(_part(field, info.annotation) for field, info in model.model_fields.items() if nested[field] is None)
    )
    table = Table(
        plural(name),
        METADATA,
        *shape.columns(primary_key=("source", "ref")),
        Column("landing_id", BigInteger, nullable=False, index=True),
        Column("mapping_version", String, nullable=False),
    )
    children = (_child(name, table, field, item) for field, item in nested.items() if item is not None)
    return Kind(name, model, table, shape, tuple(children))


def _child(kind: str, parent: Table, field: str, item: type[BaseModel]) -> Child:
    is_key = item is Key
    name = field.removesuffix("_keys")
    shape = Shape(
        (_part(f"{name}_key", Key),)
        if is_key
        else tuple(_part(inner, info.annotation) for inner, info in item.model_fields.items())
    )
    key = (f"{kind}_source", f"{kind}_ref")
    table = Table(
        f"{kind}_{plural(name) if is_key else name}",
        METADATA,
        *(Column(column, String, primary_key=True) for column in key),
        Column("position", Integer, primary_key=True, autoincrement=False),
        *shape.columns(),
        ForeignKeyConstraint(key, [parent.c.source, parent.c.ref], ondelete="CASCADE"),
    )
    return Child(field, item, table, shape, is_key)


def _part(field: str, annotation: object) -> Part:
    bare, is_optional = _bare(annotation)
    if bare is Key:
        name = field.removesuffix("_key")
        return Part(field, ((f"{name}_source", String), (f"{name}_ref", String)), is_optional, _write_key, _read_key)
    if bare is Money:
        columns = ((f"{field}_minor", BigInteger), (f"{field}_currency", String))
        return Part(field, columns, is_optional, _write_money, _read_money)
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return Part(field, ((field, String),), is_optional, _write_enumeration, _read_scalar)
    if bare not in _SCALARS:
        raise TypeError(f"no rule says how a field like {field}: {annotation} lies in a table; add one here")
    return Part(field, ((field, _SCALARS[bare]),), is_optional, _write_scalar, _read_scalar)


def _item(annotation: object) -> type[BaseModel] | None:
    """The type of the items if it is ``tuple[X, ...]``, else None."""
    bare, _ = _bare(annotation)
    if get_origin(bare) is not tuple:
        return None
    item: type[BaseModel] = get_args(bare)[0]
    return item


def _bare(annotation: object) -> tuple[Any, bool]:
    """The type without constraints and None, and whether None is allowed."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        (only,) = (each for each in get_args(annotation) if each is not NoneType)
        return _bare(only)[0], True
    return annotation, False


def _write_key(key: Key | None) -> Values:
    return (None, None) if key is None else (key.source, key.ref)


def _read_key(source: str | None, ref: str | None) -> dict[str, Any] | None:
    return None if source is None else {"source": source, "ref": ref}


def _write_money(money: Money | None) -> Values:
    return (None, None) if money is None else (money.minor, money.currency)


def _read_money(minor: int | None, currency: str | None) -> dict[str, Any] | None:
    return None if minor is None else {"minor": minor, "currency": currency}


def _write_enumeration(member: StrEnum | None) -> Values:
    return (None if member is None else member.value,)


def _write_scalar(value: object) -> Values:
    return (value,)


def _read_scalar(value: object) -> object:
    return value


KINDS: dict[str, Kind] = {name: _kind(name, model) for name, model in RECORD_KINDS.items()}
"""The tables of every record kind, by the kind's name."""
