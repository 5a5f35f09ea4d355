"""The most memory that the calculation from documents to payments needs, each way in a process of its own.

``python -m tests.benchmarks.calculation.memory engine 1000000`` prints the bytes of one of them.
"""

import resource
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks import Result
from tests.benchmarks.calculation.by_hand import pay_by_hand
from tests.benchmarks.calculation.company import Company
from tests.benchmarks.calculation.whole import pay_by_engine

LIMIT = 1.5
_COUNT = 4_000_000


def run() -> Iterator[Result]:
    """Of four million credits."""
    facts, engine, hand = (_peak(way) for way in ("facts", "engine", "hand"))
    name = f"memory from documents to payments, {_COUNT // 1_000_000} million credits of six components"
    compared = f"peak by hand ({hand >> 20} MB; ours {engine >> 20} MB, the facts alone {facts >> 20} MB)"
    yield Result(name, engine / hand, LIMIT, compared)


def _peak(way: str) -> int:
    """Bytes."""
    command = [sys.executable, "-m", "tests.benchmarks.calculation.memory", way, str(_COUNT)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def _main(way: str, count: int) -> None:
    company = Company.of(count)
    if way == "engine":
        pay_by_engine(company)
    elif way == "hand":
        pay_by_hand(company.facts)
    sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
