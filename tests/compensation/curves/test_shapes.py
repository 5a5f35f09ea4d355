"""Curves of plan files, read at positions: what is paid there in cents, bound by bound."""

from fractions import Fraction

import pytest

from compensation import parse_plan
from compensation.curves.compiling import FIXED_PAY, caps_on_curve, compile_curve, unit_scale
from compensation.curves.curve import Curve, segments_frame
from compensation.curves.terms import Terms
from compensation.exact import MAX_MINOR
from compensation.plans.measures import MeasureKind
from compensation.plans.rules import Rule, rules_of

HEAD = """\
plan: Curves
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
figures: {year: {attainment_of: pay}}
components:
  - component: pay
    credited_on: invoice
    period: quarter
"""
TIERS = "payout: {marginal_tiers: [{from: 0, rate: 10%}, {from: 100, rate: 20%}, {from: 200, rate: 5%}]}"
WHOLE = "payout: {whole_amount_tiers: [{from: 0, rate: 10%}, {from: 100, rate: 20%}]}"


def rule_of(text: str) -> Rule:
    """The rule of a component's lines."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    (rule,) = rules_of([parse_plan(HEAD + lines, "curves.yaml")])
    return rule


def curve(text: str, terms: Terms | None = None, case: int = 0) -> Curve:
    return compile_curve(rule_of(text), terms or Terms(), 2, case)


def met(quota: int | None = 10_000, target: int | None = None) -> Terms:
    return Terms(quota=quota, target_minor=None if target is None else Fraction(target))


UP_TO = {
    "marginal tiers": (TIERS, Terms(), {-1000: -100, 0: 0, 9_999: 1000, 10_000: 1000, 10_100: 1020, 30_000: 3500}),
    "a first tier above zero": (
        "payout: {marginal_tiers: [{from: 50, rate: 10%}]}",
        Terms(),
        {-100: 0, 0: 0, 5000: 0, 5100: 10, 10_000: 500},
    ),
    "whole amounts, the bound belongs to the tier above": (WHOLE, Terms(), {-1000: -100, 9_990: 999, 10_000: 2000}),
    "whole amounts, the bound belongs to the tier below": (
        WHOLE + "\nupper_included: yes",
        Terms(),
        {0: 0, 10: 1, 10_000: 1000, 10_001: 2000, -1000: -100},
    ),
    "a bound that is not reached itself": (
        "payout: {whole_amount_tiers: [{from: 0, rate: 10%}, {from: above 100, rate: 20%}]}",
        Terms(),
        {10_000: 1000, 10_010: 2002},
    ),
    "amounts by tier": (
        "payout: {whole_amount_tiers: [{from: 0, amount: 7}, {from: 100, amount: 9, rate: 1%}]}",
        Terms(),
        {-100: 700, 0: 700, 9_999: 700, 10_000: 1000, 20_000: 1100},
    ),
    "counted above a bound": (
        "payout: {whole_amount_tiers: [{from: 0, rate: 10%}, {from: 200, rate: 20%}], counted_above: 100}",
        Terms(),
        {-100: 0, 0: 0, 9_999: 0, 10_000: 0, 10_100: 10, 20_000: 2000},
    ),
    "counted above the bound of a tier": (
        "payout: {whole_amount_tiers: [{from: 0, rate: 10%}, {from: 100, rate: 20%}], counted_above: 100}",
        Terms(),
        {5000: 0, 10_000: 0, 10_100: 20},
    ),
    "nothing below zero": (TIERS + "\nbelow_zero: nothing", Terms(), {-1: 0, -5000: 0, 0: 0, 100: 10}),
    "steps": (
        "payout: {steps: [{at: 50%, bonus: 3}, {at: 100%, bonus: 4}]}",
        met(),
        {-10_000: 0, 0: 0, 4999: 0, 5000: 300, 9999: 300, 10_000: 700, 99_999: 700},
    ),
    "a step at zero": ("payout: {steps: [{at: 0, bonus: 3}, {at: 1, bonus: 4}]}", Terms(), {-1: 0, 0: 300, 100: 700}),
    "excess": ("payout: {excess: {above: 100, rate: 10%}}", Terms(), {-100: 0, 10_000: 0, 10_100: 10}),
    "excess of the quota": ("payout: {excess: {above: 100%, rate: 10%}}", met(), {10_000: 0, 10_100: 10}),
    "an amount": ("payout: {amount: 5}", Terms(), {-1: 0, 0: 0, 1: 500, 99: 500}),
    "an amount per unit": (
        "measure: quantity\npayout: {per_unit: 3}",
        Terms(),
        {-1_000_000: -300, 0: 0, 1_000_000: 300, 2_500_000: 750},
    ),
    "tiers of a number": (
        "measure: quantity\npayout: {marginal_tiers: [{from: 0, per_unit: 3}, {from: 2, per_unit: 5}]}",
        Terms(),
        {1_000_000: 300, 2_000_000: 600, 3_000_000: 1100},
    ),
    "one rate": ("payout: {rate: 10%}", Terms(), {-100: -10, 0: 0, 105: 11}),
    "multipliers": (
        "target_pay: 50\npayout: {marginal_tiers: [{from: 0%, multiplier: 1}, {from: 100%, multiplier: 2}]}",
        met(10_000, 5000),
        {5000: 2500, 10_000: 5000, 15_000: 10_000},
    ),
    "points": (
        "payout: {points: [{at: 50%, pays: 10}, {at: 100%, pays: 20}, {at: 150%, pays: 60}]}",
        met(),
        {0: 0, 4999: 0, 5000: 1000, 7500: 1500, 10_000: 2000, 12_500: 4000, 15_000: 6000, 90_000: 6000},
    ),
    "points of a target": (
        "target_pay: 50\npayout: {points: [{at: 0%, pays: 0%}, {at: 100%, pays: 120%}]}",
        met(10_000, 5000),
        {0: 0, 5000: 3000, 10_000: 6000},
    ),
    "points that go on": (
        "payout: {points: [{at: 50%, pays: 10}, {at: 100%, pays: 20}], before_first: continue, after_last: continue}",
        met(),
        {-5000: -1000, 0: 0, 5000: 1000, 15_000: 3000},
    ),
    "points that stay": (
        "payout: {points: [{at: 50%, pays: 10}, {at: 100%, pays: 20}], before_first: same, after_last: same}",
        met(),
        {-5000: 1000, 0: 1000, 5000: 1000, 7500: 1500, 15_000: 2000},
    ),
    "points that stay, nothing more below zero": (
        "below_zero: nothing\npayout: {points: [{at: -50%, pays: 0}, {at: 50%, pays: 20}], before_first: same}",
        met(),
        {-9000: 1000, -1: 1000, 0: 1000, 2500: 1500, 5000: 2000},
    ),
    "a tier of the quota": (
        "payout: {marginal_tiers: [{from: 0%, rate: 10%}, {from: 50%, rate: 20%}]}",
        met(),
        {5000: 500, 6000: 700},
    ),
    "a quota that counts as met pays the rate at 100 % on everything": (
        "payout: {marginal_tiers: [{from: 0%, rate: 5%}, {from: 100%, rate: 20%}, {from: 150%, rate: 40%}]}",
        met(0),
        {-1000: -200, 0: 0, 1000: 200, 999_999: 200_000},
    ),
    "a quota that counts as met, where 100 % is in the lower tier": (
        "upper_included: yes\npayout: {marginal_tiers: [{from: 0%, rate: 5%}, {from: 100%, rate: 20%}]}",
        met(0),
        {1000: 50},
    ),
    "a quota that counts as met pays the steps up to 100 %": (
        "payout: {steps: [{at: 50%, bonus: 3}, {at: 100%, bonus: 4}, {at: 120%, bonus: 5}]}",
        met(0),
        {-1: 700, 0: 700, 10**9: 700},
    ),
    "a quota that counts as met pays the points at 100 %": (
        "payout: {points: [{at: 50%, pays: 10}, {at: 150%, pays: 30}]}",
        met(0),
        {0: 2000, 10**9: 2000},
    ),
    "opening pay": ("opening_pay: 3\npayout: {rate: 10%}", Terms(), {-1000: 200, 0: 300, 1000: 400}),
    "a part of the opening pay": (
        "opening_pay: 3\npayout: {rate: 10%}",
        Terms(opening_share=Fraction(1, 3)),
        {0: 100, 1000: 200},
    ),
    "a cap": ("payout: {rate: 10%}\ncap: 5", Terms(), {-100: -10, 4990: 499, 5000: 500, 6000: 500}),
    "a cap between tiers": (TIERS + "\ncap: 15", Terms(), {10_000: 1000, 12_500: 1500, 12_600: 1500, 30_000: 1500}),
    "a cap below the opening": ("opening_pay: 3\npayout: {rate: 10%}\ncap: 2", Terms(), {-2000: 100, 0: 200, 1: 200}),
    "a cap of fixed bonuses": (
        "payout: {steps: [{at: 50, bonus: 3}, {at: 100, bonus: 4}]}\ncap: 5",
        Terms(),
        {5000: 300, 10_000: 500},
    ),
    "a factor": ("payout: {rate: 10%}\nopening_pay: 3", Terms(factor=Fraction(3, 2)), {0: 450, 1000: 600}),
    "a cap before the factor": (
        "payout: {rate: 10%}\ncap: {amount: 5, before_modifiers: yes}",
        Terms(factor=Fraction(2)),
        {1000: 200, 5000: 1000, 9000: 1000},
    ),
    "a cap after the factor": (
        "payout: {rate: 10%}\ncap: 5",
        Terms(factor=Fraction(2)),
        {1000: 200, 2500: 500, 9000: 500},
    ),
    "a cap before the factor, where walks are many": (
        "accumulate_by: deal\npayout: {rate: 10%}\ncap: {amount: 5, before_modifiers: yes}",
        Terms(factor=Fraction(2)),
        {5000: 1000, 9000: 1000},
    ),
    "a cap, where walks are many, is no part of the curve": (
        "accumulate_by: deal\npayout: {rate: 10%}\ncap: 5",
        Terms(),
        {9000: 900},
    ),
    "a cap of a deal is no part of the curve": (
        "payout: {rate: 10%}\ncap: {amount: 5, per: deal}",
        Terms(),
        {9000: 900},
    ),
    "a first tier within the quota": (
        "payout: {marginal_tiers: [{from: 50%, rate: 10%}]}",
        met(),
        {-10_000: 0, 0: 0, 5000: 0, 6000: 100},
    ),
    "a bound between two cents": (
        "payout: {whole_amount_tiers: [{from: 0%, rate: 0%}, {from: 50%, amount: 7}]}",
        met(333),
        {166: 0, 167: 700},
    ),
    "above a bound between two cents": (
        "payout: {whole_amount_tiers: [{from: 0%, rate: 0%}, {from: above 50%, amount: 7}]}",
        met(333),
        {166: 0, 167: 700},
    ),
    "excess of nothing": ("payout: {excess: {above: 0, rate: 10%}}", Terms(), {-1000: 0, 0: 0, 1000: 100}),
    "a cap that is met at the bound": (TIERS + "\ncap: 10", Terms(), {9990: 999, 10_000: 1000, 10_100: 1000}),
    "a met quota with multipliers": (
        "target_pay: 50\npayout: {marginal_tiers: [{from: 0%, multiplier: 1}, {from: 100%, multiplier: 2}]}",
        met(0, 5000),
        {0: 5000, 10_000: 5000},
    ),
    "a met quota with multipliers on tiers of money": (
        "target_pay: 50\npayout: {marginal_tiers: [{from: 0, multiplier: 1}, {from: 100, multiplier: 2}]}",
        met(0, 5000),
        {-100: 5000, 0: 5000, 20_000: 5000},
    ),
    "a met quota whose tiers pay amounts": (
        "payout: {whole_amount_tiers: [{from: 0%, amount: 3}, {from: 100%, amount: 7}, {from: 120%, amount: 9}]}",
        met(0),
        {-100: 700, 0: 700, 10_000: 700},
    ),
    "a met quota beside tiers of money": (TIERS, met(0), {10_000: 1000, 10_100: 1020}),
    "a met quota of an excess": ("payout: {excess: {above: 50%, rate: 10%}}", met(0), {-1000: -100, 1000: 100}),
    "a met quota whose tiers pay by target and by rate": (
        "target_pay: 50\npayout: {marginal_tiers: [{from: 0%, multiplier: 1}, {from: 100%, rate: 5%}]}",
        met(0, 5000),
        {1000: 50},
    ),
    "a cap of the target": (
        "target_pay: 50\npayout: {rate: 10%}\ncap: {of_target: 150%}",
        met(None, 5000),
        {70_000: 7000, 75_000: 7500, 90_000: 7500},
    ),
    "a cap on pay that falls again": (
        "payout: {points: [{at: 0%, pays: 10}, {at: 100%, pays: 30}, {at: 200%, pays: 5}]}\ncap: 20",
        met(),
        {0: 1000, 5000: 2000, 6000: 2000, 10_000: 2000, 13_000: 2000, 14_000: 2000, 15_000: 1750, 20_000: 500},
    ),
    "a cap above pay that falls again": (
        "payout: {points: [{at: 0%, pays: 10}, {at: 100%, pays: 30}, {at: 200%, pays: 5}]}\ncap: 40",
        met(),
        {10_000: 3000, 14_000: 2000, 20_000: 500},
    ),
    "a cap below pay that falls again": (
        "payout: {points: [{at: 0%, pays: 10}, {at: 100%, pays: 30}, {at: 200%, pays: 5}]}\ncap: 2",
        met(),
        {0: 200, 10_000: 200, 14_000: 200, 20_000: 200},
    ),
    "counted above a bound in the only tier": (
        "payout: {whole_amount_tiers: [{from: 0, rate: 10%}], counted_above: 100}",
        Terms(),
        {5000: 0, 10_000: 0, 15_000: 500},
    ),
    "three points that go on": (
        "payout: {points: [{at: 50%, pays: 10}, {at: 100%, pays: 20}, {at: 150%, pays: 50}], before_first: continue}",
        met(),
        {-5000: -1000, 0: 0, 5000: 1000, 7500: 1500, 12_500: 3500, 15_000: 5000, 20_000: 5000},
    ),
    "rounding to dollars": (
        "payout: {rate: 10%}\nrounding: {to: 1, mode: down}",
        Terms(),
        {990: 0, 1000: 100, 1990: 100, -1990: -100},
    ),
}


@pytest.mark.parametrize(("text", "terms", "pays"), UP_TO.values(), ids=UP_TO)
def test_what_a_position_pays(text: str, terms: Terms, pays: dict[int, int]) -> None:
    compiled = curve(text, terms)
    assert {position: compiled.pay_at(position) for position in pays} == pays


@pytest.mark.parametrize(("text", "terms"), [each[:2] for each in UP_TO.values()], ids=UP_TO)
def test_every_position_lies_on_one_segment(text: str, terms: Terms) -> None:
    segments = curve(text, terms).segments
    assert [each.ceiling for each in segments[:-1]] == [each.threshold for each in segments[1:]]
    assert all(each.threshold < each.ceiling for each in segments)
    assert (segments[0].threshold, segments[-1].ceiling) == (-MAX_MINOR, MAX_MINOR)


GATES = {
    "nothing": ("gates: [{figure: year, at_least: 50%, otherwise: nothing}]", {0: 0, 9000: 0, 15_000: 0}),
    "a part": ("gates: [{figure: year, at_least: 50%, otherwise: 30%}]", {10_000: 300, 15_000: 600, -1000: -30}),
    "the target": (
        "target_pay: 12\ngates: [{figure: year, at_least: 50%, otherwise: target}]",
        {10_000: 1000, 11_000: 1200, 15_000: 1200},
    ),
    "the base rate": ("gates: [{figure: year, at_least: 50%, otherwise: base_rate}]", {10_000: 1000, 30_000: 3000}),
    "nothing beyond": (
        "gates: [{figure: year, at_least: 50%, covers: 120, otherwise: nothing}]",
        {10_000: 1000, 12_000: 1400, 15_000: 1400, 90_000: 1400},
    ),
    "a half beyond": (
        "gates: [{figure: year, at_least: 50%, covers: 120, otherwise: 50%}]",
        {12_000: 1400, 14_000: 1600, 20_000: 2200, 22_000: 2250},
    ),
    "a half beyond the bound of a tier": (
        "gates: [{figure: year, at_least: 50%, covers: 100, otherwise: 50%}]",
        {9000: 900, 10_000: 1000, 14_000: 1400},
    ),
    "nothing beyond a bound in the last tier": (
        "gates: [{figure: year, at_least: 50%, covers: 250, otherwise: nothing}]",
        {20_000: 3000, 25_000: 3250, 90_000: 3250},
    ),
    "a half beyond a bound in the last tier": (
        "gates: [{figure: year, at_least: 50%, covers: 250, otherwise: 50%}]",
        {25_000: 3250, 27_000: 3300},
    ),
    "the base rate beyond": (
        "gates: [{figure: year, at_least: 50%, covers: 120, otherwise: base_rate}]",
        {10_000: 1000, 12_000: 1400, 13_000: 1500, 30_000: 3200},
    ),
}


@pytest.mark.parametrize(("text", "pays"), GATES.values(), ids=GATES)
def test_what_is_left_by_a_gate_that_is_not_passed(text: str, pays: dict[int, int]) -> None:
    terms = Terms(target_minor=Fraction(1200), failed=(0,))
    closed, opened = curve(f"{TIERS}\n{text}", terms), curve(f"{TIERS}\n{text}", terms._replace(failed=()))
    assert {position: closed.pay_at(position) for position in pays} == pays
    assert [opened.pay_at(position) for position in (10_000, 30_000)] == [1000, 3500]


RATES = "payout: {marginal_tiers: [{from: 0%, rate: 4%}, {from: 100%, rate: 6%}]}"
MULTIPLIERS = "payout: {marginal_tiers: [{from: 0%, multiplier: 1}, {from: 100%, multiplier: 2}]}"
STEPS = "payout: {steps: [{at: 50%, bonus: 1}, {at: 100%, bonus: 3}]}"
POINTS = "payout: {points: [{at: 0%, pays: 0}, {at: 100%, pays: 5}]}"
MIXED = "payout: {marginal_tiers: [{from: 0%, multiplier: 1}, {from: 100%, rate: 6%}]}"
MET = {
    "the first tier's rate": (RATES, "otherwise: base_rate", {10_000: 400, -1000: -40}),
    "the first tier's part of the target": (MULTIPLIERS, "otherwise: base_rate", {0: 1200, 10_000: 1200}),
    "what lies above 100 %": (RATES, "covers: above 100%, otherwise: nothing", {10_000: 600}),
    "what 100 % reaches": (RATES, "covers: 100%, otherwise: nothing", {0: 0, 10_000: 0}),
    "a half of that": (RATES, "covers: 100%, otherwise: 50%", {10_000: 300}),
    "that at the first rate": (RATES, "covers: 100%, otherwise: base_rate", {10_000: 400}),
    "that where the bound is of the tier below": (
        f"upper_included: yes\n{RATES}",
        "covers: 100%, otherwise: nothing",
        {10_000: 400},
    ),
    "the half of the target": (MULTIPLIERS, "covers: 50%, otherwise: nothing", {0: 600, 10_000: 600}),
    "all of the target": (MULTIPLIERS, "covers: 50%, otherwise: base_rate", {0: 1200, 10_000: 1200}),
    "the first tier's part and no rate": (MIXED, "covers: 100%, otherwise: base_rate", {0: 1200, 10_000: 1200}),
    "the last step": (STEPS, "covers: 100%, otherwise: nothing", {0: 100, 10_000: 100}),
    "no step": (STEPS, "covers: above 100%, otherwise: nothing", {0: 400, 10_000: 400}),
    "the second half of a line": (POINTS, "covers: 50%, otherwise: nothing", {0: 250, 10_000: 250}),
    "beyond an amount": (RATES, "covers: 50, otherwise: base_rate", {5000: 300, 10_000: 500}),
}


@pytest.mark.parametrize(("text", "gate", "pays"), MET.values(), ids=MET)
def test_a_gate_that_is_not_passed_shuts_what_a_met_quota_pays(text: str, gate: str, pays: dict[int, int]) -> None:
    """100 % of the quota is what is paid at, with what is left by the gate there; the target pay is 12."""
    closed = curve(
        f"target_pay: 12\n{text}\ngates: [{{figure: year, at_least: 1, {gate}}}]",
        Terms(quota=0, target_minor=Fraction(1200), failed=(0,)),
    )
    assert {position: closed.pay_at(position) for position in pays} == pays


def base_rate(text: str, position: int) -> int:
    gate = "gates: [{figure: year, at_least: 1, otherwise: base_rate}]"
    return curve(f"{text}\n{gate}", Terms(failed=(0,))).pay_at(position)


def test_the_base_rate_of_shapes_without_tiers_and_of_tiers_that_count_above_a_bound() -> None:
    assert base_rate("payout: {rate: 10%}", 1000) == 100
    assert base_rate("payout: {excess: {above: 100, rate: 10%}}", 1000) == 100
    tiers = "payout: {whole_amount_tiers: [{from: 0, rate: 10%}, {from: 200, rate: 20%}], counted_above: 100}"
    assert base_rate(tiers, 10_000) == 1000


def test_a_gate_at_a_bound_where_pay_jumps_leaves_what_is_paid_below_it() -> None:
    tiers = "payout: {whole_amount_tiers: [{from: 0, rate: 10%}, {from: 100, rate: 20%}, {from: 200, rate: 30%}]}"
    closed = curve(
        f"{tiers}\ngates: [{{figure: year, at_least: 1, covers: 100, otherwise: nothing}}]", Terms(failed=(0,))
    )
    assert [closed.pay_at(position) for position in (9000, 10_000, 12_000, 30_000)] == [900, 1000, 1000, 1000]


def test_a_gate_above_a_bound_leaves_what_is_paid_at_it() -> None:
    steps = "payout: {steps: [{at: 50, bonus: 1}, {at: 100, bonus: 3}, {at: 150, bonus: 5}]}"
    gate = "gates: [{figure: year, at_least: 1, covers: above 100, otherwise: nothing}]"
    closed = curve(f"{steps}\n{gate}", Terms(failed=(0,)))
    assert [closed.pay_at(position) for position in (9_999, 10_000, 10_001, 20_000)] == [100, 400, 400, 400]


def test_pools_and_matrices_have_curves() -> None:
    matrix = (
        "payout: {matrix: {rows: {by: region, values: [North, South]}, columns: {by: channel, values: [Direct, Web]},"
        " rates: [[1%, 2%], [3%, 4%]]}}"
    )
    assert [curve(matrix, case=case).pay_at(10_000) for case in range(4)] == [100, 200, 300, 400]
    assert not caps_on_curve(rule_of(f"{matrix}\ncap: 5").component)
    assert curve("payout: {pool: {size: {rate: 10%}, of: plan, divided: equally}}").pay_at(1000) == 100


def test_what_is_rounded_to_less_than_the_smallest_unit_is_rounded_to_that() -> None:
    rule = rule_of("payout: {rate: 10%}\nrounding: {to: 0.01}")
    assert compile_curve(rule, Terms(), 0).pay_at(15) == 2


def test_the_piece_of_a_position() -> None:
    assert [curve(TIERS).piece_at(position).rate for position in (9_999, 10_000)] == [Fraction(1, 10), Fraction(1, 5)]


def test_the_base_rate_is_that_of_the_first_tier_also_if_it_pays_nothing() -> None:
    tiers = "payout: {marginal_tiers: [{from: 0, rate: 0%}, {from: 100, rate: 20%}]}"
    closed = curve(f"{tiers}\ngates: [{{figure: year, at_least: 1, otherwise: base_rate}}]", Terms(failed=(0,)))
    assert closed.pay_at(50_000) == 0


def test_a_component_that_looks_at_a_quota_needs_one() -> None:
    with pytest.raises(ValueError, match="component 'pay' needs a quota"):
        curve("payout: {steps: [{at: 50%, bonus: 3}]}")


def test_cases_have_their_own_shapes_and_fixed_pay_alone_has_none() -> None:
    text = "opening_pay: 3\npayout: {by: region, cases: [{when: North, rate: 10%}, {when: South, rate: 20%}]}"
    assert [curve(text, case=case).pay_at(1000) for case in (0, 1, FIXED_PAY)] == [400, 500, 300]


def test_a_walk_is_told_piece_by_piece_in_both_directions() -> None:
    compiled = curve(TIERS)
    up = [(part.piece.rate, part.measure, part.earning) for part in compiled.slices(5000, 25_000)]
    assert up == [(Fraction(1, 10), 5000, 500), (Fraction(1, 5), 10_000, 2000), (Fraction(1, 20), 5000, 250)]
    down = [(part.piece.rate, part.measure, part.earning) for part in compiled.slices(25_000, 5000)]
    assert down == [(rate, -measure, -earning) for rate, measure, earning in reversed(up)]
    assert list(compiled.slices(7, 7)) == []
    assert [part.measure for part in compiled.slices(5000, 10_000)] == [5000]
    assert [part.measure for part in compiled.slices(1, 3)] == [2]


def test_what_is_paid_at_a_bound_is_told_though_nothing_is_sold_for_it() -> None:
    told = [(part.measure, part.earning) for part in curve(WHOLE).slices(5000, 10_000)]
    assert told == [(5000, 500), (0, 1000)]


def test_what_a_piece_counts() -> None:
    assert [unit_scale(MeasureKind.MONEY, exponent) for exponent in (0, 2, 3)] == [1, 100, 1000]
    assert unit_scale(MeasureKind.NUMBER, 2) == 1_000_000
    assert curve("payout: {rate: 10%}").unit == "money"
    assert curve("measure: quantity\npayout: {per_unit: 3}").unit == "quantity"
    assert curve("payout: {steps: [{at: 50%, bonus: 3}]}", met()).unit == "attainment"


def test_segments_meet_and_are_numbered_by_curve() -> None:
    frame = segments_frame([curve("payout: {rate: 10%}"), curve(TIERS)])
    assert frame["curve"].to_list() == [0, 1, 1, 1]
    assert frame["threshold"].to_list()[2:] == frame["ceiling"].to_list()[1:3] == [10_000, 20_000]
    assert segments_frame([]).is_empty()


@pytest.mark.parametrize(
    ("text", "is_part"),
    [
        ("cap: 5", True),
        ("cap: 5\nmode: rate_reached", False),
        ("cap: 5\naccumulate_by: deal", False),
        ("cap: 5\nsplit: earning", False),
        ("cap: 5\ncredit_to: [owners, all_managers]\nless_paid_below: yes", False),
    ],
)
def test_a_cap_is_a_part_of_the_curve_where_one_walk_is_all_there_is(text: str, *, is_part: bool) -> None:
    assert caps_on_curve(rule_of(f"payout: {{rate: 10%}}\n{text}").component) is is_part


def test_a_cap_of_components_that_run_together_is_no_part_of_their_curves() -> None:
    other = "component: other\n    credited_on: invoice\n    period: quarter"
    together = "cap: 5\n    payout: {rate: 10%}\n    accumulate_with: all\n"
    plan = parse_plan(f"{HEAD}    {together}  - {other}\n    {together}", "curves.yaml")
    assert [caps_on_curve(each) for each in plan.components] == [False, False]
