"""The pieces of a shape, in exact minor units, for a quota and a target pay."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from compensation.curves.pieces import Piece
from compensation.exact import MILLIONTHS
from compensation.plans.shapes import AfterLast, BeforeFirst, Point, Shape, Step, Tier
from compensation.plans.typed_numbers import Bound, Number

_ZERO = Fraction(0)


@dataclass(frozen=True)
class Shaper:
    """``scale``: integer units of the position in one unit as the file writes it (the quota, where it writes %).

    ``minor``: minor units in a unit of the plan's currency. ``quota`` in integer units of the position.
    """

    shape: Shape
    scale: Fraction
    quota: Fraction
    target_minor: Fraction
    minor: int
    upper_included: bool

    def pieces(self, *, nothing_below_zero: bool) -> list[Piece]:
        """From the lowest position to the highest."""
        pieces = list(self._shape())
        if self._begins_late(pieces[0]):
            upper = pieces[0].lower
            return [Piece(None, _ZERO, _ZERO, _ZERO, upper, _ZERO), *pieces]
        if nothing_below_zero:
            ends = [piece.start for piece in pieces[1:]]
            first, *later = [piece for piece, end in zip(pieces, [*ends, None], strict=True) if end is None or end > 0]
            return [Piece(None, first.intercept, _ZERO, _ZERO, _ZERO, _ZERO), first._replace(start=_ZERO), *later]
        return [pieces[0]._replace(start=None), *pieces[1:]]

    def _begins_late(self, first: Piece) -> bool:
        """Whether nothing is paid below the first piece, zero and what lies below it included."""
        shape = self.shape
        if shape.points:
            return first.start is not None
        return first.lower > 0 or first.is_above or bool(shape.steps or shape.excess)

    def _shape(self) -> Iterator[Piece]:
        shape = self.shape
        if shape.marginal_tiers:
            yield from self._marginal(shape.marginal_tiers)
        elif shape.whole_amount_tiers:
            yield from self._whole(shape.whole_amount_tiers)
        elif shape.steps:
            yield from self._steps(shape.steps)
        elif shape.points:
            yield from self._points(shape.points)
        elif shape.excess:
            rate = shape.excess.rate.value
            yield self._piece(Bound(*shape.excess.above), _ZERO, rate, rate)
        elif shape.amount is not None:
            yield Piece(_ZERO, self._money(shape.amount), _ZERO, _ZERO, None, _ZERO, is_above=True)
        elif shape.per_unit is not None:
            yield self._piece(Bound(_ZERO), _ZERO, self._per_unit(shape.per_unit), shape.per_unit.value)
        elif shape.rate is not None:
            yield self._piece(Bound(_ZERO), _ZERO, shape.rate.value, shape.rate.value)

    def _piece(self, bound: Bound, paid: Fraction, slope: Fraction, rate: Fraction) -> Piece:
        """A piece that has paid ``paid`` at its bound."""
        start = bound.value * self.scale
        is_above = bound.is_above or (self.upper_included and start > 0)
        return Piece(start, paid - slope * start, slope, bound.value, None, rate, is_above)

    def _marginal(self, tiers: Sequence[Tier]) -> Iterator[Piece]:
        paid = _ZERO
        for tier, upper in _with_uppers(tiers):
            slope = self._slope(tier)
            yield self._piece(tier.lower, paid, slope, self._rate(tier))._replace(upper=upper)
            if upper is not None:
                paid += slope * (upper - tier.lower.value) * self.scale

    def _whole(self, tiers: Sequence[Tier]) -> Iterator[Piece]:
        counted_from = self.shape.counted_above.value * self.scale if self.shape.counted_above else _ZERO
        for tier, upper in _with_uppers(tiers):
            slope = self._slope(tier)
            amount = self._money(tier.amount)
            piece = self._piece(tier.lower, _ZERO, slope, self._rate(tier))._replace(upper=upper)
            counted = piece._replace(intercept=amount - slope * counted_from)
            start, end = tier.lower.value * self.scale, None if upper is None else upper * self.scale
            if start >= counted_from:
                yield counted
                continue
            yield piece._replace(intercept=amount, slope=_ZERO)
            if end is None or end > counted_from:
                yield counted._replace(start=counted_from, is_above=False)

    def _steps(self, steps: Sequence[Step]) -> Iterator[Piece]:
        paid = _ZERO
        for step, following in itertools.pairwise([*steps, None]):
            if step is not None:
                paid += self._money(step.bonus)
                yield self._piece(step.at, paid, _ZERO, _ZERO)._replace(upper=following.at.value if following else None)

    def _points(self, points: Sequence[Point]) -> Iterator[Piece]:
        first, last = points[0], points[-1]
        lines = [self._line(*pair) for pair in itertools.pairwise(points)]
        if self.shape.before_first is BeforeFirst.CONTINUE:
            lines[0] = lines[0]._replace(start=None)
        elif self.shape.before_first is BeforeFirst.SAME:
            yield Piece(None, self._paid(first), _ZERO, _ZERO, first.at.value, _ZERO)
        yield from lines
        if self.shape.after_last is AfterLast.SAME:
            yield Piece(last.at.value * self.scale, self._paid(last), _ZERO, last.at.value, None, _ZERO)

    def _line(self, point: Point, following: Point) -> Piece:
        width = (following.at.value - point.at.value) * self.scale
        slope = (self._paid(following) - self._paid(point)) / width
        piece = self._piece(Bound(*point.at), self._paid(point), slope, slope)
        return piece._replace(upper=following.at.value, is_above=False)

    def _paid(self, point: Point) -> Fraction:
        return point.pays.value * self.target_minor if point.pays.is_percent else self._money(point.pays)

    def _slope(self, tier: Tier) -> Fraction:
        """Minor units paid per integer unit of the measure."""
        if tier.multiplier is not None:
            return tier.multiplier.value * self.target_minor / self.quota
        if tier.per_unit is not None:
            return self._per_unit(tier.per_unit)
        return tier.rate.value if tier.rate is not None else _ZERO

    def _rate(self, tier: Tier) -> Fraction:
        if tier.per_unit is not None:
            return tier.per_unit.value
        return tier.rate.value if tier.rate is not None else self._slope(tier)

    def _per_unit(self, amount: Number) -> Fraction:
        return self._money(amount) / MILLIONTHS

    def _money(self, amount: Number | None) -> Fraction:
        return amount.value * self.minor if amount is not None else _ZERO


def _with_uppers(tiers: Sequence[Tier]) -> Iterator[tuple[Tier, Fraction | None]]:
    uppers = [tier.lower.value for tier in tiers[1:]]
    return zip(tiers, [*uppers, None], strict=True)
