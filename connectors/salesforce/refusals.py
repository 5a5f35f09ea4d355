"""What an answer other than success means: Salesforce's error codes and statuses as our error kinds."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import requests

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    InvalidRowError,
    PermissionDeniedError,
    Place,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaDriftError,
    TransientError,
)
from connectors.retrying import parse_retry_after


class SessionExpiredError(AuthenticationError):
    """The access token is refused; a new login may help, once."""


class LocatorLostError(ProtocolError):
    """The query's remaining pages are gone (a locator dies with its session): ask again from the last record."""


class ForgottenError(ProtocolError):
    """The asked window lies before what the deleted feed still remembers."""


class NotReplicatedError(ProtocolError):
    """This object has no deleted feed."""


class _Item(msgspec.Struct):
    errorCode: str = ""  # noqa: N815 - Salesforce's name
    message: str = ""


_ITEMS = msgspec.json.Decoder(list[_Item])

_KINDS: dict[str, type[ConnectorError]] = {
    "INVALID_SESSION_ID": SessionExpiredError,
    "INVALID_QUERY_LOCATOR": LocatorLostError,
    "INVALID_REPLICATION_DATE": ForgottenError,
    "INVALID_TYPE_FOR_OPERATION": NotReplicatedError,
    "SERVER_UNAVAILABLE": TransientError,
    "QUERY_TIMEOUT": TransientError,
    "UNKNOWN_EXCEPTION": TransientError,
    "UNABLE_TO_LOCK_ROW": ConflictError,
    "INVALID_FIELD": SchemaDriftError,
    "INVALID_TYPE": SchemaDriftError,
    "NOT_FOUND": SchemaDriftError,
    "INSUFFICIENT_ACCESS": PermissionDeniedError,
    "INSUFFICIENT_ACCESS_OR_READONLY": PermissionDeniedError,
    "API_DISABLED_FOR_ORG": PermissionDeniedError,
    "API_CURRENTLY_DISABLED": PermissionDeniedError,
    "FUNCTIONALITY_NOT_ENABLED": PermissionDeniedError,
    "JSON_PARSER_ERROR": InvalidRowError,
}
# Messages of these codes name objects and fields; those of others may quote values of records.
_SCHEMA_CODES = frozenset({"INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY"})

_STATUSES: dict[int, type[ConnectorError]] = {
    401: SessionExpiredError,
    403: PermissionDeniedError,
    404: SchemaDriftError,
    408: TransientError,
    409: ConflictError,
}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - not an error yet: it becomes one where the stream is known
    """An answer with a status of 300 or more."""

    status: int
    code: str
    message: str
    retry_after: str | None

    @classmethod
    def of(cls, response: requests.Response) -> "Refusal":
        try:
            item = (_ITEMS.decode(response.content) or [_Item()])[0]
        except (msgspec.DecodeError, requests.RequestException):
            item = _Item()  # an HTML page of a proxy, or broken off
        return cls(response.status_code, item.errorCode, item.message, response.headers.get("Retry-After"))

    def error(self, place: Place, now: datetime) -> ConnectorError:
        """What the caller should be told: by code if there is one that we know, else by status."""
        if self.code == "REQUEST_LIMIT_EXCEEDED" or self.status == 429 or (self.status == 503 and self.retry_after):
            return self._limit(place, now)
        kind = _KINDS.get(self.code) or _STATUSES.get(self.status)
        if kind is None:
            kind = TransientError if self.status >= 500 else ProtocolError
        return kind(place, self._words())

    def _limit(self, place: Place, now: datetime) -> ConnectorError:
        retry_at = parse_retry_after(self.retry_after, now)
        # The daily allowance says "TotalRequests Limit exceeded."; too many at once names the concurrent kind.
        is_daily = self.status == 403 and "Concurrent" not in self.message
        if is_daily and retry_at is None:
            return QuotaExhaustedError(place, "the org's API requests of 24 hours are used up; try when some are free")
        return RateLimitedError(place, f"too many requests just now (HTTP {self.status})", retry_at)

    def _words(self) -> str:
        named = f"HTTP {self.status}{' ' + self.code if self.code else ''}"
        if self.code in _SCHEMA_CODES:
            hint = (
                "; fit the stream to the org (changes, omit_fields, streams)" if self.code != "MALFORMED_QUERY" else ""
            )
            return f"{named}: {' '.join(self.message.split())[:400]}{hint}"
        if 300 <= self.status < 400:
            return f"{named}: a redirect instead of an answer; check the instance's address"
        return f"{named}: Salesforce refused the call"
