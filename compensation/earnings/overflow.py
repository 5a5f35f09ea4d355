"""The worst case of every accumulator, bounded before a run in integers that cannot overflow."""

from collections import defaultdict
from collections.abc import Sequence

import polars as pl

from compensation.curves.curve import Curve, Segment
from compensation.curves.earning import Method
from compensation.earnings.accumulators import Accumulator
from compensation.errors import PayOverflowError
from compensation.exact import LIMIT, MAX_MINOR
from compensation.exact_columns import EXACT_TYPE, SHORT_TYPE, magnitude, narrowest
from compensation.plans.components import Mode
from compensation.plans.rules import Rule


def refuse_overflow(
    credited: pl.DataFrame, accumulators: Sequence[Accumulator], curves: Sequence[Curve], rules: Sequence[Rule]
) -> pl.DataType:
    """The narrowest type for what is calculated on the way along the curves.

    PayOverflowError, naming payee and component, if any accumulator could leave even the exact range.
    ``credited`` has accumulator, walk, curve, base, position. First the extremes of all accumulators together, which
    nearly always fit; only if they do not, walk by walk or accumulator by accumulator.
    """
    count, base, position = credited.height, magnitude(credited["base"]), magnitude(credited["position"])
    start, extremes = max((abs(row.start) for row in accumulators), default=0), _extremes(curves)
    components = {rule.component.mode: rule.component for rule in rules}
    if not extremes:
        return SHORT_TYPE
    if not all(_fits(extremes, mode, start + count * position, count * base, count) for mode in components):
        _refuse_each(credited, accumulators, curves, rules)
        return EXACT_TYPE
    if set(components) != {Mode.CURVE}:
        return EXACT_TYPE
    together = count if any(Method.of(rule.component, 1).by_case for rule in rules) else 1
    if (reach := _on_curve(extremes, start + count * position, together)) <= MAX_MINOR:
        return narrowest(reach)
    longest = credited.lazy().group_by("walk").agg(pl.col("position").abs().sum()).max().collect()["position"].item()
    return narrowest(_on_curve(extremes, start + longest, together))


def _refuse_each(
    credited: pl.DataFrame, accumulators: Sequence[Accumulator], curves: Sequence[Curve], rules: Sequence[Rule]
) -> None:
    reaches = {row.walk: abs(row.start) for row in accumulators}
    bases: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    used: dict[int, set[int]] = defaultdict(set)
    columns = ("accumulator", "walk", "curve", "base", "position")
    for number, walk, curve, base, position in credited.select(columns).iter_rows():
        reaches[walk] += abs(int(position))
        bases[number][0] += abs(int(base))
        bases[number][1] += 1
        used[number].add(curve)
    components = {rule.number: rule.component for rule in rules}
    for row in accumulators:
        segments = [segment for curve in used[row.number] for segment in curves[curve].segments]
        if not segments:
            continue
        component = components[row.key.rule]
        if not _fits(segments, component.mode, reaches[row.walk], *bases[row.number]):
            raise PayOverflowError(row.key.payee_id, component.name, f"the total of {row.key.period.label}")


def _extremes(curves: Sequence[Curve]) -> list[Segment]:
    """One curve that is at least as steep as all."""
    segments = [segment for curve in curves for segment in curve.segments]
    if not segments:
        return []
    a, b, d = (
        max(abs(each) for each in values)
        for values in zip(*((segment.a, segment.b, segment.d) for segment in segments), strict=True)
    )
    increment = max(curve.rounding.increment for curve in curves)
    return [Segment(0, 0, a, b, d * increment)]


def _fits(segments: Sequence[Segment], mode: Mode, reach: int, base: int, count: int) -> bool:
    """``count`` credits of one accumulator, or of all: by cases their gains are added up."""
    if reach >= MAX_MINOR:
        return False
    if mode is Mode.CURVE:
        return _on_curve(segments, reach, count) <= LIMIT
    value = max(abs(segment.a) + abs(segment.b) * reach for segment in segments)
    widest = max(segment.d for segment in segments)
    ratio = 2 * value if mode is Mode.SLICED else max(abs(segment.b) for segment in segments)
    divisor = widest * max(reach, 1) if mode is Mode.SLICED else widest
    return 2 * base * ratio + 2 * divisor <= LIMIT


def _on_curve(segments: Sequence[Segment], reach: int, count: int) -> int:
    """What bounds numerators and their quotients, ``count`` of them added up."""
    value = max(abs(segment.a) + abs(segment.b) * reach for segment in segments)
    return 4 * value * max(count, 1) + 2 * max(segment.d for segment in segments)
