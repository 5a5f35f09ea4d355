"""Waiting until somebody tells the process to stop."""

import signal
import threading


def wait_for_stop() -> None:
    """Returns when the process is told to stop (Ctrl-C, SIGTERM)."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
