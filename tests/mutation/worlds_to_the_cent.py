"""Generated worlds on which the engine is held against the oracle once per mutant; the oracle's answer is remembered.

Named so that only those collect it who ask for it: ``tests/compensation/test_against_oracle.py`` runs many more.
"""

from functools import cache

import pytest

from compensation import Plan
from tests.compensation.oracle import Reckoning, reckon
from tests.compensation.worlds import LAST, comparing, world
from tests.compensation.worlds.companies import Rows

SEEDS = range(16)


@cache
def reckoned(seed: int) -> tuple[Rows, list[Plan], Reckoning]:
    rows, plans = world(seed, 3)
    return rows, plans, reckon(rows, plans, LAST)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_engine_pays_what_the_oracle_says(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, plans, answer = reckoned(seed)
    monkeypatch.setattr(comparing, "reckon", lambda *_: answer)
    assert comparing.differences_on(rows, plans, f"seed {seed}").differences == []
