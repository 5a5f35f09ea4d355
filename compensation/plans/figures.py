"""Figures: numbers of a whole period that gates, modifiers, scorecards, matrices and rankings look at."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from compensation.plans.combined import OPERATORS, Combined, read_term
from compensation.plans.parts import PlanPart, Words, problem
from compensation.plans.periods import PeriodKind
from compensation.plans.typed_numbers import LowerBound, Number, NumberOrPercent


class Of(StrEnum):
    """Whose: the payee's own, the payee's team's, of those who report to the payee (at any level), everybody's."""

    PAYEE = "payee"
    TEAM = "team"
    REPORTS = "reports"
    EVERYONE = "everyone"


class QuotaTaken(StrEnum):
    """Of the quota of a longer period: the whole, or the sum of the quotas of the shorter periods up to now."""

    WHOLE = "whole"
    TO_DATE = "to_date"


SOURCES = ("attainment_of", "total_of", "earnings_of", "metric", "tenure_months")


class Figure(Combined):
    """One number for a payee and period.

    ``attainment_of`` and ``total_of`` a component, ``earnings_of`` components, a ``metric`` that is reported from
    outside, ``tenure_months``, or an operator on others. It looks at the period of the component that looks at it, or
    ``over`` a longer one up to the end of that.
    """

    attainment_of: str | None = None
    total_of: str | None = None
    earnings_of: Words = ()
    metric: str | None = None
    tenure_months: bool = False
    of: Of = Of.PAYEE
    over: PeriodKind | None = None
    quota: QuotaTaken = QuotaTaken.WHOLE
    sum: "Terms" = ()
    difference: "Terms" = ()
    product: "Terms" = ()
    ratio: "Terms" = ()
    min: "Terms" = ()
    max: "Terms" = ()
    rounded_to: NumberOrPercent | None = None

    @property
    def components(self) -> Iterator[str]:
        """The components that it looks at, those of its terms included."""
        yield from (name for name in (self.attainment_of, self.total_of, *self.earnings_of) if name)
        for term in self.written_out:
            yield from term.components

    @property
    def periods(self) -> Iterator[PeriodKind]:
        """The periods that it is over, those of its terms included."""
        if self.over is not None:
            yield self.over
        for term in self.written_out:
            yield from term.periods

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [
            *self.given(*SOURCES[:-1]),
            *(["tenure_months"] if self.tenure_months else []),
            *self.given(*OPERATORS),
        ]
        if len(given) != 1:
            raise problem("a figure is one thing", f"give exactly one of {', '.join((*SOURCES, *OPERATORS))}")
        return self


Terms = tuple[
    Annotated[Number | Figure | str, BeforeValidator(read_term, json_schema_input_type=NumberOrPercent | Figure | str)],
    ...,
]
Figure.model_rebuild()


class Otherwise(StrEnum):
    """What is left when a gate is not passed."""

    NOTHING = "nothing"
    BASE_RATE = "base_rate"
    TARGET = "target"


class Gate(PlanPart):
    """A condition on a figure, read once from the whole period.

    ``covers`` the whole payout, or only what is earned ``above`` a bound of the component's own tiers. Not passed, it
    leaves ``otherwise``: nothing, the first tier's rate on everything, at most the target pay, or a part of the pay.
    """

    figure: str
    at_least: NumberOrPercent | None = None
    above: NumberOrPercent | None = None
    at_most: NumberOrPercent | None = None
    below: NumberOrPercent | None = None
    covers: LowerBound | None = None
    otherwise: Otherwise | NumberOrPercent = Otherwise.NOTHING

    @property
    def condition(self) -> tuple[str, Number]:
        """The comparison and the number that it compares with."""
        name = self.given("at_least", "above", "at_most", "below")[0]
        return name, getattr(self, name)

    @model_validator(mode="after")
    def _compares_once(self) -> Self:
        if len(self.given("at_least", "above", "at_most", "below")) != 1:
            raise problem("a gate has one condition", "give exactly one of at_least, above, at_most, below")
        if self.covers is not None and self.otherwise is Otherwise.TARGET:
            raise problem("a part above a bound cannot leave the target pay", "leave out 'covers', or choose base_rate")
        return self


class FactorBand(PlanPart):
    """The factor from a bound on."""

    lower: LowerBound = Field(alias="from")
    factor: NumberOrPercent


class FactorPoint(PlanPart):
    """The factor at a value; between two points it lies on the line, outside them it stays."""

    at: NumberOrPercent
    factor: NumberOrPercent


class Modifier(PlanPart):
    """Multiplies the pay of a period: by a figure (its bands, its points or itself), or by hand within bounds."""

    modifier: str
    by: str | None = None
    manual: bool = False
    bands: tuple[FactorBand, ...] = ()
    points: tuple[FactorPoint, ...] = ()
    at_least: NumberOrPercent | None = None
    at_most: NumberOrPercent | None = None
    rounded_to: NumberOrPercent | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.by is None) != self.manual:
            raise problem("a modifier follows a figure or is given by hand", "give either 'by' or 'manual: yes'")
        if (self.bands and self.points) or (self.manual and (self.bands or self.points)):
            raise problem("a modifier has one table", "give 'bands' or 'points', and none by hand")
        if self.manual and (self.at_least is None or self.at_most is None):
            raise problem("a factor by hand needs bounds", "give 'at_least' and 'at_most'")
        return self
