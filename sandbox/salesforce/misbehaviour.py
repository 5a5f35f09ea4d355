"""The org's door: plays the faults that were ordered, and evens out paths, before the app is asked."""

import asyncio
from datetime import UTC
from email.utils import format_datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import subject

_ON_REQUESTS = (
    "too_many_requests",
    "request_limit_exceeded",
    "unavailable",
    "server_error",
    "expired_session",
    "login_page",
    "truncated_body",
    "timeout_after_commit",
)
_LOGIN_PAGE = b"""<!DOCTYPE html><html><head><title>Login | Salesforce</title></head><body>
<form action="/login" method="post"><input name="un"/><input name="pw" type="password"/></form></body></html>"""
_UNAVAILABLE = b"""<html><head><title>Service Unavailable</title></head><body><h1>We are down for maintenance.</h1>
<p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>"""
_LIMIT = b'[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'
_BROKEN = b'[{"message":"An unexpected error occurred. ErrorId: 1187366215-88125","errorCode":"UNKNOWN_EXCEPTION"}]'
_JSON, _HTML = b"application/json;charset=UTF-8", b"text/html"
_INSTEAD = {
    "too_many_requests": (429, _JSON, _LIMIT),
    "request_limit_exceeded": (403, _JSON, _LIMIT),
    "unavailable": (503, _HTML, _UNAVAILABLE),
    "server_error": (500, _JSON, _BROKEN),
    "login_page": (200, _HTML, _LOGIN_PAGE),
}


class Misbehaving:
    """Answers through ``app``, or as the next matching fault says."""

    def __init__(self, app: ASGIApp, org: Org) -> None:
        self._app, self._org = app, org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        send = self._dated(send)
        is_ours = scope["path"].startswith("/__faults")
        fault = None if is_ours else self._org.faults.take(subject(scope), *_ON_REQUESTS)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in _INSTEAD:
            await _instead(fault, send)
        else:
            await self._disturbed(fault, scope, receive, send)

    async def _disturbed(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "expired_session":
            self._org.sessions.revoke(_token(scope))
            await self._app(scope, receive, send)
        elif fault.kind == "truncated_body":
            await self._app(scope, receive, _truncated(send))
        else:
            await self._late(fault, scope, receive, send)

    async def _late(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Do what was asked, and say so late or, with ``seconds`` 0, never: until the client hangs up."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
            for message in messages:
                await send(message)
        else:
            while (await receive())["type"] != "http.disconnect":
                pass

    def _dated(self, send: Send) -> Send:
        """The Date header tells the org's clock, by which clients measure their skew."""

        async def with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._org.now().astimezone(UTC), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        return with_date


async def _instead(fault: Fault, send: Send) -> None:
    status, kind, body = _INSTEAD[fault.kind]
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if fault.seconds:
        headers.append((b"retry-after", str(round(fault.seconds)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _truncated(send: Send) -> Send:
    """Half of the body, then nothing: the server closes the connection of an answer that is left unfinished."""

    async def half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return half


def _token(scope: Scope) -> str:
    header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    return str(header.partition(" ")[2])
