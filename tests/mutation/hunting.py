"""Runs tests against mutants: the code of a function is exchanged in memory, and no file is touched.

Polars' threads do not survive a fork and the imports take seconds, so all mutants of a hunt live in one process,
one after the other; of each function the tests that reach it run, those first that have killed most.
"""

import functools
import gc
import signal
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.operators import Mutant, mutants

ROOT = Path(__file__).parents[2]
SECONDS = 40
"""A test that takes longer on a mutant has killed it."""
UNREACHED = "unreached"
"""The fate of a mutant of which no test calls the function."""
Place = tuple[str, int]
Told = Callable[[Mutant, str, str, float], None]


class TooLongError(BaseException):
    """A mutant does not come to an end."""


class Hunt:
    """A plug-in of pytest that, in place of running the tests once, runs them against every mutant."""

    def __init__(self, chosen: Sequence[Mutant], told: Told) -> None:
        self._chosen, self._told = chosen, told
        self.broken: list[str] = []
        """Tests that fail without any mutant; they are left out."""
        self._kills: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        self._reaching: dict[Place, list[pytest.Item]] = defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        _without_chance()
        signal.signal(signal.SIGALRM, _too_long)
        live, caches = functions(), _caches()
        for item in session.items:
            _clear(caches)
            self._reach(item)
        for mutant in self._chosen:
            started = time.monotonic()
            with exchanged(live, mutant):
                killer = self._killer(mutant, caches)
            _clear(caches)
            fate = "killed" if killer else "survived" if self._reaching[mutant.place] else UNREACHED
            self._told(mutant, fate, killer, time.monotonic() - started)
        return True

    def _reach(self, item: pytest.Item) -> None:
        """Which functions of the product a test calls."""
        reached: set[Place] = set()

        def see(frame: FrameType, event: str, _: object) -> None:
            if event == "call":
                code = frame.f_code
                reached.add((code.co_filename, code.co_firstlineno))

        started = time.monotonic()
        sys.setprofile(see)
        try:
            passes = _passes(item)
        finally:
            sys.setprofile(None)
        if not passes:
            self.broken.append(item.nodeid)
            return
        self._seconds[item.nodeid] = time.monotonic() - started
        for place in reached:
            self._reaching[place].append(item)

    def _killer(self, mutant: Mutant, caches: Sequence[Any]) -> str:
        tests = sorted(
            self._reaching[mutant.place], key=lambda item: (-self._kills[item.nodeid], self._seconds[item.nodeid])
        )
        for item in tests:
            _clear(caches)
            if not _passes(item):
                self._kills[item.nodeid] += 1
                return item.nodeid
        return ""


def hunt(chosen: Sequence[Mutant], tests: Sequence[str], told: Told) -> list[str]:
    """Tells of each mutant whether, and by which test, it is killed; gives the tests that fail without any."""
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--rootdir", str(ROOT)]
    plugin = Hunt(chosen, told)
    code = pytest.ExitCode(pytest.main([*options, "-m", "not soak and not benchmark", *tests], plugins=[plugin]))
    return plugin.broken if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else [code.name]


def mutants_of(files: Sequence[Path]) -> list[Mutant]:
    """Every mutant of the files."""
    return [mutant for file in files for mutant in mutants(file, ROOT)]


def _passes(item: pytest.Item) -> bool:
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reports = runtestprotocol(item, log=False, nextitem=None)
    except TooLongError:
        return False
    finally:
        signal.alarm(0)
    return not any(report.failed for report in reports)


def _without_chance() -> None:
    """Hypothesis tries the same examples for every mutant; imported late, so that pytest can rewrite its plug-in."""
    from hypothesis import Phase, settings

    settings.register_profile("mutants", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutants")


def _too_long(_: int, __: FrameType | None) -> None:
    raise TooLongError


def functions() -> dict[Place, list[FunctionType]]:
    """The functions of the project that are in memory, by where they are written."""
    found: dict[Place, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(str(ROOT)):
            found[each.__code__.co_filename, each.__code__.co_firstlineno].append(each)
    return found


def _caches() -> list[Any]:
    return [
        each
        for each in gc.get_objects()
        if isinstance(each, functools._lru_cache_wrapper)  # the type of every cache has no other name
        and str(getattr(each, "__module__", "")).startswith("compensation.")
        and not str(each.__module__).startswith("compensation.plans")
    ]


def _clear(caches: Sequence[Any]) -> None:
    for cache in caches:
        cache.cache_clear()


@contextmanager
def exchanged(live: Mapping[Place, Sequence[FunctionType]], mutant: Mutant) -> Iterator[None]:
    """The mutant's code is in force."""
    functions = [each for each in live[mutant.place] if each.__qualname__ == mutant.function]
    before = [each.__code__ for each in functions]
    for each in functions:
        each.__code__ = mutant.code
    try:
        yield
    finally:
        for each, old in zip(functions, before, strict=True):
            each.__code__ = old
