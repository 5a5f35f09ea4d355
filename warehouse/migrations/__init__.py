"""Bringing a database to the tables of this release. There is no way down: restore a backup instead."""

from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.schema import SchemaItem

import warehouse.tables  # noqa: F401 - fills METADATA
from warehouse.database import DatabaseError, reading, writing
from warehouse.database.columns import METADATA, Exact, Instant, SurrogateId

VERSION_TABLE = "warehouse_version"


def upgrade(engine: Engine) -> None:
    """Applies the migrations that are missing, all or none; several processes may do so at once."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(VERSION_TABLE))))
        command.upgrade(_config(connection), "head")


def check(engine: Engine) -> None:
    """DatabaseError unless the database has exactly the migrations of this release."""
    with reading(engine) as connection:
        found = _context(connection).get_current_revision()
    expected = ScriptDirectory.from_config(_config(None)).get_current_head()
    if found is None:
        raise DatabaseError("the database has no warehouse yet; upgrade it first")
    if found != expected:
        raise DatabaseError(
            f"the database is at migration {found} and this release at {expected}; upgrade the database, "
            "or run the release that made it"
        )


def revise(engine: Engine, message: str) -> Path:
    """Writes the migration from an upgraded database to the tables that the code has now; returns its path."""
    number = len(list(ScriptDirectory.from_config(_config(None)).walk_revisions())) + 1
    with writing(engine) as connection:
        script = command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04}")
    assert isinstance(script, Script)  # noqa: S101 - one message makes one script
    return Path(script.path)


def differences(connection: Connection) -> list[object]:
    """What the database has otherwise than the tables of this release say; others' tables do not count."""
    return list(compare_metadata(_context(connection), METADATA))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts=OPTIONS)


def _is_ours(_item: SchemaItem, name: str | None, kind: str, is_reflected: bool, _other: SchemaItem | None) -> bool:
    return kind != "table" or not is_reflected or name in METADATA.tables


def _render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Instant | Exact):
        return f"{type(item).__name__}()"
    return "SurrogateId" if item is SurrogateId else False


OPTIONS: dict[str, Any] = {
    "target_metadata": METADATA,
    "version_table": VERSION_TABLE,
    "compare_type": True,
    "include_object": _is_ours,
    "render_item": _render,
}
