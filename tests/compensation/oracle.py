"""A second calculator, small and slow: plain loops over Fractions, sharing no code with the engine.

It reads the same plan as plain Python values, so that a mistake would have to be made twice in two ways.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

MILLION = 1_000_000
Earnings = dict[tuple[str, str, date], int]
LineEarnings = dict[tuple[str, str, str, str | None], int]


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


@dataclass
class Result:
    totals: Earnings = field(default_factory=lambda: defaultdict(int))
    lines: LineEarnings = field(default_factory=dict)


def half_away(value: Fraction) -> int:
    whole = int(abs(value))
    if abs(value) - whole >= Fraction(1, 2):
        whole += 1
    return whole if value >= 0 else -whole


def earnings(world: World, components: list[Component], titles: set[str], currency: str) -> Result:
    result = Result()
    for component in components:
        _pay_component(world, component, titles, currency, result)
    return result


def _pay_component(world: World, component: Component, titles: set[str], currency: str, result: Result) -> None:
    known = {transaction.id: transaction for transaction in world.transactions}
    families: dict[str, dict[str, int]] = {}
    positions: dict[tuple[str, date], int] = defaultdict(int)
    ratios: dict[tuple[str, str, str | None], Fraction] = {}
    ordered = sorted(world.transactions, key=lambda each: (each.sequence, each.day, each.id))
    for transaction in ordered:
        origin = known.get(transaction.reverses or "") if transaction.kind == "return" else None
        if origin is not None and origin.currency != transaction.currency:
            origin = None
        kind = transaction.kind
        if kind == "return":
            reversed_one = known.get(transaction.reverses or "")
            kind = reversed_one.kind if reversed_one else "invoice"
        if kind != component.credited_on:
            continue
        seen = origin if origin is not None and component.returns == "origin" else transaction
        tied = seen is origin and origin is not None
        before = families.get(seen.id, dict.fromkeys(("revenue", "margin", "quantity"), 0)) if tied else _nothing()
        after = {name: before[name] + getattr(transaction, name) for name in before}
        if tied or transaction.kind != "return":
            families[seen.id] = after
        if component.families and seen.family not in component.families:
            continue
        if component.window and not component.window[0] <= seen.day <= component.window[1]:
            continue
        rate = _rate(world, seen.currency, currency, seen.day)
        for payee, via, low, high in _parties(world, component, seen.deal, titles):
            start = _period_start(seen.day, component.months)
            quota = world.quotas.get((payee, start)) if component.by_attainment else 1
            if not quota:
                continue
            base, before_base = (
                _credit(component, component.measure, figures, rate, low, high) for figures in (after, before)
            )
            reached, left = (
                _credit(component, component.position, figures, rate, low, high) for figures in (after, before)
            )
            accumulator, moved = (payee, start), reached - left
            at = positions[accumulator]
            positions[accumulator] += moved
            curve = Curve(component, quota, world.digits[currency])
            if component.mode == "curve":
                earned = half_away(curve.pay(at + moved)) - half_away(curve.pay(at))
            else:
                own = ratios.setdefault((transaction.id, payee, via), _ratio(curve, component.mode, at, moved))
                ratio = ratios.get((seen.id, payee, via), own) if tied else own
                earned = half_away(base * ratio) - half_away(before_base * ratio)
            result.lines[transaction.id, component.name, payee, via] = earned
            result.totals[payee, component.name, start] += earned


def _nothing() -> dict[str, int]:
    return dict.fromkeys(("revenue", "margin", "quantity"), 0)


def _ratio(curve: "Curve", mode: str, at: int, moved: int) -> Fraction:
    if mode == "rate_before" or (mode == "sliced" and moved == 0):
        return curve.rate(at)
    if mode == "rate_after":
        return curve.rate(at + moved)
    return (curve.pay(at + moved) - curve.pay(at)) / moved


def _credit(component: Component, measure: str, figures: dict[str, int], rate: Fraction, low: int, high: int) -> int:
    converted = half_away(figures[measure] * (rate if measure != "quantity" else Fraction(1)))
    part = half_away(Fraction(converted * high, MILLION)) - half_away(Fraction(converted * low, MILLION))
    return half_away(part * component.share)


def _rate(world: World, origin: str, target: str, day: date) -> Fraction:
    if origin == target:
        return Fraction(1)
    valid = [rate for since, rate in sorted(world.rates[origin]) if since <= day]
    return valid[-1] * Fraction(10) ** (world.digits[target] - world.digits[origin])


def _parties(
    world: World, component: Component, deal: str, titles: set[str]
) -> Iterator[tuple[str, str | None, int, int]]:
    people = {person.id: person for person in world.people}
    owners = sorted((share for share in world.shares[deal] if not share.is_overlay), key=lambda share: share.payee)
    running = 0
    for share in owners:
        low, high = running, running + share.millionths
        running = high
        if "owners" in component.credit_to and people[share.payee].title in titles:
            yield share.payee, None, low, high
        manager, level = people[share.payee].manager, 1
        while manager is not None:
            wanted = "all_managers" in component.credit_to or (level == 1 and "direct_manager" in component.credit_to)
            if wanted and people[manager].title in titles:
                yield manager, share.payee, low, high
            manager, level = people[manager].manager, level + 1
    if "overlays" in component.credit_to:
        for share in world.shares[deal]:
            if share.is_overlay and people[share.payee].title in titles:
                yield share.payee, None, 0, share.millionths


def _period_start(day: date, months: int) -> date:
    return date(day.year, (day.month - 1) // months * months + 1, 1)


class Curve:
    """P as a plan reads it aloud: which tiers the position has passed, and what each pays."""

    def __init__(self, component: Component, quota: int, digits: int) -> None:
        self.shape = component.payout[0]
        self.rows: Any = component.payout[1]
        self.component = component
        self.minor: int = 10**digits
        unit = MILLION if component.position == "quantity" else self.minor
        self.scale = Fraction(quota if component.by_attainment else unit)
        self.per_unit = Fraction(self.minor, MILLION) if component.measure == "quantity" else Fraction(1)

    def has_passed(self, lower: Fraction, position: int) -> bool:
        bound = lower * self.scale
        if self.component.upper_included and bound:
            return position > bound
        return position >= bound

    def pay(self, position: int) -> Fraction:
        opening = self.component.opening * self.minor
        if position < 0 and self.component.nothing_below_zero:
            return opening
        return opening + self._paid(position)

    def _paid(self, position: int) -> Fraction:
        if self.shape == "rate":
            return Fraction(self.rows * self.per_unit * position)
        if self.shape == "excess":
            above, rate = self.rows
            return Fraction(max(rate * (position - above * self.scale), 0))
        if self.shape == "steps":
            return Fraction(sum(bonus * self.minor for at, bonus in self.rows if self.has_passed(at, position)))
        if self.shape == "whole":
            return self.rate(position) * position
        return self._marginal(position)

    def _marginal(self, position: int) -> Fraction:
        paid = Fraction(0)
        for number, (lower, rate) in enumerate(self.rows):
            start = lower * self.scale
            end = self.rows[number + 1][0] * self.scale if number + 1 < len(self.rows) else None
            if number == 0 and lower == 0 and position < 0:
                return Fraction(rate * self.per_unit * position)
            if position > start:
                paid += (min(Fraction(position), end) if end is not None else position) * rate * self.per_unit
                paid -= start * rate * self.per_unit
        return paid

    def rate(self, position: int) -> Fraction:
        if position < 0 and self.component.nothing_below_zero:
            return Fraction(0)
        if self.shape == "rate":
            return Fraction(self.rows * self.per_unit)
        found = Fraction(0)
        if self.rows[0][0] == 0:
            found = self.rows[0][1]
        for lower, rate in self.rows:
            if self.has_passed(lower, position):
                found = rate
        return Fraction(found * self.per_unit)
