"""Where the plan files of published examples expect each published number.

``published/numbers.yaml`` repeats what is published with an address in place of each number:
``example | who + component + document + period | key``, where of several expectations the one with the fewest other
words is meant. Behind the key may stand the place in a list and what makes it the published number: ``in percent``,
``negated``, ``less 2000``, ``per 1000``; two addresses with ``minus`` between them are a difference.
"""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from compensation import Plan
from compensation.plans.examples import Expectation, StoryExample
from compensation.plans.typed_numbers import Number, RoundedNumber

_TREATMENT = r" in percent| negated| less [\d.]+| per \d+"
_KEY = re.compile(rf"(?P<key>[a-z_]+)(\.(?P<name>.+?))?( (?P<place>\d+))?(?P<treatments>({_TREATMENT})*)")


def leaves(value: object, place: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in a tree of mappings and lists, each with its place."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{place}.{key}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, f"{place}[{index}]")
    else:
        yield place, value


def expected_at(address: str, plans: Iterable[Plan]) -> Fraction:
    """The number that the plans' examples expect at an address; ValueError if there is none, or more than one."""
    stories = {each.name: each for plan in plans for each in plan.examples if isinstance(each, StoryExample)}
    numbers = [_number(*part.strip().split(" | "), stories=stories) for part in address.split(" minus ")]
    return numbers[0] - sum(numbers[1:])


def _number(example: str, chosen: str, key: str, *, stories: dict[str, StoryExample]) -> Fraction:
    matched = _KEY.fullmatch(key)
    if matched is None:
        raise ValueError(f"'{key}' is no key")
    words = set(chosen.split(" + "))
    holding = [each for each in stories[example].expects if words <= _words(each) and _value(each, matched) is not None]
    fewest = min(len(_words(each)) for each in holding)
    (nearest,) = [value for each in holding if len(_words(each)) == fewest and (value := _value(each, matched))]
    number = nearest[0]
    for treatment in re.findall(_TREATMENT, matched["treatments"]):
        number = _treated(number, *treatment.split())
    return number


def _words(expected: Expectation) -> set[str]:
    words = (expected.payee, *expected.component, expected.document, expected.period, expected.via)
    return {word for word in words if word}


def _value(expected: Expectation, key: re.Match[str]) -> tuple[Fraction] | None:
    """The number, in a tuple; that of a component is the one that its name ends with."""
    if key["key"] == "component":
        return (Fraction(expected.component[0].split()[-1]),)
    typed = getattr(expected, key["key"])
    if key["name"]:
        typed = typed.get(key["name"])
    elif key["place"] and typed:
        typed = typed[int(key["place"]) - 1]
    return None if typed is None else (typed.value,)


def _treated(number: Fraction, how: str, amount: str = "") -> Fraction:
    match how:
        case "in":
            return number * 100
        case "negated":
            return -number
        case "less":
            return number - Fraction(amount)
        case _:
            return number / Fraction(amount)


CHOOSING = {"payee", "component", "document", "period", "via"}
COMPARED = Expectation.model_fields.keys() - CHOOSING - {"why"}
"""The keys of an expectation that compare numbers."""


def compared(expected: Expectation) -> list[str]:
    """The keys of numbers that an expectation gives."""
    return sorted(key for key in COMPARED if getattr(expected, key) not in (None, {}))


def off_by_one(expected: Expectation) -> Expectation:
    """The expectation with every number one more in its last place; one of each list and mapping."""
    return expected.model_copy(update={key: _off_by_one(getattr(expected, key)) for key in compared(expected)})


def _off_by_one(typed: Any) -> Any:  # noqa: ANN401 - whatever form the numbers of a key have
    if isinstance(typed, Number):
        return typed._replace(value=typed.value + 1)
    if isinstance(typed, RoundedNumber):
        return typed._replace(value=typed.value + (typed.step or 1))
    if isinstance(typed, dict):
        (name, number), *others = typed.items()
        return {name: _off_by_one(number), **dict(others)}
    return (_off_by_one(typed[0]), *typed[1:])
