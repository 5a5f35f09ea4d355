"""Runs generated worlds against a mutant, one after the other until one comes to something else: a first, fast look.

Polars' threads do not survive a fork. Therefore the process that forks has only imported the program, and never used
Polars: a child makes each world and hands it over as bytes, and one child for each mutant exchanges the code in its
own memory, wakes up worlds and calculates.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType
from typing import NamedTuple, Protocol

from tests.mutation.hunting import Place, exchanged, functions
from tests.mutation.operators import Mutant

SECONDS = 30
"""Of a processor; a mutant that takes longer does not come to an end, and so is killed."""
_FORKS = multiprocessing.get_context("fork")


class Asked(Protocol):
    """A world, and what is calculated of it; it can be pickled."""

    def answer(self) -> object:
        """What comes out, such that equal amounts are equal."""


class World(NamedTuple):
    """A world with its answer, pickled, the functions that are called on the way, and how long it takes."""

    pickled: bytes
    reached: frozenset[Place]
    seconds: float


class Sieve:
    """Worlds to try mutants on; made before Polars is used in this process, and forked from."""

    def __init__(self, worlds: Sequence[Callable[[], Asked]], seconds: float = SECONDS) -> None:
        self._functions, self._limit = functions(), seconds
        self._worlds = [_handed_over(make) for make in worlds]
        self._kills: Counter[tuple[str, int]] = Counter()

    def kills(self, mutant: Mutant) -> bool:
        """Whether a world comes to something else, or to no end, with the mutant."""
        reaching = [each for each, world in enumerate(self._worlds) if mutant.place in world.reached]
        reaching.sort(key=lambda each: (self._kills[mutant.file, each] + 1) / self._worlds[each].seconds, reverse=True)
        child = _FORKS.Process(target=self._try, args=(mutant, reaching))
        child.start()
        child.join()
        if child.exitcode:
            self._kills[mutant.file, reaching[max(child.exitcode - 1, 0)]] += 1
        return bool(child.exitcode)

    def _try(self, mutant: Mutant, reaching: Sequence[int]) -> None:
        """Exits with the number, counted from 1, of the world that differs."""
        _quietly(self._limit)
        with exchanged(self._functions, mutant):
            for number, each in enumerate(reaching, start=1):
                asked, answer = pickle.loads(self._worlds[each].pickled)  # noqa: S301  # our own child's
                if _answer(asked) != answer:
                    os._exit(number)


def _answer(asked: Asked) -> object:
    try:
        return asked.answer()
    except BaseException:  # noqa: BLE001  # Polars panics with one that is no Exception; all say that a mutant is seen
        return None


def _handed_over(make: Callable[[], Asked]) -> World:
    ours, theirs = _FORKS.Pipe(duplex=False)
    child = _FORKS.Process(target=_hand_over, args=(make, theirs))
    child.start()
    theirs.close()
    world: World = ours.recv()
    child.join()
    return world


def _hand_over(make: Callable[[], Asked], out: Connection) -> None:
    asked = make()
    pickled = pickle.dumps((asked, asked.answer()))
    reached: set[Place] = set()
    again, answer = pickle.loads(pickled)  # noqa: S301  # from above
    sys.setprofile(partial(_see, reached))
    try:
        assert again.answer() == answer
    finally:
        sys.setprofile(None)
    started = time.process_time()
    asked.answer()
    out.send(World(pickled, frozenset(reached), time.process_time() - started))


def _see(reached: set[Place], frame: FrameType, event: str, _: object) -> None:
    if event == "call":
        reached.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))


def _quietly(seconds: float) -> None:
    """Says nothing of errors, and is ended by a signal after so many seconds of a processor."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
