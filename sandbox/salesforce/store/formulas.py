"""Formula and roll-up fields: computed whenever they are read, so that they change without moving any stamp."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.salesforce.store.schema import Compute, Field, Row, SObject
from sandbox.salesforce.store.table import Store
from sandbox.salesforce.store.values import Value, decimal_value

_ROLLUP = re.compile(r"(SUM|COUNT|MIN|MAX)\((\w+)(?:\.(\w+))?\)")


def computed(store: Store, sobject: SObject, field: Field) -> Field:
    """``field`` with its formula or roll-up made ready to compute; other fields as they are."""
    if field.formula:
        kind, compute = parent_value(store, sobject, field.formula)
        return replace(kind, name=field.name, formula=field.formula, compute=compute, is_read_only=True)
    return replace(field, compute=_rolled_up(store, sobject, field.rollup)) if field.rollup else field


def parent_value(store: Store, sobject: SObject, path: str) -> tuple[Field, Compute]:
    """The field that ``Account.Owner.Name`` ends in (as a plain, not unique one), and the function that reads it."""
    *relationships, last = path.split(".")
    steps: list[tuple[str, str]] = []
    for relationship in relationships:
        reference = sobject.parent(relationship)
        if reference is None or reference.reference_to is None:
            raise ValueError(f"{sobject.name} has no relationship {relationship!r}")
        steps.append((reference.name, reference.reference_to))
        sobject = store.objects[reference.reference_to]
    end = sobject.find(last)
    if end is None:
        raise ValueError(f"{sobject.name} has no field {last!r}")
    plain = replace(end, is_unique=False, is_external_id=False, is_required=False, is_name=False, default=None)
    return plain, _walk(steps, end)


def _walk(steps: list[tuple[str, str]], end: Field) -> Compute:
    def read(store: Store, row: Row) -> Value:
        for name, parent in steps:
            above = store.table(parent).rows.get(str(row[name]))
            if above is None:
                return None
            row = above
        return end.compute(store, row) if end.compute else row[end.name]

    return read


def _rolled_up(store: Store, sobject: SObject, rollup: str) -> Compute:
    matched = _ROLLUP.fullmatch(rollup)
    found = matched and children_of(store, sobject, matched[2])
    if not matched or not found:
        raise ValueError(f"{sobject.name}: cannot read roll-up {rollup!r}")
    child, reference = found
    function, name = _FUNCTIONS[matched[1]], matched[3] or "Id"

    def read(store: Store, row: Row) -> Value:
        rows = [line for line in store.table(child.name).find(reference.name, row["Id"]) if not line.get("IsDeleted")]
        return function([line[name] for line in rows if line[name] is not None])

    return read


def children_of(store: Store, sobject: SObject, relationship: str) -> tuple[SObject, Field] | None:
    """The object and the reference field behind a child relationship such as ``OpportunityLineItems``."""
    for child in store.objects.values():
        for field in child.fields.values():
            if field.reference_to == sobject.name and (field.children or "").lower() == relationship.lower():
                return child, field
    return None


def _total(values: list[Any]) -> Value:
    return decimal_value(sum(map(Decimal, values), Decimal(0)))


_FUNCTIONS: dict[str, Callable[[list[Any]], Value]] = {
    "SUM": _total,
    "COUNT": lambda values: decimal_value(Decimal(len(values))),
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}
