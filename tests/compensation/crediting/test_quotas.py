"""Quotas and target pay: from the facts or the plan, for whom, how much of it."""

from datetime import date, timedelta

import pytest

from compensation import Facts
from compensation.errors import FactsError
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.presence import Presence
from compensation.facts.quotas import QuotaFound, Quotas
from compensation.facts.targets import Targets
from compensation.plans.periods import Period, period_of
from compensation.plans.quotas import Proration
from compensation.plans.rules import Rule, rules_of
from tests.compensation.crediting.company import MILLION, Row, component, facts, plan

STEPS = "{steps: [{at: 100%, bonus: 1000}]}"
Span = tuple[str, str, int]


def rule(says: str = "", *, payout: str = STEPS, **head: str) -> Rule:
    return rules_of([plan(component(says, payout=payout), **head)])[0]


def period(of: Rule, day: date = date(2026, 5, 20)) -> Period:
    return period_of(day, of.component.period, of.plan.calendar)


def quota(given: Facts, of: Rule, day: date = date(2026, 5, 20), payee_id: str = "ann", **more: str) -> QuotaFound:
    return Quotas(given, ExchangeRates(given)).of(of, payee_id, period(of, day), **more)


def spans(*rows: Span, payee_id: str = "ann", **more: str) -> list[Row]:
    """Rows from a day through another."""
    return [
        {
            "payee_id": payee_id,
            "from_on": date.fromisoformat(first),
            "to_on": date.fromisoformat(last) + timedelta(days=1),
            "quota_minor": minor,
            **more,
        }
        for first, last, minor in rows
    ]


YEAR: Span = ("2026-01-01", "2026-12-31", 120_000)
Q2: Span = ("2026-04-01", "2026-06-30", 30_000)


@pytest.mark.parametrize(
    ("says", "rows", "found"),
    [
        ("period: year", [YEAR], 120_000),
        ("period: quarter", [YEAR], "no_quota"),
        ("period: quarter", [("2026-04-01", "2026-04-30", 1), ("2026-05-01", "2026-06-30", 2)], 3),
        ("period: quarter", [Q2, ("2026-04-01", "2026-04-30", 10_000)], 30_000),
        ("period: year", [YEAR, Q2, ("2026-04-01", "2026-04-30", 10_000)], 120_000),
        ("period: year, quota: {share: 50%}", [YEAR], 60_000),
        ("period: quarter, quota: {for: year}", [YEAR], 30_000),
        ("period: quarter, quota: {for: year, weights: [10%, 20%, 30%, 40%]}", [YEAR], 24_000),
        ("period: month, quota: {for: quarter}", [("2026-04-01", "2026-06-30", 100)], 34),
        ("period: year, quota: 500", [YEAR], 50_000),
        ("period: quarter, quota: {amount: 1000, for: year}", [], 25_000),
        ("period: quarter, quota: {amount: 1000, for: month}", [], 300_000),
        ("period: month, quota: {amount: 100, for: year, share: 12%}", [], 100),
        ("period: year", [("2026-01-01", "2026-12-31", 0)], "zero_quota"),
        ("period: year, quota: {when_missing: is_met}", [], 0),
        ("period: year, quota: {when_missing: is_met}", [("2026-01-01", "2026-12-31", 0)], 0),
        ("period: year, measure: margin", [YEAR], "no_quota"),
        ("period: year, measure: margin, quota: {of_measure: revenue}", [YEAR], 120_000),
        ("period: quarter", [Q2], 30_000),
    ],
)
def test_a_period_has_a_quota(says: str, rows: list[Span], found: int | str) -> None:
    expected = QuotaFound(None, found) if isinstance(found, str) else QuotaFound(found, None)
    assert quota(facts(quotas=spans(*rows)), rule(says)) == expected


def test_what_needs_no_quota_has_none() -> None:
    assert quota(facts(quotas=spans(YEAR)), rule(payout="{rate: 1%}")) == QuotaFound(None, None)


def test_parts_of_a_year_add_up() -> None:
    monthly = rule("period: month, quota: {amount: 1000, for: year}")
    months = [quota(facts(), monthly, date(2026, month, 1)).quota for month in range(1, 13)]
    assert (months[:3], sum(each or 0 for each in months)) == ([8_333, 8_334, 8_333], 100_000)


def test_a_year_that_starts_in_april_is_divided_from_april() -> None:
    quarterly = rule(
        "period: quarter, quota: {amount: 100, for: year, weights: [10%, 20%, 30%, 40%]}", more="year_starts: 4"
    )
    found = [quota(facts(), quarterly, date(2026, month, 1)).quota for month in (4, 7, 10, 1)]
    assert found == [1_000, 2_000, 3_000, 4_000]


def test_weights_have_to_fit_the_periods() -> None:
    with pytest.raises(FactsError, match="component 'pay': the quota has 2 weights for 4 periods"):
        quota(facts(), rule("period: quarter, quota: {amount: 100, for: year, weights: [50%, 50%]}"))


@pytest.mark.parametrize("other", [("2026-03-01", "2026-06-30", 1), ("2026-01-01", "2026-05-31", 2)])
def test_rows_that_overlap_are_refused(other: Span) -> None:
    given = facts(quotas=spans(("2026-01-01", "2026-05-31", 1), other))
    with pytest.raises(FactsError, match="quotas: those of ann for revenue"):
        quota(given, rule())
    assert quota(given, rule(), date(2027, 1, 1)).outcome == "no_quota"


def test_a_quota_is_converted_and_units_are_millionths() -> None:
    euros = facts(
        quotas=spans(YEAR, currency="EUR"), rates=[{"from_currency": "EUR", "to_currency": "USD", "rate": "1.1"}]
    )
    assert quota(euros, rule()).quota == 132_000
    assert quota(facts(quotas=spans(YEAR, currency="EUR")), rule()).outcome == "no_quota_rate"
    assert quota(facts(), rule("measure: count, quota: 3")).quota == 3 * MILLION


RAMP = "quota: {amount: 100, ramp: [{through_month: 3, share: 50%}, {through_month: 6, share: 80%}]}"


@pytest.mark.parametrize(
    ("hired_on", "day", "found"),
    [
        (date(2026, 4, 1), date(2026, 4, 1), 5_000),
        (date(2026, 4, 30), date(2026, 4, 1), 5_000),
        (date(2026, 2, 15), date(2026, 4, 1), 7_000),
        (date(2026, 1, 1), date(2026, 4, 1), 8_000),
        (date(2026, 1, 1), date(2026, 7, 1), 10_000),
        (None, date(2026, 4, 1), 10_000),
    ],
)
def test_newcomers_ramp_up_by_calendar_months(hired_on: date | None, day: date, found: int) -> None:
    given = facts([{"payee_id": "ann", "hired_on": hired_on}])
    assert quota(given, rule(f"period: quarter, {RAMP}"), day).quota == found


@pytest.mark.parametrize(
    ("kind", "found"), [("week", 5_000), ("two-weeks", 5_000), ("half-month", 5_000), ("ever", 10_000)]
)
def test_a_ramp_in_weeks_and_without_periods(kind: str, found: int) -> None:
    """The weeks from 30 March on lie in April, the newcomer's third month, as their last day does."""
    given = facts([{"payee_id": "ann", "hired_on": date(2026, 2, 1)}])
    assert (
        quota(given, rule(f"period: {kind}, {RAMP}", more="two_weeks_start: 2026-03-16"), date(2026, 4, 1)).quota
        == found
    )


@pytest.mark.parametrize(
    ("person", "absence", "by_days", "by_months"),
    [
        ({}, None, "91/91", "3/3"),
        ({"from_on": date(2026, 5, 1)}, None, "61/91", "2/3"),
        ({"from_on": date(2026, 4, 16)}, None, "76/91", "3/3"),
        ({"from_on": date(2026, 4, 17)}, None, "75/91", "2/3"),
        ({"to_on": date(2026, 5, 1)}, None, "30/91", "1/3"),
        ({}, (date(2026, 5, 1), date(2026, 6, 1)), "60/91", "2/3"),
        ({}, (date(2026, 6, 1), None), "61/91", "2/3"),
        ({"title": "Boss"}, None, "0/91", "0/3"),
    ],
)
def test_presence_is_counted_in_days_or_in_months(
    person: Row, absence: tuple[date, date | None] | None, by_days: str, by_months: str
) -> None:
    away = [{"payee_id": "ann", "from_on": absence[0], "to_on": absence[1]}] if absence else []
    given = facts([{"payee_id": "ann", **person}], absences=away)
    quarterly = rule("period: quarter", applies_to="{titles: Rep}")
    presence = Presence(given, Assignments(given))
    for by, expected in ((Proration.BY_DAYS, by_days), (Proration.BY_MONTHS, by_months)):
        part, whole = (int(number) for number in expected.split("/"))
        assert presence.share(quarterly, "ann", period(quarterly), by) * whole == part


def test_a_quota_shrinks_with_presence() -> None:
    leaver = facts([{"payee_id": "ann", "to_on": date(2026, 5, 1)}], quotas=spans(Q2))
    assert quota(leaver, rule("period: quarter, quota: {prorated: by_months}")).quota == 10_000
    assert quota(leaver, rule("period: quarter, quota: {prorated: by_days}")).quota == 9_890
    gone = facts([{"payee_id": "ann", "to_on": date(2026, 4, 1)}], quotas=spans(Q2))
    assert quota(gone, rule("period: quarter, quota: {prorated: by_days}")).outcome == "zero_quota"


def test_a_customer_has_a_plan_while_it_is_in_force() -> None:
    given = facts()
    rebate = rule("credit_to: customer, quota: {amount: 100, prorated: by_months}", applies_to="{all_customers: yes}")
    assert quota(given, rebate, payee_id="customer:Acme").quota == 10_000


TEAM: list[Row] = [
    {"payee_id": "ann", "team": "north"},
    {"payee_id": "bob", "team": "north", "to_on": date(2026, 5, 1)},
    {"payee_id": "sue", "team": "south"},
    {"payee_id": "max", "team": "north", "title": "Boss"},
]


@pytest.mark.parametrize(("says", "found"), [("", 35_000), (", quota: 70", 7_000), (", quota: {share: 10%}", 3_500)])
def test_a_team_has_the_quotas_of_its_members(says: str, found: int) -> None:
    rows = [*spans(Q2), *spans(("2026-04-01", "2026-06-30", 5_000), payee_id="bob"), *spans(Q2, payee_id="sue")]
    given = facts(TEAM, quotas=[*rows, *spans(Q2, payee_id="max")])
    of_team = rule(f"period: quarter, accumulate_by: team{says}", applies_to="{titles: Rep}")
    assert quota(given, of_team, accumulates_for="team:north").quota == found


def test_a_team_without_quotas_has_none() -> None:
    of_team = rule("accumulate_by: team")
    assert quota(facts(TEAM), of_team, accumulates_for="team:north").outcome == "no_quota"
    assert quota(facts(TEAM), of_team, accumulates_for="team:nobody").outcome == "no_quota"


MULTIPLIED = "{marginal_tiers: [{from: 0%, multiplier: 1}]}"
PAID = {"payee_id": "ann", "salary_minor": 6_000_000}


@pytest.mark.parametrize(
    ("says", "person", "found"),
    [
        ("target_pay: 5000", {}, (500_000, None)),
        ("target_pay: {amount: 5000, share: 40%}", {}, (200_000, None)),
        ("target_pay: {of_salary: 10%}", {}, (600_000, None)),
        ("target_pay: {of_salary: 10%, share: 50%}", {"pay_currency": "EUR"}, (330_000, None)),
        ("target_pay: {of_salary: 10%}", {"pay_currency": "JPY"}, (None, "no_target_rate")),
        ("target_pay: {of_salary: 10%}", {"salary_minor": None}, (None, "no_salary")),
        ("target_pay: {of_salary: 10%}", {"to_on": date(2026, 6, 1)}, (600_000, None)),
        ("target_pay: {each_payee: yes}", {}, (130_000, None)),
        ("target_pay: {each_payee: yes, share: 10%}", {}, (13_000, None)),
    ],
)
def test_target_pay_has_three_sources(says: str, person: Row, found: tuple[int | None, str | None]) -> None:
    own: list[Row] = [
        {"payee_id": "ann", "to_on": date(2026, 7, 1), "target_minor": 120_000},
        {"payee_id": "ann", "from_on": date(2026, 7, 1), "target_minor": 130_000},
    ]
    given = facts(
        [{**PAID, **person}], targets=own, rates=[{"from_currency": "EUR", "to_currency": "USD", "rate": "1.1"}]
    )
    of = rule(says, payout=MULTIPLIED)
    assert Targets(given, ExchangeRates(given)).of(of, "ann", period(of)) == found


def test_target_pay_that_is_missing_or_doubled() -> None:
    own = rule("target_pay: {each_payee: yes}", payout=MULTIPLIED)
    nobody, rates = facts(), ExchangeRates(facts())
    assert Targets(nobody, rates).of(own, "ann", period(own)) == (None, "no_target_pay")
    assert Targets(nobody, rates).of(rule(), "ann", period(own)) == (None, None)
    twice = facts(targets=[{"payee_id": "ann", "target_minor": 1}, {"payee_id": "ann", "target_minor": 2}])
    with pytest.raises(FactsError, match="targets: ann has two for 'pay' on 2026-12-31"):
        Targets(twice, rates).of(own, "ann", period(own))
