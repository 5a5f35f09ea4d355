"""Numbers as a finance person types them, kept exact: ``8%``, ``0.08``, ``50000``; bounds such as ``above 100%``."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from compensation.exact import rounded

_FIGURE = re.compile(r"[+-]?\d{1,18}(\.\d{1,12})?%?")
_ABOVE = re.compile(r"above\s+(.*)")


class Number(NamedTuple):
    """An exact number and whether it was typed as a percentage."""

    value: Fraction
    is_percent: bool = False


class Bound(NamedTuple):
    """Where something begins: at the number, or (``above 50000``) only above it."""

    value: Fraction
    is_percent: bool = False
    is_above: bool = False


class RoundedNumber(NamedTuple):
    """A number as printed: ``step`` is one of its last digit, None where it was typed without decimals."""

    value: Fraction
    is_percent: bool = False
    step: Fraction | None = None

    def matches(self, exact: Fraction) -> bool:
        """Whether ``exact`` is the number, rounded half away from zero to as many digits.

        >>> read_rounded("2.11%").matches(Fraction(95, 4500)), read_rounded("2").matches(Fraction(19, 10))
        (True, False)
        """
        return exact == self.value if self.step is None else rounded(exact / self.step) * self.step == self.value


def read_rounded(typed: object) -> RoundedNumber:
    """The number that a text spells, with how exactly it does."""
    if isinstance(typed, RoundedNumber):
        return typed
    number = read_number(typed)
    digits = str(typed).rstrip("%").partition(".")[2]
    step = Fraction(1, 10 ** (len(digits) + 2 * number.is_percent)) if digits or number.is_percent else None
    return RoundedNumber(*number, step)


def read_number(typed: object) -> Number:
    """The number that a text spells; the error says how to type it.

    >>> read_number("8%").value == read_number("0.08").value
    True
    """
    if isinstance(typed, Number):
        return typed
    text = str(typed)
    if not _FIGURE.fullmatch(text):
        raise PydanticCustomError("number", "'{typed}' is not a number; write it as 8%, 0.08 or 50000", {"typed": text})
    is_percent = text.endswith("%")
    value = Fraction(text.rstrip("%"))
    return Number(value / 100 if is_percent else value, is_percent)


def read_bound(typed: object) -> Bound:
    """The bound that a text spells.

    >>> read_bound("above 50000")
    Bound(value=Fraction(50000, 1), is_percent=False, is_above=True)
    """
    if isinstance(typed, Bound):
        return typed
    above = _ABOVE.fullmatch(str(typed).strip())
    return Bound(*read_number(above[1] if above else typed), is_above=above is not None)


def _plain(typed: object) -> Number:
    number = read_number(typed)
    if number.is_percent:
        raise PydanticCustomError(
            "amount", "'{typed}' is a percentage, an amount is wanted; drop the %", {"typed": str(typed)}
        )
    return number


def _share(typed: object) -> Number:
    number = read_number(typed)
    if not 0 < number.value <= 10:
        raise PydanticCustomError(
            "share", "'{typed}' is no share; write one between 0% and 1000%", {"typed": str(typed)}
        )
    return number


def _part(typed: object) -> Number:
    number = read_number(typed)
    if not 0 <= number.value <= 1:
        raise PydanticCustomError("part", "'{typed}' is no part; write one between 0% and 100%", {"typed": str(typed)})
    return number


def _spelled(number: Number | Bound | RoundedNumber) -> str:
    """As it may be typed: exact, or as near as twelve digits come."""
    factor = 100 if number.is_percent else 1
    value = number.value * factor
    text = f"{value}"
    if "/" in text:
        text = f"{Decimal(value.numerator) / Decimal(value.denominator):.12f}".rstrip("0")
    above = "above " if isinstance(number, Bound) and number.is_above else ""
    return f"{above}{text}{'%' if number.is_percent else ''}"


_FIGURE_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^{_FIGURE.pattern}$"}]}
_PLAIN_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[+-]?\d{1,18}(\.\d{1,12})?$"}]}
_BOUND_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^(above\s+)?{_FIGURE.pattern}$"}]}
_SHARE_SCHEMA = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 10},
        {"type": "string", "pattern": r"^\+?(\d{1,3}(\.\d{1,12})?%|1000(\.0{1,12})?%|\d(\.\d{1,12})?|10(\.0{1,12})?)$"},
    ]
}
_PART_SCHEMA = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^\+?(\d{1,2}(\.\d{1,12})?%|100(\.0{1,12})?%|0(\.\d{1,12})?|1(\.0{1,12})?)$"},
    ]
}

NumberOrPercent = Annotated[
    Number, BeforeValidator(read_number), PlainSerializer(_spelled), WithJsonSchema(_FIGURE_SCHEMA)
]
LowerBound = Annotated[Bound, BeforeValidator(read_bound), PlainSerializer(_spelled), WithJsonSchema(_BOUND_SCHEMA)]
Amount = Annotated[Number, BeforeValidator(_plain), PlainSerializer(_spelled), WithJsonSchema(_PLAIN_SCHEMA)]
Share = Annotated[Number, BeforeValidator(_share), PlainSerializer(_spelled), WithJsonSchema(_SHARE_SCHEMA)]
Part = Annotated[Number, BeforeValidator(_part), PlainSerializer(_spelled), WithJsonSchema(_PART_SCHEMA)]
Rounded = Annotated[
    RoundedNumber, BeforeValidator(read_rounded), PlainSerializer(_spelled), WithJsonSchema(_FIGURE_SCHEMA)
]
