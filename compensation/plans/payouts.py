"""The shapes of a payout as a plan file writes them: rates, tiers, steps."""

import itertools
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from compensation.plans.typed_numbers import Amount, Number, NumberOrPercent


def problem(what: str, remedy: str, **context: int) -> PydanticCustomError:
    """An error that says what is wrong and what to do; ``index`` in the context names the item of a list."""
    return PydanticCustomError("plan", "{what}; {remedy}", {"what": what, "remedy": remedy, **context})


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(_Shape):
    """What is paid from ``from`` (included) to ``to`` (excluded, unless the component says ``upper_included``)."""

    lower: NumberOrPercent = Field(alias="from")
    upper: NumberOrPercent | None = Field(default=None, alias="to")
    rate: NumberOrPercent | None = None
    per_unit: Amount | None = None
    multiplier: NumberOrPercent | None = None
    amount: Amount | None = None

    @model_validator(mode="after")
    def _pays_one_way(self) -> Self:
        given = [number for number in (self.rate, self.per_unit, self.multiplier, self.amount) if number is not None]
        if len(given) != 1:
            raise problem("a tier pays in one way", "give exactly one of rate, per_unit, multiplier, amount")
        if given[0].value < 0 or self.lower.value < 0:
            raise problem("a tier has no negative bound or pay", "write it without the minus")
        return self


class Step(_Shape):
    """A bonus that is earned once the position reaches ``at``; bonuses of several steps add up."""

    at: NumberOrPercent
    bonus: Amount


class Excess(_Shape):
    """A rate on what exceeds ``above``."""

    above: NumberOrPercent
    rate: NumberOrPercent


class Payout(_Shape):
    """Exactly one shape of pay."""

    rate: NumberOrPercent | None = None
    per_unit: Amount | None = None
    marginal_tiers: Annotated[tuple[Tier, ...], Field(min_length=1)] | None = None
    whole_amount_tiers: Annotated[tuple[Tier, ...], Field(min_length=1)] | None = None
    excess: Excess | None = None
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] | None = None

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
    def has_amounts(self) -> bool:
        return self.steps is not None or any(tier.amount is not None for tier in self.tiers)

    @property
    def pays_per_unit(self) -> bool:
        return self.per_unit is not None or any(tier.per_unit is not None for tier in self.tiers)

    @property
    def pays_rate(self) -> bool:
        return self.rate is not None or self.excess is not None or any(tier.rate is not None for tier in self.tiers)

    def _bounds(self) -> Iterator[Number]:
        for tier in self.tiers:
            yield tier.lower
            if tier.upper is not None:
                yield tier.upper
        for step in self.steps or ():
            yield step.at
        if self.excess is not None:
            yield self.excess.above

    @model_validator(mode="after")
    def _has_one_shape(self) -> Self:
        given = self.model_fields_set
        if len(given) != 1:
            raise problem("a payout has one shape", f"give exactly one of {', '.join(type(self).model_fields)}")
        if any(tier.amount is not None for tier in self.marginal_tiers or ()):
            raise problem("an amount is no pay per slice", "use whole_amount_tiers or steps for fixed amounts")
        if len({bound.is_percent for bound in self._bounds() if bound.value}) > 1:
            raise problem("bounds mix percentages of quota and amounts", "write all of them in one way")
        self._check_tiers()
        self._check_steps()
        return self

    def _check_tiers(self) -> None:
        for index, (tier, following) in enumerate(itertools.pairwise(self.tiers), start=1):
            if following.lower.value <= tier.lower.value:
                raise problem("tiers are not in ascending order", "sort them by 'from'", index=index)
            if tier.upper is not None and tier.upper.value > following.lower.value:
                raise problem("tiers overlap", "let each begin where the one before it ends", index=index)
            if tier.upper is not None and tier.upper.value < following.lower.value:
                raise problem("tiers leave a gap", "let each begin where the one before it ends", index=index)
        if self.tiers and self.tiers[-1].upper is not None:
            raise problem(
                "the last tier ends", "leave out its 'to', and say what is paid above", index=len(self.tiers) - 1
            )

    def _check_steps(self) -> None:
        for index, (step, following) in enumerate(itertools.pairwise(self.steps or ()), start=1):
            if following.at.value <= step.at.value:
                raise problem("steps are not in ascending order", "sort them by 'at'", index=index)
