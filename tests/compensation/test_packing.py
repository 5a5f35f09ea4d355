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


@pytest.mark.usefixtures("way")
def test_rows_are_ordered_by_day_and_count() -> None:
    order = order_of(FRAME, ["day", "count"])
    assert order is not None
    assert FRAME[order].select("day", "count").rows() == sorted(FRAME.select("day", "count").rows())


@pytest.mark.parametrize("few", [5, packing.FEW])
def test_rows_in_order_stay_where_they_are(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", few)
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
