"""``bonusbridge plan …``: the commands over plan files."""

import json
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
from bonusbridge.plan_files import plan_files, read_plan
from compensation.plans.reference import plan_reference
from compensation.plans.schema import plan_schema

plan = typer.Typer(no_args_is_help=True, help="Works on plan files before they pay anybody.")

Files = Annotated[list[Path], typer.Argument(help="Plan files, or folders of them.", show_default=False)]
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
        console.print(f"{escape(str(out))}: {len(curves)} curves", highlight=False, soft_wrap=True)
    _end_well(bool(curves))


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
