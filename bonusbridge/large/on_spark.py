"""Tasks on Spark: it says where and when they run, and tries again those whose machine was lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bonusbridge.large.errors import SparkError
from bonusbridge.large.tasks import Told

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Task = Callable[[int], Told]


@contextmanager
def spark_runs(cores: int, scratch: Path | None = None) -> Iterator[Callable[[Task, int], list[Told]]]:
    """Runs tasks in a Spark of this machine, as many at once as ``cores``; SparkError if Spark is not installed."""
    if find_spec("pyspark") is None:
        raise SparkError("Spark is not installed; install it with: pip install 'bonusbridge[spark]'")
    from bonusbridge.large.spark_session import local_session  # pyspark is an extra

    with local_session(cores, scratch=scratch) as session:
        yield run_on(session)


def run_on(session: "SparkSession") -> Callable[[Task, int], list[Told]]:
    """Runs tasks in a session: one part of an RDD each. SparkError with the task's own words if one fails."""

    def run(task: Task, count: int) -> list[Told]:
        from py4j.protocol import Py4JJavaError  # pyspark is an extra

        try:
            return session.sparkContext.parallelize(range(count), count).map(task).collect()
        except Py4JJavaError as error:
            words = _words(str(error.java_exception.getMessage()))
        raise SparkError(f"a task failed on Spark: {words}")

    return run


def _words(message: str) -> str:
    """What the Python task said in the end, out of all that Java tells of it."""
    last = [line for line in message.splitlines() if line and not line.startswith((" ", "\t", "Driver stacktrace"))]
    return last[-1].strip() if last else "without saying why"
