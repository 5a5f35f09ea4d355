"""Who may see what: the whole matrix of people, deals and end points, on both databases."""

from datetime import date
from itertools import product

import pytest
from sqlalchemy import Engine

from mappings.records import Assignment, Employee
from tests.mashup_api import world
from tests.mashup_api.conftest import Asked
from warehouse import canonical
from warehouse.database import writing

PAYEES = {
    "006CONTOSO": {"ada", "mia", "vic"},
    "006ADATUM": {"bo", "mia", "vic"},
    "006JOINT": {"ada", "bo", "mia", "vic"},
    "006NORTH": {"ola", "ned"},
    "006LEAVER": {"gus", "ned"},
    "006ORPHAN": set[str](),
    "006BLANK": {"ada"},
    "006WON": {"ada"},
}
"""Whom each deal pays or might pay."""

BELOW = {"mia": {"ada", "bo"}, "vic": {"mia", "ada", "bo"}, "ned": {"ola", "gus"}}
STRANGERS = {"gus", "eve"}
NO_CHANGE = {"variations": [{"id": "same"}]}


def may_see(who: str, payee: str) -> bool:
    return who == "zoe" or payee == who or payee in BELOW.get(who, set())


def visible(who: str, deal: str) -> set[str]:
    return {payee for payee in PAYEES.get(deal, set()) if may_see(who, payee)}


def is_shown(who: str, deal: str) -> bool:
    return bool(visible(who, deal)) or (who == "zoe" and deal in PAYEES)


def names(answer: list[dict[str, str]]) -> set[str]:
    by_id = {world.payee_id(name): name for name in world.PEOPLE}
    return {by_id[payee["id"]] for payee in answer}


def test_the_matrix_of_people_and_deals(asked: Asked) -> None:
    for who, deal in product(world.PEOPLE, [*PAYEES, "006MISSING"]):
        path = f"/v1/deals/crm/{deal}/estimate"
        own, everybody = asked.get(who, path), asked.get(who, f"{path}?scope=all")
        expected = 403 if who in STRANGERS else 200 if is_shown(who, deal) else 404
        assert (own.status_code, everybody.status_code) == (expected, expected), (who, deal)
        if expected != 200:
            continue
        assert names(own.json()["payees"]) == visible(who, deal), (who, deal)
        shown = own.json()["estimate"]
        if who in PAYEES[deal] and deal != "006WON":
            assert shown["payee"]["id"] == world.payee_id(who)
        else:
            assert shown is None
        paid = {estimate["payee"]["id"] for estimate in everybody.json()["estimates"]}
        assert paid == ({world.payee_id(name) for name in visible(who, deal)} if deal != "006WON" else set())


def test_the_matrix_of_people_deals_and_payees(asked: Asked) -> None:
    for who, deal, payee in product(["ada", "mia", "vic", "ned", "zoe"], PAYEES, world.PEOPLE):
        answer = asked.get(who, f"/v1/deals/crm/{deal}/estimate?payee={world.payee_id(payee)}")
        assert answer.status_code == (200 if payee in visible(who, deal) else 404), (who, deal, payee)


def test_a_simulation_asks_the_same_policy(asked: Asked) -> None:
    for who, deal in product(world.PEOPLE, ["006JOINT", "006NORTH", "006MISSING"]):
        own = asked.post(who, f"/v1/deals/crm/{deal}/simulations", NO_CHANGE)
        is_paid = who in PAYEES.get(deal, set())
        assert own.status_code == (403 if who in STRANGERS else 200 if is_paid else 404), (who, deal)
        for payee in ("ada", "ola"):
            path = f"/v1/deals/crm/{deal}/simulations?payee={world.payee_id(payee)}"
            expected = 403 if who in STRANGERS else 200 if payee in visible(who, deal) else 404
            assert asked.post(who, path, NO_CHANGE).status_code == expected, (who, deal, payee)


def test_what_is_hidden_and_what_does_not_exist_are_one_answer(asked: Asked) -> None:
    def answer(deal: str, query: str = "") -> tuple[int, bytes, dict[str, str]]:
        response = asked.get("ada", f"/v1/deals/crm/{deal}/estimate{query}")
        return response.status_code, response.content, dict(response.headers)

    assert answer("006ADATUM") == answer("006MISSING") == answer("006CONTOSO", "?payee=crm:005BO")
    assert b"Adatum" not in answer("006ADATUM")[1]


def test_a_colleague_named_in_a_simulation_stays_unseen(asked: Asked) -> None:
    hidden = {"variations": [{"id": "a", "earlier_deals": ["crm:006NORTH"]}]}
    missing = {"variations": [{"id": "a", "earlier_deals": ["crm:006MISSING"]}]}
    path = "/v1/deals/crm/006CONTOSO/simulations"
    first, second = asked.post("ada", path, hidden), asked.post("ada", path, missing)
    assert (first.status_code, first.content) == (second.status_code, second.content) == (404, second.content)


def test_a_token_for_one_deal_opens_no_other(asked: Asked) -> None:
    headers = asked.bearer("ada", deal_id="crm:006CONTOSO")
    statuses = [
        asked.client.get(f"/v1/deals/crm/{deal}/estimate", headers=headers).status_code
        for deal in ("006CONTOSO", "006JOINT", "006MISSING")
    ]
    assert statuses == [200, 404, 404]


def test_a_reorganisation_counts_from_the_next_request(own: Asked) -> None:
    ada = "/v1/deals/crm/006BLANK/estimate"
    mia, ned = own.bearer("mia"), own.bearer("ned")
    assert [own.client.get(ada, headers=headers).status_code for headers in (mia, ned)] == [200, 404]
    move(own.engine, manager="005NED")
    assert [own.client.get(ada, headers=headers).status_code for headers in (mia, ned)] == [404, 200]


def test_somebody_who_leaves_is_out_at_once(own: Asked) -> None:
    headers = own.bearer("ada")
    assert own.client.get("/v1/me", headers=headers).status_code == 200
    move(own.engine, manager="005MIA", is_active=False)
    assert own.client.get("/v1/me", headers=headers).status_code == 403


def move(engine: Engine, manager: str, *, is_active: bool = True) -> None:
    """Ada has ``manager`` from today on."""
    ada = next(each for each in world.records() if isinstance(each, Employee) and each.ref == "005ADA")
    before, today = ada.assignments[0], world.TODAY
    after = Assignment(from_on=today, title=before.title, manager_key=world.key(manager))
    changed = ada.model_copy(
        update={"assignments": (before.model_copy(update={"to_on": today}), after), "is_active": is_active}
    )
    with writing(engine) as connection:
        canonical.put(connection, [changed], landing_ids=[2], mapping_version="test")


def test_managers_are_those_of_the_day(own: Asked) -> None:
    """Who will be the manager only tomorrow sees nothing yet."""
    ada = next(each for each in world.records() if isinstance(each, Employee) and each.ref == "005ADA")
    tomorrow = date(2026, 11, 17)
    now, later = (
        ada.assignments[0].model_copy(update={"to_on": tomorrow}),
        Assignment(from_on=tomorrow, title="Account Executive", manager_key=world.key("005NED")),
    )
    with writing(own.engine) as connection:
        changed = ada.model_copy(update={"assignments": (now, later)})
        canonical.put(connection, [changed], landing_ids=[2], mapping_version="test")
    statuses = [own.get(who, "/v1/deals/crm/006BLANK/estimate").status_code for who in ("mia", "ned")]
    assert statuses == [200, 404]


@pytest.mark.parametrize("path", ["/v1/me", "/v1/deals/crm/006CONTOSO/estimate"])
def test_nothing_without_a_token(asked: Asked, path: str) -> None:
    for headers in (
        {},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x.y.z"},
    ):
        answer = asked.client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")


def test_me_says_who_the_token_is(asked: Asked) -> None:
    assert asked.get("ada", "/v1/me").json() == {
        "payees": [{"id": "crm:005ADA", "name": "Ada Park"}],
        "is_administrator": False,
    }
    assert asked.get("zoe", "/v1/me").json() == {"payees": [], "is_administrator": True}
