"""``bonusbridge plan …``: the commands over plan files."""

import json
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bonusbridge.complaining import complain, complaining, console
from bonusbridge.plan_commands.checking import show_contradictions, show_errors, show_examples
from bonusbridge.plan_commands.curve_points import NoCurveError, curves_of
from bonusbridge.plan_commands.curve_svg import svg
from bonusbridge.plan_commands.curve_text import show_curve
from bonusbridge.plan_commands.history import of_folder, of_warehouse
from bonusbridge.plan_commands.showing import as_csv, show_comparison, show_told, show_warnings
from bonusbridge.plan_files import plan_files, read_plan
from compensation import Facts
from compensation.plans.reference import plan_reference
from compensation.plans.schema import plan_schema
from compensation.review.comparison import compare as compare_plans
from compensation.review.deal_in_words import deal_in_words
from compensation.review.lint import lint as warnings_of
from compensation.review.lint import lint_history
from mappings.money import exponent

plan = typer.Typer(no_args_is_help=True, help="Works on plan files before they pay anybody.")

Files = Annotated[list[Path], typer.Argument(help="Plan files, or folders of them.", show_default=False)]
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", envvar="BONUSBRIDGE_CONFIG")
]
Language = Annotated[str, typer.Option("--lang", help="en or zh-Hans.")]
Day = Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The last day that counts.")]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Take history from this folder of Parquet files, not from the warehouse.")
]
DEFAULT_CONFIG = Path("bonusbridge.yaml")
LANGUAGES = ("en", "zh-Hans")
A_FAILURE = 1
MISUSED = 2


@plan.command()
def check(files: Files) -> None:
    """Reads plan files; says every error with its line and remedy, and whether files contradict each other."""
    with complaining():
        found = list(plan_files(files))
        sound = [file for file in found if show_errors(console, file)]
        agrees = show_contradictions([(file, read_plan(file)) for file in sound])
    _end_well(agrees and len(sound) == len(found))


@plan.command()
def test(files: Files) -> None:
    """Pays the examples that stand in the plan files, and says which of them hold."""
    with complaining():
        holds = [show_examples(console, read_plan(file)) for file in plan_files(files)]
    _end_well(all(holds))


@plan.command()
def schema() -> None:
    """Prints the JSON Schema of plan files, for editors."""
    typer.echo(json.dumps(plan_schema(), indent=2, ensure_ascii=False))


@plan.command()
def reference() -> None:
    """Prints the reference of the plan language: every key with its meaning and a snippet."""
    typer.echo(plan_reference(), nl=False)


@plan.command()
def curve(
    file: Annotated[Path, typer.Argument(help="The plan file.", show_default=False)],
    component: Annotated[str | None, typer.Argument(help="One component; all of them unless given.")] = None,
    quota: Annotated[str | None, typer.Option(help="The quota, in units; the plan's own or 100000.")] = None,
    target_pay: Annotated[str | None, typer.Option(help="The target pay; the plan's own or 10000.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write an SVG picture to this file.")] = None,
) -> None:
    """Draws how pay grows with what is sold: cumulative pay and rate over the position."""
    with complaining():
        read = read_plan(file)
    names = [each.name for each in read.components]
    if component is not None and component not in names:
        _refuse(f"{file}: there is no component '{component}'; choose one of {', '.join(names)}")
    curves = []
    for each in read.components:
        if component in (None, each.name):
            try:
                curves += curves_of(read, each, _amount(quota, "--quota"), _amount(target_pay, "--target-pay"))
            except NoCurveError as error:
                console.print(escape(str(error)), highlight=False, soft_wrap=True)
    if out is None:
        for shown in curves:
            show_curve(console, shown)
    elif curves:
        out.write_text(svg(curves), encoding="utf-8")
        console.print(f"written: {escape(str(out))}", highlight=False, soft_wrap=True)
    _end_well(bool(curves))


@plan.command()
def explain(
    source: Annotated[str, typer.Argument(help="The configured name of the CRM, e.g. crm.", show_default=False)],
    ref: Annotated[str, typer.Argument(help="The deal's id in that system.", show_default=False)],
    payee: Annotated[str | None, typer.Argument(help="The payee's id, e.g. crm:0055…; all unless given.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    language: Language = "en",
    as_of: Day = None,
) -> None:
    """Says in sentences what a deal has earned somebody, line by line, and why not where it has not."""
    _check_language(language)
    deal_id = f"{source}:{ref}"
    with complaining(config):
        facts, plans, day = of_warehouse(config, _day(as_of))
        told = deal_in_words(facts, plans, deal_id, payee, as_of=day)
    if not told:
        why = f"no document of it counts up to {day}, or it has not been read; try estimate for an open deal"
        console.print(escape(f"{deal_id}: nothing to explain: {why}"), highlight=False, soft_wrap=True)
    show_told(console, told, language)
    _end_well(bool(told))


@plan.command()
def compare(
    old: Annotated[Path, typer.Argument(help="The plan file, or folder of files, that pays now.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="What would pay instead.", show_default=False)],
    data: DataFolder = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_of: Day = None,
    csv: Annotated[Path | None, typer.Option(help="Write payees and components to this file as well.")] = None,
) -> None:
    """Says what a new version would have paid on history: in all, winners and losers, by payee and component."""
    with complaining(config):
        before, after = ([read_plan(file) for file in plan_files([entry])] for entry in (old, new))
        facts, day = of_folder(data, _day(as_of)) if data else _warehouse(config, as_of)
        comparison = compare_plans(facts, before, after, as_of=day)
    show_comparison(console, comparison)
    if csv is not None:
        csv.write_text(as_csv(comparison), encoding="utf-8")


@plan.command()
def lint(
    files: Files,
    history: Annotated[bool, typer.Option("--history", help="Look at what happened as well.")] = False,
    data: DataFolder = None,
    config: ConfigOption = DEFAULT_CONFIG,
    language: Language = "en",
    as_of: Day = None,
) -> None:
    """Warns of what the plans make worth while and the company may not mean; each with the smallest example."""
    _check_language(language)
    with complaining(config):
        plans = [read_plan(file) for file in plan_files(files)]
        warnings = warnings_of(plans, {each.currency: exponent(each.currency) for each in plans})
        if history or data:
            facts, day = of_folder(data, _day(as_of)) if data else _warehouse(config, as_of)
            warnings += lint_history(facts, plans, as_of=day)
    show_warnings(console, warnings, language)
    _end_well(not warnings)


def _warehouse(config: Path, as_of: datetime | None) -> tuple[Facts, date]:
    facts, _, day = of_warehouse(config, _day(as_of))
    return facts, day


def _day(typed: datetime | None) -> date | None:
    return typed.date() if typed else None


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        _refuse(f"--lang: '{language}' is not spoken here; choose one of {', '.join(LANGUAGES)}")


def _amount(typed: str | None, option: str) -> Decimal | None:
    if typed is None:
        return None
    try:
        amount = Decimal(typed)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        _refuse(f"{option}: '{typed}' is no amount above zero; write it as 250000")
    return amount


def _refuse(what: str) -> None:
    complain(what)
    raise typer.Exit(MISUSED)


def _end_well(is_well: bool) -> None:
    if not is_well:
        raise typer.Exit(A_FAILURE)
