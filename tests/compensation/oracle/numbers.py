"""Rounding and dividing, the two places where cents could get lost."""

from collections.abc import Callable, Sequence
from fractions import Fraction

MILLION = 1_000_000


def half_away(value: Fraction) -> int:
    """The nearest integer; halves go away from zero."""
    above, below = abs(value.numerator), value.denominator
    whole = (2 * above + below) // (2 * below)
    return whole if value >= 0 else -whole


def half_even(value: Fraction) -> int:
    return round(value)


def down(value: Fraction) -> int:
    """Towards zero, so that what a return takes back is what was given."""
    return int(value)


def up(value: Fraction) -> int:
    whole = int(value)
    return whole if whole == value else whole + (1 if value > 0 else -1)


_MODES = {"half_away": half_away, "half_even": half_even, "down": down, "up": up}


def rounded_to(value: Fraction, unit: int, mode: str) -> int:
    """The value as a multiple of ``unit``."""
    return unit * _MODES[mode](value / unit)


def divided(
    total: Fraction | int, weights: Sequence[Fraction | int], rounded: Callable[[Fraction], int] = half_away
) -> list[int]:
    """``total`` divided by weights, by subtraction on the running share: the parts add up to the rounded total."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    parts: list[int] = []
    running: Fraction | int = 0
    for weight in weights:
        reached = rounded(Fraction(total) * (running + weight) / whole)
        parts.append(reached - rounded(Fraction(total) * running / whole))
        running += weight
    return parts
