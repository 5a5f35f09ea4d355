"""The engine: facts and plans made ready for any number of runs and scenarios."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from compensation.crediting.credits import credit
from compensation.crediting.rules_frame import CreditingRules
from compensation.crediting.transactions import Scenarios
from compensation.earnings.accumulators import AccumulatorKey, versions_of
from compensation.earnings.entanglement import hangs_together, is_shared
from compensation.earnings.levels import levels_of
from compensation.earnings.runs import Earned, Run
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.facts.presence import Presence
from compensation.facts.quotas import TEAM, Quotas
from compensation.facts.targets import Targets
from compensation.figures.factors import ManualFactors
from compensation.figures.groups import Groups
from compensation.figures.metrics import Metrics
from compensation.names import NAME
from compensation.plans.components import AccumulateBy
from compensation.plans.periods import Period, periods_between
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule, rules_of

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Engine:
    """Facts and plans, made ready for any number of runs.

    ``chosen``: by plan (number) whose pay of periods is calculated; everybody's unless given.
    """

    facts: Facts
    rules: tuple[Rule, ...]
    assignments: Assignments
    rates: ExchangeRates
    quotas: Quotas
    targets: Targets
    groups: Groups
    minors: Mapping[int, int]
    chosen: Mapping[int, Collection[str]] | None = None

    @classmethod
    def of(cls, facts: Facts, plans: Sequence[Plan]) -> "Engine":
        """ValueError if a plan is given twice; FactsError if a plan's currency is not among the facts'."""
        paying = [plan for plan in plans if plan.pays]
        rules, rates, assignments = rules_of(paying), ExchangeRates(facts), Assignments(facts)
        exponents = {plan.currency: rates.exponent(plan.currency) for plan in paying}
        minors = {rule.number: 10 ** exponents[rule.plan.currency] for rule in rules}
        quotas, targets = Quotas(facts, rates, assignments), Targets(facts, rates, assignments)
        return cls(facts, rules, assignments, rates, quotas, targets, Groups(assignments), minors)

    def credits(self, scenarios: Scenarios) -> pl.DataFrame:
        """The credits of all rules that documents credit."""
        return credit(scenarios, self._crediting, self.assignments, self.rates)

    def run(
        self,
        credited: pl.DataFrame,
        scenarios: Iterable[str],
        as_of: date,
        starts: Mapping[AccumulatorKey, int] | None = None,
        in_force: Iterable[AccumulatorKey] = (),
        through: Mapping[tuple[str, int], date] | None = None,
    ) -> Earned:
        """Earnings of the credits, and pay of the periods in force in each of the ``scenarios`` up to ``as_of``.

        ``in_force``: further periods that pay. ``starts``: where the positions of accumulators begin. ``through``: by
        scenario and rule a later day as of which it is calculated, with all instalments of what is earned.
        ValueError if two credits have the same place, PayOverflowError, naming payee and component, if amounts leave
        the exact range.
        """
        return Run(self, as_of, sorted(scenarios), starts or {}, in_force, through).earned(credited)

    def in_force(self, rule: Rule, as_of: date) -> Iterator[tuple[str, str, Period]]:
        """Every payee and period in which somebody has the rule up to the day, and where their fixed pay stands.

        Once for a period: a team is that of the last day.
        """
        for (payee_id, period), (_, last_day) in self.days_in_force(rule, as_of).items():
            yield payee_id, self.opens_for(rule, payee_id, last_day), period

    def opens_for(self, rule: Rule, payee_id: str, last_day: date) -> str:
        """Where the fixed pay of somebody stands who has the rule in a period up to the day."""
        is_by_team = rule.component.accumulate_by is AccumulateBy.TEAM
        team = self.groups.team(payee_id, last_day) if is_by_team else None
        return f"{TEAM}{team}" if team else payee_id

    def days_in_force(self, rule: Rule, as_of: date) -> dict[tuple[str, Period], tuple[date, date]]:
        """By payee and period the first and the last day up to ``as_of`` on which somebody has the rule."""
        days: dict[tuple[str, Period], tuple[date, date]] = {}
        periods: dict[tuple[date, date], list[tuple[Period, tuple[date, date]]]] = {}
        end_on = min(rule.valid_to, as_of + _DAY)
        for _, payee_id, start, end in self.eligibility(rule).iter_rows():
            span = max(start, rule.valid_from), min(end, end_on) - _DAY
            if span not in periods:
                periods[span] = [*_periods_in(rule, *span)]
            for period, own in periods[span]:
                known = days.get((payee_id, period))
                days[payee_id, period] = (min(own[0], known[0]), max(own[1], known[1])) if known else own
        return days

    def eligibility(self, rule: Rule) -> pl.DataFrame:
        """See :meth:`Assignments.eligibility`, of those who are chosen; customers have a plan all along."""
        eligible = self.assignments.eligibility(rule)
        if rule.plan.applies_to.is_for_customers:
            eligible = _customers_eligible(self.facts, rule, eligible)
        if self.chosen is None:
            return eligible
        return eligible.filter(pl.col("payee_id").is_in(list(self.chosen.get(rule.plan_number, ()))))

    @cached_property
    def _crediting(self) -> CreditingRules:
        """The rules that documents credit."""
        return CreditingRules.of([rule for rule in self.rules if not rule.component.earnings_of])

    @cached_property
    def names(self) -> pl.DataFrame:
        """Columns plan, plan_version, component, currency, measure; each rule in the row of its number."""
        rows = [
            (rule.plan.name, rule.plan.version, rule.component.name, rule.plan.currency, rule.component.measure)
            for rule in self.rules
        ]
        columns = ("plan", "plan_version", "component", "currency", "measure")
        return pl.DataFrame(rows, schema=dict.fromkeys(columns, NAME), orient="row")

    @cached_property
    def metrics(self) -> Metrics:
        """Numbers from outside."""
        return Metrics(self.facts.metrics)

    @cached_property
    def factors(self) -> ManualFactors:
        """Factors by hand."""
        return ManualFactors(self.facts.factors)

    @cached_property
    def presence(self) -> Presence:
        """How much of a period somebody has a plan and is at work."""
        return Presence(self.facts, self.assignments)

    @cached_property
    def levels(self) -> Sequence[Sequence[Rule]]:
        """The rules that pay, those of a later level standing on earnings of earlier ones; at least one level."""
        return levels_of(self.paying) or [()]

    @cached_property
    def versions(self) -> Mapping[int, tuple[int, ...]]:
        """For each rule its own number, and those of the earlier versions that it continues."""
        return versions_of(self.paying)

    @cached_property
    def continued_by(self) -> Mapping[int, tuple[Rule, ...]]:
        """For each rule those of later versions that go on with it; what they open is opened by them alone."""
        return {
            rule.number: tuple(each for each in self.paying if rule.number in self.versions[each.number][1:])
            for rule in self.paying
        }

    @cached_property
    def entangled(self) -> frozenset[int]:
        """The rules of plans whose pay hangs together beyond one accumulator."""
        names = {rule.plan.name for rule in self.rules if hangs_together(rule.plan)}
        return frozenset(rule.number for rule in self.rules if rule.plan.name in names)

    @cached_property
    def shared_plans(self) -> frozenset[int]:
        """The plans, by number, in which one payee's credits can change another's pay."""
        return frozenset(rule.plan_number for rule in self.rules if is_shared(rule.plan))

    def credited(self, scenarios: Scenarios, rules: Sequence[Rule]) -> pl.DataFrame:
        """The credits of some rules, see :func:`compensation.crediting.credits.credit`."""
        return credit(scenarios, CreditingRules.of(rules), self.assignments, self.rates)

    @property
    def paying(self) -> tuple[Rule, ...]:
        """The rules that pay; the others only measure what a cap takes its share of."""
        return tuple(rule for rule in self.rules if rule.cap is None)


def _periods_in(rule: Rule, first: date, last: date) -> Iterator[tuple[Period, tuple[date, date]]]:
    """The rule's periods that have a day from ``first`` to ``last``, and the first and last of those days."""
    for period in periods_between(first, last, rule.component.period, rule.plan.calendar):
        yield period, (max(period.start, first), min(period.end - _DAY, last))


def _customers_eligible(facts: Facts, rule: Rule, like: pl.DataFrame) -> pl.DataFrame:
    """Customers who ever bought anything, if the plan is for them, for as long as it is in force."""
    bought = facts.transactions.filter(pl.col("kind") != "expected", pl.col("customer").is_not_null())
    named, span = rule.plan.applies_to.customers, rule.plan.effective
    rows = [
        (rule.plan_number, f"customer:{name}", span.from_on, span.ends_on)
        for name in bought["customer"].unique().sort()
        if not named or name in named
    ]
    return pl.DataFrame(rows, schema=like.schema, orient="row")
