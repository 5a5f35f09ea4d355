"""The engine against the oracle, to the cent, on generated companies and plans over the whole language."""

import random

import pytest

from tests.compensation.worlds import NOT_YET
from tests.compensation.worlds.comparing import compared

WORLDS, ROUNDS = 4, 7
"""Together these are more than ten thousand payees' periods in which something is credited or paid."""


@pytest.mark.parametrize("first", range(0, WORLDS * ROUNDS, WORLDS))
def test_every_cent_is_the_same(first: int) -> None:
    cases = 0
    for seed in range(first, first + WORLDS):
        comparison = compared(seed)
        assert not comparison.differences, "\n\n".join(comparison.differences[:3])
        cases += comparison.cases
    assert cases > 10_000 // ROUNDS


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_every_cent_is_the_same_a_million_times() -> None:
    seeds = random.SystemRandom()
    cases = 0
    while cases < 1_000_000:
        seed = seeds.randrange(10**12)
        print(f"seed {seed}, {cases} cases so far")  # noqa: T201  # says how to repeat it
        comparison = compared(seed)
        assert not comparison.differences, "\n\n".join(comparison.differences[:3])
        cases += comparison.cases


def test_nothing_of_the_language_is_left_out_but_this() -> None:
    assert {"mixed_sharing", "opening_above_cap", "is_met_by_multipliers"} >= NOT_YET
