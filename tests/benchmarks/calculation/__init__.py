"""Calculation at scale, against queries written by hand for one plan: CPU, memory, many plans, many variations."""

from collections.abc import Iterator

from tests.benchmarks import Result
from tests.benchmarks.calculation import curves, many_plans, memory, one_payee, variations, whole


def run() -> Iterator[Result]:
    """The cheap ones first."""
    for module in (variations, one_payee, many_plans, curves, whole, memory):
        yield from module.run()
