"""Payouts compiled to segments: P(x) = (a + b·x) / d in integers, from position to cumulative pay in minor units."""

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import polars as pl

from compensation.curves.pieces import Piece
from compensation.exact import MAX_MINOR, exact_series, rounded_to
from compensation.exact_columns import EXACT_TYPE
from compensation.plans.components import RoundingMode

Unit = Literal["attainment", "money", "quantity"]


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


class CurveRounding(NamedTuple):
    """Pay is a multiple of ``increment`` minor units."""

    increment: int = 1
    mode: RoundingMode = RoundingMode.HALF_AWAY


@dataclass(frozen=True)
class Curve:
    """A component's payout for the terms of a period. ``unit``: what the pieces' bounds count."""

    pieces: tuple[Piece, ...]
    segments: tuple[Segment, ...]
    unit: Unit
    rounding: CurveRounding

    def pay_at(self, position: int) -> int:
        """Cumulative pay at the position, in minor units, rounded as the component says."""
        return rounded_to(self.exact_pay_at(position), *self.rounding)

    def exact_pay_at(self, position: int) -> Fraction:
        """Cumulative pay at the position before it is rounded."""
        return self._value(self._index(position), position)

    def piece_at(self, position: int) -> Piece:
        """The piece that a position lies on."""
        return self.pieces[self._index(position)]

    def slices(self, before: int, after: int) -> Iterator[Slice]:
        """The walk from ``before`` to ``after``, piece by piece; earnings add up to rounded P(after) - P(before)."""
        step = 1 if after >= before else -1
        paid, at, last = self.pay_at(before), before, self._index(after)
        for index in range(self._index(before), last + step, step):
            end = after if index == last else self._edge(index, step)
            pay = rounded_to(self._value(index, end), *self.rounding)
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


def curve_of(pieces: Iterable[Piece], unit: Unit, rounding: CurveRounding) -> Curve:
    """The curve of the pieces; those that hold no integer position are left out. One denominator serves all."""
    placed = [(piece, *ends) for piece, ends in _placed(tuple(pieces)) if ends[0] < ends[1]]
    numbers = (number for piece, _, _ in placed for number in (piece.intercept, piece.slope))
    denominator = math.lcm(*(number.denominator for number in numbers))
    segments = (
        Segment(threshold, ceiling, int(piece.intercept * denominator), int(piece.slope * denominator), denominator)
        for piece, threshold, ceiling in placed
    )
    return Curve(tuple(piece for piece, _, _ in placed), tuple(segments), unit, rounding)


def _placed(pieces: tuple[Piece, ...]) -> Iterator[tuple[Piece, tuple[int, int]]]:
    thresholds = [-MAX_MINOR, *(piece.threshold for piece in pieces[1:]), MAX_MINOR]
    return zip(pieces, itertools.pairwise(thresholds), strict=True)


def segments_frame(curves: Iterable[Curve], numbers: pl.DataType = EXACT_TYPE) -> pl.DataFrame:
    """The segments of curves, in their order: curve (its number), threshold, ceiling (Int64), a, b, d (``numbers``)."""
    rows = [(number, *segment) for number, curve in enumerate(curves) for segment in curve.segments]
    columns = list(zip(*rows, strict=True)) or [()] * 6
    places = {name: pl.Series(columns[place], dtype=pl.Int64) for place, name in enumerate(_PLACES)}
    series = pl.Series if numbers == pl.Int64() else exact_series
    terms = {name: series(columns[place]) for place, name in enumerate(_TERMS, start=len(_PLACES))}
    return pl.DataFrame({**places, **terms}, schema_overrides=dict.fromkeys(_TERMS, numbers))


_PLACES = ("curve", "threshold", "ceiling")
_TERMS = ("a", "b", "d")
