"""The shapes of answers that real Salesforce gave: same keys, same types."""

import json
from pathlib import Path

import httpx
import pytest

from sandbox.salesforce.org import Org
from tests.sandbox.salesforce.conftest import Json, next_path, opportunity

QUERY_FIELDS = "SELECT Id, Amount, (SELECT Name FROM OpportunityLineItems), Account.Name FROM Opportunity"


@pytest.fixture
def recorded(test_data: Path) -> Json:
    folder = test_data / "data" / "payloads" / "salesforce"
    return lambda name: json.loads((folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def deal(org: Org) -> str:
    account = org.insert("Account", [{"Name": "Acme"}])[0]
    ids = org.insert("Opportunity", [opportunity("a", AccountId=account, Amount=1), opportunity("b", Amount=2)])
    org.insert("OpportunityLineItem", [{"OpportunityId": ids[0], "Quantity": 1, "UnitPrice": 1}])
    return ids[0]


def assert_alike(ours: Json, theirs: Json, where: str = "$") -> None:
    """Ours has each key of theirs with a value of the same JSON type; a null of theirs tells nothing."""
    if theirs is None or ours is None:
        return
    assert _kind(ours) == _kind(theirs), f"{where}: {_kind(ours)}, recorded is {_kind(theirs)}"
    if isinstance(theirs, dict):
        assert set(theirs) <= set(ours), f"{where} lacks {set(theirs) - set(ours)}"
        for key, value in theirs.items():
            assert_alike(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list) and theirs:
        assert ours, f"{where} is empty"
        assert_alike(ours[0], theirs[0], f"{where}[0]")


def _kind(value: Json) -> str:
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def test_tokens(recorded: Json, org: Org, base: str) -> None:
    known = org.credentials
    form = {"grant_type": "client_credentials", "client_id": known.client_id, "client_secret": known.client_secret}
    url = f"{base}/services/oauth2/token"
    assert_alike(httpx.post(url, data=form, trust_env=False).json(), recorded("auth_success_response.json"))
    refused = httpx.post(url, data=form | {"client_secret": "x"}, trust_env=False)
    assert_alike(refused.json(), recorded("auth_error_response.json"))
    expired = httpx.get(f"{base}/services/data/v60.0/limits", headers={"Authorization": "Bearer x"}, trust_env=False)
    assert expired.json() == recorded("expired_session_response.json")


def test_versions(recorded: Json, base: str) -> None:
    versions = httpx.get(f"{base}/services/data", trust_env=False).json()
    assert_alike(versions, recorded("services_data_success_response.json"))
    assert {"version": "60.0", "label": "Spring '24", "url": "/services/data/v60.0"} in versions


def test_objects_and_describe(recorded: Json, rest: httpx.Client) -> None:
    assert_alike(rest.get("sobjects").json(), recorded("sobject/list_sobjects_success_response.json"))
    theirs = recorded("sobject/sobject_describe_success_response.json")
    ours = rest.get("sobjects/Opportunity/describe").json()
    assert set(ours["fields"][0]) >= set(theirs["fields"][0])
    for field in ours["fields"]:
        assert_alike(field, theirs["fields"][0], f"field {field['name']}")
    assert_alike(
        {key: ours[key] for key in ours if key != "fields"}, {k: v for k, v in theirs.items() if k != "fields"}
    )
    missing = rest.get("sobjects/Whizbang/describe")
    assert (missing.status_code, missing.json()) == (404, recorded("sobject/sobject_describe_error_response.json"))


def test_records(recorded: Json, rest: httpx.Client, deal: str) -> None:
    read = rest.get(f"sobjects/Opportunity/{deal}").json()
    theirs = recorded("sobject/sobject_find_success_response.json")
    shared = {
        key: theirs[key]
        for key in ("attributes", "Id", "OwnerId", "IsDeleted", "Name", "CreatedById", "LastModifiedById")
    }
    assert_alike(read, shared | {"Amount": theirs["Currency_Label"], "CloseDate": theirs["Date_Label"]})
    missing = rest.get("sobjects/Opportunity/23foo").json()
    assert missing == recorded("sobject/sobject_find_error_response.json")
    created = rest.post("sobjects/Account", json={"Name": "x"}).json()
    assert_alike(created, recorded("sobject/create_success_response.json"))
    wrong = rest.post("sobjects/Account", json={"foo": "x"}).json()
    assert wrong == json.loads(json.dumps(recorded("sobject/write_error_response.json")).replace("Bar", "Account"))


def test_upserts(recorded: Json, rest: httpx.Client, org: Org) -> None:
    path = "sobjects/Opportunity/Order_Key__c/k"
    made = rest.patch(path, json=opportunity("a")).json()
    assert_alike(made, recorded("sobject/upsert_created_success_response.json"))
    org.insert("Opportunity", [opportunity("b", Order_Key__c="k")])
    assert_alike(rest.patch(path, json={}).json(), recorded("sobject/upsert_multiple_error_response.json"))
    unknown = rest.patch("sobjects/Opportunity/Namez/k", json={}).json()
    assert unknown == recorded("sobject/upsert_error_response.json")


def test_queries(recorded: Json, rest: httpx.Client, org: Org, deal: str) -> None:
    whole = rest.get("query", params={"q": f"{QUERY_FIELDS} WHERE Id = '{deal}'"}).json()
    theirs = recorded("sobject/query_success_response.json")
    record = theirs["records"][0]
    theirs["records"] = [{"attributes": record["attributes"], "Account": record["ParentWhizbang__r"]}]
    theirs["records"][0]["Account"].pop("Text_Label")
    theirs["records"][0]["OpportunityLineItems"] = record["Whizbangs__r"]
    assert_alike(whole, theirs)
    org.batch_sizes = (1, 1)
    first = rest.get("query", params={"q": "SELECT Id FROM Opportunity"}).json()
    _assert_page(first, recorded("sobject/query_paginated_first_page_response.json"))
    last = rest.get(next_path(first)).json()
    _assert_page(last, recorded("sobject/query_paginated_last_page_response.json"))
    empty = rest.get("query", params={"q": "SELECT Id FROM Lead"}).json()
    assert empty == recorded("sobject/query_empty_response.json")
    wrong = rest.get("query", params={"q": "SELECT Foo FROM Lead"}).json()
    assert_alike(wrong, recorded("sobject/query_error_response.json"))
    organisation = rest.get("query", params={"q": "SELECT Id FROM Organization"}).json()
    assert_alike(organisation, recorded("sobject/org_query_response.json"))


def test_aggregates(recorded: Json, rest: httpx.Client, deal: str) -> None:
    theirs = recorded("sobject/query_aggregate_success_response.json")
    for row in theirs["records"]:
        row["AccountId"] = row.pop("CampaignId")
    asked = "SELECT AccountId, SUM(Amount) FROM Opportunity GROUP BY AccountId ORDER BY AccountId NULLS LAST"
    assert_alike(rest.get("query", params={"q": asked}).json(), theirs)


def test_feeds(recorded: Json, rest: httpx.Client, org: Org, deal: str) -> None:
    window = {"start": "2026-11-21T11:00:00Z", "end": "2026-11-21T13:00:00Z"}
    org.now.advance(minutes=1)  # type: ignore[attr-defined]  # the test's clock
    assert_alike(
        rest.get("sobjects/Opportunity/updated", params=window).json(),
        recorded("sobject/get_updated_success_response.json"),
    )
    org.delete("Opportunity", [deal], at=org.now().replace(minute=0))
    assert_alike(
        rest.get("sobjects/Opportunity/deleted", params=window).json(),
        recorded("sobject/get_deleted_success_response.json"),
    )


def _assert_page(ours: Json, theirs: Json) -> None:
    for record in theirs["records"]:
        del record["Text_Label"]
    assert_alike(ours, theirs)
    assert set(ours) == set(theirs)
