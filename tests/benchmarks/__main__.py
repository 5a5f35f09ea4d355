"""Runs every benchmark module of this folder (or those named) and prints one JSON object a line."""

import importlib
import json
import pkgutil
import sys
from dataclasses import asdict

import tests.benchmarks


def main() -> int:
    names = sys.argv[1:] or sorted(
        module.name for module in pkgutil.iter_modules(tests.benchmarks.__path__) if module.name != "__main__"
    )
    is_within = True
    for name in names:
        for result in importlib.import_module(f"tests.benchmarks.{name}").run():
            print(json.dumps({**asdict(result), "ratio": round(result.ratio, 3)}), flush=True)  # noqa: T201
            is_within &= result.ratio <= result.limit
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
