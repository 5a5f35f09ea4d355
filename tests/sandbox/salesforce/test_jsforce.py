"""jsforce, the JavaScript client, reads and writes the org as if it were Salesforce."""

from sandbox.salesforce.org import Org
from tests.sandbox.salesforce.conftest import Node, opportunity


def test_every_login(node: Node, org: Org) -> None:
    told = node("logins.mjs")
    ways = [
        "soap",
        "oauthPassword",
        "clientCredentials",
        "jwtBearer",
        "authorizationCode",
        "refreshToken",
        "accessToken",
        "sessionId",
    ]
    assert told["identities"] == dict.fromkeys(ways, org.credentials.username)
    assert told["refused"]["message"].startswith("INVALID_LOGIN: ")
    assert told["afterLogout"]["code"] == "INVALID_SESSION_ID"


def test_queries(node: Node, org: Org) -> None:
    account, gone = org.insert("Account", [{"Name": "Acme"}, {"Name": "Gone"}])
    org.delete("Account", [gone])
    rows = [opportunity(f"deal {n:03d}", AccountId=account, Amount=n) for n in range(420)]
    ids = org.insert("Opportunity", rows)
    org.insert("OpportunityLineItem", [{"OpportunityId": ids[-1], "Quantity": 2, "UnitPrice": "10.55"}])
    told = node("queries.mjs")
    assert told["firstPage"] == {"size": 200, "total": 420, "done": False}
    assert (told["nextPage"], told["fetched"], told["streamed"], told["count"]) == (200, 420, 420, 420)
    assert told["lastStreamed"] == "deal 419"
    assert [(found["Name"], found["Account"]["Name"]) for found in told["built"]] == [
        ("deal 419", "Acme"),
        ("deal 418", "Acme"),
    ]
    lines = told["built"][0]["OpportunityLineItems"]["records"]
    assert [(line["Quantity"], line["TotalPrice"]) for line in lines] == [(2, 21.1)]
    assert told["built"][1]["OpportunityLineItems"] is None
    assert (told["deleted"], told["updated"], told["deletedFeed"]) == (["Gone"], 1, 1)
    assert told["amount"] == "currency"
    assert {"OpportunityLineItems", "OpportunitySplits"} <= set(told["children"])
    assert {"Account", "Opportunity", "User"} <= set(told["objects"])
    assert told["recent"][0]["Name"] == "Acme"
    assert told["usage"]["limit"] == told["limits"]["DailyApiRequests"]["Max"]
    assert told["malformed"]["code"] == "MALFORMED_QUERY"


def test_records_and_collections(node: Node, org: Org) -> None:
    org.insert("Opportunity", [opportunity("x", Order_Key__c="o"), opportunity("y", Order_Key__c="o")])
    told = node("records.mjs")
    assert told["created"]["success"]
    assert told["updated"]["success"]
    assert (told["read"]["Name"], told["read"]["Amount"]) == ("changed", 1250.5)
    assert (told["upsertNew"]["created"], told["upsertOld"]["created"]) == (True, False)
    assert [result["success"] for result in told["several"]] == [True, False, True]
    codes = [result["errors"][0]["statusCode"] for result in told["none"]]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert [record and record["NextStep"] for record in told["many"]] == ["call", "call", None]
    assert [result.get("created", "failed") for result in told["upserted"]] == [False, True, "failed", "failed"]
    assert all(result["success"] for result in told["removed"])
    assert told["destroyed"]["success"]
    assert told["gone"]["code"] == "ENTITY_IS_DELETED"
    assert told["unknownField"]["code"] == "INVALID_FIELD"
    assert told["choices"]["name"] == "MULTIPLE_CHOICES"
    assert sorted(str(row["Name"]) for row in org.records("Opportunity")) == ["by k", "by m", "x", "y"]


def test_bulk(node: Node) -> None:
    told = node("bulk.mjs")
    inserted = told["inserted"]
    assert [row["Name"] for row in inserted["successfulResults"]] == ['a, "b"']
    assert inserted["failedResults"][0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert len(told["updated"]["successfulResults"]) == 1
    assert told["upserted"]["successfulResults"][0]["sf__Created"] == "true"
    found = [(row["Name"], row["Amount"], row["NextStep"]) for row in told["queried"]]
    assert found == [("changed", "", "two\nlines"), ("keyed", "", "")]
    assert len(told["removed"]["successfulResults"]) == 1
    assert sorted(row["Name"] for row in told["everything"]) == ["changed", "keyed"]
    assert "Field name not found" in told["failed"]["message"]
