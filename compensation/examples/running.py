"""A plan's own examples, run through the engine."""

from collections.abc import Callable

from compensation.errors import CompensationError
from compensation.examples.expectations import broken_expectations
from compensation.examples.outcome import currencies_of, happened
from compensation.examples.short import broken_pays
from compensation.plans.examples import ShortExample, StoryExample
from compensation.plans.plan import Plan

Exponent = int | Callable[[str], int]


def failing_examples(plan: Plan, exponent: Exponent = 2) -> list[str]:
    """What each example that does not hold expects and gets.

    ``exponent``: the digits of minor units, of all currencies the same, or told by a function of the currency.
    """
    return [failure for example in plan.examples for failure in _failures(plan, example, exponent)]


def _failures(plan: Plan, example: ShortExample | StoryExample, exponent: Exponent) -> list[str]:
    if isinstance(example, ShortExample):
        return broken_pays(plan, example, _digits(plan.currency, exponent))
    exponents = {currency: _digits(currency, exponent) for currency in currencies_of(plan, example)}
    try:
        return [f"example '{example.name}', {each}" for each in broken_expectations(happened(plan, example, exponents))]
    except CompensationError as error:
        return [f"example '{example.name}' cannot be run: {error}"]


def _digits(currency: str, exponent: Exponent) -> int:
    return exponent(currency) if callable(exponent) else exponent
