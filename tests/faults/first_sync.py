"""The first sync of a warehouse, as a process of its own runs it."""

from datetime import datetime
from pathlib import Path

from bonusbridge.configuration import Configuration
from bonusbridge.wiring import open_jobs
from tests.whole_path import PIPELINE_DAY


def first_sync(configured: Configuration, folder: Path) -> None:
    with open_jobs(configured, folder, clock=pipeline_day) as runner:
        for job in ("land", "normalise", "calculate"):
            assert runner.run(job)["failures"] == []


def pipeline_day() -> datetime:
    return PIPELINE_DAY
