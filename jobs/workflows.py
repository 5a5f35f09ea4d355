"""The jobs as durable workflows: each step may be repeated, and a killed run goes on where it was.

``land`` reads what is new, ``sweep`` what no stamp tells of; ``normalise`` maps it and joins it into deals;
``calculate`` stores earnings and estimates; ``refresh`` does all of it. A system that fails does not stop the others.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypedDict

from dbos import DBOS

from jobs.calculating import Calculated, calculate, join_deals
from jobs.normalising import Normalised, normalise_page
from jobs.syncing import Landed, StreamLanding
from jobs.work import Work


class Outcome(TypedDict):
    """What a run did, in rows; ``failures`` says of each stream that could not be read why."""

    read: int
    landed: int
    mapped: int
    rejected: int
    warnings: dict[str, int]
    deals: int
    estimates: int
    failures: list[str]


def register(work: Work) -> dict[str, Callable[..., Any]]:
    """Decorates the workflows over ``work`` and returns them by name."""
    landing = StreamLanding(work)

    @DBOS.step(name="land_page")
    def land_page(run_id: str, source: str, stream: str) -> Landed:
        return landing.next_page(run_id, work.source(source), stream)

    @DBOS.step(name="land_deletions")
    def land_deletions(source: str, stream: str) -> Landed:
        return landing.deletions(work.source(source), stream)

    @DBOS.step(name="sweep_page")
    def sweep_page(source: str, stream: str, after: str) -> Landed:
        return landing.sweep_page(work.source(source), stream, after)

    @DBOS.step(name="normalise_page")
    def normalise_one_page(source: str) -> Normalised:
        return normalise_page(work, work.source(source))

    @DBOS.step(name="join_deals")
    def join_all_deals() -> int:
        return join_deals(work)

    @DBOS.step(name="calculate")
    def calculate_all() -> Calculated:
        return calculate(work)

    def land_all(outcome: Outcome) -> None:
        run_id = str(DBOS.workflow_id)
        for source in work.sources:
            for stream in source.connector.streams:
                _land_stream(outcome, lambda s=source.name, t=stream: land_page(run_id, s, t))
                deleted = land_deletions(source.name, stream)
                _add_landed(outcome, deleted)
                if deleted.is_gap:
                    sweep_stream(outcome, source.name, stream)

    def sweep_stream(outcome: Outcome, source: str, stream: str) -> None:
        after = ""
        while not (page := sweep_page(source, stream, after)).is_last:
            _add_landed(outcome, page)
            after = page.after
        _add_landed(outcome, page)

    def normalise_all(outcome: Outcome) -> None:
        for source in work.sources:
            while not (page := normalise_one_page(source.name)).is_last:
                _add_normalised(outcome, page)
        outcome["deals"] = join_all_deals()

    def calculate_estimates(outcome: Outcome) -> None:
        calculated = calculate_all()
        outcome["estimates"] = calculated.estimates
        outcome["failures"].extend(calculated.failures)

    def workflow(name: str, *parts: Callable[[Outcome], None]) -> Callable[[], Outcome]:
        @DBOS.workflow(name=name)
        def run() -> Outcome:
            outcome = _nothing()
            for part in parts:
                part(outcome)
            return outcome

        return run

    def sweep_all(outcome: Outcome) -> None:
        for source in work.sources:
            for stream in source.connector.streams:
                sweep_stream(outcome, source.name, stream)

    return {
        "land": workflow("land", land_all),
        "normalise": workflow("normalise", normalise_all),
        "calculate": workflow("calculate", calculate_estimates),
        "refresh": workflow("refresh", land_all, normalise_all, calculate_estimates),
        "sweep": workflow("sweep", sweep_all, normalise_all, calculate_estimates),
    }


def scheduled(name: str, job: Callable[[], Outcome]) -> Callable[[datetime, Any], None]:
    """The job as DBOS's scheduler calls it."""

    @DBOS.workflow(name=f"scheduled_{name}")
    def run(_at: datetime, _context: Any) -> None:  # noqa: ANN401 - DBOS's signature
        job()

    return run


def _nothing() -> Outcome:
    return Outcome(read=0, landed=0, mapped=0, rejected=0, warnings={}, deals=0, estimates=0, failures=[])


def _land_stream(outcome: Outcome, next_page: Callable[[], Landed]) -> None:
    while not (page := next_page()).is_last:
        _add_landed(outcome, page)
    _add_landed(outcome, page)


def _add_landed(outcome: Outcome, page: Landed) -> None:
    outcome["read"] += page.read
    outcome["landed"] += page.landed
    if page.error:
        outcome["failures"].append(page.error)


def _add_normalised(outcome: Outcome, page: Normalised) -> None:
    outcome["mapped"] += page.mapped
    outcome["rejected"] += page.rejected
    outcome["warnings"] = dict(Counter(outcome["warnings"]) + Counter(page.warnings))
