"""Objects and their fields, declared in one line a field (see ``standard_objects.yaml``).

A declaration is a type with its length or ``(precision,scale)``, then what else there is to say::

    reference(Account) as Account children Opportunities cascade
    string(40) external unique
    formula(Account.Industry)
    currency rollup SUM(OpportunityLineItems.TotalPrice)

Formulas and roll-ups are never stored: they are computed on each read, so that their values change without moving
SystemModstamp, as they do in Salesforce.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sandbox.salesforce.store.values import Value

if TYPE_CHECKING:
    from sandbox.salesforce.store.table import Store

Row = dict[str, Value]
Compute = Callable[["Store", Row], Value]

_STANDARD = Path(__file__).with_name("standard_objects.yaml")
_DECLARED = re.compile(r"(?P<type>\w+)(?:\((?P<arguments>[^)]*)\))?(?P<rest>.*)", re.DOTALL)
_LENGTHS = {
    "id": 18,
    "reference": 18,
    "string": 255,
    "picklist": 255,
    "textarea": 4000,
    "email": 80,
    "phone": 40,
    "url": 255,
}
_NUMBERS = {"currency": (18, 2), "percent": (5, 2), "double": (18, 2), "int": (9, 0)}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``scale`` counts decimals; ``relationship`` and ``children`` name a reference from either end."""

    name: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    reference_to: str | None = None
    relationship: str | None = None
    children: str | None = None
    cascades: bool = False
    is_required: bool = False
    is_unique: bool = False
    is_external_id: bool = False
    is_name: bool = False
    is_read_only: bool = False
    default: str | None = None
    formula: str | None = None
    rollup: str | None = None
    compute: Compute | None = None

    @property
    def is_calculated(self) -> bool:
        return bool(self.formula or self.rollup or self.compute)

    @property
    def is_custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def is_indexed(self) -> bool:
        return self.is_external_id or self.is_unique or self.reference_to is not None

    @property
    def is_text(self) -> bool:
        return self.type in _LENGTHS


@dataclass(slots=True)
class SObject:
    """An object's name, key prefix and fields (``stored``: those not computed); names are found whatever their case."""

    name: str
    prefix: str
    label: str = ""
    is_deletable: bool = True
    fields: dict[str, Field] = field(default_factory=dict)
    stored: list[Field] = field(default_factory=list)
    _folded: dict[str, Field] = field(default_factory=dict)
    _relationships: dict[str, Field] = field(default_factory=dict)

    def add(self, new: Field) -> None:
        self.fields[new.name] = self._folded[new.name.lower()] = new
        if new.relationship:
            self._relationships[new.relationship.lower()] = new
        self._list_stored()

    def drop(self, name: str) -> None:
        gone = self._folded.pop(name.lower())
        del self.fields[gone.name]
        if gone.relationship:
            del self._relationships[gone.relationship.lower()]
        self._list_stored()

    def find(self, name: str) -> Field | None:
        return self._folded.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        return self._relationships.get(relationship.lower())

    def _list_stored(self) -> None:
        self.stored = [known for known in self.fields.values() if not known.is_calculated]


def parse_field(name: str, declaration: str) -> Field:
    """A field from its one-line declaration; ValueError tells what is not understood.

    >>> parse_field("Amount", "currency").scale
    2
    """
    matched = _DECLARED.fullmatch(declaration.strip())
    if matched is None:
        raise ValueError(f"field {name}: cannot read {declaration!r}")
    made = _typed(name, matched["type"], matched["arguments"] or "")
    return _with_options(made, matched["rest"].split())


def standard_objects() -> dict[str, SObject]:
    """Fresh copies of the standard objects, by name."""
    return parse_objects(yaml.load(_STANDARD.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def parse_objects(declared: Mapping[str, Mapping[str, object]]) -> dict[str, SObject]:
    """Objects by name from ``{name: {prefix, label?, deletable?, fields: {name: declaration}}}``."""
    objects = {}
    for name, spec in declared.items():
        fields = spec["fields"]
        if not isinstance(fields, Mapping):
            raise TypeError(f"object {name}: fields are a mapping of names to declarations")
        made = SObject(name, str(spec["prefix"]), str(spec.get("label", name)), spec.get("deletable", True) is True)
        for field_name, declaration in (_system_fields(made) | dict(fields)).items():
            made.add(parse_field(field_name, str(declaration)))
        objects[name] = made
    return objects


def _system_fields(owner: SObject) -> dict[str, str]:
    fields = {
        "Id": "id readonly",
        "CreatedDate": "datetime readonly",
        "CreatedById": "reference(User) as CreatedBy readonly",
        "LastModifiedDate": "datetime readonly",
        "LastModifiedById": "reference(User) as LastModifiedBy readonly",
        "SystemModstamp": "datetime readonly",
    }
    return fields | {"IsDeleted": "boolean readonly"} if owner.is_deletable else fields


def _typed(name: str, kind: str, arguments: str) -> Field:
    if kind == "reference":
        relationship = re.sub(r"__c$", "__r", name) if name.endswith("__c") else name.removesuffix("Id")
        return Field(name, kind, length=18, reference_to=arguments, relationship=relationship)
    if kind == "formula":
        return Field(name, "string", formula=arguments)
    if kind in _NUMBERS:
        precision, scale = map(int, arguments.split(",")) if arguments else _NUMBERS[kind]
        return Field(name, kind, precision=precision, scale=scale)
    if kind not in _LENGTHS | {"boolean": 0, "date": 0, "datetime": 0}:
        raise ValueError(f"field {name}: there is no type {kind!r}")
    return Field(name, kind, length=int(arguments) if arguments else _LENGTHS.get(kind, 0))


def _with_options(made: Field, words: list[str]) -> Field:
    flags = {
        "required": "is_required",
        "unique": "is_unique",
        "external": "is_external_id",
        "name": "is_name",
        "readonly": "is_read_only",
        "cascade": "cascades",
    }
    named = {"as": "relationship", "children": "children", "default": "default", "rollup": "rollup"}
    rest = iter(words)
    options: dict[str, Any] = {}
    for word in rest:
        if word in flags:
            options[flags[word]] = True
        elif word in named:
            options[named[word]] = next(rest)
        else:
            raise ValueError(f"field {made.name}: {word!r} says nothing known")
    made = replace(made, **options)
    return replace(made, is_read_only=made.is_read_only or made.is_calculated)
