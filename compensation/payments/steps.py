"""Steps: how the part of an earning that may be paid grows, document by document."""

from collections.abc import Iterator
from datetime import date

import polars as pl

from compensation.exact_columns import SHORT_TYPE, magnitude, narrowest
from compensation.names import NAME
from compensation.payments.documents import Documents
from compensation.payments.moments import at_credit, at_document, spread, waits
from compensation.payments.schedules import Schedule, is_proportional
from compensation.plans.parts import NEVER
from compensation.plans.releases import Moment

UNPAID = "unpaid"
"""Stands for a moment: an invoice was not paid in time."""
_OVERDUE = -1


def steps(
    schedule: Schedule, origins: pl.DataFrame, ledger: pl.DataFrame, documents: Documents, as_of: date
) -> pl.DataFrame:
    """The steps of origins that release by the schedule, in their order.

    Columns origin, on, moment, share (of the plan; of one instalment), and the fraction of the earning that is
    released after the step and before it: num, den, num_before, den_before (integers of their narrowest type,
    den > 0). Steps after ``as_of`` are those to come; on NEVER: when, is not known.
    """
    own = ledger.join(origins.select("origin"), on="origin", how="semi", maintain_order="left")
    changes = pl.concat(_changes(schedule, origins, own, documents, as_of), how="diagonal").fill_null(0)
    begun = changes.join(origins.select("origin", "start_on"), on="origin")
    placed = begun.with_columns(_is_behind(begun, schedule), pl.max_horizontal("on", "start_on").alias("on"))
    place = ("origin", "on", "is_behind", "part")
    counted = [name for name in placed.columns if name not in (*place, "start_on")]
    summed = placed.sort(place).with_columns(_running(name) for name in counted)
    running = summed.filter(
        pl.any_horizontal(pl.col(name) != pl.col(name).shift(-1) for name in place).fill_null(value=True)
    )
    return _named(_fractions(running, schedule), schedule)


def _is_behind(begun: pl.DataFrame, schedule: Schedule) -> pl.Expr | pl.Series:
    """Whether a change comes when nothing of the basis is left any more, up to the day on which its origin starts.

    All that has come before counts on that day: first what came while there was a basis, and that stays.
    """
    if not schedule.proportional:
        return pl.lit(value=False).alias("is_behind")
    before = begun.lazy().filter(pl.col("on") <= pl.col("start_on")).group_by("origin", "on").agg(pl.col("basis").sum())
    left = before.sort("on").with_columns(pl.col("basis").cum_sum().over("origin"))
    known = left.filter(pl.col("basis") != 0).group_by("origin").agg(pl.col("on").max().alias("known_on"))
    last = begun.lazy().select("origin").join(known, on="origin", how="left", maintain_order="left").collect()
    is_behind = (begun["on"] > last["known_on"]) & (begun["on"] <= begun["start_on"])
    return is_behind.fill_null(value=False).alias("is_behind")


def _running(name: str) -> pl.Expr:
    """The running sum within each origin, of rows in their order: that of all rows, less what it was before."""
    total, begins = pl.col(name).cum_sum(), pl.col("origin") != pl.col("origin").shift(1)
    before = pl.when(begins.fill_null(value=True)).then(total - pl.col(name)).forward_fill()
    return (total - before).alias(name)


def _changes(
    schedule: Schedule, origins: pl.DataFrame, ledger: pl.DataFrame, documents: Documents, as_of: date
) -> Iterator[pl.DataFrame]:
    """What changes when: columns origin, on, part and a count (weight, basis, received_n, finished_n, overdue)."""
    for number, (_, part) in enumerate(schedule.parts):
        weight = pl.lit(schedule.weight(number), pl.Int64).alias("weight")
        place = pl.lit(number, pl.Int32).alias("part")
        yield at_credit(part, origins, schedule.calendar).with_columns(place, weight)
        waiting = origins.filter(waits(part)).select("origin")
        if is_proportional(part):
            yield from (rows.with_columns(place) for rows in _in_proportion(schedule, number, waiting, ledger))
        elif part.when is Moment.RECEIVED_IN_FULL:
            yield from (rows.with_columns(place) for rows in _in_full(schedule, number, waiting, ledger))
        elif not waiting.is_empty():
            yield at_document(part, origins, documents).with_columns(place, weight)
    if schedule.proportional:
        place = pl.lit(schedule.proportional[0], pl.Int32).alias("part")
        yield ledger.filter(pl.col("basis") != 0).select("origin", "on", place, "basis")
    if schedule.unpaid_after_days is not None:
        yield from _overdue(ledger, schedule.unpaid_after_days, as_of)


def _in_proportion(
    schedule: Schedule, number: int, waiting: pl.DataFrame, ledger: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """What comes in, each amount by instalments; and one day all of it."""
    _, part = schedule.parts[number]
    amount = pl.col("invoiced" if part.when is Moment.INVOICED else "received").alias(f"received_{number}")
    rows = ledger.join(waiting, on="origin", how="semi").filter(amount != 0).select("origin", "on", amount)
    yield spread(rows, part)
    yield waiting.with_columns(pl.lit(NEVER).alias("on"), pl.lit(1, pl.Int64).alias(f"finished_{number}"))


def _in_full(schedule: Schedule, number: int, waiting: pl.DataFrame, ledger: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Everything when all is received (and nothing again when it no longer is); or one day."""
    _, part = schedule.parts[number]
    weight = schedule.weight(number)
    sign, due = pl.col("basis").sign(), pl.col("basis").abs()
    full = pl.when(pl.col("basis") != 0).then((sign * pl.col("received") >= due).cast(pl.Int64))
    moved = ledger.join(waiting, on="origin", how="semi", maintain_order="left")
    held = moved.group_by("origin", "on", maintain_order=True).agg(pl.col("basis", "received").sum())
    held = held.with_columns(pl.col("basis", "received").cum_sum().over("origin"))
    held = held.with_columns(full.forward_fill().over("origin").fill_null(0).alias("full"))
    last = held.group_by("origin").agg(pl.col("full").last())
    changed = (pl.col("full") - pl.col("full").shift(1).over("origin").fill_null(0)) * weight
    rows = held.select("origin", "on", changed.alias("weight")).filter(pl.col("weight") != 0)
    yield spread(rows, part)
    left = (1 - pl.col("full")) * (weight * part.instalments)
    rest = waiting.join(last, on="origin").select("origin", left.alias("weight"))
    yield rest.filter(pl.col("weight") != 0).with_columns(pl.lit(NEVER).alias("on"))


def _overdue(ledger: pl.DataFrame, days: int, as_of: date) -> Iterator[pl.DataFrame]:
    """An origin becomes overdue when less is received than was invoiced so many days before.

    What takes an invoice back counts no earlier than the invoice: it pays for no other.
    """
    later = f"{days}d"
    due = pl.when(pl.col("invoiced") > 0).then(pl.col("on").dt.offset_by(later)).otherwise("on")
    due = pl.max_horizontal(due, pl.col("since").dt.offset_by(later))
    falls_due = ledger.select("origin", due.alias("on"), pl.col("invoiced").alias("missing"))
    comes_in = ledger.select("origin", "on", (-pl.col("received")).alias("missing"))
    moved = (
        pl.concat([falls_due, comes_in])
        .filter(pl.col("on") <= as_of)
        .group_by("origin", "on")
        .agg(pl.col("missing").sum())
    )
    missing = moved.sort("on").with_columns(pl.col("missing").cum_sum().over("origin") > 0)
    overdue = pl.col("missing").cast(pl.Int64)
    place = pl.lit(_OVERDUE, pl.Int32).alias("part")
    changed = missing.select("origin", "on", place, overdue.diff().over("origin").fill_null(overdue).alias("overdue"))
    yield changed.filter(pl.col("overdue") != 0)
    still = missing.group_by("origin").agg((-overdue.last()).alias("overdue"))
    yield still.filter(pl.col("overdue") != 0).with_columns(pl.lit(NEVER).alias("on"), place)


def _fractions(running: pl.DataFrame, schedule: Schedule) -> pl.DataFrame:
    """The fraction after each step; if nothing of the basis is left, what comes in stays at what it was."""
    if schedule.proportional:
        running = _measured(running, schedule)
        numbers = narrowest(schedule.whole * magnitude(running["basis"]))
        basis = pl.col("basis").cast(numbers)
        parts = (pl.col(f"part_{number}").cast(numbers) * schedule.weight(number) for number in schedule.proportional)
        num, den = sum(parts, pl.col("weight").cast(numbers) * basis), basis * schedule.whole
    else:
        numbers = SHORT_TYPE
        num, den = pl.col("weight"), pl.lit(schedule.whole, numbers)
    if "overdue" in running.columns:
        num = pl.when(pl.col("overdue") > 0).then(0).otherwise(num).cast(numbers)
    place = [name for name in ("origin", "on", "part", "overdue") if name in running.columns]
    after = running.select(*place, num.alias("num"), den.alias("den"))
    follows = pl.col("origin") == pl.col("origin").shift(1)
    return after.with_columns(
        pl.when(follows).then(pl.col(name).shift(1)).otherwise(pl.lit(value, numbers)).alias(f"{name}_before")
        for name, value in {"num": 0, "den": 1}.items()
    )


def _measured(running: pl.DataFrame, schedule: Schedule) -> pl.DataFrame:
    """The basis as a positive number, and of each proportional part what has come in, at most the basis."""
    sign, basis = pl.col("basis").sign(), pl.col("basis").abs()
    held = {"basis": basis}
    for number in schedule.proportional:
        instalments = schedule.parts[number][1].instalments
        received, all_of_it = sign * pl.col(f"received_{number}"), basis * instalments
        held[f"part_{number}"] = pl.min_horizontal(pl.max_horizontal(received, 0), all_of_it)
    known = pl.col("basis") != 0
    kept = running.with_columns(
        pl.when(known).then(each).forward_fill().over("origin").alias(name) for name, each in held.items()
    )
    kept = kept.with_columns(pl.col("basis").fill_null(1), *(pl.col(name).fill_null(0) for name in list(held)[1:]))
    return kept.with_columns(
        pl.when(pl.col(f"finished_{number}") > 0)
        .then(pl.col("basis") * schedule.parts[number][1].instalments)
        .otherwise(f"part_{number}")
        .alias(f"part_{number}")
        for number in schedule.proportional
    )


def _named(frame: pl.DataFrame, schedule: Schedule) -> pl.DataFrame:
    parts = [
        (number, part.when.value if part.on is None else "date", str(share / part.instalments))
        for number, (share, part) in enumerate(schedule.parts)
    ]
    schema = {"part": pl.Int32(), "moment": NAME, "share": NAME}
    names = pl.DataFrame([*parts, (_OVERDUE, None, None)], schema=schema, orient="row")
    rows = frame["part"].replace(_OVERDUE, len(parts))
    named = frame.with_columns(names["moment"].gather(rows), names["share"].gather(rows))
    if "overdue" in frame.columns:
        overdue, due = pl.lit(UNPAID, NAME), pl.lit(Moment.RECEIVED_IN_FULL.value, NAME)
        is_due = pl.when(pl.col("overdue") > 0).then(overdue).otherwise(due)
        named = named.with_columns(pl.coalesce("moment", is_due).alias("moment"))
    return named.select("origin", "on", "moment", "share", "num", "den", "num_before", "den_before")
