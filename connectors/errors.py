"""What can go wrong with an outside system, grouped by what the caller should do about it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error happened; empty parts are unknown."""

    source: str
    stream: str = ""
    record: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.source, self.stream, self.record) if part)


class ConnectorError(Exception):
    """An outside system could not be read or written.

    ``message`` says what was wrong and what to do next; it never carries credentials, tokens or pay.
    """

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message


class AuthenticationError(ConnectorError):
    """The credentials are refused: do not retry, ask for new ones."""


class PermissionDeniedError(ConnectorError):
    """Logged in, but a scope or right is missing: do not retry, have it granted."""


class RateLimitedError(ConnectorError):
    """Too many calls just now: retry at or after ``retry_at`` (aware, UTC), if the system named a time."""

    def __init__(self, place: Place, message: str, retry_at: datetime | None = None) -> None:
        super().__init__(place, message)
        self.retry_at = retry_at


class QuotaExhaustedError(ConnectorError):
    """The day's (or licence's) allowance is used up: stop, try after it is renewed."""


class TransientError(ConnectorError):
    """Time-out, broken connection, 5xx, truncated body: the same call may succeed later."""


class ConflictError(ConnectorError):
    """Somebody else changed or locked the record: re-read it, then decide."""


class InvalidRowError(ConnectorError):
    """This row is refused as it is; others are not affected."""


class SchemaDriftError(ConnectorError):
    """A stream or field that was configured is gone or has another type: mend the configuration or mapping."""


class ProtocolError(ConnectorError):
    """The answer is not what the protocol promises (a login page, a foreign WSDL import): do not trust it."""


class OutcomeUnknownError(ConnectorError):
    """A write may or may not have happened: read it back by its external id before repeating it."""
