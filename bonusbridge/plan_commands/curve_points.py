"""A payout's curve as something to draw: its corners, its rates, and how they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from compensation import Plan
from compensation.curves.compiling import compile_curve, unit_scale
from compensation.curves.curve import Curve, Segment
from compensation.curves.terms import Terms
from compensation.exact import MILLIONTHS, rounded
from compensation.plans.components import Component
from compensation.plans.measures import MeasureKind
from compensation.plans.rules import Rule, rules_of
from mappings.money import exponent

USUAL_QUOTA, USUAL_TARGET_PAY = Decimal(100_000), Decimal(10_000)


class NoCurveError(Exception):
    """A component that does not pay along a curve; the message says what it pays by."""


class Stretch(NamedTuple):
    """A straight part of the curve: positions, pay where it begins, and what each further unit pays.

    ``jump`` is what reaching its beginning pays at once. Pay in minor units, ``rate`` in minor units for one unit of
    the position (a minor unit of money, a millionth of a quantity).
    """

    start: int
    end: int
    pay: int
    jump: int
    rate: Fraction


@dataclass(frozen=True)
class CurveShown:
    """One curve from nothing to ``last``, with what has to be known to write its numbers."""

    title: str
    plan: Plan
    component: Component
    curve: Curve
    quota: int | None
    target_minor: Fraction | None
    last: int
    is_money: bool

    @property
    def top(self) -> int:
        """The highest pay shown, in minor units; at least one."""
        return max(1, *(self.curve.pay_at(edge) for each in self.stretches() for edge in (each.start, each.end)))

    def stretches(self) -> Iterator[Stretch]:
        """The straight parts that lie between nothing and ``last``."""
        before: Segment | None = None
        for segment in self.curve.segments:
            start, end = max(segment.threshold, 0), min(segment.ceiling, self.last)
            if start < end:
                jump = rounded(_pay(segment, start) - _pay(before, start)) if before else 0
                yield Stretch(start, end, self.curve.pay_at(start), jump, Fraction(segment.b, segment.d))
            before = segment

    def money(self, minor: int) -> str:
        digits = exponent(self.plan.currency)
        return f"{Decimal(minor).scaleb(-digits):,} {self.plan.currency}"

    def position(self, position: int) -> str:
        """In units, and as attainment where there is a quota."""
        told = self.money(position) if self.is_money else f"{plain(Fraction(position, MILLIONTHS))} units"
        if self.quota is None:
            return told
        return f"{plain(Fraction(position * 100, self.quota), 2)}% ({told})"

    def rate(self, rate: Fraction) -> str:
        """A percentage of money, an amount for each unit of everything else."""
        if self.is_money:
            return f"{plain(rate * 100, 4)}%"
        return f"{self.money(rounded(rate * MILLIONTHS))} each"


def curves_of(plan: Plan, component: Component, quota: Decimal | None, target_pay: Decimal | None) -> list[CurveShown]:
    """The component's curve, one for each of its cases; gates passed, modifiers one.

    NoCurveError if it pays by a scorecard, a ranking or a matrix of amounts.
    """
    payout = component.payout
    if not payout.needs_credits:
        raise NoCurveError(f"component '{component.name}' pays by figures of the period, not along a curve")
    rule = next(rule for rule in rules_of([plan]) if rule.component is component)
    terms = _terms(rule, quota, target_pay)
    cases = len(payout.cases or ()) or (len(payout.matrix.rows) * len(payout.matrix.columns) if payout.matrix else 1)
    return [_shown(rule, terms, case, cases) for case in range(cases)]


def _terms(rule: Rule, quota: Decimal | None, target_pay: Decimal | None) -> Terms:
    digits = exponent(rule.plan.currency)
    component = rule.component
    stated = component.quota.amount
    typed = Fraction(quota) if quota is not None else stated.value if stated else Fraction(USUAL_QUOTA)
    scale = unit_scale(rule.position_kind, digits)
    own = component.target_pay.amount if component.target_pay else None
    target = Fraction(target_pay) if target_pay is not None else own.value if own else Fraction(USUAL_TARGET_PAY)
    return Terms(quota=rounded(typed * scale) if component.needs_quota else None, target_minor=target * 10**digits)


def _shown(rule: Rule, terms: Terms, case: int, cases: int) -> CurveShown:
    curve = compile_curve(rule, terms, exponent(rule.plan.currency), case)
    is_money = rule.position_kind is MeasureKind.MONEY
    bends = [segment.threshold for segment in curve.segments if segment.threshold > 0]
    scale = unit_scale(rule.position_kind, exponent(rule.plan.currency))
    last = max([*bends, terms.quota or 0]) * 5 // 4 or scale * (100_000 if is_money else 100)
    title = f"{rule.plan.name}: {rule.component.name}" + (f", case {case + 1} of {cases}" if cases > 1 else "")
    return CurveShown(title, rule.plan, rule.component, curve, terms.quota, terms.target_minor, last, is_money)


def _pay(segment: Segment, position: int) -> Fraction:
    return Fraction(segment.a + segment.b * position, segment.d)


def plain(value: Fraction, places: int = 6) -> str:
    shown = Decimal(rounded(value * 10**places)).scaleb(-places)
    return f"{shown:,f}".rstrip("0").rstrip(".") if places else f"{shown:,f}"
