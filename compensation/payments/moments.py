"""Moments: the days on which the parts of an earning come, as far as the documents known say so."""

import polars as pl

from compensation.payments.documents import KINDS, Documents
from compensation.plans.parts import NEVER
from compensation.plans.periods import Calendar, PeriodKind, period_of
from compensation.plans.releases import Moment, Release

_WAITING_KINDS = {
    Moment.ORDERED: KINDS[:1],
    Moment.INVOICED: KINDS[:2],
    Moment.RECEIVED: KINDS[:3],
    Moment.RECEIVED_IN_FULL: KINDS[:3],
    Moment.RENEWED: KINDS,
}
"""The documents that come before the moment. For a credit on any other it has come with the credit itself."""

_ENDS = {
    Moment.MONTH_END: PeriodKind.MONTH,
    Moment.QUARTER_END: PeriodKind.QUARTER,
    Moment.HALF_YEAR_END: PeriodKind.HALF_YEAR,
    Moment.YEAR_END: PeriodKind.YEAR,
}


def waits(part: Release) -> pl.Expr:
    """Whether an origin comes before the document that the part waits for."""
    return pl.col("kind").is_in(_WAITING_KINDS.get(part.when, ())).fill_null(value=False)


def at_credit(part: Release, origins: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Columns origin, on: the day of a part that waits for no document, for each instalment."""
    rows = origins.filter(~waits(part)).select("origin", pl.col("start_on").alias("on"))
    if part.on is not None:
        rows = rows.with_columns(pl.lit(part.on).alias("on"))
    elif part.when in _ENDS:
        rows = rows.with_columns(_period_ends(rows["on"], _ENDS[part.when], calendar))
    return spread(rows, part)


def at_document(part: Release, origins: pl.DataFrame, documents: Documents) -> pl.DataFrame:
    """Columns origin, on: the day of the order or renewal that a part waits for (NEVER: unknown), by instalment."""
    waiting = origins.filter(waits(part)).select("origin", "deal_id", "start_on")
    if part.when is Moment.ORDERED:
        found = waiting.join(documents.first_orders, on="deal_id", how="left").rename({"ordered_on": "on"})
    else:
        found = waiting.sort("start_on").join_asof(
            documents.renewals,
            left_on="start_on",
            right_on="renewed_on",
            by="deal_id",
            strategy="forward",
            check_sortedness=False,
        )
        found = found.rename({"renewed_on": "on"})
    return spread(found.select("origin", "on"), part)


def spread(rows: pl.DataFrame, part: Release) -> pl.DataFrame:
    """Each row once for each instalment of the part, on its day: the moment's, later by what the part says."""
    moment = pl.col("on").dt.offset_by(f"{part.after_months}mo").dt.offset_by(f"{part.after_days}d")
    later = (moment.dt.offset_by(f"{month}mo").fill_null(NEVER).alias("on") for month in range(part.instalments))
    return pl.concat(rows.with_columns(each) for each in later)


def _period_ends(days: pl.Series, kind: PeriodKind, calendar: Calendar) -> pl.Series:
    known = days.unique().sort()
    ends = pl.Series([period_of(day, kind, calendar).end for day in known], dtype=pl.Date).dt.offset_by("-1d")
    return days.replace_strict(known, ends, return_dtype=pl.Date)
