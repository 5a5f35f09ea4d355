"""After a change of a deal: only the accumulators that it touches are calculated again, to the same cents."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import polars as pl

from compensation.columns import collected
from compensation.earnings.calculation import lines_of
from compensation.earnings.engine import Engine
from compensation.earnings.frames import openings_of
from compensation.facts.frames import Facts
from compensation.partitions.crediting import credited_in, in_order
from compensation.partitions.units import Units
from compensation.plans.plan import Plan

_ACCUMULATOR = ["rule", "payee_id", "accumulates_for", "period_start"]


class CreditStore:
    """Credits by unit of pay (see :class:`~compensation.partitions.units.Units`), where each unit's are found at once.

    ``credited``: of all deals, by :func:`~compensation.partitions.crediting.credit_deals`.
    """

    def __init__(self, credited: pl.DataFrame) -> None:
        self._credits = credited.sort("unit", maintain_order=True)
        units = self._credits["unit"]
        starts = (units != units.shift()).fill_null(value=True).arg_true().to_list()
        self._places = {units[start]: (start, end - start) for start, end in pairwise([*starts, len(units)])}

    def of(self, unit: str) -> pl.DataFrame:
        """The credits of the unit."""
        return self._credits.slice(*self._places.get(unit, (0, 0)))


@dataclass(frozen=True)
class Recalculated:
    """``lines``, ``openings``: as in a :class:`~compensation.earnings.calculation.Calculation`, of the accumulators
    that the deals touch. They take the place of those with the same payee, plan, component and period (and where pay
    hangs together beyond an accumulator, of all of the unit and plan); other openings stay as they are.
    """

    lines: pl.DataFrame
    openings: pl.DataFrame


class Recalculation:
    """Facts and plans, made ready for any number of changes; of ``facts`` only the frames without deals matter.

    A plan in which pay hangs together beyond one accumulator is recalculated for all of the unit.
    """

    def __init__(self, facts: Facts, plans: Sequence[Plan], store: CreditStore, *, as_of: date) -> None:
        self._engine, self._units = Engine.of(facts, plans), Units.of(plans)
        self._store, self._as_of = store, as_of
        self._entangled = {self._engine.rules[number].plan_number for number in self._engine.entangled}

    def credited(self, deals: Facts) -> pl.DataFrame:
        """The credits of deals as they are now; ``deals`` has their transactions and participants, see
        :func:`~compensation.partitions.crediting.credit_deals`.
        """
        return credited_in(self._engine, deals, self._units, self._as_of)[0]

    def of(self, unit: str, deal_ids: Collection[str], now: pl.DataFrame) -> Recalculated:
        """What a unit earns in the accumulators that the deals touched before or touch now; ``now``: their credits."""
        stored, own = self._store.of(unit).lazy(), now.lazy().filter(pl.col("unit") == unit)
        is_changed = pl.col("deal_id").is_in(list(deal_ids))
        touched = pl.concat([stored.filter(is_changed), own])
        together = pl.concat([stored.filter(~is_changed), own])
        hanging = [rule.number for rule in self._engine.rules if rule.plan_number in self._entangled]
        alone = together.filter(~pl.col("rule").is_in(hanging)) if hanging else together
        kept = alone.join(touched, on=_ACCUMULATOR, how="semi", maintain_order="left")
        entangled = collected(touched.filter(pl.col("rule").is_in(hanging)))["rule"].unique() if hanging else ()
        plans = {self._engine.rules[rule].plan_number for rule in entangled}
        if not plans:
            return self._earned(self._engine, in_order(kept), [])
        numbers = [rule.number for rule in self._engine.rules if rule.plan_number in plans]
        engine = replace(self._engine, chosen=self._chosen(unit, plans))
        whole = together.filter(pl.col("rule").is_in(numbers))
        return self._earned(engine, in_order(pl.concat([kept, whole])), [""])

    def _chosen(self, unit: str, plans: Collection[int]) -> dict[int, list[str]]:
        """Whose pay of periods belongs to the unit, by plan."""
        names = {rule.plan_number: rule.plan.name for rule in self._engine.rules}
        payees = self._engine.assignments.payee_ids
        return {
            number: [payee_id for payee_id in payees if self._units.name(names[number], payee_id) == unit]
            for number in plans
        }

    def _earned(self, engine: Engine, credited: pl.DataFrame, scenarios: Sequence[str]) -> Recalculated:
        earned = engine.run(credited, scenarios, self._as_of)
        return Recalculated(lines_of(engine, earned), openings_of(engine, earned, self._as_of))
