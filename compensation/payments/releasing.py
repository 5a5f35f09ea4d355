"""Releases: what may be paid of each earning, on which day, and what still waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation.columns import kept
from compensation.errors import PayOverflowError
from compensation.exact import LIMIT, MAX_MINOR
from compensation.exact_columns import EXACT_TYPE, SHORT_TYPE, divided
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.names import NAME
from compensation.packing import first_occurrences
from compensation.payments.documents import DOCUMENTED, Documents, refuse_wide
from compensation.payments.families import families
from compensation.payments.schedules import Schedule, schedules_of
from compensation.payments.steps import steps
from compensation.plans.parts import NEVER
from compensation.plans.plan import Plan

_LINES_AT_ONCE = 250_000
"""Bounds the memory; what has one origin is never divided."""
RETURNED = "returned"
"""Stands for a moment: a return takes back what was released."""
_LINE = (
    *("payee_id", "plan", "plan_version", "component", "transaction_id", "deal_id", "party", "via_payee_id", "role"),
    *("instalment", "reverses_id", "period_label"),
)
RELEASES = (*_LINE, "released_on", "moment", "share", "currency", "release_minor")
_EARNED = (*_LINE, "currency", "dated_on", "earning_minor")
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
    lines = kept(lines, lines["dated_on"] <= as_of)
    schedules = schedules_of(plans)
    opened = _as_lines(openings, as_of)
    if not schedules:
        return Released(pl.concat([_credited(lines), _credited(opened)]), _none_waiting())
    parts = [_by_schedule(each.select(_EARNED), schedules) for each in (lines, opened)]
    held = [part.filter(pl.col("schedule").is_not_null()) for part in parts]
    held[1] = held[1].filter(pl.col("earning_minor") != 0)
    entries, waiting = _scheduled(pl.concat(held), list(schedules.values()), facts, as_of)
    rest = [_credited(part, pl.col("schedule").is_null()) for part in parts]
    return Released(pl.concat([rest[0], entries, rest[1]]), waiting)


def _by_schedule(lines: pl.DataFrame, schedules: Mapping[tuple[str, str, str], Schedule]) -> pl.DataFrame:
    """The lines with the number of their schedule; null if everything is released at once."""
    component = ["plan", "plan_version", "component"]
    first, places = first_occurrences(lines, component)
    found = (schedules.get((plan, version, name)) for plan, version, name in lines.select(component)[first].iter_rows())
    numbers = pl.Series("schedule", [each and each.number for each in found], dtype=pl.Int64)
    return lines.with_columns(numbers.gather(places))


def _credited(lines: pl.DataFrame, *which: pl.Expr) -> pl.DataFrame:
    """Everything on its own day."""
    moment, share = pl.lit("credited", NAME), pl.lit("1", NAME)
    if lines["reverses_id"].null_count() < lines.height:
        returned = pl.col("reverses_id").is_not_null()
        moment, share = pl.when(returned).then(pl.lit(RETURNED, NAME)).otherwise(moment), pl.when(~returned).then(share)
    entries = lines.select(
        *_LINE,
        pl.col("dated_on").alias("released_on"),
        moment.alias("moment"),
        share.alias("share"),
        "currency",
        pl.col("earning_minor").alias("release_minor"),
    )
    return kept(entries, lines.select(pl.all_horizontal(*which, pl.col("earning_minor") != 0)).to_series())


def _as_lines(openings: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Pay without a transaction, counted from its date; it waits for the calendar, but for no document."""
    empty = {**dict.fromkeys(("deal_id", "reverses_id"), pl.String()), **dict.fromkeys(("via_payee_id", "role"), NAME)}
    return openings.filter(pl.col("earned_on") <= as_of).with_columns(
        *(pl.lit(None, dtype).alias(name) for name, dtype in empty.items()),
        pl.lit("").alias("transaction_id"),
        pl.lit("", NAME).alias("party"),
        pl.lit(0, pl.Int64).alias("instalment"),
        pl.col("earned_on").alias("dated_on"),
    )


def _scheduled(
    held: pl.DataFrame, schedules: Sequence[Schedule], facts: Facts, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Releases and what waits, of some origins at a time."""
    known = facts.transactions.select(DOCUMENTED)
    happened = kept(known, (known["kind"] != "expected") & (known["dated_on"] <= as_of))
    documents = Documents(happened, ExchangeRates(facts))
    by_documents = pl.col("schedule").is_in([each.number for each in schedules if each.follows_documents])
    awaited = pl.when(by_documents).then("origin_id").otherwise(pl.lit("")).alias("awaited")
    earned = families(held).with_columns(awaited)
    key = ["schedule", "awaited", "start_on"]
    first, places = first_occurrences(earned, key)
    origins = documents.origins(earned.select(key)[first])
    earned = earned.with_columns(places.cast(pl.Int64).alias("origin")).drop("awaited")
    by_amounts = pl.col("schedule").is_in([each.number for each in schedules if each.follows_amounts])
    ledger = documents.ledger(origins.filter(by_amounts))
    refuse_wide(ledger, earned, max(schedule.most_instalments for schedule in schedules))
    amounts = earned.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("line"), *_AMOUNTS)
    parts = 1 + held.height // _LINES_AT_ONCE
    place = pl.col("origin") * parts // origins.height
    entries, left = [], []
    for part in range(parts):
        frames = (amounts, origins, ledger)
        own, own_origins, own_ledger = (each.filter(place == part) for each in frames) if parts > 1 else frames
        known = _steps(own_origins, own_ledger, schedules, documents, as_of)
        entries.append(_entries(earned, own, known, as_of))
        left.append(_left(earned, own, known, as_of))
    return pl.concat(entries), pl.concat(left)


def _steps(
    origins: pl.DataFrame, ledger: pl.DataFrame, schedules: Sequence[Schedule], documents: Documents, as_of: date
) -> pl.DataFrame:
    """See :func:`steps`, of all schedules."""
    parts = [
        steps(schedule, origins.filter(pl.col("schedule") == schedule.number), ledger, documents, as_of)
        for schedule in schedules
    ]
    return pl.concat(parts, how="vertical_relaxed")


_AMOUNTS = ("family", "origin", "from_on", "to_on", "earned_before", "earned_after", "earning_minor")


def _entries(earned: pl.DataFrame, amounts: pl.DataFrame, known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What has been released, family by family, day by day."""
    entries = pl.concat([_taken_back(earned, amounts, known), _grown(earned, amounts, known, as_of)])
    entries = entries.sort("family", "released_on", maintain_order=True)
    is_return = pl.col("moment") == RETURNED
    named = earned.select(*_LINE, "currency", "origin_id", "first_in")[entries["line"]]
    named = named.hstack(entries.drop("line", "family"))
    return named.with_columns(
        pl.when(is_return).then("transaction_id").otherwise("origin_id").alias("transaction_id"),
        pl.when(is_return).then("reverses_id").alias("reverses_id"),
        pl.when(is_return).then("period_label").otherwise("first_in").alias("period_label"),
    ).select(RELEASES)


def _grown(earned: pl.DataFrame, amounts: pl.DataFrame, known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What each step releases of what the family has earned by then, to the transaction with which it began."""
    joined = amounts.join(known.filter(pl.col("on") <= as_of), on="origin", maintain_order="left_right")
    joined = kept(joined, (joined["on"] >= joined["from_on"]) & (joined["on"] < joined["to_on"]))
    entries = _of_earned(joined, earned, "release_minor")
    return entries.select("line", "family", pl.col("on").alias("released_on"), "moment", "share", "release_minor")


def _taken_back(earned: pl.DataFrame, amounts: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """What a return takes back of what had been released; the rest of it lapses."""
    is_later = pl.col("family").is_first_distinct().not_()
    returns = amounts.filter(is_later, pl.col("earning_minor") != 0).sort("from_on")
    touched = known.join(returns, on="origin", how="semi", maintain_order="left").drop("moment", "share")
    reached = returns.join_asof(
        touched,
        left_on="from_on",
        right_on="on",
        by="origin",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return _of_change(reached, earned).select(
        "line",
        "family",
        pl.col("from_on").alias("released_on"),
        pl.lit(RETURNED, NAME).alias("moment"),
        pl.lit(None, NAME).alias("share"),
        "release_minor",
    )


def _left(earned: pl.DataFrame, amounts: pl.DataFrame, known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What every step to come will release of what is earned today."""
    to_come, last = known.filter(pl.col("on") > as_of), amounts.filter(pl.col("to_on") == NEVER)
    joined = last.join(to_come, on="origin", maintain_order="left_right")
    left = _of_earned(joined, earned, "waiting_minor")
    columns = ("on", "moment", "share", "waiting_minor")
    named = earned.select(*_LINE, "currency", "origin_id", "first_in")[left["line"]].hstack(left.select(columns))
    return named.with_columns(
        pl.col("origin_id").alias("transaction_id"),
        pl.lit(None, pl.String).alias("reverses_id"),
        pl.col("first_in").alias("period_label"),
        pl.col("moment").alias("waits_for"),
        pl.when(pl.col("on") < NEVER).then("on").alias("expected_on"),
    ).select(_WAITING)


def _of_earned(joined: pl.DataFrame, earned: pl.DataFrame, name: str) -> pl.DataFrame:
    """Fraction times earned, rounded, less what that was before the step."""
    numbers = _narrowest(joined, earned, ("earned_after",))
    whole = pl.col("earned_after").cast(numbers)
    after, before = (
        divided(whole * pl.col(num).cast(numbers), pl.col(den).cast(numbers))
        for num, den in (("num", "den"), ("num_before", "den_before"))
    )
    return _changed(joined, after - before, name)


def _of_change(reached: pl.DataFrame, earned: pl.DataFrame) -> pl.DataFrame:
    """Fraction times earned, rounded, less what that was before the return."""
    numbers = _narrowest(reached, earned, ("earned_before", "earned_after"))
    before, after = (
        divided(pl.col(name).cast(numbers) * pl.col("num").cast(numbers), pl.col("den").cast(numbers))
        for name in ("earned_before", "earned_after")
    )
    return _changed(reached, after - before, "release_minor")


def _changed(frame: pl.DataFrame, change: pl.Expr, name: str) -> pl.DataFrame:
    return frame.lazy().with_columns(change.cast(pl.Int64).alias(name)).filter(pl.col(name) != 0).collect()


def _narrowest(frame: pl.DataFrame, earned: pl.DataFrame, amounts: tuple[str, ...]) -> pl.DataType:
    """The narrowest type for products and quotients; PayOverflowError if they could leave the exact range."""
    fraction = pl.max_horizontal(pl.col("den", "den_before").cast(pl.Float64))
    reach = fraction * (pl.max_horizontal(pl.col(amounts).cast(pl.Float64).abs()) * 2 + 2)
    widest = frame.select(reach.alias("reach"))["reach"]
    if float(str(widest.max() or 0)) <= MAX_MINOR / 2:
        return SHORT_TYPE
    beyond = frame.filter(widest > LIMIT / 2)
    if not beyond.is_empty():
        row = earned.row(beyond["line"][0], named=True)
        raise PayOverflowError(row["payee_id"], row["component"], f"the release of {row['origin_id']}")
    return EXACT_TYPE


def _none_waiting() -> pl.DataFrame:
    other = {"expected_on": pl.Date(), "instalment": pl.Int64(), "waiting_minor": pl.Int64()}
    other |= dict.fromkeys(("transaction_id", "deal_id", "reverses_id"), pl.String())
    return pl.DataFrame(schema={name: other.get(name, NAME) for name in _WAITING})
