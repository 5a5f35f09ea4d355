"""Bulk API 2.0 through simple-salesforce, and what it hides through a bare client."""

import csv
import io
from typing import Any

import httpx
import pytest
from simple_salesforce.bulk2 import ColumnDelimiter, LineEnding
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceOperationError

from sandbox.salesforce.org import Org
from tests.sandbox.salesforce.conftest import Client, opportunity


@pytest.fixture
def bulk(sf: Client) -> Client:
    return sf.bulk2.Opportunity


def test_a_query_comes_as_csv_in_pieces(bulk: Client, org: Org) -> None:
    account = org.insert("Account", [{"Name": 'Acme "Süd", Ltd'}])[0]
    rows = [opportunity(f"deal {n}", AccountId=account, Amount=f"{n}.5", NextStep="call\nagain") for n in range(5)]
    org.insert("Opportunity", rows)
    soql = "SELECT Name, Amount, Account.Name, NextStep, Description, IsWon, CreatedDate FROM Opportunity ORDER BY Name"
    pieces = list(bulk.query(soql, max_records=2, wait=0))
    assert len(pieces) == 3
    found = [row for piece in pieces for row in csv.DictReader(io.StringIO(piece, newline=""))]
    assert [row["Name"] for row in found] == [f"deal {n}" for n in range(5)]
    expected = ("0.5", 'Acme "Süd", Ltd', "call\nagain", "", "false", "2026-11-21T12:00:00.000Z")
    assert tuple(found[0].values())[1:] == expected
    assert pieces[0].startswith('"Name","Amount","Account.Name"')


@pytest.mark.parametrize("delimiter", list(ColumnDelimiter))
@pytest.mark.parametrize("ending", list(LineEnding))
def test_delimiter_and_line_ending_are_the_jobs(
    rest: httpx.Client, org: Org, delimiter: ColumnDelimiter, ending: LineEnding
) -> None:
    org.insert("Account", [{"Name": "a"}])
    asked = {"operation": "query", "query": "SELECT Name, Type FROM Account"}
    job = rest.post("jobs/query", json=asked | {"columnDelimiter": delimiter, "lineEnding": ending}).json()
    assert rest.get(f"jobs/query/{job['id']}").json()["state"] == "JobComplete"
    got = rest.get(f"jobs/query/{job['id']}/results")
    mark = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}[delimiter.value]
    end = "\n" if ending == LineEnding.LF else "\r\n"
    assert got.text == f'"Name"{mark}"Type"{end}"a"{mark}""{end}'
    assert (got.headers["sforce-locator"], got.headers["sforce-numberofrecords"]) == ("null", "1")
    assert got.headers["content-type"] == "text/csv"


def test_query_all_has_deleted_rows(bulk: Client, org: Org) -> None:
    org.delete("Opportunity", org.insert("Opportunity", [opportunity("gone")]))
    soql = "SELECT Name FROM Opportunity"
    assert "gone" in next(iter(bulk.query_all(soql, wait=0)))
    assert "gone" not in next(iter(bulk.query(soql, wait=0)))


def test_insert_update_upsert_delete(bulk: Client, org: Org) -> None:
    done = bulk.insert(records=[opportunity(f"n{n}", Amount="1.10") for n in range(3)], wait=0)
    assert done[0]["numberRecordsProcessed"] == 3
    ids = [str(row["Id"]) for row in org.records("Opportunity")]
    bulk.update(
        records=[{"Id": ids[0], "Amount": "2.25", "Name": ""}, {"Id": ids[1], "Amount": "#N/A", "Name": "x"}], wait=0
    )
    assert [(r["Name"], str(r["Amount"])) for r in org.records("Opportunity")] == [
        ("n0", "2.25"),
        ("x", "None"),
        ("n2", "1.1"),
    ]
    key = {"External_Key__c": "k1"}
    bulk.upsert(records=[opportunity("by key") | key], external_id_field="External_Key__c", wait=0)
    bulk.upsert(records=[opportunity("again") | key], external_id_field="External_Key__c", wait=0)
    assert [r["Name"] for r in org.records("Opportunity")] == ["n0", "x", "n2", "again"]
    bulk.delete(records=[{"Id": row_id} for row_id in ids], wait=0)
    assert [r["Name"] for r in org.records("Opportunity")] == ["again"]


def test_each_row_has_its_result(bulk: Client, org: Org) -> None:
    rows = [opportunity("good"), opportunity("bad") | {"CloseDate": "soon"}, opportunity("good too")]
    job = bulk.insert(records=rows, wait=0)[0]
    assert (job["numberRecordsFailed"], job["numberRecordsProcessed"]) == (1, 3)
    failed = list(csv.DictReader(io.StringIO(bulk.get_failed_records(job["job_id"]))))
    assert [(row["Name"], row["sf__Error"].partition(":")[0]) for row in failed] == [("bad", "JSON_PARSER_ERROR")]
    good = list(csv.DictReader(io.StringIO(bulk.get_successful_records(job["job_id"]))))
    assert {row["sf__Id"] for row in good} == {row["Id"] for row in org.records("Opportunity")}
    assert {row["sf__Created"] for row in good} == {"true"}
    assert list(csv.reader(io.StringIO(bulk.get_unprocessed_records(job["job_id"]))))[1:] == []


def test_an_unknown_column_fails_the_whole_job(bulk: Client, org: Org) -> None:
    with pytest.raises(SalesforceOperationError, match="Field name not found : Nope__c"):
        bulk.insert(records=[opportunity("a") | {"Nope__c": "1"}], wait=0)
    assert org.records("Opportunity") == []


def test_parents_are_named_by_their_external_id(bulk: Client, org: Org) -> None:
    org.define("Account", {"Number__c": "string(20) external unique"})
    account = org.insert("Account", [{"Name": "Acme", "Number__c": "A-1"}])[0]
    bulk.insert(records=[opportunity("a") | {"Account.Number__c": "A-1"}], wait=0)
    assert org.records("Opportunity")[0]["AccountId"] == account


def _ingest(rest: httpx.Client, text: str, **more: str) -> dict[str, Any]:
    asked = {"object": "Account", "operation": "insert", "contentType": "CSV"} | more
    job = rest.post("jobs/ingest", json=asked).json()
    assert job["state"] == "Open"
    assert rest.put(f"jobs/ingest/{job['id']}/batches", content=text.encode()).status_code == 201
    rest.patch(f"jobs/ingest/{job['id']}", json={"state": "UploadComplete"})
    told: dict[str, Any] = rest.get(f"jobs/ingest/{job['id']}").json()
    return told


def test_the_wrong_line_ending_fails_the_job(rest: httpx.Client) -> None:
    job = _ingest(rest, "Name\r\na\r\n")
    assert job["state"] == "Failed"
    assert "LineEnding is invalid on user data" in job["errorMessage"]
    assert _ingest(rest, "Name\r\na\r\n", lineEnding="CRLF")["state"] == "JobComplete"


def test_a_byte_order_mark_and_newlines_in_cells_are_read(rest: httpx.Client, org: Org) -> None:
    assert _ingest(rest, '\ufeffName,Description\n"a, ""b""","one\ntwo"\n')["numberRecordsFailed"] == 0
    assert [(r["Name"], r["Description"]) for r in org.records("Account")] == [('a, "b"', "one\ntwo")]


def test_jobs_are_listed_aborted_and_deleted(rest: httpx.Client) -> None:
    job = rest.post("jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    assert rest.delete(f"jobs/ingest/{job['id']}").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert rest.patch(f"jobs/ingest/{job['id']}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert [listed["id"] for listed in rest.get("jobs/ingest").json()["records"]] == [job["id"]]
    assert rest.delete(f"jobs/ingest/{job['id']}").status_code == 204
    assert rest.get(f"jobs/ingest/{job['id']}").status_code == 404


@pytest.mark.parametrize("soql", ["SELECT Nope FROM Account", "SELECT COUNT() FROM Account", "SELECT Id FROM"])
def test_a_bad_query_makes_no_job(bulk: Client, soql: str) -> None:
    with pytest.raises(SalesforceMalformedRequest):
        next(iter(bulk.query(soql, wait=0)))
