"""``bonusbridge export`` and ``bonusbridge calculate --data``: facts out of the warehouse, and large calculations."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from bonusbridge.large.calculating import calculate_folder, one_after_another
from bonusbridge.large.facts_folder import FactsFolder, write_facts
from bonusbridge.large.on_spark import spark_runs
from bonusbridge.large.tasks import Run
from bonusbridge.large.totals import Total
from compensation import Facts, Plan
from jobs.work import Work
from warehouse.database import reading
from warehouse.facts import read_facts_and_gaps


class Machinery(StrEnum):
    """What runs the parts of a calculation."""

    POLARS = "polars"
    SPARK = "spark"


@dataclass(frozen=True)
class Asked:
    """Which facts, up to which day, in how many parts, and where results and files in between go."""

    data: Path
    as_of: date
    parts: int
    out: Path | None = None
    scratch: Path | None = None


def export_facts(work: Work, folder: Path, as_of: date | None, buckets: int) -> dict[str, int]:
    """Writes the warehouse's facts (up to today unless ``as_of`` is given); returns what was left out, by reason."""
    with reading(work.engine) as connection:
        frames, left_out = read_facts_and_gaps(connection, as_of=as_of or work.today())
    write_facts(Facts(**frames), folder, buckets)
    return left_out


def calculate_in_parts(asked: Asked, plans: Sequence[Plan], machinery: Machinery, cores: int) -> list[Total]:
    """See :func:`~bonusbridge.large.calculating.calculate_folder`."""
    FactsFolder(asked.data)  # so that a mistake is told before Spark has started
    with _runs(machinery, cores, asked.scratch) as run:
        return calculate_folder(
            asked.data, plans, as_of=asked.as_of, parts=asked.parts, run=run, out=asked.out, scratch=asked.scratch
        )


@contextmanager
def _runs(machinery: Machinery, cores: int, scratch: Path | None) -> Iterator[Run]:
    if machinery is Machinery.POLARS:
        yield one_after_another
        return
    with spark_runs(cores, scratch) as run:
        yield run
