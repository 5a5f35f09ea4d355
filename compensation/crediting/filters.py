"""Filters: which transactions a component credits, by their attributes."""

from collections.abc import Collection, Iterator, Sequence

import polars as pl

from compensation.plans.components import Attributes, Component
from compensation.plans.rules import Rule

FILTERED = {
    "products": "product",
    "product_families": "product_family",
    "customers": "customer",
    "regions": "region",
    "channels": "channel",
}
"""Which column of a transaction each key of a filter looks at."""


def is_allowed(component: Component, key: str, value: str | None) -> bool:
    """Whether the component's filter lets a value of the attribute pass."""
    wanted, unwanted = getattr(component.filter, key), getattr(component.filter.excluding, key)
    return (not wanted or value in wanted) and value not in unwanted


def refusals(rules: Sequence[Rule], key: str, values: Collection[str | None]) -> pl.DataFrame:
    """The pairs (rule, value) that filters refuse; a missing value is the empty text."""
    rows = [
        (rule.number, value or "")
        for rule in rules
        if _mentions(rule.component.filter, key)
        for value in values
        if not is_allowed(rule.component, key, value)
    ]
    return pl.DataFrame(rows, schema={"rule": pl.Int64, "value": pl.String}, orient="row")


def filter_keys(rules: Sequence[Rule]) -> Iterator[str]:
    """The filter keys that any rule uses."""
    return (key for key in FILTERED if any(_mentions(rule.component.filter, key) for rule in rules))


def _mentions(wanted: Attributes, key: str) -> bool:
    excluding = getattr(wanted, "excluding", Attributes())
    return bool(getattr(wanted, key) or getattr(excluding, key))
