"""A plan's own examples, run through the engine."""

from fractions import Fraction

import polars as pl

from compensation.curves.compiling import compile_curve, unit_scale
from compensation.curves.curve import segments_frame
from compensation.curves.earning import Method, earn
from compensation.curves.terms import Terms
from compensation.exact import exact_series, rounded
from compensation.plans.examples import ShortExample
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule, rules_of
from compensation.plans.typed_numbers import Number


def failing_examples(plan: Plan, exponent: int = 2) -> list[str]:
    """What each example that does not hold expects and gets; ``exponent``: digits of the plan currency's minor unit."""
    failures = []
    rules = {rule.component.name: rule for rule in rules_of([plan])}
    for example in plan.examples:
        if not isinstance(example, ShortExample):
            continue
        paid = example_pay(rules[example.component], example, exponent)
        expected = [_minor(number, exponent) for number in (example.opening, *example.pays)]
        if paid != expected:
            failures.append(f"example '{example.name}': expected {expected}, the plan pays {paid} (in minor units)")
    return failures


def example_pay(rule: Rule, example: ShortExample, exponent: int) -> list[int]:
    """The opening and what each credit earns, in minor units."""
    scale, looked_at = unit_scale(rule.measure_kind, exponent), unit_scale(rule.position_kind, exponent)
    quota = None if example.quota is None else rounded(example.quota.value * looked_at)
    curve = compile_curve(rule, Terms(quota), exponent)
    bases = [rounded(number.value * scale) for number in example.credits]
    positions = [rounded(number.value * looked_at) for number in example.positions or example.credits]
    numbers = list(range(len(bases)))
    credited = pl.DataFrame(
        {
            "credit_id": numbers,
            "accumulator": [0] * len(bases),
            "curve": [0] * len(bases),
            "sequence": numbers,
            "position": positions,
        }
    ).with_columns(
        exact_series(bases).alias("base"),
        exact_series([0] * len(bases)).alias("family_base"),
        pl.lit(None, pl.Int64).alias("origin_id"),
    )
    accumulators = pl.DataFrame({"accumulator": [0], "start": [0]})
    segments = segments_frame([curve])
    method = Method.of(rule.component, 10**exponent)
    paid = earn(credited.lazy(), accumulators.lazy(), segments.lazy(), [method], "accumulator").collect()
    return [curve.pay_at(0), *(int(earning) for earning in paid.sort("credit_id")["earning"])]


def _minor(number: Number, exponent: int) -> int:
    return rounded(number.value * Fraction(10) ** exponent)
