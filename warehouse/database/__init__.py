"""The database under the warehouse: opened, read and written in transactions, in bulk, and with exact column types."""

from warehouse.database.engine import (
    BUSY_TIMEOUT_MS,
    CONNECT_TIMEOUT_SECONDS,
    DatabaseError,
    open_database,
    parse_url,
    reading,
    writing,
)

__all__ = [
    "BUSY_TIMEOUT_MS",
    "CONNECT_TIMEOUT_SECONDS",
    "DatabaseError",
    "open_database",
    "parse_url",
    "reading",
    "writing",
]
