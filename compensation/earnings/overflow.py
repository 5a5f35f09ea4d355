"""The worst case of every accumulator, bounded before a run in integers that cannot overflow."""

from collections.abc import Sequence

import polars as pl

from compensation.curves.curve import Curve
from compensation.earnings.accumulators import Accumulator
from compensation.errors import PayOverflowError
from compensation.exact import LIMIT, MAX_MINOR
from compensation.plans.components import Mode
from compensation.plans.rules import Rule


def refuse_overflow(
    credited: pl.DataFrame, accumulators: Sequence[Accumulator], curves: Sequence[Curve], rules: Sequence[Rule]
) -> None:
    """PayOverflowError, naming payee and component, if any accumulator could leave the exact range.

    ``credited`` has accumulator, base, position. First the extremes of all accumulators together, which nearly
    always fit; only if they do not, accumulator by accumulator.
    """
    widest = credited.select(
        pl.len(), pl.col("base").abs().max().alias("b"), pl.col("position").abs().max().alias("p")
    ).row(0)
    count, base, position = (int(value or 0) for value in widest)
    reach = max((abs(row.start) for row in accumulators), default=0) + count * position
    if all(_fits(curve, mode, reach, count * base) for curve in _extremes(curves) for mode in Mode):
        return
    _refuse_each(credited, accumulators, curves, rules)


def _refuse_each(
    credited: pl.DataFrame, accumulators: Sequence[Accumulator], curves: Sequence[Curve], rules: Sequence[Rule]
) -> None:
    sums = {row.number: [abs(row.start), 0] for row in accumulators}
    for number, base, position in credited.select("accumulator", "base", "position").iter_rows():
        sums[number][0] += abs(int(position))
        sums[number][1] += abs(int(base))
    for row in accumulators:
        component = rules[row.key.rule].component
        if row.curve is not None and not _fits(tuple(curves[row.curve].segments), component.mode, *sums[row.number]):
            raise PayOverflowError(row.key.payee_id, component.name, f"the total of {row.key.period.label}")


def _extremes(curves: Sequence[Curve]) -> list[tuple[tuple[int, int, int, int, int], ...]]:
    """One curve that is at least as steep as all."""
    segments = [segment for curve in curves for segment in curve.segments]
    if not segments:
        return []
    a, b, d = (max(abs(segment[place]) for segment in segments) for place in (2, 3, 4))
    return [((0, 0, a, b, d),)]


def _fits(segments: Sequence[tuple[int, int, int, int, int]], mode: Mode, reach: int, base: int) -> bool:
    if reach >= MAX_MINOR:
        return False
    values = [abs(a) + abs(b) * reach for _, _, a, b, _ in segments]
    value, widest = max(values), max(row[4] for row in segments)
    if mode is Mode.CURVE:
        return 2 * value + widest <= LIMIT
    ratio = 2 * value if mode is Mode.SLICED else max(abs(row[3]) for row in segments)
    divisor = widest * max(reach, 1) if mode is Mode.SLICED else widest
    return 2 * base * ratio + divisor <= LIMIT
