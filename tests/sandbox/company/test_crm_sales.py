"""The public data set in the org, row by row as its files have it."""

import csv
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.company import crm_sales
from sandbox.salesforce.org import Org


def _now() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(test_data: Path) -> Path:
    return test_data / "data" / "crm_sales"


@pytest.fixture(scope="module")
def org(folder: Path) -> Org:
    org = Org(_now)
    counts = crm_sales.load(org, folder)
    assert counts == {"User": 41, "Account": 85, "Product2": 7, "Opportunity": 8800}
    return org


def test_every_row_of_the_file_is_there_as_it_is(org: Org, folder: Path) -> None:
    names: dict[Any, Any] = {row["Id"]: row["Name"] for kind in ("User", "Account") for row in org.records(kind)}
    stored = {row["External_Id__c"]: row for row in org.records("Opportunity")}
    with (folder / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found = stored.pop(row["opportunity_id"])
            assert names[found["OwnerId"]] == row["sales_agent"]
            assert names.get(found["AccountId"], "") == row["account"]
            assert (found["Product_Name__c"], found["StageName"]) == (row["product"], row["deal_stage"])
            assert found["Amount"] == (Decimal(row["close_value"]) if row["close_value"] else None)
            assert _as_written(found["CloseDate"]) == row["close_date"]
            assert _as_written(found["Engage_Date__c"]) == row["engage_date"]
    assert stored == {}


def test_its_dirt_and_its_totals_are_kept(org: Org) -> None:
    rows = org.records("Opportunity")
    assert Counter(row["StageName"] for row in rows) == {
        "Won": 4238,
        "Lost": 2473,
        "Engaging": 1589,
        "Prospecting": 500,
    }
    assert sum(row["Product_Name__c"] == "GTXPro" for row in rows) == 1480
    assert sum(row["AccountId"] is None for row in rows) == 1425
    assert sum(row["Amount"] is None for row in rows) == 2089
    won: Any = [row["Amount"] for row in rows if row["IsWon"]]
    assert sum(won) == 10_005_534
    owners = {row["OwnerId"] for row in rows}
    assert sum(row["Title"] == "Sales Agent" and row["Id"] not in owners for row in org.records("User")) == 5
    assert {"technolgy", "medical"} <= {row["Industry"] for row in org.records("Account")}


def test_stages_and_open_deals(org: Org) -> None:
    for row in org.records("Opportunity"):
        assert (row["IsClosed"], row["IsWon"]) == (row["StageName"] in {"Won", "Lost"}, row["StageName"] == "Won")
        assert (row["CloseDate"] is None) == (not row["IsClosed"])
        assert row["Probability"] == {"Won": 100, "Lost": 0, "Engaging": 50, "Prospecting": 10}[str(row["StageName"])]


def test_agents_have_managers_and_offices(org: Org) -> None:
    people = {row["Id"]: row for row in org.records("User")}
    agents = [row for row in people.values() if row["Title"] == "Sales Agent"]
    assert len(agents) == 35
    for agent in agents:
        manager = people[agent["ManagerId"]]
        assert manager["Title"] == "Sales Manager"
        assert agent["Division"] == manager["Division"]
    assert Counter(row["Division"] for row in agents) == {"Central": 11, "East": 12, "West": 12}


def test_products_prices_and_subsidiaries(org: Org) -> None:
    prices = {row["Name"]: row["UnitPrice"] for row in org.records("PricebookEntry")}
    assert (prices["GTX Pro"], prices["GTK 500"], len(prices)) == (Decimal(4821), Decimal(26768), 7)
    names = {row["Id"]: row["Name"] for row in org.records("Account")}
    parents = {row["Name"]: names[row["ParentId"]] for row in org.records("Account") if row["ParentId"]}
    assert parents["Bluth Company"] == "Acme Corporation"
    assert len(parents) == 15


def test_stamps_come_from_the_files_dates(org: Org, folder: Path) -> None:
    again = Org(_now)
    crm_sales.load(again, folder)
    for name in ("Opportunity", "Account", "Product2"):
        stamps = ("Id", "CreatedDate", "SystemModstamp")
        assert [[row[s] for s in stamps] for row in org.records(name)] == [
            [row[s] for s in stamps] for row in again.records(name)
        ]
    by_stage = {row["StageName"]: row for row in org.records("Opportunity")}
    won, undated = by_stage["Won"], next(row for row in org.records("Opportunity") if row["StageName"] == "Prospecting")
    assert str(won["SystemModstamp"])[:10] == won["CloseDate"]
    assert str(won["CreatedDate"])[:10] == won["Engage_Date__c"]
    assert undated["SystemModstamp"] == "2018-01-01T18:00:00.000+0000"


def _as_written(day: object) -> str:
    if day is None:
        return ""
    year, month, number = map(int, str(day).split("-"))
    return f"{month}/{number}/{year}"
