"""Given records, the frames of people: who takes part, reports to whom, has which quota, and is let in."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from sqlalchemy import Engine

from mappings.records import (
    Assignment,
    Employee,
    ExchangeRate,
    Invoice,
    Key,
    Quota,
    Quote,
    Share,
)
from tests.warehouse.documents import (
    ANA,
    BEN,
    EVA,
    TODAY,
    erp,
    facts,
    line,
    of,
    opportunity,
    order,
    receipt,
    usd,
)
from warehouse import access
from warehouse.database import reading


def test_owners_and_whom_the_policy_lets_in_are_the_same_people(engine: Engine) -> None:
    specialist = Share(employee_key=EVA, role="specialist", is_overlay=True)
    records = [
        opportunity("overlaid", 1, shares=(specialist,)),
        opportunity("given", 1, shares=(Share(employee_key=BEN), specialist)),
        order("SO1", opportunity_key=Key(source="crm", ref="given"), employee_key=ANA),
        order("SO2", opportunity_key=None),
        order("SO3", opportunity_key=None, employee_key=BEN),
        opportunity("orphan", 1, owner_key=None),
        order("SO4", opportunity_key=Key(source="crm", ref="orphan"), employee_key=ANA),
        Quote(source="crm", ref="Q", amount=usd(1), currency="USD", dated_on=TODAY),
        *(
            order(ref, opportunity_key=None, quote_key=Key(source="crm", ref="Q"), employee_key=employee)
            for ref, employee in (("SO5", None), ("SO6", BEN), ("SO7", EVA))
        ),
    ]
    takes_part = {
        ("crm:overlaid", "crm:ana", "owner", 1_000_000, False),
        ("crm:overlaid", "crm:eva", "specialist", 1_000_000, True),
        ("crm:given", "crm:ben", "owner", 1_000_000, False),
        ("crm:given", "crm:eva", "specialist", 1_000_000, True),
        ("erp:order:SO3", "crm:ben", "owner", 1_000_000, False),
        ("crm:quote:Q", "crm:ben", "owner", 1_000_000, False),
    }
    frames = facts(engine, *records)
    assert set(frames["participants"].iter_rows()) == takes_part
    with reading(engine) as connection:
        let_in = {
            (deal_id, person)
            for deal_id in frames["deals"]["deal_id"]
            for person, _ in connection.execute(access.PEOPLE_OF_DEAL, {"deal_id": deal_id})
        }
    assert let_in == {row[:2] for row in takes_part}
    assert facts(engine, payees=["crm:eva"])["deals"]["deal_id"].to_list() == ["crm:given", "crm:overlaid"]


def test_participants_are_shares_or_the_owner_or_the_order_s_employee(engine: Engine) -> None:
    shares = (
        Share(employee_key=ANA, ratio=Decimal("0.6")),
        Share(employee_key=BEN, ratio=Decimal("0.4")),
        Share(employee_key=EVA, role="specialist", is_overlay=True),
    )
    records = [
        opportunity("shared", 1, shares=shares),
        opportunity("owned", 1),
        opportunity("orphan", 1, owner_key=None),
        order("SO9", opportunity_key=None, employee_key=BEN),
    ]
    frame = facts(engine, *records)["participants"]
    assert set(frame.iter_rows()) == {
        ("crm:shared", "crm:ana", "owner", 600_000, False),
        ("crm:shared", "crm:ben", "owner", 400_000, False),
        ("crm:shared", "crm:eva", "specialist", 1_000_000, True),
        ("crm:owned", "crm:ana", "owner", 1_000_000, False),
        ("erp:order:SO9", "crm:ben", "owner", 1_000_000, False),
    }


def test_a_deal_without_an_opportunity_is_told_by_its_first_document(engine: Engine) -> None:
    records = [order("SO9", 70, opportunity_key=None, employee_key=BEN, number="SO-9"), receipt("R9", I9=5)]
    frame = facts(engine, *records)["deals"]
    columns = ("deal_id", "source", "ref", "name", "stage", "owner_id", "currency", "amount_minor", "amount_basis")
    assert set(frame.select(columns).iter_rows()) == {
        ("erp:order:SO9", "erp", "order:SO9", "SO-9", "won", "crm:ben", "USD", 70, "stated"),
        ("erp:receipt:R9", "erp", "receipt:R9", "", "won", None, "USD", 5, "stated"),
    }


def test_people_quotas_rates_and_currencies(engine: Engine) -> None:
    early, late = date(2026, 1, 1), date(2026, 7, 1)
    records = [
        Employee(
            source="crm",
            ref="ana",
            name="Ana",
            email="ana@example.com",
            pay_currency="JPY",
            assignments=(
                Assignment(from_on=late, title="Senior", manager_key=EVA),
                Assignment(from_on=early, to_on=late, title="Rep", region="West"),
            ),
        ),
        Employee(source="crm", ref="eva", name="Eva"),
        Quota(source="crm", ref="q", employee_key=ANA, from_on=early, to_on=late, amount=usd(5)),
        ExchangeRate(
            source="erp", ref="1", from_currency="EUR", to_currency="USD", valid_from=early, rate=Decimal("1.2")
        ),
        ExchangeRate(
            source="crm", ref="1", from_currency="EUR", to_currency="USD", valid_from=late, rate=Decimal("1.10")
        ),
    ]
    frames = facts(engine, *records)
    columns = ("name", "title", "region", "manager_id", "pay_currency", "from_on", "to_on")
    assert frames["assignments"].select(columns).rows() == [
        ("Ana", "Rep", "West", None, "JPY", early, late),
        ("Ana", "Senior", None, "crm:eva", "JPY", late, None),
        ("Eva", "", None, None, None, date(1900, 1, 1), None),
    ]
    assert frames["quotas"].rows() == [("crm:ana", "revenue", early, late, 5, "USD")]
    assert frames["rates"].rows() == [("EUR", "USD", late, "1.10")]
    assert frames["currencies"].rows() == [("EUR", 2), ("JPY", 0), ("USD", 2)]


@pytest.mark.parametrize("asked_for", [1_000, 0])
def test_only_the_deals_of_some_payees_and_of_those_below_them(
    engine: Engine, asked_for: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.facts.lines.DEALS_ASKED_FOR", asked_for)

    def reports_to(ref: str, manager: Key | None) -> Employee:
        assignments = (Assignment(from_on=date(2026, 1, 1), manager_key=manager),)
        return Employee(source="crm", ref=ref, name=ref, assignments=assignments)

    people = [reports_to("ana", BEN), reports_to("ben", EVA), reports_to("eva", ANA), reports_to("kim", None)]
    kim = Key(source="crm", ref="kim")
    records = [
        *people,
        opportunity(amount=1000),
        opportunity("kims", 10, owner_key=kim),
        order(),
        order("SO2", 500, opportunity_key=Key(source="crm", ref="kims")),
        erp(
            Invoice,
            "I1",
            1500,
            line("1", 1000, origin_key=of("SO1")),
            line("2", 500, origin_key=of("SO2")),
            order_keys=(of("SO1"), of("SO2")),
        ),
        receipt("R1", I1=1500),
    ]
    everything = facts(engine, *records)
    for payees, deal in ((["crm:eva"], "crm:006"), (["crm:kim"], "crm:kims")):
        some = facts(engine, payees=payees)
        assert some["deals"]["deal_id"].to_list() == [deal]
        for name in ("transactions", "participants"):
            assert some[name].equals(everything[name].filter(pl.col("deal_id") == deal))
        assert some["assignments"].equals(everything["assignments"])
    assert facts(engine, payees=["crm:nobody"])["deals"].is_empty()
    assert facts(engine, payees=["crm:kim", "crm:ana"])["transactions"].equals(everything["transactions"])
