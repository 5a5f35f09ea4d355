"""The tasks of a large calculation. Each reads files and writes its own, so that it may run anywhere and be repeated.

First deals are credited: every task takes some buckets of deals and leaves the credits to those who pay them. Then
units are paid: every task takes some units (see :mod:`compensation.partitions.units`) with the credits of all deals.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from bonusbridge.large.facts_folder import FactsFolder, read_file
from bonusbridge.large.totals import Total, totals_of
from compensation import CompensationError, Facts, Plan
from compensation.partitions.crediting import Credited, credit_deals, left_for
from compensation.partitions.paying import Paid, pay_units, units_of
from compensation.partitions.refusals import refusal_of
from compensation.partitions.units import place_of, places

OF_CALCULATION = ("credits", "lines", "openings", "accumulated", "figures", "scores")
OF_SETTLEMENT = ("releases", "waiting", "payments", "adjustments")
FRAMES = (*OF_CALCULATION, "outcomes", *OF_SETTLEMENT)


@dataclass(frozen=True)
class Job:
    """What is calculated from which files, in how many parts; results are kept in ``out``, if anywhere.

    All tasks have to see the same folders.
    """

    data: Path
    scratch: Path
    out: Path | None
    plans: tuple[Plan, ...]
    as_of: date
    parts: int


@dataclass(frozen=True)
class Told:
    """What a task tells: why nothing can be calculated, or what its units earn and are paid."""

    refusal: CompensationError | None = None
    totals: tuple[Total, ...] = ()


Task = Callable[[int], Told]
"""By its number among the parts."""
Run = Callable[[Task, int], list[Told]]
"""Runs a task for every number below the second argument; each may be tried more than once, anywhere."""


def credit(job: Job, number: int) -> Told:
    """Credits the deals of every ``parts``-th bucket."""
    folder = FactsFolder(job.data)
    try:
        facts = folder.of_deals(range(number, folder.buckets, job.parts))
        credited = credit_deals(facts, job.plans, as_of=job.as_of)
    except CompensationError as error:
        return Told(error)
    _keep(job, "outcomes", credited.outcomes.sort("transaction_id"), number)
    for place, own in _by_part(credited, job.parts):
        documents = _documents(own, facts, job, place)
        # Something is always left to the part of the same number, so that each part knows the columns.
        if place == number or not own.is_empty() or not documents.is_empty():
            _write_part(own, job.scratch / "credits" / str(place), number)
            _write_part(documents, job.scratch / "documents" / str(place), number)
    return Told()


def pay(job: Job, number: int) -> Told:
    """Pays the units that have this place among the parts."""
    folder = FactsFolder(job.data)
    credited = _left(job, "credits", number)
    facts = folder.without_deals(_left(job, "documents", number))
    units = [unit for unit in units_of(credited, facts, job.plans) if place_of(unit, job.parts) == number]

    def attempt(some: Sequence[str]) -> Paid:
        return pay_units(credited, facts, job.plans, some, as_of=job.as_of)

    try:
        paid = attempt(units)
    except CompensationError as error:
        return Told(refusal_of(units, attempt) or error)
    frames = _frames(paid)
    for name, frame in frames.items():
        _keep(job, name, frame.sort(_sortable(frame), nulls_last=True), number)
    return Told(totals=totals_of(frames))


def _by_part(credited: Credited, parts: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """The credits by the part that pays them."""
    own = credited.credits
    placed = own.with_columns(places(pl.col("unit"), own["unit"].unique(), parts).alias("place"))
    for place in range(parts):
        yield place, placed.filter(pl.col("place") == place).drop("place")


def _documents(own: pl.DataFrame, facts: Facts, job: Job, place: int) -> pl.DataFrame:
    units = [unit for unit in units_of(own, facts, job.plans) if place_of(unit, job.parts) == place]
    return left_for(units, own, facts, job.plans)


def _left(job: Job, name: str, number: int) -> pl.DataFrame:
    """What all tasks of crediting left to this one."""
    files = sorted((job.scratch / name / str(number)).glob("part-*.parquet"))
    return pl.concat([read_file(file) for file in files])


def _frames(paid: Paid) -> Mapping[str, pl.DataFrame]:
    calculated = {name: getattr(paid.calculation, name) for name in OF_CALCULATION}
    return calculated | {name: getattr(paid.settlement, name) for name in OF_SETTLEMENT}


def _sortable(frame: pl.DataFrame) -> list[str]:
    return [name for name, kind in frame.schema.items() if not isinstance(kind, pl.List)]


def _keep(job: Job, name: str, frame: pl.DataFrame, number: int) -> None:
    if job.out is not None:
        _write_part(frame, job.out / name, number)


def _write_part(frame: pl.DataFrame, folder: Path, number: int) -> None:
    """Writes the file of a task at once: it is whole or not there, however often the task is tried."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"part-{number:05}.parquet"
    unfinished = file.with_suffix(f".{os.getpid()}.unfinished")
    frame.write_parquet(unfinished)
    unfinished.replace(file)
