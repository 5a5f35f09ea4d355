"""Terms: what a payee's period adds to a component before it can pay: in force, quota, target pay, proration."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from compensation.plans.periods import WITHIN_MONTHS, Period, PeriodKind, month_end, period_of, periods_between
from compensation.plans.quotas import Proration, WithoutQuota
from tests.compensation.oracle.company import FOREVER, Company, Row, days_of, lies_within
from tests.compensation.oracle.crediting import Rule
from tests.compensation.oracle.numbers import MILLION, divided, half_away


@dataclass(frozen=True)
class Quota:
    """``amount`` in minor units or millionths; None with the reason. ``is_met``: lacking, and taken for met."""

    amount: int | None
    outcome: str | None = None
    is_met: bool = False


class Terms:
    """The terms of all payees and periods, each found once."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._quotas: dict[tuple[int, str, date], Quota] = {}

    # in force

    def in_force(self, rule: Rule, payee: str) -> list[Period]:
        """The periods with a day up to ``as_of`` on which the payee has the plan and the component is open."""
        kind, starts = rule.component.period, rule.plan.calendar
        return list(dict.fromkeys(period_of(day, kind, starts) for day in self._days(rule, payee)))

    def _days(self, rule: Rule, payee: str) -> Iterator[date]:
        component, company = rule.component, self._company
        window, days = component.window, company.days_with(rule.plan, payee)
        open_days = (day for day in days if window is None or window.contains(day))
        return (day for day in open_days if company.is_for(component, payee, day))

    # quota

    def team_quota(self, rule: Rule, team: str, period: Period) -> Quota:
        """That of the members together who ever have the plan."""
        everybody = self._company.members(team, period.start, period.end)
        members = [each for each in everybody if self._company.ever_fits(rule.plan, rule.component, each)]
        found = [self.quota(rule, each, period) for each in members]
        amount = sum(each.amount or 0 for each in found)
        if amount > 0:
            return Quota(amount)
        return found[0] if found else Quota(None, "no_quota", rule.component.quota.when_missing is WithoutQuota.IS_MET)

    def quota(self, rule: Rule, payee: str, period: Period) -> Quota:
        key = (rule.number, payee, period.start)
        if key not in self._quotas:
            self._quotas[key] = self._quota(rule, payee, period)
        return self._quotas[key]

    def _quota(self, rule: Rule, payee: str, period: Period) -> Quota:
        terms = rule.component.quota
        lacks_are_met = terms.when_missing is WithoutQuota.IS_MET
        source, outcome = self._source(rule, payee, period)
        if source is None:
            return Quota(None, outcome, lacks_are_met)
        share = terms.share.value * self._ramp(rule, payee, period)
        part = self._part_of_source(rule, period, half_away(source))
        amount = half_away(part * share * self.proration(rule, payee, period, terms.prorated))
        return Quota(amount) if amount > 0 else Quota(None, "zero_quota", lacks_are_met)

    def _source(self, rule: Rule, payee: str, period: Period) -> tuple[Fraction | None, str | None]:
        terms, plan = rule.component.quota, rule.plan
        measure = terms.of_measure or rule.component.looks_at
        is_money = plan.kind_of(measure) == "money"
        if terms.amount is not None:
            return terms.amount.value * (self._company.minor(plan.currency) if is_money else MILLION), None
        whole = self._source_period(rule, period)
        rows = [
            row
            for row in self._company.rows["quotas"]
            if row["payee_id"] == payee and row["measure"] == measure and lies_within(row, whole.start, whole.end)
        ]
        if not rows:
            return None, "no_quota"
        return self._added(rows, "quota_minor", plan.currency, is_money=is_money)

    def _added(
        self, rows: list[Row], column: str, currency: str, *, is_money: bool
    ) -> tuple[Fraction | None, str | None]:
        total = Fraction(0)
        for row in rows:
            rate: Fraction | None = Fraction(1)
            if is_money:
                known = self._company.rate(row["currency"], currency, row["from_on"])
                rate = self._company.in_minor(known, row["currency"], currency)
            if rate is None:
                return None, "no_quota_rate"
            total += half_away(row[column] * rate)
        return total, None

    def _source_period(self, rule: Rule, period: Period) -> Period:
        kind = rule.component.quota.for_period
        if kind is None or kind is rule.component.period:
            return period
        return period_of(period.start, kind, rule.plan.calendar)

    def _part_of_source(self, rule: Rule, period: Period, source: int) -> int:
        """The period's part of what is stated for a longer one; the parts add up to the whole."""
        whole = self._source_period(rule, period)
        if whole == period:
            return source
        last = whole.end - timedelta(days=1)
        parts = periods_between(whole.start, last, rule.component.period, rule.plan.calendar)
        weights = [weight.value for weight in rule.component.quota.weights] or [Fraction(1)] * len(parts)
        return divided(source, weights)[parts.index(period)]

    def _ramp(self, rule: Rule, payee: str, period: Period) -> Fraction:
        steps = rule.component.quota.ramp
        row = self._company.last_before(payee, period.end)
        hired = row.get("hired_on") if row else None
        if not steps or hired is None or rule.component.period is PeriodKind.EVER:
            return Fraction(1)
        shares = []
        for month in _months_of(period):
            number = (month.year - hired.year) * 12 + month.month - hired.month + 1
            shares.append(next((step.share.value for step in steps if number <= step.through_month), Fraction(1)))
        return sum(shares, Fraction(0)) / len(shares)

    # proration and target pay

    def proration(self, rule: Rule, payee: str, period: Period, kind: Proration) -> Fraction:
        """The part of the period that the payee has the plan and is at work."""
        if kind is Proration.NONE or rule.component.period is PeriodKind.EVER:
            return Fraction(1)
        there = {day for day in days_of(period.start, period.end) if self._is_there(rule, payee, day)}
        if kind is Proration.BY_DAYS or rule.component.period in WITHIN_MONTHS:
            return Fraction(len(there), (period.end - period.start).days)
        months = _months_of(period)
        return Fraction(sum(_is_half_there(first, there) for first in months), len(months))

    def _is_there(self, rule: Rule, payee: str, day: date) -> bool:
        return self._company.has_component(rule.plan, rule.component, payee, day) and not self._company.is_absent(
            payee, day
        )

    def target(self, rule: Rule, payee: str, period: Period) -> tuple[int | None, str]:
        """The target pay of the period in minor units; None, and why, if it is not known.

        Salary and own target are those in force on the last day, of somebody who has left the last ones.
        """
        terms, plan = rule.component.target_pay, rule.plan
        if terms is None:
            return None, "no_target_pay"
        if terms.amount is not None:
            return half_away(terms.amount.value * self._company.minor(plan.currency) * terms.share.value), ""
        share, row = terms.share.value, self._company.last_before(payee, period.end)
        if terms.of_salary is not None:
            salary = row.get("salary_minor") if row else None
            if row is None or salary is None:
                return None, "no_salary"
            return self._converted(salary * terms.of_salary.value * share, row["pay_currency"], rule, period)
        own = [
            (row["from_on"], row["target_minor"], row["currency"])
            for row in self._company.rows.get("targets", ())
            if (row["payee_id"], row["component"]) == (payee, rule.component.name)
            and row["from_on"] < period.end
            and (row["to_on"] or FOREVER) > period.start
        ]
        if not own:
            return None, "no_target_pay"
        return self._converted(max(own)[1] * share, max(own)[2], rule, period)

    def _converted(self, minor: Fraction, currency: str | None, rule: Rule, period: Period) -> tuple[int | None, str]:
        origin, target = currency or rule.plan.currency, rule.plan.currency
        rate = self._company.in_minor(
            self._company.rate(origin, target, period.end - timedelta(days=1)), origin, target
        )
        return (None, "no_target_rate") if rate is None else (half_away(minor * rate), "")


def _is_half_there(first: date, there: set[date]) -> bool:
    """A month counts if half of its days do."""
    days = list(days_of(first, month_end(first) + timedelta(days=1)))
    return 2 * sum(day in there for day in days) >= len(days)


def _months_of(period: Period) -> list[date]:
    """The first days of the months that the period has days of; of weeks, the month of their last day."""
    if (period.end - period.start).days in (7, 14):
        return [(period.end - timedelta(days=1)).replace(day=1)]
    return [month.start for month in periods_between(period.start, period.end - timedelta(days=1), PeriodKind.MONTH)]
