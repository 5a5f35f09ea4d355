"""The one retry policy: repeats what may succeed later, and only that; caps concurrent calls; honours Retry-After."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity
from pydantic import BaseModel, ConfigDict, Field

from connectors.errors import RateLimitedError, TransientError

Answer = TypeVar("Answer")
Clock = Callable[[], datetime]
Sleep = Callable[[float], None]


class RetryPolicy(BaseModel):
    """How often and how long a call is repeated; all times in seconds.

    Waits grow exponentially with full jitter up to ``longest_wait``. A call gives up after ``attempts``, or as soon as
    it would have waited longer than ``budget`` in all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=5, ge=1, le=20)
    first_wait: float = Field(default=0.5, ge=0)
    longest_wait: float = Field(default=30, ge=0)
    budget: float = Field(default=120, ge=0)
    concurrency: int = Field(default=4, ge=1, le=100)


class Caller:
    """Makes calls to one outside system, at most ``policy.concurrency`` at a time.

    Repeated are ``TransientError`` and ``RateLimitedError``; every other error ends the call at once. A write that may
    have happened must therefore raise ``OutcomeUnknownError``, not ``TransientError``. A system that names a time
    (``retry_at``) is not called earlier; if that is beyond the budget, its error is raised without waiting.
    """

    def __init__(self, policy: RetryPolicy, clock: Clock, sleep: Sleep = time.sleep) -> None:
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._slots = threading.BoundedSemaphore(policy.concurrency)
        self._backoff = tenacity.wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait)

    def call(self, function: Callable[[], Answer]) -> Answer:
        """The answer of ``function``, or the last error it raised."""
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((TransientError, RateLimitedError)),
            wait=self._wait,
            stop=self._is_spent,
            sleep=self._sleep,
            reraise=True,
        )
        answer: Answer = attempts(self._once, function)
        return answer

    def _once(self, function: Callable[[], Answer]) -> Answer:
        with self._slots:  # not held while waiting
            return function()

    def _wait(self, state: tenacity.RetryCallState) -> float:
        backoff = self._backoff(state)
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RateLimitedError) and error.retry_at is not None:
            return max((error.retry_at - self._clock()).total_seconds(), 0) + min(backoff, 1)
        return backoff

    def _is_spent(self, state: tenacity.RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= self._policy.attempts or waited > self._policy.budget


def parse_retry_after(header: str | None, now: datetime) -> datetime | None:
    """The instant that a Retry-After header names (RFC 9110, 10.2.3: seconds or a date); None if it names none.

    >>> parse_retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    datetime.datetime(2026, 1, 1, 0, 2, tzinfo=datetime.timezone.utc)
    >>> parse_retry_after("Thu, 01 Jan 2026 00:01:00 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    datetime.datetime(2026, 1, 1, 0, 1, tzinfo=datetime.timezone.utc)
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return now + timedelta(seconds=min(int(text), 10**8))
    return parse_http_date(text)


def parse_http_date(text: str) -> datetime | None:
    """The instant of a Date header, in UTC; None if it is not one."""
    try:
        named = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return named.replace(tzinfo=UTC) if named.tzinfo is None else named.astimezone(UTC)
