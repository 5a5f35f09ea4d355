"""Published worked examples, paid as their authors say: plan in our words, their credits in, their pay out."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from compensation import failing_examples, parse_plan

Inputs = dict[str, Any]


def marginal(tiers: list[list[Any]], unit: str = "") -> str:
    """The tiers of an example as a payout."""
    rows = (f"{{from: {_text(low)}{unit}, rate: {_text(rate)}}}" for low, _, rate in tiers)
    return f"marginal_tiers: [{', '.join(rows)}]"


def multiplied(grid: list[list[Any]], shape: str = "marginal_tiers") -> str:
    """A grid of multipliers of a target pay, by attainment."""
    rows = (f"{{from: {_text(Fraction(str(low)) * 100)}%, multiplier: {_text(factor)}}}" for low, _, factor in grid)
    return f"{shape}: [{', '.join(rows)}]"


def _text(value: object) -> str:
    exact = Fraction(str(value))
    return f"{float(exact):.12f}".rstrip("0").rstrip(".")


def _numbers(values: list[Any]) -> str:
    return f"[{', '.join(_text(value) for value in values)}]"


def plan(payout: str, *examples: str, extra: str = "") -> str:
    """A plan of one component with examples."""
    return f"""\
plan: Published
currency: USD
effective: {{from: 2020-01-01}}
applies_to: {{everyone: yes}}
components:
  - component: published
    credited_on: invoice
    period: year
    {extra}
    payout: {{{payout}}}
examples:
{chr(10).join(f"  - {{example: {number}, component: published, {each}}}" for number, each in enumerate(examples))}
"""


def case(credited: list[Any], pays: list[Any], quota: object = None, opening: object = 0) -> str:
    target = "" if quota is None else f"quota: {_text(quota)}, "
    return f"{target}credits: {_numbers(credited)}, pays: {_numbers(pays)}, opening: {_text(opening)}"


def amount_in_tiers(inputs: Inputs, expected: Inputs) -> str:
    return plan(marginal(inputs["tiers"]), case([inputs["amount"]], [expected["commission"]]))


def hunter(inputs: Inputs, expected: Inputs) -> str:
    cases = (
        case([actual], [pay], inputs["target"]) for actual, pay in zip(inputs["actuals"], expected["vp"], strict=True)
    )
    return plan(multiplied(inputs["grid"]), *cases, extra=f"target_pay: {inputs['bonus']}")


def retain(inputs: Inputs, expected: Inputs) -> str:
    single = case([inputs["actual"]], [expected["vp"]], inputs["target"])
    return plan(multiplied(inputs["grid"]), single, extra=f"target_pay: {inputs['bonus']}")


def linear_and_stepped(inputs: Inputs, expected: Inputs) -> str:
    """The reading of the 120 % boundary that belongs to the upper tier; attainment against a quota of 100."""
    grid = inputs["grid"]
    whole = [case([115], [expected["linear_115"]], 100), case([120], [expected["linear_120_upper_tier"]], 100)]
    return plan(multiplied(grid, "whole_amount_tiers"), *whole, extra=f"target_pay: {inputs['bonus']}")


def linear_lower_tier(inputs: Inputs, expected: Inputs) -> str:
    """The other reading: a bound belongs to the tier below it."""
    whole = case([120], [expected["linear_120_lower_tier"]], 100)
    extra = f"target_pay: {inputs['bonus']}\n    upper_included: yes"
    return plan(multiplied(inputs["grid"], "whole_amount_tiers"), whole, extra=extra)


def stepped(inputs: Inputs, expected: Inputs) -> str:
    cases = (case([level], [pay], 100) for level, pay in zip([115, 120], expected["marginal"], strict=True))
    return plan(multiplied(inputs["grid"]), *cases, extra=f"target_pay: {inputs['bonus']}")


def year_to_date(inputs: Inputs, expected: Inputs) -> str:
    """January to March month by month, then what November adds to October's exact 100 %."""
    reached = [row["ytd"] for row in inputs["rows"]]
    months = [reached[0], reached[1] - reached[0], reached[2] - reached[1], inputs["target"] - reached[2]]
    pays = [*expected["monthly"][:3], inputs["bonus"] - sum(expected["monthly"][:3]), expected["monthly"][3]]
    credited = [*months, reached[3] - inputs["target"]]
    return plan(
        multiplied(inputs["grid"]), case(credited, pays, inputs["target"]), extra=f"target_pay: {inputs['bonus']}"
    )


def crossing_sale(inputs: Inputs, expected: Inputs, *, mode: str) -> str:
    low, high = inputs["rates"]
    tiers = [[0, None, low], [inputs["threshold"], None, high]]
    sales = [each["amount"] for each in inputs["transactions"]]
    if mode == "curve":
        first = sales[0] * Fraction(str(low))
        return plan(marginal(tiers), case(sales, [first, expected["portion_based"] - first]))
    return plan(marginal(tiers), case(sales, expected["per_transaction_parts"]), extra=f"mode: {mode}")


def many_amounts(inputs: Inputs, expected: Inputs) -> str:
    cases = (case([each], [pay]) for each, pay in zip(inputs["amounts"], expected["commission"], strict=True))
    return plan(marginal(inputs["tiers"]), *cases, extra="upper_included: yes")


def prior_sales(inputs: Inputs, expected: Inputs) -> str:
    first = Fraction(str(inputs["tiers"][0][2])) * inputs["prior"]
    return plan(marginal(inputs["tiers"]), case([inputs["prior"], inputs["deal"]], [first, expected["commission"]]))


def base_and_tiers(inputs: Inputs, expected: Inputs) -> str:
    pay = Fraction(str(expected["gross_earnings"])) - inputs["base"]
    single = case([inputs["amount"]], [pay], opening=inputs["base"])
    return plan(marginal(inputs["tiers"]), single, extra=f"opening_pay: {inputs['base']}")


def flat_rates(inputs: Inputs, expected: Inputs) -> str:
    return plan(f"rate: {_text(inputs['rate'])}", case([inputs["sales"]], [expected["commission"]]))


def per_unit(inputs: Inputs, expected: Inputs) -> str:
    units = case([inputs["plans"]], [expected["spiff"]])
    return plan(f"per_unit: {inputs['per_plan']}", units, extra="measure: quantity")


def accelerated(inputs: Inputs, expected: Inputs) -> str:
    single = case([inputs["bookings"]], [expected["total"]], inputs["quota"])
    return plan(multiplied(inputs["bands"]), single, extra=f"target_pay: {inputs['variable']}")


def retrospective_rebate(inputs: Inputs, expected: Inputs) -> str:
    bands = (f"{{from: {_text(Fraction(str(low)) * 100)}%, rate: {_text(rate)}}}" for low, rate in inputs["bands"])
    single = case([inputs["actual"]], [expected["fully_retrospective"]], inputs["baseline"])
    return plan(f"whole_amount_tiers: [{', '.join(bands)}]", single)


def incremental_rebate(inputs: Inputs, expected: Inputs) -> str:
    bands = (f"{{from: {_text(Fraction(str(low)) * 100)}%, rate: {_text(rate)}}}" for low, rate in inputs["bands"])
    single = case([inputs["actual"]], [expected["incremental"]], inputs["baseline"])
    return plan(f"marginal_tiers: [{', '.join(bands)}]", single)


def cars(inputs: Inputs, expected: Inputs) -> str:
    """Tiers by count, paid on price: sliced by the position of the cars."""
    price, parts = inputs["price"], [10, 10, 5]
    line = f"credits: {_numbers([price * part for part in parts])}, positions: {_numbers(parts)}"
    extra = "mode: sliced\n    position: quantity"
    return plan(marginal(inputs["tiers"]), f"{line}, pays: {_numbers(expected['parts'])}", extra=extra)


def steps_by_count(inputs: Inputs, expected: Inputs) -> str:
    """1-5 200, 6-10 400, 11-15 700, more than 15 1000: the step reached pays as a whole."""
    rows = ((1, 200), (6, 400), (11, 700), (16, 1000))
    tiers = ", ".join(f"{{from: {low}, amount: {amount}}}" for low, amount in rows)
    return plan(
        f"whole_amount_tiers: [{tiers}]", case([inputs["count"]], [expected["step_bonus"]]), extra="measure: quantity"
    )


CASES = [
    ("hf-tiered-calculator-30k", amount_in_tiers),
    ("web20calc-22000", amount_in_tiers),
    ("zh-studyofnet-38000", amount_in_tiers),
    ("excelforum-105-150k-quarter", amount_in_tiers),
    ("zh-nycteam-usdt-tiers", many_amounts),
    ("spiff-mamount-initial-145k", prior_sales),
    ("mathcentral-firefighting", base_and_tiers),
    ("ctp-1.1-1.3-hunter-marginal", hunter),
    ("ctp-1.6-retain-97.5", retain),
    ("ctp-3.2-linear-vs-marginal", linear_and_stepped),
    ("ctp-3.2-linear-vs-marginal", linear_lower_tier),
    ("ctp-3.2-linear-vs-marginal", stepped),
    ("ctp-7.1-ytd-incremental", year_to_date),
    ("salescookie-portion-vs-transaction", lambda inputs, expected: crossing_sale(inputs, expected, mode="curve")),
    ("salescookie-portion-vs-transaction", lambda inputs, expected: crossing_sale(inputs, expected, mode="rate_after")),
    ("prezi-carmen-yambao", flat_rates),
    ("sparrowgenie-spiff-retail", per_unit),
    ("revopsmasters-accel-130pct", accelerated),
    ("enable-growth-rebate-three-modes", retrospective_rebate),
    ("enable-growth-rebate-three-modes", incremental_rebate),
    ("superfastcpa-alex-cars", cars),
    ("donpepe-rank-and-step", steps_by_count),
]


@pytest.mark.parametrize(("name", "written"), CASES, ids=[f"{number}-{name}" for number, (name, _) in enumerate(CASES)])
def test_a_published_example_is_paid_as_published(
    name: str, written: Callable[[Inputs, Inputs], str], test_data: Path
) -> None:
    published = json.loads((test_data / "data" / "worked_examples.json").read_text(encoding="utf-8"), parse_float=str)
    example = next(each for each in published if each["id"] == name)
    text = written(example["inputs"], example["expected"])
    assert failing_examples(parse_plan(text, name)) == []
