"""Serves the mashup API of a configuration."""

import socket
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn
from jwt import PyJWTError

from bonusbridge.configuration import Configuration
from bonusbridge.wiring import WiringError, database_url, utc_now
from mashup_api.app import create_app
from warehouse import migrations
from warehouse.database import open_database
from warehouse.reader import open_reader

GRACE_SECONDS = 5


def serve_api(configuration: Configuration, folder: Path, host: str, port: int) -> None:
    """Serves until it is stopped; WiringError if it is not said whose tokens count, or the port cannot be had."""
    if configuration.api is None:
        raise WiringError("api: nothing says whose tokens are accepted; fill in api.tokens")
    url = database_url(configuration, folder)
    engine = open_database(url)
    try:
        migrations.upgrade(engine)
        app = create_app(
            configuration.api,
            engine=engine,
            reader=open_reader(url),
            clock=utc_now,
            time_zone=ZoneInfo(configuration.time_zone),
        )
        with _listen(host, port) as listener:
            uvicorn.Server(
                uvicorn.Config(
                    app,
                    log_level="warning",
                    access_log=False,
                    server_header=False,
                    timeout_graceful_shutdown=GRACE_SECONDS,
                )
            ).run(sockets=[listener])
    except PyJWTError as error:
        raise WiringError(f"api.tokens.jwks: {error}; give the issuer's key set, or its jwks_url") from None
    finally:
        engine.dispose()


def _listen(host: str, port: int) -> socket.socket:
    try:
        # With its protocol named: asyncio leaves Nagle's delay on for sockets that do not say TCP.
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise WiringError(f"cannot serve on port {port} of {host}: {error.strerror}; choose another --port") from None
    return listener
