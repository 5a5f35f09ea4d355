"""Which worlds and tests are to kill the mutants of which modules: the fast ones that look at their amounts."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tests.compensation.test_against_oracle import CORNERS, ODD
from tests.mutation.hunting import ROOT
from tests.mutation.sieve import Asked
from tests.mutation.worlds import CONDITIONS, CREDITING, LIMITS, credited, earned, paid

_EARNED = (
    *(partial(earned, seed, 3) for seed in (0, 7, 11, 12, 13, 15)),
    *(partial(earned, seed, 4, CREDITING) for seed in (33, 49)),
    *(partial(earned, seed, 4, CONDITIONS) for seed in (4, 36)),
    *(partial(earned, seed, 4, LIMITS) for seed in (38, 43)),
    partial(earned, 31, 4, CORNERS),
)
_CREDITED: tuple[Callable[[], Asked], ...] = (
    *(partial(credited, seed, 4, ODD) for seed in (58, 6, 45, 40, 4, 46)),
    partial(credited, 33, 4, CREDITING),
    partial(credited, 0, 3),
    *(partial(earned, seed, 4, (*ODD, "customers")) for seed in (26, 41)),
)
_PAID = tuple(partial(paid, seed, 3) for seed in range(16))
_PLANS = ("tests/compensation/test_worked_examples.py", "tests/compensation/test_gallery.py")

_ROWS = ("tests/compensation/test_packing.py", "tests/compensation/test_columns.py")


class Suite(NamedTuple):
    """Modules (glob patterns below the project's folder), and the worlds and tests that hold them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    worlds: tuple[Callable[[], Asked], ...]


SUITES = {
    "curves": Suite(
        ("compensation/exact*.py", "compensation/curves/*.py"),
        ("tests/compensation/test_exact.py", "tests/compensation/curves"),
        _EARNED,
    ),
    "earnings": Suite(
        ("compensation/earnings/*.py", "compensation/figures/*.py"),
        ("tests/compensation/earnings", "tests/compensation/figures", *_PLANS),
        _EARNED,
    ),
    "crediting": Suite(
        ("compensation/crediting/*.py", "compensation/packing.py", "compensation/columns.py"),
        ("tests/compensation/crediting", *_ROWS, *_PLANS),
        _CREDITED,
    ),
    "payments": Suite(
        ("compensation/payments/*.py",),
        ("tests/compensation/payments", "tests/compensation/test_doctests.py"),
        _PAID,
    ),
}


def modules(suite: Suite) -> list[str]:
    """The files of the suite's modules."""
    found = (path for pattern in suite.modules for path in sorted(ROOT.glob(pattern)))
    return [path.relative_to(ROOT).as_posix() for path in found if path.name != "__init__.py"]


def tests_of(suite: Suite) -> list[str]:
    """The tests of the suite, those folders left out that are not there."""
    return [name for name in suite.tests if (ROOT / name).exists()]
