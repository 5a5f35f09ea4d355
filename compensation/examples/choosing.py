"""Choosing the rows that an expectation is about."""

from datetime import date, timedelta
from functools import cache

import polars as pl

from compensation.examples.outcome import Outcome
from compensation.plans.examples import EVERYONE, Expectation
from compensation.plans.periods import Calendar, Period, PeriodKind, period_of
from compensation.plans.rules import Rule


class Choice:
    """Filters of frames by payee, component, document, owner and period.

    A row belongs to a period if its day does: whatever the component accumulates over, ``2026-03`` finds what was
    credited in that month. Payments are chosen by their own periods.
    """

    def __init__(self, outcome: Outcome, expected: Expectation) -> None:
        self._outcome, self._expected = outcome, expected
        self._payee_id = None if expected.payee == EVERYONE else outcome.people.payee_id(expected.payee)
        document = expected.document
        self.transaction_ids = outcome.documents.ids_of(document) if document else set()

    def of_credits(self, frame: pl.DataFrame, *, whole_periods: bool = False) -> pl.DataFrame:
        """Credits or lines; ``whole_periods``: all those of the periods in which the chosen ones count."""
        chosen = self._of_components(frame)
        if self._expected.via:
            chosen = chosen.filter(pl.col("via_payee_id") == self._expected.via)
        of_document = self._of_document(chosen)
        if whole_periods:
            return chosen.join(of_document.select(*_PLACE).unique(), on=_PLACE, how="semi", maintain_order="left")
        return self._in_period(of_document, "credited_on")

    def of_openings(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Pay of periods; a document or an owner has none."""
        if self._expected.document or self._expected.via:
            return frame.clear()
        return self._in_period(self._of_components(frame), "earned_on")

    def of_periods(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What is known of whole periods of components."""
        chosen = self._of_components(frame)
        label = self._expected.period
        return chosen.filter(pl.col("period_label") == label) if label else chosen

    def of_payments(self, frame: pl.DataFrame, day: str | None = None) -> pl.DataFrame:
        """Releases or what waits, by the ``day`` that they are dated on."""
        chosen = self._of_document(self._of_components(frame))
        return self._in_period(chosen, day) if day else chosen

    def of_payees(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Payments of the payee, in the payment period."""
        chosen, label = self._of_payee(frame), self._expected.period
        return chosen.filter(pl.col("period_label") == label) if label else chosen

    def takes(self, payee_id: str, rule: Rule, period: Period) -> bool:
        """Whether pay of a payee, component and period is chosen."""
        components, label = self._expected.component, self._expected.period
        is_chosen = self._payee_id in (None, payee_id) and (not components or rule.component.name in components)
        return is_chosen and label in (None, *_labels(period.end - timedelta(days=1), rule.plan.calendar))

    def _of_payee(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame if self._payee_id is None else frame.filter(pl.col("payee_id") == self._payee_id)

    def _of_components(self, frame: pl.DataFrame) -> pl.DataFrame:
        chosen, components = self._of_payee(frame), self._expected.component
        return chosen.filter(pl.col("component").is_in(components)) if components else chosen

    def _of_document(self, frame: pl.DataFrame) -> pl.DataFrame:
        if not self._expected.document:
            return frame
        return frame.filter(pl.col("transaction_id").is_in(sorted(self.transaction_ids)))

    def _in_period(self, frame: pl.DataFrame, day: str) -> pl.DataFrame:
        label = self._expected.period
        if label is None:
            return frame
        calendar = self._outcome.plan.calendar
        days = [each for each in frame[day].unique() if label in _labels(each, calendar)]
        return frame.filter(pl.col(day).is_in(days))


def kind_named(label: str) -> PeriodKind:
    """Which kind of period has such a name.

    >>> [str(kind_named(label)) for label in ("ever", "2026", "FY2027-H1", "2026-Q4", "2026-11", "2026-W09")]
    ['ever', 'year', 'half-year', 'quarter', 'month', 'week']
    >>> [str(kind_named(label)) for label in ("2026-11-H2", "2026-11-09-2W")]
    ['half-month', 'two-weeks']
    """
    if label == PeriodKind.EVER:
        return PeriodKind.EVER
    if label.count("-") > 1:
        return PeriodKind.TWO_WEEKS if label.endswith("-2W") else PeriodKind.HALF_MONTH
    kinds = {"": PeriodKind.YEAR, "H": PeriodKind.HALF_YEAR, "Q": PeriodKind.QUARTER, "W": PeriodKind.WEEK}
    return kinds.get(label.partition("-")[2][:1], PeriodKind.MONTH)


_PLACE = ["payee_id", "component", "period_label"]


@cache
def _labels(day: date, calendar: Calendar) -> frozenset[str]:
    """The names of all periods that a day lies in."""
    return frozenset(period_of(day, kind, calendar).label for kind in PeriodKind)
