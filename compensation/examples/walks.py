"""Walks: how the credits that an expectation chooses move along their curves, tier by tier."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from compensation.curves.curve import Curve, Slice
from compensation.earnings.accumulators import Accumulator
from compensation.exact import rounded
from compensation.examples.choosing import Choice
from compensation.examples.outcome import Outcome
from compensation.plans.components import Mode


@dataclass(frozen=True)
class Walk:
    """From one position to another: the part in each tier, and the pay of each part in minor units."""

    parts: tuple[Slice, ...]
    pays: tuple[int, ...]


def walks(outcome: Outcome, choice: Choice) -> Iterator[Walk]:
    """The walk of each chosen credit; where no document is chosen, those of whole periods from their beginning."""
    if choice.transaction_ids:
        yield from (_of_line(outcome, line) for line in _lines(outcome, choice))
        return
    for row in outcome.earned.accumulators.rows:
        rule = outcome.engine.rules[row.key.rule]
        if row.curve is not None and choice.takes(row.key.payee_id, rule, row.key.period):
            yield _along(outcome.earned.accumulators.curves.compiled[row.curve], row.start, _end(outcome, row))


def _lines(outcome: Outcome, choice: Choice) -> list[dict[str, Any]]:
    names = [rule.component.name for rule in outcome.engine.rules]
    lines = outcome.earned.lines.filter(pl.col("outcome").is_null())
    named = lines.with_columns(pl.col("rule").map_elements(lambda rule: names[rule], pl.String).alias("component"))
    return choice.of_credits(named).to_dicts()


def _of_line(outcome: Outcome, line: dict[str, Any]) -> Walk:
    accumulators = outcome.earned.accumulators
    row, component = accumulators.rows[line["accumulator"]], outcome.engine.rules[line["rule"]].component
    if row.terms is None:
        raise ValueError(f"{line['transaction_id']} has no terms")
    curve = accumulators.curves.compiled[accumulators.curves.number(line["rule"], row.terms, line["case_no"] or 0)]
    walk = _along(curve, line["before"], line["after"])
    if component.mode is Mode.CURVE:
        return walk
    whole = line["after"] - line["before"]
    pays = (rounded(Fraction(line["base"]) * part.piece.slope * part.measure / whole) for part in walk.parts)
    return Walk(walk.parts, tuple(pays))


def _along(curve: Curve, before: int, after: int) -> Walk:
    parts = tuple(curve.slices(before, after))
    return Walk(parts, tuple(part.earning for part in parts))


def _end(outcome: Outcome, row: Accumulator) -> int:
    """The position at the end of an accumulator."""
    entered = outcome.earned.lines.filter(pl.col("accumulator") == row.number, pl.col("after").is_not_null())
    return int(entered["after"][-1]) if len(entered) else row.start
