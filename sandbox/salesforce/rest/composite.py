"""Several calls in one: ``POST composite`` with references from one answer into the next request."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import answer, bearer, from_json, to_json

_REFERENCE = re.compile(r"@\{([\w.\[\]]+)\}")
_MOST = 25
_PARTS = {"method", "url", "referenceId"}


class Composite:
    """Plays the requests against ``app`` itself, in order; with ``allOrNone`` a failure undoes them all."""

    def __init__(self, org: Org, app: ASGIApp) -> None:
        self._org, self._app = org, app

    async def respond(self, request: Request) -> Response:
        self._org.sessions.find(bearer(request))
        sent = from_json(await request.body())
        asked = sent.get("compositeRequest") if isinstance(sent, dict) else None
        if not isinstance(asked, list) or not all(isinstance(p, dict) and set(p) >= _PARTS for p in asked):
            raise ApiError(
                "JSON_PARSER_ERROR", f"compositeRequest lists requests, each with {', '.join(sorted(_PARTS))}"
            )
        if len(asked) > _MOST:
            raise ApiError("LIMIT_EXCEEDED", f"a composite request has at most {_MOST} parts")
        with self._org.transaction() as roll_back:
            parts = await self._play(request.scope, asked)
            if sent.get("allOrNone") is True and any(part["httpStatusCode"] >= 400 for part in parts):
                roll_back()
                parts = [_halted(part) for part in parts]
        return answer({"compositeResponse": parts})

    async def _play(self, scope: Scope, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        known: dict[str, Any] = {}
        for part in asked:
            url = _filled(part["url"], known)
            body = to_json(_filled(part["body"], known)) if "body" in part else b""
            status, headers, answered = await self._one(scope, part["method"], str(url), body)
            known[part["referenceId"]] = answered
            shown = {name: value for name, value in headers.items() if name == "Location"}
            parts.append(
                {"body": answered, "httpHeaders": shown, "httpStatusCode": status, "referenceId": part["referenceId"]}
            )
        return parts

    async def _one(self, scope: Scope, method: str, url: str, body: bytes) -> tuple[int, dict[str, str], Any]:
        path, _, query = url.partition("?")
        inner = {**scope, "method": method.upper(), "path": unquote(path), "raw_path": quote(path, safe="/%").encode()}
        inner["query_string"] = quote(query, safe="=&%+").encode()
        inner["headers"] = [(name, value) for name, value in scope["headers"] if name == b"authorization"]
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._app({key: inner[key] for key in inner if key != "path_params"}, receive, send)
        headers = {name.decode().title(): value.decode() for name, value in messages[0]["headers"]}
        content = b"".join(message.get("body", b"") for message in messages[1:])
        return messages[0]["status"], headers, from_json(content) if content else None


def _filled(value: Any, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON may be anything
    if isinstance(value, str):
        return _REFERENCE.sub(lambda matched: str(_lookup(matched[1], known)), value)
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, known) for name, item in value.items()}
    return value


def _lookup(path: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON may be anything
    found: Any = known
    for step in re.findall(r"\w+", path):
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, TypeError):
            raise ApiError("PROCESSING_HALTED", f"Invalid reference specified. No value for {path} found") from None
    return found


def _halted(part: dict[str, Any]) -> dict[str, Any]:
    if part["httpStatusCode"] >= 400:
        return part
    message = "The transaction was rolled back since another operation in the same transaction failed."
    body = [{"errorCode": "PROCESSING_HALTED", "message": message}]
    return part | {"body": body, "httpHeaders": {}, "httpStatusCode": 400}
