"""Straight pieces of pay, and what changes them: factors, caps, what lies above a bound."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from compensation.exact import MAX_MINOR


class Piece(NamedTuple):
    """One straight piece of P: pay = ``intercept + slope * x`` from ``start`` (None: from below) to the next.

    ``lower``, ``upper`` and ``rate`` are what the plan file says, for explanations: bounds as ratios of quota or in
    units. The start belongs to the piece before it if ``is_above``.
    """

    start: Fraction | None
    intercept: Fraction
    slope: Fraction
    lower: Fraction
    upper: Fraction | None
    rate: Fraction
    is_above: bool = False

    def at(self, position: Fraction) -> Fraction:
        """The pay at a position, in exact minor units."""
        return self.intercept + self.slope * position

    @property
    def threshold(self) -> int:
        """The first integer position on the piece."""
        if self.start is None:
            return -MAX_MINOR
        first = math.floor(self.start) + 1 if self.is_above else math.ceil(self.start)
        return max(min(first, MAX_MINOR), -MAX_MINOR)


Pieces = Sequence[Piece]


def scaled(pieces: Pieces, factor: Fraction) -> list[Piece]:
    """Every pay times the factor."""
    return [piece._replace(intercept=piece.intercept * factor, slope=piece.slope * factor) for piece in pieces]


def capped(pieces: Pieces, cap: Fraction) -> list[Piece]:
    """No pay above the cap: a piece that crosses it is cut in two there."""
    return [part for piece, end in _with_ends(pieces) for part in _cut(piece, end, cap)]


def _cut(piece: Piece, end: Fraction | None, cap: Fraction) -> Iterator[Piece]:
    flat = piece._replace(intercept=cap, slope=Fraction(0), rate=Fraction(0))
    if not piece.slope:
        yield flat if piece.intercept > cap else piece
        return
    crossing = (cap - piece.intercept) / piece.slope
    begins_before = piece.start is None or piece.start < crossing
    if (end is not None and end <= crossing) or not begins_before:
        rises_later = (piece.slope > 0 and begins_before) or (piece.slope < 0 and not begins_before)
        yield piece if rises_later else flat
        return
    first, second = (piece, flat) if piece.slope > 0 else (flat, piece)
    yield first
    yield second._replace(start=crossing, is_above=False)


def above(pieces: Pieces, bound: Fraction, *, is_above: bool, slope: Fraction, share: Fraction) -> list[Piece]:
    """From the bound on, P grows by ``share`` of what it would, plus ``slope`` for each unit beyond the bound."""
    begins = (bound, is_above)
    before = [piece for piece in pieces if piece.start is None or (piece.start, piece.is_above) < begins]
    at_bound = before[-1].at(bound)
    after = list(pieces[len(before) :])
    if not after or (after[0].start, after[0].is_above) != begins:
        after = [before[-1]._replace(start=bound, is_above=is_above), *after]
    return [
        *before,
        *(
            piece._replace(
                intercept=at_bound + share * (piece.intercept - at_bound) - slope * bound,
                slope=share * piece.slope + slope,
            )
            for piece in after
        ),
    ]


def _with_ends(pieces: Pieces) -> Iterator[tuple[Piece, Fraction | None]]:
    ends = [piece.start for piece in pieces[1:]]
    return zip(pieces, [*ends, None], strict=True)
