"""Fills an org from the public "CRM sales opportunities" data set: accounts, products, sales_teams, sales_pipeline.

Everything stays as the files have it: "GTXPro", "technolgy" and "Philipines", opportunities without account or value.
What Salesforce needs beyond that is decided so::

    sales_agent, manager      User; ManagerId; Division is the regional office; five agents own nothing
    account                   Account; Industry is the sector; ParentId from subsidiary_of; Revenue__c in millions
    product                   Product2 with Family (series), and a PricebookEntry with the list price
    opportunity               Opportunity; Name is product and id; StageName is deal_stage, one of the org's stages
                              Won, Lost, Engaging, Prospecting; Amount is close_value; CloseDate is close_date
    opportunity_id            External_Id__c (unique, external id)
    product                   Product_Name__c, the text of the file
    engage_date               Engage_Date__c

Open opportunities have no close_date. Salesforce would insist on one, and any that we invented would decide in which
period a deal pays; so in this org CloseDate may be empty. All amounts are US dollars, dates are m/d/yyyy.

Stamps are made of the file's dates: created when engaged, modified when closed, else when engaged; an opportunity with
neither date, and all other records, belong to the day before the first or after the last date of the file.
"""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from sandbox.salesforce.org import Org

Row = dict[str, str]
_STAGES: tuple[dict[str, object], ...] = (
    {
        "MasterLabel": "Won",
        "DefaultProbability": 100,
        "IsClosed": True,
        "IsWon": True,
        "ForecastCategoryName": "Closed",
    },
    {"MasterLabel": "Lost", "DefaultProbability": 0, "IsClosed": True, "ForecastCategoryName": "Omitted"},
    {"MasterLabel": "Engaging", "DefaultProbability": 50, "ForecastCategoryName": "Pipeline"},
    {"MasterLabel": "Prospecting", "DefaultProbability": 10, "ForecastCategoryName": "Pipeline"},
)


def load(org: Org, folder: Path) -> dict[str, int]:
    """Fill ``org`` from the files in ``folder``; how many records of each object were made."""
    pipeline = _read(folder, "sales_pipeline")
    dates = [day for row in pipeline for day in (_date(row["engage_date"]), _date(row["close_date"])) if day]
    first, last = _instant(min(dates) - timedelta(days=1)), max(dates) + timedelta(days=1)
    _define(org, first)
    users = _load_users(org, _read(folder, "sales_teams"), first)
    accounts = _load_accounts(org, _read(folder, "accounts"), first)
    products = _load_products(org, _read(folder, "products"), first)
    rows = [_opportunity(row, users, accounts, last) for row in pipeline]
    opportunities = org.insert("Opportunity", rows)
    counts = {"User": users, "Account": accounts, "Product2": products, "Opportunity": opportunities}
    return {name: len(records) for name, records in counts.items()}


def _define(org: Org, at: datetime) -> None:
    org.define("Account", {"Revenue__c": "currency(18,2)", "Year_Established__c": "int(4,0)"})
    org.define(
        "Opportunity",
        {
            "CloseDate": "date",
            "External_Id__c": "string(40) external unique",
            "Product_Name__c": "string(255)",
            "Engage_Date__c": "date",
        },
    )
    known = {stage["MasterLabel"] for stage in org.records("OpportunityStage")}
    new = [stage | {"ApiName": stage["MasterLabel"]} for stage in _STAGES if stage["MasterLabel"] not in known]
    org.insert("OpportunityStage", new, at=at)


def _load_users(org: Org, teams: Sequence[Row], at: datetime) -> dict[str, str]:
    """Managers first, then agents; their ids by name."""
    offices = {row["manager"]: row["regional_office"] for row in teams}
    managers = [_user(name, office, "Sales Manager", None) for name, office in offices.items()]
    ids = dict(zip(offices, org.insert("User", managers, at=at), strict=True))
    agents = [_user(row["sales_agent"], row["regional_office"], "Sales Agent", ids[row["manager"]]) for row in teams]
    return ids | dict(zip((row["sales_agent"] for row in teams), org.insert("User", agents, at=at), strict=True))


def _user(name: str, office: str, title: str, manager_id: str | None) -> dict[str, object]:
    first_name, _, last_name = name.partition(" ")
    address = f"{name.lower().replace(' ', '.')}@crm-sales.example"
    return {
        "FirstName": first_name,
        "LastName": last_name,
        "Username": address,
        "Email": address,
        "Title": title,
        "Division": office,
        "ManagerId": manager_id,
        "DefaultCurrencyIsoCode": "USD",
    }


def _load_accounts(org: Org, accounts: Sequence[Row], at: datetime) -> dict[str, str]:
    ids = dict(
        zip((row["account"] for row in accounts), org.insert("Account", map(_account, accounts), at=at), strict=True)
    )
    parents = [
        {"Id": ids[row["account"]], "ParentId": ids[row["subsidiary_of"]]}
        for row in accounts
        if row["subsidiary_of"] in ids
    ]
    org.update("Account", parents, at=at)
    return ids


def _account(row: Row) -> dict[str, object]:
    return {
        "Name": row["account"],
        "Industry": row["sector"],
        "BillingCountry": row["office_location"],
        "NumberOfEmployees": int(row["employees"]),
        "Revenue__c": Decimal(row["revenue"]),
        "Year_Established__c": int(row["year_established"]),
    }


def _load_products(org: Org, products: Sequence[Row], at: datetime) -> list[str]:
    rows = [{"Name": row["product"], "ProductCode": row["product"], "Family": row["series"]} for row in products]
    ids = org.insert("Product2", [row | {"IsActive": True} for row in rows], at=at)
    [book] = org.insert("Pricebook2", [{"Name": "Standard", "IsActive": True, "IsStandard": True}], at=at)
    entries = [
        {
            "Pricebook2Id": book,
            "Product2Id": product_id,
            "Name": row["product"],
            "UnitPrice": Decimal(row["sales_price"]),
        }
        for product_id, row in zip(ids, products, strict=True)
    ]
    org.insert("PricebookEntry", [entry | {"IsActive": True} for entry in entries], at=at)
    return ids


def _opportunity(row: Row, users: Mapping[str, str], accounts: Mapping[str, str], undated: date) -> dict[str, object]:
    engaged_on, closed_on = _date(row["engage_date"]), _date(row["close_date"])
    modified_at = _instant(closed_on or engaged_on or undated)
    return {
        "Name": f"{row['product']} {row['opportunity_id']}",
        "AccountId": accounts[row["account"]] if row["account"] else None,
        "OwnerId": users[row["sales_agent"]],
        "StageName": row["deal_stage"],
        "Amount": Decimal(row["close_value"]) if row["close_value"] else None,
        "CloseDate": closed_on,
        "External_Id__c": row["opportunity_id"],
        "Product_Name__c": row["product"],
        "Engage_Date__c": engaged_on,
        "CreatedDate": _instant(engaged_on or undated),
        "LastModifiedDate": modified_at,
        "SystemModstamp": modified_at,
    }


def _read(folder: Path, name: str) -> list[Row]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _date(text: str) -> date | None:
    if not text:
        return None
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(18), UTC)
