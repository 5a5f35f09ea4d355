"""The shapes of pay: rates, tiers, steps, curves of points. Each is a function from a position to cumulative pay."""

import itertools
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from compensation.plans.parts import PlanPart, problem
from compensation.plans.typed_numbers import Amount, Bound, LowerBound, NumberOrPercent


class Tier(PlanPart):
    """What is paid from ``from`` (included, unless written ``above``) to where the next tier begins."""

    lower: LowerBound = Field(alias="from")
    upper: NumberOrPercent | None = Field(default=None, alias="to")
    rate: NumberOrPercent | None = None
    per_unit: Amount | None = None
    multiplier: NumberOrPercent | None = None
    amount: Amount | None = None

    @model_validator(mode="after")
    def _pays_one_way(self) -> Self:
        slopes = [number for number in (self.rate, self.per_unit, self.multiplier) if number is not None]
        given = [*slopes, *([self.amount] if self.amount is not None else [])]
        if len(slopes) > 1 or not given:
            raise problem("a tier pays in one way", "give one of rate, per_unit, multiplier, with or without an amount")
        if any(number.value < 0 for number in given) or self.lower.value < 0:
            raise problem("a tier has no negative bound or pay", "write it without the minus")
        return self


class Step(PlanPart):
    """A bonus that is earned once the position reaches ``at``; bonuses of several steps add up."""

    at: LowerBound
    bonus: Amount


class Excess(PlanPart):
    """A rate on what exceeds ``above``."""

    above: NumberOrPercent
    rate: NumberOrPercent


class Point(PlanPart):
    """A point of a pay curve: at this position so much has been paid, as an amount or as a part of the target pay."""

    at: NumberOrPercent
    pays: NumberOrPercent


class BeforeFirst(StrEnum):
    """What a curve of points pays before its first point."""

    NOTHING = "nothing"
    SAME = "same"
    CONTINUE = "continue"


class AfterLast(StrEnum):
    """What it pays after its last point: as much as there, or on along the last line."""

    SAME = "same"
    CONTINUE = "continue"


SHAPES = ("rate", "per_unit", "amount", "marginal_tiers", "whole_amount_tiers", "excess", "steps", "points")


class Shape(PlanPart):
    """Exactly one shape of pay."""

    rate: NumberOrPercent | None = None
    per_unit: Amount | None = None
    amount: Amount | None = None
    marginal_tiers: Annotated[tuple[Tier, ...], Field(min_length=1)] | None = None
    whole_amount_tiers: Annotated[tuple[Tier, ...], Field(min_length=1)] | None = None
    counted_above: NumberOrPercent | None = None
    excess: Excess | None = None
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] | None = None
    points: Annotated[tuple[Point, ...], Field(min_length=2)] | None = None
    before_first: BeforeFirst = BeforeFirst.NOTHING
    after_last: AfterLast = AfterLast.SAME

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return self.marginal_tiers or self.whole_amount_tiers or ()

    @cached_property
    def is_by_attainment(self) -> bool:
        return any(bound.is_percent for bound in self._bounds())

    @cached_property
    def has_multipliers(self) -> bool:
        return any(tier.multiplier is not None for tier in self.tiers)

    @property
    def pays_of_target(self) -> bool:
        """Whether it needs a target pay."""
        return self.has_multipliers or any(point.pays.is_percent for point in self.points or ())

    @property
    def has_amounts(self) -> bool:
        return bool(self.steps or self.points or self.amount) or any(tier.amount is not None for tier in self.tiers)

    @property
    def pays_per_unit(self) -> bool:
        return self.per_unit is not None or any(tier.per_unit is not None for tier in self.tiers)

    @property
    def pays_rate(self) -> bool:
        return self.rate is not None or self.excess is not None or any(tier.rate is not None for tier in self.tiers)

    @property
    def has_base_rate(self) -> bool:
        """Whether it pays for what is sold at a rate, so that there is a first one."""
        return bool(self.tiers or self.rate or self.per_unit or self.excess)

    def _bounds(self) -> Iterator[Bound]:
        for tier in self.tiers:
            yield tier.lower
            if tier.upper is not None:
                yield Bound(*tier.upper)
        yield from (step.at for step in self.steps or ())
        yield from (Bound(*point.at) for point in self.points or ())
        if self.excess is not None:
            yield Bound(*self.excess.above)
        if self.counted_above is not None:
            yield Bound(*self.counted_above)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if any(tier.amount is not None for tier in self.marginal_tiers or ()):
            raise problem("an amount is no pay per slice", "use whole_amount_tiers or steps for fixed amounts")
        if len({bound.is_percent for bound in self._bounds() if bound.value}) > 1:
            raise problem("bounds mix percentages of quota and amounts", "write all of them in one way")
        if self.counted_above is not None and not self.whole_amount_tiers:
            raise problem("'counted_above' belongs to whole_amount_tiers", "use excess, or leave it out")
        if not self.points and {"before_first", "after_last"} & self.model_fields_set:
            raise problem("'before_first' and 'after_last' belong to points", "leave them out")
        _refuse_disorder([tier.lower for tier in self.tiers], "tiers", "from")
        _refuse_disorder([step.at for step in self.steps or ()], "steps", "at")
        _refuse_disorder([Bound(*point.at) for point in self.points or ()], "points", "at")
        self._check_tiers()
        return self

    def _check_tiers(self) -> None:
        for index, (tier, following) in enumerate(itertools.pairwise(self.tiers), start=1):
            if tier.upper is not None and tier.upper.value > following.lower.value:
                raise problem("tiers overlap", "let each begin where the one before it ends", index=index)
            if tier.upper is not None and tier.upper.value < following.lower.value:
                raise problem("tiers leave a gap", "let each begin where the one before it ends", index=index)
        if self.tiers and self.tiers[-1].upper is not None:
            raise problem(
                "the last tier ends", "leave out its 'to', and say what is paid above", index=len(self.tiers) - 1
            )


def _refuse_disorder(bounds: Sequence[Bound], what: str, key: str) -> None:
    for index, (bound, following) in enumerate(itertools.pairwise(bounds), start=1):
        if following.value <= bound.value:
            raise problem(f"{what} are not in ascending order", f"sort them by '{key}'", index=index)
