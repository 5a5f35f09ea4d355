"""Plans as rows: every component of every plan is one term, so that one pass serves them all."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation.plan import Attributes, Component, CreditTo, Plan
from compensation.staff import day_after

FILTERED = {
    "products": "product",
    "product_families": "product_family",
    "customers": "customer",
    "regions": "region",
    "channels": "channel",
}
"""Which column of a transaction each key of a filter looks at."""

PARTIES = {
    CreditTo.OWNERS: ("owner",),
    CreditTo.OVERLAYS: ("overlay",),
    CreditTo.DIRECT_MANAGER: ("direct_manager",),
    CreditTo.ALL_MANAGERS: ("direct_manager", "upper_manager"),
}


@dataclass(frozen=True)
class Term:
    """One component of one plan; ``number`` stands for it in frames, as ``plan_number`` does for its plan."""

    number: int
    plan_number: int
    plan: Plan
    component: Component

    @property
    def valid_from(self) -> date:
        window = self.component.window
        return max(self.plan.effective.from_on, window.from_on) if window else self.plan.effective.from_on

    @property
    def valid_to(self) -> date:
        return min(day_after(self.plan), day_after(self.component))


def terms_of(plans: Sequence[Plan]) -> tuple[Term, ...]:
    """The terms of the plans; ValueError if two of them have the same name and version."""
    if len({(plan.name, plan.version) for plan in plans}) < len(plans):
        raise ValueError("a plan is given twice; give each version of a plan once")
    pairs = [(number, plan, component) for number, plan in enumerate(plans) for component in plan.components]
    return tuple(Term(number, *pair) for number, pair in enumerate(pairs))


def terms_frame(terms: Sequence[Term]) -> pl.DataFrame:
    """A row per term, party that it credits, and treatment of returns that it takes part in."""
    rows = [
        (
            *(term.number, term.plan_number, term.plan.currency, term.component.credited_on.value, party, treatment),
            *(term.component.measure.value, term.component.looks_at.value, term.component.period.value),
            *(term.valid_from, term.valid_to),
            *term.component.share.value.as_integer_ratio(),
        )
        for term in terms
        for party in sorted({party for to in term.component.credit_to for party in PARTIES[to]})
        for treatment in ("none", term.component.returns.value)
    ]
    schema = {
        "term": pl.Int64,
        "plan": pl.Int64,
        **dict.fromkeys(
            ("plan_currency", "event", "party", "treatment", "measure", "looks_at", "period_kind"), pl.String
        ),
        **dict.fromkeys(("valid_from", "valid_to"), pl.Date),
        **dict.fromkeys(("share_num", "share_den"), pl.Int64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def is_allowed(component: Component, key: str, value: str | None) -> bool:
    """Whether the component's filter lets a value of the attribute pass."""
    wanted, unwanted = getattr(component.filter, key), getattr(component.filter.excluding, key)
    return (not wanted or value in wanted) and value not in unwanted


def refusals(terms: Sequence[Term], key: str, values: Collection[str | None]) -> pl.DataFrame:
    """The pairs (term, value) that filters refuse; a missing value is the empty text."""
    rows = [
        (term.number, value or "")
        for term in terms
        if _mentions(term.component.filter, key)
        for value in values
        if not is_allowed(term.component, key, value)
    ]
    return pl.DataFrame(rows, schema={"term": pl.Int64, "value": pl.String}, orient="row")


def filter_keys(terms: Sequence[Term]) -> Iterator[str]:
    """The filter keys that any term uses."""
    return (key for key in FILTERED if any(_mentions(term.component.filter, key) for term in terms))


def _mentions(wanted: Attributes, key: str) -> bool:
    excluding = getattr(wanted, "excluding", Attributes())
    return bool(getattr(wanted, key) or getattr(excluding, key))
