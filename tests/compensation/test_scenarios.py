"""Scenarios: an estimate is the change of all totals; goal seek; when an estimate is paid."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from compensation import Facts, Plan, calculate, estimate_deals, parse_plan, propose
from compensation.estimates.goal_seek import Goal, Lever, seek
from tests.compensation.test_estimates import BOOKED, OWNER, PLANS, company, deal, line, one_deal

TODAY = date(2026, 12, 20)
HEAD = """\
plan: Together
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
"""
TOGETHER = {
    "a gate on the year": """\
figures: {year: {attainment_of: commission, over: year}}
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout: {marginal_tiers: [{from: 0%, rate: 5%}, {from: 50%, rate: 9%}]}
    quota: 12000
    gates: [{figure: year, above: 25%, covers: 50%, otherwise: base_rate}]
""",
    "a factor of everybody's sales": """\
figures: {all: {total_of: commission, of: everyone}}
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout: {rate: 5%}
    modifiers: [{modifier: together, by: all, bands: [{from: 12000, factor: 1.5}]}]
""",
    "an override on earnings": """\
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout: {marginal_tiers: [{from: 0, rate: 5%}, {from: 9000, rate: 8%}]}
  - component: override
    earnings_of: commission
    credit_to: direct_manager
    measure: earnings
    period: quarter
    payout: {rate: 10%}
""",
    "a cap over components": """\
components:
  - {component: commission, credited_on: invoice, period: quarter, payout: {rate: 5%}}
  - {component: accelerator, credited_on: invoice, period: quarter, payout: {excess: {above: 7000, rate: 10%}}}
caps: [{cap: all, components: [commission, accelerator], amount: 800, period: year}]
""",
    "a pool": """\
components:
  - component: pool
    credited_on: invoice
    period: quarter
    payout: {pool: {of: plan, size: {marginal_tiers: [{from: 0, rate: 1%}, {from: 10000, rate: 3%}]}, divided: equally}}
""",
    "a prize for the best": """\
figures: {sold: {total_of: commission}}
components:
  - {component: commission, credited_on: invoice, period: quarter, payout: {rate: 1%}}
  - {component: prize, period: quarter, payout: {ranking: {by: sold, prizes: [500, 200]}}}
""",
    "the rate reached on everything": """\
components:
  - component: commission
    credited_on: invoice
    measure: revenue
    position: quantity
    mode: rate_reached
    period: quarter
    payout: {whole_amount_tiers: [{from: 0, rate: 5%}, {from: 2, rate: 8%}]}
""",
    "a floor": """\
components:
  - {component: commission, credited_on: invoice, period: quarter, payout: {rate: 5%}, floor: 500}
""",
    "the same positions for two components": """\
components:
  - component: robots
    credited_on: invoice
    filter: {product_families: Robots}
    period: quarter
    accumulate_with: all
    payout: {marginal_tiers: [{from: 0, rate: 5%}, {from: 9000, rate: 8%}]}
  - component: others
    credited_on: invoice
    filter: {excluding: {product_families: Robots}}
    period: quarter
    accumulate_with: all
    payout: {marginal_tiers: [{from: 0, rate: 2%}, {from: 9000, rate: 4%}]}
""",
}


def _facts() -> Facts:
    lines = [BOOKED, line("i2", "crm:older", "invoice", 300_000, family="Robots", day=date(2026, 10, 5))]
    lines += [line("o1", "crm:new", "expected", 400_000), line("o2", "crm:new", "expected", 150_050, family="Robots")]
    shares = {"old": OWNER, "older": [("crm:bob", "owner", 1_000_000, False)]}
    shares["new"] = [("crm:ann", "owner", 700_000, False), ("crm:bob", "owner", 300_000, False)]
    return company([deal("new", 550_050, day=TODAY)], lines, shares)


def _totals(facts: Facts, plan: Plan) -> dict[str, int]:
    totals = calculate(facts, [plan], as_of=TODAY).totals()
    return dict(totals.group_by("payee_id").agg(pl.col("earning_minor").sum()).iter_rows())


@pytest.mark.parametrize("components", TOGETHER.values(), ids=TOGETHER.keys())
def test_an_estimate_is_what_the_deal_changes_of_all_totals(components: str) -> None:
    """Calculated a second time, with the deal invoiced today as the last of all."""
    plan, facts = parse_plan(HEAD + components, "together.yaml"), _facts()
    invoiced = (
        pl.when(pl.col("kind") == "expected").then(pl.lit("invoice")).otherwise("kind").alias("kind"),
        pl.when(pl.col("kind") == "expected").then(pl.lit(TODAY)).otherwise("dated_on").alias("dated_on"),
    )
    closed = replace(facts, transactions=facts.transactions.with_columns(invoiced))
    before, after = _totals(facts, plan), _totals(closed, plan)
    estimated = {
        each.payee.id: Decimal(each.total.amount)
        for each in estimate_deals(facts, [plan], [propose("crm:new")], as_of=TODAY)
    }
    changed = {payee: Decimal(minor - before.get(payee, 0)).scaleb(-2) for payee, minor in after.items()}
    assert {payee: amount for payee, amount in estimated.items() if amount} == {
        payee: amount for payee, amount in changed.items() if amount
    }


def test_what_changes_beyond_the_deal_has_a_reason() -> None:
    plan = parse_plan(HEAD + TOGETHER["a factor of everybody's sales"], "together.yaml")
    ann = next(each for each in estimate_deals(_facts(), [plan], [propose("crm:new")], as_of=TODAY))
    texts = {reason.code: reason.text["en"] for reason in ann.reasons}
    assert texts["changes_elsewhere"] == "The deal also changes what other deals and components pay you: $200.00."
    assert "multiply this by 1.5" in ann.components[0].reasons[-1].text["en"]


def test_any_number_of_variations_are_one_call() -> None:
    variations = [replace(propose("crm:new"), scenario=str(n), amount_minor=n * 1_000) for n in range(300)]
    estimates = estimate_deals(one_deal(), PLANS, variations, as_of=TODAY)
    anns = [each.total.amount for each in estimates if each.payee.id == "crm:ann"]
    alone = [
        next(e for e in estimate_deals(one_deal(), PLANS, [one], as_of=TODAY) if e.payee.id == "crm:ann").total.amount
        for one in variations[::60]
    ]
    assert anns[::60] == alone


def test_the_smallest_amount_and_the_least_discount_given_up_that_earn_a_goal() -> None:
    facts, proposal = one_deal(), replace(propose("crm:new"), discount_ratio=Fraction(1, 4))
    goal = Goal("crm:ann", Decimal("250.00"), most_amount_minor=10_000_000, most_discount_ratio=Fraction(1, 4))
    reached = {each.lever: each for each in seek(facts, PLANS, proposal, goal, as_of=TODAY)}
    # 2,000 left of the quota at 5 %, the rest at 10 %: 250 needs 3,500 after a discount of a quarter.
    assert reached[Lever.AMOUNT].proposal.amount_minor == 466_660  # 3,499.95 earns 249.995
    assert reached[Lever.AMOUNT].estimate.total.amount == "250.00"
    assert reached[Lever.DISCOUNT].proposal.discount_ratio == Fraction(1_250, 10_000)
    assert reached[Lever.DISCOUNT].margin is None


def test_an_amount_is_sought_from_the_one_before_the_discount_upwards() -> None:
    """A quarter off 4,000 earns 200: who wants 150 has it as the deal stands, and is not told to sell for less."""
    proposal = replace(propose("crm:new"), discount_ratio=Fraction(1, 4))
    goal = Goal("crm:ann", Decimal("150.00"), most_amount_minor=10_000_000)
    (reached,) = seek(one_deal(), PLANS, proposal, goal, as_of=TODAY)
    assert (reached.proposal.amount_minor, reached.estimate.total.amount) == (400_000, "200.00")


def test_a_goal_beyond_the_bounds_is_not_reached() -> None:
    goal = Goal("crm:ann", Decimal(1_000_000), most_amount_minor=500_000, earliest_close_on=date(2026, 12, 1))
    assert seek(one_deal(), PLANS, propose("crm:new"), goal, as_of=TODAY) == []


def test_an_estimate_says_when_each_part_can_be_paid() -> None:
    plan = parse_plan(
        HEAD
        + """\
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout: {rate: 5%}
    release: [{share: 50%}, {share: 30%, when: received, after_days: 30}, {when: year_end}]
""",
        "release.yaml",
    )
    ann = next(iter(estimate_deals(one_deal(), [plan], [propose("crm:new")], as_of=date(2026, 11, 21))))
    schedule = [
        (p.waits_for, p.amount.amount, p.earliest_on.isoformat(), p.paid_in) for p in ann.components[0].schedule
    ]
    assert schedule == [
        ("credited", "100.00", "2026-12-10", "2026-12"),
        ("received", "60.00", "2027-01-09", "2027-01"),
        ("year_end", "40.00", "2026-12-31", "2026-12"),
    ]
