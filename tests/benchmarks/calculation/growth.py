"""How CPU and memory grow with the number of credits, calculated in parts from Parquet: figures, not promises.

``python -m tests.benchmarks.calculation.growth 1000000 10000000 100000000`` prints a line of JSON for each.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bonusbridge.large.calculating import calculate_folder
from bonusbridge.large.facts_folder import write_facts
from tests.benchmarks.calculation.company import AS_OF, Company

CREDITS_OF_A_PART = 500_000


def main(counts: list[int]) -> None:
    """Writing and calculating are processes of their own, so that the memory of one is not counted for the other."""
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            _alone("write", count, scratch)
            sys.stdout.write(_alone("calculate", count, scratch))
            sys.stdout.flush()


def _alone(step: str, count: int, scratch: str) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.calculation.growth", step, str(count), scratch]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def _write(count: int, scratch: Path) -> None:
    parts = max(count // CREDITS_OF_A_PART, 1)
    write_facts(Company.of(count).facts, scratch / "facts", buckets=max(64, parts))


def _calculate(count: int, scratch: Path) -> None:
    parts = max(count // CREDITS_OF_A_PART, 1)
    start = time.process_time()
    totals = calculate_folder(
        scratch / "facts", [Company.of(11).plan], as_of=AS_OF, parts=parts, out=scratch / "out", scratch=scratch
    )
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    per_million = round(seconds / count * 1_000_000, 2)
    measured = {"credits": count, "parts": parts, "totals": len(totals), "peak_mb": peak}
    sys.stdout.write(json.dumps({**measured, "cpu_seconds_per_million": per_million}) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", count, scratch]:
            _write(int(count), Path(scratch))
        case ["calculate", count, scratch]:
            _calculate(int(count), Path(scratch))
        case counts:
            main([int(count) for count in counts])
