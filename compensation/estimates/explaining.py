"""A posted earning explained: which credit, which rule, from where to where, tier by tier."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from compensation.curves.compiling import compile_curve
from compensation.curves.terms import Terms
from compensation.earnings.engine import Engine
from compensation.estimates.component_estimates import EarnedLines
from compensation.estimates.reasons import Reason
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan


def explain(facts: Facts, plans: Sequence[Plan], line: Mapping[str, Any]) -> tuple[Reason, ...]:
    """The steps of one row of ``Calculation.lines`` (by name), as data and as sentences in each language.

    The earnings of the tiers add up to the line's. KeyError if the plans or the facts are not those of the calculation.
    """
    engine = Engine.of(facts, plans)
    wanted = (line["plan"], line["plan_version"], line["component"])
    found = (rule for rule in engine.rules if (rule.plan.name, rule.plan.version, rule.component.name) == wanted)
    rule = next(found, None)
    if rule is None:
        raise KeyError(f"no plan {wanted[0]} of version {wanted[1]} with a component {wanted[2]}")
    curve = compile_curve(rule, Terms(line["quota_minor"]), engine.rates.exponent(rule.plan.currency))
    amounts = {"before": line["before_minor"], "after": line["after_minor"], "base": line["credit_minor"]}
    row = {**line, **amounts, "party_no": 0}
    return tuple(EarnedLines(engine, rule, curve, (row,), _currency(facts, line["transaction_id"])).reasons())


def _currency(facts: Facts, transaction_id: str) -> str:
    found = facts.transactions.filter(pl.col("transaction_id") == transaction_id)["currency"]
    if found.is_empty():
        raise KeyError(f"no transaction {transaction_id}")
    return str(found[0])
