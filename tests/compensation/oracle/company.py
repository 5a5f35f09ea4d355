"""What the oracle knows of a company: the rows of the facts, asked in plain words."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from compensation.plans.components import Component
from compensation.plans.parts import People
from compensation.plans.periods import month_end
from compensation.plans.plan import Plan
from tests.compensation.oracle.numbers import MILLION

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]

FOREVER = date.max
CUSTOMER = "customer:"


def contains(row: Row, day: date) -> bool:
    """Whether a dated row holds on the day."""
    return bool(row["from_on"] <= day < (row["to_on"] or FOREVER))


def lies_within(row: Row, start: date, end: date) -> bool:
    return bool(start <= row["from_on"] < (row["to_on"] or FOREVER) <= end)


class Company:
    """Rows by what they are asked for. Transactions are those up to ``as_of``, in their order."""

    def __init__(self, rows: Rows, as_of: date) -> None:
        self.rows, self.as_of = rows, as_of
        happened = [row for row in rows["transactions"] if row["kind"] != "expected" and row["dated_on"] <= as_of]
        keys = ("posting_sequence", "dated_on", "source", "source_ref", "transaction_id")
        self.transactions = sorted(happened, key=lambda row: tuple(row[key] for key in keys))
        self.by_id = {row["transaction_id"]: row for row in self.transactions}
        self.digits = {row["currency"]: row["exponent"] for row in rows["currencies"]}
        self.fields: dict[str, dict[str, int]] = defaultdict(dict)
        for row in rows.get("measures", ()):
            self.fields[row["transaction_id"]][row["measure"]] = row["value"]
        self.attributes: dict[str, dict[str, str]] = defaultdict(dict)
        for row in rows.get("attributes", ()):
            self.attributes[row["transaction_id"]][row["attribute"]] = row["value"]
        self._assignments: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(rows["assignments"], key=lambda row: row["from_on"]):
            self._assignments[row["payee_id"]].append(row)
        self._rates: dict[tuple[str, str, date], Fraction | None] = {}
        self._fitting: dict[tuple[int, str], list[tuple[date, date]]] = {}
        self._days: dict[tuple[int, str], list[date]] = {}
        self._participants: dict[str, list[Row]] = defaultdict(list)
        for row in rows["participants"]:
            self._participants[row["deal_id"]].append(row)

    def minor(self, currency: str) -> int:
        """Minor units in one unit of the currency."""
        return int(10 ** self.digits[currency])

    # people

    @property
    def people(self) -> list[str]:
        return sorted(self._assignments)

    def on(self, payee: str, day: date) -> Row | None:
        """The assignment on the day."""
        return next((row for row in self._assignments.get(payee, ()) if contains(row, day)), None)

    def last_before(self, payee: str, end: date) -> Row | None:
        """The assignment on the last day before ``end`` that has one."""
        began = [row for row in self._assignments.get(payee, ()) if row["from_on"] < end]
        return began[-1] if began else None

    def hired(self, payee: str, day: date) -> date | None:
        """The hiring that is known on the day; where none is, the day of the first assignment."""
        began = [row for row in self._assignments.get(payee, ()) if row["from_on"] <= day]
        known = [row["hired_on"] for row in began if row.get("hired_on") is not None]
        first: list[date] = [row["from_on"] for row in began[:1]]
        return known[-1] if known else next(iter(first), None)

    def members(self, team: str, start: date, end: date) -> list[str]:
        """Those who are in the team on any day from ``start`` to before ``end``."""
        return [
            payee
            for payee in self.people
            if any(
                row.get("team") == team and row["from_on"] < end and (row["to_on"] or FOREVER) > start
                for row in self._assignments[payee]
            )
        ]

    def ever_fits(self, plan: Plan, component: Component, payee: str) -> bool:
        """Whether the component of the plan is for the payee at any time."""
        rows = self._assignments[payee]
        return any(self.fits(plan, row) and self.is_among(component.only_for, row) for row in rows)

    def managers(self, payee: str, day: date) -> Iterator[str]:
        """Those above, the direct manager first."""
        row = self.on(payee, day)
        while row is not None and row["manager_id"] is not None:
            yield row["manager_id"]
            row = self.on(row["manager_id"], day)

    def successor(self, payee: str, day: date) -> str:
        """Who stands in for somebody without an assignment on the day."""
        for _ in range(10):
            rows = self._assignments.get(payee, ())
            if self.on(payee, day) is not None or not rows or rows[-1].get("successor_id") is None:
                break
            payee = rows[-1]["successor_id"]
        return payee

    def has_plan(self, plan: Plan, payee: str, day: date) -> bool:
        """Whether the plan is the payee's on the day."""
        return plan.effective.contains(day) and any(start <= day < end for start, end in self._spans(plan, payee))

    def has_component(self, plan: Plan, component: Component, payee: str, day: date) -> bool:
        """Whether the component of the plan is the payee's on the day."""
        return self.has_plan(plan, payee, day) and self.is_for(component, payee, day)

    def is_for(self, component: Component, payee: str, day: date) -> bool:
        """Whether somebody who has the plan on the day has the component, too."""
        if "only_for" not in component.model_fields_set:
            return True
        row = self.on(payee, day)
        return row is None or self.is_among(component.only_for, row)

    def days_with(self, plan: Plan, payee: str) -> list[date]:
        """The days up to ``as_of`` on which the plan is the payee's."""
        key = (id(plan), payee)
        if key not in self._days:
            first, last = plan.effective.from_on, min(plan.effective.ends_on, self.as_of + timedelta(days=1))
            spans = self._spans(plan, payee)
            self._days[key] = [day for start, end in spans for day in days_of(max(first, start), min(last, end))]
        return self._days[key]

    def _spans(self, plan: Plan, payee: str) -> list[tuple[date, date]]:
        """From when to before when the payee is one of those whom the plan is for."""
        key = (id(plan), payee)
        if key not in self._fitting:
            self._fitting[key] = self._fitting_spans(plan, payee)
        return self._fitting[key]

    def _fitting_spans(self, plan: Plan, payee: str) -> list[tuple[date, date]]:
        who = plan.applies_to
        if who.is_for_customers:
            is_one = payee.startswith(CUSTOMER) and (who.all_customers or payee.removeprefix(CUSTOMER) in who.customers)
            return [(date.min, FOREVER)] if is_one else []
        rows = self._assignments.get(payee, ())
        return [(row["from_on"], row["to_on"] or FOREVER) for row in rows if self.fits(plan, row)]

    def fits(self, plan: Plan, row: Row) -> bool:
        """Whether the plan is for people in that position."""
        return self.is_among(plan.applies_to, row)

    def is_among(self, who: People, row: Row) -> bool:
        """Whether somebody in that position is meant."""
        wanted = (
            (who.titles, row["title"]),
            (who.regions, row["region"]),
            (who.channels, row["channel"]),
            (who.teams, row.get("team")),
            (who.payees, row["payee_id"]),
        )
        return all(not values or value in values for values, value in wanted)

    def candidates(self, plan: Plan) -> list[str]:
        """Everybody who might have the plan; customers are those who bought."""
        if not plan.applies_to.is_for_customers:
            return self.people
        bought = {row["customer"] for row in self.transactions if row["customer"] is not None}
        return sorted(CUSTOMER + name for name in bought)

    def is_absent(self, payee: str, day: date) -> bool:
        return any(row["payee_id"] == payee and contains(row, day) for row in self.rows.get("absences", ()))

    def participants(self, deal: str) -> list[Row]:
        """Owners by name, then overlays by name; several rows of one person in one role are one."""
        merged: dict[tuple[bool, str, str], int] = defaultdict(int)
        for row in self._participants.get(deal, ()):
            merged[row["is_overlay"], row["payee_id"], row["role"]] += row["share_millionths"]
        return [
            {"is_overlay": overlay, "payee_id": payee, "role": role, "share": share}
            for (overlay, payee, role), share in sorted(merged.items())
        ]

    def own(self, deal: str, payee: str) -> None:
        """Makes a deal all of one payee's."""
        row = {"payee_id": payee, "role": "owner", "is_overlay": False, "share_millionths": MILLION}
        self._participants[deal] = [row]

    # money

    def rate(self, origin: str, target: str, day: date) -> Fraction | None:
        """Units of ``target`` for one unit of ``origin``: direct, turned round, or through a third currency."""
        key = (origin, target, day)
        if key not in self._rates:
            self._rates[key] = self._found_rate(origin, target, day)
        return self._rates[key]

    def _found_rate(self, origin: str, target: str, day: date) -> Fraction | None:
        if origin == target:
            return Fraction(1)
        quoted = self._quoted(origin, target, day)
        if quoted is not None:
            return quoted
        known = {row[side] for row in self.rows["rates"] for side in ("from_currency", "to_currency")}
        for between in sorted(known):
            first, second = self._quoted(origin, between, day), self._quoted(between, target, day)
            if first is not None and second is not None:
                return first * second
        return None

    def _quoted(self, origin: str, target: str, day: date) -> Fraction | None:
        for left, right, is_inverse in ((origin, target, False), (target, origin, True)):
            dated = [
                (row["valid_from"], Fraction(row["rate"]))
                for row in self.rows["rates"]
                if (row["from_currency"], row["to_currency"]) == (left, right) and row["valid_from"] <= day
            ]
            if dated:
                rate = max(dated)[1]
                return 1 / rate if is_inverse else rate
        return None

    def month_average(self, origin: str, target: str, day: date) -> Fraction | None:
        """The mean of the days of the month that have a rate."""
        days = (day.replace(day=number) for number in range(1, month_end(day).day + 1))
        rates = [rate for rate in (self.rate(origin, target, each) for each in days) if rate is not None]
        return sum(rates, Fraction(0)) / len(rates) if rates else None

    def in_minor(self, rate: Fraction | None, origin: str, target: str) -> Fraction | None:
        """A rate between units as one between minor units."""
        return None if rate is None else rate * self.minor(target) / self.minor(origin)


def days_of(start: date, end: date) -> Iterator[date]:
    """The days from ``start`` to the day before ``end``."""
    while start < end:
        yield start
        start += timedelta(days=1)
