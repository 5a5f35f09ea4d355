"""Units of pay: what has to be calculated in one place.

Pay under one plan never depends on another plan. Under most plans it does not depend on anybody else either: a
manager's roll-up, a split and an overlay are credits of their own, made where the deal is. There the unit is the payee.
Where it does (pools, rankings, teams, figures and caps of several people, pay on others' earnings or less them), the
unit is everybody who has the plan.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from compensation.earnings.entanglement import is_shared
from compensation.plans.plan import Plan

_PAYEE = "payee "


@dataclass(frozen=True)
class Units:
    """Tells units apart. ``undivided``: the plans, by name, that are one unit each."""

    undivided: frozenset[str]

    @classmethod
    def of(cls, plans: Sequence[Plan]) -> "Units":
        """The units under the plans; one version that looks at others makes its plan undivided."""
        return cls(frozenset(plan.name for plan in plans if plan.pays and is_undivided(plan)))

    def name(self, plan: str, payee_id: str) -> str:
        """The unit of a payee under a plan.

        >>> Units(frozenset({"Team bonus"})).name("Team bonus", "crm:1")
        'plan Team bonus'
        >>> Units(frozenset()).name("Commission", "crm:1")
        'payee crm:1'
        """
        return f"plan {plan}" if plan in self.undivided else f"{_PAYEE}{payee_id}"

    def names(self) -> pl.Expr:
        """The units of a frame's rows, as column ``unit``; the frame has ``plan`` and ``payee_id``."""
        unit = _PAYEE + pl.col("payee_id")
        if self.undivided:
            is_undivided = pl.col("plan").is_in(sorted(self.undivided))
            unit = pl.when(is_undivided).then("plan " + pl.col("plan")).otherwise(unit)
        return unit.alias("unit")


def is_after(unit: str, payee_id: str) -> bool:
    """Whether everybody in the unit comes after the payee, by id."""
    return unit.startswith(_PAYEE) and unit.removeprefix(_PAYEE) > payee_id


def is_undivided(plan: Plan) -> bool:
    """Whether anybody's pay under the plan can depend on credits or earnings of somebody else."""
    on_others = any(each.less_earnings_of or each.less_paid_below for each in plan.components)
    by_share = any(cap.measure is not None for cap in plan.caps)
    return on_others or by_share or is_shared(plan)


def place_of(name: str, places: int) -> int:
    """The place of a name among so many, the same on every machine and in every release.

    >>> [place_of("crm:D1", 4), place_of("crm:D2", 4)]
    [3, 1]
    """
    return zlib.crc32(name.encode()) % places


def places(names: pl.Expr, distinct: Iterable[str], count: int) -> pl.Expr:
    """:func:`place_of` of each row, as Int64; ``distinct`` are the names that occur."""
    known = {name: place_of(name, count) for name in distinct}
    return names.replace_strict(known, default=None, return_dtype=pl.Int64)
