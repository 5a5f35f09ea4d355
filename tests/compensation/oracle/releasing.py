"""Releasing: which part of each earning may be paid on which day, and what still waits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from compensation.plans.plan import Plan
from compensation.plans.releases import Moment, Release
from tests.compensation.oracle.awaited import Awaited, Awaiting
from tests.compensation.oracle.company import Company
from tests.compensation.oracle.crediting import Credit, Rule
from tests.compensation.oracle.numbers import half_away
from tests.compensation.oracle.records import Opening, Reckoning


@dataclass(frozen=True)
class Piece:
    """An earning on its own day (of a return: the return's), as releases and adjustments name it."""

    rule: Rule
    payee: str
    transaction_id: str
    party: str
    via: str | None
    role: str
    instalment: int
    period_label: str
    day: date
    earning: int

    @property
    def is_opening(self) -> bool:
        """Whether it is pay of a period, without a transaction."""
        return not self.transaction_id

    @property
    def plan(self) -> Plan:
        return self.rule.plan

    @property
    def line(self) -> tuple[str, str, str, str, str, str]:
        """Payee, plan, component, transaction, party and period: what posted amounts are compared by."""
        name = self.rule.component.name
        return self.payee, self.plan.name, name, self.transaction_id, self.party, self.period_label


@dataclass(frozen=True)
class Released:
    """What of a piece may be paid from the day on; ``moment``: what it waited for, or ``returned`` or ``unpaid``.

    ``family`` is the name of its family.
    """

    family: object
    piece: Piece
    day: date
    moment: str
    minor: int


@dataclass(frozen=True)
class Waits:
    """What is earned and not released; ``day`` is None where nobody knows when it comes.

    Of what is ``held`` by hand, who did it and why.
    """

    piece: Piece
    day: date | None
    moment: str
    minor: int
    author: str = ""
    reason: str = ""


@dataclass
class Family:
    """A piece and the returns that reverse it, in their order: they are released together.

    Families of one ``name`` (openings of one period, say) are converted together.
    """

    name: object
    pieces: list[Piece]
    released: list[Released] = field(default_factory=list)
    waiting: list[Waits] = field(default_factory=list)

    @property
    def first(self) -> Piece:
        """What the returns reverse."""
        return self.pieces[0]

    @property
    def start(self) -> date:
        return min(piece.day for piece in self.pieces)


def pieces_of(company: Company, reckoned: Reckoning) -> list[Piece]:
    """All lines and openings up to the day of the company."""
    pieces = [_line(company, credit) for credit in reckoned.lines]
    pieces += [_opening(opening) for opening in reckoned.openings]
    return [piece for piece in pieces if piece.day <= company.as_of]


def _line(company: Company, credit: Credit) -> Piece:
    """Dated as the credit; a return (also what is earned on the earning of a return) on the day of the return."""
    row = company.by_id.get(credit.transaction_id, credit.document.row)
    day = row["dated_on"] if row["kind"] == "return" else credit.day
    party, label = credit.party, credit.period.label
    name = (credit.payee, credit.transaction_id, party.party, party.via, party.role, credit.document.instalment)
    return Piece(credit.rule, *name, label, day, credit.earning)


def _opening(opening: Opening) -> Piece:
    name = (opening.payee, "", "", None, "", 0, opening.period.label)
    return Piece(opening.rule, *name, opening.earned_on, opening.earning)


def families_of(company: Company, pieces: Iterable[Piece]) -> list[Family]:
    """Pieces by what they begin with; each opening is one of its own."""
    families: dict[object, list[Piece]] = defaultdict(list)
    for piece in pieces:
        families[_family(company, piece)].append(piece)
    return [family for name, own in families.items() for family in _tied(company, name, own)]


def _family(company: Company, piece: Piece) -> object:
    if piece.is_opening:
        return (*piece.line, piece.plan.version)
    plan, component = piece.plan, piece.rule.component.name
    origin = origin_of(company, piece)
    name = (plan.name, plan.currency, component, piece.payee, piece.party, piece.via, piece.role, piece.instalment)
    return (*name, origin)


def _tied(company: Company, name: object, own: list[Piece]) -> Iterator[Family]:
    """Returns with what they reverse: of several credits of one name with the first, as none says which it is.

    A return of what somebody else was credited with stays by itself.
    """
    returns = sorted((piece for piece in own if _reverses(company, piece) is not None), key=_by_day)
    credited = [piece for piece in own if _reverses(company, piece) is None]
    if not credited:
        yield from (Family((name, piece.transaction_id), [piece]) for piece in returns)
    first = min(credited, key=_by_day, default=None)
    for piece in credited:
        yield Family(name, [piece, *(returns if piece is first else [])])


def _by_day(piece: Piece) -> tuple[date, str, int]:
    return piece.day, piece.transaction_id, piece.earning


def origin_of(company: Company, piece: Piece) -> str:
    """The transaction that a return reverses; else the piece's own."""
    return _reverses(company, piece) or piece.transaction_id


def _reverses(company: Company, piece: Piece) -> str | None:
    row = company.by_id.get(piece.transaction_id, {})
    origin: str | None = row.get("reverses_id")
    return origin if origin in company.by_id else None


def release(company: Company, awaited: Awaited, family: Family) -> None:
    """Released to date is the part that has come, of what is earned to date; where nothing waits, each piece is."""
    releasing = _Releasing(company, awaited, family)
    component = family.first.rule.component
    if component.clawback.unpaid_after_days is None and all(_is_at_once(part) for _, part in component.releases):
        for piece in family.pieces:
            releasing.add(piece, piece.day, Moment.CREDITED.value, piece.earning)
    else:
        releasing.run()


def _is_at_once(part: Release) -> bool:
    lags = part.after_days or part.after_months or part.instalments > 1 or part.on is not None
    return part.when is Moment.CREDITED and not lags


class _Releasing:
    """One family, day by day."""

    def __init__(self, company: Company, awaited: Awaited, family: Family) -> None:
        self.company, self.family = company, family
        first = family.first
        component, starts = first.rule.component, first.plan.calendar
        self.parts = component.releases
        what = Awaiting(family.start, "", "", None, first.plan.currency, starts)
        row = company.by_id.get(first.transaction_id)
        if row is not None:
            what = awaited.awaiting(row, family.start, starts)
        self.states = [dict(awaited.states(part, what)) for _, part in self.parts]
        late = component.clawback.unpaid_after_days
        self.unpaid = dict(awaited.unpaid(late, what)) if late is not None else {}
        self.come, self.is_unpaid, self.earned = [Fraction(0) for _ in self.parts], False, 0

    def run(self) -> None:
        known = self.company.as_of
        days = {day for states in (*self.states, self.unpaid) for day in states}
        for day in sorted({*days, *(piece.day for piece in self.family.pieces)}):
            if day <= known:
                self._earn(day)
                self._pass(day)
        self._wait(sorted(day for day in days if day > known))

    @property
    def fraction(self) -> Fraction:
        if self.is_unpaid:
            return Fraction(0)
        return sum((share * come for (share, _), come in zip(self.parts, self.come, strict=True)), Fraction(0))

    def _earn(self, day: date) -> None:
        """What is earned or returned on the day, at the part that had come before."""
        for piece in self.family.pieces:
            if piece.day == day:
                before, self.earned = self._due(), self.earned + piece.earning
                self.add(piece, day, "returned", self._due() - before)

    def _pass(self, day: date) -> None:
        """What has come on the day, of what is earned by then."""
        if day in self.unpaid:
            before, self.is_unpaid = self._due(), bool(self.unpaid[day])
            moment = "unpaid" if self.is_unpaid else Moment.RECEIVED_IN_FULL.value
            self.add(self.family.first, day, moment, self._due() - before)
        for moment, change in self._changes(day):
            self.add(self.family.first, day, moment, change)

    def _changes(self, day: date) -> Iterator[tuple[str, int]]:
        for number, (_, part) in enumerate(self.parts):
            if day in self.states[number]:
                before, self.come[number] = self._due(), self.states[number][day]
                yield "date" if part.on is not None else part.when.value, self._due() - before

    def _wait(self, days: list[date]) -> None:
        """What is to come: what is known by day, then all that is not."""
        for day in days:
            for moment, change in self._changes(day):
                self._add_waiting(day, moment, change)
        if self.is_unpaid:
            self.is_unpaid = False
            self._add_waiting(None, Moment.RECEIVED_IN_FULL.value, self._due())
        for number, (_, part) in enumerate(self.parts):
            before, self.come[number] = self._due(), Fraction(1)
            self._add_waiting(None, part.when.value, self._due() - before)

    def _due(self) -> int:
        return half_away(self.fraction * self.earned)

    def add(self, piece: Piece, day: date, moment: str, minor: int) -> None:
        if minor:
            is_return = piece is not self.family.first and _reverses(self.company, piece) is not None
            moment = "returned" if is_return else moment
            self.family.released.append(Released(self.family.name, piece, day, moment, minor))

    def _add_waiting(self, day: date | None, moment: str, minor: int) -> None:
        if minor:
            self.family.waiting.append(Waits(self.family.first, day, moment, minor))
