"""What the command line shows."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine

from bonusbridge.large.totals import Total
from compensation import DealEstimate, Money, Plan, failing_examples
from connectors.errors import ConnectorError
from connectors.protocol import Connector
from jobs.workflows import Outcome
from mappings.money import exponent
from warehouse import access
from warehouse.canonical import rejects
from warehouse.database import reading

ENGLISH = "en"


def show_outcome(console: Console, job: str, outcome: Outcome) -> None:
    """One line of figures, then what was missing or failed."""
    figures = ", ".join(
        f"{outcome[name]:,} {word}"  # type: ignore[literal-required] # the names are Outcome's own
        for name, word in (
            ("read", "read"),
            ("landed", "new"),
            ("mapped", "mapped"),
            ("rejected", "rejected"),
            ("deals", "deals changed"),
            ("estimates", "estimates written"),
        )
    )
    console.print(f"[bold]{job}[/]: {figures}", highlight=False)
    for warning, count in sorted(outcome["warnings"].items()):
        console.print(f"  {count:>7,} {escape(warning)}", highlight=False)
    for failure in outcome["failures"]:
        console.print(f"  [red]failed:[/] {escape(failure)}", highlight=False, soft_wrap=True)


def show_estimates(console: Console, engine: Engine, source: str, ref: str, language: str) -> bool:
    """The current estimates of a deal for all its payees; False, and why, if there are none."""
    deal_id = f"{source}:{ref}"
    with reading(engine) as connection:
        is_known = connection.execute(access.DEAL_EXISTS, {"deal_id": deal_id}).first() is not None
        rows = connection.execute(access.CURRENT_ESTIMATES_OF_DEAL, {"deal_id": deal_id}).all()
    if not rows:
        reason = "it is closed, or nobody takes part in it" if is_known else "no such deal has been read; run sync"
        console.print(f"{escape(deal_id)}: no estimate: {reason}")
        return False
    estimates = [DealEstimate.model_validate_json(row.document) for row in rows]
    deal = estimates[0].deal
    console.print(f"[bold]{escape(deal.name)}[/], {escape(deal.customer or 'no customer')}, {_day(deal.close_on)}")
    console.print(f"{money(deal.amount)} ({deal.amount_basis})\n")
    for estimate in estimates:
        _show_estimate(console, estimate, language)
    return True


def estimates_table(estimates: Iterable[DealEstimate], language: str = ENGLISH) -> Table:
    """One row a deal and payee, with the reasons."""
    table = Table(title="The largest open deals and what they pay", show_lines=True, title_justify="left")
    for title, justify in (("Deal", "left"), ("Amount", "right"), ("Closes", "left"), ("Payee", "left")):
        table.add_column(title, justify="right" if justify == "right" else "left", overflow="fold")
    table.add_column("Bonus", justify="right", style="bold", no_wrap=True)
    table.add_column("Why", ratio=1, overflow="fold")
    for deal, of_deal in itertools.groupby(estimates, key=lambda estimate: estimate.deal):
        heading = (
            f"{escape(deal.name)}\n[dim]{escape(deal.customer or '')}[/]",
            money(deal.amount),
            _day(deal.close_on),
        )
        for estimate in of_deal:
            why = escape("\n".join(reasons(estimate, language)))
            table.add_row(*heading, escape(estimate.payee.name), money(estimate.total), why)
            heading = ("", "", "")
    return table


def reasons(estimate: DealEstimate, language: str) -> list[str]:
    """Why the estimate is what it is, as sentences."""
    of_components = [reason for component in estimate.components for reason in component.reasons]
    return [reason.text.get(language, reason.text[ENGLISH]) for reason in (*of_components, *estimate.reasons)]


def show_runs(console: Console, runs: Sequence[Any]) -> None:
    """The runs as DBOS keeps them, the newest first."""
    table = Table("Started", "Job", "State", "Read", "New", "Mapped", "Rejected", "Estimates", "Failures")
    for run in runs:
        output: Any = run.output if isinstance(run.output, dict) else {}
        figures = [str(output.get(name, "")) for name in ("read", "landed", "mapped", "rejected", "estimates")]
        started = datetime.fromtimestamp((run.created_at or 0) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(started, run.name, run.status, *figures, escape("\n".join(output.get("failures", ()))))
    console.print(table)


def show_rejects(console: Console, engine: Engine, limit: int) -> None:
    """Which records could not be mapped, and why."""
    with reading(engine) as connection:
        counts = rejects.count(connection)
    if not counts:
        return
    table = Table(
        "Source", "Stream", "Records", "Such as", "Rejected because", title="Rejects, kept until they can be mapped"
    )
    for cause in counts[:limit]:
        why = escape(f"{cause.field} {cause.reason}".strip())
        table.add_row(cause.source, cause.stream, f"{cause.records:,}", escape(cause.example), why)
    console.print(table)


def show_health(console: Console, connector: Connector) -> bool:
    """Whether the system answers, and what it says of itself."""
    try:
        health = connector.check()
    except ConnectorError as error:
        console.print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        return False
    calls = "not told" if health.remaining_calls is None else f"{health.remaining_calls:,}"
    console.print(
        f"[green]{connector.source}[/]: {health.system}; calls left: {calls}; "
        f"clock {health.clock_skew.total_seconds():+.1f} s; "
        f"time zone {health.time_zone}; scopes: {', '.join(health.scopes) or 'not told'}",
        highlight=False,
    )
    return True


def show_totals(console: Console, totals: Iterable[Total]) -> None:
    """What is earned and paid in all, by plan, component and currency."""
    table = Table("", "Plan", "Component", title="In all", title_justify="left")
    table.add_column("Rows", justify="right")
    table.add_column("Amount", justify="right", no_wrap=True)
    for each in totals:
        amount = Decimal(each.minor).scaleb(-exponent(each.currency))
        table.add_row(
            each.what, escape(each.plan), escape(each.component), f"{each.rows:,}", f"{amount:,} {each.currency}"
        )
    console.print(table)


def show_plan_examples(console: Console, plan: Plan) -> bool:
    """Whether the plan pays what its own examples say."""
    failures = failing_examples(plan, exponent)
    name = escape(plan.name)
    if not failures:
        console.print(f"[green]{name}[/]: plan {plan.version}; its {len(plan.examples)} examples hold", highlight=False)
    for failure in failures:
        console.print(f"[red]{name}: {escape(failure)}[/]", highlight=False, soft_wrap=True)
    return not failures


def money(amount: Money | None) -> str:
    return "-" if amount is None else f"{Decimal(amount.amount):,} {amount.currency or ''}".rstrip()


def _show_estimate(console: Console, estimate: DealEstimate, language: str) -> None:
    console.print(f"[bold]{escape(estimate.payee.name)}: {money(estimate.total)}[/]", highlight=False)
    first, last = estimate.range.closed_first, estimate.range.closed_last
    if first != last:
        console.print(f"  {money(first)} if it closes first, {money(last)} if it closes last", highlight=False)
    for sentence in reasons(estimate, language):
        console.print(f"  {escape(sentence)}", highlight=False, soft_wrap=True)


def _day(day: object) -> str:
    return "no date" if day is None else str(day)
