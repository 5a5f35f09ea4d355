"""The REST API bare, where clients hide what is on the wire."""

import httpx
import pytest

from sandbox.salesforce.org import Org
from tests.sandbox.salesforce.conftest import Clock, next_path, opportunity


def test_numbers_on_the_wire_have_the_digits_that_were_stored(rest: httpx.Client, org: Org) -> None:
    org.insert("Opportunity", [opportunity("a", Amount="1250", Probability=50, Estimate__c="1e6")])
    text = rest.get("query", params={"q": "SELECT Amount, Probability, Estimate__c, FiscalYear FROM Opportunity"}).text
    assert '"Amount":1250.0,"Probability":50.0,"Estimate__c":1000000.0,"FiscalYear":2026' in text


def test_amounts_arrive_without_passing_a_float(rest: httpx.Client, org: Org) -> None:
    body = '{"Name":"a","StageName":"x","CloseDate":"2026-01-01","Amount":1234567890123456.78,"Estimate__c":0.125}'
    assert rest.post("sobjects/Opportunity", content=body).status_code == 201
    row = org.records("Opportunity")[0]
    assert (str(row["Amount"]), str(row["Estimate__c"])) == ("1234567890123456.78", "0.13")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"Name": ', "JSON_PARSER_ERROR"),
        ("[]", "JSON_PARSER_ERROR"),
        ('{"Name":"x","Nope__c":1}', "INVALID_FIELD"),
        ('{"Name":"x","IsWon":true}', "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ('{"Name":"x"}', "REQUIRED_FIELD_MISSING"),
        ('{"Name":"x","AccountId":"abc"}', "MALFORMED_ID"),
        ('{"Name":"x","Amount":"NaN"}', "JSON_PARSER_ERROR"),
        ('{"Name":"x","Amount":1e400}', "JSON_PARSER_ERROR"),
        ('{"Name":"x","Amount":123456789012345678901234567890}', "NUMBER_OUTSIDE_VALID_RANGE"),
        ('{"Name":"x","Amount":12345678901234567.5}', "NUMBER_OUTSIDE_VALID_RANGE"),
        ('{"Name":"x","CloseDate":"2026-02-30"}', "JSON_PARSER_ERROR"),
        ('{"Name":"x","CloseDate":"2026-02-20rubbish"}', "JSON_PARSER_ERROR"),
        ('{"Name":true}', "JSON_PARSER_ERROR"),
    ],
)
def test_what_is_refused(rest: httpx.Client, org: Org, body: str, code: str) -> None:
    refused = rest.post("sobjects/Opportunity", content=body)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, code)
    assert org.records("Opportunity") == []


def test_a_long_name_and_a_parent_that_is_not_there(rest: httpx.Client) -> None:
    assert rest.post("sobjects/Account", json={"Name": "x" * 256}).json()[0]["errorCode"] == "STRING_TOO_LONG"
    orphan = opportunity("x", AccountId="0015g0000000099AAA")
    assert rest.post("sobjects/Opportunity", json=orphan).json()[0]["errorCode"] == "INVALID_CROSS_REFERENCE_KEY"


def test_upsert_tells_created_updated_or_several(rest: httpx.Client, org: Org) -> None:
    path = "sobjects/Opportunity/Order_Key__c/o%2F1%20x"
    assert rest.patch(path, json=opportunity("a")).status_code == 201
    assert rest.patch(path, json={"Name": "b"}).status_code == 200
    assert org.records("Opportunity")[0]["Order_Key__c"] == "o/1 x"
    twin = org.insert("Opportunity", [opportunity("c", Order_Key__c="O/1 X")])[0]
    several = rest.patch(path, json={"Name": "d"})
    assert several.status_code == 300
    assert several.json()[1] == f"/services/data/v60.0/sobjects/Opportunity/{twin}"
    assert rest.patch("sobjects/Opportunity/Name/x", json={}).json()[0]["errorCode"] == "NOT_FOUND"
    assert rest.patch(path, json={"Id": twin}).json()[0]["errorCode"] == "INVALID_FIELD"


def test_a_unique_key_is_unique(rest: httpx.Client) -> None:
    first = rest.post("sobjects/Opportunity", json=opportunity("a", External_Key__c="k")).json()
    refused = rest.post("sobjects/Opportunity", json=opportunity("b", External_Key__c="K")).json()[0]
    assert refused["errorCode"] == "DUPLICATE_VALUE"
    assert first["id"][:15] in refused["message"]
    rest.delete(f"sobjects/Opportunity/{first['id']}")
    assert rest.post("sobjects/Opportunity", json=opportunity("b", External_Key__c="K")).status_code == 201


def test_lines_move_the_opportunity_and_its_amount(rest: httpx.Client, org: Org, clock: Clock) -> None:
    deal = org.insert("Opportunity", [opportunity("a", Amount=1)])[0]
    clock.advance(minutes=1)
    line = {"OpportunityId": deal, "Quantity": "2", "UnitPrice": "10.25"}
    made = rest.post("sobjects/OpportunityLineItem", json=line).json()["id"]
    row = org.records("Opportunity")[0]
    assert (str(row["Amount"]), row["HasOpportunityLineItem"]) == ("20.5", True)
    assert row["SystemModstamp"] == "2026-11-21T12:01:00.000+0000"
    rest.delete(f"sobjects/OpportunityLineItem/{made}")
    assert org.records("Opportunity")[0]["HasOpportunityLineItem"] is False


def test_a_deleted_account_takes_its_deals_along(rest: httpx.Client, org: Org) -> None:
    account = org.insert("Account", [{"Name": "a"}])[0]
    org.insert("Opportunity", [opportunity("x", AccountId=account)])
    assert rest.delete(f"sobjects/Account/{account}").status_code == 204
    assert org.records("Opportunity") == []
    assert rest.delete(f"sobjects/User/{org.user_id}").json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        ({"records": [{"attributes": {"type": "Nope"}}]}, ["INVALID_TYPE"]),
        ({"records": [{"Name": "x"}]}, ["INVALID_TYPE"]),
        ({"records": [{"attributes": {"type": "Account"}}] * 2}, ["REQUIRED_FIELD_MISSING"] * 2),
    ],
)
def test_rows_of_a_collection_fail_by_themselves(rest: httpx.Client, sent: dict[str, object], codes: list[str]) -> None:
    outcomes = rest.post("composite/sobjects", json=sent)
    assert outcomes.status_code == 200
    assert [outcome["errors"][0]["statusCode"] for outcome in outcomes.json()] == codes


def test_collections_update_delete_and_their_limit(rest: httpx.Client, org: Org) -> None:
    one, two = org.insert("Account", [{"Name": "a"}, {"Name": "b"}])
    kind = {"attributes": {"type": "Account"}}
    rows = [kind | {"id": one, "Name": "x"}, kind | {"id": two, "Name": "y"}, kind | {"id": two, "Name": "z"}]
    outcomes = rest.patch("composite/sobjects", json={"records": rows}).json()
    assert [outcome["success"] for outcome in outcomes] == [True, False, False]
    undone = rest.delete("composite/sobjects", params={"ids": f"{one},001000000000000AAA", "allOrNone": "true"}).json()
    assert [outcome["errors"][0]["statusCode"] for outcome in undone] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "NOT_FOUND",
    ]
    assert [row["Name"] for row in org.records("Account")] == ["x", "b"]
    refused = rest.post("composite/sobjects", json={"records": [kind] * 201})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "EXCEEDED_MAX_SOBJECTS")


def test_records_are_read_many_at_once(rest: httpx.Client, org: Org) -> None:
    one = org.insert("Account", [{"Name": "a"}])[0]
    asked = {"ids": f"{one},001000000000000AAA", "fields": "Name"}
    assert [row and row["Name"] for row in rest.get("composite/sobjects/Account", params=asked).json()] == ["a", None]


def test_batch_sizes_have_bounds(rest: httpx.Client, org: Org) -> None:
    org.insert("Account", ({"Name": str(n)} for n in range(2001)))
    sizes = {}
    for asked in ("batchSize=1", "batchSize=300", "batchSize=9999", "nonsense"):
        page = rest.get("query", params={"q": "SELECT Id FROM Account"}, headers={"Sforce-Query-Options": asked}).json()
        sizes[asked] = len(page["records"])
    assert sizes == {"batchSize=1": 200, "batchSize=300": 300, "batchSize=9999": 2000, "nonsense": 2000}


def test_children_have_pages_of_their_own(rest: httpx.Client, org: Org) -> None:
    account = org.insert("Account", [{"Name": "a"}])[0]
    org.insert("Opportunity", (opportunity(str(n), AccountId=account) for n in range(250)))
    soql = "SELECT Id, (SELECT Name FROM Opportunities) FROM Account"
    page = rest.get("query", params={"q": soql}, headers={"Sforce-Query-Options": "batchSize=200"}).json()
    children = page["records"][0]["Opportunities"]
    assert (len(children["records"]), children["totalSize"], children["done"]) == (200, 250, False)
    more = rest.get(next_path(children)).json()
    assert (len(more["records"]), more["done"]) == (50, True)


def test_what_is_not_there(rest: httpx.Client, base: str) -> None:
    asked = ["nothing", "sobjects/Nope/describe", "sobjects/Account/001000000000000AAA", "sobjects/Account/x/y"]
    assert [rest.get(path).status_code for path in asked] == [404] * 4
    assert rest.get("nothing").json()[0]["errorCode"] == "NOT_FOUND"
    assert rest.get(f"{base}/services/data/v1.0/limits").status_code == 404
    assert rest.put("sobjects/Account").status_code == 405
    assert (
        httpx.get(f"{base}/services/data/v60.0/limits", trust_env=False).json()[0]["errorCode"] == "INVALID_SESSION_ID"
    )


def test_the_days_calls_run_out(rest: httpx.Client, org: Org) -> None:
    org.daily_api_requests = 2
    assert rest.get("limits").headers["sforce-limit-info"] == "api-usage=1/2"
    assert rest.get("limits").status_code == 200
    assert (rest.get("limits").status_code, rest.get("limits").json()[0]["errorCode"]) == (
        403,
        "REQUEST_LIMIT_EXCEEDED",
    )


def test_feeds_tell_of_what_they_have_forgotten(rest: httpx.Client, org: Org, clock: Clock) -> None:
    ids = org.insert("Account", [{"Name": name} for name in ("purged", "back", "loser", "winner")])
    org.purge("Account", [ids[0]])
    org.delete("Account", [ids[1]])
    org.undelete("Account", [ids[1]])
    org.merge("Account", ids[3], [ids[2]])
    clock.advance(minutes=5)
    window = {"start": "2026-11-21T12:00:00Z", "end": "2026-11-21T12:30:00Z"}
    told = rest.get("sobjects/Account/deleted", params=window).json()
    assert [entry["id"] for entry in told["deletedRecords"]] == [ids[0], ids[2]]
    assert rest.get("sobjects/Account/updated", params=window).json()["ids"] == [ids[1], ids[3]]
    soql = "SELECT MasterRecordId FROM Account WHERE IsDeleted = true"
    assert rest.get("queryAll", params={"q": soql}).json()["records"][0]["MasterRecordId"] == ids[3]
    org.forget_deletions(clock())
    assert rest.get("sobjects/Account/deleted", params=window).json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"
    short = {"start": "2026-11-21T12:06:00Z", "end": "2026-11-21T12:06:59Z"}
    assert rest.get("sobjects/Account/updated", params=short).json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"
