"""Quotas of payees for periods, in the plan's currency."""

from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from compensation.exact import rounded
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.plans.measures import MeasureKind
from compensation.plans.periods import Period
from compensation.plans.rules import Rule


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
    """The quotas frame. A period's quota is the sum of the rows that lie within it, as three months make a quarter."""

    def __init__(self, facts: Facts, rates: ExchangeRates) -> None:
        self._rates = rates
        self._rows: dict[tuple[str, str], list[_Row]] = defaultdict(list)
        for payee_id, measure, *row in facts.quotas.iter_rows():
            self._rows[payee_id, measure].append(_Row(*row))

    def of(self, rule: Rule, payee_id: str, period: Period, *, accumulates_for: str | None = None) -> QuotaFound:
        """The quota that the rule's curve needs; none and no outcome if it needs none. See :meth:`found`."""
        del accumulates_for
        return self.found(rule, payee_id, period) if rule.component.needs_quota else QuotaFound(None, None)

    def found(self, rule: Rule, payee_id: str, period: Period) -> QuotaFound:
        """Outcomes: ``no_quota``, ``zero_quota`` (zero or less), ``no_quota_rate`` (in a currency without a rate)."""
        measure = rule.component.looks_at
        rows = [row for row in self._rows.get((payee_id, measure), ()) if _within(row, period)]
        if not rows:
            return QuotaFound(None, "no_quota")
        amounts = [self._converted(row, rule.position_kind, rule.plan.currency) for row in rows]
        if None in amounts:
            return QuotaFound(None, "no_quota_rate")
        quota = sum(amount for amount in amounts if amount is not None)
        return QuotaFound(quota, None) if quota > 0 else QuotaFound(None, "zero_quota")

    def _converted(self, row: _Row, kind: MeasureKind, currency: str) -> int | None:
        if kind is MeasureKind.NUMBER:
            return row.quota_minor
        ratio = self._rates.minor_ratio(row.currency, currency, row.from_on)
        return rounded(Fraction(row.quota_minor) * ratio) if ratio else None


def _within(row: _Row, period: Period) -> bool:
    return period.start <= row.from_on < row.to_on <= period.end
