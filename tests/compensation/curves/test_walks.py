"""Credits that walk along a curve: what each earns by every mode, in cents."""

from collections.abc import Sequence

import polars as pl
import pytest

from compensation.curves.compiling import compile_curve
from compensation.curves.curve import segments_frame
from compensation.curves.earning import Method, earn
from compensation.curves.terms import Terms
from compensation.exact_columns import EXACT_TYPE
from compensation.plans.components import Mode
from tests.compensation.curves.test_shapes import TIERS, rule_of

CURVE = Method(Mode.CURVE, by_case=False, increment=1, rounding="half_away", each_line=False)


def earned(
    method: Method,
    positions: Sequence[int],
    *,
    bases: Sequence[int] | None = None,
    reverses: Sequence[int] | None = None,
    start: int = 0,
    payout: str = TIERS,
) -> list[int]:
    """What credits earn one after the other, from a position on; ``reverses``: which credit each one belongs to."""
    segments = segments_frame([compile_curve(rule_of(payout), Terms(), 2)])
    bases = bases or positions
    families = reverses or list(range(len(positions)))
    below = [sum(bases[at] for at in range(number) if families[at] == family) for number, family in enumerate(families)]
    credited = pl.DataFrame(
        {
            "credit_id": range(len(positions)),
            "accumulator": 0,
            "walk": 0,
            "start": start,
            "together": 0,
            "sequence": range(len(positions)),
            "position": positions,
            "curve": 0,
            "method": 0,
            "origin_id": families,
        },
        schema_overrides=dict.fromkeys(("credit_id", "accumulator", "walk", "start", "sequence", "position"), pl.Int64),
    ).with_columns(
        pl.Series("base", bases, dtype=pl.Int64).cast(EXACT_TYPE),
        pl.Series("family_base", below, dtype=pl.Int64).cast(EXACT_TYPE),
        pl.col("origin_id", "curve").cast(pl.Int64),
    )
    rows = earn(credited, segments, [method]).sort("credit_id")
    assert rows["after"].to_list()[-1:] == [start + sum(positions)]
    return [int(each) for each in rows["earning"]]


@pytest.mark.parametrize(
    ("mode", "positions", "earns"),
    [
        (Mode.CURVE, [5_000, 10_000, 10_000, -10_000], [500, 1_500, 1_250, -1_250]),
        (Mode.CURVE, [10_000, 1, 4], [1_000, 0, 1]),
        (Mode.RATE_BEFORE, [5_000, 10_000, 5_000, 5_000], [500, 1_000, 1_000, 250]),
        (Mode.RATE_AFTER, [5_000, 5_000, 5_000, 5_000], [500, 1_000, 1_000, 250]),
        (Mode.RATE_REACHED, [5_000, 5_000, 10_000], [500, 1_500, -1_000]),
        (Mode.SLICED, [5_000, 10_000, -10_000], [500, 1_500, -1_500]),
        (Mode.SLICED, [9_999, 1, -1], [1_000, 0, 0]),
    ],
)
def test_the_modes(mode: Mode, positions: list[int], earns: list[int]) -> None:
    assert earned(CURVE._replace(mode=mode), positions) == earns


@pytest.mark.parametrize(
    ("positions", "bases", "start", "earns"),
    [
        ([10_000], [100], 5_000, [15]),
        ([-10_000], [100], 15_000, [15]),
        ([-1], [100], 15_000, [20]),
        ([1], [100], 15_000, [20]),
        ([0], [100], 15_000, [20]),
        ([0], [100], 5_000, [10]),
        ([-10_000], [-100], 15_000, [-15]),
    ],
)
def test_a_slice_pays_the_mean_rate_of_its_way(
    positions: list[int], bases: list[int], start: int, earns: list[int]
) -> None:
    assert earned(CURVE._replace(mode=Mode.SLICED), positions, bases=bases, start=start) == earns


@pytest.mark.parametrize("mode", [Mode.SLICED, Mode.RATE_BEFORE, Mode.RATE_AFTER])
def test_a_return_takes_the_rate_of_what_it_reverses(mode: Mode) -> None:
    positions, families = [5_005, 20_000, -2_000, -3_005], [0, 1, 0, 0]
    earns = earned(CURVE._replace(mode=mode), positions, reverses=families)
    assert (earns[0], earns[2], earns[0] + earns[2] + earns[3]) == (501, -200, 0)


def test_each_line_by_itself_or_all_of_them_together() -> None:
    fives = [5, 5, 5, 5]
    assert earned(CURVE, fives) == [1, 0, 1, 0]
    assert earned(CURVE._replace(each_line=True), fives) == [1, 1, 1, 1]
    assert earned(CURVE._replace(by_case=True), fives, start=5) == [1, 0, 1, 0]
    assert earned(CURVE._replace(increment=100), [400, 200, 500]) == [0, 100, 0]
    assert earned(CURVE._replace(rounding="up"), fives) == [1, 0, 1, 0]
    assert earned(CURVE._replace(rounding="down"), fives) == [0, 1, 0, 1]


def test_the_terms_of_a_method_are_those_of_the_component() -> None:
    plain = rule_of("payout: {rate: 10%}").component
    assert Method.of(plain, 100) == CURVE
    told = rule_of("mode: sliced\nrounding: {to: 0.05, mode: up, each_line: yes}\npayout: {rate: 10%}").component
    assert Method.of(told, 100) == Method(Mode.SLICED, by_case=False, increment=5, rounding="up", each_line=True)
    cases = rule_of("rounding: {to: 1}\npayout: {by: region, cases: [{when: North, rate: 1%}]}").component
    rates = "rates: [[1%]]}}"
    matrix = f"payout: {{matrix: {{rows: {{by: region, values: [N]}}, columns: {{by: channel, values: [W]}}, {rates}"
    assert Method.of(rule_of(matrix).component, 100).by_case
    assert Method.of(cases, 100) == CURVE._replace(by_case=True, increment=100)
    assert Method.of(rule_of("rounding: {to: 0.01}\npayout: {rate: 1%}").component, 1).increment == 1


def test_walks_and_methods_are_apart_and_rows_may_come_in_any_order() -> None:
    """Two accumulators with a curve each; the last line of the second reverses something else."""
    segments = segments_frame([compile_curve(rule_of(text), Terms(), 2) for text in (TIERS, "payout: {rate: 50%}")])
    rows = [
        (0, 0, 0, 10_000, 0, 0, 0),
        (1, 0, 1, 10_000, 0, 0, 1),
        (2, 1, 0, 1_000, 1, 1, 2),
        (3, 1, 1, 3_000, 1, 1, 99),
    ]
    names = ("credit_id", "accumulator", "sequence", "position", "curve", "method", "origin_id")
    credited = pl.DataFrame(rows[::-1], schema=dict.fromkeys(names, pl.Int64), orient="row").with_columns(
        pl.col("position").cast(EXACT_TYPE).alias("base"), pl.lit(0).cast(EXACT_TYPE).alias("family_base")
    )
    credited = credited.with_columns(pl.col("accumulator").alias("together"))
    credited = _from(credited, {1: 0, 0: 5_000})
    for mode, last in ((Mode.RATE_AFTER, [500, 1_500]), (Mode.RATE_REACHED, [500, 1_500]), (Mode.SLICED, [500, 1_500])):
        methods = [CURVE, CURVE._replace(mode=mode)]
        found = earn(credited, segments, methods).sort("credit_id")
        assert found["before"].to_list() == [5_000, 15_000, 0, 1_000]
        assert found["earning"].to_list() == [1_500, 1_250, *last]


def test_cases_gain_on_their_own_curves() -> None:
    """Halves of a cent add up within an accumulator and case, in the order of the sequence."""
    segments = segments_frame(
        [compile_curve(rule_of(f"payout: {{rate: {rate}}}"), Terms(), 2) for rate in ("10%", "50%")]
    )
    steps = [(0, 0), (0, 1), (1, 0), (1, 0)]
    rows = [(number, accumulator, number, 5 - 4 * case, case) for number, (accumulator, case) in enumerate(steps)]
    names = ("credit_id", "accumulator", "sequence", "position", "curve")
    credited = pl.DataFrame(rows[::-1], schema=dict.fromkeys(names, pl.Int64), orient="row")
    credited = _from(credited, {0: 0, 1: 7})
    method = CURVE._replace(by_case=True)
    found = earn(credited, segments, [method]).sort("credit_id")
    assert found["earning"].to_list() == [1, 1, 1, 0]


def test_the_rate_reached_is_paid_on_all_that_runs_together() -> None:
    """The base of the first two accumulators, as of versions that go on with one another; the third stands alone."""
    segments = segments_frame([compile_curve(rule_of(TIERS), Terms(), 2)])
    rows = [(0, 0, 0, 0, 5_000), (1, 1, 0, 1, 5_000), (2, 2, 2, 0, 10_000), (3, 2, 2, 1, 10_000)]
    names = ("credit_id", "accumulator", "together", "sequence", "position")
    credited = pl.DataFrame(rows[::-1], schema=dict.fromkeys(names, pl.Int64), orient="row").with_columns(
        pl.lit(0, pl.Int64).alias("curve"), pl.col("position").cast(EXACT_TYPE).alias("base")
    )
    credited = _from(credited, {0: 0, 1: 0, 2: 0}, walk="together")
    method = CURVE._replace(mode=Mode.RATE_REACHED)
    found = earn(credited, segments, [method]).sort("credit_id")
    assert found["earning"].to_list() == [500, 1_500, 2_000, -1_000]


def _from(credited: pl.DataFrame, starts: dict[int, int], walk: str = "accumulator") -> pl.DataFrame:
    """The credits, each accumulator (or what else says so) a walk of its own from where it starts."""
    start = pl.col("accumulator").replace_strict(starts, return_dtype=pl.Int64).alias("start")
    return credited.with_columns(start, pl.col(walk).alias("walk"))
