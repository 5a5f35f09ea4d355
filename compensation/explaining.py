"""A posted earning explained: which credit, which rule, from where to where, tier by tier."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from compensation.components import ComponentWriter
from compensation.curves import compile_curve
from compensation.facts import Facts
from compensation.plan import Plan
from compensation.run import Ground
from compensation.sentences import Reason


def explain(facts: Facts, plans: Sequence[Plan], line: Mapping[str, Any]) -> tuple[Reason, ...]:
    """The steps of one row of ``Calculation.lines`` (by name), as data and as sentences in each language.

    The earnings of the tiers add up to the line's. KeyError if the plans or the facts are not those of the calculation.
    """
    ground = Ground.of(facts, plans)
    wanted = (line["plan"], line["plan_version"], line["component"])
    found = (term for term in ground.terms if (term.plan.name, term.plan.version, term.component.name) == wanted)
    term = next(found, None)
    if term is None:
        raise KeyError(f"no plan {wanted[0]} of version {wanted[1]} with a component {wanted[2]}")
    curve = compile_curve(term.component, line["quota_minor"], ground.exponents[term.plan.currency])
    amounts = {"before": line["before_minor"], "after": line["after_minor"], "base": line["credit_minor"]}
    row = {**line, **amounts, "party_no": 0}
    return tuple(ComponentWriter(ground).reasons(term, curve, [row], _currency(facts, line["transaction_id"])))


def _currency(facts: Facts, transaction_id: str) -> str:
    found = facts.transactions.filter(pl.col("transaction_id") == transaction_id)["currency"]
    if found.is_empty():
        raise KeyError(f"no transaction {transaction_id}")
    return str(found[0])
