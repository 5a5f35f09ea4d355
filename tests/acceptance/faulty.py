"""A loopback reverse proxy that breaks answers on demand, so that every HTTP system can be seen at its worst."""

import contextlib
import http.client
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import Lock, Thread
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"})
_LOGIN_PAGE = b"<html><head><title>Sign in</title></head><body><form><input name='password'></form></body></html>"
_UNAVAILABLE_PAGE = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


class Fault(StrEnum):
    TOO_MANY = "429"
    TOO_MANY_UNTIL = "429 with Retry-After"
    UNAVAILABLE_PAGE = "503 with an HTML page"
    LOGIN_PAGE = "200 with an HTML page"
    UNAUTHORISED = "401"
    CUT_OFF = "half the answer, then the end of the connection"
    LOST_REQUEST = "the connection ends before the system sees the request"
    LOST_ANSWER = "the system does what is asked, then the connection ends"
    HANGING = "no answer for a second"


@dataclass(frozen=True)
class _Armed:
    fault: Fault
    count: int
    path: str
    method: str
    skip: int
    seconds: int


class FaultyProxy:
    """Forwards to ``upstream``; ``arm`` breaks the next matching requests. ``requests`` is what came in."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.requests: list[tuple[str, str]] = []
        self._armed: list[_Armed] = []
        self._lock = Lock()

    def arm(
        self, fault: Fault, *, count: int = 1, path: str = "", method: str = "", skip: int = 0, seconds: int = 0
    ) -> None:
        """``count`` requests whose path contains ``path`` are broken, after ``skip`` that go well.

        ``seconds`` is the Retry-After.
        """
        with self._lock:
            self._armed.append(_Armed(fault, count, path, method, skip, seconds))

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def take(self, method: str, path: str) -> _Armed | None:
        with self._lock:
            self.requests.append((method, path))
            for index, armed in enumerate(self._armed):
                if armed.path not in path or armed.method not in ("", method) or not armed.count:
                    continue
                if armed.skip:
                    self._armed[index] = replace(armed, skip=armed.skip - 1)
                    continue
                self._armed[index] = replace(armed, count=armed.count - 1)
                return armed
        return None


@contextlib.contextmanager
def faulty_proxy(upstream: str) -> Iterator[tuple[FaultyProxy, str]]:
    """A proxy in front of ``upstream`` (an http URL) and its own base URL."""
    proxy = FaultyProxy(upstream)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield proxy, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """A client or system that breaks off (as it was told to) is no news: its connection is closed, that is all."""
        if not isinstance(sys.exception(), ConnectionError | http.client.HTTPException):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultyProxy
    protocol_version = "HTTP/1.1"

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        armed = self.proxy.take(self.command, f"{self.path}{self._operation(body)}")
        match armed.fault if armed else None:
            case None:
                self._answer(*self._forward(body))
            case Fault.TOO_MANY:
                self._page(429, b"")
            case Fault.TOO_MANY_UNTIL:
                self._page(429, b"", [("Retry-After", str(armed.seconds if armed else 0))])
            case Fault.UNAVAILABLE_PAGE:
                self._page(503, _UNAVAILABLE_PAGE)
            case Fault.LOGIN_PAGE:
                self._page(200, _LOGIN_PAGE)
            case Fault.UNAUTHORISED:
                self._page(401, b"")
            case Fault.CUT_OFF:
                self._cut_off(*self._forward(body))
            case Fault.LOST_REQUEST:
                self.close_connection = True
            case Fault.LOST_ANSWER:
                self._forward(body)
                self.close_connection = True
            case Fault.HANGING:
                time.sleep(1)
                self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_any  # noqa: N815 - the names that http.server looks for

    def _operation(self, body: bytes) -> str:
        """Where all calls have one path, what tells them apart: the SOAP action or JSON-RPC method, after a ``#``."""
        if "SOAPAction" in self.headers:
            return "#" + self.headers["SOAPAction"].strip('"')
        method = re.search(rb'"method": *"([\w.]+)"', body[:200])
        return f"#{method[1].decode()}" if method else ""

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the test reads ``requests``."""

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = self.proxy.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _page(self, status: int, content: bytes, headers: list[tuple[str, str]] | None = None) -> None:
        self._answer(status, [("Content-Type", "text/html"), *(headers or [])], content)

    def _cut_off(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True
