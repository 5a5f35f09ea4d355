"""Tables on figures: factors of modifiers, scores of KPIs, cells of matrices, conditions of gates."""

import itertools
import operator
from collections.abc import Sequence
from fractions import Fraction

from compensation.exact import rounded_to
from compensation.plans.figures import FactorBand, Gate, Modifier
from compensation.plans.payouts import Axis, Kpi, Matrix
from compensation.plans.typed_numbers import Bound, Number

_COMPARES = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}


def is_passed(gate: Gate, value: Fraction) -> bool:
    """Whether the figure's value passes the gate."""
    name, number = gate.condition
    return bool(_COMPARES[name](value, number.value))


def factor_of(modifier: Modifier, value: Fraction) -> Fraction:
    """The factor for a figure's value: of its band (1 before the first), on the line between points, or itself."""
    factor = value
    if modifier.bands:
        factor = _band(modifier.bands, value)
    elif modifier.points:
        factor = _on_line([(point.at.value, point.factor.value) for point in modifier.points], value)
    return _between(factor, modifier.at_least, modifier.at_most, modifier.rounded_to)


def manual_factor(modifier: Modifier, factor: Fraction) -> Fraction:
    """A factor by hand, kept within its bounds."""
    return _between(factor, modifier.at_least, modifier.at_most, modifier.rounded_to)


def _band(bands: Sequence[FactorBand], value: Fraction) -> Fraction:
    number = reached([band.lower for band in bands], value)
    return Fraction(1) if number is None else bands[number].factor.value


def score_of(kpi: Kpi, value: Fraction) -> Fraction:
    """The score of a KPI: of its band (0 before the first), on the line between points, or the value itself."""
    score = value
    if kpi.bands:
        number = reached([band.lower for band in kpi.bands], value)
        score = Fraction(0) if number is None else kpi.bands[number].score.value
    elif kpi.points:
        score = _on_line([(point.at.value, point.score.value) for point in kpi.points], value)
    return _between(score, kpi.floor, kpi.cap, None)


def cell_of(matrix: Matrix, row: Fraction, column: Fraction) -> Fraction:
    """The number of a matrix over two figures; 0 before the first row or column, interpolated if the matrix says so."""
    places = reached(matrix.rows.begins, row), reached(matrix.columns.begins, column)
    if places[0] is None or places[1] is None:
        return Fraction(0)
    if matrix.interpolated:
        lines = [_on_line(_places(matrix.columns, line), column) for line in matrix.grid]
        return _on_line(_places(matrix.rows, [Number(line) for line in lines]), row)
    return matrix.grid[places[0]][places[1]].value


def _places(axis: Axis, numbers: Sequence[Number]) -> list[tuple[Fraction, Fraction]]:
    return [(bound.value, number.value) for bound, number in zip(axis.begins, numbers, strict=True)]


def reached(bounds: Sequence[Bound], value: Fraction) -> int | None:
    """The number of the last of the ascending bounds that the value reaches; None before the first.

    >>> [reached([Bound(Fraction(0)), Bound(Fraction(10), is_above=True)], Fraction(n)) for n in (-1, 0, 10, 11)]
    [None, 0, 0, 1]
    """
    held = [n for n, bound in enumerate(bounds) if (value > bound.value if bound.is_above else value >= bound.value)]
    return held[-1] if held else None


def _on_line(points: Sequence[tuple[Fraction, Fraction]], value: Fraction) -> Fraction:
    """On the straight line between two points; outside them the end's number."""
    if value <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in itertools.pairwise(points):
        if value <= right:
            return low + (high - low) * (value - left) / (right - left)
    return points[-1][1]


def _between(value: Fraction, least: Number | None, most: Number | None, step: Number | None) -> Fraction:
    if step is not None:
        value = rounded_to(value / step.value) * step.value
    if least is not None:
        value = max(value, least.value)
    return min(value, most.value) if most is not None else value
