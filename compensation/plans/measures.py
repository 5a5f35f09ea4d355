"""Measures: what is counted of a transaction. Some are built in, others a plan makes of fields with a few operators."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from compensation.plans.parts import PlanPart, problem
from compensation.plans.typed_numbers import Number, NumberOrPercent, read_number


class MeasureKind(StrEnum):
    """Money counts in minor units of a currency, everything else in millionths."""

    MONEY = "money"
    NUMBER = "number"


class RateOfDay(StrEnum):
    """Which exchange rate converts a deal's currency into the plan's."""

    CREDITED_ON = "credited_on"
    MONTH_AVERAGE = "month_average"
    PLAN_RATE = "plan_rate"


BUILT_IN = {
    "revenue": MeasureKind.MONEY,
    "margin": MeasureKind.MONEY,
    "earnings": MeasureKind.MONEY,
    "quantity": MeasureKind.NUMBER,
    "count": MeasureKind.NUMBER,
    "deals": MeasureKind.NUMBER,
}
"""``count`` is one for each transaction, ``deals`` one for the first of a deal; ``earnings`` are of components."""

OPERATORS = ("sum", "difference", "product", "ratio", "min", "max")


def _term(typed: object) -> object:
    if isinstance(typed, str) and typed[:1] in "+-0123456789":
        return read_number(typed)
    return typed


class Measure(PlanPart):
    """A ``field`` that transactions carry, or an operator on others; rounded to a minor unit or a millionth."""

    field: str | None = None
    kind: Literal["money", "number"] | None = None
    sum: "Terms" = ()
    difference: "Terms" = ()
    product: "Terms" = ()
    ratio: "Terms" = ()
    min: "Terms" = ()
    max: "Terms" = ()

    @property
    def operator(self) -> str | None:
        """The operator that it applies, if any."""
        return next(iter(self.given(*OPERATORS)), None)

    @property
    def terms(self) -> "Terms":
        return getattr(self, self.operator) if self.operator else ()

    @property
    def names(self) -> Iterator[str]:
        """The names of the measures among its terms."""
        for term in self.terms:
            if isinstance(term, str):
                yield term
            elif isinstance(term, Measure):
                yield from term.names

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if len(self.given("field", *OPERATORS)) != 1:
            raise problem("a measure is one thing", f"give exactly one of {', '.join(('field', *OPERATORS))}")
        if (self.field is None) != (self.kind is None):
            raise problem("a field is money or a number", "give 'kind: money' or 'kind: number' with 'field'")
        if self.operator in ("difference", "ratio") and len(self.terms) != 2:
            raise problem(f"'{self.operator}' takes two terms", "give a list of two")
        return self


Terms = tuple[
    Annotated[Number | Measure | str, BeforeValidator(_term, json_schema_input_type=NumberOrPercent | Measure | str)],
    ...,
]
Measure.model_rebuild()


def kind_of(name: str, measures: Mapping[str, Measure]) -> MeasureKind:
    """Whether the measure is money. KeyError if neither built in nor among ``measures``."""
    return BUILT_IN[name] if name in BUILT_IN else _kind(measures[name], measures)


def _kind(measure: Measure, measures: Mapping[str, Measure]) -> MeasureKind:
    """Money plus money is money, money by money is a number; ValueError where money and numbers are mixed."""
    if measure.kind is not None:
        return MeasureKind(measure.kind)
    money = sum(_term_kind(term, measures) is MeasureKind.MONEY for term in measure.terms)
    match measure.operator:
        case "product":
            allowed = {0, 1}
        case "ratio":
            dividend_is_money = _term_kind(measure.terms[0], measures) is MeasureKind.MONEY
            allowed = {0, 1, 2} if dividend_is_money or not money else set()
            money %= 2
        case _:
            allowed = {0, len(measure.terms)}
    if money not in allowed and measure.operator != "ratio":
        raise ValueError(f"'{measure.operator}' mixes money and numbers")
    if not allowed:
        raise ValueError("a number cannot be divided by money")
    return MeasureKind.MONEY if money else MeasureKind.NUMBER


def _term_kind(term: Number | Measure | str, measures: Mapping[str, Measure]) -> MeasureKind:
    if isinstance(term, Number):
        return MeasureKind.NUMBER
    return kind_of(term, measures) if isinstance(term, str) else _kind(term, measures)
