"""The jobs as durable workflows: each step may be repeated, and a killed run goes on where it was.

``land`` reads what is new, ``sweep`` what no stamp tells of; ``normalise`` maps it and joins it into deals;
``calculate`` stores earnings and estimates; ``refresh`` does all of it. A system that fails does not stop the others.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypedDict

from dbos import DBOS

from jobs.calculating import calculate_all, join_deals
from jobs.normalising import Normalised, normalise_page
from jobs.runner import enqueue
from jobs.syncing import Failure, Landed, StreamLanding
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


Job = Callable[[], Outcome]


def register(work: Work) -> dict[str, Callable[..., Any]]:
    """Decorates the workflows over ``work`` and returns them by name, the scheduled ones as ``scheduled_…``."""
    steps = _Steps(work)

    def job(name: str, *parts: Callable[[_Run], None]) -> Job:
        @DBOS.workflow(name=name)
        def run() -> Outcome:
            doing = _Run(work, steps)
            for part in parts:
                part(doing)
            return doing.outcome

        return run

    jobs = {
        "land": job("land", _Run.land),
        "normalise": job("normalise", _Run.normalise),
        "calculate": job("calculate", _Run.calculate),
        "refresh": job("refresh", _Run.land, _Run.normalise, _Run.calculate),
        "sweep": job("sweep", _Run.sweep, _Run.normalise, _Run.calculate),
    }
    return jobs | {f"scheduled_{name}": _scheduled(name, jobs[name]) for name in ("refresh", "sweep")}


def _scheduled(name: str, job: Job) -> Callable[[datetime, Any], None]:
    """As DBOS's scheduler calls it: asks for the job and is done, so that a slow one does not pile up behind itself."""

    @DBOS.workflow(name=f"scheduled_{name}")
    def run(_at: datetime, _context: Any) -> None:  # noqa: ANN401 - DBOS's signature
        enqueue(name, job)

    return run


class _Steps:
    """What DBOS notes as done; each commits its effect with its own mark, see ``docs/decisions/0002``."""

    def __init__(self, work: Work) -> None:
        landing = StreamLanding(work)

        @DBOS.step(name="land_page")
        def land_page(run_id: str, source: str, stream: str) -> Landed:
            return landing.next_page(run_id, work.source(source), stream)

        @DBOS.step(name="land_deletions")
        def land_deletions(source: str, stream: str) -> Landed:
            return landing.deletions(work.source(source), stream)

        @DBOS.step(name="close_gap")
        def close_gap(source: str, stream: str, found_at: datetime) -> None:
            landing.close_gap(work.source(source), stream, found_at)

        @DBOS.step(name="sweep_page")
        def sweep_page(source: str, stream: str, after: str) -> Landed:
            return landing.sweep_page(work.source(source), stream, after)

        @DBOS.step(name="normalise_page")
        def normalise_source(source: str) -> Normalised:
            return normalise_page(work, work.source(source))

        self.land_page = land_page
        self.land_deletions = land_deletions
        self.close_gap = close_gap
        self.sweep_page = sweep_page
        self.normalise_page = normalise_source
        self.join_deals = DBOS.step(name="join_deals")(lambda: join_deals(work))
        self.calculate = DBOS.step(name="calculate")(lambda: calculate_all(work))


class _Run:
    """One run of a job: goes through the steps and adds up what they did."""

    def __init__(self, work: Work, steps: _Steps) -> None:
        self._streams = {source.name: source.streams for source in work.sources}
        self._steps = steps
        self.outcome = Outcome(read=0, landed=0, mapped=0, rejected=0, warnings={}, deals=0, estimates=0, failures=[])

    def land(self) -> None:
        run_id = str(DBOS.workflow_id)
        self._each_stream(lambda source, stream: self._land_stream(run_id, source, stream))

    def sweep(self) -> None:
        self._each_stream(self._sweep_stream)

    def _each_stream(self, do: Callable[[str, str], Landed]) -> None:
        """Leaves the rest of a system for the next run once it refuses us, or is silent on two streams in a row."""
        for source, streams in self._streams.items():
            before: Failure | None = None
            for stream in streams:
                failure = do(source, stream).failure
                if failure is Failure.REFUSAL or (failure is before is Failure.SILENCE):
                    break
                before = failure

    def _land_stream(self, run_id: str, source: str, stream: str) -> Landed:
        page = Landed()
        while not page.is_last:
            page = self._add(self._steps.land_page(run_id, source, stream))
        if page.failure:
            return page
        deletions = self._add(self._steps.land_deletions(source, stream))
        return deletions if deletions.gap_found_at is None else self._sweep_gap(source, stream, deletions.gap_found_at)

    def normalise(self) -> None:
        for source in self._streams:
            while not (page := self._steps.normalise_page(source)).is_last:
                self.outcome["mapped"] += page.mapped
                self.outcome["rejected"] += page.rejected
                self.outcome["warnings"] = dict(Counter(self.outcome["warnings"]) + Counter(page.warnings))
        self.outcome["deals"] = self._steps.join_deals()

    def calculate(self) -> None:
        calculated = self._steps.calculate()
        self.outcome["estimates"] = calculated.estimates
        self.outcome["warnings"] |= calculated.warnings
        self.outcome["failures"].extend(calculated.failures)

    def _sweep_stream(self, source: str, stream: str) -> Landed:
        page = Landed()
        while not page.is_last:
            page = self._add(self._steps.sweep_page(source, stream, page.after))
        return page

    def _sweep_gap(self, source: str, stream: str, found_at: datetime) -> Landed:
        swept = self._sweep_stream(source, stream)
        if swept.failure is None:
            self._steps.close_gap(source, stream, found_at)
        return swept

    def _add(self, page: Landed) -> Landed:
        self.outcome["read"] += page.read
        self.outcome["landed"] += page.landed
        if page.error:
            self.outcome["failures"].append(page.error)
        return page
