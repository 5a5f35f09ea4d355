"""History to try plans on: the configured warehouse, or a folder of Parquet files."""

import os
from datetime import date
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from bonusbridge.configuration import Configuration
from bonusbridge.plan_files import PlanFileError
from bonusbridge.wiring import open_work
from compensation import Facts, Plan
from compensation.facts.schemas import SCHEMAS
from warehouse.database import reading
from warehouse.facts import read_facts

_NEEDED = ("transactions", "participants", "assignments", "quotas", "rates", "currencies", "deals")


def of_warehouse(config: Path, as_of: date | None) -> tuple[Facts, list[Plan], date]:
    """Everything that the warehouse holds up to a day (today by its clock unless given), and the configured plans."""
    configuration = Configuration.load(config, os.environ)
    with open_work(configuration, config.parent) as work:
        day = as_of or work.today()
        with reading(work.engine) as connection:
            facts = Facts(**read_facts(connection, as_of=day))
        return facts, [each.plan for each in work.plans], day


def of_folder(folder: Path, as_of: date | None) -> tuple[Facts, date]:
    """The frames as ``<name>.parquet``, and the day of the last transaction unless given.

    A frame may also be a folder of such files, as ``bonusbridge export`` writes it.
    PlanFileError if a needed one is missing or is no Parquet file; FactsError if a frame does not fit.
    """
    frames = {}
    for name in SCHEMAS:
        file = folder / f"{name}.parquet"
        if file.exists():
            frames[name] = _read(file)
        elif name in _NEEDED:
            raise PlanFileError(f"{folder}: there is no {name}.parquet; put it there")
    facts = Facts(**frames)
    last = facts.transactions["dated_on"].max()
    if as_of is None and not isinstance(last, date):
        raise PlanFileError(f"{folder}: transactions.parquet holds no dated transaction; name a day with --as-of")
    return facts, as_of or last  # type: ignore[return-value] # the check above: a date


def _read(file: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(file)
    except (PolarsError, OSError):
        raise PlanFileError(f"{file} cannot be read as Parquet; write it anew") from None
