"""How comparisons, warnings and explanations are shown."""

import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bonusbridge.reports import money
from compensation.review.comparison import Comparison
from compensation.review.deal_in_words import Told
from compensation.review.warning import PlanWarning
from mappings.money import exponent

_ENGLISH = "en"


def show_warnings(console: Console, warnings: Sequence[PlanWarning], language: str) -> None:
    """The warnings by plan; one line if there are none."""
    for plan, of_plan in itertools.groupby(warnings, key=lambda warning: warning.plan):
        console.print(f"[bold]{escape(plan)}[/]", highlight=False)
        for warning in of_plan:
            text = escape(_said(warning.why.text, language))
            console.print(f"  [yellow]{warning.code}[/]: {text}", highlight=False, soft_wrap=True)
    if not warnings:
        console.print("nothing to warn about")


def show_comparison(console: Console, comparison: Comparison) -> None:
    """In all, by payee (winners first), and by component."""
    for row in comparison.total.iter_rows(named=True):
        old, new, difference = (_amount(row, side) for side in ("old", "new", "difference"))
        console.print(f"[bold]in all[/]: {old} before, {new} after: {difference}", highlight=False)
        console.print(f"  {row['winners']} of {row['payees']} get more, {row['losers']} less", highlight=False)
    if comparison.total.is_empty():
        console.print("neither pays anybody anything")
        return
    console.print(_table("By payee", comparison.by_payee, "name"))
    components = comparison.by_component.group_by("component", "currency").agg(
        pl.col("old_minor", "new_minor", "difference_minor").sum()
    )
    console.print(_table("By component", components.sort("component", "currency"), "component"))


def as_csv(comparison: Comparison) -> str:
    """By payee and component, amounts in units of their currency."""
    out = StringIO()
    sides = ("old", "new", "difference")
    lines = [("payee_id", "name", "component", "currency", *sides)]
    for row in comparison.by_component.iter_rows(named=True):
        amounts = tuple(f"{_units(row, side):f}" for side in sides)
        lines.append((row["payee_id"], row["name"], row["component"], row["currency"], *amounts))
    columns = zip(*lines[1:], strict=True) if len(lines) > 1 else [()] * len(lines[0])
    pl.DataFrame({name: list(column) for name, column in zip(lines[0], columns, strict=True)}).write_csv(out)
    return out.getvalue()


def show_told(console: Console, told: Sequence[Told], language: str) -> None:
    """Every earning line with its sentences, by payee."""
    for (_, name), of_payee in itertools.groupby(told, key=lambda each: (each.payee_id, each.name)):
        console.print(f"[bold]{escape(name)}[/]", highlight=False)
        for each in of_payee:
            if each.transaction_id:
                what = f"{_said(each.component, language)}, {each.transaction_id} of {each.dated_on}"
                earned = money(each.earning) if each.earning else "nothing"
                console.print(f"  {escape(what)}: {earned}", highlight=False, soft_wrap=True)
            for reason in each.reasons:
                console.print(f"    {escape(_said(reason.text, language))}", highlight=False, soft_wrap=True)


def _table(title: str, rows: pl.DataFrame, label: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(label.capitalize())
    for side in ("before", "after", "difference"):
        table.add_column(side, justify="right")
    for row in rows.iter_rows(named=True):
        table.add_row(escape(row[label]), *(_amount(row, side) for side in ("old", "new", "difference")))
    return table


def _amount(row: Mapping[str, Any], side: str) -> str:
    sign = "+" if side == "difference" and row["difference_minor"] > 0 else ""
    return f"{sign}{_units(row, side):,} {row['currency']}"


def _units(row: Mapping[str, Any], side: str) -> Decimal:
    return Decimal(row[f"{side}_minor"]).scaleb(-exponent(row["currency"]))


def _said(text: Mapping[str, str], language: str) -> str:
    return text.get(language, text[_ENGLISH])
