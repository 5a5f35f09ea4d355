"""A plan's own examples, run through the engine."""

from fractions import Fraction

import polars as pl

from compensation.curves.curve import compile_curve, segments_frame, unit_scale
from compensation.curves.earning import earn
from compensation.exact import exact_series, lazy, rounded
from compensation.plans.plan import Component, Example, Plan
from compensation.plans.typed_numbers import Number


def failing_examples(plan: Plan, exponent: int = 2) -> list[str]:
    """What each example that does not hold expects and gets; ``exponent``: digits of the plan currency's minor unit."""
    failures = []
    for example in plan.examples:
        paid = example_pay(plan.component(example.component), example, exponent)
        expected = [_minor(number, exponent) for number in (example.opening, *example.pays)]
        if paid != expected:
            failures.append(f"example '{example.name}': expected {expected}, the plan pays {paid} (in minor units)")
    return failures


def example_pay(component: Component, example: Example, exponent: int) -> list[int]:
    """The opening and what each credit earns, in minor units."""
    scale, looked_at = unit_scale(component.measure, exponent), unit_scale(component.looks_at, exponent)
    quota = None if example.quota is None else rounded(example.quota.value * looked_at)
    curve = compile_curve(component, quota, exponent)
    bases = [rounded(number.value * scale) for number in example.credits]
    positions = [rounded(number.value * looked_at) for number in example.positions or example.credits]
    numbers = list(range(len(bases)))
    credited = pl.DataFrame(
        {"credit_id": numbers, "accumulator": [0] * len(bases), "sequence": numbers, "position": positions}
    ).with_columns(
        exact_series(bases).alias("base"),
        exact_series([0] * len(bases)).alias("family_base"),
        pl.lit(None, pl.Int64).alias("origin_id"),
    )
    accumulators = pl.DataFrame({"accumulator": [0], "curve": [0], "start": [0]})
    segments = segments_frame([curve])
    runs, starts, curves = (lazy(frame) for frame in (credited, accumulators, segments))
    paid: pl.DataFrame = earn(runs, starts, curves, [component.mode]).collect().to_native()
    return [curve.pay_at(0), *(int(earning) for earning in paid.sort("credit_id")["earning"])]


def _minor(number: Number, exponent: int) -> int:
    return rounded(number.value * Fraction(10) ** exponent)
