"""Processes forked from one that has imported the program: each is a process of its own that starts at once."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bonusbridge.cli import app

ROOT = Path(__file__).parents[1]
_FORKS = multiprocessing.get_context("forkserver")
# With what commands import only once they know the configuration.
_FORKS.set_forkserver_preload(
    [
        __name__,
        "connectors.salesforce",
        "connectors.soap",
        "dbos._sys_db_sqlite",
        "tests.faults.first_sync",
        "zeep.wsdl",
    ]
)


def forked(target: Callable[..., object], *arguments: object) -> ForkServerProcess:
    """A process that has begun to call ``target``, which it finds by its name, with copies of the arguments."""
    process = _FORKS.Process(target=target, args=arguments)
    process.start()
    return process


def run_command(arguments: list[str], environment: Mapping[str, str], output: Path) -> int:
    """The exit code of ``bonusbridge …``; what it wrote, errors too, is in ``output``."""
    process = forked(_command, arguments, dict(environment), output)
    process.join(120)
    if process.exitcode is None:
        process.kill()
        process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def _command(arguments: list[str], environment: dict[str, str], output: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["bonusbridge", *arguments]
    app()
