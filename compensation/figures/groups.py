"""Groups: who is in the same team, below the same manager, in the same plan on a day."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache

from compensation.facts.assignments import Assignment, Assignments, covers
from compensation.plans.figures import Of
from compensation.plans.payouts import Among
from compensation.plans.plan import Plan


class Groups:
    """Answers for any day; each day is looked up once."""

    def __init__(self, assignments: Assignments) -> None:
        self._assignments = assignments
        self._on = cache(self._present_on)
        self._reports_on = cache(self._found_reports)

    def members(self, of: Of, payee_id: str, day: date, plan: Plan) -> tuple[str, ...]:
        """The people whose figures count together for the payee, in the order of their ids.

        ``team``: without a team nobody; ``reports``: below at any level; ``everyone``: all who have the plan.
        """
        present = self._on(day)
        match of:
            case Of.PAYEE:
                return (payee_id,)
            case Of.TEAM:
                own = present.get(payee_id)
                team = own.team if own else None
                return tuple(each for each, one in present.items() if team and one.team == team)
            case Of.REPORTS:
                return self._reports_on(day).get(payee_id, ())
            case _:
                return tuple(each for each, one in present.items() if covers(plan, one))

    def among(self, among: Among, payee_id: str, day: date) -> str:
        """The name of the group in which somebody shares or competes; empty for all who have the plan."""
        own = self._on(day).get(payee_id)
        if among is Among.PLAN or own is None:
            return ""
        return str(getattr(own, among.value) or "")

    def team(self, payee_id: str, day: date) -> str | None:
        """The payee's team on the day."""
        own = self._on(day).get(payee_id)
        return own.team if own else None

    def _present_on(self, day: date) -> Mapping[str, Assignment]:
        found = ((payee_id, self._assignments.on(payee_id, day)) for payee_id in sorted(self._assignments.payee_ids))
        return {payee_id: assignment for payee_id, assignment in found if assignment}

    def _found_reports(self, day: date) -> Mapping[str, tuple[str, ...]]:
        below: dict[str, set[str]] = defaultdict(set)
        present = self._on(day)
        for payee_id in present:
            above, seen = present[payee_id].manager_id, {payee_id}
            while above and above not in seen:
                below[above].add(payee_id)
                seen.add(above)
                above = present[above].manager_id if above in present else None
        return {manager_id: tuple(sorted(reports)) for manager_id, reports in below.items()}
