"""What a deal has earned somebody, in words."""

from datetime import date

import pytest

from compensation import Facts
from compensation.review.deal_in_words import deal_in_words
from tests.compensation.review.history import Invoice, facts_of
from tests.compensation.review.plans import plan_of

AS_OF = date(2026, 12, 31)
INVOICE = Invoice("I1", "rita", 30_000, product="Router")
TIERED = "payout: {marginal_tiers: [{from: 0, rate: 4%}, {from: 10000, rate: 8%}]}"


def said(rules: str, facts: Facts | None = None, who: str = "{everyone: yes}", as_of: date = AS_OF) -> list[str]:
    told = deal_in_words(facts or facts_of([INVOICE]), [plan_of(rules, who=who)], "crm:I1", "rita", as_of=as_of)
    return [reason.text["en"] for each in told for reason in each.reasons]


def test_every_tier_is_told_and_adds_up() -> None:
    (told,) = deal_in_words(facts_of([INVOICE]), [plan_of(TIERED)], "crm:I1", as_of=AS_OF)
    assert (told.name, told.transaction_id, told.earning and told.earning.amount) == ("Rita", "I1", "2000.00")
    texts = [reason.text["en"] for reason in told.reasons]
    assert [text for text in texts if "earns" in text] == [
        "$10,000.00 at 4% earns $400.00.",
        "$20,000.00 at 8% earns $1,600.00.",
    ]


RATE = "\npayout: {rate: 5%}"
REASONS = {
    "no order": (f"credited_on: order{RATE}", "commission counts orders; this deal has none up to Dec 31, 2026."),
    "another product": (f"filter: {{products: Switch}}{RATE}", "commission does not count product 'Router'."),
    "another time": (
        f"window: {{from: 2026-03-01, through: 2026-04-30}}{RATE}",
        "commission counts from Mar 1, 2026 through Apr 30, 2026 only.",
    ),
    "another title": (f"only_for: {{titles: Manager}}{RATE}", "commission is for others than Rita as 'Rep'."),
    "another part in the deal": (f"credit_to: overlays{RATE}", "commission does not credit the role 'owner'."),
    "no quota": (
        "payout: {marginal_tiers: [{from: 0%, rate: 5%}, {from: 100%, rate: 6%}]}",
        "commission needs a quota for 2026-Q1; none is known.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rules", "reason"), REASONS.values(), ids=REASONS)
def test_why_nothing_is_earned_is_said(rules: str, reason: str) -> None:
    assert said(rules) == [reason]


def test_shares_that_are_not_whole_are_said() -> None:
    halved = facts_of([INVOICE], shares={"I1": 500_000})
    assert said(TIERED, halved) == ["The owners' shares add up to 50%, not to 100%; nobody is credited until they do."]


def test_a_title_that_no_plan_covers_is_said() -> None:
    assert said(TIERED, who="{titles: Chief}") == ["No plan in force on Feb 10, 2026 covers Rita as 'Rep'."]


def test_a_day_without_position_or_plan_is_said() -> None:
    early = facts_of([INVOICE._replace(on=date(2025, 12, 1))])
    assert said(TIERED, early) == ["Rita has no position on Dec 1, 2025."]


def test_a_deal_without_documents_tells_nothing() -> None:
    assert said(TIERED, as_of=date(2026, 1, 31)) == []
