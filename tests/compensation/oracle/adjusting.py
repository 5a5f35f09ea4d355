"""Adjusting: a closed period is never edited; what has changed since it was posted enters the open one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from tests.compensation.oracle.company import Row, Rows
from tests.compensation.oracle.numbers import half_away
from tests.compensation.oracle.pay_currency import Converted, PayCurrency
from tests.compensation.oracle.paying import PayPeriod
from tests.compensation.oracle.releasing import Piece

Line = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Adjustment:
    """A line of a closed period that is not what was posted; ``released`` and ``minor`` of it are due now."""

    line: Line
    posted: int
    recalculated: int
    released: int
    currency: str
    minor: int

    @property
    def payee(self) -> str:
        return self.line[0]


def open_since(name: str, periods: Sequence[PayPeriod], rows: Rows) -> date | None:
    """The first day after all periods that were posted in or paid; None if nothing is closed."""
    closed = {row["posted_in"] for row in rows.get("posted", ()) if row["plan"] == name}
    closed |= {row["period_label"] for row in rows.get("paid", ()) if row["plan"] == name}
    return max((each.period.end for each in periods if each.period.label in closed), default=None)


def settled_where_posted(
    pieces: Iterable[Piece], rows: Rows, periods: Mapping[str, Sequence[PayPeriod]]
) -> list[Piece]:
    """An opening that was posted stays in the period that first posted it, though its own period goes on."""
    days: dict[Line, date] = {}
    for row in rows.get("posted", ()):
        last = next(each.last for each in periods[row["plan"]] if each.period.label == row["posted_in"])
        days[_line(row)] = min(last, days.get(_line(row), last))
    return [
        replace(piece, day=min(piece.day, days.get(piece.line, piece.day))) if piece.is_opening else piece
        for piece in pieces
    ]


@dataclass
class _Compared:
    """What there is of a line: posted rows of earlier closes, what is earned and released today."""

    then: list[Row] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    given: list[Converted] = field(default_factory=list)


def adjustments_of(
    name: str, day: date, pieces: Iterable[Piece], paid: Iterable[Converted], rows: Rows, currency: PayCurrency
) -> list[Adjustment]:
    """What differs of a plan, line by line; of one that has posted nothing, nothing does."""
    compared: dict[Line, _Compared] = defaultdict(_Compared)
    for row in rows.get("posted", ()):
        if row["plan"] == name:
            compared[_line(row)].then.append(row)
    if not compared:
        return []
    for piece in pieces:
        if piece.plan.name == name and piece.day < day:
            compared[piece.line].pieces.append(piece)
    for each in paid:
        if each.released.piece.plan.name == name and each.released.day < day:
            compared[each.released.piece.line].given.append(each)
    found = [_adjusted(line, own, day, currency) for line, own in sorted(compared.items())]
    return [each for each in found if each.posted != each.recalculated or each.released]


def _line(row: Row) -> Line:
    transaction = (row["transaction_id"], row["party"], row["period_label"])
    return (row["payee_id"], row["plan"], row["component"], *transaction)


def _adjusted(line: Line, own: _Compared, day: date, pay: PayCurrency) -> Adjustment:
    """Paid in the currency of the open day; at the rates of its releases if these were paid in that, too."""
    posted, now = sum(row["earning_minor"] for row in own.then), sum(piece.earning for piece in own.pieces)
    released = sum(each.released.minor for each in own.given)
    recorded = _recorded(own.then, posted, now, released)
    origin = own.pieces[0].plan.currency if own.pieces else own.then[0]["currency"]
    currency = pay.on(line[0], day, origin)
    rate = pay.exact(1, origin, currency, day)
    if released and all(each.currency == currency for each in own.given):
        rate = Fraction(sum(each.minor for each in own.given), released)
    minor = half_away(released * rate) - half_away(recorded * rate)
    return Adjustment(line, posted, now, released - recorded, currency, minor)


def _recorded(then: list[Row], posted: int, now: int, released: int) -> int:
    """What was released of it when it was posted; where nobody recorded that, as much of it as is released today."""
    if all(row["released_minor"] is not None for row in then):
        return sum(row["released_minor"] for row in then)
    return half_away(Fraction(posted * released, now)) if now else posted
