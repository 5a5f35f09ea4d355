"""The worst case of every credit, bounded in integers that cannot overflow before anything is multiplied."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from compensation.crediting.matched import Matched
from compensation.errors import PayOverflowError
from compensation.exact import LIMIT, MAX_MINOR
from compensation.exact_columns import EXACT_TYPE, SHORT_TYPE, magnitude
from compensation.plans.rules import Rule


class _Worst(NamedTuple):
    """The magnitudes that a measure of a credit is made of."""

    before: int
    after: int
    num: int = 1
    den: int = 1
    credited_to: int | None = None
    share_num: int = 1
    share_den: int = 1


def narrowest_for(
    raw: pl.DataFrame, matched: Matched, rules: Sequence[Rule], names: Sequence[str], unit: int
) -> pl.DataType:
    """The narrowest type for what is calculated on the way to the credited amounts, by their largest factors.

    PayOverflowError if a credit could leave even the exact range; of several such credits the first by payee and
    component is named. ``names``: the measures of a credit, ``base`` and ``position``, as columns ``<name>_before``,
    ``_after`` and, with credited_to, share_num, share_den, where they are not one, ``_num``, ``_den``; ``unit``: the
    whole of a share.
    """
    if raw.is_empty():
        return SHORT_TYPE
    groups = [_columns(name, raw.columns) for name in names]
    worst = [_worst(group, [magnitude(raw[column]) for column in group.values()]) for group in groups]
    for limit, numbers in ((MAX_MINOR, SHORT_TYPE), (LIMIT, EXACT_TYPE)):
        if all(_all_fit(each, unit, limit) for each in worst):
            return numbers
    names_of = {rule.number: rule.component.name for rule in rules}
    payees = raw.with_columns(matched.column("payee_id"))
    wide = [_too_wide(payees.select("payee_id", "rule", *group.values()), group, unit) for group in groups]
    refused = min(((payee_id, names_of[rule]) for rows in wide for payee_id, rule in rows), default=None)
    if refused is not None:
        raise PayOverflowError(*refused, "a credit")
    return EXACT_TYPE


def _too_wide(credited: pl.DataFrame, group: Mapping[str, str], unit: int) -> Iterator[tuple[str, int]]:
    """The payee and rule of each credit that does not fit.

    By the largest amounts for each rate and share, then one by one where those do not fit.
    """
    columns = list(group.values())
    ratios = [column for column in columns if column.endswith(("_num", "_den"))]
    suspects = credited
    if ratios:
        amounts = [column for column in columns if column not in ratios]
        widest = credited.group_by(ratios).agg(pl.col(amounts).abs().max()).select(columns)
        too_wide = [not _fits(_worst(group, row), unit, LIMIT) for row in widest.iter_rows()]
        known = widest.select(ratios).filter(pl.Series(too_wide, dtype=pl.Boolean))
        suspects = credited.join(known, on=ratios, how="semi", nulls_equal=True)
    for payee_id, rule, *values in suspects.iter_rows():
        if not _fits(_worst(group, values), unit, LIMIT):
            yield payee_id, rule


def _columns(name: str, present: Sequence[str]) -> dict[str, str]:
    """Which column of a frame holds which magnitude."""
    own = {part: f"{name}_{part}" for part in ("before", "after", "num", "den")}
    shared = {part: part for part in ("credited_to", "share_num", "share_den")}
    return {part: column for part, column in {**own, **shared}.items() if column in present}


def _worst(group: Iterable[str], values: Sequence[object]) -> _Worst:
    return _Worst(
        **{part: abs(int(str(value))) if value is not None else 0 for part, value in zip(group, values, strict=True)}
    )


def _all_fit(largest: _Worst, unit: int, limit: int) -> bool:
    """Whether any credits fit of which these are the largest factors: divided by one, and beside all denominators."""
    widest = max(largest.den, largest.share_den)
    return _fits(largest._replace(den=1, share_den=1), unit, limit - 2 * widest)


def _fits(worst: _Worst, unit: int, limit: int) -> bool:
    raw, num, den, share_den = max(worst.before, worst.after), worst.num, max(worst.den, 1), max(worst.share_den, 1)
    part = (unit, unit) if worst.credited_to is None else (worst.credited_to, unit)
    early = _steps(raw, ((num, den), part, (worst.share_num, share_den)), limit)
    late = _steps(raw, (part, (worst.share_num, share_den), (num, den)), limit)
    return early and late


def _steps(value: int, factors: Sequence[tuple[int, int]], limit: int) -> bool:
    """Whether all products of the steps, each rounded, stay within the limit, and the last is an amount."""
    for num, den in factors:
        if 2 * value * num + 2 * den > limit:
            return False
        value = value * num // den + 1
    return 2 * value <= MAX_MINOR
