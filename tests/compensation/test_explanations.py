"""What people read of an earning: each line its own numbers, whoever is credited and however often."""

from datetime import date

import polars as pl
import pytest

from compensation import DealEstimate, Explainer, calculate, estimate_deals, parse_plan, propose
from compensation.examples.outcome import Outcome, happened
from compensation.plans.examples import StoryExample
from tests.compensation.test_corner_cases import HEAD, company, plan, share
from tests.compensation.test_estimates_are_differences import OF_YEAR
from tests.compensation.worlds.closing import MAY, NEW, facts, versions
from tests.compensation.worlds.rows import facts_of, rows_of

STORY = """\
examples:
  - example: it
    people: {Ann: {manager: Mia, covers: {region: North}}, Mia: {}, Bob: {}}
    happens:
      - on: 2026-02-01
        invoice: I1
        owners: {Ann: 100%}
        overlays: {Bob: 50%}
        roles: {Ann: AE}
        region: North
        revenue: 1000
    expects: [{payee: Ann, earns: 0}]
"""
CREDITED = {
    "credit_to: owners": ("credited_owner", "100% of this deal is yours: $1,000.00 counts."),
    "credit_to: overlays": ("credited_overlay", "You support this deal with 50%: $500.00 counts."),
    "credit_to: direct_manager": (
        "credited_manager",
        "100% of this deal comes to you through Ann: $1,000.00 counts.",
    ),
    "credit_to: coverage": (
        "credited_coverage",
        "You cover this customer, product or territory with 100%: $1,000.00 counts.",
    ),
    "role_shares: {AE: 60%, manager: 40%}": (
        "credited_manager",
        "40% of this deal comes to you through Ann: $400.00 counts.",
    ),
    "role_shares: {AE: 70%}, remainder_to: Bob": ("credited_owner", "30% of this deal is yours: $300.00 counts."),
}


def told(head: str, components: str, story: str) -> Outcome:
    written = parse_plan(head + components + story, "explained.yaml")
    (example,) = written.examples
    assert isinstance(example, StoryExample)
    return happened(written, example, {"USD": 2})


def explained(outcome: Outcome) -> list[dict[str, str]]:
    """For each line the English sentences by code."""
    explainer = Explainer(outcome.facts, [outcome.plan], outcome.as_of)
    lines = outcome.calculation.lines.iter_rows(named=True)
    return [{each.code: each.text["en"] for each in explainer.explain(line)} for line in lines]


@pytest.mark.parametrize(("credited", "said"), CREDITED.items(), ids=CREDITED.keys())
def test_whoever_is_credited_reads_why(credited: str, said: tuple[str, str]) -> None:
    outcome = told(HEAD, OF_YEAR.format(f"{credited}, payout: {{rate: 1%}}"), STORY)
    code, sentence = said
    assert sentence in [each.get(code) for each in explained(outcome)]


def test_a_customer_reads_why() -> None:
    story = """\
examples:
  - example: it
    people: {Acme: {}}
    happens: [{on: 2026-02-01, invoice: I1, customer: Acme, revenue: 1000}]
    expects: [{payee: Acme, earns: 10}]
"""
    head = HEAD.replace("everyone", "all_customers")
    (line,) = explained(told(head, OF_YEAR.format("credit_to: customer, payout: {rate: 1%}"), story))
    assert line["credited_customer"] == "You bought this: $1,000.00 counts towards your rebate."


def estimated(components: str) -> DealEstimate:
    """Ann's open deal of 1,000.00 on June 10 as one component pays it."""
    (estimate,) = estimate_deals(facts((), (NEW,)), versions(components), [propose("New")], as_of=MAY)
    return estimate


CAPPED = "cap: 70, payout: {marginal_tiers: [{from: 0, to: 500, rate: 5%}, {from: 500, rate: 10%}]}"


def test_what_lies_above_a_cap_is_said_to_be_above_it() -> None:
    (component,) = estimated(OF_YEAR.format(CAPPED)).components
    assert [each.text["en"] for each in component.reasons[-3:]] == [
        "$500.00 at 5% earns $25.00.",
        "$450.00 at 10% earns $45.00.",
        "What the plan pays in a period is reached; $50.00 above it adds nothing.",
    ]
    assert [(each.rate, each.slice.amount, each.earning.amount) for each in component.tiers] == [
        ("0.05", "500.00", "25.00"),
        ("0.1", "450.00", "45.00"),
        ("0", "50.00", "0.00"),
    ]


def test_each_instalment_is_paid_on_its_own_day() -> None:
    (component,) = estimated(OF_YEAR.format("recurs: {every: month, times: 3}, payout: {rate: 10%}")).components
    assert [(each.amount.amount, each.earliest_on) for each in component.schedule] == [
        ("100.00", date(2026, 6, 10)),
        ("100.00", date(2026, 7, 10)),
        ("100.00", date(2026, 8, 10)),
    ]


def test_of_a_walk_of_a_team_each_reads_their_own_part() -> None:
    """Two lines of a deal that two people share, one after another: neither reads the slices of the other."""
    rows = rows_of(facts((), (NEW,)))
    (deal,), (ann,) = rows["deals"], rows["participants"]
    expected = company(100_000, 100_000).transactions.with_columns(kind=pl.lit("expected"), deal_id=pl.lit("New"))
    rows["transactions"] = expected.to_dicts()
    rows["deals"] = [{**deal, "amount_minor": 200_000}]
    rows["participants"] = [{**ann, "payee_id": name, "share_millionths": 500_000} for name in ("Ann", "Bob")]
    rows["assignments"] = [{**each, "team": "X"} for each in rows["assignments"]]
    plans = versions(OF_YEAR.format("accumulate_by: team, payout: {rate: 10%}"))
    for each in estimate_deals(facts_of(rows), plans, [propose("New")], as_of=MAY):
        assert each.total.amount == "100.00"
        ((tier,),) = (component.tiers for component in each.components)
        assert (tier.slice.amount, tier.earning.amount) == ("1000.00", "100.00")


TWO_EARNINGS = """\
plan_rates: {EUR: 2}
components:
  - {component: x, credited_on: invoice, period: year, exchange_rate: plan_rate, payout: {rate: 10%}}
  - {component: y, credited_on: invoice, period: year, exchange_rate: plan_rate, payout: {rate: 5%}}
  - {component: o, earnings_of: [x, y], credit_to: direct_manager, period: year, payout: {rate: 10%}}
"""


def test_each_line_reads_its_own_numbers_and_the_rate_that_was_used() -> None:
    """Two roles in a deal in euros, and an override on what each of two components pays for each role."""
    known = company(
        100_000, currency="EUR", participants=[share("D0", "owner", 300_000), share("D0", "closer", 700_000)]
    )
    written, as_of = plan(TWO_EARNINGS), date(2026, 12, 31)
    explainer = Explainer(known, [written], as_of)
    lines = list(calculate(known, [written], as_of=as_of).lines.iter_rows(named=True))
    said = [{each.code: each.text["en"] for each in explainer.explain(line)} for line in lines]
    both = list(zip(lines, said, strict=True))
    slices = {(line["component"], line["credit_minor"]): each["tier_slice"] for line, each in both}
    assert slices == {
        ("x", 140_000): "$1,400.00 at 10% earns $140.00.",
        ("x", 60_000): "$600.00 at 10% earns $60.00.",
        ("y", 140_000): "$1,400.00 at 5% earns $70.00.",
        ("y", 60_000): "$600.00 at 5% earns $30.00.",
        ("o", 14_000): "$140.00 at 10% earns $14.00.",
        ("o", 6_000): "$60.00 at 10% earns $6.00.",
        ("o", 7_000): "$70.00 at 10% earns $7.00.",
        ("o", 3_000): "$30.00 at 10% earns $3.00.",
    }
    rates = {line["component"]: each.get("converted") for line, each in both}
    in_euros = "The deal is in EUR; on Feb 1, 2026 one EUR is 2 USD."
    assert rates == {"x": in_euros, "y": in_euros, "o": None}
