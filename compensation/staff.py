"""Who has a plan when, and who stands above whom when."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from compensation.errors import FactsError
from compensation.facts import Facts
from compensation.plan import Component, Plan

FAR = date(9999, 12, 31)
"""Stands for 'no end' in excluded last days."""


class Posting(NamedTuple):
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

    def contains(self, day: date) -> bool:
        return self.from_on <= day < self.to_on


class Staff:
    """The assignments, by payee."""

    def __init__(self, facts: Facts) -> None:
        self._postings: dict[str, list[Posting]] = defaultdict(list)
        for row in facts.assignments.sort("payee_id", "from_on").iter_rows():
            self._postings[row[0]].append(Posting(*(*row[:-1], row[-1] or FAR)))

    def name(self, payee_id: str) -> str:
        postings = self._postings.get(payee_id)
        return postings[-1].name if postings else payee_id

    def posting(self, payee_id: str, day: date) -> Posting | None:
        return next((posting for posting in self._postings.get(payee_id, ()) if posting.contains(day)), None)

    def eligibility(self, plans: Sequence[Plan]) -> pl.DataFrame:
        """When each payee has each plan: plan (number), payee_id, eligible_from, eligible_to (excluded)."""
        rows = [
            (
                number,
                posting.payee_id,
                max(posting.from_on, plan.effective.from_on),
                min(posting.to_on, day_after(plan)),
            )
            for number, plan in enumerate(plans)
            for postings in self._postings.values()
            for posting in postings
            if covers(plan, posting)
        ]
        schema = {"plan": pl.Int64, "payee_id": pl.String, "eligible_from": pl.Date, "eligible_to": pl.Date}
        return pl.DataFrame([row for row in rows if row[2] < row[3]], schema=schema, orient="row")

    def chains(self) -> pl.DataFrame:
        """Everybody's managers: payee_id, manager_id, level (1: direct), chain_from, chain_to (excluded)."""
        rows = [link for payee_id in self._postings for link in self._above(payee_id)]
        schema = {
            **dict.fromkeys(("payee_id", "manager_id"), pl.String),
            "level": pl.Int64,
            **dict.fromkeys(("chain_from", "chain_to"), pl.Date),
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def managers(self, payee_id: str, day: date) -> list[str]:
        """The payee's managers on the day, the direct one first."""
        links = sorted((link[2], link[1]) for link in self._above(payee_id) if link[3] <= day < link[4])
        return [manager_id for _, manager_id in links]

    def _above(self, payee_id: str) -> Iterator[tuple[str, str, int, date, date]]:
        reached: list[tuple[str, date, date, tuple[str, ...]]] = [(payee_id, date.min, FAR, (payee_id,))]
        while reached:
            below, start, end, path = reached.pop()
            for posting in self._postings.get(below, ()):
                first, last = max(start, posting.from_on), min(end, posting.to_on)
                if posting.manager_id is None or first >= last:
                    continue
                if posting.manager_id in path:
                    raise FactsError(
                        f"assignments: {posting.manager_id} is above and below {below} on {first}; mend the tree"
                    )
                yield payee_id, posting.manager_id, len(path), first, last
                reached.append((posting.manager_id, first, last, (*path, posting.manager_id)))


def covers(plan: Plan, posting: Posting) -> bool:
    """Whether the plan is for people in that position."""
    who = plan.applies_to
    wanted = (
        (who.titles, posting.title),
        (who.regions, posting.region),
        (who.channels, posting.channel),
        (who.payees, posting.payee_id),
    )
    return all(not values or value in values for values, value in wanted)


def day_after(span_owner: Plan | Component) -> date:
    """The first day after a plan, or after a component's window."""
    span = span_owner.effective if isinstance(span_owner, Plan) else span_owner.window
    return FAR if span is None or span.through is None else span.through + timedelta(days=1)
