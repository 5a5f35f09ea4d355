"""How commands speak: the console, and errors that a person can mend in plain words."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from bonusbridge.configuration import ConfigurationError
from bonusbridge.large.errors import FolderError, SparkError
from bonusbridge.plan_files import PlanFileError
from bonusbridge.wiring import WiringError
from compensation import CompensationError
from connectors.errors import ConnectorError
from mappings.errors import MappingError
from warehouse.database import DatabaseError
from warehouse.facts import FactsError

# A pipe has no width of its own; tables need room for their reasons.
console = Console(width=None if sys.stdout.isatty() else 160)
complaints = Console(stderr=True)

_MENDED_BY_A_PERSON = (
    ConfigurationError,
    DatabaseError,
    MappingError,
    CompensationError,
    ConnectorError,
    PlanFileError,
    FactsError,
    FolderError,
    SparkError,
)


@contextmanager
def complaining(config: Path | None = None) -> Iterator[None]:
    """Errors that a person can mend are said in plain words; all others keep their traceback."""
    try:
        yield
    except WiringError as error:
        complain(f"{config}: {error}" if config else str(error))
        raise typer.Exit(2) from None
    except _MENDED_BY_A_PERSON as error:
        complain(str(error))
        raise typer.Exit(2) from None


def complain(what: str) -> None:
    complaints.print(f"[bold red]error:[/] {escape(what)}", highlight=False, soft_wrap=True)
