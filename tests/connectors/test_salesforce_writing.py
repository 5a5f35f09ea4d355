"""What is special about writing to Salesforce: row locks, batches, values, and names that must not reach a URL."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.errors import ConnectorError, RateLimitedError
from connectors.protocol import Outcome, RowResult
from tests.acceptance.faulty import Fault
from tests.acceptance.salesforce_org import SalesforceOrg

RETRY = {"attempts": 3}


@pytest.fixture
def system() -> Iterator[SalesforceOrg]:
    with SalesforceOrg.started() as counterpart:
        counterpart.org.define(
            "Opportunity",
            {"Seen__c": "datetime", "Note__c": "string(80)", "Flag__c": "boolean", "Count__c": "int(9,0)"},
        )
        yield counterpart


def write(system: SalesforceOrg, *rows: Mapping[str, object]) -> tuple[RowResult, ...]:
    return system.connect(retry=RETRY).write("Opportunity", rows, "External__c", "run-1")


def stored(system: SalesforceOrg, key: str) -> Mapping[str, object]:
    (row,) = [row for row in system.org.records("Opportunity") if row["External__c"] == key]
    return row


def test_a_locked_row_is_tried_again_by_itself(system: SalesforceOrg) -> None:
    system.org.faults.add("row_locked", matching="Opportunity", count=2)
    results = write(system, *(system.row(f"K-{number}", Decimal(number)) for number in range(4)))
    assert {result.outcome for result in results} == {Outcome.CREATED}
    writes = [path for method, path in system.proxy.requests if method == "PATCH"]
    assert len(writes) >= 2


def test_a_row_that_stays_locked_is_rejected_with_its_reason(system: SalesforceOrg) -> None:
    system.org.faults.add("row_locked", matching="Opportunity", count=50)
    first, second = write(system, system.row("K-1", Decimal(1)), system.row("K-2", Decimal(2)))
    assert first.outcome is Outcome.REJECTED
    assert "UNABLE_TO_LOCK_ROW" in first.reason
    assert second.outcome is Outcome.REJECTED
    assert len(system.waits) == 2


def test_what_could_not_be_read_back_is_not_written_again(system: SalesforceOrg) -> None:
    connector = system.connect(retry=RETRY)
    connector.check()
    system.proxy.arm(Fault.LOST_ANSWER, path="/composite/sobjects", method="PATCH")
    system.proxy.arm(Fault.LOST_REQUEST, path="/query", count=100)
    (result,) = connector.write("Opportunity", [system.row("K-1", Decimal(1))], "External__c", "run-1")
    assert result.outcome is Outcome.UNKNOWN
    assert len([method for method, _ in system.proxy.requests if method == "PATCH"]) == 1


def test_a_failure_in_a_later_batch_does_not_hide_what_was_written(system: SalesforceOrg) -> None:
    connector = system.connect(retry=RETRY)
    connector.check()
    system.proxy.arm(Fault.TOO_MANY, path="/composite/sobjects", skip=1, count=100)
    rows = [system.row(f"K-{number}", Decimal(number)) for number in range(201)]
    results = connector.write("Opportunity", rows, "External__c", "run-1")
    assert [result.outcome for result in results] == [Outcome.CREATED] * 200 + [Outcome.REJECTED]
    assert "not written: too many requests" in results[-1].reason
    assert len([method for method, _ in system.proxy.requests if method == "PATCH"]) == 1 + 3


def test_a_failure_before_anything_was_written_is_raised(system: SalesforceOrg) -> None:
    connector = system.connect(retry=RETRY)
    connector.check()
    system.proxy.arm(Fault.TOO_MANY, path="/composite/sobjects", count=100)
    with pytest.raises(RateLimitedError):
        connector.write("Opportunity", [system.row("K-1", Decimal(1))], "External__c", "run-1")


def test_rows_of_one_parent_stand_together(system: SalesforceOrg) -> None:
    accounts = system.org.insert("Account", [{"Name": "A"}, {"Name": "B"}])
    rows = [system.row(f"K-{number}", Decimal(number)) | {"AccountId": accounts[number % 2]} for number in range(6)]
    results = write(system, *rows)
    assert [result.key for result in results] == [f"K-{number}" for number in range(6)], "results keep the rows' order"
    created = sorted(system.org.records("Opportunity"), key=lambda row: str(row["Id"]))
    assert [row["AccountId"] for row in created] == [*[accounts[0]] * 3, *[accounts[1]] * 3]


def test_every_kind_of_value_arrives_as_it_is(system: SalesforceOrg) -> None:
    values = {
        "Amount": Decimal("1234567890123456.78"),
        "CloseDate": date(2026, 12, 31),
        "Seen__c": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        "Note__c": 'a "quoted"\n\u4e2d\u6587 line',
        "Flag__c": True,
        "Count__c": 7,
    }
    (result,) = write(system, system.row("K-1", Decimal(1)) | values)
    assert result.outcome is Outcome.CREATED
    row = stored(system, "K-1")
    assert Decimal(str(row["Amount"])) == Decimal("1234567890123456.78")
    assert (row["CloseDate"], row["Note__c"], row["Flag__c"]) == ("2026-12-31", values["Note__c"], True)
    assert str(row["Seen__c"]).startswith("2026-03-01T12:30:00.000")


def test_none_clears_a_field_and_an_absent_one_is_left(system: SalesforceOrg) -> None:
    write(system, system.row("K-1", Decimal(1)) | {"Note__c": "old", "Count__c": 3})
    write(system, {"External__c": "K-1", "Note__c": None})
    row = stored(system, "K-1")
    assert row["Note__c"] is None
    assert Decimal(str(row["Count__c"])) == 3


def test_every_kind_of_value_is_known_again_when_it_is_read_back(system: SalesforceOrg) -> None:
    connector = system.connect()
    connector.check()
    values = {
        "Amount": Decimal("0.10"),
        "CloseDate": date(2026, 12, 31),
        "Seen__c": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        "Note__c": "",
        "Flag__c": False,
        "Count__c": None,
    }
    system.proxy.arm(Fault.LOST_ANSWER, path="/composite/sobjects", method="PATCH")
    row = system.row("K'1", Decimal(1)) | values
    (result,) = connector.write("Opportunity", [row], "External__c", "run-1")
    assert result.outcome is Outcome.UPDATED
    assert "read back" in result.reason
    assert len([method for method, _ in system.proxy.requests if method == "PATCH"]) == 1


def test_the_orgs_own_time_out_after_commit_is_read_back(system: SalesforceOrg) -> None:
    connector = system.connect(read_timeout=0.5)
    connector.check()
    system.org.faults.add("timeout_after_commit", matching="*composite*")
    (result,) = connector.write("Opportunity", [system.row("K-1", Decimal(1))], "External__c", "run-1")
    assert result.outcome is Outcome.UPDATED
    assert system.stored_amounts(["K-1"]) == {"K-1": [Decimal(1)]}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"External__c": ""}, "empty"),
        ({"External__c": None}, "empty"),
        ({"Amount": 1}, "empty"),
        ({"External__c": 7}, "not a text"),
        ({"External__c": "K", "Amount": 0.1}, "Amount is a float"),
        ({"External__c": "K", "Seen__c": datetime(2026, 1, 1)}, "without a time zone"),  # noqa: DTZ001 - on purpose
        ({"External__c": "K", "Note__c": ["a"]}, "Note__c is a list"),
        ({"External__c": "K", "Owner.Name": "x"}, "not a Salesforce name"),
        ({"External__c": "K", "attributes/../x": "x"}, "not a Salesforce name"),
    ],
)
def test_a_row_that_cannot_be_sent_is_rejected_here(
    system: SalesforceOrg, row: Mapping[str, object], reason: str
) -> None:
    (result,) = write(system, row)
    assert result.outcome is Outcome.REJECTED
    assert reason in result.reason
    assert system.proxy.requests == []


@pytest.mark.parametrize(
    ("stream", "key", "run"),
    [
        ("../../User", "External__c", "run-1"),
        ("Opportunity", "External__c/../..", "run-1"),
        ("https://attacker.example", "External__c", "run-1"),
        ("Opportunity", "External__c", "run\r\nX-Evil: 1"),
        ("Opportunity\n", "External__c", "run-1"),
    ],
)
def test_a_hostile_name_reaches_no_url(system: SalesforceOrg, stream: str, key: str, run: str) -> None:
    with pytest.raises(ConnectorError):
        system.connect().write(stream, [{key: "K"}], key, run)
    assert system.proxy.requests == []


def test_reasons_name_fields_and_quote_no_amounts(system: SalesforceOrg) -> None:
    row = system.row("K-1", Decimal("98765432109876543210.12"))
    (result,) = write(system, row)
    assert result.outcome is Outcome.REJECTED
    assert "Amount" in result.reason
    assert "9876543210" not in result.reason


def test_a_field_that_is_no_external_id_is_an_error_not_a_result(system: SalesforceOrg) -> None:
    with pytest.raises(ConnectorError):
        system.connect(retry=RETRY).write("Opportunity", [{"Note__c": "K"}], "Note__c", "run-1")


def test_what_is_written_is_read(system: SalesforceOrg) -> None:
    connector = system.connect(safety_horizon=0)
    (result,) = connector.write("Opportunity", [system.row("K-1", Decimal("0.1"))], "External__c", "run-1")
    system.let_pass(1)
    records = [record for page in connector.read("Opportunity", None, system.now()) for record in page.records]
    assert [(record.ref, json.loads(record.payload, parse_float=str)["Amount"]) for record in records] == [
        (result.ref, "0.1")
    ]
