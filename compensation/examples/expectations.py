"""Expectations of an example against what it comes to."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from compensation.examples.outcome import Outcome
from compensation.examples.seen import Seen
from compensation.plans.examples import EVERYONE, Expectation
from compensation.plans.typed_numbers import Number, RoundedNumber

_ONE_NUMBER = (
    *("credit", "share", "of_total", "position", "attainment", "earns", "earned_to_date", "calculated", "reduced_to"),
    *("rate", "of_target", "multiplier", "factor", "released", "waits", "draw", "recovered", "guarantee", "adjusted"),
    *("paid", "owed", "carried"),
)
_BY_NAME = ("measures", "scores", "figure")
_LISTS = ("in_tiers", "slices")
Typed = Number | RoundedNumber


def broken_expectations(outcome: Outcome) -> Iterator[str]:
    """Who, what was expected and what came, of each that does not hold."""
    for expected in outcome.story.expects:
        about = ", ".join(_about(expected))
        unknown = list(_unknown(expected, outcome))
        failures = unknown or list(_differences(expected, Seen(outcome, expected)))
        yield from (f"{about}: {failure}" for failure in failures)


def _about(expected: Expectation) -> Iterator[str]:
    yield expected.payee
    yield from expected.component
    yield from (each for each in (expected.document, expected.period, expected.via) if each)


def _unknown(expected: Expectation, outcome: Outcome) -> Iterator[str]:
    """Names that stand nowhere else; with them everything would be zero, as expected or not."""
    customers = {document.customer for document in outcome.story.happens}
    if expected.payee not in {EVERYONE, *outcome.story.people, *customers}:
        yield f"there is nobody called '{expected.payee}'"
    if expected.via and expected.via not in outcome.story.people:
        yield f"there is nobody called '{expected.via}'"
    for name in expected.component:
        if name not in {component.name for component in outcome.plan.components}:
            yield f"there is no component '{name}'"
    if expected.document and not outcome.documents.ids_of(expected.document):
        yield f"there is no document '{expected.document}'"


def _differences(expected: Expectation, seen: Seen) -> Iterator[str]:
    for key in _ONE_NUMBER:
        typed = getattr(expected, key)
        if typed is not None:
            yield from _difference(key, typed, getattr(seen, key)())
    for key in _BY_NAME:
        for name, typed in getattr(expected, key).items():
            yield from _difference(f"{key} {name}", typed, getattr(seen, key)(name))
    for key in _LISTS:
        if getattr(expected, key) is not None:
            yield from _different_lists(key, getattr(expected, key), getattr(seen, key)())
    if expected.why is not None and expected.why not in seen.why():
        yield f"why: expected {expected.why}, came {', '.join(sorted(seen.why())) or 'nothing'}"


def _difference(key: str, typed: Typed, came: Fraction | None) -> Iterator[str]:
    if came is None or not _holds(typed, came):
        spelled = "nothing" if came is None else _spelled(came, is_percent=typed.is_percent)
        yield f"{key}: expected {_spelled(typed.value, is_percent=typed.is_percent)}, came {spelled}"


def _different_lists(key: str, typed: tuple[Number, ...], came: list[Fraction]) -> Iterator[str]:
    if [number.value for number in typed] != came:
        lists = (", ".join(map(_spelled, numbers)) for numbers in ([number.value for number in typed], came))
        yield f"{key}: expected [{next(lists)}], came [{next(lists)}]"


def _holds(typed: Typed, came: Fraction) -> bool:
    return typed.matches(came) if isinstance(typed, RoundedNumber) else typed.value == came


def _spelled(value: Fraction, *, is_percent: bool = False) -> str:
    """As a decimal, to six digits where it has no end.

    >>> _spelled(Fraction(-5, 4)), _spelled(Fraction(1, 15), is_percent=True)
    ('-1.25', '6.666667%')
    """
    number = value * 100 if is_percent else value
    decimal = Decimal(number.numerator) / Decimal(number.denominator)
    text = f"{decimal:f}" if Fraction(decimal) == number else f"{decimal:.6f}"
    return f"{text}%" if is_percent else text
