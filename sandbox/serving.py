"""Serves an ASGI app on loopback: in a background thread for tests and benchmarks, or until stopped for the demo."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

_START_SECONDS = 20.0
_GRACE_SECONDS = 1


def bind(port: int) -> socket.socket:
    """A socket of 127.0.0.1 to serve on; port 0 is any free one."""
    # asyncio turns off Nagle's delay (40 ms an answer) only on sockets whose protocol says TCP.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound


@contextlib.contextmanager
def serve(
    app: ASGIApp, *, tls: tuple[Path | str, Path | str] | None = None, listener: socket.socket | None = None
) -> Iterator[str]:
    """Serve ``app`` on a free port of 127.0.0.1 while the block runs; yields its base URL without a final slash.

    ``tls`` is the PEM files of certificate and key. ``listener``: a bound socket of 127.0.0.1 to serve on instead,
    for apps that have to know their own address first. Answers still under way at the end get a second, then are cut.
    """
    with listener or bind(0) as listener:
        server = uvicorn.Server(_config(app, tls))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def serve_forever(app: ASGIApp, port: int) -> None:
    """Serve ``app`` on ``port`` of 127.0.0.1 until the process is told to stop."""
    config = _config(app, None)
    config.port = port
    uvicorn.Server(config).run()


def _config(app: ASGIApp, tls: tuple[Path | str, Path | str] | None) -> uvicorn.Config:
    # Faults on demand break the protocol on purpose; the server's complaints about it are no news.
    config = uvicorn.Config(
        app, log_config=None, log_level="critical", timeout_graceful_shutdown=_GRACE_SECONDS, date_header=False
    )
    if tls:
        config.ssl_certfile, config.ssl_keyfile = tls
    return config


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the sandbox server did not start")
        time.sleep(0.005)
