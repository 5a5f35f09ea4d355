"""Mutants that change no cent, and why: ``accepted.yaml``."""

from pathlib import Path

import yaml

FILE = Path(__file__).with_name("accepted.yaml")
Key = tuple[str, ...]


def accepted() -> dict[Key, str]:
    """The reason of each mutant that is known to change no amount, by its key."""
    groups = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {tuple(mutant): group["why"] for group in groups for mutant in group["mutants"]}
