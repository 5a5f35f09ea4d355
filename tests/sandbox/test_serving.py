"""The server of the sandbox ends when it should, whatever its clients do."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from sandbox.serving import serve

ROOT = Path(__file__).parents[2]
_FOREVER = """
import sys
from starlette.responses import PlainTextResponse
from sandbox.serving import serve_forever
serve_forever(PlainTextResponse("here"), int(sys.argv[1]))
"""


async def _hangs(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        while (await receive())["type"] != "http.disconnect":
            pass


def test_a_hanging_answer_does_not_keep_the_server() -> None:
    with serve(_hangs) as base:
        client = threading.Thread(target=_ask_in_vain, args=(base,))
        client.start()
        time.sleep(0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    client.join(timeout=5)
    assert not client.is_alive()


def test_the_port_is_free_again_afterwards() -> None:
    with serve(_hangs) as base:
        port = int(base.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_the_block_may_fail() -> None:
    with pytest.raises(ZeroDivisionError), serve(_hangs):
        raise ZeroDivisionError
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox" and thread.daemon is False]


def test_serve_forever_ends_when_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", _FOREVER, str(port)], cwd=ROOT, env=os.environ)  # noqa: S603 - ours
    try:
        assert _body(f"http://127.0.0.1:{port}/") == "here"
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()


def _body(url: str) -> str:
    for _ in range(200):
        try:
            return httpx.get(url, trust_env=False).text
        except httpx.ConnectError:
            time.sleep(0.05)
    pytest.fail("the server never answered")


def _ask_in_vain(base: str) -> None:
    with contextlib.suppress(httpx.TransportError):
        assert httpx.get(base, trust_env=False, timeout=20).is_server_error
