"""Measures: what is counted of a transaction. Some are built in, others a plan makes of fields with a few operators."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from compensation.plans.combined import OPERATORS, Combined, read_term
from compensation.plans.parts import problem
from compensation.plans.typed_numbers import Number, NumberOrPercent


class MeasureKind(StrEnum):
    """Money counts in minor units of a currency, everything else in millionths."""

    MONEY = "money"
    NUMBER = "number"


BUILT_IN = {
    "revenue": MeasureKind.MONEY,
    "margin": MeasureKind.MONEY,
    "earnings": MeasureKind.MONEY,
    "quantity": MeasureKind.NUMBER,
    "count": MeasureKind.NUMBER,
    "deals": MeasureKind.NUMBER,
}
"""``count`` is one for each transaction, ``deals`` one for the first of a deal; ``earnings`` are of components."""


class Measure(Combined):
    """A ``field`` that transactions carry, or an operator on others; rounded to a minor unit or a millionth."""

    field: str | None = None
    kind: Literal["money", "number"] | None = None
    sum: "Terms" = ()
    difference: "Terms" = ()
    product: "Terms" = ()
    ratio: "Terms" = ()
    min: "Terms" = ()
    max: "Terms" = ()

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if len(self.given("field", *OPERATORS)) != 1:
            raise problem("a measure is one thing", f"give exactly one of {', '.join(('field', *OPERATORS))}")
        if (self.field is None) != (self.kind is None):
            raise problem("a field is money or a number", "give 'kind: money' or 'kind: number' with 'field'")
        return self


Terms = tuple[
    Annotated[
        Number | Measure | str, BeforeValidator(read_term, json_schema_input_type=NumberOrPercent | Measure | str)
    ],
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
