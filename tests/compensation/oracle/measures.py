"""Measures: what is counted of a transaction, or of a transaction together with the returns that reverse it."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from compensation.plans.measures import Measure, kind_of
from compensation.plans.plan import Plan
from compensation.plans.typed_numbers import Number
from tests.compensation.oracle.numbers import MILLION, half_away

Raw = Mapping[str, int | None]
"""What a transaction carries, by name: minor units of its currency, or millionths; None if it is not known."""


class NotKnownError(Exception):
    """A measure needs a field that the transaction lacks; ``code`` says how the lack is called."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def measured(name: str, raw: Raw, plan: Plan, *, is_rest: bool = False) -> int:
    """The measure in minor units or millionths. Where nothing is left (``is_rest``) of what it is made of, nothing."""
    if is_rest and all(raw.get(base) == 0 for base in bases(name, plan)):
        return 0
    if name == "margin" and raw.get(name) is None:
        raise NotKnownError("no_margin")
    exact = _named(name, raw, plan)
    return half_away(exact if plan.kind_of(name) == "money" else exact * MILLION)


def bases(name: str, plan: Plan) -> Iterator[str]:
    """What of a transaction a measure is made of."""
    if name in plan.measures:
        yield from _bases_of(plan.measures[name], plan)
    else:
        yield name


def _bases_of(measure: Measure, plan: Plan) -> Iterator[str]:
    if measure.field is not None:
        yield measure.field
    for term in measure.terms:
        if isinstance(term, Measure):
            yield from _bases_of(term, plan)
        elif isinstance(term, str):
            yield from bases(term, plan)


def _named(name: str, raw: Raw, plan: Plan) -> Fraction:
    """Minor units of money, plain numbers of anything else."""
    if name in plan.measures:
        return _of(plan.measures[name], raw, plan)
    value = raw.get(name)
    if value is None:
        raise NotKnownError("no_measure")
    return Fraction(value) if plan.kind_of(name) == "money" else Fraction(value, MILLION)


def _of(measure: Measure, raw: Raw, plan: Plan) -> Fraction:
    """Every operator's result is rounded, to a minor unit or a millionth."""
    if measure.field is not None:
        value = raw.get(measure.field)
        if value is None:
            raise NotKnownError("no_measure")
        return Fraction(value) if measure.kind == "money" else Fraction(value, MILLION)
    unit = 1 if kind_of("this", {**plan.measures, "this": measure}) == "money" else MILLION
    return Fraction(half_away(_operated(measure, [_term(term, raw, plan) for term in measure.terms]) * unit), unit)


def _operated(measure: Measure, terms: list[Fraction]) -> Fraction:
    match measure.operator:
        case "sum":
            return sum(terms, Fraction(0))
        case "difference":
            return terms[0] - terms[1]
        case "product":
            return product(terms)
        case "ratio":
            if not terms[1]:
                raise NotKnownError("no_measure")
            return terms[0] / terms[1]
        case "min":
            return min(terms)
        case _:
            return max(terms)


def product(terms: list[Fraction]) -> Fraction:
    result = Fraction(1)
    for term in terms:
        result *= term
    return result


def _term(term: Number | Measure | str, raw: Raw, plan: Plan) -> Fraction:
    if isinstance(term, Number):
        return term.value
    return _named(term, raw, plan) if isinstance(term, str) else _of(term, raw, plan)
