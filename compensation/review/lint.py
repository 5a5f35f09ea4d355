"""Warnings about plans, before they cost money: what they make worth while that the company did not mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from compensation.earnings.calculation import calculate
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan
from compensation.review.alone import Alone, components_alone
from compensation.review.warning import PlanWarning
from compensation.review.warnings.cliffs import cliffs
from compensation.review.warnings.dead_zones import dead_zones
from compensation.review.warnings.inversions import inversions
from compensation.review.warnings.margins import pays_best_earns_least
from compensation.review.warnings.ordering import ordering
from compensation.review.warnings.overlapping import overlapping
from compensation.review.warnings.splitting import splitting
from compensation.review.warnings.timing import timing
from compensation.review.warnings.uncredited import uncredited
from compensation.review.warnings.unreachable import never_in_force, unreachable_tiers

_OF_A_CURVE: tuple[Callable[[Alone], Iterator[PlanWarning]], ...] = (
    cliffs,
    inversions,
    dead_zones,
    timing,
    splitting,
    ordering,
    unreachable_tiers,
)


def lint(plans: Sequence[Plan], digits: Mapping[str, int]) -> list[PlanWarning]:
    """What the plans make worth while, by themselves; the numbers of each example are what the engine pays.

    ``digits`` of the currencies' minor units. Components are tried alone, with gates on other figures passed and
    modifiers left out, with the plan's own quota or a usual one. Scorecards, rankings and matrices have no curve and
    are not tried.
    """
    found = [warning for plan in plans for warning in _of_plan(plan, digits[plan.currency])]
    return [*found, *overlapping(plans, digits)]


def lint_history(facts: Facts, plans: Sequence[Plan], *, as_of: date) -> list[PlanWarning]:
    """What only history shows: who is paid best for what earns least, and what nobody is credited for."""
    if not plans:
        return []
    calculation = calculate(facts, plans, as_of=as_of)
    digits = dict(facts.currencies.select("currency", "exponent").iter_rows())
    best = [warning for plan in plans for warning in pays_best_earns_least(facts, calculation, plan)]
    return [*best, *uncredited(facts, calculation, plans[0], digits)]


def _of_plan(plan: Plan, digits: int) -> Iterator[PlanWarning]:
    yield from never_in_force(plan)
    for alone in components_alone(plan, digits):
        for kind in _OF_A_CURVE:
            yield from kind(alone)
