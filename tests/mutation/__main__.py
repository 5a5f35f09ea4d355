"""``python -m tests.mutation SUITE [--seed N] [--count N] [--only PART_OF_FILE ...]``: mutants and what became of them.

Generated worlds look at each first, and tests at what these leave; with ``--worlds`` no test does.
One JSON object a line for every survivor that is not accepted (``unreached``: no test calls its function), then one
for every module with its numbers. Exit code 1 if there is such a survivor, 2 if the tests fail without any mutant.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from random import Random

from tests.mutation.accepted import accepted
from tests.mutation.hunting import ROOT, UNREACHED, hunt, mutants_of
from tests.mutation.operators import Mutant
from tests.mutation.sieve import Sieve
from tests.mutation.suites import SUITES, modules, tests_of


def main() -> int:
    asked = _asked()
    suite = SUITES[asked.suite]
    chosen = mutants_of([ROOT / file for file in modules(suite) if any(part in file for part in asked.only)])
    Random(asked.seed).shuffle(chosen)  # noqa: S311  # the same choice for the same seed
    known, counts = accepted(), defaultdict[str, Counter[str]](Counter)

    def tell(mutant: Mutant, fate: str, killer: str, seconds: float) -> None:
        is_accepted = fate != "killed" and mutant.key in known
        counts[mutant.file]["accepted" if is_accepted else fate] += 1
        if asked.all or not (fate == "killed" or is_accepted):
            _say({"fate": fate, "at": mutant.number, "key": mutant.key, "killer": killer, "seconds": round(seconds, 2)})

    left, sieve = list[Mutant](), Sieve(suite.worlds)
    for mutant in chosen[: asked.count]:
        started = time.monotonic()
        fate = "killed" if sieve.kills(mutant) else "survived"
        if fate == "killed" or mutant.key in known or asked.worlds:
            tell(mutant, fate, "a world", time.monotonic() - started)
        else:
            left.append(mutant)
    broken = hunt(left, tests_of(suite), tell) if left else []
    for file in sorted(counts):
        _say({"module": file, "seed": asked.seed, **counts[file]})
    if broken:
        _say({"fail without any mutant": broken})
        return 2
    return int(any(count["survived"] or count[UNREACHED] for count in counts.values()))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--all", action="store_true", help="tell also of those that are killed")
    parser.add_argument("--worlds", action="store_true", help="run no tests, only worlds")
    return parser.parse_args()


def _say(told: dict[str, object]) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
