"""simple-salesforce reads and writes the org as if it were Salesforce."""

from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from sandbox.salesforce.org import Org
from tests.sandbox.salesforce.conftest import NOON, Client, Clock, opportunity


def test_a_record_is_created_read_updated_and_deleted(sf: Client, clock: Clock) -> None:
    made = sf.Opportunity.create(opportunity("New", Amount=1250))
    assert made["success"] is True
    assert len(made["id"]) == 18
    clock.advance(minutes=5)
    assert sf.Opportunity.update(made["id"], {"StageName": "Closed Won", "Amount": None}) == 204
    read = sf.Opportunity.get(made["id"])
    assert (read["IsWon"], read["Probability"], read["Amount"]) == (True, 100.0, None)
    assert (read["CreatedDate"], read["SystemModstamp"]) == (
        "2026-11-21T12:00:00.000+0000",
        "2026-11-21T12:05:00.000+0000",
    )
    assert sf.Opportunity.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        sf.Opportunity.get(made["id"])


def test_chosen_fields_are_read_by_a_short_id(sf: Client) -> None:
    made = sf.Account.create({"Name": "Acme"})
    read = sf.Account.get(made["id"][:15], params={"fields": "Name,OwnerId"})
    assert set(read) == {"attributes", "Id", "Name", "OwnerId"}


def test_upsert_by_an_external_id(sf: Client, org: Org) -> None:
    assert sf.Opportunity.upsert("External_Key__c/deal 7", opportunity("First")) == 201
    assert sf.Opportunity.upsert("External_Key__c/DEAL 7", {"Name": "Second"}) == 200
    read = sf.Opportunity.get_by_custom_id("External_Key__c", "deal 7")
    assert (read["Name"], read["External_Key__c"]) == ("Second", "deal 7")
    org.insert("Opportunity", [opportunity("a", Order_Key__c="o"), opportunity("b", Order_Key__c="o")])
    with pytest.raises(SalesforceMoreThanOneRecord):
        sf.Opportunity.upsert("Order_Key__c/o", {"Name": "?"})


def test_queries_come_in_pages_of_any_size(sf: Client, org: Org) -> None:
    org.insert("Account", ({"Name": f"Account {n:03d}"} for n in range(450)))
    asked = {"Sforce-Query-Options": "batchSize=200"}
    first = sf.query("SELECT Name FROM Account ORDER BY Name DESC", headers=asked)
    assert (len(first["records"]), first["totalSize"], first["done"]) == (200, 450, False)
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    third = sf.query_more(second["nextRecordsUrl"].rsplit("/", 1)[1])
    assert (len(second["records"]), len(third["records"]), third["done"]) == (200, 50, True)
    assert third["records"][-1]["Name"] == "Account 000"
    assert len(sf.query_all("SELECT Id FROM Account", headers=asked)["records"]) == 450


def test_a_locator_dies_with_its_session(sf: Client, org: Org) -> None:
    org.insert("Account", ({"Name": str(n)} for n in range(201)))
    first = sf.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"})
    org.sessions.expire_all()
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)


def test_deleted_records_are_found_by_query_all_only(sf: Client, org: Org) -> None:
    ids = org.insert("Account", [{"Name": "kept"}, {"Name": "gone"}])
    org.delete("Account", [ids[1]])
    soql = "SELECT Name, IsDeleted FROM Account ORDER BY Name"
    assert [r["Name"] for r in sf.query(soql)["records"]] == ["kept"]
    found = sf.query_all(soql, include_deleted=True)["records"]
    assert [(r["Name"], r["IsDeleted"]) for r in found] == [("gone", True), ("kept", False)]


def test_updated_and_deleted_feeds(sf: Client, org: Org, clock: Clock) -> None:
    kept, gone = org.insert("Account", [{"Name": "kept"}, {"Name": "gone"}])
    org.delete("Account", [gone])
    clock.advance(minutes=3, seconds=40)
    start, end = NOON - timedelta(minutes=1), NOON + timedelta(minutes=10)
    assert sf.Account.updated(start, end) == {"ids": [kept], "latestDateCovered": "2026-11-21T12:03:00.000+0000"}
    told = sf.Account.deleted(start, end)
    assert told["deletedRecords"] == [{"id": gone, "deletedDate": "2026-11-21T12:00:00.000+0000"}]
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
        sf.Account.deleted(NOON - timedelta(days=16), end)


def test_amounts_are_exact_to_the_digit(sf: Client, org: Org, session: requests.Session) -> None:
    texts = ["0.1", "1250", "1250.5", "9999999999999999.99", "-0.05", "1E+3"]
    org.insert("Opportunity", (opportunity(str(n), Amount=text) for n, text in enumerate(texts)))
    read = Salesforce(session_id=sf.session_id, instance=sf.sf_instance, session=session, parse_float=Decimal)
    found = [r["Amount"] for r in read.query("SELECT Amount FROM Opportunity ORDER BY Name")["records"]]
    assert [str(amount) for amount in found] == ["0.1", "1250.0", "1250.5", "9999999999999999.99", "-0.05", "1000.0"]


def test_describe_tells_types_scales_keys_and_relations(sf: Client, org: Org) -> None:
    org.define("Opportunity", {"Sector__c": "formula(Account.Industry)"})
    told = sf.Opportunity.describe()
    fields = {field["name"]: field for field in told["fields"]}
    assert (told["keyPrefix"], fields["Amount"]["type"], fields["Amount"]["scale"]) == ("006", "currency", 2)
    assert fields["External_Key__c"]["externalId"] is True
    assert (fields["Sector__c"]["calculated"], fields["Sector__c"]["calculatedFormula"]) == (True, "Account.Industry")
    assert fields["AccountId"]["relationshipName"] == "Account"
    assert "OpportunityLineItems" in {child["relationshipName"] for child in told["childRelationships"]}
    assert "Opportunity" in {listed["name"] for listed in sf.describe()["sobjects"]}
    assert sf.Opportunity.metadata()["objectDescribe"]["name"] == "Opportunity"


def test_limits_and_usage(sf: Client) -> None:
    limits = sf.limits()
    assert limits["DailyApiRequests"]["Max"] - limits["DailyApiRequests"]["Remaining"] == sf.api_usage["api-usage"].used
    assert sf.is_sandbox() is True


def test_collections_through_restful(sf: Client) -> None:
    rows: list[dict[str, object]] = [
        opportunity("a", External_Key__c="a"),
        {"Name": "no stage", "External_Key__c": "b"},
    ]
    kind: dict[str, object] = {"attributes": {"type": "Opportunity"}}
    sent = {"allOrNone": False, "records": [kind | row for row in rows]}
    created, failed = sf.restful("composite/sobjects/Opportunity/External_Key__c", method="PATCH", json=sent)
    assert (created["success"], created["created"]) == (True, True)
    assert failed["success"] is False
    assert failed["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert failed["errors"][0]["fields"] == ["StageName", "CloseDate"]


def test_a_composite_request_refers_to_its_own_answers(sf: Client, org: Org) -> None:
    base = f"/services/data/v{sf.sf_version}"
    account = {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "acme", "body": {"Name": "Acme"}}
    deal = opportunity("Deal", AccountId="@{acme.id}", Amount=0.1)
    opp = {"method": "POST", "url": f"{base}/sobjects/Opportunity", "referenceId": "deal", "body": deal}
    read = {"method": "GET", "url": f"{base}/query?q=SELECT%20Account.Name%20FROM%20Opportunity", "referenceId": "read"}
    answered = sf.restful("composite", method="POST", json={"compositeRequest": [account, opp, read]})[
        "compositeResponse"
    ]
    assert [part["httpStatusCode"] for part in answered] == [201, 201, 200]
    assert answered[2]["body"]["records"][0]["Account"]["Name"] == "Acme"
    assert str(org.records("Opportunity")[0]["Amount"]) == "0.1"
    with pytest.raises(SalesforceMalformedRequest, match="JSON_PARSER_ERROR"):
        sf.restful("composite", method="POST", json={"compositeRequest": [{"method": "GET"}]})


def test_a_composite_request_is_all_or_none_if_asked(sf: Client, org: Org) -> None:
    base = f"/services/data/v{sf.sf_version}"
    good = {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "a", "body": {"Name": "Acme"}}
    bad = {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "b", "body": {}}
    sent = {"allOrNone": True, "compositeRequest": [good, bad]}
    answered = sf.restful("composite", method="POST", json=sent)["compositeResponse"]
    assert [part["httpStatusCode"] for part in answered] == [400, 400]
    assert answered[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert org.records("Account") == []
