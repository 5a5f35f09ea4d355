"""The org as the generator and the tests load it, without HTTP."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.store.ids import check_suffix, long_id
from sandbox.salesforce.store.schema import parse_field
from tests.sandbox.salesforce.conftest import Clock, opportunity


def test_rows_keep_the_ids_and_stamps_they_bring(org: Org) -> None:
    given = {"Id": "006A00000000001", "CreatedDate": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)}
    assert org.insert("Opportunity", [opportunity("old") | given]) == ["006A00000000001IAA"]
    row = org.records("Opportunity")[0]
    assert row["CreatedDate"] == row["SystemModstamp"] == "2025-01-02T03:04:05.000+0000"


def test_made_ids_have_prefix_and_suffix_and_never_clash(org: Org) -> None:
    taken = "0065g0000000001AAA"
    ids = org.insert("Opportunity", [opportunity("a") | {"Id": taken}, opportunity("b"), opportunity("c")])
    assert len(set(ids)) == 3
    assert all(row_id[:3] == "006" and row_id[15:] == check_suffix(row_id[:15]) for row_id in ids)
    assert long_id(ids[1][:15]) == ids[1]
    with pytest.raises(ApiError, match="there is a record with id"):
        org.insert("Opportunity", [opportunity("again") | {"Id": taken}])


def test_recorded_ids_have_the_suffix_that_we_compute() -> None:
    for known in ("003q000000KvQ1tAAF", "701E0000000JuFHIA0", "a00D0000008pQRAIA2", "001D000000JliSTIAZ"):
        assert check_suffix(known[:15]) == known[15:]


@pytest.mark.parametrize("amount", [Decimal("12.345"), "12.345", "1.2345E+1"])
def test_amounts_are_rounded_to_the_fields_scale(org: Org, amount: object) -> None:
    org.insert("Opportunity", [opportunity("a", Amount=amount, CloseDate=date(2026, 1, 31))])
    row = org.records("Opportunity")[0]
    assert (row["Amount"], row["CloseDate"], row["FiscalQuarter"]) == (Decimal("12.35"), "2026-01-31", 1)


def test_a_float_is_refused(org: Org) -> None:
    with pytest.raises(TypeError, match="Amount: an amount is a Decimal, never a float"):
        org.insert("Opportunity", [opportunity("a", Amount=12.5)])


def test_own_stages_decide_what_is_won(org: Org) -> None:
    stages = [("Engaging", False, False, 40), ("Won", True, True, 100), ("Lost", True, False, 0)]
    keys = ("MasterLabel", "IsClosed", "IsWon", "DefaultProbability")
    org.insert("OpportunityStage", [dict(zip(keys, stage, strict=True)) for stage in stages])
    org.insert("Opportunity", [opportunity("a", StageName=name, Amount=10) for name, *_ in stages])
    found = [(r["IsClosed"], r["IsWon"], str(r["ExpectedRevenue"])) for r in org.records("Opportunity")]
    assert found == [(False, False, "4.0"), (True, True, "10.0"), (True, False, "0.0")]


def test_lines_take_prices_from_the_price_book(org: Org) -> None:
    product, book = (
        org.insert("Product2", [{"Name": "GTX", "ProductCode": "G1"}])[0],
        org.insert("Pricebook2", [{"Name": "S"}])[0],
    )
    entry = org.insert("PricebookEntry", [{"Pricebook2Id": book, "Product2Id": product, "UnitPrice": "99.99"}])[0]
    deal = org.insert("Opportunity", [opportunity("Deal")])[0]
    org.insert(
        "OpportunityLineItem", [{"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": 3, "Discount": 50}]
    )
    line = org.records("OpportunityLineItem")[0]
    assert (str(line["UnitPrice"]), str(line["TotalPrice"])) == ("99.99", "149.99")
    assert (line["Product2Id"], line["ProductCode"], line["Name"]) == (product, "G1", "Deal GTX")


def test_a_load_leaves_the_parents_stamp_alone(org: Org, clock: Clock) -> None:
    deal = org.insert("Opportunity", [opportunity("Deal", Amount=7)])[0]
    clock.advance(hours=1)
    org.insert("OpportunityLineItem", [{"OpportunityId": deal, "Quantity": 1, "UnitPrice": 5}])
    row = org.records("Opportunity")[0]
    assert (row["SystemModstamp"], str(row["Amount"]), row["HasOpportunityLineItem"]) == (
        "2026-11-21T12:00:00.000+0000",
        "7.0",
        True,
    )


def test_a_clients_amount_is_ignored_once_there_are_lines_and_splits_follow(org: Org, rest: httpx.Client) -> None:
    deal = org.insert("Opportunity", [opportunity("Deal", Amount=7)])[0]
    split = {"OpportunityId": deal, "SplitOwnerId": org.user_id, "SplitPercentage": 25}
    org.insert("OpportunitySplit", [split])
    assert str(org.records("OpportunitySplit")[0]["SplitAmount"]) == "1.75"
    rest.patch(f"sobjects/Opportunity/{deal}", json={"Amount": 10})
    assert str(org.records("OpportunitySplit")[0]["SplitAmount"]) == "2.5"
    rest.post("sobjects/OpportunityLineItem", json={"OpportunityId": deal, "Quantity": 1, "UnitPrice": 40})
    assert rest.patch(f"sobjects/Opportunity/{deal}", json={"Amount": 1, "NextStep": "call"}).status_code == 204
    row = org.records("Opportunity")[0]
    assert (str(row["Amount"]), row["NextStep"]) == ("40.0", "call")
    assert str(org.records("OpportunitySplit")[0]["SplitAmount"]) == "10.0"


def test_fields_come_go_and_change_type(org: Org) -> None:
    org.define("Account", {"Size__c": "string(20)"})
    org.insert("Account", [{"Name": "a", "Size__c": "12.5"}, {"Name": "b", "Size__c": "big"}])
    org.define("Account", {"Size__c": "double(10,1)"})
    assert [row["Size__c"] for row in org.records("Account")] == [Decimal("12.5"), None]
    org.drop_field("Account", "Size__c")
    assert "Size__c" not in org.records("Account")[0]
    with pytest.raises(ApiError, match="No such column 'Size__c'"):
        org.insert("Account", [{"Name": "c", "Size__c": "1"}])


def test_an_object_of_ones_own(org: Org, rest: httpx.Client) -> None:
    org.define("Rebate__c", {"Account__c": "reference(Account) children Rebates__r", "Ratio__c": "percent(5,3)"})
    account = org.insert("Account", [{"Name": "Acme"}])[0]
    org.insert("Rebate__c", [{"Name": "R1", "Account__c": account, "Ratio__c": "2.125"}])
    found = rest.get("query", params={"q": "SELECT Ratio__c, Account__r.Name FROM Rebate__c"}).json()["records"]
    assert (found[0]["Ratio__c"], found[0]["Account__r"]["Name"]) == (2.125, "Acme")
    children = rest.get("query", params={"q": "SELECT (SELECT Name FROM Rebates__r) FROM Account"}).json()["records"]
    assert children[0]["Rebates__r"]["records"][0]["Name"] == "R1"


@pytest.mark.parametrize("declaration", ["money", "string(40) sometimes", "", "string(x)"])
def test_a_declaration_that_says_nothing_known_is_an_error(declaration: str) -> None:
    with pytest.raises(ValueError, match=r"field X__c|invalid literal"):
        parse_field("X__c", declaration)


@pytest.mark.parametrize("formula", ["formula(Nope.Name)", "formula(Account.Nope)", "currency rollup SUM(Nope.Amount)"])
def test_a_formula_over_nothing_is_an_error(org: Org, formula: str) -> None:
    with pytest.raises(ValueError, match="Nope"):
        org.define("Opportunity", {"X__c": formula})


def test_all_or_nothing(org: Org) -> None:
    kept = org.insert("Account", [{"Name": "kept"}])[0]
    with org.transaction() as roll_back:
        org.insert("Account", [{"Name": "new"}])
        org.update("Account", [{"Id": kept, "Name": "changed"}])
        org.delete("Account", [kept])
        roll_back()
    assert [row["Name"] for row in org.records("Account")] == ["kept"]
    assert org.deletions.get("Account", []) == []


def test_many_threads_write_at_once(org: Org) -> None:
    def write() -> None:
        org.insert("Account", ({"Name": str(n)} for n in range(100)))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row["Id"] for row in org.records("Account")}) == 400
