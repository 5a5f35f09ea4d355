"""The commands over plan files: every one that the documentation shows, and what they say of mistakes."""

import os
import re
import shlex
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from bonusbridge.cli import app
from bonusbridge.plan_commands.commands import plan
from bonusbridge.plan_files import read_plan
from compensation import Facts
from tests.bonusbridge.small_company import ROOT, SmallCompany, fill, served_company
from tests.compensation.review.history import Invoice, facts_of

PAGE = (ROOT / "docs" / "plan-commands.md").read_text(encoding="utf-8")
PLANS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
DEAL_OF_THE_PAGE = "0065g00000XyZabAAB"


class Shown(NamedTuple):
    """A command of the page, how it ends, and lines that it writes."""

    arguments: list[str]
    code: int
    lines: list[str]


def shown_commands() -> Iterator[Shown]:
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for command, lines in re.findall(r"^\$ bonusbridge (.*)\n((?:[^$\n].*\n)*)", block, re.MULTILINE):
            words, _, remark = command.partition(" # ")
            yield Shown(shlex.split(words), int(remark.removeprefix("ends with ") or 0), lines.splitlines())


SHOWN = list(shown_commands())


def run(*arguments: str, environment: Mapping[str, str] = os.environ) -> tuple[int, str]:
    """How the command ends and all that it writes; what nobody expected keeps its traceback."""
    done = CliRunner().invoke(app, ["plan", *arguments], env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def write_history(folder: Path, facts: Facts) -> None:
    folder.mkdir()
    for frame in fields(facts):
        getattr(facts, frame.name).write_parquet(folder / f"{frame.name}.parquet")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallCompany, str]]:
    """Synchronised, with the page's plans and history beside its configuration; and its one deal."""
    folder = tmp_path_factory.mktemp("company")
    with served_company(folder, f"sqlite:///{folder / 'company.db'}") as small:
        staff = fill(small)
        for name, text in zip(("plans/reps.yaml", "reps.yaml", "reps-2027.yaml"), (PLANS[0], *PLANS), strict=True):
            (folder / name).write_text(text, encoding="utf-8")
        rep = facts_of([Invoice("O1", "rita", 40_000, kind="order")])
        titled = rep.assignments.with_columns(title=rep.assignments["title"].replace("Rep", "Account Executive"))
        write_history(folder / "history", Facts(**{**vars(rep), "assignments": titled}))
        small.write()
        assert small.run("sync").code == 0
        yield small, staff.deal


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: " ".join(shown.arguments))
def test_a_command_of_the_page_does_what_it_says(
    shown: Shown, company: tuple[SmallCompany, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, deal = company
    monkeypatch.chdir(small.folder)
    arguments = [deal if word == DEAL_OF_THE_PAGE else word for word in shown.arguments]
    code, output = run(*arguments[1:], environment=small.environment)
    assert (code, [line for line in shown.lines if line.rstrip() not in output]) == (shown.code, []), output


def test_the_page_shows_every_command() -> None:
    names = {command.callback.__name__ for command in plan.registered_commands if command.callback}
    assert names == {shown.arguments[1] for shown in SHOWN}


def test_history_adds_its_own_warnings(company: tuple[SmallCompany, str]) -> None:
    small, _ = company
    assert run("lint", str(small.folder / "plans"), "--config", str(small.file), environment=small.environment)[0] == 1
    invoices = str(small.folder / "invoices.yaml")
    Path(invoices).write_text(PLANS[0].replace("order", "invoice"), encoding="utf-8")
    for more in (["--data", str(small.folder / "history")], ["--history", "--config", str(small.file)]):
        _, output = run("lint", invoices, *more, environment=small.environment)
        assert "uncredited: No rule credits 1 transactions since" in output


def test_a_payee_is_told_why_nothing_was_earned(company: tuple[SmallCompany, str]) -> None:
    small, deal = company
    options = ("--config", str(small.file), "--lang", "zh-Hans")
    code, output = run("explain", "crm", deal, "crm:nobody", *options, environment=small.environment)
    assert (code, "crm:nobody在2026年11月2日没有任职记录。" in output) == (0, True)
    code, output = run("explain", "crm", "unknown", *options, environment=small.environment)
    assert (code, "crm:unknown: nothing to explain" in output) == (1, True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "reps.yaml"
    path.write_text(PLANS[0], encoding="utf-8")
    return path


def test_every_error_of_a_file_is_told_with_its_line(file: Path) -> None:
    wrong = PLANS[0].replace("rate: 5%", "rate: five").replace("period:", "perriod:").replace("order", "odrer", 1)
    file.write_text(wrong, encoding="utf-8")
    code, output = run("check", str(file))
    assert code == 1
    assert [line for line in ("line 7", "line 8", "line 11") if f"reps.yaml, {line}: " not in output] == []
    assert "did you mean 'period'?" in output
    assert "is missing" not in output


def test_an_example_that_fails_is_told(file: Path) -> None:
    file.write_text(PLANS[0].replace("2600]", "2601]"), encoding="utf-8")
    code, output = run("test", str(file))
    assert (code, "fails Reps: the second order crosses the bound" in output) == (1, True)


def test_a_plan_that_extends_another_reads_the_file_beside_it(file: Path) -> None:
    later = file.with_name("later.yaml")
    later.write_text(
        "extends: reps.yaml\nplan: Later reps\ncomponents: [{component: commission, cap: 9000}]\n", "utf-8"
    )
    assert run("check", str(file.parent))[0] == 0
    later.write_text("extends: ../reps.yaml\n", "utf-8")
    code, output = run("check", str(later))
    assert (code, "name a plan file of the same folder" in output) == (1, True)


def test_a_draft_contradicts_nobody(file: Path) -> None:
    draft = file.with_name("next.yaml")
    draft.write_text(PLANS[1] + "state: drafting\n", encoding="utf-8")
    assert run("check", str(file.parent))[0] == 0
    draft.write_text(PLANS[1], encoding="utf-8")
    assert run("check", str(file.parent))[0] == 1


def test_a_picture_shows_bounds_jumps_and_notes(file: Path) -> None:
    gated = (
        PLANS[0]
        .replace("effective:", "figures: {happy: {metric: csat}}\neffective:")
        .replace("    cap: 12000\n", "    cap: 12000\n    gates: [{figure: happy, at_least: 80%}]\n")
    )
    file.write_text(gated, encoding="utf-8")
    out = file.with_suffix(".svg")
    assert run("curve", str(file), "--out", str(out))[0] == 0
    drawn = ElementTree.parse(out).getroot()  # noqa: S314 - written by ourselves
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    wanted = (
        "Reps: commission",
        "100,000.00 USD",
        "12,000.00 USD",
        "8%",
        "gate: 'happy' at least 80%, otherwise nothing",
    )
    assert [text for text in wanted if text not in texts] == []
    paths = [each for each in drawn.iter("{http://www.w3.org/2000/svg}path") if each.get("class") == "pay"]
    assert len(paths) == 3


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "plans").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_documented_plan_that_has_a_curve_can_be_drawn(path: Path, tmp_path: Path) -> None:
    code, output = run("curve", str(path), "--out", str(tmp_path / "curve.svg"))
    names = [component.name for component in read_plan(path).components]
    without_curve = re.findall(r"component '(.*)' pays by figures of the period", output)
    assert (code, set(without_curve) <= set(names)) == (int(len(without_curve) == len(names)), True)
    if code == 0:
        ElementTree.parse(tmp_path / "curve.svg")  # noqa: S314 - written by ourselves


def test_a_curve_follows_the_quota_that_is_asked_for(file: Path) -> None:
    by_quota = PLANS[0].replace("from: 0,", "from: 0%,").replace("from: 100000,", "from: 100%,")
    file.write_text(re.sub(r"examples:\n.*\n", "", by_quota), encoding="utf-8")
    assert "100% (250,000.00 USD)" in run("curve", str(file), "--quota", "250000")[1]


MISUSES: dict[str, tuple[list[str], str]] = {
    "no such file": (["check", "nowhere.yaml"], "cannot read nowhere.yaml"),
    "no such component": (["curve", "{file}", "bonus"], "there is no component 'bonus'; choose one of commission"),
    "a quota in words": (["curve", "{file}", "--quota", "much"], "--quota: 'much' is no amount above zero"),
    "a language that is not spoken": (["lint", "{file}", "--lang", "fr"], "--lang: 'fr' is not spoken here"),
    "no history in the folder": (["compare", "{file}", "{file}", "--data", "."], "there is no transactions.parquet"),
    "no configuration": (["compare", "{file}", "{file}", "--config", "no.yaml"], "no.yaml: there is no such file"),
    "an empty folder": (["test", "{folder}"], "holds no .yaml file"),
}  # fmt: skip


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_misuse_is_told_with_its_remedy(misuse: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    (file.parent / "empty").mkdir()
    arguments, said = MISUSES[misuse]
    code, output = run(*(word.format(file=file, folder=file.parent / "empty") for word in arguments))
    assert (code, said in output) == (2, True), output
