"""Target pay: what a met target pays somebody in a period."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from compensation.errors import FactsError
from compensation.exact import rounded
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.plans.parts import NEVER
from compensation.plans.periods import Period
from compensation.plans.quotas import TargetPay
from compensation.plans.rules import Rule

_DAY = timedelta(days=1)


class _Row(NamedTuple):
    from_on: date
    to_on: date
    target_minor: int
    currency: str


class Targets:
    """Target pay as the plan states it, as a part of the salary, or from the targets frame.

    Salary and own target are those in force on the period's last day (of somebody who has left: the last ones), and
    count for a period of the component, converted by the rate of that day.
    """

    def __init__(self, facts: Facts, rates: ExchangeRates, assignments: Assignments | None = None) -> None:
        self._rates, self._assignments = rates, assignments or Assignments(facts)
        self._rows: dict[tuple[str, str], list[_Row]] = defaultdict(list)
        for payee_id, component, from_on, to_on, target_minor, currency in facts.targets.sort("from_on").iter_rows():
            self._rows[payee_id, component].append(_Row(from_on, to_on or NEVER, target_minor, currency))

    def of(self, rule: Rule, payee_id: str, period: Period) -> tuple[int | None, str | None]:
        """The target pay in minor units of the plan's currency; nothing, and no outcome, if the component has none.

        Outcomes: ``no_salary``, ``no_target_pay``, ``no_target_rate`` (in a currency without a rate). FactsError if two
        targets are in force at once.
        """
        terms = rule.component.target_pay
        if terms is None:
            return None, None
        if terms.amount is not None:
            exact = terms.amount.value * Fraction(10) ** self._rates.exponent(rule.plan.currency)
            return rounded(exact * terms.share.value), None
        if terms.of_salary is not None:
            return self._of_salary(rule, terms, payee_id, period)
        return self._own(rule, terms, payee_id, period)

    def _of_salary(self, rule: Rule, terms: TargetPay, payee_id: str, period: Period) -> tuple[int | None, str | None]:
        position = self._assignments.last_until(payee_id, period.end - _DAY)
        if position is None or position.salary_minor is None or terms.of_salary is None:
            return None, "no_salary"
        factor = terms.of_salary.value * terms.share.value
        currency = position.pay_currency or rule.plan.currency
        return self._converted(position.salary_minor * factor, currency, rule, period)

    def _own(self, rule: Rule, terms: TargetPay, payee_id: str, period: Period) -> tuple[int | None, str | None]:
        begun = [row for row in self._rows.get((payee_id, rule.component.name), ()) if row.from_on < period.end]
        touching = [row for row in begun if row.to_on > period.start]
        if not touching:
            return None, "no_target_pay"
        last_day = period.end - _DAY
        if sum(row.from_on <= last_day < row.to_on for row in touching) > 1:
            raise FactsError(
                f"targets: {payee_id} has two for '{rule.component.name}' on {last_day}; let one end before the other"
            )
        row = touching[-1]
        return self._converted(row.target_minor * terms.share.value, row.currency, rule, period)

    def _converted(self, minor: Fraction, currency: str, rule: Rule, period: Period) -> tuple[int | None, str | None]:
        ratio = self._rates.minor_ratio(currency, rule.plan.currency, period.end - _DAY)
        return (None, "no_target_rate") if ratio is None else (rounded(minor * ratio), None)
