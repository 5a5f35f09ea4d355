"""Documents: the transactions in the form in which a component credits them.

A return by origin stands in the place of what it reverses, and knows what the two amounted to before and after it. A
contract that recurs is many documents.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from compensation.plans.components import Component, Event, Every, Returns
from compensation.plans.periods import months_after
from tests.compensation.oracle.company import Company, Row
from tests.compensation.oracle.measures import Raw
from tests.compensation.oracle.numbers import MILLION

_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}
_EVENTS = (Event.BOOKING, Event.ORDER, Event.INVOICE, Event.RECEIPT)


@dataclass(frozen=True)
class Document:
    """``row`` is the transaction, ``seen`` the one whose date, deal and attributes count."""

    row: Row
    seen: Row
    event: str
    credited_on: date
    before: Raw
    after: Raw
    instalment: int = 0
    instalments: int = 1
    origin: str | None = None

    @property
    def place(self) -> tuple[object, ...]:
        """Its place in the order: by posting, day, source. An instalment takes its place by its own day."""
        day = self.row["dated_on"] if self.row["kind"] == "return" else self.credited_on
        keys = ("source", "source_ref", "transaction_id")
        return (self.row["posting_sequence"], day, *(self.row[key] for key in keys))

    @property
    def stands_alone(self) -> bool:
        """Whether it is a return that is not tied to what it reverses."""
        return bool(self.row["kind"] == "return" and self.origin is None)


class Archive:
    """All transactions of a company as documents."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._families: dict[str, tuple[Raw, Raw]] = {}
        self._returned: dict[str, list[Row]] = {}
        self._follow_families()

    def documents(self, component: Component) -> Iterator[Document]:
        """What the component might credit, in order."""
        for row in self._company.transactions:
            if row["kind"] in _EVENTS:
                yield from self._originals(row, component)
            elif row["kind"] == "return":
                yield from self._returns(row, component)

    def _originals(self, row: Row, component: Component) -> Iterator[Document]:
        nothing, own = self._families[row["transaction_id"]]
        if component.recurs is None:
            yield Document(row, row, row["kind"], row["dated_on"], nothing, own)
            return
        ended = date.max
        if component.returns is Returns.ORIGIN:
            ended = min((each["dated_on"] for each in self._returned.get(row["transaction_id"], ())), default=ended)
        for number in range(component.recurs.times):
            day = months_after(row["dated_on"], number * _MONTHS[component.recurs.every])
            if day <= min(self._company.as_of, ended):
                parts = component.recurs.times if component.recurs.divided else 1
                yield Document(row, row, row["kind"], day, nothing, own, number, parts)

    def _returns(self, row: Row, component: Component) -> Iterator[Document]:
        origin = self._origin(row)
        event = origin["kind"] if origin else "invoice"
        is_tied = origin is not None and origin["currency"] == row["currency"]
        before, after = self._families[row["transaction_id"]]
        if origin is not None and is_tied and component.returns is Returns.ORIGIN:
            if component.recurs is None:
                yield Document(row, origin, event, origin["dated_on"], before, after, origin=origin["transaction_id"])
            return
        own = self._raw(row, count=_counted(before, after, "count"), deals=_counted(before, after, "deals"))
        yield Document(row, row, event, row["dated_on"], dict.fromkeys(own, 0), own)

    def _origin(self, row: Row) -> Row | None:
        origin = self._company.by_id.get(row["reverses_id"] or "")
        return origin if origin is not None and origin["kind"] in _EVENTS else None

    def _follow_families(self) -> None:
        met: set[tuple[str, str]] = set()
        for row in self._company.transactions:
            if row["kind"] in _EVENTS:
                is_first = (row["deal_id"], row["kind"]) not in met
                met.add((row["deal_id"], row["kind"]))
                own = self._raw(row, count=1, deals=int(is_first))
                self._families[row["transaction_id"]] = (dict.fromkeys(own, 0), own)
        running = {name: own for name, (_, own) in self._families.items()}
        for row in self._company.transactions:
            if row["kind"] == "return":
                self._follow_return(row, running)

    def _follow_return(self, row: Row, running: dict[str, Raw]) -> None:
        origin = self._origin(row)
        own = self._raw(row, count=0, deals=0)
        if origin is None or origin["currency"] != row["currency"]:
            self._families[row["transaction_id"]] = (dict.fromkeys(own, 0), own)
            return
        before = running[origin["transaction_id"]]
        after = _added(before, own)
        if after["revenue"] == 0:
            after = {**after, "count": 0, "deals": 0}
        self._families[row["transaction_id"]] = (before, after)
        self._returned.setdefault(origin["transaction_id"], []).append(row)
        running[origin["transaction_id"]] = after

    def _raw(self, row: Row, *, count: int, deals: int) -> Raw:
        return {
            **self._company.fields.get(row["transaction_id"], {}),
            "revenue": row["revenue_minor"],
            "margin": row["margin_minor"],
            "quantity": row["quantity_millionths"],
            "count": count * MILLION,
            "deals": deals * MILLION,
        }


def _counted(before: Raw, after: Raw, name: str) -> int:
    return ((after[name] or 0) - (before[name] or 0)) // MILLION


def _added(before: Raw, own: Raw) -> Raw:
    names = {**before, **own}
    pairs = {name: (before.get(name), own.get(name)) for name in names}
    return {name: None if None in pair else sum(part or 0 for part in pair) for name, pair in pairs.items()}
