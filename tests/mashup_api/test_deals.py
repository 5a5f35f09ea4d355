"""Estimates are read as they are stored; simulations are calculated by the same engine, and refused clearly."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from compensation import DealEstimate
from mappings.records import CanonicalRecord, Employee, Line, Share
from mashup_api.problems import Problem
from mashup_api.simulations import Simulator
from mashup_api.variations import Simulations
from tests.mashup_api import world
from tests.mashup_api.conftest import Asked
from warehouse import canonical, results
from warehouse.database import reading, writing

ESTIMATE = "/v1/deals/crm/006CONTOSO/estimate"
SIMULATIONS = "/v1/deals/crm/006CONTOSO/simulations"


def simulate(asked: Asked, variation: dict[str, object], who: str = "ada") -> dict[str, Any]:
    answer = asked.post(who, SIMULATIONS, {"variations": [{"id": "v", **variation}]})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_an_estimate_is_the_stored_document_with_the_freshness_of_its_inputs(asked: Asked) -> None:
    answer = asked.get("ada", ESTIMATE)
    with reading(asked.engine) as connection:
        stored = results.estimate_history(connection, "crm:006CONTOSO", "crm:005ADA")[-1].estimate.document
    assert stored in answer.content
    body = answer.json()
    # 412,000 of 500,000 are booked: 88,000 at 5 % and 37,000 at 8 %, and 25 for each of 4 GTX Pro.
    assert body["estimate"]["total"] == {"amount": "7460.00", "currency": "USD"}
    assert body["calculated_at"] == "2026-11-16T12:00:00Z"
    assert body["freshness"] == [{"source": "crm", "complete_through": "2026-11-16T12:00:00Z"}]
    assert body["payees"] == [{"id": "crm:005ADA", "name": "Ada Park"}]
    assert DealEstimate.model_validate(body["estimate"]).to_json() == stored


def test_an_estimate_is_read_conditionally(own: Asked) -> None:
    first = own.get("ada", ESTIMATE)
    again = own.get("ada", ESTIMATE, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert own.get("mia", ESTIMATE, **{"If-None-Match": first.headers["ETag"]}).status_code == 200
    with writing(own.engine) as connection:
        results.put_estimate(connection, "crm:006CONTOSO", "crm:005ADA", "new", b"{}", 0, "USD", ["v"], world.NOON)
    assert own.get("ada", ESTIMATE, **{"If-None-Match": first.headers["ETag"]}).json()["estimate"] == {}


def test_a_deal_that_nobody_owns_has_no_estimate_and_no_payee(asked: Asked) -> None:
    body = asked.get("zoe", "/v1/deals/crm/006ORPHAN/estimate").json()
    assert (body["estimate"], body["payees"]) == (None, [])


def test_a_deal_without_amount_says_why_it_pays_nothing(asked: Asked) -> None:
    estimate = asked.get("ada", "/v1/deals/crm/006BLANK/estimate").json()["estimate"]
    assert estimate["total"]["amount"] == "0.00"
    assert [reason["code"] for reason in estimate["reasons"]] == ["no_amount"]


def test_a_simulation_without_a_change_is_the_estimate(asked: Asked) -> None:
    stored = asked.get("ada", ESTIMATE).json()["estimate"]
    body = simulate(asked, {})
    assert body["baseline"] == stored
    assert body["variations"][0]["estimate"]["total"] == stored["total"]
    assert body["variations"][0]["difference"] == {"amount": "0.00", "currency": "USD"}


@pytest.mark.parametrize(
    ("change", "total"),
    [
        ({"amount": "250000"}, "17460.00"),  # 125,000 more at 8 %
        ({"amount": "250000.00"}, "17460.00"),
        ({"discount_ratio": "0.1"}, "6460.00"),  # 12,500 less at 8 %
        ({"close_on": "2027-02-01"}, "100.00"),  # no quota is known for that quarter: the launch bonus alone
        ({"splits": [{"payee": "crm:005ADA", "share": "0.5"}, {"payee": "crm:005BO", "share": "0.5"}]}, "3175.00"),
        ({"products": [{"product": "GTX Pro", "amount": "10000", "quantity": "2"}]}, "550.00"),
        ({"earlier_deals": ["crm:006JOINT"]}, "8612.00"),  # 38,400 of the room below quota is used up
    ],
)
def test_a_variation_is_calculated_by_the_engine(asked: Asked, change: dict[str, object], total: str) -> None:
    found = simulate(asked, change)["variations"][0]["estimate"]
    assert found["total"]["amount"] == total


def test_many_variations_come_in_one_answer(asked: Asked) -> None:
    wanted = [{"id": f"v{number}", "amount": f"{number}000"} for number in range(1, 21)]
    body = asked.post("ada", SIMULATIONS, {"variations": wanted}).json()
    totals = [Decimal(one["estimate"]["total"]["amount"]) for one in body["variations"]]
    assert [one["id"] for one in body["variations"]] == [one["id"] for one in wanted]
    assert totals == sorted(totals)
    for one in body["variations"]:
        change = Decimal(one["estimate"]["total"]["amount"]) - Decimal(body["baseline"]["total"]["amount"])
        assert Decimal(one["difference"]["amount"]) == change


def test_splits_that_leave_the_payee_out_give_no_estimate(asked: Asked) -> None:
    found = simulate(asked, {"splits": [{"payee": "crm:005BO", "share": "1"}]})["variations"][0]
    assert found["estimate"] is None
    assert found["difference"] == {"amount": "-7460.00", "currency": "USD"}


def test_a_simulation_stores_nothing(asked: Asked) -> None:
    before = asked.get("ada", ESTIMATE).content
    simulate(asked, {"amount": "1"})
    assert asked.get("ada", ESTIMATE).content == before


def test_a_closed_deal_cannot_be_supposed(asked: Asked) -> None:
    answer = asked.post("ada", "/v1/deals/crm/006WON/simulations", {"variations": [{"id": "v"}]})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:bonusbridge:problem:deal-closed")


def test_a_payee_who_takes_no_part_any_more_is_told_so(own: Asked) -> None:
    # Mia stands above Bo, so that she has facts of his deal; without the managers' plan she has no credit in it.
    store_plans(own, {"sellers.yaml": world.PLANS["sellers.yaml"]})
    simulator = Simulator(own.engine, world.settings(own.issuer))
    wanted = Simulations.model_validate({"variations": [{"id": "v"}]})
    with pytest.raises(Problem) as refused:
        asyncio.run(simulator.simulate("crm:006ADATUM", "crm:005MIA", wanted, as_of=world.TODAY))
    assert (refused.value.status, refused.value.body.type) == (409, "urn:bonusbridge:problem:not-credited")
    assert "owner" in refused.value.body.remedy


def test_an_owner_whose_deal_is_split_among_others_is_refused(own: Asked) -> None:
    shares = (Share(employee_key=world.key("005BO"), ratio=Decimal(1)),)
    change_deals(own, {"006CONTOSO": {"shares": shares}})
    assert own.post("ada", SIMULATIONS, {"variations": [{"id": "v"}]}).status_code in (404, 409)


def test_a_missing_rate_is_named(own: Asked) -> None:
    sellers = world.PLANS["sellers.yaml"]
    in_euro = sellers.replace("Account executives", "Europe").replace("currency: USD", "currency: EUR")
    store_plans(own, {"sellers.yaml": sellers, "europe.yaml": in_euro})
    change(own, [employee("ada").model_copy(update={"pay_currency": "EUR"})])
    assert "none from USD to EUR" in refused_simulation(own)["detail"]


def test_records_that_cannot_be_calculated_with_are_a_problem_that_names_no_person(own: Asked) -> None:
    vic = employee("vic")
    below_mia = vic.assignments[0].model_copy(update={"manager_key": world.key("005MIA")})
    change(own, [vic.model_copy(update={"assignments": (below_mia,)})])
    problem = refused_simulation(own)
    assert "manager" in problem["detail"]
    assert "005" not in json.dumps(problem)


def test_a_quantity_beyond_all_bounds_in_the_records_is_a_problem(own: Asked) -> None:
    # Copied, as such a record is refused when it is new; one that was stored before that stays.
    line = Line(ref="1", product_key=world.key("01tGTX"), quantity=Decimal(1), amount=world.usd("1"))
    too_many = line.model_copy(update={"quantity": Decimal(10) ** 14})
    change_deals(own, {"006CONTOSO": {"lines": (too_many,)}})
    assert "quantity" in refused_simulation(own)["detail"]


def test_a_stored_plan_that_cannot_be_read_is_a_problem(own: Asked) -> None:
    store_plans(own, {"sellers.yaml": "plan: Account executives\nrate: 7%"})
    problem = refused_simulation(own)
    assert "sellers.yaml" in problem["detail"]
    assert "7%" not in json.dumps(problem)


def refused_simulation(asked: Asked) -> dict[str, Any]:
    answer = asked.post("ada", SIMULATIONS, {"variations": [{"id": "v"}]})
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:bonusbridge:problem:not-calculable")
    assert problem["remedy"]
    return problem


def employee(name: str) -> Employee:
    found = next(record for record in world.records() if record.ref == f"005{name.upper()}")
    assert isinstance(found, Employee)
    return found


def store_plans(asked: Asked, plans: dict[str, str]) -> None:
    stored = [(f"version of {name}", name, text) for name, text in plans.items()]
    with writing(asked.engine) as connection:
        results.replace_plans(connection, stored, world.NOON)


def change_deals(asked: Asked, changes: dict[str, dict[str, object]]) -> None:
    change(asked, [one.model_copy(update=changes[one.ref]) for one in world.records() if one.ref in changes])


def change(asked: Asked, records: Sequence[CanonicalRecord]) -> None:
    with writing(asked.engine) as connection:
        canonical.put(connection, records, landing_ids=[2] * len(records), mapping_version="test")


BAD_VARIATIONS = {
    "a number instead of text": '{"id": "v", "amount": 12500.5}',
    "NaN": '{"id": "v", "amount": NaN}',
    "NaN as text": '{"id": "v", "amount": "NaN"}',
    "infinity": '{"id": "v", "amount": Infinity}',
    "1e400": '{"id": "v", "amount": 1e400}',
    "1e400 as text": '{"id": "v", "amount": "1e400"}',
    "negative": '{"id": "v", "amount": "-1"}',
    "18 digits": '{"id": "v", "amount": "999999999999999999"}',
    "19 digits": '{"id": "v", "amount": "1000000000000000000"}',
    "a fraction of a cent": '{"id": "v", "amount": "1.005"}',
    "full-width digits": '{"id": "v", "amount": "\\uff11"}',
    "a trailing newline": '{"id": "v", "amount": "12\\n"}',
    "too much discount": '{"id": "v", "discount_ratio": "1.1"}',
    "negative discount": '{"id": "v", "discount_ratio": "-0.1"}',
    "no date": '{"id": "v", "close_on": "2026-02-30"}',
    "a far date": '{"id": "v", "close_on": "9999-12-31"}',
    "an instant as date": '{"id": "v", "close_on": 1790000000}',
    "an unknown field": '{"id": "v", "amout": "1"}',
    "a NUL": '{"id": "v", "products": [{"product": "a\\u0000b", "amount": "1"}]}',
    "a lone surrogate": '{"id": "v", "products": [{"product": "\\ud800", "amount": "1"}]}',
    "shares above 1": '{"id": "v", "splits": [{"payee": "crm:a", "share": "0.6"}, {"payee": "crm:b", "share": "0.6"}]}',
    "a payee twice": '{"id": "v", "splits": [{"payee": "crm:a", "share": "0.5"}, {"payee": "crm:a", "share": "0.5"}]}',
    "amount and products": '{"id": "v", "amount": "1", "products": [{"product": "a", "amount": "1"}]}',
    "no id": '{"amount": "1"}',
    "markup as id": '{"id": "<b>", "amount": "1"}',
    "not an object": '"v"',
}


@pytest.mark.parametrize("name", BAD_VARIATIONS)
def test_a_bad_variation_is_a_problem_with_a_remedy(asked: Asked, name: str) -> None:
    body = f'{{"variations": [{BAD_VARIATIONS[name]}]}}'.encode()
    headers = {**asked.bearer("ada"), "Content-Type": "application/json"}
    answer = asked.client.post(SIMULATIONS, headers=headers, content=body)
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert problem["remedy"]
    assert problem["errors"][0]["pointer"].startswith("/variations/0")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"variations": []}',
        b"\xff\xfe",
        b'{"variations": [' + b"[" * 5000,
        b'{"variations": 1e400}',
    ],
)
def test_a_body_that_is_not_a_question_is_refused(asked: Asked, body: bytes) -> None:
    headers = {**asked.bearer("ada"), "Content-Type": "application/json"}
    answer = asked.client.post(SIMULATIONS, headers=headers, content=body)
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["remedy"]


def test_limits_on_number_and_size(asked: Asked) -> None:
    many = {"variations": [{"id": f"v{number}"} for number in range(21)]}
    twice = {"variations": [{"id": "v"}, {"id": "v"}]}
    assert asked.post("ada", SIMULATIONS, many).json()["errors"][0]["detail"] == "at most 20 variations in one call"
    assert asked.post("ada", SIMULATIONS, twice).status_code == 422
    large = asked.client.post(SIMULATIONS, headers=asked.bearer("ada"), content=json.dumps("x" * 300_000).encode())
    assert (large.status_code, large.json()["type"]) == (413, "urn:bonusbridge:problem:too-large")


@pytest.mark.parametrize(
    "path", ["/v1/deals/CRM/x/estimate", "/v1/deals/crm/a%00b/estimate", f"/v1/deals/crm/{'x' * 201}/estimate"]
)
def test_an_address_that_no_deal_can_have_is_refused(asked: Asked, path: str) -> None:
    answer = asked.get("ada", path)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"].split("/")[0]) == (422, "path")


def test_an_id_with_a_slash_is_an_id(asked: Asked) -> None:
    assert asked.get("zoe", "/v1/deals/crm/INV%2F2026%2F0001/estimate").status_code == 404
