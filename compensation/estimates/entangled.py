"""Pay that hangs together beyond one accumulator: what is booked has to be calculated again beside a deal.

Figures, pools, rankings, caps over components, floors, limits of periods and overrides make one deal change what others
pay. For the plans concerned each scenario repeats what is booked, and a base scenario has the same without the deal.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from compensation.earnings.accumulators import AccumulatorKey
from compensation.earnings.engine import Engine
from compensation.earnings.entanglement import looks_at_pay
from compensation.estimates.proposals import Proposal
from compensation.names import NAME
from compensation.plans.periods import Period
from compensation.plans.rules import Rule

BASE = "\x00base"
_PENDING, PROPOSED = 1 << 40, 1 << 41
"""Where the order of other open deals begins, and that of the proposed ones, after all that is booked."""
_Place = tuple[str, int]
"""Scenario and plan."""
_Days = tuple[date, date]


class Repeated(NamedTuple):
    """``credits``: what is booked, again in each scenario; ``in_force``: the periods whose own pay may change;
    ``through``: by scenario and rule the day as of which it is calculated.
    """

    credits: pl.DataFrame
    in_force: list[AccumulatorKey]
    through: dict[tuple[str, int], date]


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
            return Repeated(credited.clear(), [], {})
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
        spans = {(scenario, plan): (first, last) for scenario, plan, first, last in _spans(own).iter_rows()}
        in_force = list(self._in_force(spans, touched))
        return Repeated(pl.concat([repeated, base]), in_force, self._through(spans))

    def _touched(self, own: pl.DataFrame) -> pl.DataFrame:
        """scenario, plan, payee_id: whose pay may change; payee_id null: everybody's of the plan."""
        pairs = own.select("scenario", "plan", "payee_id").unique()
        shared = [plan for plan in pairs["plan"].unique() if plan in self._shared]
        alone = pairs.filter(~pl.col("plan").is_in(shared))
        together = pairs.filter(pl.col("plan").is_in(shared)).select("scenario", "plan").unique()
        return pl.concat([alone, together.with_columns(pl.lit(None, NAME).alias("payee_id"))])

    def _repeated(self, booked: pl.DataFrame, touched: pl.DataFrame) -> pl.DataFrame:
        alone = touched.filter(pl.col("payee_id").is_not_null())
        together = touched.filter(pl.col("payee_id").is_null()).drop("payee_id")
        parts = [booked.join(alone, on=["plan", "payee_id"]), booked.join(together, on="plan")]
        return pl.concat([part.select("scenario", *booked.columns) for part in parts])

    def _in_force(self, spans: Mapping[_Place, _Days], touched: pl.DataFrame) -> Iterator[AccumulatorKey]:
        """The periods that last while the deal's credits come; where pay is looked at, those before them too."""
        payees: dict[_Place, set[str | None]] = defaultdict(set)
        for scenario, plan, payee_id in touched.iter_rows():
            payees[scenario, plan].add(payee_id)
        latest = max(last for _, last in spans.values())
        for rule in self._engine.paying:
            if rule.number in self._engine.entangled:
                in_force = _InForce.of(self._engine, rule, latest)
                for (scenario, plan), days in spans.items():
                    if plan == self._of_plan[rule.plan_number]:
                        for place in in_force.periods(payees[scenario, plan], days):
                            yield AccumulatorKey(scenario, rule.number, *place)
                            yield AccumulatorKey(scenario + BASE, rule.number, *place)

    def _through(self, spans: Mapping[_Place, _Days]) -> dict[tuple[str, int], date]:
        """By scenario and rule the last day on which the deal is credited: what lasts then is earned on it."""
        rules: dict[int, list[int]] = defaultdict(list)
        for number, plan in self._plans.iter_rows():
            rules[plan].append(number)
        return {
            (scenario + suffix, number): last
            for (scenario, plan), (_, last) in spans.items()
            for number in rules[plan]
            for suffix in ("", BASE)
        }


@dataclass(frozen=True)
class _InForce:
    """Who has a rule when: by payee the periods, with the first and the last day in each.

    ``later``: the same of versions that go on with it, and open what they have in force.
    """

    engine: Engine
    rule: Rule
    by_payee: Mapping[str, Sequence[tuple[Period, date, date]]]
    later: Sequence[Mapping[tuple[str, Period], _Days]]

    @classmethod
    def of(cls, engine: Engine, rule: Rule, latest: date) -> "_InForce":
        by_payee: dict[str, list[tuple[Period, date, date]]] = defaultdict(list)
        for (payee_id, period), days in sorted(engine.days_in_force(rule, latest).items()):
            by_payee[payee_id].append((period, *days))
        later = [engine.days_in_force(each, latest) for each in engine.continued_by[rule.number]]
        return cls(engine, rule, by_payee, later)

    def periods(self, wanted: Collection[str | None], days: _Days) -> Iterator[tuple[str, str, Period]]:
        """Payee, where fixed pay stands, and period, of those who are wanted (None: everybody)."""
        begins = date.min if looks_at_pay(self.rule.plan) else days[0]
        for payee_id in self.by_payee if None in wanted else sorted(filter(None, wanted)):
            for period, first, last in self.by_payee.get(payee_id, ()):
                if first <= days[1] and period.end > begins and not self._goes_on(payee_id, period, days[1]):
                    yield payee_id, self.engine.opens_for(self.rule, payee_id, min(last, days[1])), period

    def _goes_on(self, payee_id: str, period: Period, through: date) -> bool:
        own = (each.get((payee_id, period)) for each in self.later)
        return any(days[0] <= through for days in own if days)


def _continued(engine: Engine) -> dict[int, int]:
    """For each plan the number of the first version that it continues, or its own."""
    plans = {rule.plan_number: rule.plan for rule in engine.rules}
    first: dict[str, int] = {}
    for number, plan in sorted(plans.items(), key=lambda each: each[1].effective.from_on):
        first.setdefault(plan.name, number)
    names = {plan.name for plan in plans.values() if any(component.continues for component in plan.components)}
    return {number: first[plan.name] if plan.name in names else number for number, plan in plans.items()}


def _spans(own: pl.DataFrame) -> pl.DataFrame:
    """scenario, plan, and the first and the last day on which the deal is credited."""
    day = pl.col("credited_on")
    return own.group_by("scenario", "plan", maintain_order=True).agg(day.min().alias("first"), day.max().alias("last"))


def _deals(pairs: Iterable[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema={"scenario": pl.String, "deal_id": pl.String}, orient="row")


def proposed_last(credited: pl.DataFrame) -> pl.DataFrame:
    """The proposals' credits ordered after everything that is repeated."""
    return credited.with_columns(pl.col("order_no") + PROPOSED)
