"""Whom a component credits, and with which part of the deal."""

from datetime import date

import polars as pl
import pytest

from compensation.crediting.rules_frame import CreditingRules
from compensation.plans.rules import rules_of
from tests.compensation.crediting.company import MILLION, Row, component, credits_of, facts, plan, rows

TEAM: list[Row] = [
    {"payee_id": "ann", "manager_id": "max", "team": "north", "region": "EU"},
    {"payee_id": "bob", "manager_id": "max", "team": "south", "region": "US"},
    {"payee_id": "sue", "manager_id": "eve"},
    {"payee_id": "max", "manager_id": "eve", "title": "Manager"},
    {"payee_id": "eve", "title": "Manager"},
]
INVOICE = {"transaction_id": "t", "revenue_minor": 100_000}
Shares = dict[tuple[str, str], int]


def deal(shares: Shares, overlays: tuple[str, ...] = ()) -> list[Row]:
    return [
        {"payee_id": who, "role": role, "share_millionths": part * 10_000, "is_overlay": role in overlays}
        for (who, role), part in shares.items()
    ]


@pytest.mark.parametrize(
    ("says", "shares", "credited"),
    [
        ("", {("ann", "AE"): 60, ("bob", "AE"): 40}, {"ann": 60_000, "bob": 40_000}),
        ("", {("ann", "AE"): 60}, {}),
        ("remainder_to: eve", {("ann", "AE"): 60}, {"ann": 60_000, "eve": 40_000}),
        ("remainder_to: eve", {("ann", "AE"): 60, ("bob", "AE"): 40}, {"ann": 60_000, "bob": 40_000}),
        ("remainder_to: eve", {("ann", "AE"): 60, ("bob", "AE"): 41}, {}),
        ("remainder_to: eve", {}, {"eve": 100_000}),
        ("roles: AE", {("ann", "AE"): 60, ("bob", "SE"): 40}, {"ann": 60_000}),
        ("roles: SE, credit_to: direct_manager", {("ann", "AE"): 60, ("sue", "SE"): 40}, {"eve": 40_000}),
        ("role_shares: {AE: 70%, SE: 30%}", {("ann", "AE"): 100, ("sue", "SE"): 10}, {"ann": 70_000, "sue": 30_000}),
        ("role_shares: {AE: 70%}", {("ann", "AE"): 30, ("bob", "AE"): 5}, {"ann": 35_000, "bob": 35_000}),
        ("role_shares: {AE: 70%}", {("ann", "AE"): 50, ("sue", "SE"): 50}, {"ann": 70_000}),
        ("role_shares: {AE: 70%}, remainder_to: eve", {("ann", "AE"): 100}, {"ann": 70_000, "eve": 30_000}),
        ("role_shares: {AE: 90%, manager: 10%}", {("ann", "AE"): 100}, {"ann": 90_000, "max": 10_000}),
        (
            "role_shares: {AE: 80%, manager: 10%}, remainder_to: eve",
            {("ann", "AE"): 100},
            {"ann": 80_000, "max": 10_000, "eve": 10_000},
        ),
    ],
)
def test_a_deal_is_divided(says: str, shares: Shares, credited: dict[str, int]) -> None:
    given = facts(
        TEAM, transactions=[INVOICE], participants=deal(shares, overlays=("SE",) if "role_sh" in says else ())
    )
    found = credits_of(given, plan(component(says)))
    assert dict(rows(found, "payee_id", "base")) == credited


@pytest.mark.parametrize(
    ("who", "credited"),
    [
        ("{titles: Rep}", ["ann", "bob"]),
        ("{titles: [Rep, Manager]}", ["ann", "bob", "max"]),
        ("{regions: EU}", ["ann"]),
        ("{channels: direct}", []),
        ("{teams: [north, west], titles: Rep}", ["ann"]),
        ("{teams: north, titles: Manager}", []),
        ("{payees: [bob, max]}", ["bob", "max"]),
    ],
)
def test_a_component_may_be_only_for_some_of_those_who_have_the_plan(who: str, credited: list[str]) -> None:
    """Somebody without a region, channel or team is in none of those that are listed."""
    given = facts(TEAM, transactions=[INVOICE], participants=deal({("ann", "AE"): 60, ("bob", "AE"): 40}))
    found = credits_of(given, plan(component(f"credit_to: [owners, direct_manager], only_for: {who}")))
    assert sorted({payee for (payee,) in rows(found, "payee_id")}) == credited


def test_three_of_a_role_share_without_losing_a_cent() -> None:
    shares = {("ann", "AE"): 0, ("bob", "AE"): 0, ("sue", "AE"): 0}
    found = credits_of(
        facts(TEAM, transactions=[{**INVOICE, "revenue_minor": 100}], participants=deal(shares)),
        plan(component("role_shares: {AE: 100%}")),
    )
    assert rows(found, "payee_id", "base", "share_from", "share_to") == [
        ("ann", 33, 0, 333_333),
        ("bob", 34, 333_333, 666_667),
        ("sue", 33, 666_667, MILLION),
    ]


@pytest.mark.parametrize("people", [1, 2, 3, 5, 6, 7, 16, 17])
def test_equal_parts_of_a_role_are_equal_to_the_cent(people: int) -> None:
    names = [f"p{number:02}" for number in range(people)]
    sale = {**INVOICE, "revenue_minor": people * 1_000_000_000}
    given = facts(
        [{"payee_id": name} for name in names],
        transactions=[sale],
        participants=deal({(name, "AE"): 0 for name in names}),
    )
    found = credits_of(given, plan(component("role_shares: {AE: 50%}")))
    assert found["base"].to_list() == [500_000_000] * people


def test_a_deal_is_counted_as_finely_as_those_need_who_share_a_role_of_it() -> None:
    """Three do in one deal; a fourth has the role elsewhere, and another role there."""
    shared = [*(("", "D", "AE", name) for name in "abc"), ("what if", "D", "AE", "d"), ("", "E", "AE", "d")]
    people = pl.DataFrame([*shared, ("", "D", "SE", "d")], ["scenario", "deal_id", "role", "payee_id"], orient="row")
    by_role = CreditingRules.of(rules_of([plan(component("role_shares: {AE: 100%}"))]))
    assert by_role.share_unit(people) == 3 * MILLION
    assert CreditingRules.of(rules_of([plan(component())])).share_unit(people) == MILLION


def test_a_share_by_role_is_the_components_own_matter() -> None:
    both = "\n".join([component("role_shares: {AE: 10%}"), component(name="usual")])
    found = credits_of(facts(TEAM, transactions=[INVOICE], participants=deal({("ann", "AE"): 100})), plan(both))
    assert found["base"].to_list() == [10_000, 100_000]


def left_on(day: date, **more: str) -> Row:
    return {"payee_id": "ann", "to_on": day, **more}


@pytest.mark.parametrize(
    ("people", "says", "credited"),
    [
        ([left_on(date(2026, 2, 1), successor_id="bob")], "", {}),
        ([left_on(date(2026, 2, 1), successor_id="bob")], "when_left: successor", {"bob": 100_000}),
        ([left_on(date(2026, 2, 11), successor_id="bob")], "when_left: successor", {"ann": 100_000}),
        ([left_on(date(2026, 2, 1))], "when_left: successor", {}),
        (
            [
                left_on(date(2026, 2, 1), successor_id="sue"),
                {"payee_id": "sue", "to_on": date(2026, 2, 5), "successor_id": "bob"},
            ],
            "when_left: successor",
            {"bob": 100_000},
        ),
        ([left_on(date(2026, 2, 1), successor_id="ann")], "when_left: successor", {}),
        (
            [left_on(date(2026, 2, 1), successor_id="bob"), {"payee_id": "ann", "from_on": date(2026, 2, 8)}],
            "when_left: successor",
            {"ann": 100_000},
        ),
        (
            [left_on(date(2026, 2, 1), successor_id="bob")],
            "when_left: successor, credit_to: direct_manager",
            {"max": 100_000},
        ),
    ],
)
def test_who_stands_in_for_somebody_who_has_left(people: list[Row], says: str, credited: dict[str, int]) -> None:
    bob = {"payee_id": "bob", "manager_id": "max"}
    given = facts([*people, bob, {"payee_id": "max"}], transactions=[INVOICE])
    assert dict(rows(credits_of(given, plan(component(says))), "payee_id", "base")) == credited


COVERAGE: list[Row] = [
    {"payee_id": "ann", "customer": "Acme", "precedence": 1},
    {"payee_id": "bob", "region": "EU", "precedence": 2, "share_millionths": 500_000},
    {"payee_id": "sue", "customer": "Acme", "product": "X", "precedence": 1, "to_on": date(2026, 2, 1)},
    {"payee_id": "max", "precedence": 9},
]


@pytest.mark.parametrize(
    ("covering", "sale", "credited"),
    [
        ("first", {"customer": "Acme", "region": "EU"}, {"ann": 100_000}),
        ("all", {"customer": "Acme", "region": "EU"}, {"ann": 100_000, "bob": 50_000, "max": 100_000}),
        ("first", {"customer": "Bolt", "region": "EU"}, {"bob": 50_000}),
        ("first", {"customer": "Bolt"}, {"max": 100_000}),
        (
            "first",
            {"customer": "Acme", "product": "X", "dated_on": date(2026, 1, 31)},
            {"ann": 100_000, "sue": 100_000},
        ),
        ("first", {"customer": "Acme", "product": "X"}, {"ann": 100_000}),
    ],
)
def test_whoever_covers_it_is_credited(covering: str, sale: Row, credited: dict[str, int]) -> None:
    given = facts(TEAM, transactions=[{**INVOICE, **sale}], coverage=COVERAGE)
    found = credits_of(given, plan(component(f"credit_to: coverage, covering: {covering}")))
    assert dict(rows(found, "payee_id", "base")) == credited
    assert set(found["party"]) == {"coverage"}


def test_the_first_precedence_is_that_of_the_roles_credited() -> None:
    covering: list[Row] = [{"payee_id": "ann", "role": "AE"}, {"payee_id": "bob", "role": "SE", "precedence": 2}]
    both = f"{component('credit_to: coverage, roles: SE')}\n{component('credit_to: coverage', name='anybody')}"
    found = credits_of(facts(TEAM, transactions=[INVOICE], coverage=covering), plan(both))
    assert found["payee_id"].to_list() == ["bob", "ann"]


def test_coverage_comes_beside_the_owners_and_its_return_finds_the_same_people() -> None:
    sale = {**INVOICE, "customer": "Acme"}
    back = {**sale, "transaction_id": "r", "kind": "return", "reverses_id": "t", "revenue_minor": -100_000}
    other = {**INVOICE, "transaction_id": "u", "dated_on": date(2026, 6, 1)}
    given = facts(TEAM, transactions=[sale, {**back, "dated_on": date(2026, 5, 1)}, other], coverage=COVERAGE)
    found = credits_of(given, plan(component("credit_to: [owners, coverage]", name="pay")))
    assert rows(found, "transaction_id", "payee_id", "party", "base") == [
        ("t", "ann", "owner", 100_000),
        ("t", "ann", "coverage", 100_000),
        ("r", "ann", "owner", -100_000),
        ("r", "ann", "coverage", -100_000),
        ("u", "ann", "owner", 100_000),
        ("u", "max", "coverage", 100_000),
    ]
    assert found["party_no"].to_list() == found["party_no"].to_list()[:2] * 3


def test_without_coverage_rows_nobody_covers() -> None:
    assert credits_of(facts(transactions=[INVOICE]), plan(component("credit_to: coverage"))).is_empty()


@pytest.mark.parametrize(
    ("applies_to", "credited"),
    [
        ("{all_customers: yes}", ["customer:Acme", "customer:Bolt"]),
        ("{customers: [Bolt]}", ["customer:Bolt"]),
        ("{everyone: yes}", []),
    ],
)
def test_customers_are_payees_of_their_plans(applies_to: str, credited: list[str]) -> None:
    sales = [{**INVOICE, "transaction_id": name, "customer": name} for name in ("Acme", "Bolt")]
    given = facts(transactions=[*sales, {**INVOICE, "transaction_id": "nobody"}])
    found = credits_of(given, plan(component("credit_to: customer, accumulate_by: customer"), applies_to=applies_to))
    assert found["payee_id"].to_list() == credited
    assert found["base"].to_list() == [100_000] * len(credited)


def test_a_plan_for_customers_pays_no_people() -> None:
    assert credits_of(facts(transactions=[INVOICE]), plan(component(), applies_to="{all_customers: yes}")).is_empty()


@pytest.mark.parametrize(
    ("by", "accumulates_for"),
    [
        ("payee", ["ann", "bob"]),
        ("team", ["team:north", "team:south"]),
        ("customer", ["ann|Acme", "bob|Acme"]),
        ("deal", ["ann|D", "bob|D"]),
        ("transaction", ["ann|t", "bob|t"]),
    ],
)
def test_whose_positions_run_together(by: str, accumulates_for: list[str]) -> None:
    shares = deal({("ann", "AE"): 50, ("bob", "AE"): 50})
    given = facts(TEAM, transactions=[{**INVOICE, "customer": "Acme"}], participants=shares)
    found = credits_of(given, plan(component(f"accumulate_by: {by}")))
    assert found["accumulates_for"].to_list() == accumulates_for


def test_somebody_without_a_team_has_no_team_position() -> None:
    found = credits_of(facts(transactions=[INVOICE]), plan(component("accumulate_by: team")))
    assert rows(found, "accumulates_for", "outcome") == [("ann", "no_team")]


def test_where_the_earning_is_divided_each_has_the_whole_credit() -> None:
    given = facts(TEAM, transactions=[INVOICE], participants=deal({("ann", "AE"): 60, ("bob", "AE"): 40}))
    found = credits_of(given, plan(component("split: earning")))
    assert rows(found, "payee_id", "base", "position", "share_from", "share_to") == [
        ("ann", 100_000, 100_000, 0, 600_000),
        ("bob", 100_000, 100_000, 600_000, MILLION),
    ]


def test_managers_stand_at_their_level_above_the_owner() -> None:
    found = credits_of(facts(TEAM, transactions=[INVOICE]), plan(component("credit_to: [owners, all_managers]")))
    assert sorted(rows(found, "level", "payee_id", "via_payee_id")) == [
        (0, "ann", None),
        (1, "max", "ann"),
        (2, "eve", "ann"),
    ]


@pytest.mark.parametrize(
    ("came_on", "left_on", "credited"),
    [
        (date(2020, 1, 1), None, "abc"),
        (date(2026, 2, 10), None, "abc"),
        (date(2026, 2, 11), None, "bc"),
        (date(2020, 1, 1), date(2026, 4, 1), "abc"),
        (date(2020, 1, 1), date(2026, 3, 31), "ab"),
        (date(2020, 1, 1), date(2026, 3, 1), "a"),
    ],
)
def test_who_comes_after_the_first_sale_or_leaves_before_the_last(
    came_on: date, left_on: date | None, credited: str
) -> None:
    """The day of coming counts, and that of leaving does not."""
    days = {"a": date(2026, 2, 10), "b": date(2026, 3, 1), "c": date(2026, 3, 31)}
    sales = [{"transaction_id": name, "dated_on": day} for name, day in days.items()]
    given = facts([{"payee_id": "ann", "from_on": came_on, "to_on": left_on}], transactions=sales)
    assert "".join(credits_of(given, plan(component()))["transaction_id"]) == credited
