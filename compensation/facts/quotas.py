"""Quotas of payees for periods, in the plan's currency."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import prod
from typing import NamedTuple

from compensation.errors import FactsError
from compensation.exact import MILLIONTHS, rounded
from compensation.facts.assignments import Assignments, has_component
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.facts.presence import Presence
from compensation.facts.whole_periods import part_of, whole_period
from compensation.plans.measures import MeasureKind
from compensation.plans.periods import Period, PeriodKind, periods_between
from compensation.plans.quotas import Ramp, WithoutQuota
from compensation.plans.rules import Rule

TEAM = "team:"
"""Begins what the positions of a team accumulate for."""
_DAY = timedelta(days=1)
_WEEKS = (PeriodKind.WEEK, PeriodKind.TWO_WEEKS)


class QuotaFound(NamedTuple):
    """The quota (minor units of the plan's currency or millionths), or why there is none that can be used."""

    quota: int | None
    outcome: str | None


class _Row(NamedTuple):
    from_on: date
    to_on: date
    quota_minor: int
    currency: str


class Quotas:
    """Quotas from the quotas frame or the plan.

    A period's quota is the sum of the rows that lie within it, as three months make a quarter; a row that lies within
    another one is a part of it. Then come the plan's share of it, the ramp by calendar months (the month of hiring is
    the first; without a hiring date there is no ramp), and proration; the result is rounded once.
    """

    def __init__(self, facts: Facts, rates: ExchangeRates, assignments: Assignments | None = None) -> None:
        self._rates, self._assignments = rates, assignments or Assignments(facts)
        self._presence = Presence(facts, self._assignments)
        self._rows: dict[tuple[str, str], list[_Row]] = defaultdict(list)
        for payee_id, measure, *row in facts.quotas.iter_rows():
            self._rows[payee_id, measure].append(_Row(*row))

    def of(self, rule: Rule, payee_id: str, period: Period, *, accumulates_for: str | None = None) -> QuotaFound:
        """What a component that needs a quota has; nothing, and no outcome, if it needs none.

        Outcomes: ``no_quota``, ``zero_quota`` (zero or less), ``no_quota_rate`` (in a currency without a rate). Where
        the plan says that a missing quota is met, the quota is 0. A team's (``accumulates_for`` "team:…") is that of
        its members together, unless the plan states an amount. FactsError if rows overlap and none is a part of the
        other.
        """
        if not rule.component.needs_quota:
            return QuotaFound(None, None)
        found = self.found(rule, payee_id, period, accumulates_for=accumulates_for)
        is_missing = found.outcome in ("no_quota", "zero_quota")
        if is_missing and rule.component.quota.when_missing is WithoutQuota.IS_MET:
            return QuotaFound(0, None)
        return found

    def found(self, rule: Rule, payee_id: str, period: Period, *, accumulates_for: str | None = None) -> QuotaFound:
        """As :meth:`of`, whether the component needs it or not, and whatever a missing one means."""
        if accumulates_for and accumulates_for.startswith(TEAM) and rule.component.quota.amount is None:
            return self._of_team(rule, accumulates_for.removeprefix(TEAM), period)
        amount, outcome = self._amount(rule, payee_id, period)
        if amount is None:
            return QuotaFound(None, outcome)
        terms = rule.component.quota
        present, ramped = (
            self._presence.share(rule, payee_id, period, terms.prorated),
            self._ramped(rule, payee_id, period),
        )
        factors = [factor for factor in (terms.share.value, present, ramped) if factor != 1]
        quota = rounded(amount * prod(factors, start=Fraction(1))) if factors else amount
        return QuotaFound(quota, None) if quota > 0 else QuotaFound(None, "zero_quota")

    def _of_team(self, rule: Rule, team: str, period: Period) -> QuotaFound:
        """Members without a quota add nothing; if nobody has one, the first says why."""
        members = [
            payee_id
            for payee_id in self._assignments.members(team, period.start, period.end)
            if any(has_component(rule, assignment) for assignment in self._assignments.of(payee_id))
        ]
        found = [self.found(rule, payee_id, period) for payee_id in members]
        total = sum(each.quota for each in found if each.quota is not None)
        if total > 0:
            return QuotaFound(total, None)
        return found[0] if found else QuotaFound(None, "no_quota")

    def _amount(self, rule: Rule, payee_id: str, period: Period) -> tuple[int | None, str | None]:
        """What the plan states or the rows say, divided if it is for a longer period."""
        terms = rule.component.quota
        kind = terms.for_period or rule.component.period
        if terms.amount is not None:
            stated = rounded(terms.amount.value * self._units(rule))
            return part_of(rule, kind, period, stated), None
        whole = whole_period(rule, kind, period)
        if terms.for_period is None or period.end > whole.end:
            return self._reported(rule, payee_id, period)
        reported, outcome = self._reported(rule, payee_id, whole)
        return (None, outcome) if reported is None else (part_of(rule, kind, period, reported), None)

    def _reported(self, rule: Rule, payee_id: str, period: Period) -> tuple[int | None, str | None]:
        measure = rule.component.quota.of_measure or rule.component.looks_at
        rows = [row for row in self._rows.get((payee_id, measure), ()) if _within(row, period)]
        rows = _outermost(rows, payee_id, measure)
        if not rows:
            return None, "no_quota"
        amounts = [self._converted(row, rule.position_kind, rule.plan.currency) for row in rows]
        if None in amounts:
            return None, "no_quota_rate"
        return sum(amount for amount in amounts if amount is not None), None

    def _units(self, rule: Rule) -> int:
        if rule.position_kind is MeasureKind.NUMBER:
            return MILLIONTHS
        return int(10 ** self._rates.exponent(rule.plan.currency))

    def _converted(self, row: _Row, kind: MeasureKind, currency: str) -> int | None:
        if kind is MeasureKind.NUMBER:
            return row.quota_minor
        ratio = self._rates.minor_ratio(row.currency, currency, row.from_on)
        if ratio is None:
            return None
        return row.quota_minor if ratio == 1 else rounded(row.quota_minor * ratio)

    def _ramped(self, rule: Rule, payee_id: str, period: Period) -> Fraction:
        """The mean over the months of the period; one or two weeks belong to the month of their last day."""
        ramp, kind = rule.component.quota.ramp, rule.component.period
        own = self._assignments.last_until(payee_id, period.end - _DAY) if ramp else None
        if own is None or own.hired_on is None or kind is PeriodKind.EVER:
            return Fraction(1)
        first = period.end - _DAY if kind in _WEEKS else period.start
        months = periods_between(first, period.end - _DAY, PeriodKind.MONTH)
        hired = own.hired_on.year * 12 + own.hired_on.month
        numbers = (month.start.year * 12 + month.start.month - hired + 1 for month in months)
        return sum((_share_in_month(ramp, number) for number in numbers), Fraction(0)) / len(months)


def _share_in_month(ramp: Sequence[Ramp], number: int) -> Fraction:
    return next((step.share.value for step in ramp if step.through_month >= number), Fraction(1))


def _within(row: _Row, period: Period) -> bool:
    return period.start <= row.from_on < row.to_on <= period.end


def _outermost(rows: Sequence[_Row], payee_id: str, measure: str) -> list[_Row]:
    """The rows that are no part of another one."""
    if len(rows) < 2:
        return list(rows)
    kept: list[_Row] = []
    for row in sorted(rows, key=lambda each: (each.from_on, -each.to_on.toordinal())):
        last = kept[-1] if kept else None
        if last is None or row.from_on >= last.to_on:
            kept.append(row)
        elif row.to_on > last.to_on or row[:2] == last[:2]:
            raise FactsError(
                f"quotas: those of {payee_id} for {measure} from {last.from_on} and from {row.from_on} overlap; "
                "let one end before the other begins, or lie within it"
            )
    return kept
