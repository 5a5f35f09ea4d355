"""The demo as a newcomer runs it: the whole path, the largest deals with their reasons, and nothing left behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from sandbox.serving import bind

DEALS = 20
COMMAND = [sys.executable, "-m", "bonusbridge.cli", "demo"]
A_CLOSING_DAY = re.compile(r"│ \d{4}-\d\d-\d\d │")
A_BONUS = re.compile(r"│ +[\d,]+\.\d\d [A-Z]{3} │ (.*)│$")


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - our own program
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )


def check_largest_deals(lines: Sequence[str]) -> None:
    assert sum(1 for line in lines if A_CLOSING_DAY.search(line)) == DEALS
    reasons = [found.group(1).strip() for line in lines if (found := A_BONUS.search(line))]
    assert len(reasons) > DEALS
    assert all(reasons)


def check_nothing_is_left(process: "subprocess.Popen[str]") -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_once_it_prints_what_the_largest_open_deals_pay_and_ends(tmp_path: Path) -> None:
    with start("--once", "--folder", str(tmp_path / "demo")) as process:
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    check_largest_deals(output.splitlines())
    check_nothing_is_left(process)


def test_it_stays_up_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with start("--port", "0", "--folder", str(tmp_path / "demo")) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("Stop with")):
            lines.append(process.stdout.readline().rstrip("\n"))
            assert lines[-1] or process.poll() is None, "\n".join(lines)
        check_largest_deals(lines)
        (page,) = (line.split()[-1] for line in lines if line.startswith("The CRM's deal page"))
        people = httpx.get(f"{page}/api/session", trust_env=False).json()["people"]
        assert "Administrator" in {person["title"] for person in people}
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert process.returncode == 0
    check_nothing_is_left(process)


@pytest.mark.parametrize(("taken", "complaint"), [("port", "choose others by --port"), ("folder", "--folder")])
def test_it_says_what_is_in_its_way(taken: str, complaint: str, tmp_path: Path) -> None:
    with bind(0) as bound:
        bound.listen()
        port = str(bound.getsockname()[1]) if taken == "port" else "0"
        if taken == "folder":
            (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
        with start("--port", port, "--folder", str(tmp_path)) as process:
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert complaint in output
    assert "Traceback" not in output
    assert taken != "folder" or (tmp_path / "thesis.txt").exists()
