"""Columns packed into one number: the same order, the same groups and the same places as by all columns."""

from datetime import date

import polars as pl
import pytest

from compensation import packing
from compensation.columns import HANDFUL
from compensation.exact import MAX_MINOR
from compensation.packing import first_occurrences, numbered, order_of, packed, places_among

DAY = date(2026, 3, 1)
FRAME = pl.DataFrame(
    {
        "name": ["b", "a", "b", "a", "b", "a"],
        "day": [date(2026, 3, 3), DAY, DAY, DAY, date(2026, 3, 3), DAY],
        "count": [-2, 4, 1, 4, -2, -2],
    }
)
EVERY = ["name", "day", "count"]


@pytest.fixture(params=["a handful", "few rows", "many rows", "numbers too wide for a list"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways that there are, each taken by a frame of six rows."""
    if request.param != "a handful":
        monkeypatch.setattr(packing, "HANDFUL", 5)
    if request.param not in ("a handful", "few rows"):
        monkeypatch.setattr(packing, "FEW", 5)
    if request.param == "numbers too wide for a list":
        monkeypatch.setattr(packing, "_WIDEST", 1)
    return str(request.param)


def test_few_rows_and_columns_with_nulls_are_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", 5)
    assert packed(FRAME.head(5), EVERY) is None
    assert packed(FRAME, EVERY) is not None
    with_null = FRAME.with_columns(pl.Series("count", [None, 4, 1, 4, -2, -2]))
    assert packed(with_null, EVERY) is None
    assert packed(with_null, ["name", "day"]) is not None


def test_the_number_counts_the_values_between_the_smallest_and_the_largest() -> None:
    """Seven counts from -2 to 4, three days from the first: day * 7 + count."""
    found = numbered(FRAME, ["day", "count"])
    assert found is not None
    assert found.to_list() == [14, 6, 3, 6, 14, 0]


def test_what_is_the_same_everywhere_counts_nothing() -> None:
    same = FRAME.with_columns(pl.lit("x").alias("name"), pl.lit(DAY).alias("day"))
    for columns in (EVERY, ["count", "name", "day"]):
        found = numbered(same, columns)
        assert found is not None
        assert found.to_list() == [0, 6, 3, 6, 0, 0]
    nothing = numbered(same, ["name", "day"])
    assert nothing is not None
    assert nothing.to_list() == [0] * 6


def test_one_row_has_the_number_0() -> None:
    found = numbered(FRAME.head(1), EVERY)
    assert found is not None
    assert found.to_list() == [0]


@pytest.mark.parametrize("ends", [("x", "x"), ("x", "y")])
def test_texts_are_told_apart_wherever_they_stand(ends: tuple[str, str]) -> None:
    found = numbered(pl.DataFrame({"text": [ends[0], "y", ends[1], "x"]}), ["text"])
    assert found is not None
    numbers = found.to_list()
    assert (numbers[0] == numbers[3], numbers[1] == numbers[3], numbers[2] == numbers[3]) == (
        True,
        False,
        ends[1] == "x",
    )


@pytest.mark.parametrize(
    ("low", "high", "number"), [(0, MAX_MINOR - 1, MAX_MINOR - 1), (-1, MAX_MINOR - 1, None), (0, MAX_MINOR, None)]
)
def test_as_many_values_as_an_integer_counts_are_packed_and_no_more(low: int, high: int, number: int | None) -> None:
    found = numbered(pl.DataFrame({"a": [low, high]}), ["a"])
    assert (found is None) == (number is None)
    assert found is None or found.to_list() == [0, number]


def test_the_values_of_all_columns_are_counted_together() -> None:
    """2**32 values by 2**31 are one too many; by 2**31 - 1 they fit."""
    for high, fits in ((2**31 - 1, False), (2**31 - 2, True)):
        found = numbered(pl.DataFrame({"a": [0, 2**32 - 1], "b": [0, high]}), ["a", "b"])
        assert (found is not None) == fits


LAST = 10**13 + 7
WIDE = pl.DataFrame(
    {
        "a": [LAST, 0, LAST, 0, LAST, 0],
        "b": [0, LAST, 0, 3, LAST, LAST],
        "c": [1, 0, 0, LAST, 0, -7],
        "d": [1, 2, 2, 3, 1, 3],
    }
)
"""Two of the first three columns count more than 64 bits together; cut off there, they stand in another order."""


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("columns", [["day", "count"], ["name", "count"], ["count", "name"]])
def test_rows_are_ordered_by_days_counts_and_letters(columns: list[str]) -> None:
    for frame in (FRAME, FRAME.with_columns(pl.col("name").cast(pl.Categorical))):
        order = order_of(frame, columns)
        assert order is not None
        assert frame[order].select(columns).rows() == sorted(FRAME.select(columns).rows())


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("columns", [["a", "b", "c", "d"], ["b", "c", "d"], ["a", "b"], ["d", "c"]])
def test_rows_are_ordered_by_more_than_64_bits(columns: list[str]) -> None:
    order = order_of(WIDE, columns)
    assert order is not None
    assert WIDE[order].select(columns).rows() == sorted(WIDE.select(columns).rows())


SOME = 2_500_017


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "columns",
    [
        [[MAX_MINOR - 1, 0, 1, 5, 2, 3]],
        [[1, 0, 1, 0, 1, 0], [MAX_MINOR - 1, 0, 1, 5, 2, 1]],
        [[2**62 + 3, 2**62 - 2, 2**62, 2**62 + 1, 2**62 - 1, 2**62 + 2]],
        [[2, 1, 0, 0, 1, 2], [0, 2**62, 5, 2**62, 0, 7], [7, 0, 3, 2, 6, 1]],
        [[SOME, 0, SOME, 0, 1, 1], [0, SOME, 7, 9, SOME, 2], [SOME, 1, 0, SOME, 3, 0]],
    ],
)
def test_rows_are_ordered_to_the_last_bit(columns: list[list[int]]) -> None:
    frame = pl.DataFrame({str(place): values for place, values in enumerate(columns)})
    order = order_of(frame, frame.columns)
    assert order is not None
    assert frame[order].rows() == sorted(frame.rows())


@pytest.mark.usefixtures("way")
def test_what_has_no_value_comes_first() -> None:
    """The count is missing on the first of March and the third; then come -2 (twice, by name) and 4 (twice)."""
    with_nulls = FRAME.with_columns(pl.Series("count", [None, 4, None, 4, -2, -2]))
    order = order_of(with_nulls, ["count", "day", "name"])
    assert order is not None
    assert order.to_list() == [2, 0, 5, 4, 1, 3]


@pytest.mark.parametrize("many", [5, packing.FEW])
def test_rows_in_order_stay_where_they_are(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("FEW", "HANDFUL"):
        monkeypatch.setattr(packing, limit, many)
    assert order_of(FRAME.sort("day", "count"), ["day", "count"]) is None
    assert order_of(FRAME.sort("day", "count", descending=True), ["day", "count"]) is not None


@pytest.mark.usefixtures("way")
def test_first_occurrences_and_the_place_of_each_row_among_them() -> None:
    first, places = first_occurrences(FRAME, EVERY)
    assert first.to_list() == [0, 1, 2, 5]
    assert places.to_list() == [0, 1, 2, 1, 0, 3]
    assert places.dtype == pl.UInt32


@pytest.mark.usefixtures("way")
def test_where_all_rows_are_the_same_the_first_stands_for_them() -> None:
    first, places = first_occurrences(FRAME.with_columns(count=3), ["count"])
    assert first.to_list() == [0]
    assert places.to_list() == [0] * 6


@pytest.mark.parametrize("handful", [0, HANDFUL])
def test_the_place_of_each_row_among_others(handful: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "HANDFUL", handful)
    known = FRAME[[4, 1], ["day", "name"]]
    places = places_among(FRAME, known)
    assert places.to_list() == [0, 1, None, 1, 0, 1]
    assert places.dtype == pl.UInt32
    assert places_among(FRAME, known.clear()).to_list() == [None] * 6
