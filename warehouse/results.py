"""Results: plans, what was calculated under them, and estimates with their history."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Named,
    Row,
    Table,
    Text,
    TypedColumns,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)

from warehouse.database import bulk
from warehouse.database.columns import METADATA, Instant, SurrogateId


class PlanColumns(TypedColumns):
    version: Named[str] = Column(primary_key=True)
    name: Named[str]
    text: Named[str] = Column(Text)
    loaded_at: Named[datetime] = Column(Instant)
    is_current: Named[bool]


PLANS = Table("plans", METADATA, PlanColumns)


class CalculationColumns(TypedColumns):
    id: Named[int] = Column(SurrogateId, primary_key=True)
    fingerprint: Named[str]
    as_of: Named[date] = Column(Date)
    plan_versions: Named[str]
    calculated_at: Named[datetime] = Column(Instant)


CALCULATIONS = Table("calculations", METADATA, CalculationColumns)


class EarningColumns(TypedColumns):
    calculation_id: Named[int] = Column(BigInteger, ForeignKey(CALCULATIONS.c.id), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    payee_id: Named[str] = Column(index=True)
    plan: Named[str]
    plan_version: Named[str]
    component: Named[str]
    period_label: Named[str]
    period_start: Named[date] = Column(Date)
    period_end: Named[date] = Column(Date)
    currency: Named[str]
    earning_minor: Named[int] = Column(BigInteger)
    quota_minor: Named[int | None] = Column(BigInteger)
    # What an opening, which needs no credit, does not have:
    transaction_id: Named[str | None]
    deal_id: Named[str | None] = Column(index=True)
    role: Named[str | None]
    via_payee_id: Named[str | None]
    share_millionths: Named[int | None] = Column(BigInteger)
    dated_on: Named[date | None] = Column(Date)
    credited_on: Named[date | None] = Column(Date)
    measure: Named[str | None]
    credit_minor: Named[int | None] = Column(BigInteger)
    before_minor: Named[int | None] = Column(BigInteger)
    after_minor: Named[int | None] = Column(BigInteger)


EARNINGS = Table("earnings", METADATA, EarningColumns)


class EstimateColumns(TypedColumns):
    id: Named[int] = Column(SurrogateId, primary_key=True)
    deal_id: Named[str]
    payee_id: Named[str]
    inputs_hash: Named[str]
    document: Named[bytes] = Column(LargeBinary)
    total_minor: Named[int] = Column(BigInteger)
    currency: Named[str]
    plan_versions: Named[str]
    calculated_at: Named[datetime] = Column(Instant)
    retired_at: Named[datetime | None] = Column(Instant)


_IS_CURRENT = literal_column("retired_at").is_(None)

ESTIMATES = Table(
    "estimates",
    METADATA,
    EstimateColumns,
    Index(
        "uq_estimates_current",
        "deal_id",
        "payee_id",
        unique=True,
        sqlite_where=_IS_CURRENT,
        postgresql_where=_IS_CURRENT,
    ),
    Index(None, "deal_id", "payee_id", "id"),
    Index("ix_estimates_current_payee", "payee_id", sqlite_where=_IS_CURRENT, postgresql_where=_IS_CURRENT),
)


class StoredPlan(NamedTuple):
    version: str
    name: str
    text: str
    loaded_at: datetime


class StoredCalculation(NamedTuple):
    id: int
    fingerprint: str
    as_of: date
    plan_versions: tuple[str, ...]
    calculated_at: datetime


class Estimate(NamedTuple):
    """What one payee is estimated to earn by one deal; ``document`` is the JSON that is served."""

    deal_id: str
    payee_id: str
    inputs_hash: str
    document: bytes
    total_minor: int
    currency: str
    plan_versions: tuple[str, ...]


class StoredEstimate(NamedTuple):
    """``retired_at`` is None for the current one."""

    estimate: Estimate
    calculated_at: datetime
    retired_at: datetime | None


def replace_plans(connection: Connection, plans: Iterable[tuple[str, str, str]], loaded_at: datetime) -> None:
    """These (version, name, text) are in force now; older versions are kept, since calculations name them."""
    found = list(plans)
    connection.execute(update(PLANS).where(PLANS.c.is_current).values(is_current=False))
    columns = ("version", "name", "text", "loaded_at", "is_current")
    bulk.insert_new(connection, PLANS, columns, [(*plan, loaded_at, True) for plan in found])
    versions = [version for version, *_ in found]
    connection.execute(update(PLANS).where(PLANS.c.version.in_(versions)).values(is_current=True))


def read_plans(connection: Connection, versions: Collection[str] | None = None) -> list[StoredPlan]:
    """The plans in force, or those versions, ordered by name."""
    columns = PLANS.c
    wanted = columns.is_current if versions is None else columns.version.in_(list(versions))
    found = select(*(columns[name] for name in StoredPlan._fields)).where(wanted)
    return [StoredPlan(*row) for row in connection.execute(found.order_by(columns.name, columns.version))]


def latest_calculation(connection: Connection) -> StoredCalculation | None:
    """The newest calculation: the one whose earnings are kept."""
    columns = CALCULATIONS.c
    found = select(*(columns[name] for name in StoredCalculation._fields)).order_by(columns.id.desc()).limit(1)
    row = connection.execute(found).first()
    if row is None:
        return None
    return StoredCalculation(row.id, row.fingerprint, row.as_of, _split(row.plan_versions), row.calculated_at)


def put_calculation(
    connection: Connection,
    *,
    fingerprint: str,
    as_of: date,
    plan_versions: Iterable[str],
    calculated_at: datetime,
    lines: pl.DataFrame,
    openings: pl.DataFrame,
) -> bool:
    """Keeps a calculation and puts its earnings in the place of the older ones; False if the newest is the same.

    ``lines`` and ``openings`` are the frames of a calculation; columns that ``earnings`` does not have are left out.
    """
    latest = latest_calculation(connection)
    if latest is not None and latest.fingerprint == fingerprint:
        return False
    calculation = insert(CALCULATIONS).values(
        fingerprint=fingerprint, as_of=as_of, plan_versions=_joined(plan_versions), calculated_at=calculated_at
    )
    calculation_id = connection.scalar(calculation.returning(CALCULATIONS.c.id))
    connection.execute(EARNINGS.delete())
    names = tuple(EARNINGS.c.keys())
    earnings = pl.concat([openings, lines], how="diagonal").with_row_index("position")
    earnings = earnings.with_columns(pl.lit(calculation_id).alias("calculation_id"))
    absent = [pl.lit(None).alias(name) for name in names if name not in earnings.columns]
    bulk.insert(connection, EARNINGS, names, earnings.with_columns(absent).select(names).iter_rows())
    return True


def put_estimate(
    connection: Connection,
    deal_id: str,
    payee_id: str,
    inputs_hash: str,
    document: bytes,
    total_minor: int,
    currency: str,
    plan_versions: Iterable[str],
    calculated_at: datetime,
) -> bool:
    """Makes this the current estimate of the deal and payee, and keeps the older; False if it is that already."""
    estimate = Estimate(deal_id, payee_id, inputs_hash, document, total_minor, currency, tuple(plan_versions))
    return put_estimates(connection, [estimate], calculated_at) == 1


def put_estimates(connection: Connection, estimates: Sequence[Estimate], calculated_at: datetime) -> int:
    """The same for many, at most one a deal and payee; returns how many were written: those with other inputs."""
    known = _current_hashes(connection)
    new = [each for each in estimates if known.get((each.deal_id, each.payee_id)) != each.inputs_hash]
    _retire(connection, [(each.deal_id, each.payee_id) for each in new], calculated_at)
    columns = (*Estimate._fields, "calculated_at")
    bulk.insert(
        connection, ESTIMATES, columns, ((*each[:-1], _joined(each.plan_versions), calculated_at) for each in new)
    )
    return len(new)


def retire_estimates(
    connection: Connection, keep: Collection[tuple[str, str]], at: datetime, *, deals: Collection[str] | None = None
) -> int:
    """Of the current estimates (of ``deals``, or all) only those of (deal, payee) pairs in ``keep`` stay current."""
    gone = [pair for pair in _current_hashes(connection) if pair not in keep and (deals is None or pair[0] in deals)]
    return _retire(connection, gone, at)


def current_estimates(connection: Connection) -> list[StoredEstimate]:
    """All current estimates, ordered by deal and payee."""
    return _read_estimates(connection, ESTIMATES.c.retired_at.is_(None))


def estimate_history(connection: Connection, deal_id: str, payee_id: str) -> list[StoredEstimate]:
    """Every estimate that this payee ever had for this deal, the oldest first."""
    return _read_estimates(connection, ESTIMATES.c.deal_id == deal_id, ESTIMATES.c.payee_id == payee_id)


def _current_hashes(connection: Connection) -> dict[tuple[str, str], str]:
    columns = ESTIMATES.c
    rows = bulk.fetch(
        connection, select(columns.deal_id, columns.payee_id, columns.inputs_hash).where(columns.retired_at.is_(None))
    )
    return {(deal_id, payee_id): inputs_hash for deal_id, payee_id, inputs_hash in rows}


def _retire(connection: Connection, pairs: Sequence[tuple[str, str]], at: datetime) -> int:
    columns = ESTIMATES.c
    if not pairs:
        return 0
    one = (columns.deal_id == bindparam("of_deal"), columns.payee_id == bindparam("of_payee"))
    retirement = update(ESTIMATES).where(*one, columns.retired_at.is_(None)).values(retired_at=at)
    parameters = [{"of_deal": deal_id, "of_payee": payee_id} for deal_id, payee_id in pairs]
    return connection.execute(retirement, parameters).rowcount


def _read_estimates(connection: Connection, *conditions: ColumnElement[bool]) -> list[StoredEstimate]:
    columns = ESTIMATES.c
    found = select(ESTIMATES).where(*conditions).order_by(columns.deal_id, columns.payee_id, columns.id)
    return [_stored(row) for row in connection.execute(found)]


def _stored(row: Row[Any]) -> StoredEstimate:
    fields = {name: getattr(row, name) for name in Estimate._fields} | {"plan_versions": _split(row.plan_versions)}
    return StoredEstimate(Estimate(**fields), row.calculated_at, row.retired_at)


def _joined(versions: Iterable[str]) -> str:
    return " ".join(versions)


def _split(versions: str) -> tuple[str, ...]:
    return tuple(versions.split())
