"""Several columns as one number: what is sorted, compared and looked up by one integer costs a tenth of it."""

from collections.abc import Sequence

import polars as pl

from compensation.columns import HANDFUL, repeated, rows_of
from compensation.exact import MAX_MINOR

FEW = 4_096
"""So many rows are as quickly sorted, compared and joined by all columns."""
_WIDEST = 4
"""A list of so many numbers as there are rows, times this, takes less time and room than a table of them."""


def packed(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series | None:
    """A number for each row, from 0: equal where the columns are, and in their order, as far as they are integers and
    days.

    None for few rows, if the numbers would not fit into 64 bits, or if a column has nulls.
    """
    if frame.height <= FEW or any(frame[name].null_count() for name in columns):
        return None
    return numbered(frame, columns)


def numbered(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series | None:
    """As :func:`packed`, of one row and more, without nulls.

    >>> numbered(pl.DataFrame({"a": [2, 1, 1], "b": [5, 7, 5]}), ("a", "b")).to_list()
    [3, 2, 0]
    """
    number, size = pl.lit(0, pl.Int64), 1
    for column in (_whole(frame[name]) for name in columns):
        low, high = (int(str(bound)) for bound in (column.min(), column.max()))
        size *= high - low + 1
        if size > MAX_MINOR:
            return None
        if high > low:
            number = number * (high - low + 1) + (pl.lit(column).cast(pl.Int64) - low)
    return frame.select(number.alias("packed") + pl.repeat(0, pl.len(), dtype=pl.Int64)).to_series()


def _whole(column: pl.Series) -> pl.Series:
    """The column as integers; texts by a number for each that occurs."""
    if column.dtype == pl.String:
        if (column == column[0]).all():
            return pl.repeat(0, len(column), dtype=pl.Int64, eager=True)
        return column.cast(pl.Categorical(pl.Categories.random())).to_physical()
    return column.to_physical()


def order_of(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series | None:
    """The rows in the order of the columns (integers, days; texts and names by their letters); None if they are in it.

    >>> order_of(pl.DataFrame({"a": ["y", "x", "y"], "b": [1, 3, 0]}), ("a", "b")).to_list()
    [1, 2, 0]
    """
    has_nulls = any(frame[name].null_count() for name in columns)
    if frame.height <= HANDFUL and not has_nulls:
        rows = frame[list(columns)].rows()
        order = sorted(range(len(rows)), key=rows.__getitem__)
        return None if order == list(range(len(rows))) else pl.Series(order, dtype=pl.UInt32)
    if frame.height <= FEW or has_nulls:
        return frame[list(columns)].with_row_index("_row").sort(columns, maintain_order=True)["_row"]
    packs = _packs(frame, columns)
    if packs.width > 1:
        return packs.select(pl.arg_sort_by(packs.columns)).to_series()
    number = packs.to_series()
    return None if number.is_sorted() else number.arg_sort()


def in_order(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The rows in the order of the columns, see :func:`order_of`."""
    order = order_of(frame, columns)
    return frame if order is None else rows_of(frame, order)


def _packs(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """As few columns of numbers as have the order of the columns."""
    numbers, sizes = [pl.lit(0, pl.Int64)], [1]
    for rank, size in (_ranks(frame[name]) for name in columns):
        if sizes[-1] * size > MAX_MINOR:
            numbers.append(pl.lit(0, pl.Int64))
            sizes.append(1)
        numbers[-1] = numbers[-1] * size + rank
        sizes[-1] *= size
    return frame.select(number.alias(str(place)) for place, number in enumerate(numbers))


def _ranks(column: pl.Series) -> tuple[pl.Expr, int]:
    """For each row a number from 0 that is as large as its value comes late; and how many numbers there can be."""
    if column.dtype in (pl.String, pl.Categorical):
        column = column.cast(pl.String).cast(pl.Enum(column.unique().cast(pl.String).sort()))
    number = column.cast(pl.UInt8) if column.dtype == pl.Boolean else column.to_physical()
    low, high = (int(str(bound)) for bound in (number.min(), number.max()))
    return pl.lit(number).cast(pl.Int64) - low, high - low + 1


def first_occurrences(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.Series, pl.Series]:
    """The rows at which values of the columns occur first; and for each row the place of its own among those.

    The columns have no nulls.

    >>> first, places = first_occurrences(pl.DataFrame({"a": ["x", "y", "x"]}), ["a"])
    >>> first.to_list(), places.to_list()
    ([0, 1], [0, 1, 0])
    """
    number = packed(frame, columns)
    if number is None:
        return _first_by_columns(frame[list(columns)])
    first = number.arg_unique()
    values, places = number[first], pl.int_range(len(first), dtype=pl.UInt32, eager=True)
    size = int(str(values.max())) + 1
    if size <= _WIDEST * frame.height:
        return first, repeated(0, size, pl.UInt32()).scatter(values, places)[number]
    known = pl.DataFrame({"packed": values, "_place": places})
    return first, number.to_frame("packed").join(known, on="packed", how="left", maintain_order="left")["_place"]


def _first_by_columns(frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    if frame.height > HANDFUL:
        once = frame.with_row_index("_row").unique(frame.columns, keep="first", maintain_order=True)
        return once["_row"], places_among(frame, once[frame.columns])
    rows = frame.rows()
    first: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(rows):
        first.setdefault(row, number)
    places = {row: place for place, row in enumerate(first)}
    found = pl.Series([places[row] for row in rows], dtype=pl.UInt32)
    return pl.Series(list(first.values()), dtype=pl.UInt32), found


def places_among(frame: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    """For each row of the frame the place of its values among the rows of ``known``, which are all different and have
    no nulls; null if they are not there.

    >>> places_among(pl.DataFrame({"a": ["x", "y", "z"]}), pl.DataFrame({"a": ["y", "x"]})).to_list()
    [1, 0, None]
    """
    columns = known.columns
    if frame.height + known.height > HANDFUL:
        placed = known.with_row_index("_place")
        return frame[columns].join(placed, on=columns, how="left", maintain_order="left")["_place"]
    places = {row: place for place, row in enumerate(known.rows())}
    return pl.Series([places.get(row) for row in frame[columns].rows()], dtype=pl.UInt32)
