"""A plan's own examples, run through the engine."""

from compensation.errors import CompensationError
from compensation.examples.expectations import broken_expectations
from compensation.examples.outcome import happened
from compensation.examples.short import broken_pays
from compensation.plans.examples import ShortExample, StoryExample
from compensation.plans.plan import Plan


def failing_examples(plan: Plan, exponent: int = 2) -> list[str]:
    """What each example that does not hold expects and gets; ``exponent``: digits of the plan currency's minor unit.

    Other currencies of an example count as having two digits.
    """
    return [failure for example in plan.examples for failure in _failures(plan, example, exponent)]


def _failures(plan: Plan, example: ShortExample | StoryExample, exponent: int) -> list[str]:
    if isinstance(example, ShortExample):
        return broken_pays(plan, example, exponent)
    try:
        return [f"example '{example.name}', {each}" for each in broken_expectations(happened(plan, example, exponent))]
    except CompensationError as error:
        return [f"example '{example.name}' cannot be run: {error}"]
