"""The generated worlds of the sieve: what is calculated of them, and what it came to.

``tests/compensation/test_against_oracle.py`` and ``test_payments_against_oracle.py`` hold worlds like these, the
largest of these among them, against the oracle; so what the engine says without a mutant is right.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from compensation import Calculation, Facts, Plan, calculate, settle
from compensation.crediting.credits import credit
from compensation.crediting.rules_frame import CreditingRules
from compensation.earnings.calculation import history
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.plans.rules import rules_of
from tests.compensation.worlds import LAST, facts_of, settled_world, world
from tests.compensation.worlds.comparing import calculated_entries
from tests.compensation.worlds.comparing_settled import settled_entries

CREDITING = (
    *("coverage", "role_shares", "role_remainder", "remainder", "successor", "roles"),
    *("filter", "own", "exchange", "recurs", "share"),
    *("converted_after_share", "first_match", "customers", "returns_current", "only_for", "window", "cases"),
)
CONDITIONS = (
    *("gates", "modifiers", "figure_over", "covers", "target_gate", "quota", "ramp", "prorated", "is_met", "top"),
    *("quota_for_year", "opening_prorated", "earnings_figures", "interpolated", "earnings_of", "year_starts"),
    *("quota_share", "counted_above"),
)
LIMITS = (
    *("limits", "before_modifiers", "target", "floor_and_cap", "less_earnings_of", "less_paid_below", "split_earning"),
    *("pro_rata", "rounding", "rounding_to", "clawback", "deal", "transaction", "versions", "other_limits", "caps"),
    "opening_pay",
)
OF_PERIODS = (
    *("scorecard", "matrix_pays", "pool", "pool_conditions", "ranking", "top", "pay_figure", "total_of", "scaled"),
    *("attainment_of", "figure_over", "gates", "target_gate", "modifiers", "limits", "before_modifiers", "rounding_to"),
    *("quota", "month", "versions"),
)
"""What comes up often in worlds that are dense with it."""


class Earned(NamedTuple):
    """What is calculated of facts and plans."""

    facts: Facts
    plans: Sequence[Plan]

    def answer(self) -> object:
        """Lines, openings, terms and what is not paid, each in any order."""
        return _in_order(calculated_entries(calculate(self.facts, self.plans, as_of=LAST)))


class Credited(NamedTuple):
    """What is credited of facts under plans, before anything is earned."""

    facts: Facts
    plans: Sequence[Plan]

    def answer(self) -> object:
        """The credits, those of a rule in their order."""
        rules = CreditingRules.of(rules_of(self.plans))
        found = credit(history(self.facts, LAST), rules, Assignments(self.facts), ExchangeRates(self.facts))
        order = ("order_no", "party_no")
        return found.sort("rule", "instalment", *order).drop(order).rows()


class Paid(NamedTuple):
    """What is settled of a calculation."""

    facts: Facts
    plans: Sequence[Plan]
    calculation: Calculation
    as_of: date

    def answer(self) -> object:
        """Releases, what waits, adjustments and payments, each in any order."""
        settlement = settle(self.calculation, self.facts, self.plans, as_of=self.as_of)
        return _in_order(settled_entries(settlement, self.plans))


def earned(seed: int, plans: int, wanted: Collection[str] = ()) -> Earned:
    """The world of a seed, of which earnings are calculated; what is ``wanted`` comes up often."""
    rows, written = world(seed, plans, wanted)
    return Earned(facts_of(rows), written)


def credited(seed: int, plans: int, wanted: Collection[str] = ()) -> Credited:
    """The world of :func:`earned`, of which only credits are looked at: that takes a part of the time."""
    return Credited(*earned(seed, plans, wanted))


def paid(seed: int, plans: int) -> Paid:
    """The world of a seed, of which a calculation is settled."""
    rows, written, as_of = settled_world(seed, plans)
    facts = facts_of(rows)
    return Paid(facts, written, calculate(facts, written, as_of=as_of), as_of)


def _in_order(answer: Mapping[str, Mapping[Any, list[tuple[Any, ...]]]]) -> object:
    return {what: {key: sorted(each, key=str) for key, each in found.items()} for what, found in answer.items()}
