"""The estimate of a deal is what it changes of all totals, wherever pay hangs together."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from compensation import estimate_amounts, estimate_deals, parse_plan, propose
from tests.compensation.worlds.closing import HEAD, JUNE, MAY, NEW, OLD, Case, Document, facts, gains, versions

SCORED = """\
figures:
  sold: {total_of: c}
  earned: {earnings_of: s}
  earned this year: {earnings_of: s, over: year}
components:
  - {component: c, credited_on: invoice, period: month, payout: {rate: 10%}}
  - component: s
    period: month
    target_pay: 1000
    payout: {scorecard: [{kpi: k, figure: sold, weight: 100%, bands: [{from: 0, score: 0%}, {from: 500, score: 100%}]}]}
"""
OF_YEAR = "components: [{{component: c, credited_on: invoice, period: year, {}}}]\n"
OVERRIDE = """\
  - component: o
    earnings_of: [s, c]
    credit_to: direct_manager
    period: {}
    payout: {{marginal_tiers: [{{from: 0, to: {bound}, rate: 10%}}, {{from: {bound}, rate: 50%}}]}}
"""
GATED = """\
  - {{component: z, credited_on: invoice, period: month, gates: [{{figure: {}, at_least: {}}}], payout: {{rate: 20%}}}}
"""
FACTOR = """\
figures: {sold: {total_of: c}}
components:
  - {component: c, credited_on: invoice, period: year, payout: {rate: 10%}}
  - component: bonus
    credited_on: invoice
    period: year
    payout: {rate: 1%}
    modifiers: [{modifier: m, by: sold, bands: [{from: 0, factor: 1}, {from: 5000, factor: 2}]}]
"""
LESS = """\
components:
  - {component: x, credited_on: invoice, period: year, payout: {rate: 10%}}
  - component: o
    credited_on: invoice
    credit_to: direct_manager
    less_earnings_of: x
    period: year
    cap: {amount: 200, per: period}
    payout: {rate: 20%}
"""
BELOW = """\
components:
  - component: c
    credited_on: invoice
    credit_to: [owners, direct_manager]
    less_paid_below: yes
    period: year
    cap: 500
    payout: {by: role, cases: [{when: [owner], rate: 6%}, {when: [manager], rate: 10%}]}
"""
RECURS = """\
components:
  - component: c
    credited_on: invoice
    period: year
    recurs: {{every: month, times: 3}}
    payout: {{marginal_tiers: [{{from: 0, to: {bound}, rate: 5%}}, {{from: {bound}, rate: 10%}}]}}
"""
VERSIONS = "payout: {marginal_tiers: [{from: 0, to: 9000, rate: 1%}, {from: 9000, rate: 10%}]}"
TWO = """\
components:
  - {component: x, credited_on: booking, period: year, payout: {rate: 10%}}
  - {component: y, credited_on: invoice, period: year, payout: {rate: 10%}}
"""
BOOKED_AND_INVOICED = (NEW._replace(id="B9", kind="booking"), NEW)
BEFORE = Document("I8", "Before", "Ann", 2_000)
OF_BOB = Document("I1", "Old", "Bob", 1_000, MAY)
YEAR_END = date(2026, 12, 31)

CASES = {
    "after another open deal": Case((FACTOR,), {"Ann": 110}, (OLD._replace(revenue=1_000),), (BEFORE, NEW)),
    "what others earn is taken off": Case((LESS,), {"Ann": 50, "Mia": 50}, (OF_BOB,), (NEW._replace(revenue=500),)),
    "what is paid below is taken off": Case((BELOW,), {"Ann": 60, "Mia": 40}, (OF_BOB._replace(revenue=10_000),)),
    "a month's cap": Case(
        (SCORED + "caps: [{cap: m, components: [s, c], amount: 1500, period: month}]\n",), {"Ann": 1_100}
    ),
    "a year's cap": Case(
        (SCORED + "caps: [{cap: m, components: [s, c], amount: 3000, period: year}]\n",), {"Ann": 1_000}
    ),
    "an override on a month's pay": Case((SCORED + OVERRIDE.format("month", bound=1000),), {"Ann": 1_100, "Mia": 150}),
    "an override on a year's pay": Case((SCORED + OVERRIDE.format("year", bound=2000),), {"Ann": 1_100, "Mia": 550}),
    "a gate on a month's pay": Case((SCORED + GATED.format("earned", 500),), {"Ann": 1_300}),
    "a gate on a year's pay": Case((SCORED + GATED.format("earned this year", 1500),), {"Ann": 1_300}),
    "instalments to come of what is booked": Case((RECURS.format(bound=30_000),), {"Ann": 300}, through=YEAR_END),
    "instalments that have come by then": Case(
        (RECURS.format(bound=20_000),), {"Ann": 300}, closes=(NEW._replace(on=date(2026, 9, 10)),), through=YEAR_END
    ),
    "a cap per deal, of which a part is booked": Case(
        (OF_YEAR.format("cap: {amount: 550, per: deal}, payout: {rate: 5%}"),),
        {"Ann": 50},
        (OLD._replace(deal="New"),),
        (NEW._replace(revenue=2_000),),
    ),
    "a version that continues the one before": Case(
        (OF_YEAR.format(VERSIONS), OF_YEAR.format(f"continues_earlier_version: yes, {VERSIONS}")),
        {"Ann": 100},
        (OLD._replace(revenue=9_800),),
    ),
    "a cap per transaction": Case(
        (TWO + "caps: [{cap: q, components: [x, y], amount: 150, per: transaction}]\n",),
        {"Ann": 200},
        closes=BOOKED_AND_INVOICED,
    ),
    "a cap per deal on what its documents sum up to": Case(
        (TWO + "caps: [{cap: q, components: [x, y], share: 8%, measure: revenue, per: deal}]\n",),
        {"Ann": 160},
        closes=BOOKED_AND_INVOICED,
    ),
    "what an invoice earns is not of its booking": Case(
        (TWO.replace("component: y,", "component: y, less_earnings_of: x,"),), {"Ann": 200}, closes=BOOKED_AND_INVOICED
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_estimate_is_what_calculate_changes(case: Case) -> None:
    """Whether it is made in the month before, in the month of the closing day, or on that day."""
    case.check(date(2026, 5, 20), date(2026, 6, 5), JUNE)


def test_several_open_deals_of_one_owner_at_once() -> None:
    """Two of three, as they stand: the third one, too, comes last once."""
    deals = [Document(f"I{deal}", deal, "Ann", revenue) for deal, revenue in (("A", 1_000), ("B", 2_000), ("C", 3_000))]
    known = facts((OLD._replace(revenue=1_000),), deals)
    asked = estimate_deals(known, versions(FACTOR), [propose("A"), propose("C")], as_of=MAY)
    assert [(each.scenario, each.total.amount, each.range.closed_last.amount) for each in asked] == [
        ("A", "110.00", "120.00"),
        ("C", "330.00", "400.00"),
    ]


EXCEEDING = """\
components:
  - {component: c, credited_on: invoice, period: year, payout: {rate: 10%}}
  - {component: o, earnings_of: c, credit_to: direct_manager, period: year, payout: {excess: {above: 250, rate: 50%}}}
"""


def test_who_gains_only_if_the_deal_closes_last_is_told_so() -> None:
    """Ann has earned 100 and gains 100; after Bob's 100 the 300 of both exceed Mia's 250 by 50."""
    known = facts((OLD._replace(revenue=1_000),), (NEW, Document("I8", "Other", "Bob", 1_000)))
    found = estimate_deals(known, versions(EXCEEDING), [propose("New")], as_of=MAY)
    assert [(each.payee.id, each.status, each.total.amount, each.range.closed_last.amount) for each in found] == [
        ("Ann", "estimated", "100.00", "100.00"),
        ("Mia", "estimated", "0.00", "25.00"),
    ]
    amounts = estimate_amounts(known, versions(EXCEEDING), [propose("New")], as_of=MAY)
    assert [(each.payee_id, each.closed_first_minor, each.closed_last_minor) for each in amounts] == [
        ("Ann", 10_000, 10_000),
        ("Mia", 0, 2_500),
    ]


WITH_CONTRACTS = """\
components:
  - component: contracts
    credited_on: order
    filter: {customers: Acme}
    period: year
    accumulate_with: all
    recurs: {every: month, times: 6}
    payout: {rate: 1%}
  - component: goods
    credited_on: invoice
    period: year
    accumulate_with: all
    payout: {marginal_tiers: [{from: 0, to: 25000, rate: 5%}, {from: 25000, rate: 10%}]}
"""


def test_an_estimate_is_the_same_whatever_else_is_asked_for() -> None:
    """Another deal that closes late does not let more instalments of a booked contract come."""
    known = facts((OLD._replace(kind="order"),), (NEW, Document("I8", "Later", "Bob", 100, date(2026, 12, 1))))
    known = replace(known, transactions=known.transactions.with_columns(customer=pl.lit("Acme")))
    for asked in ([propose("New")], [propose("New"), propose("Later")]):
        first = estimate_deals(known, versions(WITH_CONTRACTS), asked, as_of=MAY)[0]
        assert (first.payee.id, first.total.amount) == ("Ann", "100.00")


def test_a_plan_that_pays_nothing_needs_no_exchange_rate() -> None:
    """Ann is paid in euros; the plan in yen credits her, and there is no rate between the two."""
    yen = OF_YEAR.format("gates: [{figure: sold, at_least: 5000000}], payout: {rate: 10%}")
    yen = "figures: {sold: {total_of: c}}\n" + yen
    plans = [
        parse_plan(HEAD.format("Yen", "JPY", "") + yen, "yen.yaml"),
        parse_plan(HEAD.format("Dollars", "USD", "") + TWO, "dollars.yaml"),
    ]
    rate = {"from_currency": "USD", "to_currency": "JPY", "valid_from": date(2020, 1, 1), "rate": "150"}
    known = facts((OLD,), (NEW,), rates=[rate], pay_currency="EUR")
    assert gains(known, plans, propose("New"), MAY) == {"Ann": 200}


def test_both_ends_of_a_range_are_in_one_currency() -> None:
    """200 dollars are 100 euros; 10,000 yen of what exceeds 1,100,000 are 100 euros too, if the deal closes last."""
    exceeding = OF_YEAR.format("payout: {excess: {above: 1100000, rate: 10%}}")
    plans = [
        parse_plan(HEAD.format("Yen", "JPY", "") + exceeding, "yen.yaml"),
        parse_plan(HEAD.format("Dollars", "USD", "") + TWO, "dollars.yaml"),
    ]
    pairs = (("USD", "JPY", "100"), ("USD", "EUR", "0.5"), ("JPY", "EUR", "0.01"))
    rates = [
        {"from_currency": origin, "to_currency": target, "valid_from": date(2020, 1, 1), "rate": rate}
        for origin, target, rate in pairs
    ]
    known = facts((OLD,), (NEW, Document("I8", "Other", "Ann", 1_000)), rates=rates, pay_currency="EUR")
    (ann,) = estimate_deals(known, plans, [propose("New")], as_of=MAY)
    ends = ann.range.closed_first, ann.range.closed_last
    assert [(each.amount, each.currency) for each in ends] == [("100.00", "EUR"), ("200.00", "EUR")]
