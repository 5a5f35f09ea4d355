"""The command line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from bonusbridge import reports
from bonusbridge.complaining import complaining, console
from bonusbridge.configuration import Configuration
from bonusbridge.large.commands import Asked, Machinery, calculate_in_parts, export_facts
from bonusbridge.large.facts_folder import BUCKETS
from bonusbridge.plan_commands.commands import plan
from bonusbridge.progress import watching
from bonusbridge.stopping import wait_for_stop
from bonusbridge.wiring import open_jobs, open_work, open_worker, plans_in_force
from jobs.runner import list_runs
from jobs.workflows import Outcome

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(plan, name="plan")

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", envvar="BONUSBRIDGE_CONFIG")
]
DEFAULT_CONFIG = Path("bonusbridge.yaml")


@app.command()
def sync(
    config: ConfigOption = DEFAULT_CONFIG,
    land_only: Annotated[bool, typer.Option(help="Land what is new; do not map, join and calculate it.")] = False,
) -> None:
    """Reads what is new in every system; then maps it, joins it into deals and calculates."""
    _run(config, "land" if land_only else "refresh")


@app.command()
def normalise(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Maps what has landed into canonical records and joins them into deals; replays rejects of a mended mapping."""
    _run(config, "normalise")


@app.command()
def calculate(
    config: ConfigOption = DEFAULT_CONFIG,
    data: Annotated[Path | None, typer.Option(help="Facts that 'export' wrote, instead of the warehouse.")] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day that counts.")] = None,
    engine: Annotated[Machinery, typer.Option(help="One part after another, or many at once.")] = Machinery.POLARS,
    out: Annotated[Path | None, typer.Option(help="A new folder that keeps the results as Parquet files.")] = None,
    plans: Annotated[
        list[Path] | None, typer.Option(help="Plan files or folders, instead of those configured.")
    ] = None,
    partitions: Annotated[int, typer.Option(min=1, help="In how many parts.")] = 16,
    cores: Annotated[int, typer.Option(min=1, help="How many parts Spark calculates at once.")] = 2,
    scratch: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Where files in between lie.")
    ] = None,
) -> None:
    """Calculates earnings and estimates from the canonical records and the plans.

    With --data: earnings and payments of exported facts, in parts; --as-of says up to which day, the other options how.
    """
    if data is None:
        _run(config, "calculate")
        return
    if as_of is None:
        raise typer.BadParameter("say up to which day with --as-of YYYY-MM-DD", param_hint="--as-of")
    with complaining(config):
        chosen = [each.plan for each in plans_in_force(plans or _load(config).plans)]
        asked = Asked(data, as_of.date(), partitions, out, scratch)
        reports.show_totals(console, calculate_in_parts(asked, chosen, engine, cores))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    config: ConfigOption = DEFAULT_CONFIG,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today unless given.")] = None,
    buckets: Annotated[int, typer.Option(min=1, help="Into how many files the deals are divided.")] = BUCKETS,
) -> None:
    """Writes everything that earnings are calculated from as Parquet files, for 'calculate --data'."""
    with complaining(config), _work(config) as (_, opened):
        left_out = export_facts(opened, folder, as_of.date() if as_of else None, buckets)
        console.print(f"exported to {escape(str(folder))}", highlight=False)
        for warning, count in sorted(left_out.items()):
            console.print(f"  {count:>7,} {escape(warning)}", highlight=False)


@app.command()
def sweep(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Re-reads every record that we hold: finds deletes and changes that the systems do not announce."""
    _run(config, "sweep")


@app.command()
def estimate(
    source: Annotated[str, typer.Argument(help="The configured name of the CRM, e.g. crm.")],
    ref: Annotated[str, typer.Argument(help="The deal's id in that system.")],
    config: ConfigOption = DEFAULT_CONFIG,
    language: Annotated[str, typer.Option(help="en or zh-Hans.")] = "en",
) -> None:
    """Shows what a deal pays to whom, and why, as it was last calculated."""
    with complaining(config), _work(config) as (_, work):
        is_found = reports.show_estimates(console, work.engine, source, ref, language)
    if not is_found:
        raise typer.Exit(1)


@app.command()
def serve(
    config: ConfigOption = DEFAULT_CONFIG,
    host: str = "127.0.0.1",
    port: int = 8000,
) -> None:
    """Serves the mashup API and the deal card."""
    from bonusbridge.serving import serve_api  # no other command needs a web server's half second of imports

    with complaining(config):
        serve_api(_load(config), config.parent, host, port)


@app.command()
def work(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Works off jobs, scheduled and asked for, until it is stopped."""
    with (
        complaining(config),
        watching(console) as progress,
        open_worker(_load(config), config.parent, progress=progress),
    ):
        console.print("working; stop with Ctrl-C")
        wait_for_stop()


@app.command()
def jobs(config: ConfigOption = DEFAULT_CONFIG, limit: int = 20) -> None:
    """Lists the newest runs: when, what, how it ended, and what was rejected and why."""
    with complaining(config), _work(config) as (_, opened):
        reports.show_runs(console, list_runs(opened.engine, limit))
        reports.show_rejects(console, opened.engine, limit)


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Tries every system (reachable, scopes, remaining calls, clock) and pays every plan's own examples."""
    with complaining(config), _work(config) as (_, opened):
        is_healthy = [reports.show_health(console, source.connector) for source in opened.sources]
        holds = [reports.show_plan_examples(console, each.plan) for each in opened.plans]
    if not all((*is_healthy, *holds)):
        raise typer.Exit(1)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Do the whole path once, print the result and end.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its database.")] = Path(".demo"),
    port: Annotated[int, typer.Option(help="The pretend CRM's port; the API takes the next one.")] = 8080,
) -> None:
    """Starts a pretend CRM and ERP, brings their records together and shows the bonus on the deal page."""
    from bonusbridge.demo import run_demo  # the sandbox is an extra that production does not install

    with complaining():
        run_demo(console, folder, port, once)


def _load(config: Path) -> Configuration:
    return Configuration.load(config, os.environ)


def _run(config: Path, job: str) -> None:
    with complaining(config):
        configuration = _load(config)
        with watching(console) as progress, open_jobs(configuration, config.parent, progress=progress) as runner:
            outcome: Outcome = runner.run(job)
        reports.show_outcome(console, job, outcome)
    if outcome["failures"]:
        raise typer.Exit(1)


@contextmanager
def _work(config: Path) -> Iterator[tuple[Configuration, Any]]:
    configuration = _load(config)
    with open_work(configuration, config.parent) as opened:
        yield configuration, opened


def main() -> None:
    app()


if __name__ == "__main__":
    sys.exit(app())
