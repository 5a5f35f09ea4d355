"""Each written row has its own result; what may have happened is read back, never repeated blindly."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from connectors.protocol import Outcome, RowResult
from tests.acceptance.counterparts import Counterpart
from tests.acceptance.faulty import Fault

DONE = {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED}


def write(system: Counterpart, *rows: Mapping[str, object]) -> tuple[RowResult, ...]:
    return system.open().write(system.stream, rows, system.key, "run-1")


def test_a_system_that_takes_no_writes_says_so(system: Counterpart) -> None:
    connector = system.open()
    rows = [system.row("K-1", Decimal(1))]
    if system.write_refusal is None:
        assert connector.write(system.stream, rows, system.key, "run-1")[0].outcome is Outcome.CREATED
    else:
        with pytest.raises(system.write_refusal):
            connector.write(system.stream, rows, system.key, "run-1")


def test_rows_are_created_then_updated(writable: Counterpart) -> None:
    created = write(writable, writable.row("K-1", Decimal("10.25")), writable.row("K-2", Decimal("0.1")))
    updated = write(writable, writable.row("K-1", Decimal("11.75")))
    assert [(result.key, result.outcome) for result in created] == [("K-1", Outcome.CREATED), ("K-2", Outcome.CREATED)]
    assert [(result.key, result.outcome) for result in updated] == [("K-1", Outcome.UPDATED)]
    assert writable.stored_amounts(["K-1", "K-2"]) == {"K-1": [Decimal("11.75")], "K-2": [Decimal("0.1")]}
    assert updated[0].ref == created[0].ref
    assert created[0].ref in writable.refs()


def test_a_bad_row_does_not_hold_up_the_good_ones(writable: Counterpart) -> None:
    rows = [writable.row("K-1", Decimal(1)), writable.bad_row("K-2"), writable.row("K-3", Decimal(3))]
    results = write(writable, *rows)
    assert [result.key for result in results] == ["K-1", "K-2", "K-3"]
    assert [result.outcome in DONE for result in results] == [True, False, True]
    assert results[1].outcome is Outcome.REJECTED
    assert results[1].reason
    assert writable.stored_amounts(["K-2"]) == {"K-2": []}


def test_one_key_twice_is_written_once_and_told(writable: Counterpart) -> None:
    rows = [writable.row("K-1", Decimal(1)), writable.row("K-1", Decimal(2)), writable.row("K-1", Decimal(1))]
    results = write(writable, *rows)
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.REJECTED, Outcome.CREATED]
    assert "twice" in results[1].reason
    assert writable.stored_amounts(["K-1"]) == {"K-1": [Decimal(1)]}


@pytest.mark.parametrize("value", [0.1, float("nan"), Decimal("NaN"), Decimal("Infinity")])
def test_a_number_that_is_not_exact_is_refused(writable: Counterpart, value: object) -> None:
    row = dict(writable.row("K-1", Decimal(1)))
    (amount,) = [name for name, field in row.items() if field == Decimal(1)]
    (result,) = write(writable, {**row, amount: value})
    assert result.outcome is Outcome.REJECTED
    assert amount in result.reason
    assert writable.stored_amounts(["K-1"]) == {"K-1": []}


def test_a_write_whose_answer_is_lost_is_read_back_and_not_repeated(writable: Counterpart) -> None:
    writable.open().check()
    writable.proxy.arm(Fault.LOST_ANSWER, path=writable.write_path, method=writable.write_method)
    (result,) = write(writable, writable.row("K-1", Decimal("5.5")))
    assert result.outcome in DONE
    assert writable.stored_amounts(["K-1"]) == {"K-1": [Decimal("5.5")]}
    asked = (path for method, path in writable.proxy.requests if method == writable.write_method)
    writes = [path for path in asked if writable.write_path in path]
    assert len(writes) == 1


def test_a_write_that_never_arrived_is_made_after_that_was_seen(writable: Counterpart) -> None:
    writable.proxy.arm(Fault.LOST_REQUEST, path=writable.write_path, method=writable.write_method)
    (result,) = write(writable, writable.row("K-1", Decimal("5.5")))
    assert result.outcome in DONE
    assert writable.stored_amounts(["K-1"]) == {"K-1": [Decimal("5.5")]}


def test_a_write_that_cannot_be_read_back_is_unknown(writable: Counterpart) -> None:
    connector = writable.open()
    connector.check()
    writable.proxy.arm(Fault.LOST_ANSWER, count=10_000)
    (result,) = connector.write(writable.stream, [writable.row("K-1", Decimal("5.5"))], writable.key, "run-1")
    assert result.outcome is Outcome.UNKNOWN
    assert result.reason


def test_no_write_at_all_asks_nothing(writable: Counterpart) -> None:
    assert write(writable) == ()
    assert writable.proxy.requests == []


def test_more_rows_than_fit_a_call_are_all_written(writable: Counterpart) -> None:
    rows = [writable.row(f"K-{number}", Decimal(number)) for number in range(205)]
    results = write(writable, *rows)
    assert [result.key for result in results] == [f"K-{number}" for number in range(205)]
    assert {result.outcome for result in results} == {Outcome.CREATED}
