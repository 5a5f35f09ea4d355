"""The plan language: what a plan file may say, in the words of the people who write plans.

A plan has components; each says on which documents it credits, to whom, what it measures over which period, and how the
measure turns into pay. Numbers are exact, dates are whole days with both ends included.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Discriminator, Field, PrivateAttr, Tag, model_validator

from compensation.plans.coherence import (
    check_definitions,
    check_figures,
    check_kinds,
    check_names,
    check_payments,
    check_people,
    check_periods,
)
from compensation.plans.components import Component
from compensation.plans.examples import ShortExample, StoryExample
from compensation.plans.figures import Figure
from compensation.plans.limits import Cap
from compensation.plans.measures import Measure, MeasureKind, kind_of
from compensation.plans.parts import People, PlanPart, Span, Words, problem
from compensation.plans.payments import Payments
from compensation.plans.periods import Calendar
from compensation.plans.typed_numbers import Amount


class AppliesTo(People):
    """Who has the plan: those who match every list given. ``everyone: yes`` where no list is wanted.

    ``customers`` (or ``all_customers: yes``) makes customers payees of rebates.
    """

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
    two_weeks_start: date | None = None
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

    @property
    def calendar(self) -> Calendar:
        """Where the periods of the plan begin."""
        begins = {} if self.two_weeks_start is None else {"two_weeks_start": self.two_weeks_start}
        return Calendar(self.year_starts, **begins)

    def component(self, name: str) -> Component:
        return next(component for component in self.components if component.name == name)

    def kind_of(self, measure: str) -> MeasureKind:
        """Whether a measure is money."""
        return kind_of(measure, self.measures)

    def earnings_behind(self, figure: str) -> Iterator[str]:
        """The components whose earnings a figure stands on."""
        yield from _earnings_in(self.figures[figure])
        for name in self.figures[figure].names:
            yield from self.earnings_behind(name)

    def stands_on(self, component: Component) -> set[str]:
        """The components that have to pay before it: it needs their earnings, or counts what these credit.

        Without its own, which a gate may read.
        """
        credited_by_pay = {each.name for each in self.components if each.earnings_of}
        by_figures = {name for figure in component.figures for name in self.earnings_behind(figure)}
        counted = {name for figure in component.figures for name in self._components_behind(figure)}
        of_figures = (by_figures | (counted & credited_by_pay)) - {component.name}
        return {*component.earnings_of, *component.less_earnings_of} | of_figures

    def _components_behind(self, figure: str) -> Iterator[str]:
        yield from self.figures[figure].components
        for name in self.figures[figure].names:
            yield from self._components_behind(name)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        check_names(self)
        check_definitions(self)
        check_kinds(self)
        check_people(self)
        check_periods(self)
        check_figures(self)
        check_payments(self)
        return self


def _earnings_in(figure: Figure) -> Iterator[str]:
    yield from figure.earnings_of
    for term in figure.terms:
        if isinstance(term, Figure):
            yield from _earnings_in(term)
