"""How much of a period somebody has a plan and is at work: joiners, leavers and people on leave not all of it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from compensation.facts.assignments import Assignments, has_component
from compensation.facts.frames import Facts
from compensation.plans.parts import NEVER
from compensation.plans.periods import Period, PeriodKind, periods_between
from compensation.plans.quotas import Proration
from compensation.plans.rules import Rule

_DAY = timedelta(days=1)
Span = tuple[date, date]


class Presence:
    """The assignments that have a plan, less the absences frame."""

    def __init__(self, facts: Facts, assignments: Assignments) -> None:
        self._assignments = assignments
        self._absences: dict[str, list[Span]] = defaultdict(list)
        for payee_id, from_on, to_on in facts.absences.iter_rows():
            self._absences[payee_id].append((from_on, to_on or NEVER))

    def share(self, rule: Rule, payee_id: str, period: Period, by: Proration) -> Fraction:
        """The part of the period: of its days, or of its months, of which one counts if half of its days do.

        1 without proration. A customer has a plan as long as it is in force.
        """
        if by is Proration.NONE or period.start == date.min:
            return Fraction(1)
        present = self._days(rule, payee_id, period)
        months = periods_between(period.start, period.end - _DAY, PeriodKind.MONTH)
        if by is Proration.BY_DAYS or (months[0].start, months[-1].end) != (period.start, period.end):
            return Fraction(len(present), (period.end - period.start).days)
        counted = sum(
            2 * sum(month.start <= day < month.end for day in present) >= (month.end - month.start).days
            for month in months
        )
        return Fraction(counted, len(months))

    def _days(self, rule: Rule, payee_id: str, period: Period) -> set[date]:
        spans, absences = self._spans(rule, payee_id), self._absences.get(payee_id, [])
        there = {day for span in spans for day in _days_of(span, period)}
        return there - {day for span in absences for day in _days_of(span, period)}

    def _spans(self, rule: Rule, payee_id: str) -> Iterator[Span]:
        effective = rule.plan.effective
        if rule.plan.applies_to.is_for_customers:
            yield effective.from_on, effective.ends_on
        for assignment in self._assignments.of(payee_id):
            if has_component(rule, assignment):
                yield max(assignment.from_on, effective.from_on), min(assignment.to_on, effective.ends_on)


def _days_of(span: Span, period: Period) -> Iterator[date]:
    first, end = max(span[0], period.start), min(span[1], period.end)
    return (first + timedelta(days=number) for number in range(max((end - first).days, 0)))
