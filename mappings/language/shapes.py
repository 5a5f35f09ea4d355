"""What the canonical models want of each field, read off the models themselves."""

import types
import typing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from mappings.money import CurrencyCode, Money
from mappings.records import CanonicalRecord, Key

_CONVERTERS: dict[type, str] = {
    str: "text",
    Decimal: "decimal",
    Money: "money",
    date: "date",
    datetime: "datetime",
    bool: "boolean",
    int: "integer",
    Key: "reference",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A canonical field: the type of its value (of its items if ``is_list``) and how it is converted by default."""

    name: str
    type: type
    hint: Any
    converter: str
    is_required: bool = False
    is_list: bool = False

    @property
    def is_items(self) -> bool:
        """Whether its items have fields of their own (lines, shares, assignments, allocations)."""
        return self.is_list and self.type is not Key

    def accept(self, value: object) -> object:
        """The value as the model takes it; ValueError (of pydantic) if it does not."""
        return TypeAdapter(self.hint).validate_python(value)


CURRENCY = Shape("currency", str, CurrencyCode, "currency")
REF = Shape("ref", str, str, "text", is_required=True)


@cache
def shapes_of(model: type[BaseModel]) -> dict[str, Shape]:
    """The shape of every field of a canonical model, by name, but for those that every record has."""
    hints = typing.get_type_hints(model, include_extras=True)
    common = CanonicalRecord.model_fields if issubclass(model, CanonicalRecord) else {}
    return {
        name: _shape(name, hints[name], field.is_required())
        for name, field in model.model_fields.items()
        if name not in common
    }


def _shape(name: str, hint: Any, is_required: bool) -> Shape:  # noqa: ANN401 -- a type hint
    hint = _without_none(hint)
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return Shape(name, item, hint, _CONVERTERS.get(item, ""), is_required, is_list=True)
    plain = _without_annotation(hint)
    if hint == CurrencyCode:
        return Shape(name, plain, hint, "currency", is_required)
    converter = "enumeration" if issubclass(plain, Enum) else _CONVERTERS[plain]
    return Shape(name, plain, hint, converter, is_required)


def _without_none(hint: Any) -> Any:  # noqa: ANN401
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    return hint


def _without_annotation(hint: Any) -> Any:  # noqa: ANN401
    return _without_annotation(typing.get_args(hint)[0]) if typing.get_origin(hint) is typing.Annotated else hint
