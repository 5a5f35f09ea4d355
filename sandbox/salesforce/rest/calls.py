"""One call of the REST API: who calls, which version, what was sent, and the answer's JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.errors import ApiError, invalid_session, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.sessions import Session

OLDEST_VERSION, NEWEST_VERSION = 40, 67

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request with its body read; ``version`` is ``60.0`` of ``/services/data/v60.0``."""

    org: Org
    session: Session
    request: Request
    body: bytes
    version: str

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"

    @property
    def subject(self) -> str:
        return subject(self.request.scope)

    @property
    def parameters(self) -> Mapping[str, str]:
        return self.request.query_params

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        return from_json(self.body)

    def json_object(self) -> dict[str, Any]:
        sent = self.json()
        if not isinstance(sent, dict):
            raise ApiError("JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
        return sent


def subject(scope: Mapping[str, Any]) -> str:
    """What faults are matched against: ``GET /services/data/v60.0/query?q=SELECT Id FROM Lead``."""
    query = unquote(scope["query_string"].decode("latin-1").replace("+", " "))
    return f"{scope['method']} {scope['path']}" + (f"?{query}" if query else "")


def from_json(text: bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    """What ``text`` says, numbers with decimals as Decimal; JSON_PARSER_ERROR if it is no JSON."""
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None


def to_json(content: object) -> bytes:
    """JSON in which exact decimals are numbers, digit by digit."""
    return _ENCODER.encode(content)


def answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(to_json(content), status, headers, media_type=JSON)


def no_content() -> Response:
    return Response(status_code=204)


class Meter:
    """Counts the day's calls for ``Sforce-Limit-Info``."""

    def __init__(self, org: Org) -> None:
        self._org, self.used = org, 0

    def count(self) -> None:
        if self.used >= self._org.daily_api_requests:
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        self.used += 1

    @property
    def header(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={self.used}/{self._org.daily_api_requests}"}


def route(org: Org, meter: Meter, path: str, endpoint: Callable[[Call], Response], *methods: str) -> Route:
    """A route under ``/services/data/v{version}`` whose endpoint is given an authenticated ``Call``."""

    async def respond(request: Request) -> Response:
        session = org.sessions.find(bearer(request))
        meter.count()
        version = request.path_params["version"]
        if not _is_version(version):
            raise not_found()
        response = endpoint(Call(org, session, request, await request.body(), version))
        response.headers.update(meter.header)
        return response

    return Route("/services/data/v{version}" + path, respond, methods=list(methods))


def bearer(request: Request) -> str:
    """The access token of the Authorization header (``Bearer`` or ``OAuth``); INVALID_SESSION_ID without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "oauth") or not token:
        raise invalid_session()
    return token.strip()


def base_url(request: Request) -> str:
    """The instance's URL, as the client addressed it."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def _is_version(text: str) -> bool:
    major, _, minor = text.partition(".")
    return minor == "0" and major.isdigit() and OLDEST_VERSION <= int(major) <= NEWEST_VERSION
