"""Tryton's JSON-RPC: one session for all threads, its values, and what its failures mean."""

import base64
import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import httpx
import msgspec

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    InvalidRowError,
    OutcomeUnknownError,
    PermissionDeniedError,
    Place,
    ProtocolError,
    RateLimitedError,
    SchemaDriftError,
    TransientError,
)
from connectors.retrying import parse_retry_after

Wire: TypeAlias = Any  # JSON as the server sent it
Row = dict[str, Wire]

_AMOUNT = re.compile(r"\d+[.,]\d+")  # what the server says may quote what was written: it need not be passed on
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class JsonRpc:
    """Calls methods of one database. Logs in when needed; many threads share one session and one renewal of it.

    ``is_write`` says that a call which ends without an answer may have taken effect: it raises
    ``OutcomeUnknownError`` where a read raises ``TransientError``.
    """

    def __init__(
        self,
        client: httpx.Client,
        database: str,
        username: str,
        password: Callable[[], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._path = f"/{database}/rpc/"
        self._username = username
        self._password = password
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self.server_time: datetime | None = None

    def call(self, place: Place, method: str, *params: object, is_write: bool = False) -> Wire:
        token = self._log_in(place)
        response = self._post(place, self._path, method, params, token, is_write=is_write)
        if response.status_code == httpx.codes.UNAUTHORIZED:  # refused before it ran, so a write may be repeated too
            token = self._renew(place, token)
            response = self._post(place, self._path, method, params, token, is_write=is_write)
        return _result(place, response, self._clock(), is_write=is_write)

    def version(self, place: Place) -> str:
        response = self._post(place, "/rpc/", "common.server.version", (), None, is_write=False)
        return str(_result(place, response, self._clock(), is_write=False))

    def log_out(self, place: Place) -> None:
        token, self._token = self._token, None
        if token is not None:
            with contextlib.suppress(ConnectorError):  # it expires by itself
                self._post(place, self._path, "common.db.logout", (), token, is_write=False)

    def _renew(self, place: Place, refused: str) -> str:
        with self._lock:
            if self._token == refused:
                self._token = None
        return self._log_in(place)

    def _log_in(self, place: Place) -> str:
        with self._lock:
            if self._token is None:
                self._token = self._new_session(place)
            return self._token

    def _new_session(self, place: Place) -> str:
        params = (self._username, {"password": self._password()})
        response = self._post(place, self._path, "common.db.login", params, None, is_write=False)
        answer = _result(place, response, self._clock(), is_write=False)
        if not isinstance(answer, list) or len(answer) < 2:
            raise ProtocolError(place, "the login answered no session; check that this is a Tryton 8.2 server")
        return base64.b64encode(f"{self._username}:{answer[0]}:{answer[1]}".encode()).decode()

    def _post(
        self, place: Place, path: str, method: str, params: tuple[object, ...], token: str | None, *, is_write: bool
    ) -> httpx.Response:
        body = _encoder.encode({"id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Session {token}"
        try:
            response = self._client.post(path, content=body, headers=headers)
        except httpx.ConnectError as error:
            raise TransientError(place, f"the server cannot be reached; is the URL right? ({error})") from None
        except httpx.TransportError as error:
            raise _without_answer(place, f"{type(error).__name__} in {method}", is_write=is_write) from None
        if "date" in response.headers:
            with contextlib.suppress(ValueError):
                self.server_time = parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
        return response


def _without_answer(place: Place, message: str, *, is_write: bool) -> ConnectorError:
    if is_write:
        return OutcomeUnknownError(place, f"{message}; the write may have happened, read it back")
    return TransientError(place, message)


def _result(place: Place, response: httpx.Response, now: datetime, *, is_write: bool) -> Wire:
    _refuse_status(place, response, now, is_write=is_write)
    if "json" not in response.headers.get("content-type", ""):
        raise ProtocolError(
            place, "the answer is not JSON but a page; check the URL, or a proxy or login page is between"
        )
    try:
        answer = _decoder.decode(response.content)
    except msgspec.DecodeError as error:
        raise _without_answer(place, "the answer is cut off or is not JSON", is_write=is_write) from error
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        raise ProtocolError(place, "the answer is JSON but not JSON-RPC; check the URL")
    if "error" in answer:
        raise _failure(place, answer["error"], is_write=is_write)
    return answer["result"]


def _refuse_status(place: Place, response: httpx.Response, now: datetime, *, is_write: bool) -> None:
    code = response.status_code
    if code == httpx.codes.OK:
        return
    if code == httpx.codes.UNAUTHORIZED:
        raise AuthenticationError(place, "user name or password refused; set new credentials")
    if code == httpx.codes.FORBIDDEN:
        raise PermissionDeniedError(place, "the method may not be called by this user; have the right granted")
    if code == httpx.codes.TOO_MANY_REQUESTS:
        retry_at = parse_retry_after(response.headers.get("retry-after"), now)
        raise RateLimitedError(place, "too many requests or failed logins", retry_at)
    if code == httpx.codes.NOT_FOUND:
        raise ProtocolError(place, "no such database on this server; check URL and database")
    if response.is_server_error:
        raise _without_answer(place, f"HTTP {code}", is_write=is_write)
    raise ProtocolError(place, f"HTTP {code} where 200 was expected; check the URL")


def _failure(place: Place, error: object, *, is_write: bool) -> ConnectorError:
    """Tryton's own exceptions come by name with their arguments, any other as its text and no name."""
    name, *details = error if isinstance(error, list) and error else [str(error)]
    if name == "LoginException":
        return AuthenticationError(place, "the server asks for another factor; give this user password login alone")
    if name == "ConcurrencyException":
        return ConflictError(place, "somebody else changed the record meanwhile; read it again")
    if name in ("UserError", "UserWarning"):
        message = _AMOUNT.sub("…", " ".join(str(part) for part in (details[0] if details else ()) if part))
        return InvalidRowError(place, message) if is_write else PermissionDeniedError(place, message)
    # A KeyError's text is the missing model's or field's name in quotes.
    if isinstance(name, str) and name[:1] == name[-1:] == "'":
        return SchemaDriftError(place, f"the server has no {name}; mend the stream's fields, or activate the module")
    return TransientError(place, "the server failed inside; its log says why")


def instant(value: Mapping[str, Any]) -> datetime:
    """The aware instant of a wire timestamp; Tryton keeps them in UTC."""
    day = (value["year"], value["month"], value["day"])
    return datetime(*day, value["hour"], value["minute"], value["second"], value["microsecond"], tzinfo=UTC)


def to_wire(value: object) -> object:
    """A value as Tryton reads it. ValueError for a float, a naive instant or what JSON-RPC cannot carry."""
    match value:
        case float():
            raise ValueError("a float is refused; give a Decimal")
        case Decimal() if not value.is_finite():
            raise ValueError(f"{value} is not a finite number")
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case datetime() if value.tzinfo is None:
            raise ValueError("an instant without a time zone is refused")
        case datetime():
            moment = value.astimezone(UTC)
            names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return {"__class__": "datetime", **{name: getattr(moment, name) for name in names}}
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
        case timedelta():
            return {"__class__": "timedelta", "seconds": value.total_seconds()}
        case list() | tuple():
            return [to_wire(item) for item in value]
        case None | bool() | int() | str():
            return value
        case _:
            raise ValueError(f"a {type(value).__name__} cannot be sent")
