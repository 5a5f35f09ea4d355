"""Filters: which transactions a component credits, by their attributes."""

from collections.abc import Collection, Iterator, Sequence

import polars as pl

from compensation.columns import repeated
from compensation.crediting.matched import Matched
from compensation.crediting.transactions import ATTRIBUTE
from compensation.packing import first_occurrences
from compensation.plans.components import Attributes, Component
from compensation.plans.rules import Rule

FILTERED = {
    "products": "product",
    "product_families": "product_family",
    "customers": "customer",
    "regions": "region",
    "channels": "channel",
    "document_types": "document_type",
}
"""Which column of a transaction each key of a filter looks at."""
OWN = {
    "region": ("region", "payee_region"),
    "channel": ("channel", "payee_channel"),
    "team": (f"{ATTRIBUTE}team", "team"),
    "title": (f"{ATTRIBUTE}title", "title"),
}
"""The transaction's column, and the payee's, that an ``own`` attribute compares."""


def is_allowed(component: Component, key: str, value: str | None) -> bool:
    """Whether the component's filter lets a value pass; ``key`` as in a filter, or ``attribute:<name>``."""
    wanted, unwanted = _words(component.filter, key), _words(component.filter.excluding, key)
    return (not wanted or value in wanted) and value not in unwanted


def filtered(matched: Matched, rules: Sequence[Rule]) -> Matched:
    """The credits that the rules' filters let pass."""
    for key in filter_keys(rules):
        column = FILTERED.get(key, key)
        values = matched.documents[column]
        if values.null_count():
            values = values.fill_null("")
        first, places = first_occurrences(values.to_frame(), [column])
        known = values[first].to_list()
        refused = refusals(rules, key, known)
        if refused:
            matched = matched.kept(_allowed(matched, rules, places, known, refused))
    for name in dict.fromkeys(name for rule in rules for name in rule.component.filter.own):
        numbers = [rule.number for rule in rules if name in rule.component.filter.own]
        theirs, payees = (matched.column(column) for column in _own(name))
        matched = matched.kept(~matched.rows["rule"].is_in(numbers) | (theirs == payees))
    return matched


def _allowed(
    matched: Matched,
    rules: Sequence[Rule],
    places: pl.Series,
    known: Sequence[str],
    refused: Sequence[tuple[int, str]],
) -> pl.Series:
    """Whether each credit's rule lets the value of its document pass, looked up in a table of rules and values."""
    numbers = {value: number for number, value in enumerate(known)}
    lines = max(rule.number for rule in rules) + 1
    table = repeated(value=True, count=lines * len(known), dtype=pl.Boolean())
    wrong = [rule * len(known) + numbers[value] for rule, value in refused]
    cells = matched.rows["rule"] * len(known) + places[matched.rows["document"]]
    return table.scatter(wrong, values=False)[cells]


def refusals(rules: Sequence[Rule], key: str, values: Collection[str]) -> list[tuple[int, str]]:
    """The pairs (rule, value) that filters refuse; a missing value is the empty text."""
    return [
        (rule.number, value)
        for rule in rules
        if _mentions(rule.component.filter, key)
        for value in values
        if not is_allowed(rule.component, key, value)
    ]


def filter_keys(rules: Sequence[Rule]) -> Iterator[str]:
    """The filter keys that any rule uses, then the attributes as ``attribute:<name>``."""
    attributes = dict.fromkeys(f"{ATTRIBUTE}{name}" for rule in rules for name in _attributes(rule))
    return (key for key in (*FILTERED, *attributes) if any(_mentions(rule.component.filter, key) for rule in rules))


def filter_attributes(rules: Sequence[Rule]) -> set[str]:
    """The attributes of the attributes frame that the filters look at."""
    own = {_own(name)[0] for rule in rules for name in rule.component.filter.own}
    named = {name for rule in rules for name in _attributes(rule)}
    return named | {column.removeprefix(ATTRIBUTE) for column in own if column.startswith(ATTRIBUTE)}


def _own(name: str) -> tuple[str, str]:
    if name not in OWN:
        raise ValueError(f"filter 'own: {name}': a payee has no such attribute; choose one of {', '.join(OWN)}")
    return OWN[name]


def _attributes(rule: Rule) -> Iterator[str]:
    yield from rule.component.filter.attributes
    yield from rule.component.filter.excluding.attributes


def _mentions(wanted: Attributes, key: str) -> bool:
    excluding = getattr(wanted, "excluding", Attributes())
    return bool(_words(wanted, key) or _words(excluding, key))


def _words(attributes: Attributes, key: str) -> tuple[str, ...]:
    if key.startswith(ATTRIBUTE):
        return attributes.attributes.get(key.removeprefix(ATTRIBUTE), ())
    words: tuple[str, ...] = getattr(attributes, key)
    return words
