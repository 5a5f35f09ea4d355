"""A large calculation from beginning to end."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from bonusbridge.large.errors import FolderError
from bonusbridge.large.facts_folder import FactsFolder, new_folder, read_file
from bonusbridge.large.tasks import FRAMES, Job, Run, Task, Told, credit, pay
from bonusbridge.large.totals import Total, added
from compensation import Plan
from compensation.earnings.calculation import ENGINE_VERSION
from compensation.partitions.refusals import first_refusal

_DONE = "calculation.json"


def one_after_another(task: Task, count: int) -> list[Told]:
    """In this process, so that only one part is in memory at a time; Polars uses all cores for each."""
    return [task(number) for number in range(count)]


def calculate_folder(
    data: Path,
    plans: Sequence[Plan],
    *,
    as_of: date,
    parts: int,
    run: Run = one_after_another,
    out: Path | None = None,
    scratch: Path | None = None,
) -> list[Total]:
    """Calculates the facts of ``data`` and returns what is earned and paid in all.

    ``out`` (new or empty) keeps the frames of the calculation and its settlement, ``<frame>/part-<number>.parquet``;
    ``calculation.json`` is written last. Files in between lie in ``scratch`` (else where the system keeps such), and
    are gone afterwards. Rows and cents do not depend on ``parts`` and ``run``, nor does which refusal is raised: of
    amounts too large that of the first payee and component.
    """
    FactsFolder(data)
    with _results(out) as kept, TemporaryDirectory(prefix="bonusbridge-", dir=scratch) as between:
        job = Job(data.resolve(), Path(between).resolve(), kept, tuple(plans), as_of, parts)
        _told(run(partial(credit, job), parts))
        told = _told(run(partial(pay, job), parts))
        if kept is not None:
            _finish(kept, plans, as_of)
    return added(each.totals for each in told)


@contextmanager
def _results(out: Path | None) -> Iterator[Path | None]:
    """The folder of the results, empty again if there are none in the end."""
    if out is None:
        yield None
        return
    new_folder(out)
    try:
        yield out.resolve()
    except BaseException:
        for name in FRAMES:
            shutil.rmtree(out / name, ignore_errors=True)
        raise


def read_results(out: Path, frame: str) -> pl.DataFrame:
    """A frame of a finished calculation, its parts one below the other; FolderError if it is none."""
    if not (out / _DONE).is_file():
        raise FolderError(f"{out} holds no finished calculation; calculate with --out")
    return pl.concat([read_file(file) for file in sorted((out / frame).glob("part-*.parquet"))])


def _told(told: list[Told]) -> list[Told]:
    refusal = first_refusal(each.refusal for each in told if each.refusal is not None)
    if refusal is not None:
        raise refusal
    return told


def _finish(out: Path, plans: Sequence[Plan], as_of: date) -> None:
    versions = sorted([plan.name, plan.version] for plan in plans)
    told = {"as_of": as_of.isoformat(), "engine_version": ENGINE_VERSION, "plans": versions}
    (out / _DONE).write_text(json.dumps(told, indent=1) + "\n")
