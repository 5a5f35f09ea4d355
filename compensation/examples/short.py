"""Short examples: credits of one component in, pay out, along its curve alone."""

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


def broken_pays(plan: Plan, example: ShortExample, exponent: int) -> list[str]:
    """What the example expects and gets, if it does not hold; ``exponent``: digits of the currency's minor unit."""
    rule = next(rule for rule in rules_of([plan]) if rule.component.name == example.component)
    paid = example_pay(rule, example, exponent)
    expected = [_minor(number, exponent) for number in (example.opening, *example.pays)]
    if paid == expected:
        return []
    return [f"example '{example.name}': expected {expected}, the plan pays {paid} (in minor units)"]


def example_pay(rule: Rule, example: ShortExample, exponent: int) -> list[int]:
    """The opening and what each credit earns, in minor units."""
    scale, looked_at = unit_scale(rule.measure_kind, exponent), unit_scale(rule.position_kind, exponent)
    curve = compile_curve(rule, _terms(rule, example, exponent), exponent)
    bases = [rounded(number.value * scale) for number in example.credits]
    positions = [rounded(number.value * looked_at) for number in example.positions or example.credits]
    numbers = list(range(len(bases)))
    credited = pl.DataFrame(
        {
            "credit_id": numbers,
            "accumulator": [0] * len(bases),
            "walk": [0] * len(bases),
            "start": [rounded(example.starts_at.value * looked_at)] * len(bases),
            "together": [0] * len(bases),
            "curve": [0] * len(bases),
            "sequence": numbers,
            "position": positions,
        }
    ).with_columns(
        exact_series(bases).alias("base"),
        exact_series([0] * len(bases)).alias("family_base"),
        pl.lit(None, pl.Int64).alias("origin_id"),
    )
    segments = segments_frame([curve])
    method = Method.of(rule.component, 10**exponent)
    paid = earn(credited, segments, [method])
    return [curve.pay_at(0), *(int(earning) for earning in paid.sort("credit_id")["earning"])]


def _terms(rule: Rule, example: ShortExample, exponent: int) -> Terms:
    """Quota and target pay as the example says, else as the component does."""
    quota, target = example.quota or rule.component.quota.amount, example.target_pay
    of_plan = rule.component.target_pay
    if target is None and of_plan is not None and of_plan.amount is not None:
        target = Number(of_plan.amount.value * of_plan.share.value)
    looked_at = unit_scale(rule.position_kind, exponent)
    return Terms(
        None if quota is None else rounded(quota.value * looked_at),
        None if target is None else target.value * 10**exponent,
    )


def _minor(number: Number, exponent: int) -> int:
    return rounded(number.value * Fraction(10) ** exponent)
