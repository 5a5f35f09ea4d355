"""The engine against the oracle on one generated world, cent by cent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from compensation import Calculation, Plan, calculate
from tests.compensation.oracle import Reckoning, reckon
from tests.compensation.worlds import LAST, facts_of, world
from tests.compensation.worlds.companies import Rows

Key = tuple[str, str, str, str]
"""Plan, component, payee and the label of the period."""
Entries = dict[Key, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Comparison:
    """``cases``: the payees' periods in which anything is credited or paid; ``differences``: where the two differ."""

    cases: int
    differences: list[str]


def compared(seed: int, *, plans: int = 12, wanted: Collection[str] = ()) -> Comparison:
    """Both calculators on the world of a seed, in which what is ``wanted`` comes up often."""
    rows, written = world(seed, plans, wanted)
    return differences_on(rows, written, f"seed {seed}")


def differences_on(rows: Rows, plans: Sequence[Plan], name: str, as_of: date = LAST) -> Comparison:
    """Both calculators on a world."""
    reckoned, calculated = reckon(rows, plans, as_of), calculated_entries(calculate(facts_of(rows), plans, as_of=as_of))
    differences: list[str] = []
    cases: set[Key] = set()
    for what, theirs in (
        ("lines", _reckoned_lines(reckoned)),
        ("openings", _reckoned_openings(reckoned)),
        ("unpaid", _reckoned_unpaid(reckoned)),
        ("terms", _reckoned_terms(reckoned)),
    ):
        ours = calculated[what]
        differences += [
            _told(name, what, key, ours[key], theirs[key], plans)
            for key in sorted({*ours, *theirs})
            if sorted(ours[key], key=str) != sorted(theirs[key], key=str)
        ]
        if what in ("lines", "openings"):
            cases |= {key for key, entries in theirs.items() if any(entry[-1] for entry in entries) or what == "lines"}
    return Comparison(len(cases), differences)


def calculated_entries(calculation: Calculation) -> dict[str, Entries]:
    """What is compared of a calculation, by what it is."""
    return {
        "lines": _lines(calculation),
        "openings": _openings(calculation),
        "unpaid": _unpaid(calculation),
        "terms": _terms(calculation),
    }


def _told(name: str, what: str, key: Key, ours: list[Any], theirs: list[Any], plans: Sequence[Plan]) -> str:
    plan = next(plan for plan in plans if plan.name == key[0])
    component = plan.component(key[1]).model_dump_json(exclude_defaults=True, by_alias=True)
    only_ours = [each for each in ours if each not in theirs]
    only_theirs = [each for each in theirs if each not in ours]
    return f"{name}, {what} of {key}\n  engine {only_ours}\n  oracle {only_theirs}\n  {component}"


def _gathered(rows: Iterable[tuple[Key, tuple[Any, ...]]]) -> Entries:
    entries: Entries = defaultdict(list)
    for key, entry in rows:
        entries[key].append(entry)
    return entries


_KEY = ("plan", "component", "payee_id", "period_label")
_LINE = (
    *("transaction_id", "instalment", "party", "role", "via_payee_id", "credit_minor", "before_minor", "after_minor"),
    *("calculated_minor", "earning_minor"),
)


def _rows(frame: pl.DataFrame, *columns: str) -> Entries:
    return _gathered((row[:4], row[4:]) for row in frame.select(*_KEY, *columns).iter_rows())


def _lines(calculation: Calculation) -> Entries:
    return _rows(calculation.lines, *_LINE)


def _openings(calculation: Calculation) -> Entries:
    return _rows(calculation.openings, "kind", "earned_on", "earning_minor")


def _unpaid(calculation: Calculation) -> Entries:
    unpaid = calculation.credits.filter(pl.col("outcome").is_not_null())
    return _rows(unpaid, "transaction_id", "instalment", "outcome")


def _terms(calculation: Calculation) -> Entries:
    frame = calculation.accumulated
    return _rows(frame, "quota_minor", "factor", "outcome", "earning_minor")


def _reckoned_lines(reckoned: Reckoning) -> Entries:
    return _gathered(
        (
            (*each.place, each.period.label),
            (
                *(each.transaction_id, each.document.instalment, each.party.party, each.party.role, each.party.via),
                *(each.base, each.before, each.after, each.calculated, each.earning),
            ),
        )
        for each in reckoned.lines
    )


def _reckoned_openings(reckoned: Reckoning) -> Entries:
    return _gathered(
        ((*each.place, each.period.label), (each.kind, each.earned_on, each.earning)) for each in reckoned.openings
    )


def _reckoned_unpaid(reckoned: Reckoning) -> Entries:
    return _gathered(
        ((*each.place, each.period.label), (each.transaction_id, each.document.instalment, each.outcome))
        for each in reckoned.credits
        if each.outcome is not None
    )


def _reckoned_terms(reckoned: Reckoning) -> Entries:
    return _gathered(
        (
            (*each.place, each.period.label),
            (None, None, each.outcome, 0)
            if each.outcome
            else (each.quota, str(each.factor), None, reckoned.earned(each)),
        )
        for each in reckoned.accumulated
    )
