"""The retry policy repeats what may succeed later, waits as told, and ends."""

import doctest
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from connectors import retrying
from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    InvalidRowError,
    OutcomeUnknownError,
    PermissionDeniedError,
    Place,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaDriftError,
    TransientError,
)
from connectors.retrying import Caller, RetryPolicy, parse_retry_after

START = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place("crm", "Opportunity")


class Waiting:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START
        self.waits: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


def failing(*errors: ConnectorError) -> Callable[[], str]:
    remaining = list(errors)

    def call() -> str:
        if remaining:
            raise remaining.pop(0)
        return "answer"

    return call


def caller(waiting: Waiting, **policy: float) -> Caller:
    return Caller(RetryPolicy.model_validate(policy), waiting.clock, waiting.sleep)


def test_transient_errors_are_repeated_with_growing_bounded_waits() -> None:
    waiting = Waiting()
    errors = [TransientError(PLACE, "broken")] * 4
    assert caller(waiting, longest_wait=2).call(failing(*errors)) == "answer"
    assert len(waiting.waits) == 4
    assert all(wait <= 2 for wait in waiting.waits)


def test_the_last_error_is_raised_when_the_attempts_are_used_up() -> None:
    waiting = Waiting()
    with pytest.raises(TransientError, match="third"):
        caller(waiting, attempts=3).call(failing(*(TransientError(PLACE, t) for t in ("first", "second", "third"))))
    assert len(waiting.waits) == 2


@pytest.mark.parametrize(
    "kind",
    [
        AuthenticationError,
        PermissionDeniedError,
        QuotaExhaustedError,
        ConflictError,
        InvalidRowError,
        SchemaDriftError,
        ProtocolError,
        OutcomeUnknownError,
    ],
)
def test_other_errors_end_the_call_at_once(kind: type[ConnectorError]) -> None:
    waiting = Waiting()
    with pytest.raises(kind):
        caller(waiting).call(failing(kind(PLACE, "no")))
    assert waiting.waits == []


def test_a_named_time_is_waited_for() -> None:
    waiting = Waiting()
    limited = RateLimitedError(PLACE, "slow down", retry_at=START + timedelta(seconds=40))
    assert caller(waiting).call(failing(limited)) == "answer"
    assert 40 <= waiting.waits[0] <= 41


def test_a_named_time_beyond_the_budget_is_not_waited_for() -> None:
    waiting = Waiting()
    limited = RateLimitedError(PLACE, "slow down", retry_at=START + timedelta(hours=1))
    with pytest.raises(RateLimitedError) as raised:
        caller(waiting).call(failing(limited))
    assert waiting.waits == []
    assert raised.value.retry_at == START + timedelta(hours=1)


def test_no_more_calls_run_at_once_than_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()
    two_are_in = threading.Barrier(2)

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        two_are_in.wait(timeout=5)
        with lock:
            running -= 1

    shared = caller(Waiting(), concurrency=2)
    threads = [threading.Thread(target=shared.call, args=(call,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert most == 2


@pytest.mark.parametrize("header", [None, "", "soon", "-3", "1.5", "\u0663"])
def test_a_header_that_names_no_time_is_none(header: str | None) -> None:
    assert parse_retry_after(header, START) is None


def test_examples() -> None:
    assert doctest.testmod(retrying).failed == 0
