"""What releases wait for: how much of a deal or document has been ordered, invoiced, received and renewed by a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from compensation.plans.periods import Calendar, PeriodKind, months_after, period_of
from compensation.plans.releases import Moment, Release
from tests.compensation.oracle.company import Company, Row
from tests.compensation.oracle.numbers import half_away

Flow = list[tuple[date, int]]
"""Minor units that come in or go out, by day."""
States = list[tuple[date, Fraction]]
"""Which part has come, from a day on."""

_BEHIND: dict[str, tuple[Moment, ...]] = {
    "booking": (),
    "order": (Moment.ORDERED,),
    "invoice": (Moment.ORDERED, Moment.INVOICED),
    "receipt": (Moment.ORDERED, Moment.INVOICED, Moment.RECEIVED, Moment.RECEIVED_IN_FULL),
}
"""Of each document, the moments that have come with it."""
_DOCUMENTS = (*_BEHIND["receipt"], Moment.RENEWED)
"""The moments that pay without a document does not wait for."""
_ENDS = {
    Moment.MONTH_END: PeriodKind.MONTH,
    Moment.QUARTER_END: PeriodKind.QUARTER,
    Moment.HALF_YEAR_END: PeriodKind.HALF_YEAR,
    Moment.YEAR_END: PeriodKind.YEAR,
}


@dataclass(frozen=True)
class Awaiting:
    """What an earning looks at while it waits: its deal, or if receipts there name invoices, its ``document``.

    ``kind`` is that of the transaction: pay without one ("") and a return wait for the calendar alone.
    """

    start: date
    kind: str
    deal: str
    document: str | None
    currency: str
    calendar: Calendar


class Awaited:
    """The documents of a company, by what waits for them."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._by_deal: dict[str, list[Row]] = {}
        for row in company.transactions:
            self._by_deal.setdefault(row["deal_id"], []).append(row)
        self._states: dict[tuple[Awaiting, Release], States] = {}

    def awaiting(self, row: Row, start: date, calendar: Calendar) -> Awaiting:
        """What the credit of a transaction waits for; a return by itself for no document."""
        kind, deal = row["kind"], row["deal_id"]
        names_invoices = any(each["settles_id"] for each in self._rows(deal) if each["kind"] == "receipt")
        document = row["document_id"] if kind == "invoice" and names_invoices else None
        return Awaiting(start, kind, deal, document, row["currency"], calendar)

    def states(self, part: Release, what: Awaiting) -> States:
        """Which part of it has come since when, as far as it is known."""
        key = (what, part)
        if key not in self._states:
            self._states[key] = _from(self._come(part, what), what.start)
        return self._states[key]

    def unpaid(self, days: int, what: Awaiting) -> States:
        """1 from the day on which less was received than had been invoiced so many days before, 0 from the next on."""
        if what.kind not in ("booking", "order", "invoice"):
            return []
        received = self._flow("receipt", what)
        due = [
            (max(on, invoiced + timedelta(days=days)) if invoiced is not None else on, minor)
            for invoiced, on, minor in self._moves("invoice", what)
        ]
        days_of_change = sorted({on for on, _ in (*received, *due)})
        return _from([(day, Fraction(_by(received, day) < _by(due, day))) for day in days_of_change], what.start)

    def _come(self, part: Release, what: Awaiting) -> States:
        if part.on is not None:
            return _spread([(part.on, Fraction(1))], part)
        if part.when in _BEHIND.get(what.kind, _DOCUMENTS):
            return _spread([(what.start, Fraction(1))], part)
        match part.when:
            case Moment.CREDITED:
                return _spread([(what.start, Fraction(1))], part)
            case Moment.ORDERED:
                return _spread(self._first("order", what, date.min), part)
            case Moment.RENEWED:
                return _spread(self._first("renewal", what, what.start), part)
            case Moment.INVOICED:
                return self._in_proportion("invoice", part, what)
            case Moment.RECEIVED:
                return self._in_proportion("receipt", part, what)
            case Moment.RECEIVED_IN_FULL:
                return _spread(self._in_full(what), part)
            case _:
                end = period_of(what.start, _ENDS[part.when], what.calendar).end - timedelta(days=1)
                return _spread([(end, Fraction(1))], part)

    def _first(self, kind: str, what: Awaiting, earliest: date) -> States:
        days = [row["dated_on"] for row in self._rows(what.deal) if row["kind"] == kind and row["dated_on"] >= earliest]
        return [(min(days), Fraction(1))] if days else []

    def _in_proportion(self, kind: str, part: Release, what: Awaiting) -> States:
        basis = self._flow(what.kind, what)
        come = [(day, minor) for on, minor in self._flow(kind, what) for day in _later(on, part)]
        return _held(basis, come, lambda due, so_far: min(Fraction(1), max(Fraction(0), so_far / due)), part)

    def _in_full(self, what: Awaiting) -> States:
        basis, come = self._flow(what.kind, what), self._flow("receipt", what)
        return _held(basis, come, lambda due, so_far: Fraction(so_far / due >= 1), Release())

    # documents

    def _rows(self, deal: str) -> list[Row]:
        return self._by_deal.get(deal, [])

    def _origin(self, row: Row) -> Row:
        """What a return reverses, if that is known; else the row itself."""
        return self._company.by_id.get(row["reverses_id"] or "", row)

    def _event(self, origin: Row) -> str:
        return "invoice" if origin["kind"] == "return" else origin["kind"]

    def _flow(self, kind: str, what: Awaiting) -> Flow:
        return [(on, minor) for _, on, minor in self._moves(kind, what)]

    def _moves(self, kind: str, what: Awaiting) -> list[tuple[date | None, date, int]]:
        """The day of the document (of a return: of what it reverses, if known), the day and the amount that moves."""
        moves = []
        for row in self._rows(what.deal):
            origin = self._origin(row)
            named = origin["settles_id"] if kind == "receipt" else origin["document_id"]
            if self._event(origin) == kind and what.document in (None, named):
                day = origin["dated_on"]
                known = self._company.rate(row["currency"], what.currency, day)
                rate = self._company.in_minor(known, row["currency"], what.currency)
                assert rate is not None, f"no rate from {row['currency']} to {what.currency}"
                moves.append(
                    (
                        None if origin["kind"] == "return" else day,
                        row["dated_on"],
                        half_away(row["revenue_minor"] * rate),
                    )
                )
        return moves


def _held(basis: Flow, come: Flow, fraction: Callable[[Fraction, Fraction], Fraction], part: Release) -> States:
    """The fraction after each change; while nothing of the basis is left it stays what it was."""
    states, last = States(), Fraction(0)
    for day in sorted({on for on, _ in (*basis, *come)}):
        due = Fraction(_by(basis, day))
        last = last if due == 0 else fraction(due, Fraction(_by(come, day), part.instalments))
        states.append((day, last))
    return states


def _spread(states: States, part: Release) -> States:
    """Each change later by what the part says, an equal part of it in each instalment."""
    own = [[(_later(day, part)[number], state) for day, state in states] for number in range(part.instalments)]
    days = sorted({day for each in own for day, _ in each})
    return [(day, sum((_at(each, day) for each in own), Fraction(0)) / part.instalments) for day in days]


def _later(day: date, part: Release) -> list[date]:
    moment = months_after(day, part.after_months) + timedelta(days=part.after_days)
    return [months_after(moment, number) for number in range(part.instalments)]


def _by(flow: Flow, day: date) -> int:
    return sum(minor for on, minor in flow if on <= day)


def _at(states: States, day: date) -> Fraction:
    """The state on a day."""
    return next((state for on, state in reversed(states) if on <= day), Fraction(0))


def _from(states: States, start: date) -> States:
    """What has come before the start has come with it; only changes are told."""
    known = [(start, _at(states, start)), *((day, state) for day, state in states if day > start)]
    before = [Fraction(0), *(state for _, state in known)]
    return [each for each, last in zip(known, before, strict=False) if each[1] != last]
