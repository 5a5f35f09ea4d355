"""Garbage collection, which finds nothing in a calculation and takes a third of its time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """A calculation keeps tuples by the hundred thousand, none of them in a circle: they are not searched for any."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
