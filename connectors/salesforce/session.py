"""A logged-in session: one login at a time, renewed once when it is refused; answers as exact bytes.

Closed here are these habits of simple-salesforce 1.12: no time-out, recursion on an expired session, headers of
refusals lost (and with them Retry-After), amounts parsed as floats, https forced, and a bearer token sent to whatever
host an id or answer names: every call goes to the configured address.
"""

import threading
import xml.parsers.expat
from collections.abc import Callable
from datetime import datetime, timedelta

import jwt
import msgspec
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    Place,
    ProtocolError,
    RateLimitedError,
    TransientError,
)
from connectors.http import open_session, transport_errors
from connectors.retrying import Clock, parse_http_date, parse_retry_after
from connectors.salesforce.refusals import Refusal, SessionExpiredError
from connectors.salesforce.settings import ClientCredentials, JwtBearer, Password, SalesforceSettings


class Wire(Salesforce):
    """simple-salesforce whose ``query``, ``query_more``, ``limits`` and ``restful`` answer the exact bytes."""

    def __init__(self, http: requests.Session, base_url: str, version: str, token: str) -> None:
        super().__init__(session=http, instance_url=base_url, version=version, session_id=token)
        self.base_url = f"{base_url}/services/data/v{version}/"
        del self.headers["X-PrettyPrint"]

    def parse_result_to_json(self, result: requests.Response) -> bytes:
        return result.content


class Session:
    """Asks the org; thread-safe. Nothing is sent before the first ``ask``.

    ``scopes`` are those of the last login (empty if the login does not tell), ``server_time`` the Date header of the
    last answer.
    """

    def __init__(self, source: str, settings: SalesforceSettings, clock: Clock) -> None:
        self.scopes: tuple[str, ...] = ()
        self.server_time: datetime | None = None
        self._source = source
        self._settings = settings
        self._clock = clock
        self._http = self._open()
        self._http.hooks["response"].append(self._inspect)
        self._wire: Wire | None = None
        self._login_lock = threading.Lock()

    def ask(self, place: Place, call: Callable[[Wire], bytes]) -> bytes:
        """The bytes that ``call`` answers; a refused session is renewed once. Raises a ``ConnectorError``."""
        wire = self._wire or self._renew(None)
        try:
            return self._attempt(place, call, wire)
        except SessionExpiredError:
            wire = self._renew(wire)
        try:
            return self._attempt(place, call, wire)
        except SessionExpiredError:
            message = "the session is refused right after a new login; check the user's API access and IP ranges"
            raise AuthenticationError(place, message) from None

    def close(self) -> None:
        self._http.close()

    def _attempt(self, place: Place, call: Callable[[Wire], bytes], wire: Wire) -> bytes:
        try:
            with transport_errors(place):
                return call(wire)
        except Refusal as refusal:
            raise refusal.error(place, self._clock()) from None

    def _renew(self, refused: Wire | None) -> Wire:
        with self._login_lock:  # who waited here finds the new session and does not log in again
            if self._wire is None or self._wire is refused:
                token = self._log_in()
                self._wire = Wire(self._http, self._settings.instance_url, self._settings.api_version, token)
            return self._wire

    def _inspect(self, response: requests.Response, *_args: object, **_options: object) -> None:
        self.server_time = parse_http_date(response.headers.get("Date", ""))
        if response.status_code >= 300:
            raise Refusal.of(response)
        kind = response.headers.get("Content-Type", "")
        if response.status_code != 204 and "json" not in kind:
            response.close()
            message = f"the answer is {kind or 'of no type'} instead of JSON; is this a login page or a proxy?"
            raise ProtocolError(Place(self._source), message)

    def _open(self) -> requests.Session:
        settings = self._settings
        return open_session(
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            connections=settings.retry.concurrency,
            ca_file=settings.ca_file,
            proxy=settings.proxy.get_secret_value() if settings.proxy else None,
        )

    def _log_in(self) -> str:
        place, login = Place(self._source, "login"), self._settings.login
        with self._open() as http, transport_errors(place):
            http.hooks["response"].append(self._inspect_login)
            if isinstance(login, Password) and login.client_id is None:
                return self._log_in_by_soap(http, place, login)
            answer = self._ask_token(http, place, _grant(login, self._clock(), place))
        self.scopes = tuple(answer.scope.split())
        return answer.access_token

    def _ask_token(self, http: requests.Session, place: Place, grant: dict[str, str]) -> "_Token":
        url = f"{self._settings.instance_url}/services/oauth2/token"
        response = http.post(url, data=grant)
        if response.status_code != 200:
            raise self._login_refusal(place, response)
        try:
            return msgspec.json.decode(response.content, type=_Token)
        except msgspec.DecodeError:
            raise ProtocolError(place, "the token end point answered a page instead of a token") from None

    def _login_refusal(self, place: Place, response: requests.Response) -> ConnectorError:
        try:
            answer = msgspec.json.decode(response.content, type=_OAuthError)
        except msgspec.DecodeError:
            answer = _OAuthError()
        if "rate exceeded" in answer.error_description:
            retry_at = parse_retry_after(response.headers.get("Retry-After"), self._clock())
            return RateLimitedError(place, "too many logins just now", retry_at)
        return _refused(place, answer.error or f"HTTP {response.status_code}", answer.error_description, self._settings)

    def _inspect_login(self, response: requests.Response, *_args: object, **_options: object) -> None:
        """Raises where nothing is said about the login itself: a redirect, a busy server, the page of a proxy."""
        place, status = Place(self._source, "login"), response.status_code
        is_fault = "xml" in response.headers.get("Content-Type", "")  # SOAP words a refused login as status 500
        if 300 <= status < 400 or status == 429 or (status >= 500 and not is_fault):
            raise Refusal.of(response).error(place, self._clock())

    def _log_in_by_soap(self, http: requests.Session, place: Place, login: Password) -> str:
        try:
            token, _instance = SalesforceLogin(
                username=login.username,
                password=login.password.get_secret_value(),
                security_token=login.security_token.get_secret_value(),
                scratch_url=self._settings.instance_url,
                sf_version=self._settings.api_version,
                session=http,
            )
        except SalesforceAuthenticationFailed as failure:
            code = str(failure.code or "")
            if "SERVER_UNAVAILABLE" in code:
                raise TransientError(place, "the login call is not available just now") from None
            raise _refused(place, code, failure.auth_message, self._settings) from None
        except (xml.parsers.expat.ExpatError, UnicodeError):
            raise ProtocolError(place, "the login call answered a page instead of a session") from None
        return str(token)


class _Token(msgspec.Struct):
    access_token: str
    scope: str = ""


class _OAuthError(msgspec.Struct):
    error: str = ""
    error_description: str = ""


def _grant(login: ClientCredentials | JwtBearer | Password, now: datetime, place: Place) -> dict[str, str]:
    if isinstance(login, ClientCredentials):
        secret = login.client_secret.get_secret_value()
        return {"grant_type": "client_credentials", "client_id": login.client_id, "client_secret": secret}
    if isinstance(login, JwtBearer):
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return {"grant_type": grant, "assertion": _assertion(login, now, place)}
    return {
        "grant_type": "password",
        "client_id": login.client_id or "",
        "client_secret": login.client_secret.get_secret_value() if login.client_secret else "",
        "username": login.username,
        "password": login.password.get_secret_value() + login.security_token.get_secret_value(),
    }


def _assertion(login: JwtBearer, now: datetime, place: Place) -> str:
    claims = {"iss": login.client_id, "sub": login.username, "aud": login.audience, "exp": now + timedelta(minutes=3)}
    try:
        return jwt.encode(claims, login.private_key.get_secret_value(), algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise AuthenticationError(place, "the private key cannot be used; give an RSA key as PEM text") from None


def _refused(place: Place, code: str, description: str, settings: SalesforceSettings) -> AuthenticationError:
    words = " ".join(description.split())[:200]
    for secret in _secrets(settings):
        words = words.replace(secret, "***")
    return AuthenticationError(place, f"the login is refused ({code}{': ' + words if words else ''})")


def _secrets(settings: SalesforceSettings) -> list[str]:
    values = (getattr(settings.login, name) for name in type(settings.login).model_fields)
    texts = (value.get_secret_value() for value in values if hasattr(value, "get_secret_value"))
    return [text for text in texts if text]
