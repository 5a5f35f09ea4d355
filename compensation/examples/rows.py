"""Rows of an example's facts, and the frames that they make."""

from collections.abc import Iterable

import polars as pl

from compensation.facts.schemas import SCHEMAS

Row = dict[str, object]


def frame_of(name: str, rows: Iterable[Row]) -> pl.DataFrame:
    """The rows as the frame ``name`` of the facts; what a row leaves out is null."""
    return pl.DataFrame(list(rows), schema=SCHEMAS[name], orient="row")
