"""An estimate is made as if it were the day on which the deal closes: what lasts then, what is booked by then."""

from datetime import date
from decimal import Decimal

import pytest

from compensation import Proposal, ProposedShare, estimate_deals, propose
from tests.compensation.worlds.closing import JUNE, MAY, NEW, OLD, Case, Document, facts, versions

YEAR = "components: [{{component: c, credited_on: invoice, period: year, {}}}]\n"
MONTHS_CAP = "caps: [{{cap: m, components: [c], amount: {}, period: month}}]\n"
OVER = """\
components:
  - {{component: f, period: month, opening_pay: {opens}}}
  - {{component: c, credited_on: invoice, period: year, opening_pay: {opens_year}, payout: {{rate: 10%}}}}
  - component: o
    earnings_of: [f, c]
    credit_to: direct_manager
    period: {period}
    payout: {{marginal_tiers: [{{from: 0, to: {bound}, rate: 10%}}, {{from: {bound}, rate: 50%}}]}}
"""
SEATS = """\
figures: {sold: {total_of: c, over: year}}
components:
  - {component: c, credited_on: invoice, period: year, recurs: {every: quarter, times: 2}, payout: {rate: 10%}}
  - component: s
    period: month
    target_pay: 1000
    payout: {scorecard: [{kpi: k, figure: sold, weight: 100%, bands: [{from: 0, score: 0%}, {from: 500, score: 100%}]}]}
"""
RECURRING_OVERRIDE = """\
components:
  - {component: c, credited_on: invoice, period: year, payout: {rate: 10%}}
  - component: o
    earnings_of: c
    credit_to: direct_manager
    period: month
    recurs: {every: month, times: 2}
    payout: {rate: 10%}
"""
TENURE = """\
figures: {t: {tenure_months: yes}}
components:
  - component: c
    credited_on: invoice
    period: ever
    modifiers: [{modifier: m, by: t, bands: [{from: 0, factor: 1}, {from: 6, factor: 2}]}]
    payout: {rate: 10%}
"""
SHARED_LIMIT = """\
components:
  - component: x
    credited_on: order
    window: {from: 2026-01-01, through: 2026-05-31}
    period: year
    payout: {rate: 20%}
  - {component: y, credited_on: order, credit_to: direct_manager, period: year, payout: {rate: 5%}}
caps: [{cap: d, components: [x, y], share: 10%, measure: revenue, per: deal}]
"""
BY_CASE = "payout: {by: role, cases: [{when: owner, rate: 5.05%}]}"
FIRST, NEXT = (
    "opening_pay: 100, payout: {rate: 10%}",
    "continues_earlier_version: yes, opening_pay: 100, payout: {rate: 10%}",
)
YEARS_CAP = "caps: [{{cap: y, components: [c], amount: {}, period: year}}]\n"
HALF = OLD._replace(deal="New")
SMALL = OLD._replace(revenue=1_000)

CASES = {
    "what opened the year uses up the cap of the month in which the deal closes": Case(
        (YEAR.format("opening_pay: 100, payout: {rate: 10%}") + MONTHS_CAP.format(150),), {"Ann": 50}, (SMALL,)
    ),
    "and not that of the month before": Case(
        (YEAR.format("opening_pay: 100, payout: {rate: 10%}") + MONTHS_CAP.format(200),), {"Ann": 100}, (SMALL,)
    ),
    "an override on what opened the year is one of the closing month": Case(
        (OVER.format(opens=1, opens_year=998, period="month", bound=1_998),), {"Ann": 100, "Mia": 50}, (SMALL,)
    ),
    "a deal counts once, though a part of it is booked": Case(
        (YEAR.format("measure: deals, payout: {per_unit: 40}"),), {}, (HALF,)
    ),
    "and for the first time, if what is booked is no invoice": Case(
        (YEAR.format("measure: deals, payout: {per_unit: 40}"),), {"Ann": 40}, (HALF._replace(kind="order"),)
    ),
    "a version that continues opens the year once": Case(
        (YEAR.format(FIRST) + YEARS_CAP.format(1_150), YEAR.format(NEXT) + YEARS_CAP.format(1_150)), {"Ann": 50}
    ),
    "under a cap of its own too": Case(
        tuple(YEAR.format(f"accumulate_by: deal, cap: 1150, {each}") for each in (FIRST, NEXT)), {"Ann": 50}
    ),
    "months without an instalment see what was sold by then": Case(
        (SEATS,), {"Ann": 4_200}, (), through=date(2026, 9, 10)
    ),
    "an override that recurs": Case((RECURRING_OVERRIDE,), {"Ann": 100, "Mia": 20}, through=date(2026, 7, 10)),
    "what is cut to cents case by case": Case(
        (YEAR.format(BY_CASE),), {"Ann": Decimal("0.50")}, (OLD._replace(revenue=10),), (NEW._replace(revenue=10),)
    ),
    "a part that is booked may pay its owner more, under a cap on what the deal measures": Case(
        (SHARED_LIMIT,), {"Ann": 100, "Mia": 50}, (HALF._replace(kind="order"),), (NEW._replace(kind="order"),)
    ),
    "who is here for longer by then": Case((TENURE,), {"Ann": 200}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_estimate_is_what_calculate_changes(case: Case) -> None:
    case.check(date(2026, 5, 20), date(2026, 6, 5), JUNE)


def test_what_is_booked_of_a_deal_is_no_part_of_what_its_rest_would_earn() -> None:
    """500 of the 550 that the deal may pay are booked: its rest earns 50, and changes nothing elsewhere."""
    known, rest = (
        facts((HALF,), (NEW._replace(revenue=2_000),)),
        YEAR.format("cap: {amount: 550, per: deal}, payout: {rate: 5%}"),
    )
    (ann,) = estimate_deals(known, versions(rest), [propose("New")], as_of=MAY)
    (component,) = ann.components
    assert (component.credit.amount, component.earning.amount, ann.total.amount) == ("2000.00", "50.00", "50.00")
    assert "changes_elsewhere" not in [reason.code for reason in ann.reasons]


def test_proposed_splits_are_those_of_what_is_open_and_the_estimate_says_so() -> None:
    """6,000 are booked as Ann's and earned her 600; of the 4,000 to come Bob would get half, but none of those."""
    known = facts((OLD._replace(deal="New", revenue=6_000),), (NEW._replace(revenue=4_000),))
    halves = (ProposedShare("Ann", 500_000), ProposedShare("Bob", 500_000))
    asked, plans = [Proposal("New", "New", splits=halves)], versions(YEAR.format("payout: {rate: 10%}"))
    found = estimate_deals(known, plans, asked, as_of=MAY)
    assert [(each.payee.id, each.total.amount) for each in found] == [("Ann", "200.00"), ("Bob", "200.00")]
    assert [[reason.code for reason in each.reasons] for each in found] == [["booked_stays"]] * 2
    open_alone = estimate_deals(facts((OLD,), (NEW,)), plans, asked, as_of=MAY)
    assert [list(each.reasons) for each in open_alone] == [[], []]


def test_what_is_in_force_by_then_does_not_hang_on_what_else_is_asked_for() -> None:
    """Ann and Bob have had 6 months of 1,000 each, Ann 1,000 beside: her 100 reach from 13,000 over the 13,050."""
    later = Document("I8", "Later", "Bob", 100, date(2026, 12, 1))
    known, plans = (
        facts((OLD,), (NEW, later)),
        versions(OVER.format(opens=1_000, opens_year=0, period="year", bound=13_050)),
    )
    for asked in ([propose("New")], [propose("New"), propose("Later")]):
        found = [each for each in estimate_deals(known, plans, asked, as_of=MAY) if each.scenario == "New"]
        assert [(each.payee.id, each.total.amount) for each in found] == [("Ann", "100.00"), ("Mia", "30.00")]
