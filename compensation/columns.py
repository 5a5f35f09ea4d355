"""Frames put together column by column: what starts a query costs more than a few rows do."""

from collections.abc import Iterable, Mapping

import polars as pl

HANDFUL = 512
"""So many rows are quicker looked at one by one, and each of them takes no room to speak of."""


def collected(query: pl.LazyFrame) -> pl.DataFrame:
    """What a query finds, by the engine in memory: the one that streams begins late, and takes more room for joins."""
    return query.collect(engine="in-memory")


def kept(frame: pl.DataFrame, is_kept: pl.Series) -> pl.DataFrame:
    """The rows for which it is true (not null); the frame itself if it is for all."""
    return frame if is_kept.all(ignore_nulls=False) else frame.filter(is_kept)


def repeated(value: object, count: int, dtype: pl.DataType) -> pl.Series:
    """The value so many times."""
    return pl.Series([value], dtype=dtype).new_from_index(0, count)


def rows_of(frame: pl.DataFrame, rows: pl.Series, names: Iterable[str] | None = None) -> pl.DataFrame:
    """Those columns (all, unless some are named) of the rows with these numbers.

    >>> rows_of(pl.DataFrame({"a": [1, 2], "b": [3, 4]}), pl.Series([1, 1]), ["b"]).rows()
    [(4,), (4,)]
    """
    return pl.DataFrame([frame[name][rows] for name in (frame.columns if names is None else names)])


def renamed(frame: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """The frame with other names for some columns.

    >>> renamed(pl.DataFrame({"a": [1], "b": [2]}), {"b": "c"}).columns
    ['a', 'c']
    """
    other = frame.clone()
    other.columns = [names.get(name, name) for name in frame.columns]
    return other


def with_same(frame: pl.DataFrame, dtype: pl.DataType, **values: object) -> pl.DataFrame:
    """The frame with further columns that have one value each in all rows; of many rows it is held once.

    >>> with_same(pl.DataFrame({"a": [1, 2]}), pl.String(), b="x").rows()
    [(1, 'x'), (2, 'x')]
    """
    if frame.height <= HANDFUL:
        return frame.hstack([repeated(value, frame.height, dtype).alias(name) for name, value in values.items()])
    return frame.with_columns_seq(pl.lit(value, dtype).alias(name) for name, value in values.items())


def with_looked_up(frame: pl.DataFrame, columns: Iterable[tuple[pl.Series, pl.Series]]) -> pl.DataFrame:
    """The frame with further columns: of each a source, and for each row of the frame the place in that source.

    Of many rows, what is the same everywhere in the source is held once.

    >>> with_looked_up(pl.DataFrame({"a": [1, 2]}), [(pl.Series("b", ["x", "y"]), pl.Series([1, 1]))]).rows()
    [(1, 'y'), (2, 'y')]
    """
    if frame.height <= HANDFUL:
        return frame.hstack([source[places] for source, places in columns])
    found = [(source, places, only_value(source)) for source, places in columns]
    varied = frame.hstack([source[places] for source, places, only in found if only is None])
    return varied.with_columns_seq(only for _, _, only in found if only is not None)


def only_value(column: pl.Series) -> pl.Expr | None:
    """The value, if all rows have the same, as a column that takes no room; None if they differ or there are none."""
    if column.is_empty():
        return None
    if column.null_count():
        is_only = column.null_count() == len(column)
    else:
        is_only = column[0] == column[-1] and bool((column == column[0]).all())
    return pl.lit(column[0], column.dtype).alias(column.name) if is_only else None
