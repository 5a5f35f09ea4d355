"""Limits: the most and the least that is paid."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from compensation.plans.figures import Of
from compensation.plans.measures import RateOfDay
from compensation.plans.parts import PlanPart, Words, problem
from compensation.plans.periods import PeriodKind
from compensation.plans.typed_numbers import Amount, NumberOrPercent, read_number


class Per(StrEnum):
    """What a limit counts: each transaction, each deal, or a period."""

    TRANSACTION = "transaction"
    DEAL = "deal"
    PERIOD = "period"


def _amount_alone(typed: object) -> object:
    """``3000`` stands for an amount, ``250%`` for a part of the target pay."""
    if isinstance(typed, dict):
        return typed
    number = read_number(typed)
    return {"of_target": number} if number.is_percent else {"amount": typed}


class Limit(PlanPart):
    """An amount, or a part of the target pay, per transaction, deal or period (the component's own)."""

    amount: Amount | None = None
    of_target: NumberOrPercent | None = None
    per: Per = Per.PERIOD
    before_modifiers: bool = False

    @model_validator(mode="after")
    def _is_one_amount(self) -> Self:
        if len(self.given("amount", "of_target")) != 1:
            raise problem("a limit is one amount", "give either 'amount' or 'of_target'")
        return self


ComponentLimit = Annotated[Limit, BeforeValidator(_amount_alone, json_schema_input_type=NumberOrPercent | Limit)]


class CapAttribution(StrEnum):
    """Who goes short: what comes later, or everything by the same part."""

    CROSSING = "crossing"
    PRO_RATA = "pro_rata"


class Cap(PlanPart):
    """A cap over several components, or over several payees together.

    ``amount``, or ``share`` of a measure of what is credited (per transaction or deal). ``of: payee`` caps each payee
    for himself; ``team``, ``everyone`` cap them together, as a shared budget. The measure is converted by the cap's
    own ``exchange_rate``; without one by that of the last of the components that fits it and knows a rate.
    """

    cap: str
    components: Words
    amount: Amount | None = None
    share: NumberOrPercent | None = None
    measure: str | None = None
    exchange_rate: RateOfDay | None = None
    of: Of = Of.PAYEE
    per: Per = Per.PERIOD
    period: PeriodKind | None = None
    attribution: CapAttribution = CapAttribution.CROSSING

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.amount is None) == (self.share is None) or (self.share is None) != (self.measure is None):
            raise problem("a cap is an amount or a share of a measure", "give 'amount', or 'share' with 'measure'")
        if (self.per is Per.PERIOD) != (self.period is not None):
            raise problem("a cap per period names the period", "give 'period', or 'per: deal' or 'per: transaction'")
        if self.share is not None and self.per is Per.PERIOD:
            raise problem("a share of a measure caps a transaction or deal", "add 'per: transaction' or 'per: deal'")
        if self.exchange_rate is not None and self.share is None:
            raise problem("an amount is not converted by a rate of the deal", "leave out 'exchange_rate'")
        return self
