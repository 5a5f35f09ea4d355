"""One rounding rule, in numbers and in columns: signs, ties, increments."""

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from compensation.exact import LIMIT, MAX_MINOR, MILLIONTHS, exact_series, rounded, rounded_to
from compensation.exact_columns import EXACT_TYPE, SHORT_TYPE, as_exact, divided, exact, narrowest

MODES = ("half_away", "half_even", "down", "up")
ROUNDED = {
    (1, 2): (1, 0, 0, 1),
    (-1, 2): (-1, 0, 0, -1),
    (3, 2): (2, 2, 1, 2),
    (-3, 2): (-2, -2, -1, -2),
    (5, 2): (3, 2, 2, 3),
    (1, 1): (1, 1, 1, 1),
    (-1, 1): (-1, -1, -1, -1),
    (-1, 3): (0, 0, 0, -1),
    (1, 3): (0, 0, 0, 1),
    (2, 3): (1, 1, 0, 1),
    (-2, 3): (-1, -1, 0, -1),
    (10, 6): (2, 2, 1, 2),
    (6, 3): (2, 2, 2, 2),
    (0, 7): (0, 0, 0, 0),
}
TO_TENS = {
    (25, 1): (30, 20, 20, 30),
    (35, 1): (40, 40, 30, 40),
    (-25, 1): (-30, -20, -20, -30),
    (24, 1): (20, 20, 20, 30),
    (26, 1): (30, 30, 20, 30),
    (51, 2): (30, 30, 20, 30),
    (49, 2): (20, 20, 20, 30),
    (20, 1): (20, 20, 20, 20),
    (61, 3): (20, 20, 20, 30),
}
CASES = [
    (increment, *numbers, mode, expected)
    for increment, table in ((1, ROUNDED), (2, {(5, 1): (6, 4, 4, 6), (7, 1): (8, 8, 6, 8)}), (10, TO_TENS))
    for numbers, results in table.items()
    for mode, expected in zip(MODES, results, strict=True)
]


@pytest.mark.parametrize(("increment", "numerator", "denominator", "mode", "expected"), CASES)
def test_numbers_and_columns_round_alike(
    increment: int, numerator: int, denominator: int, mode: str, expected: int
) -> None:
    assert rounded_to(Fraction(numerator, denominator), increment, mode) == expected
    for dtype in (EXACT_TYPE, SHORT_TYPE):
        of, by = (pl.lit(value).cast(dtype) for value in (numerator, denominator))
        column = pl.select(divided(of, by, increment, mode)).to_series()
        assert column.to_list() == [expected]
        assert column.dtype == dtype


def test_without_more_words_halves_go_away_from_zero_to_whole_minor_units() -> None:
    halves = [Fraction(number, 2) for number in (-5, -3, -1, 1, 3, 5)]
    assert [rounded_to(half) for half in halves] == [-3, -2, -1, 1, 2, 3]
    assert [rounded(half) for half in halves] == [-3, -2, -1, 1, 2, 3]
    assert pl.select(divided(exact(-5), exact(2))).item() == -3


def test_the_narrowest_integers_hold_what_is_stored_and_no_more() -> None:
    assert [narrowest(reach) for reach in (0, MAX_MINOR, MAX_MINOR + 1)] == [SHORT_TYPE, SHORT_TYPE, EXACT_TYPE]


@pytest.mark.parametrize(("dtype", "reach"), [(SHORT_TYPE, MAX_MINOR), (EXACT_TYPE, LIMIT)])
@pytest.mark.parametrize(("mode", "rounded_up"), [("half_away", 1), ("half_even", 0), ("down", 0), ("up", 1)])
def test_what_is_as_large_as_is_said_to_be_divided_is_exact(
    dtype: pl.DataType, reach: int, mode: str, rounded_up: int
) -> None:
    """Half of an even denominator, twice both of which are just below the largest integer of the type."""
    half = reach // 6
    numerator = pl.Series([half, -half]).cast(dtype) if dtype == SHORT_TYPE else exact_series([half, -half])
    column = pl.select(divided(pl.lit(numerator), pl.lit(2 * half).cast(dtype), mode=mode)).to_series()
    assert column.to_list() == [rounded_up, -rounded_up]


def test_what_is_unknown_stays_so() -> None:
    series = exact_series([None, 1, -(10**30)])
    assert series.to_list() == [None, Decimal(1), Decimal(-(10**30))]
    assert pl.DataFrame({"a": [1, None]}).select(as_exact("a")).to_series().to_list() == [Decimal(1), None]
    assert (MILLIONTHS, LIMIT, MAX_MINOR) == (10**6, 10**38 - 1, 2**63 - 1)
