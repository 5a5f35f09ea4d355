"""The worst case of every credit, bounded in integers that cannot overflow before anything is multiplied."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from compensation.errors import PayOverflowError
from compensation.exact import LIMIT, MAX_MINOR
from compensation.plans.rules import Rule


class _Worst(NamedTuple):
    """The magnitudes that a measure of a credit is made of."""

    before: int
    after: int
    num: int
    den: int
    credited_to: int
    share_num: int
    share_den: int


def refuse_overflow(matched: pl.DataFrame, rules: Sequence[Rule], names: Sequence[str], unit: int) -> None:
    """PayOverflowError if a credit could leave the exact range: by the largest factors, if need be row by row.

    Of several such credits the first by payee and component is named.
    ``names``: the measures of a credit, ``base`` and ``position``, as columns ``<name>_before``, ``_after``, ``_num``,
    ``_den``; ``unit``: the whole of a share.
    """
    if matched.is_empty():
        return
    columns = [_columns(name) for name in names]
    largest = matched.select(pl.col({each for group in columns for each in group}).abs().max()).row(0, named=True)
    if all(
        _fits(_worst([largest[column] for column in group])._replace(den=1, share_den=1), unit) for group in columns
    ):
        return
    names_of = {rule.number: rule.component.name for rule in rules}
    wide = [_too_wide(matched.select("payee_id", "rule", *group), group, unit) for group in columns]
    refused = min(((payee_id, names_of[rule]) for rows in wide for payee_id, rule in rows), default=None)
    if refused is not None:
        raise PayOverflowError(*refused, "a credit")


def _too_wide(matched: pl.DataFrame, group: Sequence[str], unit: int) -> Iterator[tuple[str, int]]:
    """The payee and rule of each credit that does not fit.

    By the largest amounts for each rate and share, then one by one where those do not fit.
    """
    ratios = [column for column in group if column.endswith(("_num", "_den"))]
    amounts = [column for column in group if column not in ratios]
    widest = matched.group_by(ratios).agg(pl.col(amounts).abs().max()).select(group)
    too_wide = [not _fits(_worst(row), unit) for row in widest.iter_rows()]
    suspects = matched.join(widest.select(ratios).filter(pl.Series(too_wide, dtype=pl.Boolean)), on=ratios, how="semi")
    for payee_id, rule, *values in suspects.iter_rows():
        if not _fits(_worst(values), unit):
            yield payee_id, rule


def _columns(name: str) -> list[str]:
    own = [f"{name}_{part}" for part in ("before", "after", "num", "den")]
    return [*own, "credited_to", "share_num", "share_den"]


def _worst(values: Sequence[object]) -> _Worst:
    return _Worst(*(abs(int(str(value))) if value is not None else 0 for value in values))


def _fits(worst: _Worst, unit: int) -> bool:
    raw, num, den, share_den = max(worst.before, worst.after), worst.num, max(worst.den, 1), max(worst.share_den, 1)
    early = _steps(raw, ((num, den), (worst.credited_to, unit), (worst.share_num, share_den)))
    late = _steps(raw, ((worst.credited_to, unit), (worst.share_num, share_den), (num, den)))
    return early and late


def _steps(value: int, factors: Sequence[tuple[int, int]]) -> bool:
    """Whether all products of the steps, each rounded, stay in range, and the last is an amount."""
    for num, den in factors:
        if 2 * value * num + den > LIMIT:
            return False
        value = value * num // den + 1
    return 2 * value <= MAX_MINOR
