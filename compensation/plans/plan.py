"""The plan language: what a plan file may say, in the words of the people who write plans.

A plan has components; each says on which documents it credits, to whom, what it measures over which period, and how the
measure turns into pay. Numbers are exact, dates are whole days with both ends included.
"""

from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from compensation.plans.payouts import Payout, problem
from compensation.plans.periods import PeriodKind
from compensation.plans.typed_numbers import Amount, Number, Share

NEVER = date(9999, 12, 31)
"""Stands for 'no end' where a first day after is wanted."""


class Measure(StrEnum):
    REVENUE = "revenue"
    MARGIN = "margin"
    QUANTITY = "quantity"


class Event(StrEnum):
    """The document that credits."""

    BOOKING = "booking"
    ORDER = "order"
    INVOICE = "invoice"
    RECEIPT = "receipt"


class CreditTo(StrEnum):
    """Whom a component credits: owners share a deal, overlays come on top, managers by the reporting tree."""

    OWNERS = "owners"
    OVERLAYS = "overlays"
    DIRECT_MANAGER = "direct_manager"
    ALL_MANAGERS = "all_managers"


class Mode(StrEnum):
    CURVE = "curve"
    SLICED = "sliced"
    RATE_BEFORE = "rate_before"
    RATE_AFTER = "rate_after"


class Returns(StrEnum):
    ORIGIN = "origin"
    CURRENT = "current"


class BelowZero(StrEnum):
    FIRST_RATE = "first_rate"
    NOTHING = "nothing"


def _listed(typed: object) -> object:
    return (typed,) if isinstance(typed, str) else typed


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class PlanPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)


class Titles(PlanPart):
    """What the statement calls a component, by language."""

    en: str
    zh_hans: str | None = Field(default=None, alias="zh-Hans")


class Span(PlanPart):
    """From the first day through the last, both included; without ``through`` it has no end."""

    from_on: date = Field(alias="from")
    through: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.through is not None and self.through < self.from_on:
            raise problem("'through' lies before 'from'", "swap them or correct the dates")
        return self

    @property
    def ends_on(self) -> date:
        """The first day after it."""
        return NEVER if self.through is None else self.through + timedelta(days=1)

    def contains(self, day: date) -> bool:
        return self.from_on <= day < self.ends_on


class AppliesTo(PlanPart):
    """Who has the plan: those who match every list given. ``everyone: yes`` where no list is wanted."""

    titles: Words = ()
    regions: Words = ()
    channels: Words = ()
    payees: Words = ()
    everyone: bool = False

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        has_lists = bool(self.titles or self.regions or self.channels or self.payees)
        if has_lists == self.everyone:
            raise problem("has to say who", "give titles, regions, channels or payees, or else 'everyone: yes'")
        return self


class Attributes(PlanPart):
    """Values that a transaction's attributes may have; one that is not listed may have any."""

    products: Words = ()
    product_families: Words = ()
    customers: Words = ()
    regions: Words = ()
    channels: Words = ()


class Filter(Attributes):
    """What a component credits; ``excluding`` takes away from it."""

    excluding: Attributes = Attributes()


class Component(PlanPart):
    """One rule of a plan."""

    name: Annotated[str, Field(alias="component", min_length=1)]
    title: Titles | None = None
    credited_on: Event
    credit_to: Annotated[tuple[CreditTo, ...], BeforeValidator(_listed)] = (CreditTo.OWNERS,)
    share: Share = Number(Fraction(1))
    filter: Filter = Filter()
    window: Span | None = None
    measure: Measure = Measure.REVENUE
    position: Measure | None = None
    period: PeriodKind
    mode: Mode = Mode.CURVE
    payout: Payout
    target_pay: Amount | None = None
    opening_pay: Amount | None = None
    upper_included: bool = False
    returns: Returns = Returns.ORIGIN
    below_zero: BelowZero = BelowZero.FIRST_RATE

    @property
    def looks_at(self) -> Measure:
        """The measure that the tiers look at."""
        return self.position or self.measure

    @property
    def needs_quota(self) -> bool:
        return self.payout.is_by_attainment or self.payout.has_multipliers

    @property
    def headings(self) -> dict[str, str]:
        """The title by language; the component's name where none is given."""
        title = self.title or Titles(en=self.name)
        return {"en": title.en, "zh-Hans": title.zh_hans or title.en}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.mode is Mode.CURVE and self.looks_at != self.measure:
            raise problem(
                "mode 'curve' pays on the measure that its tiers look at", "choose mode sliced, or drop 'position'"
            )
        if self.mode is not Mode.CURVE and self.payout.has_amounts:
            raise problem(f"mode '{self.mode}' needs rates", "choose mode curve for fixed amounts and bonuses")
        if self.payout.has_multipliers and (self.target_pay is None or self.measure is Measure.QUANTITY):
            raise problem("multipliers scale a target pay per quota of money", "give 'target_pay', or use rates")
        if self.payout.pays_per_unit and self.measure is not Measure.QUANTITY:
            raise problem("per_unit pays on quantity", "set 'measure: quantity', or use a rate")
        if self.payout.pays_rate and self.measure is Measure.QUANTITY:
            raise problem("a rate pays on money", "use 'per_unit' for quantities")
        return self


class Example(PlanPart):
    """Credits of one component in, pay out; in currency units (quantities in units), in the order given."""

    name: str = Field(alias="example")
    component: str
    quota: Amount | None = None
    credits: tuple[Amount, ...]
    positions: tuple[Amount, ...] | None = None
    pays: tuple[Amount, ...]
    opening: Amount = Number(Fraction(0))


class Plan(PlanPart):
    """A compensation plan in force from ``effective.from``; ``version`` is the hash of its text."""

    name: Annotated[str, Field(alias="plan", min_length=1)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    effective: Span
    applies_to: AppliesTo
    components: Annotated[tuple[Component, ...], Field(min_length=1)]
    examples: tuple[Example, ...] = ()
    _version: str = PrivateAttr("")

    @property
    def version(self) -> str:
        return self._version

    def versioned(self, version: str) -> Self:
        """The plan, told its version."""
        self._version = version
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [component.name for component in self.components]
        for name in names:
            if names.count(name) > 1:
                raise problem(f"two components are called '{name}'", "rename one of them")
        for example in self.examples:
            if example.component not in names:
                raise problem(f"example '{example.name}' names no component", f"choose one of {', '.join(names)}")
        return self

    def component(self, name: str) -> Component:
        return next(component for component in self.components if component.name == name)
