"""Payouts compiled to segments: P(x) = (a + b·x) / d in integers, from position to cumulative pay in minor units."""

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import polars as pl

from compensation.exact import MAX_MINOR, MILLIONTHS, exact_series, rounded
from compensation.plans.components import BelowZero, Component
from compensation.plans.measures import MeasureKind
from compensation.plans.rules import Rule
from compensation.plans.shapes import Tier
from compensation.plans.typed_numbers import Number

Unit = Literal["attainment", "money", "quantity"]


class Piece(NamedTuple):
    """One straight piece of P: pay = ``intercept + slope * x`` from ``start`` (None: from below).

    ``lower``, ``upper`` and ``rate`` are what the plan file says, for explanations: bounds as ratios of quota or in
    units.
    """

    start: Fraction | None
    intercept: Fraction
    slope: Fraction
    lower: Fraction
    upper: Fraction | None
    rate: Fraction


class Segment(NamedTuple):
    """P(x) = (a + b * x) / d for x from ``threshold`` (included) to ``ceiling`` (excluded)."""

    threshold: int
    ceiling: int
    a: int
    b: int
    d: int


class Slice(NamedTuple):
    """The part of a walk from one position to another that lies on one piece, and the rounded pay of it."""

    piece: Piece
    measure: int
    earning: int


@dataclass(frozen=True)
class Curve:
    """A component's payout for one quota. ``unit`` is what the pieces' bounds count: attainment, money or quantity."""

    pieces: tuple[Piece, ...]
    segments: tuple[Segment, ...]
    unit: Unit

    def pay_at(self, position: int) -> int:
        """Cumulative pay at the position, in minor units, half away from zero."""
        return rounded(self._value(self._index(position), position))

    def piece_at(self, position: int) -> Piece:
        """The piece that a position lies on."""
        return self.pieces[self._index(position)]

    def slices(self, before: int, after: int) -> Iterator[Slice]:
        """The walk from ``before`` to ``after``, piece by piece; earnings add up to rounded P(after) - P(before)."""
        step = 1 if after >= before else -1
        paid, at, last = self.pay_at(before), before, self._index(after)
        for index in range(self._index(before), last + step, step):
            end = after if index == last else self._edge(index, step)
            pay = rounded(self._value(index, end))
            if end != at or pay != paid:
                yield Slice(self.pieces[index], end - at, pay - paid)
            paid, at = pay, end

    def _edge(self, index: int, step: int) -> int:
        return self.segments[index].ceiling if step > 0 else self.segments[index].threshold

    def _index(self, position: int) -> int:
        return bisect_right(self.segments, position, key=lambda segment: segment.threshold) - 1

    def _value(self, index: int, position: int) -> Fraction:
        segment = self.segments[index]
        return Fraction(segment.a + segment.b * position, segment.d)


def unit_scale(kind: MeasureKind, exponent: int) -> int:
    """Integer units of a position in one unit as typed: minor units of money, millionths of a quantity."""
    return MILLIONTHS if kind is MeasureKind.NUMBER else 10**exponent


def compile_curve(rule: Rule, quota: int | None, exponent: int) -> Curve:
    """The curve of a component for a quota (in integer units of the position; None where no bound needs it).

    ``exponent`` counts the digits of the plan currency's minor unit. One denominator serves all segments of a curve.
    """
    component = rule.component
    scale = quota if component.payout.is_by_attainment else unit_scale(rule.position_kind, exponent)
    if scale is None:
        raise ValueError(f"component '{component.name}' needs a quota")
    shaper = _Shaper(component, Fraction(scale), Fraction(quota or 1), 10**exponent)
    pieces = tuple(shaper.pieces())
    return Curve(pieces, tuple(_segments(pieces, component.upper_included)), _unit(rule))


def _unit(rule: Rule) -> Unit:
    if rule.component.payout.is_by_attainment:
        return "attainment"
    return "quantity" if rule.position_kind is MeasureKind.NUMBER else "money"


def _segments(pieces: tuple[Piece, ...], upper_included: bool) -> Iterator[Segment]:
    denominator = math.lcm(*(number.denominator for piece in pieces for number in (piece.intercept, piece.slope)))
    thresholds = [-MAX_MINOR, *(_threshold(piece, upper_included) for piece in pieces[1:]), MAX_MINOR]
    for piece, (threshold, ceiling) in zip(pieces, itertools.pairwise(thresholds), strict=True):
        yield Segment(
            threshold, ceiling, int(piece.intercept * denominator), int(piece.slope * denominator), denominator
        )


def _threshold(piece: Piece, upper_included: bool) -> int:
    """The first integer position on the piece; one on the bound itself belongs below if uppers are included."""
    start = piece.start or Fraction(0)
    return min(math.floor(start) + 1 if upper_included and start else math.ceil(start), MAX_MINOR)


def segments_frame(curves: Iterable[Curve]) -> pl.DataFrame:
    """The segments of curves: curve (its number), threshold, ceiling (Int64), a, b, d (exact)."""
    rows = [(number, *segment) for number, curve in enumerate(curves) for segment in curve.segments]
    columns = list(zip(*rows, strict=True)) or [()] * 6
    places = {name: pl.Series(columns[place], dtype=pl.Int64) for place, name in enumerate(_PLACES)}
    numbers = {name: exact_series(columns[place]) for place, name in enumerate(("a", "b", "d"), start=len(_PLACES))}
    return pl.DataFrame({**places, **numbers})


_PLACES = ("curve", "threshold", "ceiling")


@dataclass(frozen=True)
class _Shaper:
    component: Component
    scale: Fraction
    quota: Fraction
    minor: int

    def pieces(self) -> Iterator[Piece]:
        opening = self._money(self.component.opening_pay)
        shape = list(self._shape())
        payout = self.component.payout
        if shape[0].lower > 0 or payout.steps or payout.excess:
            shape.insert(0, Piece(None, Fraction(0), Fraction(0), Fraction(0), shape[0].lower, Fraction(0)))
        elif self.component.below_zero is BelowZero.NOTHING:
            yield Piece(None, opening, Fraction(0), Fraction(0), Fraction(0), Fraction(0))
        for piece in shape:
            yield piece._replace(start=piece.lower * self.scale, intercept=piece.intercept + opening)

    def _shape(self) -> Iterator[Piece]:
        payout = self.component.payout
        if payout.marginal_tiers:
            yield from self._marginal(payout.marginal_tiers)
        elif payout.whole_amount_tiers:
            yield from self._whole(payout.whole_amount_tiers)
        elif payout.steps:
            yield from self._steps()
        elif payout.excess:
            yield self._from(payout.excess.above.value, Fraction(0), payout.excess.rate.value, payout.excess.rate.value)
        elif payout.per_unit is not None:
            yield self._from(Fraction(0), Fraction(0), self._per_unit(payout.per_unit), payout.per_unit.value)
        elif payout.rate is not None:
            yield self._from(Fraction(0), Fraction(0), payout.rate.value, payout.rate.value)

    def _from(self, lower: Fraction, paid: Fraction, slope: Fraction, rate: Fraction) -> Piece:
        """A piece that has paid ``paid`` at its lower bound."""
        return Piece(None, paid - slope * lower * self.scale, slope, lower, None, rate)

    def _marginal(self, tiers: tuple[Tier, ...]) -> Iterator[Piece]:
        paid = Fraction(0)
        for number, tier in enumerate(tiers):
            slope = self._slope(tier)
            upper = tiers[number + 1].lower.value if number + 1 < len(tiers) else None
            yield self._from(tier.lower.value, paid, slope, self._rate(tier))._replace(upper=upper)
            if upper is not None:
                paid += slope * (upper - tier.lower.value) * self.scale

    def _whole(self, tiers: tuple[Tier, ...]) -> Iterator[Piece]:
        for number, tier in enumerate(tiers):
            upper = tiers[number + 1].lower.value if number + 1 < len(tiers) else None
            yield Piece(None, self._money(tier.amount), self._slope(tier), tier.lower.value, upper, self._rate(tier))

    def _steps(self) -> Iterator[Piece]:
        paid = Fraction(0)
        steps = self.component.payout.steps or ()
        for number, step in enumerate(steps):
            paid += self._money(step.bonus)
            upper = steps[number + 1].at.value if number + 1 < len(steps) else None
            yield Piece(None, paid, Fraction(0), step.at.value, upper, Fraction(0))

    def _slope(self, tier: Tier) -> Fraction:
        """Minor units paid per integer unit of the measure."""
        if tier.multiplier is not None:
            return tier.multiplier.value * self._money(self.component.target_pay) / self.quota
        if tier.per_unit is not None:
            return self._per_unit(tier.per_unit)
        return tier.rate.value if tier.rate is not None else Fraction(0)

    def _rate(self, tier: Tier) -> Fraction:
        return tier.per_unit.value if tier.per_unit is not None else self._slope(tier)

    def _per_unit(self, amount: Number) -> Fraction:
        return self._money(amount) / MILLIONTHS

    def _money(self, amount: Number | None) -> Fraction:
        return amount.value * self.minor if amount is not None else Fraction(0)
