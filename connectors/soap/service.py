"""Calls to one SOAP service: templates filled in, credentials in the header, answers as JSON."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import requests
import urllib3
import zeep  # half typed: its untyped calls are marked below
import zeep.exceptions

from connectors.errors import (
    ConnectorError,
    OutcomeUnknownError,
    Place,
    ProtocolError,
    SchemaDriftError,
    TransientError,
)
from connectors.retrying import Caller
from connectors.soap.answers import Answers, SessionExpiredError
from connectors.soap.description import Operation, SoapSettings, Template
from connectors.soap.shapes import Json, Shapes, follow, text_at
from connectors.soap.transport import load_client

Slots = Mapping[str, object]
Filled: TypeAlias = Any  # what zeep takes: mappings, lists, simple values and typed objects


class SoapService:
    """One shared zeep client (a large WSDL costs a second and 17 MB) and one session, for all threads."""

    def __init__(self, source: str, settings: SoapSettings, clock: Callable[[], datetime], caller: Caller) -> None:
        self._source = source
        self._settings = settings
        self._caller = caller
        self._answers = Answers(settings.faults, clock, self._mask)
        self._lock = threading.Lock()
        self._login_lock = threading.Lock()
        self._loaded: tuple[zeep.Client, zeep.proxy.ServiceProxy, Shapes] | None = None
        self._token: str | None = None

    def shapes(self) -> Shapes:
        return self._caller.call(self._load)[2]

    def call(self, place: Place, operation: Operation, slots: Slots, *, is_write: bool = False) -> Json:
        """The answer's message as JSON. A write that may have happened ends in ``OutcomeUnknownError``."""
        return self._caller.call(lambda: self._in_session(place, operation, slots, is_write=is_write))

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded[0].transport.session.close()

    def _in_session(self, place: Place, operation: Operation, slots: Slots, *, is_write: bool) -> Json:
        token = self._log_in(place)
        try:
            return self._once(place, operation, slots, self._settings.headers, token, is_write=is_write)
        except SessionExpiredError:
            if token is None:
                raise
        token = self._renew(place, token)
        return self._once(place, operation, slots, self._settings.headers, token, is_write=is_write)

    def _log_in(self, place: Place) -> str | None:
        login = self._settings.login
        if login is None:
            return None
        with self._login_lock:  # many threads wait for one login
            if self._token is None:
                answer = self._once(place, login, {}, login.headers, None, is_write=False)
                self._token = text_at(answer, login.token)
                if not self._token:
                    self._token = None
                    raise ProtocolError(place, f"the login answered no {login.token}; check its path")
            return self._token

    def _renew(self, place: Place, refused: str) -> str | None:
        with self._login_lock:
            if self._token == refused:
                self._token = None
        return self._log_in(place)

    def _once(
        self, place: Place, operation: Operation, slots: Slots, headers: Template, token: str | None, *, is_write: bool
    ) -> Json:
        client, proxy, shapes = self._load()
        secrets = {name: secret.get_secret_value() for name, secret in self._settings.credentials.items()}
        fill = Filling(client, {**secrets, "token": token, **slots}, self._zone_to_send())
        try:
            call = proxy[operation.operation]
        except AttributeError as error:
            raise SchemaDriftError(place, f"the WSDL has no operation {operation.operation}") from error
        try:
            response = call(**fill(operation.request), **({"_soapheaders": fill(headers)} if headers else {}))
        except requests.RequestException as error:
            raise _without_answer(place, error, is_write=is_write) from None  # the original carries the request
        except (zeep.exceptions.Error, TypeError, ValueError, KeyError) as error:
            said = self._mask(f"{operation.operation}: the request does not fit the WSDL: {error}")
            raise SchemaDriftError(place, said) from None
        return self._checked(place, shapes.to_json(self._answers.message(place, response, is_write=is_write)))

    def _checked(self, place: Place, answer: Json) -> Json:
        failure = self._settings.failure
        if failure is not None and follow(answer, failure.path) == failure.equals:
            raise self._answers.failure(place, text_at(answer, failure.code), text_at(answer, failure.message))
        return answer

    def _load(self) -> tuple[zeep.Client, zeep.proxy.ServiceProxy, Shapes]:
        with self._lock:
            if self._loaded is None:
                client = load_client(Place(self._source), self._settings)
                self._loaded = client, self._bind(client), Shapes(client)
            return self._loaded

    def _bind(self, client: zeep.Client) -> zeep.proxy.ServiceProxy:
        """Always to the configured endpoint, whatever address the WSDL gives."""
        wanted = self._settings.binding
        named = [name for name in client.wsdl.bindings if not wanted or name.endswith(f"}}{wanted}")]
        if not named:
            raise ProtocolError(Place(self._source), f"the WSDL has no binding {wanted or 'for SOAP'}")
        endpoint = str(self._settings.endpoint)
        proxy: zeep.proxy.ServiceProxy = client.create_service(named[0], endpoint)  # type: ignore[no-untyped-call]
        return proxy

    def _zone_to_send(self) -> ZoneInfo | None:
        return ZoneInfo(self._settings.time_zone) if self._settings.sends_naive_times else None

    def _mask(self, text: str) -> str:
        secrets = [secret.get_secret_value() for secret in self._settings.credentials.values()]
        for secret in (*secrets, self._token or ""):
            if len(secret) > 3:  # masking "a" would only garble the text
                text = text.replace(secret, "***")
        return text


def _without_answer(place: Place, error: requests.RequestException, *, is_write: bool) -> ConnectorError:
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.exceptions.SSLError):
        return ProtocolError(place, "the server's certificate is not trusted; check the address, or set ca_file")
    if isinstance(error, requests.TooManyRedirects):
        return ProtocolError(place, "a redirect is refused; set the endpoint to where the service is")
    if isinstance(error, requests.ConnectTimeout) or isinstance(cause, urllib3.exceptions.NewConnectionError):
        return TransientError(place, "the endpoint cannot be reached; is the address right?")
    if is_write:
        return OutcomeUnknownError(place, f"{type(error).__name__}; the write may have happened, read it back")
    return TransientError(place, f"no whole answer ({type(error).__name__})")


class Filling:
    """Fills a template's slots. Instants are sent in UTC, or without an offset in the service's own zone."""

    def __init__(self, client: zeep.Client, slots: Slots, naive_zone: ZoneInfo | None) -> None:
        self._client = client
        self._slots = slots
        self._zone = naive_zone

    def __call__(self, template: Template) -> dict[str, Filled]:
        filled = {name: self._value(value) for name, value in template.items() if name != "$type"}
        return {name: value for name, value in filled.items() if value is not None}

    def _value(self, value: object) -> Filled:
        if isinstance(value, Mapping):
            inner = self(value)
            if not inner:
                return None
            if "$type" not in value:
                return inner
            return self._client.get_type(value["$type"])(**inner)  # type: ignore[no-untyped-call]
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
            return self._sent(self._slots.get(value[1:-1]))
        return value

    def _sent(self, value: object) -> object:
        if isinstance(value, datetime):
            return value.astimezone(self._zone).replace(tzinfo=None) if self._zone else value.astimezone(UTC)
        return value
