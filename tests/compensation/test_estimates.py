"""Estimates of open deals: what they pay, to whom, why, and why not."""

import json
from dataclasses import fields, replace
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from compensation import (
    DealEstimate,
    Facts,
    FactsError,
    Plan,
    Proposal,
    ProposedLine,
    ProposedShare,
    calculate,
    estimate_deals,
    parse_plan,
    propose,
    unowned,
)
from compensation.plans.parts import People
from tests.compensation.worlds import frame

TODAY = date(2026, 11, 21)
Q4 = (date(2026, 10, 1), date(2027, 1, 1))

REPS = parse_plan(
    """\
plan: Reps
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - component: commission
    title: {en: Commission, zh-Hans: 提成}
    credited_on: invoice
    period: quarter
    payout: {marginal_tiers: [{from: 0%, to: 100%, rate: 5%}, {from: 100%, rate: 10%}]}
  - component: promotion
    credited_on: invoice
    period: quarter
    filter: {product_families: Robots}
    window: {from: 2026-10-01, through: 2026-12-31}
    measure: quantity
    payout: {per_unit: 40}
""",
    "reps.yaml",
)
MANAGERS = parse_plan(
    """\
plan: Managers
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Manager}
components:
  - {component: override, credited_on: invoice, credit_to: all_managers, period: quarter, payout: {rate: 1%}}
""",
    "managers.yaml",
)
OVERLAYS = parse_plan(
    """\
plan: Overlays
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Specialist}
components:
  - {component: support, credited_on: booking, credit_to: overlays, period: quarter, payout: {rate: 2%}}
""",
    "overlays.yaml",
)
PLANS: list[Plan] = [REPS, MANAGERS, OVERLAYS]


def line(name: str, deal: str, kind: str, amount: int, **changed: object) -> tuple[Any, ...]:
    row = {
        "day": date(2026, 11, 1),
        "currency": "USD",
        "margin": None,
        "quantity": 1_000_000,
        "family": "Software",
        "reverses": None,
        **changed,
    }
    return (
        *(name, deal, kind, row["day"], 1, "erp", name, row["currency"], amount, row["margin"], row["quantity"]),
        *("Thing", row["family"], "Acme", None, None, row["reverses"]),
    )


def deal(name: str, amount: int | None, **changed: object) -> tuple[Any, ...]:
    row = {"stage": "open", "day": date(2026, 12, 10), "currency": "USD", "basis": "stated", **changed}
    return (
        *(f"crm:{name}", "crm", name, f"Deal {name}", "Acme", row["stage"], "Negotiation", "crm:ann"),
        *(row["day"], row["currency"], amount, row["basis"]),
    )


OWNER, HALF = (
    [("crm:ann", "owner", 1_000_000, False)],
    [("crm:ann", "owner", 500_000, False), ("crm:bob", "owner", 500_000, False)],
)


def company(
    deals: list[tuple[Any, ...]], lines: list[tuple[Any, ...]], shares: dict[str, list[tuple[Any, ...]]]
) -> Facts:
    staff = [("ann", "Rep", "mia"), ("bob", "Rep", "mia"), ("mia", "Manager", "vic"), ("vic", "Manager", None)]
    staff += [("sam", "Specialist", "mia"), ("tim", "Trainee", "mia")]
    return Facts(
        transactions=frame("transactions", lines),
        participants=frame(
            "participants", [(f"crm:{name}", *share) for name, each in shares.items() for share in each]
        ),
        assignments=frame(
            "assignments",
            [
                (
                    f"crm:{who}",
                    who.title(),
                    None,
                    title,
                    None,
                    None,
                    above and f"crm:{above}",
                    "USD",
                    date(2020, 1, 1),
                    None,
                )
                for who, title, above in staff
            ],
        ),
        quotas=frame("quotas", [("crm:ann", "revenue", *Q4, 1_000_000, "USD")]),
        rates=frame("rates", [("EUR", "USD", date(2026, 1, 1), "1.0845")]),
        currencies=frame("currencies", [("USD", 2), ("EUR", 2)]),
        deals=frame("deals", deals),
    )


BOOKED = line("i1", "crm:old", "invoice", 800_000)


def estimate(
    facts: Facts, payee: str = "crm:ann", proposal: Proposal | None = None, plans: list[Plan] = PLANS
) -> DealEstimate:
    proposals = [proposal or propose("crm:new")]
    return next(each for each in estimate_deals(facts, plans, proposals, as_of=TODAY) if each.payee.id == payee)


def one_deal(amount: int | None = 400_000, shares: list[tuple[Any, ...]] | None = None, **changed: object) -> Facts:
    row = deal("new", amount, **changed)
    expected = [] if amount is None else [line("o1", "crm:new", "expected", amount, day=row[8], currency=row[9])]
    return company([row], [BOOKED, *expected], {"old": OWNER, "new": OWNER if shares is None else shares})


def codes(one: DealEstimate) -> list[str]:
    return [reason.code for reason in one.reasons]


def test_a_deal_that_crosses_the_quota_says_which_slice_earns_what() -> None:
    document = json.loads(estimate(one_deal()).to_json())
    component = document["components"][0]
    assert document["total"] == {"amount": "300.00", "currency": "USD"}
    assert [(tier["slice"]["amount"], tier["rate"], tier["earning"]["amount"]) for tier in component["tiers"]] == [
        ("2000.00", "0.05", "100.00"),
        ("2000.00", "0.1", "200.00"),
    ]
    assert (component["attainment_before"], component["attainment_after"]) == ("0.8", "1.2")
    assert component["payment"] == {"event": "invoice", "expected_on": "2026-12-10"}
    assert component["period"] == {"label": "2026-Q4", "start": "2026-10-01", "end": "2026-12-31"}
    assert [reason["text"]["en"] for reason in component["reasons"]] == [
        "100% of this deal is yours: $4,000.00 counts.",
        "Your quota for 2026-Q4 is $10,000.00; with this deal you go from 80% to 120% of it.",
        "$2,000.00 at 5% earns $100.00.",
        "$2,000.00 at 10% earns $200.00.",
    ]
    assert component["reasons"][3]["text"]["zh-Hans"] == "US$2,000.00按10%计，得US$200.00。"  # noqa: RUF001 - Chinese comma


def test_everybody_whom_the_deal_touches_has_an_estimate() -> None:
    facts = one_deal(shares=[*OWNER, ("crm:sam", "overlay", 250_000, True)])
    totals = {
        each.payee.id: each.total.amount for each in estimate_deals(facts, PLANS, [propose("crm:new")], as_of=TODAY)
    }
    assert totals == {"crm:ann": "300.00", "crm:mia": "40.00", "crm:sam": "20.00", "crm:vic": "40.00"}


def test_the_range_goes_from_closing_first_to_closing_last() -> None:
    facts = company(
        [deal("new", 100_000), deal("other", 500_000)],
        [BOOKED, line("o1", "crm:new", "expected", 100_000), line("o2", "crm:other", "expected", 500_000)],
        {"old": OWNER, "new": OWNER, "other": OWNER},
    )
    found = estimate(facts).range
    assert (found.closed_first.amount, found.closed_last.amount) == ("50.00", "100.00")
    after_it = estimate(facts, proposal=replace(propose("crm:new"), earlier_deal_ids=frozenset({"crm:other"})))
    assert after_it.total.amount == "100.00"


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        ({"amount_minor": 800_000}, "700.00"),
        ({"discount_ratio": Fraction(1, 2)}, "100.00"),
        ({"close_on": date(2027, 1, 5)}, "0.00"),
        ({"splits": (ProposedShare("crm:ann", 500_000), ProposedShare("crm:bob", 500_000))}, "100.00"),
        ({"products": (ProposedLine("Arm", 100_000, "Robots", 2_000_000),)}, "130.00"),
    ],
)
def test_a_changed_deal_pays_otherwise(changed: dict[str, Any], total: str) -> None:
    assert estimate(one_deal(), proposal=Proposal("what if", "crm:new", **changed)).total.amount == total


def test_who_has_the_plan_but_not_the_component_is_told() -> None:
    for_others = {"only_for": People(titles=("Senior Rep",))}
    components = tuple(each.model_copy(update=for_others) for each in REPS.components)
    one = estimate(one_deal(), plans=[REPS.model_copy(update={"components": components})])
    assert [reason.text["en"] for reason in one.reasons][:1] == ["Commission is for others than Ann as 'Rep'."]


@pytest.mark.parametrize(
    ("facts", "payee", "expected"),
    [
        (one_deal(None), "crm:ann", ["no_amount"]),
        (one_deal(stage="lost"), "crm:ann", ["deal_lost"]),
        (one_deal(stage="won"), "crm:ann", ["deal_won"]),
        (one_deal(day=None), "crm:ann", ["no_date"]),
        (one_deal(day=date(2026, 11, 1)), "crm:ann", ["overdue"]),
        (one_deal(basis="list_price"), "crm:ann", ["list_price"]),
        (one_deal(shares=HALF), "crm:bob", ["no_quota", "filtered"]),
        (one_deal(shares=HALF[:1]), "crm:ann", ["splits_not_whole"]),
        (one_deal(shares=[("crm:tim", "owner", 1_000_000, False)]), "crm:tim", ["title_not_covered"]),
        (one_deal(shares=[("crm:who", "owner", 1_000_000, False)]), "crm:who", ["no_assignment"]),
        (one_deal(shares=[*OWNER, ("crm:bob", "overlay", 10, True)]), "crm:bob", ["role_not_credited"] * 2),
        (one_deal(currency="CHF"), "crm:ann", ["no_rate"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value) if isinstance(value, list) else "",
)
def test_silence_is_never_the_answer(facts: Facts, payee: str, expected: list[str]) -> None:
    with_francs = facts.currencies.extend(frame("currencies", [("CHF", 2)]))
    facts = Facts(**{each.name: getattr(facts, each.name) for each in fields(facts)} | {"currencies": with_francs})
    one = estimate(facts, payee)
    assert codes(one)[: len(expected)] == expected
    assert all(reason.text["en"] and reason.text["zh-Hans"] for reason in one.reasons)


def test_outside_its_window_a_promotion_says_so() -> None:
    one = estimate(one_deal(day=date(2027, 2, 1)))
    assert one.status == "nothing"
    assert codes(one) == ["no_quota", "outside_window"]


def test_a_deal_nobody_owns_has_a_named_outcome() -> None:
    facts = one_deal(shares=[])
    assert estimate_deals(facts, PLANS, [propose("crm:new")], as_of=TODAY) == []
    assert [each.reason.code for each in unowned(facts, [propose("crm:new")], as_of=TODAY)] == ["nobody_owns"]
    stray = line("i9", "crm:new", "invoice", 5)
    booked = calculate(company([deal("new", 1)], [stray], {"old": OWNER}), PLANS, as_of=TODAY)
    assert booked.outcomes.rows() == [("i9", "crm:new", "nobody_owns")]


def test_a_converted_deal_says_the_rate() -> None:
    one = estimate(one_deal(10_000, currency="EUR"))
    assert one.total.amount == "5.42"
    assert "on Dec 10, 2026 one EUR is 1.0845 USD" in one.components[0].reasons[1].text["en"]


INVOICE = line("i2", "crm:new", "invoice", 733_333, currency="EUR", day=date(2026, 10, 2))
NOTE = line("c2", "crm:new", "return", -733_333, currency="EUR", day=date(2026, 11, 20), reverses="i2")


def test_a_paid_deal_and_its_credit_note_net_to_nothing() -> None:
    booked = company([deal("new", 1)], [INVOICE, NOTE], {"new": HALF})
    lines = calculate(booked, PLANS, as_of=TODAY).lines
    assert lines["earning_minor"].abs().sum() > 0
    assert lines["earning_minor"].sum() == 0


def test_with_deals_in_between_the_credit_note_leaves_what_they_earn_alone() -> None:
    """The return takes back from where the position stands now: the quarter ends as if the deal had never been."""
    shares = {"old": OWNER, "new": HALF}
    with_it, without = (
        calculate(company([deal("new", 1)], lines, shares), PLANS, as_of=TODAY).totals()
        for lines in ([INVOICE, BOOKED, NOTE], [BOOKED])
    )
    assert with_it.equals(without)


def test_credits_without_a_quota_are_kept_with_their_outcome() -> None:
    booked = company([deal("old", 1)], [BOOKED], {"old": HALF})
    credited = calculate(booked, [REPS], as_of=TODAY).credits
    outcomes = credited.select("payee_id", "outcome").sort("payee_id").rows()
    assert outcomes == [("crm:ann", None), ("crm:bob", "no_quota")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transactions": frame("transactions", [BOOKED, BOOKED])}, "transactions.transaction_id: 'i1' stands twice"),
        ({"rates": pl.DataFrame({"from_currency": ["EUR"]})}, "rates: column rate, to_currency, valid_from is missing"),
        (
            {"currencies": pl.DataFrame({"currency": ["USD"], "exponent": [2.0]})},
            "currencies.exponent: has type Float64, Int64 is wanted",
        ),
        (
            {"transactions": frame("transactions", [line("i1", "crm:old", "invoice", 1, day=None)])},
            "'i1' has no date; only an expected one may lack it",
        ),
    ],
)
def test_facts_that_do_not_fit_say_where(change: dict[str, pl.DataFrame], message: str) -> None:
    facts = one_deal()
    with pytest.raises(FactsError) as caught:
        Facts(**{each.name: getattr(facts, each.name) for each in fields(facts)} | change)
    assert message in str(caught.value)


def test_a_circle_of_managers_is_refused() -> None:
    facts = one_deal()
    circle = facts.assignments.with_columns(
        pl.when(pl.col("payee_id") == "crm:vic").then(pl.lit("crm:ann")).otherwise("manager_id").alias("manager_id")
    )
    with pytest.raises(FactsError, match="is above and below"):
        calculate(
            Facts(**{each.name: getattr(facts, each.name) for each in fields(facts)} | {"assignments": circle}),
            PLANS,
            as_of=TODAY,
        )
