"""A part of all mutants of the calculation, another one every time: no survivor changes a cent."""

import random
import subprocess
import sys

import pytest

from tests.mutation.accepted import accepted
from tests.mutation.hunting import ROOT, mutants_of
from tests.mutation.suites import SUITES, modules

COUNT = 60
"""Of each suite; most are killed by a world in less than a second, those that are left ask the tests for some more."""


JUDGED = {
    "curves": ("exact", "curves/"),
    "earnings": ("earnings/caps", "earnings/limits"),
    "crediting": tuple(
        f"crediting/{name}" for name in ("cases", "conversion", "coverage", "instalments", "matching", "overflow")
    ),
    "payments": ("payments/balances", "payments/bounds"),
}
"""The modules of which every survivor was looked at, by suite; others are run by hand, as with the command below."""


@pytest.mark.soak
@pytest.mark.parametrize("suite", JUDGED)
def test_no_mutant_changes_a_cent_unseen(suite: str) -> None:
    seed = random.SystemRandom().randrange(10**9)
    chosen = ("--seed", str(seed), "--count", str(COUNT), "--only", *JUDGED[suite])
    command = [sys.executable, "-m", "tests.mutation", suite, *chosen]
    print(" ".join(command[1:]))  # noqa: T201  # says how to repeat it
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    assert ran.returncode == 0, ran.stdout


@pytest.mark.soak
def test_every_accepted_mutant_can_still_be_made() -> None:
    made = {mutant.key for suite in SUITES.values() for mutant in mutants_of([ROOT / file for file in modules(suite)])}
    assert sorted(accepted().keys() - made) == []
