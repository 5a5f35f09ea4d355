"""The people of an example as frames: who has the plan when, with which quotas, targets, factors and coverage."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction

from compensation.curves.compiling import unit_scale
from compensation.errors import FactsError
from compensation.exact import MILLIONTHS, rounded
from compensation.examples.rows import Row
from compensation.plans.components import Component
from compensation.plans.examples import Change, Person, StoryExample
from compensation.plans.figures import Figure
from compensation.plans.periods import Period, PeriodKind, periods_between
from compensation.plans.plan import Plan
from compensation.plans.typed_numbers import Number

CUSTOMER = "customer:"
_UNTITLED = "Somebody"
_PLACES = ("title", "region", "channel", "team")
_COVERED = ("customer", "product", "product_family", "region", "channel")


class People:
    """The people of a story in a plan, up to ``as_of``."""

    def __init__(self, plan: Plan, story: StoryExample, as_of: date, exponents: Mapping[str, int]) -> None:
        self._plan, self._people, self._as_of, self._exponents = plan, story.people, as_of, exponents

    def payee_id(self, name: str) -> str:
        """What stands for somebody in frames."""
        return f"{CUSTOMER}{name}" if self._plan.applies_to.is_for_customers else name

    def assignments(self) -> Iterator[Row]:
        for name, person in self._people.items():
            if not self._plan.applies_to.is_for_customers:
                yield from self._assignments_of(name, person)

    def quotas(self) -> Iterator[Row]:
        for name, person in self._people.items():
            for component, amount in self._quotas_of(person):
                for period in self._periods(_quota_period(component)):
                    yield {
                        "payee_id": self.payee_id(name),
                        "measure": _quota_measure(component),
                        **_span(period),
                        "quota_minor": self._units(component.looks_at, amount.value),
                        "currency": self._plan.currency,
                    }

    def targets(self) -> Iterator[Row]:
        for name, person in self._people.items():
            for component, amount in person.target_pay.items():
                for period in self._periods(self._component(component, "target_pay").period):
                    yield {
                        "payee_id": self.payee_id(name),
                        "component": component,
                        **_span(period),
                        "target_minor": self._minor(amount.value),
                        "currency": self._plan.currency,
                    }

    def factors(self) -> Iterator[Row]:
        for name, person in self._people.items():
            for modifier, number in person.factors.items():
                yield {
                    "payee_id": self.payee_id(name),
                    "modifier": modifier,
                    "from_on": self._first_day(person),
                    "to_on": None,
                    "factor": str(number.value),
                    "author": None,
                    "reason": None,
                }

    def coverage(self) -> Iterator[Row]:
        for name, person in self._people.items():
            for covered in person.covers:
                yield {
                    "payee_id": self.payee_id(name),
                    "role": covered.role,
                    "share_millionths": rounded(covered.share.value * MILLIONTHS),
                    **{attribute: getattr(covered, attribute) for attribute in _COVERED},
                    "precedence": covered.precedence,
                    "from_on": self._first_day(person),
                    "to_on": _day_after(person.leaves_on),
                }

    def absences(self) -> Iterator[Row]:
        for name, person in self._people.items():
            for span in person.absent:
                yield {"payee_id": self.payee_id(name), "from_on": span.from_on, "to_on": span.ends_on}

    def _quotas_of(self, person: Person) -> Iterator[tuple[Component, Number]]:
        by_measure = _with_quotas(self._plan)
        if not isinstance(person.quota, dict):
            amounts = dict.fromkeys(by_measure, person.quota) if person.quota else {}
        else:
            amounts = person.quota
        for key, amount in amounts.items():
            yield by_measure[key] if key in by_measure else self._component(key, "quota"), amount

    def _component(self, name: str, what: str) -> Component:
        for component in self._plan.components:
            if component.name == name:
                return component
        raise FactsError(f"{what}: '{name}' is no component of the plan, and nothing that one looks at")

    def _assignments_of(self, name: str, person: Person) -> Iterator[Row]:
        begins = [self._first_day(person), *(change.on for change in person.changes)]
        ends = [*begins[1:], _day_after(person.leaves_on)]
        now = person
        for change, from_on, to_on in zip((None, *person.changes), begins, ends, strict=True):
            now = now.model_copy(update=_changed(change))
            yield {
                "payee_id": name,
                "name": name,
                "from_on": from_on,
                "to_on": to_on,
                "manager_id": now.manager,
                **{part: getattr(now, part) or self._default(part, person) for part in _PLACES},
                "pay_currency": person.currency,
                "salary_minor": self._salary(now),
                "hired_on": self._first_day(person),
                "successor_id": person.successor,
            }

    def _default(self, part: str, person: Person) -> str | None:
        wanted: tuple[str, ...] = getattr(self._plan.applies_to, f"{part}s") if person.has_plan else ()
        return wanted[0] if wanted else (_UNTITLED if part == "title" else None)

    def _salary(self, person: Person) -> int | None:
        minor = 10 ** self._exponents[person.currency or self._plan.currency]
        return None if person.salary is None else rounded(person.salary.value * minor)

    def _first_day(self, person: Person) -> date:
        return person.hired_on or self._plan.effective.from_on

    def _periods(self, kind: PeriodKind) -> list[Period]:
        return list(periods_between(self._plan.effective.from_on, self._as_of, kind, self._plan.year_starts))

    def _minor(self, amount: Fraction) -> int:
        return rounded(amount * 10 ** self._exponents[self._plan.currency])

    def _units(self, measure: str, amount: Fraction) -> int:
        return rounded(amount * unit_scale(self._plan.kind_of(measure), self._exponents[self._plan.currency]))


def _changed(change: Change | None) -> dict[str, object]:
    if change is None:
        return {}
    return {part: getattr(change, part) for part in change.given(*_PLACES, "manager", "salary")}


def of_those_who_have_it(plan: Plan, story: StoryExample) -> Plan:
    """The plan, for those people of the story alone who have it."""
    who = plan.applies_to
    named = tuple(name for name, person in story.people.items() if person.has_plan)
    if who.is_for_customers or len(named) == len(story.people):
        return plan
    payees = tuple(name for name in who.payees if name in named) if who.payees else named
    return plan.model_copy(update={"applies_to": who.model_copy(update={"everyone": False, "payees": payees})})


def _with_quotas(plan: Plan) -> dict[str, Component]:
    """For each measure that quotas are of, the component with the shortest period: longer ones find the sum."""
    wanted = {name for figure in plan.figures.values() for name in _attainments(figure)}
    needing = [each for each in plan.components if each.needs_quota or each.name in wanted]
    order = list(PeriodKind)
    found: dict[str, Component] = {}
    for component in sorted(needing or plan.components, key=lambda each: order.index(_quota_period(each))):
        found.setdefault(_quota_measure(component), component)
    return found


def _quota_measure(component: Component) -> str:
    return component.quota.of_measure or component.looks_at


def _quota_period(component: Component) -> PeriodKind:
    return component.quota.for_period or component.period


def _attainments(figure: Figure) -> Iterator[str]:
    if figure.attainment_of:
        yield figure.attainment_of
    for term in figure.terms:
        if isinstance(term, Figure):
            yield from _attainments(term)


def _span(period: Period) -> Row:
    return {"from_on": period.start, "to_on": period.end}


def _day_after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)
