"""Applying small mappings, as the tests of the language do it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mappings.language import Mapped, Mapping, Unmappable, load_mapping
from mappings.records import CanonicalRecord

MODIFIED_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def payload(values: dict[str, Any]) -> str:
    """JSON text whose Decimals are written as the numbers they are."""
    marked: dict[str, str] = {}

    def mark(number: Decimal) -> str:
        marked[name := f"\u0001{len(marked)}"] = str(number)
        return name

    text = json.dumps(values, default=mark)
    for name, number in marked.items():
        text = text.replace(json.dumps(name), number)
    return text


def mapped(mapping: Mapping, stream: str, values: dict[str, Any], **sources: str) -> Mapped:
    return mapping.apply(stream, "crm", "r1", MODIFIED_AT, payload(values), sources=sources)


def order_mapping(**fields: str) -> Mapping:
    """One stream `S` whose records become orders; ``fields`` are YAML, laid over a few that are enough."""
    return _order_mapping(tuple(fields.items()))


@lru_cache(maxsize=100)
def _order_mapping(fields: tuple[tuple[str, str], ...]) -> Mapping:
    chosen = {"dated_on": "{constant: 2026-01-31}", "amount": "{constant: 1}"} | dict(fields)
    lines = "\n".join(f"        {name}: {text}" for name, text in chosen.items())
    return load_mapping(f"currency: USD\nstreams:\n  S:\n    order:\n      fields:\n{lines}\n", "example")


def only(found: Mapped) -> Any:  # noqa: ANN401 -- a record of any kind
    (record,) = found.records
    return record


def read_field(name: str, spec: str, values: dict[str, Any], **sources: str) -> Any:  # noqa: ANN401
    """What the canonical field ``name`` of an order becomes when the mapping says ``spec``."""
    record: CanonicalRecord = only(mapped(order_mapping(**{name: spec}), "S", values, **sources))
    return getattr(record, name)


def refusal(name: str, spec: str, values: dict[str, Any]) -> Unmappable:
    """The Unmappable that is raised; an AssertionError if there is none."""
    try:
        found = read_field(name, spec, values)
    except Unmappable as unmappable:
        return unmappable
    raise AssertionError(f"was mapped to {found!r}")
