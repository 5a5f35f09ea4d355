"""Who has a plan when, and who stands above whom when."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from compensation.errors import FactsError
from compensation.facts.frames import Facts
from compensation.plans.parts import NEVER
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule


class Assignment(NamedTuple):
    """One row of the assignments frame."""

    payee_id: str
    name: str
    email: str | None
    title: str
    region: str | None
    channel: str | None
    manager_id: str | None
    pay_currency: str | None
    from_on: date
    to_on: date
    team: str | None = None
    salary_minor: int | None = None
    hired_on: date | None = None
    successor_id: str | None = None

    def contains(self, day: date) -> bool:
        return self.from_on <= day < self.to_on


class Assignments:
    """The assignments, by payee."""

    def __init__(self, facts: Facts) -> None:
        self._assignments: dict[str, list[Assignment]] = defaultdict(list)
        for row in facts.assignments.sort("payee_id", "from_on").iter_rows():
            assignment = Assignment(*row)
            self._assignments[row[0]].append(assignment._replace(to_on=assignment.to_on or NEVER))

    def name(self, payee_id: str) -> str:
        assignments = self._assignments.get(payee_id)
        return assignments[-1].name if assignments else payee_id

    def on(self, payee_id: str, day: date) -> Assignment | None:
        """The payee's assignment on the day."""
        return next(
            (assignment for assignment in self._assignments.get(payee_id, ()) if assignment.contains(day)), None
        )

    def eligibility(self, rules: Sequence[Rule]) -> pl.DataFrame:
        """When each payee has each plan: plan (number), payee_id, eligible_from, eligible_to (excluded)."""
        plans = {rule.plan_number: rule.plan for rule in rules}
        rows = [
            (
                number,
                assignment.payee_id,
                max(assignment.from_on, plan.effective.from_on),
                min(assignment.to_on, plan.effective.ends_on),
            )
            for number, plan in plans.items()
            for assignments in self._assignments.values()
            for assignment in assignments
            if covers(plan, assignment)
        ]
        schema = {"plan": pl.Int64, "payee_id": pl.String, "eligible_from": pl.Date, "eligible_to": pl.Date}
        return pl.DataFrame([row for row in rows if row[2] < row[3]], schema=schema, orient="row")

    def chains(self) -> pl.DataFrame:
        """Everybody's managers: payee_id, manager_id, level (1: direct), chain_from, chain_to (excluded)."""
        rows = [link for payee_id in self._assignments for link in self._above(payee_id)]
        schema = {
            **dict.fromkeys(("payee_id", "manager_id"), pl.String),
            "level": pl.Int64,
            **dict.fromkeys(("chain_from", "chain_to"), pl.Date),
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _above(self, payee_id: str) -> Iterator[tuple[str, str, int, date, date]]:
        reached: list[tuple[str, date, date, tuple[str, ...]]] = [(payee_id, date.min, NEVER, (payee_id,))]
        while reached:
            below, start, end, path = reached.pop()
            for assignment in self._assignments.get(below, ()):
                first, last = max(start, assignment.from_on), min(end, assignment.to_on)
                if assignment.manager_id is None or first >= last:
                    continue
                if assignment.manager_id in path:
                    raise FactsError(
                        f"assignments: {assignment.manager_id} is above and below {below} on {first}; mend the tree"
                    )
                yield payee_id, assignment.manager_id, len(path), first, last
                reached.append((assignment.manager_id, first, last, (*path, assignment.manager_id)))


def covers(plan: Plan, assignment: Assignment) -> bool:
    """Whether the plan is for people in that position."""
    who = plan.applies_to
    wanted = (
        (who.titles, assignment.title),
        (who.regions, assignment.region),
        (who.channels, assignment.channel),
        (who.teams, assignment.team),
        (who.payees, assignment.payee_id),
    )
    return all(not values or value in values for values, value in wanted)
