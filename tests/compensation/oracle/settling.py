"""Settling: from what was earned to what is released, waits, is adjusted and paid."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from compensation.plans.plan import Plan
from tests.compensation.oracle.adjusting import Adjustment, adjustments_of, open_since, settled_where_posted
from tests.compensation.oracle.awaited import Awaited
from tests.compensation.oracle.company import Company, Rows
from tests.compensation.oracle.holding import Holds
from tests.compensation.oracle.pay_currency import Converted, PayCurrency
from tests.compensation.oracle.paying import Came, Payer, Payment, PayPeriod, pay_periods
from tests.compensation.oracle.records import Reckoning
from tests.compensation.oracle.releasing import Piece, Waits, families_of, pieces_of, release


@dataclass
class Settled:
    """What was earned; of it, what is released, what waits, what is adjusted, and the payments of open periods."""

    pieces: list[Piece]
    releases: list[Converted]
    waiting: list[Waits]
    adjustments: list[Adjustment]
    payments: list[Payment]


def settle_up(reckoned: Reckoning, rows: Rows, plans: Sequence[Plan], as_of: date) -> Settled:
    """What is paid of a reckoning, as known on the day."""
    return _Settler(Company(rows, as_of), rows, plans).settled(reckoned)


class _Settler:
    def __init__(self, company: Company, rows: Rows, plans: Sequence[Plan]) -> None:
        self.company, self.rows, self.currency = company, rows, PayCurrency(company)
        self.versions: dict[str, list[Plan]] = defaultdict(list)
        for plan in sorted((plan for plan in plans if plan.pays), key=lambda plan: plan.effective.from_on):
            self.versions[plan.name].append(plan)
        self.periods = {name: pay_periods(own, company.as_of) for name, own in self.versions.items()}
        found = {name: open_since(name, own, rows) for name, own in self.periods.items()}
        self.open_days = {name: day for name, day in found.items() if day is not None}

    def settled(self, reckoned: Reckoning) -> Settled:
        pieces = settled_where_posted(pieces_of(self.company, reckoned), self.rows, self.periods)
        families = families_of(self.company, pieces)
        awaited, holds = Awaited(self.company), Holds(self.company)
        for family in families:
            release(self.company, awaited, family)
            holds.stop(family)
        releases = self.currency.converted(each for family in families for each in family.released)
        adjusted = {
            name: adjustments_of(name, day, pieces, releases, self.rows, self.currency)
            for name, day in self.open_days.items()
        }
        payments = [payment for name in self.versions for payment in self._pay(name, releases, adjusted.get(name, []))]
        return Settled(
            pieces,
            releases,
            [each for family in families for each in family.waiting],
            [each for own in adjusted.values() for each in own],
            payments,
        )

    def _pay(self, name: str, releases: list[Converted], adjusted: list[Adjustment]) -> list[Payment]:
        """Payee by payee, period by period; what is adjusted enters the first that is open."""
        start = self.open_days.get(name, date.min)
        places = [place for place in self.periods[name] if place.period.start >= start]
        payer, standing = Payer(self.company, self.versions[name], self.currency), self._standing(name)
        came = _by_payee_and_period([each for each in releases if each.released.piece.plan.name == name], places)
        late: dict[str, list[Came]] = defaultdict(list)
        for change in adjusted:
            late[change.payee].append((change.currency, change.minor))
        people = {*(payee for payee, _ in came), *late, *standing}
        people |= {payee for payee in self.company.people if any(payer.lifts(payee, place) for place in places)}
        payments = []
        for payee in sorted(people):
            last = standing.get(payee)
            for place in places:
                changed = late.get(payee, []) if place is places[0] else []
                last = payer.pay(payee, place, last, came.get((payee, place.period.start), []), changed)
                payments.append(last)
        return payments

    def _standing(self, name: str) -> dict[str, Payment]:
        """How everybody stood after the last period that was paid."""
        standing: dict[str, Payment] = {}
        for place in self.periods[name]:
            for row in self.rows.get("paid", ()):
                if (row["plan"], row["period_label"]) == (name, place.period.label):
                    last = Payment(row["payee_id"], place.plan, place.period, row["currency"])
                    last.owed, last.carried_out = row["owed_minor"], row["carried_minor"]
                    standing[row["payee_id"]] = last
        return standing


def _by_payee_and_period(releases: list[Converted], places: list[PayPeriod]) -> dict[tuple[str, date], list[Came]]:
    """What is released, by the payee and the first day of the period."""
    came: dict[tuple[str, date], list[Came]] = defaultdict(list)
    for each in releases:
        for period in (place.period for place in places):
            if period.start <= each.released.day < period.end:
                came[each.released.piece.payee, period.start].append((each.currency, each.minor))
    return came
