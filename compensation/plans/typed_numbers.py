"""Numbers as a finance person types them, kept exact: ``8%``, ``0.08``, ``50000``."""

import re
from fractions import Fraction
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

_FIGURE = re.compile(r"[+-]?\d{1,18}(\.\d{1,12})?%?")


class Number(NamedTuple):
    """An exact number and whether it was typed as a percentage."""

    value: Fraction
    is_percent: bool = False


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


NumberOrPercent = Annotated[Number, BeforeValidator(read_number), PlainSerializer(str)]
Amount = Annotated[Number, BeforeValidator(_plain), PlainSerializer(str)]
Share = Annotated[Number, BeforeValidator(_share), PlainSerializer(str)]
