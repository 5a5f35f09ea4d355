"""Payments: how releases of a period become what is paid: draws, guarantees, minimum payouts, negative balances."""

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
    ``balance_resets`` forgives what is owed at the end of that period. ``paid_in_advance``: the draw was paid outside
    and is deducted.
    """

    amount: Amount
    kind: DrawKind = DrawKind.RECOVERABLE
    window: Span | None = None
    recovered_from: date | None = None
    recovered_share: Part | None = None
    balance_resets: PeriodKind | None = None
    paid_in_advance: bool = False


class Guarantee(PlanPart):
    """Pay is at least the amount, in the first ``months`` of somebody's tenure or in a window of days."""

    amount: Amount
    months: Annotated[int, Field(ge=1, le=600)] | None = None
    window: Span | None = None


class BelowMinimum(StrEnum):
    CARRIED_FORWARD = "carried_forward"
    FORFEITED = "forfeited"


class MinimumPayout(PlanPart):
    """Less than the amount is not paid out: it is carried forward, or forfeited."""

    amount: Amount
    below: BelowMinimum = BelowMinimum.CARRIED_FORWARD


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
    negative_balance: NegativeBalance = NegativeBalance.CARRIED_FORWARD

    @model_validator(mode="after")
    def _lift_one_way(self) -> Self:
        if self.draw and self.guarantee:
            raise problem("a draw and a guarantee lift the same pay", "keep one of them")
        return self
