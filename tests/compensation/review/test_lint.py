"""Each warning: a plan that has it, with the smallest example, and the nearest plan that has not."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation import Money, Plan, calculate, parse_plan
from compensation.review.lint import lint
from compensation.review.warning import PlanWarning, sentences
from tests.compensation.review.history import Invoice, facts_of
from tests.compensation.review.plans import plan_of


class Pair(NamedTuple):
    """A plan that a warning is about, what it says, and the nearest plan without it."""

    code: str
    has: str
    says: str
    has_not: str


CURVES = {
    "whole amount tiers jump": Pair(
        "cliff",
        "payout: {whole_amount_tiers: [{from: 0, rate: 1%}, {from: 100000, rate: 2.5%}]}",
        "at $99,999.99 it pays $1,000.00; $0.01 more pays $2,500.00",
        "payout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 100000, rate: 2.5%}]}",
    ),
    "a bonus at the quota jumps": Pair(
        "cliff",
        "quota: 80000\npayout: {steps: [{at: 100%, bonus: 750}]}",
        "at $79,999.99 it pays $0.00; $0.01 more pays $750.00. Tried with a quota of $80,000.00.",
        "quota: 80000\npayout: {points: [{at: 0%, pays: 0}, {at: 100%, pays: 750}], after_last: continue}",
    ),
    "a gate on its own attainment is a cliff": Pair(
        "cliff",
        "quota: 100000\npayout: {rate: 5%}\ngates: [{figure: reached, at_least: 50%}]",
        "at $49,999.99 it pays $0.00; $0.01 more pays $2,500.00",
        "quota: 100000\npayout: {rate: 5%}",
    ),
    "the thousandth unit jumps": Pair(
        "cliff",
        "measure: quantity\npayout: {whole_amount_tiers: [{from: 0, per_unit: 1}, {from: 1000, per_unit: 2}]}",
        "at 999 it pays $999.00; 1 more pays $2,000.00",
        "measure: quantity\npayout: {marginal_tiers: [{from: 0, per_unit: 1}, {from: 1000, per_unit: 2}]}",
    ),
    "a lower rate on everything pays less": Pair(
        "inversion",
        "payout: {whole_amount_tiers: [{from: 0, rate: 3%}, {from: 100000, rate: 2%}]}",
        "at $99,999.99 it pays $3,000.00; at $100,000.00 it pays $2,000.00",
        "payout: {marginal_tiers: [{from: 0, rate: 3%}, {from: 100000, rate: 2%}]}",
    ),
    "a falling line pays less": Pair(
        "inversion",
        "payout: {points: [{at: 0, pays: 0}, {at: 1000, pays: 100}, {at: 2000, pays: 50}]}",
        "at $1,000.00 it pays $100.00; at $1,999.99 it pays $50.00",
        "payout: {points: [{at: 0, pays: 0}, {at: 1000, pays: 100}, {at: 2000, pays: 150}]}",
    ),
    "nothing below a bound": Pair(
        "dead_zone",
        "payout: {excess: {above: 20000, rate: 5%}}",
        "from $0.00 to $19,999.99 it stays at $0.00",
        "payout: {rate: 5%}",
    ),
    "nothing in the middle": Pair(
        "dead_zone",
        "payout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 1000, rate: 0%}, {from: 2000, rate: 2%}]}",
        "from $1,000.00 to $1,999.99 it stays at $10.00",
        "payout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 1000, rate: 0.5%}, {from: 2000, rate: 2%}]}",
    ),
    "nothing above the cap": Pair(
        "dead_end",
        "payout: {rate: 5%}\ncap: 500",
        "nothing more from $10,000.00 on: $21,000.00 pays $500.00 as well",
        "payout: {rate: 5%}",
    ),
    "above the cap it is better to wait": Pair(
        "delaying_pays",
        "payout: {rate: 5%}\ncap: 500",
        "after $10,000.00, a deal of $0.10 on Mar 31, 2026 adds $0.00; on Apr 1, 2026, in the next period, it adds",
        "payout: {rate: 5%}\nperiod: ever\ncap: 500",
    ),
    "a cent before the bonus": Pair(
        "pulling_forward_pays",
        "payout: {whole_amount_tiers: [{from: 0, rate: 1%}, {from: 100000, rate: 2.5%}]}",
        "in the next period, adds $0.00; on Mar 31, 2026, in this one, it adds $1,500.00",
        "payout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 100000, rate: 2.5%}]}",
    ),
    "a new period begins with nothing": Pair(
        "pulling_forward_pays",
        "payout: {excess: {above: 20000, rate: 5%}}",
        "after $20,000.00, a deal of $0.10 on Apr 1, 2026, in the next period, adds $0.00; on Mar 31, 2026",
        "period: ever\npayout: {excess: {above: 20000, rate: 5%}}",
    ),
    "a tier that begins above its bound": Pair(
        "cliff",
        "payout: {whole_amount_tiers: [{from: 0, rate: 1%}, {from: above 100000, rate: 2%}]}",
        "at $100,000.00 it pays $1,000.00; $0.01 more pays $2,000.00",
        "payout: {marginal_tiers: [{from: 0, rate: 1%}, {from: above 100000, rate: 2%}]}",
    ),
    "a gate that has to be exceeded": Pair(
        "cliff",
        "period: ever\nquota: 100000\npayout: {rate: 5%}\ngates: [{figure: reached, above: 50%}]",
        "at $50,000.00 it pays $0.00; $0.01 more pays $2,500.00",
        "period: ever\nquota: 100000\npayout: {rate: 5%}\ngates: [{figure: reached, at_least: 0%}]",
    ),
    "a fixed amount once in a period": Pair(
        "cliff",
        "payout: {amount: 250}",
        "at $0.00 it pays $0.00; $0.01 more pays $250.00",
        "accumulate_by: transaction\npayout: {amount: 250}",
    ),
    "a cap for each deal": Pair(
        "splitting_pays",
        "payout: {rate: 5%}\ncap: {amount: 500, per: deal}",
        "one of $20,000.00 pays $500.00; the same as $10,000.00 and $10,000.00 pays $1,000.00",
        "payout: {rate: 5%}\ncap: {amount: 500, per: period}",
    ),
    "a fixed amount for each order": Pair(
        "splitting_pays",
        "accumulate_by: transaction\npayout: {amount: 250}",
        "one of $0.02 pays $250.00; the same as $0.01 and $0.01 pays $500.00",
        "payout: {amount: 250}",
    ),
    "tiers for each deal": Pair(
        "merging_pays",
        "accumulate_by: deal\npayout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 10000, rate: 2%}]}",
        "$10,000.00 and $10,000.00 pay $200.00; the same as one order of $20,000.00 pays $300.00",
        "payout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 10000, rate: 2%}]}",
    ),
    "the rate found before": Pair(
        "order_decides",
        "mode: rate_before\npayout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 10000, rate: 2%}]}",
        "$5,000.00 before $10,000.00 pays $150.00; $10,000.00 before $5,000.00 pays $200.00",
        "mode: curve\npayout: {marginal_tiers: [{from: 0, rate: 1%}, {from: 10000, rate: 2%}]}",
    ),
    "paid on margin, tiers by revenue": Pair(
        "order_decides_by_position",
        "measure: margin\nposition: revenue\nmode: sliced\n"
        "payout: {marginal_tiers: [{from: 0, rate: 10%}, {from: 10000, rate: 20%}]}",
        "$5,000.00 with $5,000.00 to pay on before $10,000.00 with $1,000.00 pays $650.00; the other way",
        "measure: margin\npayout: {marginal_tiers: [{from: 0, rate: 10%}, {from: 10000, rate: 20%}]}",
    ),
    "a tier beyond the cap": Pair(
        "unreachable_tier",
        "payout: {marginal_tiers: [{from: 0, rate: 5%}, {from: 20000, rate: 10%}]}\ncap: 500",
        "what begins at $20,000.00 is never reached: $10,000.00 pays $500.00 already",
        "payout: {marginal_tiers: [{from: 0, rate: 5%}, {from: 20000, rate: 10%}]}\ncap: 5000",
    ),
    "a tier too narrow for a cent": Pair(
        "empty_tier",
        "payout: {marginal_tiers: [{from: 0, rate: 5%}, {from: 100.001, rate: 6%}, {from: 100.002, rate: 7%}]}",
        "no sale can lie in the tier that begins at $100.01",
        "payout: {marginal_tiers: [{from: 0, rate: 5%}, {from: 100.01, rate: 6%}, {from: 100.02, rate: 7%}]}",
    ),
    "a window after the plan": Pair(
        "never_in_force",
        "payout: {rate: 5%}\nwindow: {from: 2025-01-01, through: 2025-12-31}",
        "its window from Jan 1, 2025 through Dec 31, 2025 lies outside the days of the plan",
        "payout: {rate: 5%}\nwindow: {from: 2025-01-01, through: 2026-12-31}",
    ),
    "cases are tried by themselves": Pair(
        "cliff",
        "payout: {by: channel, cases: [{when: direct, rate: 1%}, {when: partner, steps: [{at: 1000, bonus: 50}]}]}",
        "commission (partner) jumps: at $999.99 it pays $0.00",
        "payout: {by: channel, cases: [{when: direct, rate: 1%}, {when: partner, rate: 2%}]}",
    ),
}  # fmt: skip
CURVES_GATED = "a gate on its own attainment is a cliff"
AMOUNTS = ("below", "step", "pays_below", "pays_at")
FIGURES = "figures: {reached: {attainment_of: commission}}\n"
OVERLAPS = {
    "two rates on every invoice": (("", ""), "$1,000.00 on Jan 1, 2026 pays $10.00 and $20.00, $30.00 together."),
    "filters that meet": (("filter: {products: [A, B]}", "filter: {products: [B, C]}"), "$30.00 together"),
}
DISTINCT = {
    "the first match consumes": "first_match: x",
    "another document": "credited_on: order",
    "another measure": "measure: margin",
    "other people": "credit_to: direct_manager",
    "only for others": "only_for: {titles: Rep}",
    "its pay is taken off": "less_earnings_of: base",
    "a bonus beside a rate": "payout: {steps: [{at: 1, bonus: 5}]}",
    "other products": "filter: {excluding: {products: A}}",
    "another time": "window: {from: 2025-01-01, through: 2025-02-01}",
}


def warnings_of(*plans: Plan) -> list[PlanWarning]:
    return lint(plans, {"USD": 2})


def texts(code: str, *plans: Plan) -> list[str]:
    return [warning.why.text["en"] for warning in warnings_of(*plans) if warning.code == code]


def written(keys: str) -> Plan:
    return plan_of(keys, more=FIGURES if "figure:" in keys else "")


@pytest.mark.parametrize("pair", CURVES.values(), ids=CURVES)
def test_a_plan_that_has_it_is_warned_with_the_smallest_example(pair: Pair) -> None:
    assert pair.says in " ".join(texts(pair.code, written(pair.has)))


@pytest.mark.parametrize("pair", CURVES.values(), ids=CURVES)
def test_the_nearest_plan_that_has_it_not_is_not(pair: Pair) -> None:
    assert texts(pair.code, written(pair.has_not)) == []


def base_and_more(base: str, more: str) -> Plan:
    """Two rules on invoices, each with keys that it changes or adds."""
    usual = {"credited_on": "invoice", "period": "month"}
    rules = []
    for name, rate, changes in (("base", "1%", base), ("more", "2%", more)):
        keys = {**usual, "payout": f"{{rate: {rate}}}", **dict([changes.split(": ", 1)] if changes else [])}
        rules.append(f"  - {{component: {name}, {', '.join(f'{key}: {value}' for key, value in keys.items())}}}")
    return plan_of("\n".join(rules))


@pytest.mark.parametrize(("keys", "says"), OVERLAPS.values(), ids=OVERLAPS)
def test_two_rates_on_one_sale_are_told(keys: tuple[str, str], says: str) -> None:
    (text,) = texts("overlapping_rules", base_and_more(*keys))
    assert text.startswith("base and more both pay on one sale: ")
    assert says in text


@pytest.mark.parametrize("difference", DISTINCT.values(), ids=DISTINCT)
def test_rules_that_do_not_meet_or_are_meant_are_not(difference: str) -> None:
    base = {
        "first_match: x": "first_match: x",
        "filter: {excluding: {products: A}}": "filter: {products: A}",
        "only_for: {titles: Rep}": "only_for: {titles: Manager}",
    }
    assert texts("overlapping_rules", base_and_more(base.get(difference, ""), difference)) == []


def test_two_plans_of_one_person_overlap() -> None:
    rule = "payout: {rate: 1%}"
    everyone, partners = plan_of(rule), plan_of(rule, name="Partners", who="{channels: partner}")
    direct = plan_of(rule, name="Direct", who="{channels: direct}")
    assert len(texts("overlapping_rules", everyone, partners)) == 1
    assert texts("overlapping_rules", direct, partners) == []


@pytest.mark.parametrize("name", ["whole amount tiers jump", "a bonus at the quota jumps", CURVES_GATED])
def test_the_plan_itself_pays_what_a_cliff_says(name: str) -> None:
    plan = written(CURVES[name].has)
    (cliff,) = (warning for warning in warnings_of(plan) if warning.code == "cliff")
    told = {key: int(Decimal(Money.model_validate(cliff.why.params[key]).amount) * 100) for key in AMOUNTS}
    for sale, pays in ((told["below"], "pays_below"), (told["below"] + told["step"], "pays_at")):
        facts = facts_of([Invoice("I1", "rita", 0)])
        sold = facts.transactions.with_columns(revenue_minor=pl.lit(sale, pl.Int64))
        totals = calculate(replace(facts, transactions=sold), [plan], as_of=date(2026, 3, 31)).totals()
        assert totals["earning_minor"].sum() == told[pays]


SHIPPED = {
    "demo/account_executives": [],
    "demo/specialists": ["cliff", "pulling_forward_pays"],
    "crm_sales/sales_agents": ["dead_zone", "pulling_forward_pays"],
}


@pytest.mark.parametrize(("file", "codes"), SHIPPED.items())
def test_shipped_plans_are_warned_of_what_they_mean(file: str, codes: list[str]) -> None:
    path = Path(__file__).parents[3] / "bonusbridge" / "plans" / f"{file}.yaml"
    assert [warning.code for warning in warnings_of(parse_plan(path.read_text("utf-8"), path.name))] == codes


RATES = st.integers(1, 40).map(lambda permille: Fraction(permille, 1000))


@settings(max_examples=25, deadline=None)
@given(
    bounds=st.sets(st.integers(1, 500), max_size=3).map(sorted),
    rates=st.lists(RATES, min_size=4, max_size=4),
    by_attainment=st.booleans(),
)
def test_a_plan_that_pays_evenly_for_every_sale_is_not_warned(
    bounds: list[int], rates: list[Fraction], by_attainment: bool
) -> None:
    unit = "%" if by_attainment else "000"
    lowers = [f"0{unit}", *(f"{bound}{unit}" for bound in bounds)]
    tiers = [f"{{from: {lower}, rate: {float(rate)}}}" for lower, rate in zip(lowers, rates, strict=False)]
    assert warnings_of(plan_of(f"payout: {{marginal_tiers: [{', '.join(tiers)}]}}")) == []


def test_every_kind_is_said_in_both_languages_with_the_same_numbers() -> None:
    for pair in CURVES.values():
        for warning in warnings_of(written(pair.has)):
            assert warning.why.text.keys() == {"en", "zh-Hans"}
            assert "{" not in "".join(warning.why.text.values())
    tried_elsewhere = {"overlapping_rules", "pays_best_earns_least", "uncredited", "tried_with_quota"}
    said = {code for code in sentences() if "{" in sentences()[code]["en"]}
    assert {pair.code for pair in CURVES.values()} | tried_elsewhere == said - {"not_yet_documented"}
