"""Who has a plan when, and who stands above whom when."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

import polars as pl

from compensation.errors import FactsError
from compensation.facts.frames import Facts
from compensation.plans.components import Component
from compensation.plans.parts import NEVER, People
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


POSITIONS = {
    "plan": pl.Int64(),
    "payee_id": pl.String(),
    **dict.fromkeys(("eligible_from", "eligible_to"), pl.Date()),
    **dict.fromkeys(("team", "title", "payee_region", "payee_channel"), pl.String()),
    "hired_on": pl.Date(),
}
"""Columns of :meth:`Assignments.positions`."""
_COLUMNS = {
    "titles": "title",
    "regions": "payee_region",
    "channels": "payee_channel",
    "teams": "team",
    "payees": "payee_id",
}
"""Which of them a list of people asks for."""


class Assignments:
    """The assignments, by payee."""

    def __init__(self, facts: Facts) -> None:
        self._assignments: dict[str, list[Assignment]] = defaultdict(list)
        self._positions: dict[tuple[tuple[int, int], ...], tuple[Mapping[int, Plan], pl.DataFrame]] = {}
        for row in facts.assignments.sort("payee_id", "from_on").iter_rows():
            assignment = Assignment(*row)
            self._assignments[row[0]].append(assignment._replace(to_on=assignment.to_on or NEVER))

    def name(self, payee_id: str) -> str:
        assignments = self._assignments.get(payee_id)
        return assignments[-1].name if assignments else payee_id

    @property
    def payee_ids(self) -> tuple[str, ...]:
        """Everybody who has ever had an assignment."""
        return tuple(self._assignments)

    def latest(self, payee_id: str, day: date) -> Assignment | None:
        """The payee's assignment on the day, or the last one that ended before it."""
        begun = [each for each in self._assignments.get(payee_id, ()) if each.from_on <= day]
        return begun[-1] if begun else None

    def on(self, payee_id: str, day: date) -> Assignment | None:
        """The payee's assignment on the day."""
        return next(
            (assignment for assignment in self._assignments.get(payee_id, ()) if assignment.contains(day)), None
        )

    def last_until(self, payee_id: str, day: date) -> Assignment | None:
        """The payee's assignment on the day, or the last before it."""
        begun = [assignment for assignment in self._assignments.get(payee_id, ()) if assignment.from_on <= day]
        return begun[-1] if begun else None

    def of(self, payee_id: str) -> Sequence[Assignment]:
        """The payee's assignments, by date."""
        return self._assignments.get(payee_id, ())

    def members(self, team: str, first: date, end: date) -> list[str]:
        """The payees in the team on any day from ``first`` to before ``end``."""
        return [
            payee_id
            for payee_id, assignments in self._assignments.items()
            if any(each.team == team and each.from_on < end and first < each.to_on for each in assignments)
        ]

    def eligibility(self, rule: Rule) -> pl.DataFrame:
        """When each payee has the component: plan (number), payee_id, eligible_from, eligible_to (excluded)."""
        positions = self.positions([rule]).filter(is_for(rule.component))
        return positions.select("plan", "payee_id", "eligible_from", "eligible_to")

    def positions(self, rules: Sequence[Rule]) -> pl.DataFrame:
        """When each payee has each plan: plan (number), payee_id, eligible_from, eligible_to (excluded); and the
        position then: team, title, payee_region, payee_channel, hired_on.
        """
        plans = {rule.plan_number: rule.plan for rule in rules}
        key = tuple((number, id(plan)) for number, plan in plans.items())
        if key not in self._positions:  # the plans are kept beside, so that none takes the identity of another
            self._positions[key] = plans, self._found_positions(plans)
        return self._positions[key][1]

    def _found_positions(self, plans: Mapping[int, Plan]) -> pl.DataFrame:
        rows = [
            (
                number,
                assignment.payee_id,
                max(assignment.from_on, plan.effective.from_on),
                min(assignment.to_on, plan.effective.ends_on),
                *(assignment.team, assignment.title, assignment.region, assignment.channel, assignment.hired_on),
            )
            for number, plan in plans.items()
            for assignments in self._assignments.values()
            for assignment in assignments
            if covers(plan, assignment)
        ]
        return pl.DataFrame([row for row in rows if row[2] < row[3]], schema=POSITIONS, orient="row")

    def chains(self) -> pl.DataFrame:
        """Everybody's managers: payee_id, manager_id, level (1: direct), chain_from, chain_to (excluded)."""
        return self._chains

    @cached_property
    def _chains(self) -> pl.DataFrame:
        rows = [link for payee_id in self._assignments for link in self._above(payee_id)]
        schema = {
            **dict.fromkeys(("payee_id", "manager_id"), pl.String),
            "level": pl.Int64,
            **dict.fromkeys(("chain_from", "chain_to"), pl.Date),
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def successions(self) -> pl.DataFrame:
        """Who stands in for whom when: payee_id, successor_id (the payee while there), party_from, party_to (excluded).

        For the days without an assignment the successor that the last one names, followed up to ten times.
        """
        rows = [
            (payee_id, *stay) for payee_id in self._assignments for stay in self._stays(payee_id, date.min, NEVER, 10)
        ]
        schema = {**dict.fromkeys(("payee_id", "successor_id"), pl.String), "party_from": pl.Date, "party_to": pl.Date}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _stays(self, payee_id: str, first: date, end: date, steps: int) -> Iterator[tuple[str, date, date]]:
        assignments = self._assignments.get(payee_id, ())
        for number, assignment in enumerate(assignments):
            start, stop = max(first, assignment.from_on), min(end, assignment.to_on)
            if start < stop:
                yield payee_id, start, stop
            returns_on = assignments[number + 1].from_on if number + 1 < len(assignments) else NEVER
            start, stop = max(first, assignment.to_on), min(end, returns_on)
            if start < stop and steps and assignment.successor_id is not None:
                yield from self._stays(assignment.successor_id, start, stop, steps - 1)

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
    """Whether the plan is for people in that position; one for customers is for nobody."""
    who = plan.applies_to
    if who.is_for_customers:
        return False
    return _are(who, assignment)


def has_component(rule: Rule, assignment: Assignment) -> bool:
    """Whether people in that position have the plan, and this component of it."""
    return covers(rule.plan, assignment) and _are(rule.component.only_for, assignment)


def _are(who: People, assignment: Assignment) -> bool:
    wanted = (
        (who.titles, assignment.title),
        (who.regions, assignment.region),
        (who.channels, assignment.channel),
        (who.teams, assignment.team),
        (who.payees, assignment.payee_id),
    )
    return all(not values or value in values for values, value in wanted)


def is_for(component: Component) -> pl.Expr:
    """Whether a row of positions may have the component, by its columns payee_id, team, title and so on."""
    lists = component.only_for.lists.items()
    asked = [pl.col(_COLUMNS[key]).is_in(values).fill_null(value=False) for key, values in lists]
    return pl.all_horizontal(pl.lit(value=True), *asked)
