"""Releases: which part of an earning may be paid when, and what is taken back."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from compensation.plans.parts import PlanPart, problem
from compensation.plans.typed_numbers import Part


class Moment(StrEnum):
    """What an earning waits for. ``invoiced`` and ``received`` release in proportion, a part payment its part."""

    CREDITED = "credited"
    ORDERED = "ordered"
    INVOICED = "invoiced"
    RECEIVED = "received"
    RECEIVED_IN_FULL = "received_in_full"
    RENEWED = "renewed"
    MONTH_END = "month_end"
    QUARTER_END = "quarter_end"
    HALF_YEAR_END = "half_year_end"
    YEAR_END = "year_end"


class Release(PlanPart):
    """A share of the earning and what it waits for: a moment (and days or months after it), or a date."""

    share: Part | None = None
    when: Moment = Moment.CREDITED
    after_days: Annotated[int, Field(ge=0, le=3650)] = 0
    after_months: Annotated[int, Field(ge=0, le=120)] = 0
    on: date | None = None
    instalments: Annotated[int, Field(ge=1, le=120)] = 1

    @model_validator(mode="after")
    def _has_one_time(self) -> Self:
        if self.on is not None and (self.when is not Moment.CREDITED or self.after_days or self.after_months):
            raise problem("a release waits for a date or for a moment", "give 'on', or 'when' with days or months")
        return self


class Kept(PlanPart):
    """The share that is taken back of what is returned within so many months of the credit."""

    within_months: Annotated[int, Field(ge=1, le=600)]
    share: Part


class Clawback(PlanPart):
    """What a return takes back of the earning: a share, by a schedule of age, or what is not yet served of a term.

    Without ``by_age`` and ``vests_over_months`` the share is the same at any age. ``before_minimum`` takes back what
    was calculated before a floor lifted it. ``unpaid_after_days``: an invoice that is not received in full by then
    takes its earning back until it is.
    """

    share: Part | None = None
    by_age: tuple[Kept, ...] = ()
    vests_over_months: Annotated[int, Field(ge=1, le=600)] | None = None
    before_minimum: bool = False
    unpaid_after_days: Annotated[int, Field(ge=1, le=3650)] | None = None

    @model_validator(mode="after")
    def _takes_back_one_way(self) -> Self:
        if len(self.given("share", "by_age", "vests_over_months")) > 1:
            raise problem("a clawback has one measure", "give one of share, by_age, vests_over_months")
        months = [step.within_months for step in self.by_age]
        if months != sorted(set(months)):
            raise problem("the schedule is not in ascending order", "sort it by 'within_months'")
        return self
