"""Commission notes written back: each row has its own result, and repeating a write changes nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests
import zeep

from tests.sandbox.erp.conftest import Clock, Erp
from tests.sandbox.erp.test_service import INVOICE


def note(external_id: str, **changes: object) -> dict[str, Any]:
    given = {"externalId": external_id, "employeeEmail": "rep@example.com", "notedOn": date(2026, 11, 21)}
    return given | {"amount": Decimal("10.25"), "currency": "USD"} | changes


def write(erp: Erp, *notes: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(row.status, row.code) for row in erp.call("upsertCommissionNotes", note=list(notes))]


def test_created_unchanged_updated(erp: Erp) -> None:
    assert write(erp, note("a"), note("b")) == [("created", None)] * 2
    assert write(erp, note("a"), note("b", amount=Decimal("10.250"))) == [("unchanged", None)] * 2
    assert write(erp, note("a", amount=Decimal(-3)), note("b", memo="late")) == [("updated", None)] * 2
    found = {record["externalId"]: record for record in erp.ledger.records("CommissionNote")}
    assert (found["a"]["amount"], found["b"]["memo"]) == (Decimal(-3), "late")


def test_an_unchanged_note_keeps_its_stamp(erp: Erp, clock: Clock) -> None:
    write(erp, note("a"))
    written_at = clock.now
    clock.pass_by(hours=1)
    write(erp, note("a"))
    [record] = erp.ledger.records("CommissionNote")
    assert record["lastModifiedDate"] == written_at


def test_rejected_rows_do_not_hinder_others(erp: Erp) -> None:
    erp.ledger.put("Invoice", INVOICE)
    erp.ledger.faults.add("row_locked", matching="locked")
    results = write(
        erp,
        note("good", invoiceNumber="INV1"),
        note("fraction", amount=Decimal("0.001")),
        note("unknown", invoiceNumber="INV9"),
        note("twice"),
        note("twice"),
        note("locked"),
        note("long", amount=Decimal("1" * 40)),
    )
    assert results == [
        ("created", None),
        ("rejected", "INVALID_ROW"),
        ("rejected", "INVALID_ROW"),
        ("rejected", "DUPLICATE_EXTERNAL_ID"),
        ("rejected", "DUPLICATE_EXTERNAL_ID"),
        ("rejected", "RECORD_LOCKED"),
        ("rejected", "INVALID_ROW"),
    ]
    assert write(erp, note("locked")) == [("created", None)]
    assert {record["externalId"] for record in erp.ledger.records("CommissionNote")} == {"good", "locked"}


def test_too_many_rows_are_refused_as_a_whole(erp: Erp) -> None:
    with pytest.raises(zeep.exceptions.Fault, match="TOO_MANY_ROWS"):
        write(erp, *(note(str(number)) for number in range(101)))
    assert erp.ledger.records("CommissionNote") == []


def test_a_time_out_after_the_commit_leaves_the_note_written_once(erp: Erp) -> None:
    erp.ledger.faults.add("timeout_after_commit", matching="upsertCommissionNotes")
    with erp.client.transport.settings(timeout=0.4), pytest.raises(requests.exceptions.ReadTimeout):
        write(erp, note("a"))
    assert len(erp.ledger.records("CommissionNote")) == 1
    assert write(erp, note("a")) == [("unchanged", None)]
