"""The plan language: what a plan file may say, in the words of the people who write plans.

A plan has components; each says on which documents it credits, to whom, what it measures over which period, and how the
measure turns into pay. Numbers are exact, dates are whole days with both ends included.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Discriminator, Field, PrivateAttr, Tag, model_validator

from compensation.plans.components import Component
from compensation.plans.examples import Example, ShortExample, StoryExample
from compensation.plans.figures import Figure
from compensation.plans.limits import Cap
from compensation.plans.measures import BUILT_IN, Measure, MeasureKind, kind_of
from compensation.plans.parts import PlanPart, Span, Words, problem
from compensation.plans.payments import Payments
from compensation.plans.typed_numbers import Amount


class AppliesTo(PlanPart):
    """Who has the plan: those who match every list given. ``everyone: yes`` where no list is wanted.

    ``customers`` (or ``all_customers: yes``) makes customers payees of rebates.
    """

    titles: Words = ()
    regions: Words = ()
    channels: Words = ()
    teams: Words = ()
    payees: Words = ()
    customers: Words = ()
    everyone: bool = False
    all_customers: bool = False

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        lists = self.given("titles", "regions", "channels", "teams", "payees", "customers")
        if bool(lists) + self.everyone + self.all_customers != 1:
            raise problem(
                "has to say who", "give titles, regions, channels, teams, payees or customers, or else 'everyone: yes'"
            )
        if self.customers and len(lists) > 1:
            raise problem("a plan is for people or for customers", "write a plan for each")
        return self

    @property
    def is_for_customers(self) -> bool:
        return bool(self.customers) or self.all_customers


class State(StrEnum):
    """How far the agreement is; only an executing or closed one pays."""

    DRAFTING = "drafting"
    APPROVAL = "approval"
    EXECUTING = "executing"
    CLOSED = "closed"


def _kind_of_example(typed: object) -> str:
    if isinstance(typed, dict):
        return "story" if "people" in typed or "happens" in typed or "expects" in typed else "short"
    return "story" if isinstance(typed, StoryExample) else "short"


AnyExample = Annotated[
    Annotated[ShortExample, Tag("short")] | Annotated[StoryExample, Tag("story")], Discriminator(_kind_of_example)
]


class Plan(PlanPart):
    """A compensation plan in force from ``effective.from``; ``version`` is the hash of its text."""

    name: Annotated[str, Field(alias="plan", min_length=1)]
    extends: str | None = None
    state: State = State.EXECUTING
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    effective: Span
    year_starts: Annotated[int, Field(ge=1, le=12)] = 1
    applies_to: AppliesTo
    measures: dict[str, Measure] = Field(default_factory=dict)
    figures: dict[str, Figure] = Field(default_factory=dict)
    plan_rates: dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Amount] = Field(default_factory=dict)
    components: Annotated[tuple[Component, ...], Field(min_length=1)]
    caps: tuple[Cap, ...] = ()
    payments: Payments = Payments()
    examples: tuple[AnyExample, ...] = ()
    _version: str = PrivateAttr("")

    @property
    def version(self) -> str:
        return self._version

    def versioned(self, version: str) -> Self:
        """The plan, told its version."""
        self._version = version
        return self

    @property
    def pays(self) -> bool:
        return self.state in (State.EXECUTING, State.CLOSED)

    def component(self, name: str) -> Component:
        return next(component for component in self.components if component.name == name)

    def kind_of(self, measure: str) -> MeasureKind:
        """Whether a measure is money."""
        return kind_of(measure, self.measures)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [component.name for component in self.components]
        for name in names:
            if names.count(name) > 1:
                raise problem(f"two components are called '{name}'", "rename one of them")
        for example in self.examples:
            if isinstance(example, ShortExample) and example.component not in names:
                raise problem(f"example '{example.name}' names no component", f"choose one of {', '.join(names)}")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = {component.name for component in self.components}
        for where, wanted in self._wanted_components():
            if wanted not in names:
                raise problem(f"{where} names no component '{wanted}'", f"choose one of {', '.join(sorted(names))}")
        for component in self.components:
            for figure in component.figures:
                if figure not in self.figures:
                    raise problem(
                        f"component '{component.name}' looks at an unknown figure '{figure}'",
                        "define it under 'figures'",
                    )
            for measure in (component.measure, component.looks_at):
                if measure not in BUILT_IN and measure not in self.measures:
                    known = ", ".join([*BUILT_IN, *self.measures])
                    raise problem(
                        f"component '{component.name}' counts an unknown measure '{measure}'",
                        f"choose one of {known}, or define it under 'measures'",
                    )
        return self

    def _wanted_components(self) -> Iterator[tuple[str, str]]:
        for component in self.components:
            for name in (*component.earnings_of, *component.less_earnings_of):
                yield f"component '{component.name}'", name
        for label, figure in self.figures.items():
            for name in figure.components:
                yield f"figure '{label}'", name
        for cap in self.caps:
            for name in cap.components:
                yield f"cap '{cap.cap}'", name

    @model_validator(mode="after")
    def _definitions_end(self) -> Self:
        _refuse_cycles({name: set(figure.names) for name, figure in self.figures.items()}, "figures", set())
        _refuse_cycles({name: set(each.names) for name, each in self.measures.items()}, "measures", set(BUILT_IN))
        pay = {
            each.name: {*each.earnings_of, *each.less_earnings_of, *self._paid_figures(each)}
            for each in self.components
        }
        _refuse_cycles(pay, "components", set())
        return self

    def _paid_figures(self, component: Component) -> Iterator[str]:
        """The components whose earnings the figures of a component look at; but for its own, which a gate may read."""
        for name in component.figures:
            yield from (each for each in self.earnings_behind(name) if each != component.name)

    def earnings_behind(self, figure: str) -> Iterator[str]:
        """The components whose earnings a figure stands on."""
        yield from _earnings_in(self.figures[figure])
        for name in self.figures[figure].names:
            yield from self.earnings_behind(name)

    @model_validator(mode="after")
    def _pays_on_the_right_kind(self) -> Self:
        for component in self.components:
            try:
                kinds = self.kind_of(component.measure), self.kind_of(component.looks_at)
            except ValueError as error:
                raise problem(f"component '{component.name}': {error}", "combine measures of one kind") from None
            _check_kinds(component, *kinds)
        return self


def _earnings_in(figure: Figure) -> Iterator[str]:
    yield from figure.earnings_of
    for term in figure.terms:
        if isinstance(term, Figure):
            yield from _earnings_in(term)


def _check_kinds(component: Component, measure: MeasureKind, position: MeasureKind) -> None:
    name, shapes = component.name, component.payout.shapes
    if (
        any(shape.has_multipliers for shape in shapes)
        and position is not MeasureKind.MONEY
        and component.mode is not component.mode.CURVE
    ):
        raise problem(f"component '{name}': multipliers pay along the curve", "choose mode curve, or use rates")
    if any(shape.pays_per_unit for shape in shapes) and measure is not MeasureKind.NUMBER:
        raise problem(f"component '{name}': per_unit pays on a number", "set 'measure: quantity', or use a rate")
    if any(shape.pays_rate for shape in shapes) and measure is not MeasureKind.MONEY:
        raise problem(f"component '{name}': a rate pays on money", "use 'per_unit' for quantities and counts")


def _refuse_cycles(wants: dict[str, set[str]], what: str, known: set[str]) -> None:
    """An error if a name is not defined, or if definitions go round in a circle."""
    done = set(known)
    left = dict(wants)
    while left:
        ready = {name for name, wanted in left.items() if wanted <= done}
        if not ready:
            name = min(left)
            missing = sorted({each for wanted in left.values() for each in wanted} - done - set(left))
            if missing:
                raise problem(f"{what}: '{missing[0]}' is not known", "define it, or correct the name")
            raise problem(f"{what}: '{name}' depends on itself", "break the circle")
        done |= ready
        left = {name: wanted for name, wanted in left.items() if name not in ready}


__all__ = ["Example", "Plan"]
