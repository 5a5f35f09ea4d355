"""Which mutants worlds kill: those with which one of them has another answer, fails, or does not end."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.mutation.hunting import ROOT
from tests.mutation.operators import Mutant, mutants
from tests.mutation.sieve import Sieve


def halves(paid: int) -> int:
    count = 0
    while paid > 1:
        paid, count = paid // 2, count + 1
    return count + bool(count > 99)


def only(amounts: list[int]) -> int:
    return amounts[0]


def uncalled() -> int:
    return 1


class Halved(NamedTuple):
    paid: int

    def answer(self) -> object:
        return halves(only([self.paid]))


def mutant(function: str, now: str) -> Mutant:
    """Of one of the functions above."""
    return next(each for each in mutants(Path(__file__), ROOT) if (each.function, each.now) == (function, now))


@pytest.fixture(scope="module")
def sieve() -> Sieve:
    return Sieve([lambda: Halved(1), lambda: Halved(9)], seconds=0.05)


@pytest.mark.parametrize(
    ("function", "now", "is_killed"),
    [
        ("halves", "count + 2", True),  # another answer
        ("only", "amounts[1]", True),  # fails
        ("halves", "paid // 1", True),  # does not end
        ("halves", "count > 100", False),
        ("uncalled", "2", False),
    ],
)
def test_a_mutant_is_killed_by_a_world(sieve: Sieve, function: str, now: str, *, is_killed: bool) -> None:
    assert sieve.kills(mutant(function, now)) == is_killed
