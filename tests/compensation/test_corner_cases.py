"""Corners in which pay was once counted twice, lost, or left behind by a return; each told as a story."""

from datetime import date

import polars as pl
import pytest

from compensation import Calculation, Facts, FactsError, PayOverflowError, Plan, calculate, failing_examples, parse_plan
from tests.compensation.worlds.rows import facts_of, rows_of

HEAD = """\
plan: Corner
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
"""
EXAMPLES = "examples:\n  - example: it\n"
MOVED = """\
    people: {Ann: {team: X, changes: [{on: 2026-07-01, team: Y}]}, Bob: {team: Y}}
    happens:
      - {on: 2026-02-01, invoice: I1, owners: Ann, revenue: 1000}
      - {on: 2026-08-01, invoice: I2, owners: Ann, revenue: 1000}
    as_of: 2026-12-31
"""
BY_TEAM = "components: [{{component: c, credited_on: invoice, period: year, accumulate_by: team, {}}}]\n"
LESS = """\
components:
  - component: c
    credited_on: invoice
    credit_to: [owners, all_managers]
    period: year
    less_paid_below: yes
    payout: {by: role, cases: [{when: [owner, closer], rate: 6%}, {when: [manager], rate: 10%}]}
"""
STORIES = {
    "a period's cap is one, however many teams somebody had in it": (
        BY_TEAM.format("cap: {amount: 5000, per: period}, payout: {rate: 10%}"),
        f"""\
{MOVED}\
    expects:
      - {{payee: Ann, document: I1, earns: 100}}
      - {{payee: Ann, document: I2, earns: 100}}
      - {{payee: Ann, earns: 200}}
""",
    ),
    "so is what opens a period": (
        BY_TEAM.format("opening_pay: 1000, payout: {rate: 10%}"),
        f"{MOVED}    expects: [{{payee: Ann, earns: 1200}}, {{payee: Bob, earns: 1000}}]\n",
    ),
    "and its floor": (
        BY_TEAM.format("floor: {amount: 5000, per: period}, payout: {rate: 10%}"),
        f"{MOVED}    expects: [{{payee: Ann, earns: 5000}}, {{payee: Bob, earns: 5000}}]\n",
    ),
    "a full return takes back what the manager had beyond the owner": (
        LESS,
        """\
    people: {Ann: {manager: Mia}, Mia: {}}
    happens:
      - {on: 2026-02-01, invoice: I1, owners: Ann, revenue: 1000}
      - {on: 2026-03-01, return: R1, reverses: I1}
    expects:
      - {payee: Ann, document: I1, earns: 60}
      - {payee: Mia, document: I1, earns: 40}
      - {payee: Ann, document: R1, earns: -60}
      - {payee: Mia, document: R1, earns: -40}
""",
    ),
    "an override on two components has its floor once on each earning": (
        """\
components:
  - {component: x, credited_on: invoice, period: year, payout: {rate: 10%}}
  - {component: y, credited_on: invoice, period: year, payout: {rate: 5%}}
  - component: o
    earnings_of: [x, y]
    credit_to: direct_manager
    period: year
    floor: {amount: 20, per: transaction}
    payout: {rate: 10%}
""",
        """\
    people: {Ann: {manager: Mia}, Mia: {}}
    happens: [{on: 2026-02-01, invoice: I1, owners: Ann, revenue: 1000}]
    expects: [{payee: Ann, earns: 150}, {payee: Mia, component: o, calculated: 15, earns: 40}]
""",
    ),
    "returns in three parts leave nothing of a floor": (
        """\
components:
  - {component: c, credited_on: invoice, period: year, floor: {amount: 100, per: transaction}, payout: {rate: 10%}}
""",
        """\
    people: {Ann: {}}
    happens:
      - {on: 2026-02-01, invoice: I1, owners: Ann, revenue: 300}
      - {on: 2026-03-01, return: R1, reverses: I1, revenue: 100.01}
      - {on: 2026-04-01, return: R2, reverses: I1, revenue: 99.98}
      - {on: 2026-05-01, return: R3, reverses: I1, revenue: 100.01}
    expects: [{payee: Ann, document: I1, earns: 100}, {payee: Ann, earns: 0}]
""",
    ),
    "an override is taken back in the month of the return, after the close": (
        """\
components:
  - {component: x, credited_on: invoice, period: month, payout: {rate: 10%}}
  - {component: o, earnings_of: x, credit_to: direct_manager, period: month, payout: {rate: 10%}}
""",
        """\
    people: {Ann: {manager: Mia}, Mia: {}}
    happens:
      - {on: 2026-02-01, invoice: I1, owners: Ann, revenue: 1000}
      - {on: 2026-03-10, return: R1, reverses: I1}
    closed_through: 2026-02-28
    as_of: 2026-03-31
    expects:
      - {payee: Ann, period: 2026-02, paid: 100}
      - {payee: Ann, period: 2026-03, released: -100, adjusted: 0}
      - {payee: Mia, period: 2026-02, paid: 10}
      - {payee: Mia, period: 2026-03, released: -10, adjusted: 0}
      - {payee: everyone, earns: 0}
""",
    ),
}


@pytest.mark.parametrize(("components", "story"), STORIES.values(), ids=STORIES.keys())
def test_a_story_holds(components: str, story: str) -> None:
    assert failing_examples(parse_plan(HEAD + components + EXAMPLES + story, "corner.yaml")) == []


# What a story cannot tell: several roles, versions of a plan, facts that are refused, and numbers beyond all bounds.

DAY = date(2026, 2, 1)
PEOPLE = ({"payee_id": "Ann", "name": "Ann", "manager_id": "Mia"}, {"payee_id": "Mia", "name": "Mia"})


def company(*revenues: int, currency: str = "USD", **replaced: object) -> Facts:
    """Ann's invoices, each a deal, a half year between them; some frames' rows as they are given."""
    deals = [f"D{number}" for number in range(len(revenues))]
    rows: dict[str, list[dict[str, object]]] = {
        "transactions": [
            {
                "transaction_id": deal,
                "deal_id": deal,
                "kind": "invoice",
                "dated_on": date(2026, 2 + 6 * number % 12, 1),
                "posting_sequence": 1,
                "source": "erp",
                "source_ref": deal,
                "currency": currency,
                "revenue_minor": revenue,
                "quantity_millionths": 10**6,
            }
            for number, (deal, revenue) in enumerate(zip(deals, revenues, strict=True))
        ],
        "participants": [share(deal, "owner", 10**6) for deal in deals],
        "assignments": [
            {"title": "Rep", "pay_currency": "USD", "from_on": date(2020, 1, 1), **each} for each in PEOPLE
        ],
        "currencies": [{"currency": each, "exponent": 2} for each in ("USD", "EUR")],
        "rates": [{"from_currency": "EUR", "to_currency": "USD", "valid_from": date(2020, 1, 1), "rate": "1.1"}],
    }
    return facts_of(rows | replaced)  # type: ignore[arg-type]  # the rows of any frame


def share(deal: str, role: str, millionths: int) -> dict[str, object]:
    return {"deal_id": deal, "payee_id": "Ann", "role": role, "share_millionths": millionths, "is_overlay": False}


def plan(components: str, head: str = HEAD) -> Plan:
    return parse_plan(head + components, "corner.yaml")


def calculated(facts: Facts, *plans: Plan) -> Calculation:
    return calculate(facts, plans, as_of=date(2026, 12, 31))


def test_who_has_two_roles_in_a_deal_is_paid_for_both() -> None:
    roles = [share("D0", "owner", 500_000), share("D0", "closer", 500_000)]
    lines = calculated(company(100_000, participants=roles), plan(LESS)).lines
    assert sorted(lines.select("payee_id", "earning_minor").rows()) == [
        ("Ann", 3_000),
        ("Ann", 3_000),
        ("Mia", 2_000),
        ("Mia", 2_000),
    ]


TIERS = "payout: {marginal_tiers: [{from: 0, to: 1000, rate: 1%}, {from: 1000, rate: 10%}]}"
GATED = f"""\
figures: {{other: {{earnings_of: o}}}}
components:
  - {{component: o, credited_on: invoice, period: year, payout: {{rate: 1%}}}}
  - component: c
    credited_on: invoice
    period: year
    continues_earlier_version: yes
    gates: [{{figure: other, at_least: 0}}]
    {TIERS}
"""


def test_a_component_continues_though_it_looks_at_others_now() -> None:
    first = plan(
        f"components: [{{component: c, credited_on: invoice, period: year, {TIERS}}}]\n",
        HEAD.replace("2026-01-01", "2026-01-01, through: 2026-06-30"),
    )
    second = plan(GATED, HEAD.replace("2026-01-01", "2026-07-01"))
    lines = calculated(company(100_000, 100_000), first, second).lines.filter(pl.col("component") == "c")
    assert lines.select("transaction_id", "before_minor", "earning_minor").rows() == [
        ("D0", 0, 1_000),
        ("D1", 100_000, 10_000),
    ]


def test_assignments_that_overlap_are_refused_by_name() -> None:
    facts = company(100_000)
    twice = [*rows_of(facts)["assignments"], {**rows_of(facts)["assignments"][0], "from_on": DAY}]
    with pytest.raises(FactsError, match="Ann"):
        company(100_000, assignments=twice)


HUGE = 4 * 10**18
PAYS = "components: [{{component: c, credited_on: invoice, period: year, {}}}]"
SCORED = """\
figures: {m: {metric: m}}
components:
  - {component: c, period: year, target_pay: 1000, payout: {scorecard: [{kpi: k, figure: m, weight: 100%}]}}
"""
OPENS = "opening_pay: 70000000000000000, accumulate_by: deal, payout: {rate: 100%}"
OVERFLOWS = {
    "three deals, each within bounds": ([HUGE] * 3, PAYS.format("accumulate_by: deal, payout: {rate: 100%}")),
    "a deal and what opens the period": ([HUGE], PAYS.format(OPENS)),
    "what opens the period": ([100], PAYS.format("opening_pay: 99999999999999999, payout: {rate: 1%}")),
    "a period's floor": ([100], PAYS.format("floor: 999999999999999999, payout: {rate: 1%}")),
    "a scorecard": ([100], SCORED),
}


@pytest.mark.parametrize(("revenues", "components"), OVERFLOWS.values(), ids=OVERFLOWS.keys())
def test_pay_beyond_the_exact_range_names_who_and_what(revenues: list[int], components: str) -> None:
    metrics = [{"subject": "", "metric": "m", "from_on": date(2026, 1, 1), "value": str(10**24)}]
    with pytest.raises(PayOverflowError, match=r"Ann[\s\S]*'c'|'c'[\s\S]*Ann"):
        calculated(company(*revenues, metrics=metrics), plan(components + "\n"))
