"""Payment periods: when a plan pays, by its versions, and which of its periods are closed."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from compensation.errors import FactsError
from compensation.facts.frames import Facts
from compensation.plans.periods import Period, period_of
from compensation.plans.plan import Plan


class PaymentPeriod(NamedTuple):
    """A period in which a plan pays, by the version of it that is in force on its first day; and its last day."""

    period: Period
    last: date
    plan: Plan
    version: str


def payment_periods(versions: Sequence[Plan], as_of: date) -> list[PaymentPeriod]:
    """The periods of a plan from its first day on, up to the one that ``as_of`` lies in; none overlaps another."""
    ordered = sorted(versions, key=lambda plan: (plan.effective.from_on, plan.version))
    day, found = ordered[0].effective.from_on, list[PaymentPeriod]()
    while day <= as_of:
        version = [ordered[0], *(plan for plan in ordered if plan.effective.from_on <= day)][-1]
        period = period_of(day, version.payments.period, version.calendar)
        start = max(period.start, found[-1].period.end) if found else period.start
        last = period.end - timedelta(days=1)
        found.append(PaymentPeriod(period._replace(start=start), last, version, version.version))
        day = period.end
    return found


def by_name(plans: Iterable[Plan]) -> dict[str, list[Plan]]:
    """The versions of each plan."""
    versions: dict[str, list[Plan]] = {}
    for plan in plans:
        versions.setdefault(plan.name, []).append(plan)
    return versions


def first_open_day(name: str, periods: Sequence[PaymentPeriod], facts: Facts) -> date | None:
    """The first day that is not closed; None if the plan has not been paid yet.

    A period is closed if anything was paid for it or posted in it, and so are those before it. FactsError if it is no
    period of the plan.
    """
    ends = {each.period.label: each.period.end for each in periods}
    labels = [
        *_labels(facts.paid.filter(pl.col("plan") == name)["period_label"]),
        *_labels(facts.posted.filter(pl.col("plan") == name)["posted_in"]),
    ]
    for label in labels:
        if label not in ends:
            raise FactsError(f"paid, posted: '{label}' is no period in which '{name}' pays; correct the label")
    return max((ends[label] for label in labels), default=None)


def _labels(column: pl.Series) -> list[str]:
    labels: list[str] = column.unique().sort().to_list()
    return labels
