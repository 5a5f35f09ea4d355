"""The narrowest integers that hold all that is calculated along the curves, and totals too large for any."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import polars as pl
import pytest

from compensation.curves.compiling import compile_curve
from compensation.curves.curve import Curve, CurveRounding, Segment
from compensation.curves.terms import Terms
from compensation.earnings.accumulators import Accumulator, AccumulatorKey
from compensation.earnings.overflow import refuse_overflow
from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR
from compensation.exact_columns import EXACT_TYPE, SHORT_TYPE
from compensation.plans.periods import Period
from tests.compensation.curves.test_shapes import rule_of

YEAR = Period("2026", date(2026, 1, 1), date(2027, 1, 1))
ALL = "payout: {rate: 100%}"
CASES = "payout: {by: region, cases: [{when: North, rate: 100%}]}"
FITS = 2**61 - 1
"""The farthest position on a curve that pays 100 %: 4 * position + 2 * 1 is below 2**63."""


class Walked(NamedTuple):
    """A credit: on which walk (of an accumulator with that number), how far, of what base."""

    walk: int
    position: int
    base: int = 0


def chosen(
    walked: Sequence[Walked],
    *says: str,
    starts: Sequence[int] = (0, 0),
    curves: Sequence[Curve] | None = None,
) -> pl.DataType:
    """The integers for credits of two accumulators, of payees 0 and 1, both of the first rule and along its curve."""
    rules = [replace(rule_of(each), number=number) for number, each in enumerate(says or (ALL,))]
    compiled = [compile_curve(rule, Terms(), 2) for rule in rules] if curves is None else curves
    accumulators = [
        Accumulator(number, number, number, AccumulatorKey("", 0, str(number), str(number), YEAR), 0, None, start, None)
        for number, start in enumerate(starts)
    ]
    rows = [(each.walk, each.walk, 0, each.base, each.position) for each in walked]
    names = ("accumulator", "walk", "curve", "base", "position")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row")
    return refuse_overflow(frame, accumulators, compiled, rules)


def line(a: int, b: int, d: int = 1) -> list[Curve]:
    return [Curve((), (Segment(-MAX_MINOR, MAX_MINOR, a, b, d),), "money", CurveRounding())]


@pytest.mark.parametrize(
    ("walked", "starts", "fits"),
    [
        ([(0, FITS)], (0, 0), True),
        ([(0, -FITS)], (0, 0), True),
        ([(0, FITS + 1)], (0, 0), False),
        ([(0, -FITS - 1)], (0, 0), False),
        ([(0, FITS), (1, FITS)], (0, 0), True),
        ([(0, FITS + 1), (1, 1)], (0, 0), False),
        ([(0, FITS), (0, 1)], (0, 0), False),
        ([(0, 2**60), (0, 1 - 2**60)], (0, 0), True),
        ([(0, 2**60), (0, -(2**60))], (0, 0), False),
        ([(0, 0)], (FITS, 0), True),
        ([(0, 0)], (0, -FITS - 1), False),
        ([(0, 1)], (FITS - 1, 0), True),
        ([(0, 1)], (FITS, 0), False),
        ([(0, FITS - 9), (1, FITS - 9)], (10, 0), False),
    ],
)
def test_the_longest_walk_and_the_farthest_start(
    walked: Sequence[tuple[int, int]], starts: Sequence[int], fits: bool
) -> None:
    assert chosen([Walked(*each) for each in walked], starts=starts) == (SHORT_TYPE if fits else EXACT_TYPE)


@pytest.mark.parametrize(
    ("says", "farthest"),
    [
        ("payout: {rate: 200%}", 2**60 - 1),
        ("opening_pay: 10\npayout: {rate: 100%}", FITS - 1_000),
        ("rounding: {to: 1}\npayout: {rate: 100%}", FITS - 50),
        ("payout: {rate: 50%}", FITS - 1),
    ],
)
def test_the_curve_counts(says: str, farthest: int) -> None:
    """A slope of 2; 1,000 cents at 0; twice an increment of 100 cents, not of one; a denominator of 2."""
    assert chosen([Walked(0, farthest)], says) == SHORT_TYPE
    assert chosen([Walked(0, farthest + 1)], says) == EXACT_TYPE


def test_the_steepest_of_all_curves_counts() -> None:
    assert chosen([Walked(0, 2**60 - 1)], curves=[*line(0, 2), *line(0, 1)]) == SHORT_TYPE
    assert chosen([Walked(0, 2**60)], curves=[*line(0, 1), *line(0, -2)]) == EXACT_TYPE
    assert chosen([Walked(0, FITS - 7)], curves=[*line(-6, 1), *line(0, 1, 4)]) == EXACT_TYPE
    assert chosen([Walked(0, FITS - 7)], curves=[*line(-6, 1), *line(0, 1, 3)]) == SHORT_TYPE


def test_the_coarsest_rounding_of_all_curves_counts() -> None:
    """Twice 100 cents instead of twice one."""
    coarse = [*line(0, 1), Curve((), line(0, 1)[0].segments, "money", CurveRounding(100))]
    assert chosen([Walked(0, FITS - 50)], curves=coarse) == SHORT_TYPE
    assert chosen([Walked(0, FITS - 49)], curves=coarse) == EXACT_TYPE


def test_gains_by_case_add_up_beside_their_positions() -> None:
    """Two credits of 2**58 - 1 each: 4 * their positions * 2 + 2 is below 2**62; at 2**59 it is 2**63."""
    assert chosen([Walked(0, 2**59 - 1)] * 2, CASES) == SHORT_TYPE
    assert chosen([Walked(0, 2**59)] * 2, CASES) == EXACT_TYPE
    assert chosen([Walked(0, 2**59)] * 2) == SHORT_TYPE
    assert chosen([Walked(0, 2**59)] * 2, ALL, CASES) == EXACT_TYPE


def test_other_modes_take_exact_integers_and_what_has_no_curve_the_short_ones() -> None:
    assert chosen([Walked(0, 1, 1)], f"mode: sliced\n{ALL}") == EXACT_TYPE
    assert chosen([Walked(0, FITS + 1)], curves=[]) == SHORT_TYPE


STEEP = 25 * 10**18
FAR = 10**18


@pytest.mark.parametrize(
    ("says", "curve", "walked"),
    [
        (ALL, line(0, 0), Walked(0, MAX_MINOR)),
        (ALL, line(0, STEEP), Walked(0, FAR)),
        (f"mode: sliced\n{ALL}", line(0, 1), Walked(0, 5 * FAR, 5 * FAR)),
        (f"mode: rate_after\n{ALL}", line(0, 100 * FAR), Walked(0, 1, FAR // 2)),
        (f"mode: rate_before\n{ALL}", line(0, 1, 10**38 // 2), Walked(0, 1, 1)),
    ],
)
def test_a_total_beyond_exact_integers_is_refused_and_one_less_is_not(
    says: str, curve: list[Curve], walked: Walked
) -> None:
    """Reach itself; 4 * 10**18 * 25 * 10**18; 2 * base * 2 * position; 2 * base * slope; 2 * the denominator."""
    with pytest.raises(PayOverflowError) as refused:
        chosen([Walked(1, 1), walked], says, curves=curve)
    told = (refused.value.payee_id, refused.value.component, refused.value.what)
    assert told == ("0", rule_of(says).component.name, "the total of 2026")
    nearer = [each._replace(d=each.d - 2) if each.d > 1 else each for each in curve[0].segments]
    curve = [Curve((), tuple(nearer), "money", CurveRounding())]
    less = Walked(0, walked.position - 1, walked.base - 1)
    assert chosen([Walked(1, 1), less], says, curves=curve) == EXACT_TYPE


def test_each_walk_is_bounded_by_itself_with_what_it_starts_from() -> None:
    half = MAX_MINOR // 2
    assert chosen([Walked(0, half + 1), Walked(0, 1)]) == EXACT_TYPE
    assert chosen([Walked(0, half), Walked(1, half), Walked(0, half)]) == EXACT_TYPE
    with pytest.raises(PayOverflowError) as refused:
        chosen([Walked(0, half), Walked(1, half), Walked(1, -half)], starts=(0, -1))
    assert refused.value.payee_id == "1"


def test_many_bases_and_gains_of_an_accumulator_are_added_up() -> None:
    rates = f"mode: rate_reached\n{ALL}"
    quarter = Walked(0, 1, FAR // 4)
    steep = line(0, 100 * FAR)
    assert chosen([quarter, quarter._replace(walk=1)], rates, curves=steep) == EXACT_TYPE
    for other in (quarter, quarter._replace(base=-quarter.base)):
        with pytest.raises(PayOverflowError):
            chosen([quarter, other], rates, curves=steep)
    with pytest.raises(PayOverflowError):
        chosen([Walked(0, 1, -FAR // 2)], rates, ALL, curves=steep)
    with pytest.raises(PayOverflowError):
        chosen([Walked(0, FAR // 4)] * 2, curves=line(0, STEEP))
    assert chosen([Walked(0, FAR // 4), Walked(1, FAR // 4)], curves=line(0, STEEP)) == EXACT_TYPE


def bent(*lines: tuple[int, int, int]) -> list[Curve]:
    """A curve of several pieces: a, b and d of each."""
    return [Curve((), tuple(Segment(0, 0, *each) for each in lines), "money", CurveRounding())]


FLAT = (0, 0, 1)
SLICED, BY_RATE = f"mode: sliced\n{ALL}", f"mode: rate_after\n{ALL}"
HALF = 10**38 // 2


@pytest.mark.parametrize(
    ("says", "curve", "walked"),
    [
        (ALL, [FLAT, (0, STEEP, 1)], Walked(0, FAR)),
        (ALL, [(0, 0, HALF), FLAT], Walked(0, 0)),
        (SLICED, [FLAT, (0, 1, 1)], Walked(0, 5 * FAR, 5 * FAR)),
        (SLICED, [(0, 4, 1)], Walked(0, 25 * FAR // 10, 25 * FAR // 10)),
        (SLICED, [(0, 0, 100 * FAR)], Walked(0, FAR // 2)),
        (SLICED, [(0, 0, HALF), FLAT], Walked(0, 0)),
        (BY_RATE, [FLAT, (0, 100 * FAR, 1)], Walked(0, 1, FAR // 2)),
        (BY_RATE, [(0, 0, HALF), FLAT], Walked(0, 1)),
    ],
)
def test_any_piece_of_a_curve_can_be_the_one_that_is_too_steep(
    says: str, curve: list[tuple[int, int, int]], walked: Walked
) -> None:
    """Slices are bounded by 2 * base * 2 * position * slope, and by 2 * denominator * position, of at least one."""
    for pieces in (curve, curve[::-1]):
        with pytest.raises(PayOverflowError):
            chosen([walked], says, curves=bent(*pieces))
    gentler = [(a, max(b - 1, 0), max(d - 1, 1)) for a, b, d in curve]
    assert chosen([walked], says, curves=bent(*gentler)) in (SHORT_TYPE, EXACT_TYPE)
