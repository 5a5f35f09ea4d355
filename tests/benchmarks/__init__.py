"""Benchmarks: our cost against a baseline of the same run, never an absolute time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """``ratio`` is our cost divided by the baseline's (lower is better); ``limit`` is what we promise."""

    name: str
    ratio: float
    limit: float
    compared: str
