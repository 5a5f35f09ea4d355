"""Exact arithmetic in columns of Polars: the one place where money is divided and rounded.

Polars' 64 and 128 bit integers wrap without a word; ``Decimal(38, 0)`` raises on + - * and running sums, so it
serves as the checked integer. Its ``/`` rounds half to even, so nothing but :func:`divided` divides.

Integers of 64 bits are divided seven times as fast; they serve where the largest intermediate result is known to fit,
see :func:`narrowest`.
"""

from decimal import Decimal

import polars as pl

from compensation.exact import MAX_MINOR

EXACT_TYPE = pl.Decimal(38, 0)
SHORT_TYPE = pl.Int64()


def narrowest(reach: int) -> pl.DataType:
    """The type that holds integers of that magnitude; ``reach`` bounds all that is calculated on the way.

    >>> narrowest(MAX_MINOR), narrowest(MAX_MINOR + 1)
    (Int64, Decimal(precision=38, scale=0))
    """
    return SHORT_TYPE if reach <= MAX_MINOR else EXACT_TYPE


def magnitude(column: pl.Series) -> int:
    """The largest absolute value of integers, 0 of none.

    >>> magnitude(pl.Series([-5, None, 3])), magnitude(pl.Series([], dtype=pl.Decimal(38, 0)))
    (5, 0)
    """
    return max((abs(int(str(end))) for end in (column.min(), column.max()) if end is not None), default=0)


def exact(value: int) -> pl.Expr:
    """A checked integer."""
    return pl.lit(Decimal(value), EXACT_TYPE)


def as_exact(column: str) -> pl.Expr:
    """The column as checked integers."""
    return pl.col(column).cast(EXACT_TYPE)


def divided(numerator: pl.Expr, denominator: pl.Expr, increment: int = 1, mode: str = "half_away") -> pl.Expr:
    """Numerator ÷ denominator (of one type, denominator > 0), rounded to a multiple of ``increment``.

    Modes as those of :func:`compensation.exact.rounded_to`. Needs ``2 * (|numerator| + denominator * increment)``
    within the range of their type, exact or 64 bits. Floor division of either is exact.
    """
    if increment != 1:
        denominator = denominator * increment
    signed = _MAGNITUDES[mode](numerator.abs(), denominator) * numerator.sign()
    return signed * increment if increment != 1 else signed


def _half_away(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return (numerator * 2 + denominator) // (denominator * 2)


def _half_even(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    nearest = _half_away(numerator, denominator)
    is_tie = numerator * 2 + denominator == nearest * denominator * 2
    is_odd = nearest // 2 * 2 != nearest
    return pl.when(is_tie & is_odd).then(nearest - 1).otherwise(nearest)


def _down(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return numerator // denominator


def _up(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return (numerator + denominator - 1) // denominator


_MAGNITUDES = {"half_away": _half_away, "half_even": _half_even, "down": _down, "up": _up}
