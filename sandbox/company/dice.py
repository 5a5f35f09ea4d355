"""Chance that can be repeated: dice by seed and topic, and the distributions that the company is drawn from."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random


def dice(seed: int, topic: str) -> Random:
    """Dice of their own for each topic, so that more throws for one do not change another."""
    return Random(f"{seed}:{topic}")  # noqa: S311 - a repeatable company, not a secret


def from_quantiles(throw: Random, quantiles: Sequence[tuple[int, int]]) -> int:
    """A number whose distribution has these (per mille, value) points, straight lines between them.

    The points start at 0 and end at 1000; all arithmetic is on integers.

    >>> from_quantiles(Random(1), [(0, 5), (1000, 5)])
    5
    """
    level = throw.randrange(1_000_000)  # millionths
    position = bisect_right([point * 1000 for point, _ in quantiles], level) - 1
    (low_level, low), (high_level, high) = quantiles[position : position + 2]
    return low + (high - low) * (level - low_level * 1000) // ((high_level - low_level) * 1000)


def chance(throw: Random, percent: int) -> bool:
    return throw.randrange(100) < percent


def day_between(throw: Random, first: date, last: date) -> date:
    """A day from ``first`` to ``last``, both included; ``first`` if they are the wrong way round."""
    return first + timedelta(days=throw.randint(0, max(0, (last - first).days)))
