"""Plan files on disk: found, read, and held against each other."""

import itertools
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from compensation import Plan, parse_plan
from compensation.plans.composition import ReadBase


class PlanFileError(Exception):
    """A plan file that cannot be read; the message says which, and what to do."""


def plan_files(entries: Iterable[Path]) -> Iterator[Path]:
    """The files, and for a folder every ``.yaml`` file in it; PlanFileError if it holds none."""
    for entry in entries:
        files = sorted(entry.glob("*.yaml")) if entry.is_dir() else [entry]
        if not files:
            raise PlanFileError(f"{entry} holds no .yaml file; write a plan there or take the folder out")
        yield from files


def read_text(file: Path) -> str:
    """The file's text; PlanFileError if it cannot be read or is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanFileError(f"cannot read {file}: {error.strerror}; put it there or mend the path") from None
    except UnicodeDecodeError:
        raise PlanFileError(f"{file} is not text in UTF-8; save it as such") from None


def read_plan(file: Path) -> Plan:
    """The plan in the file; PlanError if it is none, PlanFileError if it cannot be read."""
    return parse_plan(read_text(file), str(file), base_beside(file))


def base_beside(file: Path) -> ReadBase:
    """Reads the files that this one may extend: those of its folder."""

    def read(name: str) -> str:
        beside = file.parent / name
        if Path(name).name != name or not beside.is_file():
            raise KeyError(name)
        return read_text(beside)

    return read


def overlaps(plans: Iterable[tuple[Path, Plan]]) -> Iterator[tuple[Path, Path, Plan, date]]:
    """Files that say what one plan pays on the same day: the two, the plan, and the first such day. Both would pay."""
    for (one_file, one), (other_file, other) in itertools.combinations(plans, 2):
        first_common = max(one.effective.from_on, other.effective.from_on)
        is_common = one.effective.contains(first_common) and other.effective.contains(first_common)
        if one.name == other.name and is_common and one.pays and other.pays:
            yield one_file, other_file, one, first_common
