"""Target pay: what a met target pays somebody in a period."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from compensation.exact import rounded
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.plans.periods import Period
from compensation.plans.rules import Rule


class Targets:
    """The target pay of components: an amount of the plan, a share of the salary, or the payee's own."""

    def __init__(self, facts: Facts, rates: ExchangeRates, assignments: Assignments) -> None:
        self._rates, self._assignments = rates, assignments
        self._rows: dict[tuple[str, str], list[tuple[date, date | None, int, str]]] = defaultdict(list)
        columns = ("payee_id", "component", "from_on", "to_on", "target_minor", "currency")
        for payee_id, component, *row in facts.targets.select(columns).sort("from_on").iter_rows():
            self._rows[payee_id, component].append(tuple(row))

    def of(self, rule: Rule, payee_id: str, period: Period) -> tuple[int | None, str | None]:
        """Minor units of the plan's currency, or the outcome: ``no_target_pay``, ``no_salary``, ``no_target_rate``."""
        target = rule.component.target_pay
        if target is None:
            return None, "no_target_pay"
        share = target.share.value
        if target.amount is not None:
            return rounded(target.amount.value * share * 10 ** self._rates.exponent(rule.plan.currency)), None
        last_day = min(period.end, rule.valid_to) - timedelta(days=1)
        own = self._salary(payee_id, last_day) if target.of_salary else self._own(rule, payee_id, period)
        if own is None:
            return None, "no_salary" if target.of_salary else "no_target_pay"
        part = target.of_salary.value if target.of_salary else Fraction(1)
        ratio = self._rates.minor_ratio(own[1] or rule.plan.currency, rule.plan.currency, last_day)
        return (rounded(own[0] * part * share * ratio), None) if ratio else (None, "no_target_rate")

    def _salary(self, payee_id: str, day: date) -> tuple[int, str | None] | None:
        own = self._assignments.latest(payee_id, day)
        return None if own is None or own.salary_minor is None else (own.salary_minor, own.pay_currency)

    def _own(self, rule: Rule, payee_id: str, period: Period) -> tuple[int, str] | None:
        rows = self._rows.get((payee_id, rule.component.name), [])
        holding = [row for row in rows if row[0] < period.end and (row[1] is None or row[1] > period.start)]
        return (holding[-1][2], holding[-1][3]) if holding else None
