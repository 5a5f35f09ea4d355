"""Rows as frames."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from compensation import Facts
from compensation.facts.schemas import SCHEMAS
from tests.compensation.oracle.company import Row


def facts_of(rows: Mapping[str, Sequence[Row]]) -> Facts:
    """Rows by frame as facts."""
    return Facts(**{name: _frame_of(name, rows.get(name, ())) for name in SCHEMAS})


def rows_of(facts: Facts) -> dict[str, list[Row]]:
    """Facts as rows by frame."""
    return {name: list(getattr(facts, name).iter_rows(named=True)) for name in SCHEMAS}


def _frame_of(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    values = [tuple(row.get(column) for column in SCHEMAS[name]) for row in rows]
    return pl.DataFrame(values, schema=SCHEMAS[name], orient="row")


def frame(name: str, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows in the order of the frame's columns; those that a frame may lack may be left out at the end."""
    width = len(rows[0]) if rows else len(SCHEMAS[name])
    return pl.DataFrame(rows, schema=dict(itertools.islice(SCHEMAS[name].items(), width)), orient="row")
