"""Releases: what may be paid of each earning, on which day, and what still waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation.errors import PayOverflowError
from compensation.exact import LIMIT
from compensation.exact_columns import as_exact, divided
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.payments.documents import Documents, refuse_wide
from compensation.payments.families import families, origin_id
from compensation.payments.schedules import Schedule, schedules_frame, schedules_of
from compensation.payments.steps import steps
from compensation.plans.parts import NEVER
from compensation.plans.plan import Plan

_LINES_AT_ONCE = 1_000_000
"""Bounds the memory; a family is never divided."""
RETURNED = "returned"
"""Stands for a moment: a return takes back what was released."""
_LINE = (
    *("payee_id", "plan", "plan_version", "component", "transaction_id", "deal_id", "party", "via_payee_id", "role"),
    *("instalment", "reverses_id", "period_label"),
)
_OF_THE_CREDIT = (
    pl.col("origin_id").alias("transaction_id"),
    pl.lit(None, pl.String).alias("reverses_id"),
    pl.col("first_in").alias("period_label"),
)
RELEASES = (*_LINE, "released_on", "moment", "share", "currency", "release_minor")
_WAITING = (*_LINE, "waits_for", "expected_on", "share", "currency", "waiting_minor")


@dataclass(frozen=True)
class Released:
    """Releases up to a day, and what waits."""

    releases: pl.DataFrame
    waiting: pl.DataFrame


def release(
    lines: pl.DataFrame, openings: pl.DataFrame, facts: Facts, plans: Sequence[Plan], *, as_of: date
) -> Released:
    """What of the lines and openings may be paid up to ``as_of``; see :class:`~compensation.payments.Settlement`."""
    lines = lines.filter(pl.col("dated_on") <= as_of)
    schedules = schedules_of(plans)
    opened = _as_lines(openings, as_of)
    if not schedules:
        return Released(pl.concat([_credited(lines), _credited(opened)]), _none_waiting())
    component, waits = ["plan", "plan_version", "component"], schedules_frame(schedules)
    earned = [lines, opened.filter(pl.col("earning_minor") != 0)]
    held = [part.join(waits, on=component, maintain_order="left") for part in earned]
    rest = [part.join(waits, on=component, how="anti", maintain_order="left") for part in earned]
    entries, waiting = _scheduled(pl.concat(held, how="diagonal_relaxed"), list(schedules.values()), facts, as_of)
    return Released(pl.concat([_credited(rest[0]), entries, _credited(rest[1])]), waiting)


def _credited(lines: pl.DataFrame) -> pl.DataFrame:
    """Everything on its own day."""
    returned = pl.col("reverses_id").is_not_null()
    moment = pl.when(returned).then(pl.lit(RETURNED)).otherwise(pl.lit("credited"))
    share = pl.when(~returned).then(pl.lit("1"))
    return lines.filter(pl.col("earning_minor") != 0).select(
        *_LINE,
        pl.col("dated_on").alias("released_on"),
        moment.alias("moment"),
        share.alias("share"),
        "currency",
        pl.col("earning_minor").alias("release_minor"),
    )


def _as_lines(openings: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Pay without a transaction, counted from its date; it waits for the calendar, but for no document."""
    empty = {name: pl.lit(None, pl.String).alias(name) for name in ("deal_id", "via_payee_id", "role", "reverses_id")}
    return openings.filter(pl.col("earned_on") <= as_of).with_columns(
        *empty.values(),
        pl.lit("").alias("transaction_id"),
        pl.lit("").alias("party"),
        pl.lit(0, pl.Int64).alias("instalment"),
        pl.col("earned_on").alias("dated_on"),
    )


def _scheduled(
    held: pl.DataFrame, schedules: Sequence[Schedule], facts: Facts, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Releases and what waits, of some families at a time."""
    happened = facts.transactions.filter(pl.col("kind") != "expected", pl.col("dated_on") <= as_of)
    documents = Documents(happened, ExchangeRates(facts))
    parts = 1 + held.height // _LINES_AT_ONCE
    place = origin_id().hash() % parts
    pairs = [
        _released(held.filter(place == part) if parts > 1 else held, schedules, documents, as_of)
        for part in range(parts)
    ]
    entries, left = zip(*pairs, strict=True)
    return pl.concat(entries), pl.concat(left)


def _released(
    held: pl.DataFrame, schedules: Sequence[Schedule], documents: Documents, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    by_documents = pl.col("schedule").is_in([each.number for each in schedules if each.follows_documents])
    awaited = pl.when(by_documents).then("origin_id").otherwise(pl.lit("")).alias("awaited")
    earned = families(held).with_columns(awaited)
    origins = documents.origins(earned)
    key = ["schedule", "awaited", "start_on"]
    earned = earned.join(origins.select(*key, "origin"), on=key, maintain_order="left")
    by_amounts = pl.col("schedule").is_in([each.number for each in schedules if each.follows_amounts])
    ledger = documents.ledger(origins.filter(by_amounts))
    refuse_wide(ledger, earned, max(schedule.most_instalments for schedule in schedules))
    known = pl.concat(
        steps(schedule, origins.filter(pl.col("schedule") == schedule.number), ledger, documents, as_of)
        for schedule in schedules
    )
    entries = pl.concat([_taken_back(earned, known), _grown(earned, known, as_of)])
    return entries.sort("family", "released_on", maintain_order=True).select(RELEASES), _left(earned, known, as_of)


def _grown(earned: pl.DataFrame, known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What each step releases of what the family has earned by then, to the transaction with which it began."""
    joined = earned.join(known.filter(pl.col("on") <= as_of), on="origin", maintain_order="left_right").filter(
        pl.col("on") >= pl.col("from_on"), pl.col("on") < pl.col("to_on")
    )
    entries = _of_earned(joined, "release_minor").with_columns(
        pl.col("on").alias("released_on"),
        *_OF_THE_CREDIT,
    )
    return entries.select("family", *RELEASES)


def _taken_back(earned: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What a return takes back of what had been released; the rest of it lapses."""
    returns = earned.filter(pl.col("family").is_first_distinct().not_(), pl.col("earning_minor") != 0).sort("from_on")
    touched = known.join(returns, on="origin", how="semi", maintain_order="left").drop("moment", "share")
    reached = returns.join_asof(
        touched.unique(["origin", "on"], keep="last", maintain_order=True).sort("on"),
        left_on="from_on",
        right_on="on",
        by="origin",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    ).filter(pl.col("num").is_not_null())
    entries = _of_change(reached).with_columns(
        pl.col("from_on").alias("released_on"),
        pl.lit(RETURNED).alias("moment"),
        pl.lit(None, pl.String).alias("share"),
    )
    return entries.select("family", *RELEASES)


def _left(earned: pl.DataFrame, known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What every step to come will release of what is earned today."""
    to_come = known.filter(pl.col("on") > as_of)
    joined = earned.filter(pl.col("to_on") == NEVER).join(to_come, on="origin", maintain_order="left_right")
    return (
        _of_earned(joined, "waiting_minor")
        .with_columns(_OF_THE_CREDIT)
        .select(
            *_LINE,
            pl.col("moment").alias("waits_for"),
            pl.when(pl.col("on") < NEVER).then("on").alias("expected_on"),
            "share",
            "currency",
            "waiting_minor",
        )
    )


def _of_earned(joined: pl.DataFrame, name: str) -> pl.DataFrame:
    """Fraction times earned, rounded, less what that was before the step."""
    _refuse_overflow(joined, ("earned_after",))
    earned = as_exact("earned_after")
    after = divided(earned * pl.col("num"), pl.col("den"))
    before = divided(earned * pl.col("num_before"), pl.col("den_before"))
    return _changed(joined, after, before, name)


def _of_change(reached: pl.DataFrame) -> pl.DataFrame:
    """Fraction times earned, rounded, less what that was before the return."""
    _refuse_overflow(reached, ("earned_before", "earned_after"))
    before, after = (
        divided(as_exact(name) * pl.col("num"), pl.col("den")) for name in ("earned_before", "earned_after")
    )
    return _changed(reached, after, before, "release_minor")


def _changed(frame: pl.DataFrame, after: pl.Expr, before: pl.Expr, name: str) -> pl.DataFrame:
    changed = frame.lazy().with_columns((after - before).cast(pl.Int64).alias(name)).filter(pl.col(name) != 0)
    return changed.collect()


def _refuse_overflow(frame: pl.DataFrame, amounts: tuple[str, ...]) -> None:
    """Bounds the products and quotients before they are calculated."""
    denominator = pl.max_horizontal(pl.col("den", "den_before").cast(pl.Float64))
    reach = pl.max_horizontal(pl.col(amounts).cast(pl.Float64).abs()) * 2 + 1
    beyond = frame.filter(denominator * reach > LIMIT / 2)
    if not beyond.is_empty():
        row = beyond.row(0, named=True)
        raise PayOverflowError(row["payee_id"], row["component"], f"the release of {row['origin_id']}")


def _none_waiting() -> pl.DataFrame:
    dates, amounts = {"expected_on": pl.Date}, {"instalment": pl.Int64, "waiting_minor": pl.Int64}
    return pl.DataFrame(schema={name: {**dates, **amounts}.get(name, pl.String) for name in _WAITING})
