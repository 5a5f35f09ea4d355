"""Components: on which documents a rule credits, whom, what it measures, and how that turns into pay."""

from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from compensation.plans.figures import Gate, Modifier, Otherwise
from compensation.plans.limits import ComponentLimit
from compensation.plans.measures import RateOfDay
from compensation.plans.parts import People, PlanPart, Span, Titles, Words, listed, problem
from compensation.plans.payouts import Payout
from compensation.plans.periods import PeriodKind
from compensation.plans.quotas import Proration, Quota, QuotaTerms, Target
from compensation.plans.releases import Clawback, Release
from compensation.plans.typed_numbers import Amount, Number, Share


class Event(StrEnum):
    """The document that credits; ``earning``: what other components pay."""

    BOOKING = "booking"
    ORDER = "order"
    INVOICE = "invoice"
    RECEIPT = "receipt"
    EARNING = "earning"


class CreditTo(StrEnum):
    """Whom a component credits: owners share a deal, overlays come on top, managers by the reporting tree.

    ``coverage``: whoever covers the customer, product or territory; ``customer``: the customer (a rebate).
    """

    OWNERS = "owners"
    OVERLAYS = "overlays"
    DIRECT_MANAGER = "direct_manager"
    ALL_MANAGERS = "all_managers"
    COVERAGE = "coverage"
    CUSTOMER = "customer"


class Covering(StrEnum):
    """Of several who cover a transaction: those of the first precedence, or all."""

    FIRST = "first"
    ALL = "all"


class WhenLeft(StrEnum):
    """Who is credited for somebody who has left: the successor, or nobody."""

    SUCCESSOR = "successor"
    NOBODY = "nobody"


class AccumulateBy(StrEnum):
    """Whose positions run together; each of them anew in every period."""

    PAYEE = "payee"
    TEAM = "team"
    CUSTOMER = "customer"
    DEAL = "deal"
    TRANSACTION = "transaction"


class Mode(StrEnum):
    """How a credit finds its pay on the curve. ``rate_reached``: the rate at the end of the period on all of it."""

    CURVE = "curve"
    SLICED = "sliced"
    RATE_BEFORE = "rate_before"
    RATE_AFTER = "rate_after"
    RATE_REACHED = "rate_reached"


class Returns(StrEnum):
    ORIGIN = "origin"
    CURRENT = "current"


class BelowZero(StrEnum):
    FIRST_RATE = "first_rate"
    NOTHING = "nothing"


class Attribution(StrEnum):
    """Which deal carries a jump of the curve: the one that crosses it, or all by their measure."""

    CROSSING = "crossing"
    PRO_RATA = "pro_rata"


class SplitOf(StrEnum):
    """What the shares of a deal divide: the credit, or the earning of the whole."""

    CREDIT = "credit"
    EARNING = "earning"


class Attributes(PlanPart):
    """Values that a transaction's attributes may have; one that is not listed may have any."""

    products: Words = ()
    product_families: Words = ()
    customers: Words = ()
    regions: Words = ()
    channels: Words = ()
    document_types: Words = ()
    attributes: dict[str, Words] = Field(default_factory=dict)


OWN_ATTRIBUTES = ("region", "channel", "team", "title")


class Filter(Attributes):
    """What a component credits; ``excluding`` takes away from it; ``own`` attributes have to be the payee's own."""

    excluding: Attributes = Attributes()
    own: Words = ()

    @model_validator(mode="after")
    def _own_is_known(self) -> Self:
        for name in self.own:
            if name not in OWN_ATTRIBUTES:
                known = ", ".join(OWN_ATTRIBUTES)
                raise problem(f"'own: {name}' is nothing that people have", f"choose one of {known}")
        return self


class Every(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Recurs(PlanPart):
    """A contract credited again and again: ``times`` credits from the document's day on; a return ends those to come.

    ``divided: yes`` divides the measure among them; otherwise each has the whole.
    """

    every: Every
    times: Annotated[int, Field(ge=1, le=600)]
    divided: bool = False


class RoundingMode(StrEnum):
    HALF_AWAY = "half_away"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


class Rounding(PlanPart):
    """Pay is rounded ``to`` a multiple of an amount (the smallest coin unless given), halves away from zero."""

    to: Amount | None = None
    mode: RoundingMode = RoundingMode.HALF_AWAY
    each_line: bool = False

    def increment(self, minor: int) -> int:
        """What pay is a multiple of, in minor units, of which a unit has ``minor``; at least one of them.

        >>> [Rounding(to=to).increment(100) for to in (None, "0.25", "0.001")]
        [1, 25, 1]
        """
        return max(int(self.to.value * minor), 1) if self.to else 1


NO_PAYOUT = Payout(rate=Number(Fraction(0)))
"""The payout of fixed pay, which looks at no credit."""


class Component(PlanPart):
    """One rule of a plan; without ``payout`` it is fixed pay, ``opening_pay`` alone."""

    name: Annotated[str, Field(alias="component", min_length=1)]
    title: Titles | None = None
    only_for: People = People()
    credited_on: Event | None = None
    earnings_of: Words = ()
    credit_to: Annotated[
        tuple[CreditTo, ...], BeforeValidator(listed, json_schema_input_type=CreditTo | tuple[CreditTo, ...])
    ] = (CreditTo.OWNERS,)
    roles: Words = ()
    role_shares: dict[str, Share] = Field(default_factory=dict)
    covering: Covering = Covering.FIRST
    remainder_to: str | None = None
    when_left: WhenLeft = WhenLeft.NOBODY
    share: Share = Number(Fraction(1))
    split: SplitOf = SplitOf.CREDIT
    filter: Filter = Filter()
    first_match: str | None = None
    window: Span | None = None
    recurs: Recurs | None = None
    measure: str = "revenue"
    position: str | None = None
    period: PeriodKind
    accumulate_by: AccumulateBy = AccumulateBy.PAYEE
    accumulate_with: str | None = None
    continues: bool = Field(default=False, alias="continues_earlier_version")
    exchange_rate: RateOfDay = RateOfDay.CREDITED_ON
    converted_after_share: bool = False
    quota: Quota = QuotaTerms()
    mode: Mode = Mode.CURVE
    payout: Payout = NO_PAYOUT
    less_earnings_of: Words = ()
    less_paid_below: bool = False
    target_pay: Target | None = None
    opening_pay: Amount | None = None
    opening_prorated: Proration = Proration.NONE
    upper_included: bool = False
    gates: tuple[Gate, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    cap: ComponentLimit | None = None
    floor: ComponentLimit | None = None
    rounding: Rounding = Rounding()
    attribution: Attribution = Attribution.CROSSING
    returns: Returns = Returns.ORIGIN
    clawback: Clawback = Clawback()
    below_zero: BelowZero = BelowZero.FIRST_RATE
    release: tuple[Release, ...] = (Release(),)

    @property
    def looks_at(self) -> str:
        """The measure that the tiers look at."""
        return self.position or self.measure

    @property
    def needs_quota(self) -> bool:
        shapes = (*self.payout.shapes, *((self.payout.pool.size,) if self.payout.pool else ()))
        by_pay = any(shape.is_by_attainment or shape.has_multipliers for shape in shapes)
        return by_pay or any(gate.covers and gate.covers.is_percent for gate in self.gates)

    @property
    def is_fixed_pay(self) -> bool:
        """Whether it pays for the period alone, whatever is sold."""
        return self.payout is NO_PAYOUT

    @property
    def pays_by_line(self) -> bool:
        """Whether each credit has pay of its own, and not the period alone."""
        return self.payout.needs_credits and self.payout.pool is None

    @property
    def needs_target(self) -> bool:
        """Whether anything of it is a part of the target pay."""
        limits = any(limit is not None and limit.of_target is not None for limit in (self.cap, self.floor))
        gates = any(gate.otherwise is Otherwise.TARGET for gate in self.gates)
        by_figures = bool(self.payout.scorecard or (self.payout.matrix and self._matrix_pays_parts()))
        return limits or gates or by_figures or any(shape.pays_of_target for shape in self.payout.shapes)

    @property
    def figures(self) -> Iterator[str]:
        """The names of the figures that it looks at."""
        yield from self.payout.figures
        yield from (gate.figure for gate in self.gates)
        yield from (modifier.by for modifier in self.modifiers if modifier.by)

    @property
    def headings(self) -> dict[str, str]:
        """The title by language; the component's name where none is given."""
        return (self.title or Titles(en=self.name)).by_language

    def _matrix_pays_parts(self) -> bool:
        matrix = self.payout.matrix
        return matrix is not None and any(cell.is_percent for row in matrix.pays for cell in row)

    @model_validator(mode="after")
    def _says_for_whom(self) -> Self:
        if "only_for" in self.model_fields_set and not self.only_for.lists:
            raise problem("has to say for whom", "give titles, regions, channels, teams or payees, or no 'only_for'")
        return self

    @model_validator(mode="after")
    def _credits_something(self) -> Self:
        if self.is_fixed_pay and self.opening_pay is None:
            raise problem("has to say what it pays", "add 'payout', or 'opening_pay' for fixed pay alone")
        if self.credited_on is None and self.payout.needs_credits and not (self.earnings_of or self.is_fixed_pay):
            raise problem("has to say on which document it credits", "add 'credited_on', or 'earnings_of' components")
        if self.earnings_of and self.credited_on not in (None, Event.EARNING):
            raise problem("is credited on documents or on earnings", "leave out 'credited_on' or 'earnings_of'")
        if self.credited_on is Event.EARNING and not self.earnings_of:
            raise problem("has to say whose earnings credit it", "add 'earnings_of' with components")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        payout = self.payout
        if self.mode is Mode.CURVE and self.looks_at != self.measure and payout.needs_credits:
            raise problem(
                "mode 'curve' pays on the measure that its tiers look at", "choose mode sliced, or drop 'position'"
            )
        if self.mode is not Mode.CURVE and any(shape.has_amounts for shape in payout.shapes):
            raise problem(f"mode '{self.mode}' needs rates", "choose mode curve for fixed amounts and bonuses")
        if self.needs_target and self.target_pay is None:
            raise problem("parts of a target pay need a target pay", "give 'target_pay'")
        if any(gate.otherwise is Otherwise.BASE_RATE for gate in self.gates) and not payout.has_base_rates:
            raise problem("a payout without a rate has no base rate", "leave nothing or a part of it, or pay by tiers")
        self._check_release()
        return self

    def _check_release(self) -> None:
        shares = [part.share.value for part in self.release if part.share]
        rests = len(self.release) - len(shares)
        if sum(shares) > 1:
            raise problem("the shares of the release exceed 100%", "correct them")
        if rests > 1:
            raise problem("two parts of the release have no share", "give all but one of them a share")
        if shares and not rests and sum(shares) < 1:
            raise problem("the shares of the release do not reach 100%", "leave out one share: it takes the rest")

    @property
    def releases(self) -> tuple[tuple[Fraction, Release], ...]:
        """The parts of the release with their shares; one without a share takes the rest."""
        rest = 1 - sum((part.share.value for part in self.release if part.share), Fraction(0))
        return tuple((part.share.value if part.share else rest, part) for part in self.release)
