"""Payments: how what is released in a period is paid: draws, guarantees, smallest and largest payouts, debts."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from compensation.plans.parts import PlanPart, Span, problem
from compensation.plans.periods import PeriodKind
from compensation.plans.typed_numbers import Amount, Part


class DrawKind(StrEnum):
    """Whether what a draw adds is owed and recovered from later pay."""

    RECOVERABLE = "recoverable"
    NON_RECOVERABLE = "non_recoverable"


class Draw(PlanPart):
    """Pay is topped up to the amount; a recoverable top-up is owed.

    ``recovered_from`` a day on (at once unless given), out of at most ``recovered_share`` of what exceeds the draw.
    ``balance_resets`` forgives what is owed at the end of that period, ``forgiven_after_months`` at the end of the
    payment period in which somebody's tenure reaches them. ``months``: only in the first of the tenure.
    ``paid_in_advance``: the draw was paid outside and is deducted.
    """

    amount: Amount
    kind: DrawKind = DrawKind.RECOVERABLE
    months: Annotated[int, Field(ge=1, le=600)] | None = None
    window: Span | None = None
    recovered_from: date | None = None
    recovered_share: Part | None = None
    balance_resets: PeriodKind | None = None
    forgiven_after_months: Annotated[int, Field(ge=1, le=600)] | None = None
    paid_in_advance: bool = False


class GuaranteeStep(PlanPart):
    """The amount up to the end of a month of somebody's tenure, counted from the day of hiring."""

    through_month: Annotated[int, Field(ge=1, le=600)]
    amount: Amount


class Guarantee(PlanPart):
    """Pay is at least the amount, in the first ``months`` of somebody's tenure or in a window of days.

    With ``steps`` the amount changes with the tenure, and there is none after the last.
    """

    amount: Amount | None = None
    months: Annotated[int, Field(ge=1, le=600)] | None = None
    steps: tuple[GuaranteeStep, ...] = ()
    window: Span | None = None

    @model_validator(mode="after")
    def _has_one_amount(self) -> Self:
        if len(self.given("amount", "steps")) != 1 or (self.steps and self.months is not None):
            raise problem(
                "a guarantee is one amount or goes by steps", "give 'amount' (and 'months'), or 'steps' alone"
            )
        months = [step.through_month for step in self.steps]
        if months != sorted(set(months)):
            raise problem("the steps are not in ascending order", "sort them by 'through_month'")
        return self


class NotPaidOut(StrEnum):
    """What becomes of pay that a period does not pay out."""

    CARRIED_FORWARD = "carried_forward"
    FORFEITED = "forfeited"


class MinimumPayout(PlanPart):
    """Less than the amount is not paid out: it is carried forward, or forfeited."""

    amount: Amount
    below: NotPaidOut = NotPaidOut.CARRIED_FORWARD


class MaximumPayout(PlanPart):
    """More than the amount is not paid out: it is carried forward, or forfeited."""

    amount: Amount
    above: NotPaidOut = NotPaidOut.CARRIED_FORWARD


class NegativeBalance(StrEnum):
    """What happens if more is taken back than earned: it is deducted later, forgiven, or paid back at once."""

    CARRIED_FORWARD = "carried_forward"
    FORGIVEN = "forgiven"
    PAID_BACK = "paid_back"


class Payments(PlanPart):
    """How often the plan pays, and between which bounds."""

    period: PeriodKind = PeriodKind.MONTH
    draw: Draw | None = None
    guarantee: Guarantee | None = None
    minimum_payout: MinimumPayout | None = None
    maximum_payout: MaximumPayout | None = None
    negative_balance: NegativeBalance = NegativeBalance.CARRIED_FORWARD

    @model_validator(mode="after")
    def _lift_one_way(self) -> Self:
        if self.draw and self.guarantee:
            raise problem("a draw and a guarantee lift the same pay", "keep one of them")
        least, most = self.minimum_payout, self.maximum_payout
        if least and most and least.amount.value > most.amount.value:
            raise problem("the minimum payout exceeds the maximum", "correct one of them")
        return self
