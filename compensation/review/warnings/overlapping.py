"""Overlapping rules: two components that both pay a rate on the same sale to the same person."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from compensation.plans.components import Component
from compensation.plans.parts import People
from compensation.plans.plan import AppliesTo, Plan
from compensation.review.alone import components_alone
from compensation.review.trials import in_first_period, pay
from compensation.review.warning import PlanWarning, paid, sold, warning

_ATTRIBUTES = ("products", "product_families", "customers", "regions", "channels", "document_types")
_SALE = 1000


def overlapping(plans: Sequence[Plan], digits: Mapping[str, int]) -> Iterator[PlanWarning]:
    """Pairs of rules, of one plan or of two that somebody may have together.

    Bonuses beside a rate are meant; two rates on the same measure of the same document seldom are.
    """
    rules = [(plan, component) for plan in plans for component in plan.components]
    for (plan, one), (other_plan, other) in itertools.combinations(rules, 2):
        day = _common_day(plan, one, other_plan, other)
        is_meant = _excludes(plan, one, other_plan, other) or plan.currency != other_plan.currency
        may_meet = _may_meet(plan.applies_to, other_plan.applies_to) and _people_meet(one.only_for, other.only_for)
        if day and not is_meant and may_meet and _pay_the_same(one, other):
            yield from _told(plan, one, other_plan, other, day, digits[plan.currency])


def _told(
    plan: Plan, one: Component, other_plan: Plan, other: Component, day: date, digits: int
) -> Iterator[PlanWarning]:
    first, second = (
        next(alone for alone in components_alone(each, digits) if alone.component.name == component.name)
        for each, component in ((plan, one), (other_plan, other))
    )
    sale = _SALE * first.scale
    pays, pays_other = (pay(alone, [in_first_period(alone, sale)])[0] for alone in (first, second))
    if pays and pays_other:
        yield warning(
            "overlapping_rules",
            plan,
            one.name,
            component=one.headings,
            other=other.headings,
            sale=sold(first, sale),
            day=day,
            pays=paid(first, pays),
            pays_other=paid(second, pays_other),
            total=paid(first, pays + pays_other),
        )


def _common_day(plan: Plan, one: Component, other_plan: Plan, other: Component) -> date | None:
    """The first day on which both are in force; a plan that does not pay yet meets itself only."""
    spans = [plan.effective, other_plan.effective, *(each.window for each in (one, other) if each.window)]
    day = max(span.from_on for span in spans)
    both_pay = plan is other_plan or (plan.pays and other_plan.pays)
    return day if both_pay and all(span.contains(day) for span in spans) else None


def _excludes(plan: Plan, one: Component, other_plan: Plan, other: Component) -> bool:
    """Whether one takes the sale from the other, or its pay off it."""
    if plan is not other_plan:
        return False
    is_first_match = one.first_match is not None and one.first_match == other.first_match
    return is_first_match or one.name in other.less_earnings_of or other.name in one.less_earnings_of


def _pay_the_same(one: Component, other: Component) -> bool:
    is_same = one.credited_on is not None and one.credited_on is other.credited_on and one.measure == other.measure
    same_party = bool({*one.credit_to} & {*other.credit_to}) and _meet(one.roles, other.roles)
    return is_same and same_party and _pays_rates(one) and _pays_rates(other) and _filters_meet(one, other)


def _pays_rates(component: Component) -> bool:
    shapes = component.payout.shapes
    return component.payout.needs_credits and any(shape.pays_rate or shape.pays_per_unit for shape in shapes)


def _filters_meet(one: Component, other: Component) -> bool:
    """Whether a sale may pass both filters."""
    return all(_meet(_allowed(one, name, other), _allowed(other, name, one)) for name in _ATTRIBUTES) and all(
        _meet(one.filter.attributes.get(name, ()), other.filter.attributes.get(name, ()))
        for name in {*one.filter.attributes, *other.filter.attributes}
    )


def _allowed(component: Component, name: str, other: Component) -> tuple[str, ...]:
    """The values that the filter lists; without a list, those of the other that are not excluded."""
    listed: tuple[str, ...] = getattr(component.filter, name) or getattr(other.filter, name)
    excluded = getattr(component.filter.excluding, name)
    return tuple(value for value in listed if value not in excluded) or (("",) if listed else ())


def _may_meet(one: AppliesTo, other: AppliesTo) -> bool:
    """Whether somebody may have both plans."""
    is_same_kind = one.is_for_customers == other.is_for_customers
    return is_same_kind and _people_meet(one, other) and _meet(one.customers, other.customers)


def _people_meet(one: People, other: People) -> bool:
    return all(_meet(getattr(one, name), getattr(other, name)) for name in People.model_fields)


def _meet(one: Sequence[str], other: Sequence[str]) -> bool:
    return not one or not other or bool({*one} & {*other})
