"""Tasks on Spark: it says where and when they run, and tries again those whose machine was lost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bonusbridge.large.errors import SparkError
from bonusbridge.large.tasks import Run, Task, Told

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextmanager
def spark_runs(cores: int, scratch: Path | None = None) -> Iterator[Run]:
    """Runs tasks in a Spark of this machine, as many at once as ``cores``; SparkError if Spark is not installed."""
    if find_spec("pyspark") is None:
        raise SparkError("Spark is not installed; install it with: pip install 'bonusbridge[spark]'")
    from bonusbridge.large.spark_session import local_session  # pyspark is an extra

    with local_session(cores, scratch=scratch) as session:
        yield run_on(session)


def run_on(session: "SparkSession") -> Run:
    """Runs tasks in a session: one part of an RDD each. SparkError with the task's own words if one fails."""

    from py4j.protocol import Py4JJavaError  # pyspark is an extra
    from pyspark.errors import PySparkException

    def run(task: Task, count: int) -> list[Told]:
        try:
            return session.sparkContext.parallelize(range(count), count).map(task).collect()
        except (PySparkException, Py4JJavaError) as error:
            words = _words(str(error))
        raise SparkError(f"a task failed on Spark: {words}")

    return run


def _words(message: str) -> str:
    """What the Python task said in the end, out of all that Spark tells of it."""
    told = re.findall(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit)\b.*$", message, re.MULTILINE)
    return told[-1].strip() if told else message.strip().partition("\n")[0]
