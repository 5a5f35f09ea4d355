"""Who is who, who stands below whom, and who takes part in a deal."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, Select

from mappings.deals import join
from mappings.money import Money
from mappings.records import Assignment, CanonicalRecord, Employee, Key, Opportunity, Order, Share, Stage
from warehouse import access, canonical
from warehouse.canonical import deals
from warehouse.database import reading, writing
from warehouse.landing import SourceVersion, land, save_cursor
from warehouse.reader import open_reader
from warehouse.results import Estimate, put_estimates

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEAR, SUMMER = date(2026, 1, 1), date(2026, 7, 1)


def key(ref: str) -> Key:
    return Key(source="crm", ref=ref)


def employee(ref: str, *assignments: Assignment, **more: object) -> Employee:
    common = {"source": "crm", "ref": ref, "name": ref.title(), "email": f"{ref}@example.com"}
    return Employee.model_validate({**common, "assignments": assignments, **more})


def under(manager: str, from_on: date = YEAR, to_on: date | None = None) -> Assignment:
    return Assignment(from_on=from_on, to_on=to_on, manager_key=key(manager))


@pytest.fixture
def company(engine: Engine) -> Engine:
    """Ana moves from Ben to Eva in summer; Ben and Eva are below Kim; Tim and Tom are each other's managers."""
    shares = (Share(employee_key=key("ana")), Share(employee_key=key("unknown"), is_overlay=True))
    records: list[CanonicalRecord] = [
        employee("ana", under("ben", YEAR, SUMMER), under("eva", SUMMER)),
        employee("ben", under("kim")),
        employee("eva", under("kim")),
        employee("kim", email="Kim@Example.com"),
        employee("tim", under("tom")),
        employee("tom", under("tim")),
        employee("left", is_active=False),
        Opportunity(
            source="crm", ref="006", name="n", stage=Stage.OPEN, currency="USD", shares=shares, owner_key=key("ben")
        ),
        Order(
            source="erp",
            ref="S1",
            dated_on=YEAR,
            currency="USD",
            amount=Money(minor=1, currency="USD"),
            employee_key=key("eva"),
        ),
    ]
    with writing(engine) as connection:
        canonical.put(connection, records, landing_ids=[1] * len(records), mapping_version="v")
        deals.replace(connection, join(records))
        put_estimates(connection, [Estimate("crm:006", "crm:kim", "h", b"{}", 5, "USD", ("v",))], NOON)
        land(connection, [SourceVersion("crm", "User", "1", "1", NOON, "{}")], NOON)
        save_cursor(connection, "crm", "User", "c", NOON, NOON)
        save_cursor(connection, "crm", "Account", "c", NOON.replace(hour=11), NOON)
    return engine


def ask(engine: Engine, statement: Select[*tuple[Any, ...]], **parameters: object) -> list[tuple[Any, ...]]:
    """What a connection answers, after making sure that the reader answers the same."""
    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(statement, parameters)]

    async def read() -> list[tuple[Any, ...]]:
        async with open_reader(engine.url.render_as_string(hide_password=False)) as reader:
            return await reader.rows(statement, parameters)

    assert asyncio.run(read()) == rows
    return rows


def test_employees_are_found_by_email_in_any_case_while_they_are_active(company: Engine) -> None:
    assert ask(company, access.EMPLOYEES_BY_EMAIL, email="kIM@example.com") == [("crm:kim", "Kim")]
    assert ask(company, access.EMPLOYEES_BY_EMAIL, email="left@example.com") == []
    assert ask(company, access.EMPLOYEES_BY_EMAIL, email="%") == []
    assert ask(company, access.EMPLOYEE_NAME, payee_id="crm:left") == [("Left",)]


@pytest.mark.parametrize(
    ("payee", "on", "below"),
    [
        ("kim", date(2026, 6, 30), ["ana", "ben", "eva"]),
        ("ben", date(2026, 6, 30), ["ana"]),
        ("eva", date(2026, 6, 30), []),
        ("ben", SUMMER, []),
        ("eva", SUMMER, ["ana"]),
        ("kim", date(2025, 12, 31), []),
        ("tim", SUMMER, ["tom"]),
        ("ana", SUMMER, []),
    ],
)
def test_who_is_below_whom_on_a_day(company: Engine, payee: str, on: date, below: list[str]) -> None:
    found = ask(company, access.PEOPLE_BELOW, payee_id=f"crm:{payee}", on=on)
    assert found == [(f"crm:{ref}",) for ref in below]


def test_people_of_a_deal_take_part_or_have_an_estimate(company: Engine) -> None:
    assert ask(company, access.PEOPLE_OF_DEAL, deal_id="crm:006") == [
        ("crm:ana", "Ana"),
        ("crm:kim", "Kim"),
        ("crm:unknown", None),
    ]
    assert ask(company, access.PEOPLE_OF_DEAL, deal_id="erp:order:S1") == [("crm:eva", "Eva")]
    assert ask(company, access.PEOPLE_OF_DEAL, deal_id="crm:nothing") == []
    assert ask(company, access.DEAL_EXISTS, deal_id="crm:006") == [("crm:006",)]
    assert ask(company, access.DEAL_EXISTS, deal_id="crm:nothing") == []


def test_current_estimates_and_freshness(company: Engine) -> None:
    assert ask(company, access.CURRENT_ESTIMATE, deal_id="crm:006", payee_id="crm:kim") == [(b"{}", NOON, "h")]
    assert ask(company, access.CURRENT_ESTIMATE, deal_id="crm:006", payee_id="crm:ana") == []
    assert ask(company, access.CURRENT_ESTIMATES_OF_DEAL, deal_id="crm:006") == [("crm:kim", b"{}", NOON, "h")]
    assert ask(company, access.FRESHNESS) == [("crm", NOON.replace(hour=11), NOON, NOON)]
