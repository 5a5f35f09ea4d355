"""Serves the mashup API of a configuration."""

import signal
import threading
from pathlib import Path

import uvicorn

from bonusbridge.configuration import Configuration, ConfigurationError
from bonusbridge.wiring import database_url, utc_now
from mashup_api.app import create_app
from warehouse import migrations
from warehouse.database import open_database
from warehouse.reader import open_reader


def serve_api(configuration: Configuration, folder: Path, host: str, port: int) -> None:
    """Serves until it is stopped; ConfigurationError if the configuration does not say whose tokens count."""
    if configuration.api is None:
        raise ConfigurationError("api: nothing says whose tokens are accepted; fill in api.tokens")
    url = database_url(configuration, folder)
    engine = open_database(url)
    try:
        migrations.upgrade(engine)
        app = create_app(configuration.api, engine=engine, reader=open_reader(url), clock=utc_now)
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
    finally:
        engine.dispose()


def wait_for_stop() -> None:
    """Returns when the process is told to stop (Ctrl-C, SIGTERM)."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
