"""What the parts of a plan have to agree on: names that are used are defined, definitions end, kinds fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING

from compensation.plans.components import Component, Mode
from compensation.plans.examples import ShortExample
from compensation.plans.measures import BUILT_IN, MeasureKind
from compensation.plans.parts import problem
from compensation.plans.periods import PeriodKind

if TYPE_CHECKING:
    from compensation.plans.plan import Plan

Place = tuple[str | int, ...]


def check_names(plan: Plan) -> None:
    """An error, at its place, for a name that stands twice or means nothing."""
    names = [component.name for component in plan.components]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise problem(f"two components are called '{name}'", "rename one of them", place=("components", number))
    for wanted, place in _wanted_components(plan):
        if wanted not in names:
            raise problem(f"there is no component '{wanted}'", f"choose one of {', '.join(names)}", place=place)
    words = [component.accumulate_with for component in plan.components]
    for number, component in enumerate(plan.components):
        _check_uses(plan, component, ("components", number))
        if component.accumulate_with is not None:
            place = ("components", number, "accumulate_with")
            if words.count(component.accumulate_with) == 1:
                remedy = "give the same word to all that run together"
                raise problem("no other component has this word", remedy, place=place)
            if plan.stands_on(component):
                raise problem("earnings of others come too late to run together", "leave one of them out", place=place)


def _wanted_components(plan: Plan) -> Iterator[tuple[str, Place]]:
    for number, component in enumerate(plan.components):
        for key in ("earnings_of", "less_earnings_of"):
            yield from ((name, ("components", number, key)) for name in getattr(component, key))
    for label, figure in plan.figures.items():
        yield from ((name, ("figures", label)) for name in figure.components)
    for number, cap in enumerate(plan.caps):
        yield from ((name, ("caps", number, "components")) for name in cap.components)
    for number, example in enumerate(plan.examples):
        if isinstance(example, ShortExample):
            yield example.component, ("examples", number, "component")


def _check_uses(plan: Plan, component: Component, place: Place) -> None:
    for figure in component.figures:
        if figure not in plan.figures:
            raise problem(f"looks at an unknown figure '{figure}'", "define it under 'figures'", place=place)
    for name in component.payout.looked_up:
        if name in plan.figures:
            remedy = "use a matrix that 'pays', a modifier or a gate for figures of a period"
            raise problem(f"cases and rates look at a transaction, '{name}' is a figure", remedy, place=place)
    for measure in (component.measure, component.looks_at):
        if measure not in BUILT_IN and measure not in plan.measures:
            known = ", ".join([*BUILT_IN, *plan.measures])
            remedy = f"choose one of {known}, or define it under 'measures'"
            raise problem(f"counts an unknown measure '{measure}'", remedy, place=place)


def check_people(plan: Plan) -> None:
    """An error for a component that nobody can have: it is only for people for whom the plan is not."""
    for number, component in enumerate(plan.components):
        place = ("components", number, "only_for")
        if component.only_for.lists and plan.applies_to.is_for_customers:
            raise problem("the plan is for customers", "choose them by 'filter' instead", place=place)
        for key, words in component.only_for.lists.items():
            held = plan.applies_to.lists.get(key, words)
            if not {*words} & {*held}:
                remedy = f"choose among {', '.join(held)}, or add to 'applies_to'"
                raise problem(f"the plan has nobody of these {key}", remedy, place=place)


def check_payments(plan: Plan) -> None:
    """An error for a rebate that is topped up: which customers there are, sales decide and no assignment."""
    lifted = plan.payments.draw or plan.payments.guarantee
    if lifted and plan.applies_to.is_for_customers:
        remedy = "leave it out, or pay a floor of the component"
        raise problem("draws and guarantees are for people, not for customers", remedy, place=("payments",))


def check_definitions(plan: Plan) -> None:
    """An error for measures, figures or components that stand on themselves, or on what is not there."""
    figures = {name: set(figure.names) for name, figure in plan.figures.items()}
    _refuse_circles("figures", figures, set())
    _refuse_circles("measures", {name: set(each.names) for name, each in plan.measures.items()}, set(BUILT_IN))
    names = [component.name for component in plan.components]
    pay = {component.name: plan.stands_on(component) for component in plan.components}
    _refuse_circles("components", pay, set(), names)


def _refuse_circles(
    what: str, wants: Mapping[str, Set[str]], known: Set[str], names: Iterable[str] | None = None
) -> None:
    done, left = set(known), dict(wants)
    numbers = {name: number for number, name in enumerate(names or ())}
    while left:
        ready = {name for name, wanted in left.items() if wanted <= done}
        if not ready:
            name = min(left)
            place: Place = (what, numbers.get(name, name))
            missing = sorted(left[name] - done - set(left))
            if missing:
                raise problem(f"'{missing[0]}' is not known", "define it, or correct the name", place=place)
            raise problem(f"'{name}' stands on itself", "break the circle", place=place)
        done |= ready
        left = {name: wanted for name, wanted in left.items() if name not in ready}


def check_kinds(plan: Plan) -> None:
    """An error for a measure that mixes money and numbers, a rate on a number, an amount per unit of money."""
    for number, component in enumerate(plan.components):
        try:
            kinds = plan.kind_of(component.measure), plan.kind_of(component.looks_at)
        except ValueError as error:
            raise problem(str(error), "combine measures of one kind", place=("components", number)) from None
        _check_kinds(component, *kinds, ("components", number))


def _check_kinds(component: Component, measure: MeasureKind, position: MeasureKind, place: Place) -> None:
    shapes = component.payout.shapes
    if any(shape.pays_per_unit for shape in shapes) and measure is not MeasureKind.NUMBER:
        raise problem("per_unit pays on a number", "set 'measure: quantity', or use a rate", place=place)
    if any(shape.pays_rate for shape in shapes) and measure is not MeasureKind.MONEY:
        raise problem("a rate pays on money", "use 'per_unit' for quantities and counts", place=place)
    by_ratio = component.mode is not Mode.CURVE and position is not MeasureKind.MONEY
    if by_ratio and any(shape.has_multipliers for shape in shapes):
        raise problem("multipliers pay along the curve", "choose mode curve, or use rates", place=place)


def check_periods(plan: Plan) -> None:
    """An error for two weeks of which nobody has said when they begin."""
    if plan.two_weeks_start is None:
        for kind, place in _periods(plan):
            if kind is PeriodKind.TWO_WEEKS:
                remedy = "give the plan 'two_weeks_start', a day on which two of them begin"
                raise problem("two weeks may begin in any week", remedy, place=place)


def check_figures(plan: Plan) -> None:
    """An error for a figure over less than the period of a component that looks at it: of which part, nobody says."""
    lengths = list(PeriodKind)
    for component in plan.components:
        for name in (each for figure in component.figures for each in _behind(plan, figure)):
            for kind in plan.figures[name].periods:
                if lengths.index(kind) < lengths.index(component.period):
                    what = f"'{kind}' is shorter than the period of '{component.name}' ({component.period})"
                    remedy = "leave out 'over', or name a longer period"
                    raise problem(what, remedy, place=("figures", name))


def _behind(plan: Plan, figure: str) -> Iterator[str]:
    """A figure, and those that it stands on by their names."""
    yield figure
    for name in plan.figures[figure].names:
        yield from _behind(plan, name)


def _periods(plan: Plan) -> Iterator[tuple[PeriodKind | None, Place]]:
    yield plan.payments.period, ("payments", "period")
    if plan.payments.draw is not None:
        yield plan.payments.draw.balance_resets, ("payments", "draw")
    yield from ((cap.period, ("caps", number)) for number, cap in enumerate(plan.caps))
    for number, component in enumerate(plan.components):
        yield component.period, ("components", number, "period")
        yield component.quota.for_period, ("components", number, "quota")
    for name, figure in plan.figures.items():
        yield from ((kind, ("figures", name)) for kind in figure.periods)
