"""Curves: cumulative pay by position, as a plan reads it aloud. Exact; nothing is rounded here.

A position counts in minor units or millionths, pay in minor units. Every curve can say what it pays at a position, what
it pays just below one, and what one more of the base pays there.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from compensation.plans.components import BelowZero, Component
from compensation.plans.figures import Gate, Otherwise
from compensation.plans.shapes import AfterLast, BeforeFirst, Shape, Tier
from compensation.plans.typed_numbers import Bound, Number
from tests.compensation.oracle.numbers import MILLION

Pay = Callable[[Fraction], Fraction]
ZERO = Fraction(0)


@dataclass(frozen=True)
class Curve:
    """``pay`` at a position, ``below``: its limit from below, ``slope``: pay for one more of the base."""

    pay: Pay
    below: Pay
    slope: Pay


@dataclass(frozen=True)
class Scales:
    """What one unit of a bound, of money and of the position amounts to; ``quota`` None: met, whatever is sold."""

    quota: Fraction | None
    unit: int
    minor: int
    target: Fraction

    def place(self, bound: Number | Bound, *, by_attainment: bool) -> Fraction:
        if not by_attainment:
            return bound.value * self.unit
        return bound.value * (self.quota if self.quota is not None else 1)


def curve_of(component: Component, shape: Shape, scales: Scales, conditions: "Conditions") -> Curve:
    """The base rate, partial gates, a cap before modifiers, modifiers, the other gates, the cap."""
    reader = _Reader(component, shape, scales)
    if reader.is_met:
        curve, least = reader.met(conditions.failed)
    else:
        curve, least = reader.shaped(), reader.pay_below_zero()
        if _leaves_base_rate(conditions.failed):
            curve, least = _straight(reader.first_slope()), ZERO
    curve = reader.with_opening(curve, conditions.opening, least)
    for gate in conditions.failed:
        if gate.covers is not None and not (reader.is_met and gate.covers.is_percent):
            curve = _partly_closed(curve, gate, reader)
    curve = _scaled(_capped(curve, conditions.cap_before_modifiers), conditions.factor)
    for gate in conditions.failed:
        if gate.covers is None and gate.otherwise is Otherwise.TARGET:
            curve = _capped(curve, scales.target)
        elif gate.covers is None and gate.otherwise is not Otherwise.BASE_RATE:
            curve = _scaled(curve, gate.otherwise.value if isinstance(gate.otherwise, Number) else ZERO)
    return _capped(curve, conditions.cap)


@dataclass(frozen=True)
class Conditions:
    """What is the same for a whole period: opening pay, gates not passed, the product of the modifiers, caps."""

    opening: Fraction
    failed: tuple[Gate, ...]
    factor: Fraction
    cap_before_modifiers: Fraction | None
    cap: Fraction | None


def _leaves_base_rate(failed: Sequence[Gate]) -> bool:
    return any(gate.covers is None and gate.otherwise is Otherwise.BASE_RATE for gate in failed)


def _scaled(curve: Curve, factor: Fraction) -> Curve:
    return Curve(lambda x: factor * curve.pay(x), lambda x: factor * curve.below(x), lambda x: factor * curve.slope(x))


def _capped(curve: Curve, most: Fraction | None) -> Curve:
    if most is None:
        return curve
    return Curve(
        lambda x: min(most, curve.pay(x)),
        lambda x: min(most, curve.below(x)),
        lambda x: curve.slope(x) if curve.pay(x) < most else ZERO,
    )


def _straight(slope: Fraction) -> Curve:
    return Curve(lambda x: slope * x, lambda x: slope * x, lambda _: slope)


def _partly_closed(curve: Curve, gate: Gate, reader: "_Reader") -> Curve:
    """From the bound on, only a part of what is earned there, or the base rate, is left."""
    bound = gate.covers
    assert bound is not None
    place = reader.scales.place(bound, by_attainment=bound.is_percent)
    is_above = bound.is_above or (reader.component.upper_included and bound.value != 0)
    share = gate.otherwise.value if isinstance(gate.otherwise, Number) else ZERO
    slope = reader.first_slope() if gate.otherwise is Otherwise.BASE_RATE else ZERO
    base = curve.pay(place) if is_above else curve.below(place)

    def is_covered(x: Fraction) -> bool:
        return x > place if is_above else x >= place

    def left(paid: Fraction, x: Fraction) -> Fraction:
        return base + share * (paid - base) + slope * (x - place)

    return Curve(
        lambda x: left(curve.pay(x), x) if is_covered(x) else curve.pay(x),
        lambda x: left(curve.below(x), x) if x > place else curve.below(x),
        lambda x: share * curve.slope(x) + slope if is_covered(x) else curve.slope(x),
    )


class _Reader:
    """Reads one shape."""

    def __init__(self, component: Component, shape: Shape, scales: Scales) -> None:
        self.component, self.shape, self.scales = component, shape, scales

    def with_opening(self, curve: Curve, opening: Fraction, least: Fraction) -> Curve:
        """``least`` is paid below zero where nothing more is taken there."""
        if self.component.below_zero is not BelowZero.NOTHING:
            return Curve(lambda x: opening + curve.pay(x), lambda x: opening + curve.below(x), curve.slope)
        return Curve(
            lambda x: opening + (curve.pay(x) if x >= 0 else least),
            lambda x: opening + (curve.below(x) if x > 0 else least),
            lambda x: curve.slope(x) if x >= 0 else ZERO,
        )

    def pay_below_zero(self) -> Fraction:
        """Where nothing more is paid below zero, what is fixed from the lowest position on stays."""
        if self.shape.whole_amount_tiers and self._reached(self.shape.tiers[0].lower, ZERO):
            return self._money(self.shape.tiers[0].amount)
        if self.shape.points and self.shape.before_first is not BeforeFirst.NOTHING:
            return self._points(ZERO)
        return ZERO

    def shaped(self) -> Curve:
        shape = self.shape
        if shape.marginal_tiers:
            return Curve(self._marginal, self._marginal, self._rate)
        if shape.whole_amount_tiers:
            return Curve(self._whole, lambda x: self._whole(x, just_below=True), self._rate)
        if shape.steps:
            return Curve(self._steps, lambda x: self._steps(x, just_below=True), lambda _: ZERO)
        if shape.points:
            return Curve(self._points, lambda x: self._points(x, just_below=True), lambda _: ZERO)
        if shape.excess:
            return self._excess(self._place(shape.excess.above), shape.excess.rate.value)
        if shape.amount is not None:
            amount = self._money(shape.amount)
            return Curve(*(lambda x: amount if x > 0 else ZERO,) * 2, lambda _: ZERO)
        return _straight(self._money(shape.per_unit) / MILLION if shape.per_unit else self._number(shape.rate))

    def first_slope(self) -> Fraction:
        """The rate of the first tier, or the only rate."""
        if self.shape.excess:
            return self.shape.excess.rate.value
        if self.shape.tiers:
            return self._slope(self.shape.tiers[0])
        return self.shaped().slope(ZERO)

    # bounds and amounts

    def _place(self, bound: Number | Bound) -> Fraction:
        return self.scales.place(bound, by_attainment=self.shape.is_by_attainment)

    def _reached(self, bound: Number | Bound, x: Fraction, *, just_below: bool = False) -> bool:
        place = self._place(bound)
        is_above = getattr(bound, "is_above", False) or (self.component.upper_included and bound.value != 0)
        return x > place if is_above or just_below else x >= place

    def _money(self, amount: Number | None) -> Fraction:
        return amount.value * self.scales.minor if amount is not None else ZERO

    def _number(self, number: Number | None) -> Fraction:
        return number.value if number is not None else ZERO

    def _slope(self, tier: Tier) -> Fraction:
        """Pay for one more of the base."""
        if tier.multiplier is not None:
            return tier.multiplier.value * self.scales.target / (self.scales.quota or 1)
        if tier.per_unit is not None:
            return self._money(tier.per_unit) / MILLION
        return self._number(tier.rate)

    # shapes

    def _marginal(self, x: Fraction) -> Fraction:
        tiers, paid = self.shape.marginal_tiers or (), ZERO
        if x < 0 and tiers[0].lower.value == 0 and not tiers[0].lower.is_above:
            return self._slope(tiers[0]) * x
        for number, tier in enumerate(tiers):
            start = self._place(tier.lower)
            end = self._place(tiers[number + 1].lower) if number + 1 < len(tiers) else x
            if x > start:
                paid += self._slope(tier) * (min(x, end) - start)
        return paid

    def _tier(self, x: Fraction, *, just_below: bool = False) -> Tier | None:
        tiers = self.shape.tiers
        reached = [tier for tier in tiers if self._reached(tier.lower, x, just_below=just_below)]
        if reached:
            return reached[-1]
        return tiers[0] if tiers[0].lower.value == 0 and not tiers[0].lower.is_above else None

    def _rate(self, x: Fraction) -> Fraction:
        tier = self._tier(x)
        return self._slope(tier) if tier is not None else ZERO

    def _whole(self, x: Fraction, *, just_below: bool = False) -> Fraction:
        tier = self._tier(x, just_below=just_below)
        if tier is None:
            return ZERO
        counted = x
        if self.shape.counted_above is not None and self.shape.counted_above.value != 0:
            counted = max(ZERO, x - self._place(self.shape.counted_above))
        return self._money(tier.amount) + self._slope(tier) * counted

    def _steps(self, x: Fraction, *, just_below: bool = False) -> Fraction:
        reached = (step for step in self.shape.steps or () if self._reached(step.at, x, just_below=just_below))
        return sum((self._money(step.bonus) for step in reached), ZERO)

    def _points(self, x: Fraction, *, just_below: bool = False) -> Fraction:
        shape, points = (
            self.shape,
            [(self._place(point.at), self._pays(point.pays)) for point in self.shape.points or ()],
        )
        if not self._reached((shape.points or ())[0].at, x, just_below=just_below):
            match shape.before_first:
                case BeforeFirst.NOTHING:
                    return ZERO
                case BeforeFirst.SAME:
                    return points[0][1]
            return _on_line(points[0], points[1], x)
        if x > points[-1][0]:
            return points[-1][1] if shape.after_last is AfterLast.SAME else _on_line(points[-2], points[-1], x)
        left, right = next(pair for pair in itertools.pairwise(points) if x <= pair[1][0])
        return _on_line(left, right, x)

    def _pays(self, number: Number) -> Fraction:
        return number.value * self.scales.target if number.is_percent else self._money(number)

    def _excess(self, above: Fraction, rate: Fraction) -> Curve:
        is_above = self.component.upper_included and above != 0
        pay = lambda x: rate * max(ZERO, x - above)  # noqa: E731  # a formula with a name
        return Curve(pay, pay, lambda x: rate if (x > above if is_above else x >= above) else ZERO)

    @property
    def is_met(self) -> bool:
        """Whether a quota that is lacking counts as met."""
        return self.shape.is_by_attainment and self.scales.quota is None

    def met(self, failed: Sequence[Gate]) -> tuple[Curve, Fraction]:
        """What 100 % pays: its rate and amount on everything, or the same pay whatever is sold; and what is fixed."""
        one, is_base = Fraction(1), _leaves_base_rate(failed)
        target = _Reader(self.component, self.shape, Scales(one, 1, self.scales.minor, self.scales.target))
        tier = target._tier(one) if self.shape.tiers else None
        amount = self._money(tier.amount) if tier is not None else ZERO
        curve = target.shaped()
        if is_base:
            tier, amount, curve = next(iter(self.shape.tiers), None), ZERO, _straight(target.first_slope())
        for gate in failed:
            if gate.covers is not None and gate.covers.is_percent:
                is_closed = target._reached(gate.covers, one)
                if is_closed and gate.otherwise is Otherwise.BASE_RATE and self.shape.tiers:
                    tier = self.shape.tiers[0]
                curve = _partly_closed(curve, gate, target)
        if self.shape.excess or (tier is not None and tier.multiplier is None):
            slope = curve.slope(one)
            return Curve(lambda x: amount + slope * x, lambda x: amount + slope * x, lambda _: slope), amount
        paid = curve.pay(one)
        return Curve(lambda _: paid, lambda _: paid, lambda _: ZERO), paid


def _on_line(left: tuple[Fraction, Fraction], right: tuple[Fraction, Fraction], x: Fraction) -> Fraction:
    return left[1] + (right[1] - left[1]) * (x - left[0]) / (right[0] - left[0])
