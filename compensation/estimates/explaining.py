"""An earning explained: which credit, which rule, from where to where, tier by tier, and what limits made of it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from compensation.earnings.calculation import history
from compensation.earnings.engine import Engine
from compensation.estimates.component_estimates import EarnedLines
from compensation.estimates.reasons import Reason
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan

_PLACE = ("transaction_id", "deal_id", "instalment", "payee_id", "party", "via_payee_id", "role")


class Explainer:
    """Explains the lines of the calculation of some facts under some plans up to a day."""

    def __init__(self, facts: Facts, plans: Sequence[Plan], as_of: date) -> None:
        self._engine = Engine.of(facts, plans)
        self._currencies = dict(facts.transactions.select("transaction_id", "currency").iter_rows())
        self._earned = self._engine.run(self._engine.credits(history(facts, as_of)), [""], as_of)

    def explain(self, line: Mapping[str, Any]) -> tuple[Reason, ...]:
        """The steps of one row of ``Calculation.lines`` (by name), as data and as sentences in each language.

        KeyError if the plans or the facts are not those of the calculation.
        """
        wanted = (line["plan"], line["plan_version"], line["component"])
        rules = (r for r in self._engine.paying if (r.plan.name, r.plan.version, r.component.name) == wanted)
        rule = next(rules, None)
        if rule is None:
            raise KeyError(f"no plan {wanted[0]} of version {wanted[1]} with a component {wanted[2]}")
        same = [pl.col("rule") == rule.number, *(pl.col(name).eq_missing(pl.lit(line[name])) for name in _PLACE)]
        found = self._earned.lines.filter(*same)
        if found.is_empty():
            raise KeyError(f"no credit of transaction {line['transaction_id']} for {line['payee_id']}")
        row = found.row(0, named=True)
        currency = self._currencies.get(line["transaction_id"], rule.plan.currency)
        return tuple(EarnedLines(self._engine, self._earned.accumulators, (row,), currency).reasons())


def explain(facts: Facts, plans: Sequence[Plan], line: Mapping[str, Any], *, as_of: date) -> tuple[Reason, ...]:
    """Explains one line, see :class:`Explainer`, which serves several faster."""
    return Explainer(facts, plans, as_of).explain(line)
