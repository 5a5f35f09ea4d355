"""Quotas and target pay: what somebody is to sell in a period, and what that is worth."""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from compensation.plans.parts import PlanPart, problem
from compensation.plans.periods import PeriodKind
from compensation.plans.typed_numbers import Amount, Number, NumberOrPercent, Part, Share


class Ramp(PlanPart):
    """The part of the quota in somebody's first months, up to the end of month ``through_month``."""

    through_month: Annotated[int, Field(ge=1, le=120)]
    share: NumberOrPercent


class Proration(StrEnum):
    """How a quota shrinks for those who have the plan, or are at work, for a part of its period only."""

    NONE = "none"
    BY_DAYS = "by_days"
    BY_MONTHS = "by_months"


class WithoutQuota(StrEnum):
    """What a quota that is missing or zero means."""

    PAYS_NOTHING = "pays_nothing"
    IS_MET = "is_met"


class QuotaTerms(PlanPart):
    """Where the quota comes from and how it changes: from your systems, unless an ``amount`` stands here.

    ``amount`` is for a period of the component, or for a whole ``year`` that ``weights`` (a part for each period of the
    component in the year) or equal parts divide. ``share`` takes a part of what is found.
    """

    amount: Amount | None = None
    for_period: PeriodKind | None = Field(default=None, alias="for")
    weights: tuple[Part, ...] = ()
    share: Share = Number(Fraction(1))
    ramp: tuple[Ramp, ...] = ()
    prorated: Proration = Proration.NONE
    when_missing: WithoutQuota = WithoutQuota.PAYS_NOTHING
    of_measure: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.weights and sum(weight.value for weight in self.weights) != 1:
            raise problem("the weights do not add up to 100%", "correct them")
        months = [step.through_month for step in self.ramp]
        if months != sorted(set(months)):
            raise problem("the ramp is not in ascending order", "sort it by 'through_month'")
        return self


def _quota_alone(typed: object) -> object:
    return {"amount": typed} if isinstance(typed, str) else typed


Quota = Annotated[QuotaTerms, BeforeValidator(_quota_alone, json_schema_input_type=Amount | QuotaTerms)]


class TargetPay(PlanPart):
    """What a met target pays in a period: an amount, of the salary on its last day, or each payee's own."""

    amount: Amount | None = None
    of_salary: NumberOrPercent | None = None
    each_payee: bool = False
    share: Share = Number(Fraction(1))

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if len(self.given("amount", "of_salary")) + self.each_payee != 1:
            raise problem("a target pay has one source", "give one of 'amount', 'of_salary', 'each_payee: yes'")
        return self


def _amount_alone(typed: object) -> object:
    return {"amount": typed} if not isinstance(typed, dict | TargetPay) else typed


Target = Annotated[TargetPay, BeforeValidator(_amount_alone, json_schema_input_type=Amount | TargetPay)]
