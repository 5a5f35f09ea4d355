"""Which tests are to kill the mutants of which modules: the fast ones that look at their amounts."""

from typing import NamedTuple

from tests.mutation.hunting import ROOT

_WORLDS = "tests/mutation/worlds_to_the_cent.py"
_PLANS = ("tests/compensation/test_worked_examples.py", "tests/compensation/test_gallery.py")


class Suite(NamedTuple):
    """Modules (glob patterns below the project's folder) and the tests that hold them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


SUITES = {
    "curves": Suite(
        ("compensation/exact*.py", "compensation/curves/*.py"),
        ("tests/compensation/test_exact.py", "tests/compensation/curves", _WORLDS),
    ),
    "earnings": Suite(
        ("compensation/earnings/*.py", "compensation/figures/*.py"),
        ("tests/compensation/earnings", "tests/compensation/figures", _WORLDS, *_PLANS),
    ),
    "crediting": Suite(
        ("compensation/crediting/*.py", "compensation/packing.py"),
        ("tests/compensation/crediting", "tests/compensation/test_packing.py", _WORLDS, *_PLANS),
    ),
    "payments": Suite(
        ("compensation/payments/*.py",), ("tests/compensation/payments", "tests/compensation/test_doctests.py")
    ),
}


def modules(suite: Suite) -> list[str]:
    """The files of the suite's modules."""
    found = (path for pattern in suite.modules for path in sorted(ROOT.glob(pattern)))
    return [path.relative_to(ROOT).as_posix() for path in found if path.name != "__init__.py"]


def tests_of(suite: Suite) -> list[str]:
    """The tests of the suite, those folders left out that are not there."""
    return [name for name in suite.tests if (ROOT / name).exists()]
