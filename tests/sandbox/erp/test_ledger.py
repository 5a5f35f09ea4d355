"""The ledger refuses what the schema does not allow, and keeps its stamps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.erp.ledger import KINDS, Ledger
from sandbox.erp.wire import NotAllowedError, elements_of
from tests.sandbox.erp.conftest import Clock, order


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    return Ledger(clock)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"salary": "1"}, "SalesOrder has no element salary"),
        ({"total": 12.3}, "float has no place in a record"),
        ({"total": Decimal("NaN")}, "total"),
        ({"status": "lost"}, "lost"),
        ({"currency": "euro"}, "euro"),
        ({"number": None}, "number"),
        ({"memo": "a\x00b"}, "memo"),
        ({"line": [{"lineNumber": 1, "quantity": Decimal(1)}]}, "amount"),
        ({"line": [{"lineNumber": 1, "quantity": Decimal(1), "amount": Decimal(1), "bonus": "x"}]}, "bonus"),
    ],
)
def test_a_record_that_is_none_is_refused_and_not_stored(ledger: Ledger, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(NotAllowedError, match=said):
        ledger.put("SalesOrder", order("SO1", **changes))
    assert ledger.records("SalesOrder") == []


def test_instants_are_aware_and_in_whole_milliseconds(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ledger.put("SalesOrder", order("SO1"), at=datetime(2026, 11, 1))  # noqa: DTZ001 - that it is refused
    ledger.put("SalesOrder", order("SO1"), at=datetime(2026, 11, 1, 10, 0, 0, 123_456, tzinfo=UTC))
    [record] = ledger.records("SalesOrder")
    assert record["lastModifiedDate"] == datetime(2026, 11, 1, 10, 0, 0, 123_000, tzinfo=UTC)


def test_an_id_is_given_where_there_is_none(ledger: Ledger) -> None:
    first, second = (ledger.put("Item", {"itemCode": code, "name": code}) for code in "ab")
    assert first != second
    stored = ledger.get("Item", second)
    assert stored is not None
    assert stored.record["name"] == "b"


def test_what_is_deleted_is_gone_and_remembered_for_a_while(ledger: Ledger, clock: Clock) -> None:
    start = clock.now
    ledger.put("SalesOrder", order("SO1"))
    ledger.delete("SalesOrder", "SO1")
    assert ledger.get("SalesOrder", "SO1") is None
    assert [one.internal_id for one in ledger.deleted("SalesOrder", start, start + timedelta(days=1))] == ["SO1"]
    with pytest.raises(KeyError):
        ledger.delete("SalesOrder", "SO1")
    clock.pass_by(days=30, seconds=1)
    assert ledger.deleted("SalesOrder", start, clock.now) == []


def test_records_of_one_stamp_are_ordered_by_id(ledger: Ledger, clock: Clock) -> None:
    for number in ("SO3", "SO1", "SO2"):
        ledger.put("SalesOrder", order(number))
    ledger.put("SalesOrder", order("SO0"), at=clock.now + timedelta(milliseconds=1))
    assert [record["internalId"] for record in ledger.records("SalesOrder")] == ["SO1", "SO2", "SO3", "SO0"]


def test_a_repeated_element_keeps_its_order(ledger: Ledger) -> None:
    numbers = ["SO9", "SO1", "SO5"]
    record: dict[str, Any] = {"number": "I", "orderNumber": numbers, "tranDate": date(2026, 1, 1), "currency": "USD"}
    totals = {"total": Decimal(1), "taxTotal": Decimal(0), "grossTotal": Decimal(1)}
    stored = ledger.get("Invoice", ledger.put("Invoice", record | totals))
    assert stored is not None
    assert stored.record["orderNumber"] == numbers


def test_many_threads_put_at_once(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda number: ledger.put("Item", {"itemCode": f"{number}", "name": "x"}), range(400)))
    assert len(set(ids)) == len(ledger.records("Item")) == 400


def test_every_kind_has_a_type_with_stamps() -> None:
    for kind in KINDS:
        names = [element.name for element in elements_of(kind)]
        assert names[:3] == ["internalId", "createdDate", "lastModifiedDate"]


def test_a_ledger_shows_no_password() -> None:
    ledger = Ledger(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert ledger.credentials.password not in repr(ledger.credentials)
