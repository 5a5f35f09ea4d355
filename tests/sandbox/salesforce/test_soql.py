"""SOQL: what it finds, in which order, and how it complains."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.date_ranges import date_range
from sandbox.salesforce.soql.query import Result, run
from tests.sandbox.salesforce.conftest import Clock


def found(org: Org, soql: str, *, includes_deleted: bool = False) -> list[dict[str, Any]]:
    def whole(result: Result) -> dict[str, Any]:
        return {"totalSize": result.total, "done": True, "records": list(_shown(org, result))}

    return list(_shown(org, run(org, soql, base="/v", page=whole, includes_deleted=includes_deleted)))


def _shown(org: Org, result: Result) -> Iterable[dict[str, Any]]:
    if result.finished is not None:
        return result.finished
    return [result.show(org.table(result.sobject).rows[row_id]) for row_id in result.ids]


def names(org: Org, where: str) -> str:
    return "".join(record["Name"] for record in found(org, " ".join(("SELECT Name FROM Opportunity", where))))


@pytest.fixture
def sales(org: Org) -> Org:
    """Opportunities a to e: amounts 10, 20, none, 5.5, 20; two of Acme, one of Über, two of nobody."""
    manager = org.insert("User", [{"Username": "m", "LastName": "Manager"}])[0]
    owner = org.insert("User", [{"Username": "o", "FirstName": "Olga", "LastName": "Owner", "ManagerId": manager}])[0]
    acme, uber = org.insert(
        "Account", [{"Name": "Acme", "OwnerId": owner, "Industry": "Tech"}, {"Name": "Über 100%_x"}]
    )
    rows = [
        ("a", 10, "Prospecting", "2026-11-20", acme),
        ("b", 20, "Closed Won", "2026-11-21", acme),
        ("c", None, "Closed Lost", "2026-10-01", uber),
        ("d", "5.5", "Closed Won", "2026-12-31", None),
        ("e", 20, "Id. Decision Makers", "2025-11-21", None),
    ]
    keys = ("Name", "Amount", "StageName", "CloseDate", "AccountId")
    org.insert("Opportunity", [dict(zip(keys, row, strict=True)) for row in rows])
    return org


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("WHERE Amount = 20", "be"),
        ("WHERE Amount != 20", "acd"),
        ("WHERE Amount > 5.5 AND Amount <= 20", "abe"),
        ("WHERE Amount = null", "c"),
        ("WHERE Amount <> NULL", "abde"),
        ("WHERE Amount IN (10, 5.50)", "ad"),
        ("WHERE Amount IN (10, null)", "ac"),
        ("WHERE Amount NOT IN (10, null)", "bde"),
        ("WHERE Amount NOT IN (10)", "bcde"),
        ("WHERE (Amount = 10 OR Amount = 20) AND NOT IsWon = true", "ae"),
        ("WHERE NOT (Amount = 10 OR Amount = 20)", "cd"),
        ("WHERE StageName LIKE 'closed%'", "bcd"),
        ("WHERE StageName LIKE 'Closed W_n'", "bd"),
        ("WHERE Account.Name LIKE '%100\\%\\_x'", "c"),
        ("WHERE stagename = 'CLOSED won'", "bd"),
        ("WHERE Name >= 'C' AND Name < 'e'", "cd"),
        ("WHERE Account.Owner.Manager.LastName = 'manager'", "ab"),
        ("WHERE Account.Name = null", "de"),
        ("WHERE Account.Name != 'Acme'", "cde"),
        ("WHERE IsClosed = TRUE AND IsWon = FALSE", "c"),
        ("WHERE CloseDate = TODAY", "b"),
        ("WHERE CloseDate < TODAY", "ace"),
        ("WHERE CloseDate <= YESTERDAY", "ace"),
        ("WHERE CloseDate > TODAY", "d"),
        ("WHERE CloseDate >= TODAY", "bd"),
        ("WHERE CloseDate = LAST_N_DAYS:1", "ab"),
        ("WHERE CloseDate = NEXT_N_DAYS:40", "d"),
        ("WHERE CloseDate = THIS_QUARTER", "abcd"),
        ("WHERE CloseDate = THIS_YEAR", "abcd"),
        ("WHERE CloseDate != THIS_YEAR", "e"),
        ("WHERE CloseDate = LAST_YEAR", "e"),
        ("WHERE CloseDate = N_MONTHS_AGO:1", "c"),
        ("WHERE CloseDate >= 2026-11-21", "bd"),
        ("WHERE CreatedDate = TODAY AND SystemModstamp >= 2026-11-21T13:00:00+01:00", "abcde"),
        ("WHERE SystemModstamp > 2026-11-21T12:00:00Z", ""),
        ("WHERE AccountId IN (SELECT Id FROM Account WHERE Name = 'Acme')", "ab"),
        ("WHERE Id NOT IN (SELECT OpportunityId FROM OpportunityLineItem)", "abcde"),
        ("ORDER BY Amount, Name DESC", "cdaeb"),
        ("ORDER BY Amount DESC NULLS LAST, Name", "beadc"),
        ("ORDER BY Amount DESC", "cbead"),
        ("ORDER BY Account.Name NULLS LAST, CloseDate DESC", "bacde"),
        ("ORDER BY Name LIMIT 2 OFFSET 1", "bc"),
        ("LIMIT 0", ""),
    ],
)
def test_filters_and_orders(sales: Org, where: str, expected: str) -> None:
    assert names(sales, where) == expected


def test_an_object_may_be_named_like_a_keyword_and_have_an_alias(sales: Org) -> None:
    sales.insert("Order", [{"EffectiveDate": "2026-01-01"}])
    assert len(found(sales, "select o.Id, Order.OrderNumber from Order o order by o.Id")) == 1
    assert found(sales, "SELECT Opportunity.Name FROM Opportunity WHERE Opportunity.Name = 'a'")[0]["Name"] == "a"


def test_parents_are_nested_and_null_where_there_is_none(sales: Org) -> None:
    first, *_, last = found(sales, "SELECT Account.Owner.Name, Account.Name FROM Opportunity ORDER BY Name")
    assert first["Account"]["Owner"]["Name"] == "Olga Owner"
    assert first["Account"]["attributes"]["type"] == "Account"
    assert last["Account"] is None


def test_children_are_filtered_ordered_and_limited(sales: Org) -> None:
    inner = "SELECT Name, Account.Industry FROM Opportunities WHERE Amount > 5 ORDER BY Name DESC LIMIT 1"
    acme, uber = found(sales, " ".join(("SELECT Name, (", inner, ") FROM Account")))
    assert [child["Name"] for child in acme["Opportunities"]["records"]] == ["b"]
    assert acme["Opportunities"]["records"][0]["Account"]["Industry"] == "Tech"
    assert uber["Opportunities"] is None


def test_counts_and_groups(sales: Org) -> None:
    assert run(sales, "SELECT COUNT() FROM Opportunity WHERE Amount > 5", base="/v", page=lambda _: {}).total == 4
    assert found(
        sales, "SELECT COUNT(Amount), SUM(Amount) total, AVG(Amount) mean, MIN(CloseDate) FROM Opportunity"
    ) == [
        {"attributes": {"type": "AggregateResult"}}
        | {"expr0": 4, "total": Decimal("55.5"), "mean": Decimal("13.875"), "expr1": "2025-11-21"}
    ]
    soql = "SELECT Account.Name, COUNT(Id) n, COUNT_DISTINCT(Amount) d FROM Opportunity GROUP BY Account.Name"
    grouped = found(sales, f"{soql} ORDER BY COUNT(Id) DESC, Account.Name NULLS LAST LIMIT 2")
    assert [(row["Name"], row["n"], row["d"]) for row in grouped] == [("Acme", 2, 2), (None, 2, 2)]


def test_fields_all_gives_every_field(sales: Org) -> None:
    everything = found(sales, "SELECT FIELDS(ALL) FROM Account LIMIT 1")[0]
    assert set(everything) == {"attributes", *sales.objects["Account"].fields}


def test_formulas_and_rollups_change_without_moving_the_stamp(sales: Org, clock: Clock) -> None:
    sales.define(
        "Opportunity",
        {"Sector__c": "formula(Account.Industry)", "Lines__c": "currency rollup SUM(OpportunityLineItems.TotalPrice)"},
    )
    deal = found(sales, "SELECT Id FROM Opportunity WHERE Name = 'a'")[0]["Id"]
    account = found(sales, "SELECT Id FROM Account WHERE Name = 'Acme'")[0]["Id"]
    soql = "SELECT Sector__c, Lines__c, SystemModstamp FROM Opportunity WHERE Name = 'a'"
    before = found(sales, soql)[0]
    clock.advance(hours=1)
    sales.update("Account", [{"Id": account, "Industry": "Retail"}])
    sales.insert("OpportunityLineItem", [{"OpportunityId": deal, "Quantity": 3, "UnitPrice": "1.15", "Discount": 10}])
    after = found(sales, soql)[0]
    assert (before["Sector__c"], str(before["Lines__c"])) == ("Tech", "0.0")
    assert (after["Sector__c"], str(after["Lines__c"])) == ("Retail", "3.11")
    assert after["SystemModstamp"] == before["SystemModstamp"]


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT Id FORM Account", "MALFORMED_QUERY", "ERROR at Row:1:Column:11\nunexpected token: 'FORM'"),
        ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE A = 1 AND B = 2 OR C = 3", "MALFORMED_QUERY", "unexpected token: 'OR'"),
        ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id, Id FROM Account", "MALFORMED_QUERY", "duplicate field selected: Id"),
        (
            "SELECT Nope FROM Account",
            "INVALID_FIELD",
            "ERROR at Row:1:Column:8\nNo such column 'Nope' on entity 'Account'",
        ),
        ("SELECT Owner.Nope FROM Account", "INVALID_FIELD", "No such column 'Nope' on entity 'User'"),
        ("SELECT Foo.Id FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path"),
        ("SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Id FROM Account ORDER BY Nope", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"),
        ("SELECT (SELECT Id FROM Foos) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Foos'"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed in"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD", "must be of type double and should not be"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date"),
        ("SELECT Id FROM Opportunity WHERE Amount = TODAY", "INVALID_FIELD", "must be of type double"),
        ("SELECT Id FROM Account WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Name, COUNT(Id) FROM Account", "INVALID_FIELD", "must be grouped or aggregated: Name"),
    ],
)
def test_complaints(sales: Org, soql: str, code: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        found(sales, soql)
    assert caught.value.code == code
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("THIS_WEEK", date(2026, 11, 15), date(2026, 11, 22)),
        ("LAST_WEEK", date(2026, 11, 8), date(2026, 11, 15)),
        ("LAST_N_WEEKS:2", date(2026, 11, 1), date(2026, 11, 15)),
        ("LAST_MONTH", date(2026, 10, 1), date(2026, 11, 1)),
        ("NEXT_N_MONTHS:2", date(2026, 12, 1), date(2027, 2, 1)),
        ("LAST_N_QUARTERS:4", date(2025, 10, 1), date(2026, 10, 1)),
        ("NEXT_FISCAL_QUARTER", date(2027, 1, 1), date(2027, 4, 1)),
        ("N_YEARS_AGO:1", date(2025, 1, 1), date(2026, 1, 1)),
        ("LAST_90_DAYS", date(2026, 8, 23), date(2026, 11, 22)),
        ("N_DAYS_AGO:3", date(2026, 11, 18), date(2026, 11, 19)),
        ("TOMORROW", date(2026, 11, 22), date(2026, 11, 23)),
    ],
)
def test_date_functions_on_a_saturday(name: str, first: date, end: date) -> None:
    assert date_range(name, date(2026, 11, 21)) == (first, end)
