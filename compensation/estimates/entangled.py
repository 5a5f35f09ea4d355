"""Pay that hangs together beyond one accumulator: what is booked has to be calculated again beside a deal.

Figures, pools, rankings, caps over components, floors, limits of periods and overrides make one deal change what others
pay. For the plans concerned each scenario repeats what is booked, and a base scenario has the same without the deal.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from compensation.earnings.accumulators import AccumulatorKey
from compensation.earnings.engine import Engine
from compensation.earnings.entanglement import looks_at_pay
from compensation.estimates.proposals import Proposal
from compensation.plans.periods import Period

BASE = "\x00base"
_PENDING, _PROPOSED = 1 << 40, 1 << 41


class Repeated(NamedTuple):
    """``credits``: what is booked, again in each scenario; ``in_force``: the periods whose own pay may change."""

    credits: pl.DataFrame
    in_force: list[AccumulatorKey]


class Entangled:
    """What is booked and what is open, ready to be repeated."""

    def __init__(self, engine: Engine, booked: pl.DataFrame, pending: pl.DataFrame) -> None:
        self._engine = engine
        self._of_plan = _continued(engine)
        self._shared = {self._of_plan[number] for number in engine.shared_plans}
        self._plans = pl.DataFrame(
            [
                (rule.number, self._of_plan[rule.plan_number])
                for rule in engine.rules
                if rule.number in engine.entangled
            ],
            schema={"rule": pl.Int64, "plan": pl.Int64},
            orient="row",
        )
        self._booked = booked.join(self._plans, on="rule")
        open_deals = pending.join(self._plans, on="rule").with_columns(pl.col("order_no") + _PENDING)
        self._pending = open_deals.drop("scenario")

    def scenarios(self, credited: pl.DataFrame, proposals: Sequence[Proposal], last: str) -> Repeated:
        """``credited``: of the proposals; scenarios that end in ``last`` come after all other open deals.

        The base has what is repeated and the deals that close earlier, but not the proposed deal itself.
        """
        own = credited.join(self._plans, on="rule")
        if own.is_empty():
            return Repeated(credited.clear(), [])
        touched = self._touched(own)
        booked = self._repeated(self._booked.drop("scenario"), touched)
        waiting = self._repeated(self._pending, touched.filter(pl.col("scenario").str.ends_with(last)))
        named = [(each.scenario + last, {each.deal_id, *each.earlier_deal_ids}) for each in proposals]
        inside = _deals((scenario, deal_id) for scenario, deals in named for deal_id in sorted(deals))
        waiting = waiting.join(inside, on=["scenario", "deal_id"], how="anti")
        repeated = pl.concat([booked, waiting.select(booked.columns)]).select(credited.columns)
        proposed = _deals((each.scenario + suffix, each.deal_id) for each in proposals for suffix in ("", last))
        earlier = proposed_last(own.join(proposed, on=["scenario", "deal_id"], how="anti")).select(credited.columns)
        base = pl.concat([repeated, earlier]).with_columns(pl.col("scenario") + BASE)
        return Repeated(pl.concat([repeated, base]), self._in_force(own, touched))

    def _touched(self, own: pl.DataFrame) -> pl.DataFrame:
        """scenario, plan, payee_id: whose pay may change; payee_id null: everybody's of the plan."""
        pairs = own.select("scenario", "plan", "payee_id").unique()
        shared = [plan for plan in pairs["plan"].unique() if plan in self._shared]
        alone = pairs.filter(~pl.col("plan").is_in(shared))
        together = pairs.filter(pl.col("plan").is_in(shared)).select("scenario", "plan").unique()
        return pl.concat([alone, together.with_columns(pl.lit(None, pl.String).alias("payee_id"))])

    def _repeated(self, booked: pl.DataFrame, touched: pl.DataFrame) -> pl.DataFrame:
        alone = touched.filter(pl.col("payee_id").is_not_null())
        together = touched.filter(pl.col("payee_id").is_null()).drop("payee_id")
        parts = [booked.join(alone, on=["plan", "payee_id"]), booked.join(together, on="plan")]
        return pl.concat([part.select("scenario", *booked.columns) for part in parts])

    def _in_force(self, own: pl.DataFrame, touched: pl.DataFrame) -> list[AccumulatorKey]:
        payees: dict[tuple[str, int], set[str | None]] = defaultdict(set)
        for scenario, plan, payee_id in touched.iter_rows():
            payees[scenario, plan].add(payee_id)
        days: dict[tuple[str, int], set[date]] = defaultdict(set)
        for scenario, plan, day in own.select("scenario", "plan", "credited_on").unique().iter_rows():
            days[scenario, plan].add(day)
        latest = max(day for found in days.values() for day in found)
        keys = []
        for rule in self._engine.paying:
            if rule.number in self._engine.entangled:
                in_force = self._by_period(rule.number, latest)
                for (scenario, plan), found in days.items():
                    if plan == self._of_plan[rule.plan_number]:
                        wanted = payees[scenario, plan]
                        periods = {rule.period_of(day) for day in found}
                        if looks_at_pay(rule.plan):
                            periods |= in_force.keys()
                        keys += [
                            AccumulatorKey(scenario + suffix, rule.number, payee_id, opens_for, period)
                            for period in sorted(periods)
                            for payee_id, opens_for in in_force.get(period, ())
                            if None in wanted or payee_id in wanted
                            for suffix in ("", BASE)
                        ]
        return keys

    def _by_period(self, number: int, latest: date) -> Mapping[Period, list[tuple[str, str]]]:
        found: dict[Period, list[tuple[str, str]]] = defaultdict(list)
        for payee_id, opens_for, period in self._engine.in_force(self._engine.rules[number], latest):
            found[period].append((payee_id, opens_for))
        return found


def _continued(engine: Engine) -> dict[int, int]:
    """For each plan the number of the first version that it continues, or its own."""
    plans = {rule.plan_number: rule.plan for rule in engine.rules}
    first: dict[str, int] = {}
    for number, plan in sorted(plans.items(), key=lambda each: each[1].effective.from_on):
        first.setdefault(plan.name, number)
    names = {plan.name for plan in plans.values() if any(component.continues for component in plan.components)}
    return {number: first[plan.name] if plan.name in names else number for number, plan in plans.items()}


def _deals(pairs: Iterable[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema={"scenario": pl.String, "deal_id": pl.String}, orient="row")


def proposed_last(credited: pl.DataFrame) -> pl.DataFrame:
    """The proposals' credits ordered after everything that is repeated."""
    return credited.with_columns(pl.col("order_no") + _PROPOSED)
