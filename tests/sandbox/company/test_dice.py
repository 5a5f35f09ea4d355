"""Chance that can be repeated, and calendar quarters."""

import doctest
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sandbox.company import dice, quarters

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


def test_what_the_docstrings_say() -> None:
    for module in (dice, quarters):
        assert doctest.testmod(module).failed == 0
        assert doctest.testmod(module).attempted > 0


def test_topics_have_dice_of_their_own() -> None:
    first, second = ([dice.dice(7, topic).randrange(10**9) for _ in range(3)] for topic in ("orders", "invoices"))
    assert len({*first}) == len({*second}) == 1
    assert first != second


@given(st.integers(), st.lists(st.tuples(st.integers(1, 999), st.integers(0, 10**7)), max_size=8))
def test_quantiles_stay_between_their_ends(seed: int, points: list[tuple[int, int]]) -> None:
    levels = sorted(dict(points))
    values = sorted(value for _, value in points)[: len(levels)]
    quantiles = [(0, 0), *zip(levels, values, strict=True), (1000, 10**7)]
    assert 0 <= dice.from_quantiles(dice.dice(seed, "test"), quantiles) <= 10**7


def test_quantiles_have_the_median_that_they_say() -> None:
    throw = dice.dice(1, "median")
    drawn = sorted(dice.from_quantiles(throw, [(0, 0), (500, 100), (1000, 100_000)]) for _ in range(2_001))
    assert drawn[900] < 100 < drawn[1_100]
    assert 40 < drawn[500] < 60
    assert 40_000 < drawn[1_500] < 60_000


@given(DAYS, st.integers(-40, 40))
def test_quarters_follow_each_other(day: date, count: int) -> None:
    start = quarters.quarter_start(day)
    assert start <= day <= quarters.quarter_end(start)
    assert quarters.quarter_end(start) + timedelta(days=1) == quarters.quarters_later(start, 1)
    assert quarters.quarters_later(quarters.quarters_later(start, count), -count) == start


@given(DAYS, st.integers(0, 3000))
def test_all_quarters_and_months_of_a_span(day: date, days: int) -> None:
    last = day + timedelta(days=days)
    found = list(quarters.quarters(day, last))
    assert found[0] == quarters.quarter_start(day)
    assert found[-1] == quarters.quarter_start(last)
    assert {quarters.quarter_start(month) for month in quarters.months(day, last)} == set(found)
