"""Names: texts of which few different ones occur, such as those of payees, components and periods."""

import polars as pl

NAME = pl.Categorical()
"""Their type in the frames of a calculation and its settlement: four bytes for each, and compared as numbers.

They are equal to texts and are read as such; only joins need one type on both sides, see :func:`named`.
"""
_NAMES = frozenset(
    {
        *("payee_id", "plan", "plan_version", "component", "party", "role", "via_payee_id", "currency", "measure"),
        *("period_label", "posted_in", "kind", "outcome"),
    }
)


def named(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with all names in their type, whether they were texts or not."""
    return frame.with_columns(pl.col(sorted(_NAMES.intersection(frame.columns))).cast(NAME))
