"""Frames put together column by column: few rows and many come to the same."""

import polars as pl
import pytest

from compensation import columns
from compensation.columns import kept, only_value, with_looked_up, with_same

FRAME = pl.DataFrame({"row": [0, 1, 2]})


@pytest.fixture(params=["a handful", "many rows"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways that there are, each taken by a frame of three rows."""
    if request.param == "many rows":
        monkeypatch.setattr(columns, "HANDFUL", 2)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_further_columns_have_their_value_in_all_rows() -> None:
    found = with_same(FRAME, pl.Int32(), day=7, none=None)
    assert found.rows() == [(0, 7, None), (1, 7, None), (2, 7, None)]
    assert found.schema == {"row": pl.Int64(), "day": pl.Int32(), "none": pl.Int32()}


@pytest.mark.usefixtures("way")
def test_each_row_looks_up_its_own_place_in_each_source() -> None:
    varied, same = pl.Series("name", ["a", "b"]), pl.Series("plan", ["p", "p"], dtype=pl.Categorical())
    rows = pl.Series([1, 0, 1])
    found = with_looked_up(FRAME, [(varied, rows), (same, pl.Series([0, 0, 0]))])
    assert found.rows() == [(0, "b", "p"), (1, "a", "p"), (2, "b", "p")]
    assert found.schema["plan"] == pl.Categorical()


def test_a_frame_of_which_all_is_kept_is_the_frame_itself() -> None:
    assert kept(FRAME, pl.Series([True, True, True])) is FRAME
    assert kept(FRAME, pl.Series([True, None, False])).rows() == [(0,)]


@pytest.mark.parametrize(
    ("values", "is_only"),
    [
        ([], False),
        ([7], True),
        ([7, 7, 7], True),
        ([7, 8, 7], False),
        ([7, 7, 8], False),
        ([None, None], True),
        ([7, None, 7], False),
        ([None, 7], False),
    ],
)
def test_the_only_value_of_a_column(values: list[int | None], is_only: bool) -> None:
    column = pl.Series("count", values, dtype=pl.Int64)
    only = only_value(column)
    assert (only is not None) == is_only
    if only is not None:
        held = pl.select(pl.int_range(len(column)).alias("row")).with_columns(only)["count"]
        assert held.to_list() == values
        assert held.dtype == pl.Int64
