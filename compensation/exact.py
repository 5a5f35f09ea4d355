"""Exact arithmetic: integers, one rounding rule. What divides and rounds in columns is in ``exact_columns``."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import polars as pl

MILLIONTHS = 1_000_000
"""Shares and quantities are counted in millionths of a whole."""
LIMIT = 10**38 - 1
"""The largest magnitude that an exact column holds."""
MAX_MINOR = 2**63 - 1
"""The largest magnitude that is stored: amounts and positions are 64-bit integers, bounded before they are added up."""


def rounded(value: Fraction) -> int:
    """The nearest integer, half away from zero.

    >>> [rounded(Fraction(numerator, 2)) for numerator in (-3, -1, 1, 3)]
    [-2, -1, 1, 2]
    """
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return -magnitude if value.numerator < 0 else magnitude


def rounded_to(value: Fraction, increment: int = 1, mode: str = "half_away") -> int:
    """The nearest multiple of the increment, or by another mode: ``half_even``, ``down`` (to zero), ``up`` (from zero).

    >>> [rounded_to(Fraction(-25), 10, mode) for mode in ("half_away", "half_even", "down", "up")]
    [-30, -20, -20, -30]
    """
    if mode == "half_away":
        return rounded(value / increment) * increment
    whole, rest = divmod(abs(value) / increment, 1)
    is_odd_half = rest == Fraction(1, 2) and whole % 2 == 1
    lifts = rest > 0 if mode == "up" else mode == "half_even" and (rest > Fraction(1, 2) or is_odd_half)
    magnitude = (int(whole) + lifts) * increment
    return -magnitude if value < 0 else magnitude


def exact_series(values: Iterable[int | None]) -> pl.Series:
    """Integers as an exact column."""
    return pl.Series([None if value is None else Decimal(value) for value in values], dtype=pl.Decimal(38, 0))
