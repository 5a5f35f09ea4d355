"""Small generated companies, deals and plans for properties, as plain values and as frames and plan text."""

import itertools
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from compensation import Facts, Plan, parse_plan
from tests.compensation.worlds.rows import frame

MILLION = 1_000_000


@dataclass
class Person:
    id: str
    title: str
    manager: str | None


@dataclass
class Share:
    payee: str
    millionths: int
    is_overlay: bool = False


@dataclass
class Transaction:
    id: str
    deal: str
    kind: str
    day: date
    sequence: int
    currency: str
    revenue: int
    margin: int
    quantity: int
    family: str
    reverses: str | None = None


@dataclass
class World:
    people: list[Person]
    shares: dict[str, list[Share]]
    transactions: list[Transaction]
    quotas: dict[tuple[str, date], int]
    rates: dict[str, list[tuple[date, Fraction]]]
    digits: dict[str, int]


@dataclass
class Component:
    """``payout``: (shape, rows); rows of tiers are (lower, pay), of steps (at, bonus), else one number."""

    name: str
    payout: tuple[str, Any]
    by_attainment: bool = False
    credited_on: str = "invoice"
    credit_to: tuple[str, ...] = ("owners",)
    share: Fraction = Fraction(1)
    families: tuple[str, ...] = ()
    window: tuple[date, date] | None = None
    measure: str = "revenue"
    position: str = "revenue"
    months: int = 3
    mode: str = "curve"
    opening: Fraction = Fraction(0)
    upper_included: bool = False
    returns: str = "origin"
    nothing_below_zero: bool = False


FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
TITLES = {"Rep", "Manager", "Specialist"}
_PERIODS = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}
_PEOPLE = [
    Person("crm:a", "Rep", "crm:m"),
    Person("crm:b", "Rep", "crm:m"),
    Person("crm:c", "Rep", "crm:v"),
    Person("crm:m", "Manager", "crm:v"),
    Person("crm:s", "Specialist", "crm:m"),
    Person("crm:v", "Manager", None),
]
_amounts = st.integers(-50_000, 5_000_000)
_hundredths = st.integers(0, 2000).map(lambda number: Fraction(number, 10_000))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    deals = [f"crm:D{number}" for number in range(draw(st.integers(1, 3)))]
    shares = {deal: draw(_shares()) for deal in deals}
    count = draw(st.integers(1, 9))
    transactions: list[Transaction] = []
    for number in range(count):
        transactions += [draw(_transaction(f"t{number:02}", deals, transactions))]
    quotas = {
        (person.id, date(2026, month, 1)): draw(st.integers(1, 4_000_000))
        for person in _PEOPLE
        for month in (1, 4, 7, 10)
        if draw(st.booleans())
    }
    rates = {
        "EUR": [(FIRST, Fraction("1.0845")), (date(2026, 6, 1), Fraction("1.1203"))],
        "JPY": [(FIRST, Fraction("0.0067"))],
    }
    return World(_PEOPLE, shares, transactions, quotas, rates, {"USD": 2, "EUR": 2, "JPY": 0})


@st.composite
def _shares(draw: st.DrawFn) -> list[Share]:
    owners = draw(st.lists(st.sampled_from(["crm:a", "crm:b", "crm:c"]), min_size=1, max_size=3, unique=True))
    cuts = sorted(draw(st.lists(st.integers(0, MILLION), min_size=len(owners) - 1, max_size=len(owners) - 1)))
    bounds = itertools.pairwise([0, *cuts, MILLION])
    shares = [Share(owner, high - low) for owner, (low, high) in zip(owners, bounds, strict=True)]
    if draw(st.booleans()):
        shares.append(Share("crm:s", draw(st.integers(1, MILLION)), is_overlay=True))
    return shares


@st.composite
def _transaction(draw: st.DrawFn, name: str, deals: list[str], earlier: list[Transaction]) -> Transaction:
    day = FIRST + timedelta(days=draw(st.integers(0, 364)))
    sequence = draw(st.integers(1, 3))
    originals = [each for each in earlier if each.kind != "return"]
    is_return = draw(st.booleans())
    if originals and is_return:
        origin = draw(st.sampled_from(originals))
        part = draw(st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(7, 10)]))
        return returned(name, origin, max(day, origin.day), part)
    return Transaction(
        id=name,
        deal=draw(st.sampled_from(deals)),
        kind=draw(st.sampled_from(["invoice", "invoice", "booking"])),
        day=day,
        sequence=sequence,
        currency=draw(st.sampled_from(["USD", "USD", "EUR", "JPY"])),
        revenue=draw(_amounts),
        margin=draw(_amounts),
        quantity=draw(st.integers(0, 20)) * MILLION // draw(st.sampled_from([1, 3])),
        family=draw(st.sampled_from(["Instruments", "Software"])),
    )


def returned(name: str, origin: Transaction, day: date, part: Fraction = Fraction(1)) -> Transaction:
    """A credit note over a part of the transaction."""
    revenue, margin, quantity = (-int(value * part) for value in (origin.revenue, origin.margin, origin.quantity))
    return replace(
        origin,
        id=name,
        kind="return",
        day=day,
        sequence=4,
        revenue=revenue,
        margin=margin,
        quantity=quantity,
        reverses=origin.id,
    )


@st.composite
def components(draw: st.DrawFn, name: str, *, mode: str | None = None) -> Component:
    mode = mode or draw(st.sampled_from(["curve", "curve", "sliced", "rate_before", "rate_after"]))
    position = draw(st.sampled_from(["revenue", "margin", "quantity"]))
    measure = position if mode == "curve" else draw(st.sampled_from(["revenue", "margin", "quantity"]))
    by_attainment = draw(st.booleans()) and position == "revenue"
    return Component(
        name=name,
        payout=draw(_payout(mode, measure, by_attainment=by_attainment)),
        by_attainment=by_attainment,
        credited_on=draw(st.sampled_from(["invoice", "invoice", "booking"])),
        credit_to=draw(st.sampled_from([("owners",), ("owners", "overlays"), ("direct_manager",), ("all_managers",)])),
        share=draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(7, 40)])),
        families=draw(st.sampled_from([(), (), ("Software",)])),
        window=draw(st.sampled_from([None, None, (date(2026, 2, 1), date(2026, 10, 31))])),
        measure=measure,
        position=position,
        months=3 if by_attainment else draw(st.sampled_from([1, 3, 6, 12])),
        mode=mode,
        opening=Fraction(draw(st.sampled_from([0, 0, 500]))),
        upper_included=draw(st.booleans()),
        returns=draw(st.sampled_from(["origin", "origin", "current"])),
        nothing_below_zero=draw(st.booleans()),
    )


@st.composite
def _payout(draw: st.DrawFn, mode: str, measure: str, *, by_attainment: bool) -> tuple[str, Any]:
    shapes = ["marginal", "whole", "rate"] if mode != "curve" else ["marginal", "whole", "rate", "steps", "excess"]
    if measure == "quantity":
        shapes = [shape for shape in shapes if shape != "excess"]
    shape = "marginal" if by_attainment else draw(st.sampled_from(shapes))
    if by_attainment and mode == "curve":
        shape = draw(st.sampled_from(["marginal", "whole", "steps"]))
    if shape == "rate":
        return shape, draw(_hundredths)
    first = draw(st.sampled_from([0, 0, 50]))
    bounds = [first, *sorted(draw(st.sets(st.integers(first + 1, 200), min_size=0, max_size=3)))]
    scaled = [Fraction(bound, 100) if by_attainment else Fraction(bound * 100) for bound in bounds]
    if shape == "excess":
        return shape, (scaled[-1], draw(_hundredths))
    if shape == "steps":
        return shape, [(bound, Fraction(draw(st.integers(1, 5000)))) for bound in scaled]
    return shape, [(bound, draw(_hundredths)) for bound in scaled]


def plan_of(written: list[Component], currency: str = "USD") -> Plan:
    """The plan text that says the same, parsed."""
    lines = ["plan: Generated", f"currency: {currency}", "effective: {from: 2026-01-01, through: 2026-12-31}"]
    lines += [f"applies_to: {{titles: [{', '.join(sorted(TITLES))}]}}", "components:"]
    return parse_plan(
        "\n".join([*lines, *(line for each in written for line in _component(each))]) + "\n", "generated.yaml"
    )


def _component(component: Component) -> list[str]:
    text = {
        "credited_on": component.credited_on,
        "credit_to": f"[{', '.join(component.credit_to)}]",
        "share": _figure(component.share),
        "measure": component.measure,
        "period": _PERIODS[component.months],
        "mode": component.mode,
        "opening_pay": _figure(component.opening),
        "upper_included": "yes" if component.upper_included else "no",
        "returns": component.returns,
        "below_zero": "nothing" if component.nothing_below_zero else "first_rate",
        "payout": _payout_text(component),
    }
    if component.position != component.measure:
        text["position"] = component.position
    if component.families:
        text["filter"] = f"{{product_families: [{', '.join(component.families)}]}}"
    if component.window:
        text["window"] = f"{{from: {component.window[0]}, through: {component.window[1]}}}"
    return [f"  - component: {component.name}", *(f"    {key}: {value}" for key, value in text.items())]


def _payout_text(component: Component) -> str:
    shape, rows = component.payout
    pay = "per_unit" if component.measure == "quantity" else "rate"
    bound = _percent if component.by_attainment else _figure
    if shape == "rate":
        return f"{{{pay}: {_figure(rows)}}}"
    if shape == "excess":
        return f"{{excess: {{above: {bound(rows[0])}, rate: {_figure(rows[1])}}}}}"
    if shape == "steps":
        return f"{{steps: [{', '.join(f'{{at: {bound(at)}, bonus: {_figure(bonus)}}}' for at, bonus in rows)}]}}"
    tiers = ", ".join(f"{{from: {bound(lower)}, {pay}: {_figure(rate)}}}" for lower, rate in rows)
    return f"{{{shape if shape == 'marginal' else 'whole_amount'}_tiers: [{tiers}]}}"


def _figure(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def _percent(value: Fraction) -> str:
    return f"{_figure(value * 100)}%"


def facts_of(world: World) -> Facts:
    """The frames that say the same."""
    deals = [
        (deal, "crm", deal.removeprefix("crm:"), deal, None, "open", "Open", None, None, "USD", None, "none")
        for deal in world.shares
    ]
    return Facts(
        transactions=frame("transactions", [_row(each) for each in world.transactions]),
        participants=frame(
            "participants",
            [
                (deal, share.payee, "overlay" if share.is_overlay else "owner", share.millionths, share.is_overlay)
                for deal, shares in world.shares.items()
                for share in shares
            ],
        ),
        assignments=frame(
            "assignments",
            [(who.id, who.id, None, who.title, None, None, who.manager, "USD", FIRST, None) for who in world.people],
        ),
        quotas=frame(
            "quotas",
            [
                (who, "revenue", start, _quarter_end(start), minor, "USD")
                for (who, start), minor in world.quotas.items()
            ],
        ),
        rates=frame(
            "rates",
            [(origin, "USD", day, _figure(rate)) for origin, dated in world.rates.items() for day, rate in dated],
        ),
        currencies=frame("currencies", list(world.digits.items())),
        deals=frame("deals", deals),
    )


def _row(each: Transaction) -> tuple[Any, ...]:
    return (
        *(each.id, each.deal, each.kind, each.day, each.sequence, "erp", each.id, each.currency),
        *(each.revenue, each.margin, each.quantity, None, each.family, None, None, None, each.reverses),
    )


def _quarter_end(start: date) -> date:
    return date(start.year + (start.month + 2) // 12, (start.month + 2) % 12 + 1, 1)
