"""The worst case of every credit, bounded in integers that cannot overflow before anything is multiplied."""

from collections.abc import Sequence

import polars as pl

from compensation.errors import PayOverflowError
from compensation.exact import LIMIT, MAX_MINOR, MILLIONTHS
from compensation.plans.rules import Rule


def refuse_overflow(matched: pl.DataFrame, rules: Sequence[Rule]) -> None:
    """PayOverflowError if a credit could leave the exact range: by the largest factors, if need be row by row."""
    if matched.is_empty():
        return
    factors = ("base_before", "base_after", "position_before", "position_after", "measure_num", "looks_at_num")
    shares = ("share_to", "share_num")
    largest = matched.select(pl.col(*factors, *shares).abs().max()).row(0)
    if _fits(*(int(value or 0) for value in largest)):
        return
    columns = (*factors, *shares, "measure_den", "looks_at_den", "share_den")
    for payee_id, rule, *values in matched.select("payee_id", "rule", *columns).iter_rows():
        if not _fits(*(int(value or 0) for value in values)):
            raise PayOverflowError(payee_id, rules[rule].component.name, "a credit")


def _fits(
    base_before: int,
    base_after: int,
    position_before: int,
    position_after: int,
    base_num: int,
    position_num: int,
    share_to: int,
    share_num: int,
    base_den: int = 1,
    position_den: int = 1,
    share_den: int = 1,
) -> bool:
    share = (share_to, share_num, share_den)
    return all(_step_fits(abs(raw), base_num, base_den, *share) for raw in (base_before, base_after)) and all(
        _step_fits(abs(raw), position_num, position_den, *share) for raw in (position_before, position_after)
    )


def _step_fits(raw: int, num: int, den: int, share_to: int, share_num: int, share_den: int) -> bool:
    converted = raw * num // max(den, 1) + 1
    part = converted * share_to // MILLIONTHS + 1
    steps = (2 * raw * num + den, 2 * converted * share_to + MILLIONTHS, 2 * part * share_num + share_den)
    return max(steps) <= LIMIT and 2 * part * share_num // share_den < MAX_MINOR
