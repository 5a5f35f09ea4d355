"""Column types that keep instants and exact decimals exact on every database, and the metadata of all tables."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key is exactly INTEGER (which is 64 bits wide there).
SurrogateId = BigInteger().with_variant(Integer(), "sqlite")

_SQLITE_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Instant(TypeDecorator[datetime]):
    """An aware instant, UTC: TIMESTAMPTZ on PostgreSQL, sortable ISO text on SQLite. Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        stored: TypeEngine[Any] = String(27) if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(stored)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; instants are aware")
        instant = value.astimezone(UTC)
        return _sqlite_text(instant) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: object, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.strptime(str(value), _SQLITE_INSTANT).replace(tzinfo=UTC)


class Exact(TypeDecorator[Decimal]):
    """An exact decimal, as text: SQLite's NUMERIC is a double."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> str | None:
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: object, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(str(value))


def _sqlite_text(instant: datetime) -> str:
    # strftime pads years below 1000 differently from platform to platform.
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
