"""What an example comes to: its facts, calculated and settled, and the walks along the curves behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import polars as pl

from compensation.crediting.measuring import Measures, measure_key, with_fields
from compensation.crediting.transactions import creditable, in_scenario
from compensation.earnings.calculation import Calculation, calculate, history
from compensation.earnings.engine import Engine
from compensation.earnings.runs import Earned
from compensation.examples.documents import Documents
from compensation.examples.people import People, of_those_who_have_it
from compensation.examples.rows import Row, frame_of
from compensation.facts.frames import Facts
from compensation.facts.schemas import SCHEMAS
from compensation.names import NAME
from compensation.payments.settlement import Settlement, settle
from compensation.plans.components import Component
from compensation.plans.examples import StoryExample
from compensation.plans.figures import Gate
from compensation.plans.periods import PeriodKind, period_of
from compensation.plans.plan import Plan
from compensation.plans.typed_numbers import Number

_FAR_BELOW = Fraction(-(10**18))
_LINE = ("payee_id", "plan", "component", "transaction_id", "party", "period_label")


class Closed(NamedTuple):
    """Rows of the facts about periods that are closed."""

    posted: list[Row]
    paid: list[Row]


@dataclass(frozen=True)
class Outcome:
    """A story of a plan, run through everything up to ``as_of``."""

    plan: Plan
    story: StoryExample
    as_of: date
    exponents: Mapping[str, int]
    people: People
    documents: Documents
    facts: Facts
    calculation: Calculation
    settlement: Settlement

    @cached_property
    def engine(self) -> Engine:
        return Engine.of(self.facts, [self.plan])

    def without_limits(self, components: tuple[str, ...]) -> Calculation:
        """The calculation as it would be if some components (without any: all) had neither caps nor floors."""
        return calculate(self.facts, [_unlimited(self.plan, components)], as_of=self.as_of)

    def figures_aside(self, name: str, kind: PeriodKind) -> pl.DataFrame:
        """The figure's values in periods of a kind for everybody who has the plan, whoever looks at it."""
        onlooker = Component.model_validate({"component": f"{name} ({kind})", "period": kind, "opening_pay": "0"})
        harmless = Gate(figure=name, at_least=Number(_FAR_BELOW), otherwise=Number(Fraction(1)))
        looked_at = onlooker.model_copy(update={"gates": (harmless,)})
        plan = self.plan.model_copy(update={"components": (*self.plan.components, looked_at)})
        figures = calculate(self.facts, [plan], as_of=self.as_of).figures
        return figures.filter(pl.col("component") == onlooker.name)

    @cached_property
    def earned(self) -> Earned:
        """The accumulators, curves and lines behind the calculation."""
        return self.engine.run(self.engine.credits(history(self.facts, self.as_of)), [""], self.as_of)

    @cached_property
    def payments(self) -> pl.DataFrame:
        """What was paid in closed periods, then the payments of open ones; see :class:`Settlement`."""
        closed = self.facts.paid.rename({"carried_minor": "carried_out_minor"})
        every = pl.concat([closed, self.settlement.payments], how="diagonal_relaxed")
        return every.with_columns(pl.selectors.ends_with("_minor").fill_null(0))

    def measure_of(self, name: str, transaction_ids: set[str]) -> int | None:
        """What transactions count by a measure of the plan, in minor units of their currency or millionths."""
        wanted = Measures({measure_key(0, name): (self.plan, name)})
        transactions = in_scenario(self.facts.transactions)
        bases = creditable(with_fields(transactions, self.facts.measures, wanted.fields), wanted.bases)
        chosen = wanted.evaluated(bases).filter(pl.col("transaction_id").is_in(sorted(transaction_ids)))
        chosen = chosen.unique("transaction_id")
        sides = (chosen[f"{measure_key(0, name)}_{side}"].to_list() for side in ("after", "before"))
        values = [None if after is None else int(after - before) for after, before in zip(*sides, strict=True)]
        return None if not values or None in values else sum(value for value in values if value is not None)


def happened(plan: Plan, story: StoryExample, exponents: Mapping[str, int]) -> Outcome:
    """Runs the story; ``exponents``: digits of the minor units of all currencies that it and its plan name."""
    plan = of_those_who_have_it(plan, story)
    if story.closed_through is None:
        return _run(plan, story, exponents)
    then = story.model_copy(update={"as_of": story.closed_through})
    return _run(plan, story, exponents, _closed(_run(plan, then, exponents)))


def _run(plan: Plan, story: StoryExample, exponents: Mapping[str, int], closed: Closed | None = None) -> Outcome:
    as_of = story.as_of or _last_day(plan, story)
    story = _known(story, as_of)
    people, documents = People(plan, story, as_of, exponents), Documents(plan, story, exponents)
    facts = Facts(
        transactions=frame_of("transactions", documents.transactions()),
        participants=frame_of("participants", documents.participants()),
        assignments=frame_of("assignments", people.assignments()),
        quotas=frame_of("quotas", people.quotas()),
        rates=frame_of("rates", _rates(story)),
        currencies=frame_of("currencies", _currencies(exponents)),
        deals=frame_of("deals", documents.deals()),
        measures=frame_of("measures", documents.measures()),
        attributes=frame_of("attributes", documents.attributes()),
        coverage=frame_of("coverage", people.coverage()),
        metrics=frame_of("metrics", _metrics(story)),
        targets=frame_of("targets", people.targets()),
        factors=frame_of("factors", people.factors()),
        absences=frame_of("absences", people.absences()),
        holds=frame_of("holds", documents.holds(story)),
        posted=frame_of("posted", closed.posted if closed else ()),
        paid=frame_of("paid", closed.paid if closed else ()),
    )
    calculation = calculate(facts, [plan], as_of=as_of)
    settlement = settle(calculation, facts, [plan], as_of=as_of)
    return Outcome(plan, story, as_of, exponents, people, documents, facts, calculation, settlement)


def _unlimited(plan: Plan, names: tuple[str, ...]) -> Plan:
    chosen = set(names or (component.name for component in plan.components))
    freed = tuple(
        component.model_copy(update={"cap": None, "floor": None}) if component.name in chosen else component
        for component in plan.components
    )
    caps = tuple(cap for cap in plan.caps if not chosen.intersection(cap.components))
    return plan.model_copy(update={"components": freed, "caps": caps})


def _last_day(plan: Plan, story: StoryExample) -> date:
    days = [
        *(document.known_on or document.on for document in story.happens),
        *(correction.known_on for correction in story.corrections),
        *(each.through for each in story.metrics),
        *(day for each in story.holds for day in (each.from_on, each.through) if day),
    ]
    return max(days, default=plan.effective.from_on)


def _rates(story: StoryExample) -> Iterator[Row]:
    for rate in story.exchange_rates:
        currencies = {"from_currency": rate.from_currency, "to_currency": rate.to_currency}
        yield {**currencies, "valid_from": rate.on, "rate": str(rate.rate.value)}


def _metrics(story: StoryExample) -> Iterator[Row]:
    for metric in story.metrics:
        days = {"from_on": metric.from_on, "to_on": metric.through + timedelta(days=1)}
        yield {"subject": metric.of or "", "metric": metric.metric, **days, "value": str(metric.value.value)}


def currencies_of(plan: Plan, story: StoryExample) -> set[str]:
    """Every currency that the story or the plan names."""
    named = {plan.currency, *plan.plan_rates, *(person.currency for person in story.people.values())}
    named |= {document.currency for document in story.happens}
    named |= {each for rate in story.exchange_rates for each in (rate.from_currency, rate.to_currency)}
    return {currency for currency in named if currency}


def _currencies(exponents: Mapping[str, int]) -> Iterator[Row]:
    return ({"currency": currency, "exponent": exponent} for currency, exponent in sorted(exponents.items()))


def _known(story: StoryExample, day: date) -> StoryExample:
    """What was known of the story at the end of the day."""
    documents = tuple(each for each in story.happens if each.known_on is None or each.known_on <= day)
    corrections = tuple(correction for correction in story.corrections if correction.known_on <= day)
    return story.model_copy(update={"happens": documents, "corrections": corrections})


def _closed(then: Outcome) -> Closed:
    """What had been posted and paid by then."""
    released = then.settlement.releases.group_by(_LINE).agg(pl.col("release_minor").sum().alias("released_minor"))
    lines = then.calculation.lines.select(*_LINE, "currency", "earning_minor", pl.col("dated_on").alias("on"))
    empty = (pl.lit("").alias("transaction_id"), pl.lit("", NAME).alias("party"))
    openings = then.calculation.openings.with_columns(*empty)
    every = pl.concat([lines, openings.select(*_LINE, "currency", "earning_minor", pl.col("earned_on").alias("on"))])
    label = pl.col("on").map_elements(
        lambda day: period_of(day, then.plan.payments.period, then.plan.calendar).label, pl.String
    )
    posted = every.with_columns(label.alias("posted_in")).join(released, on=_LINE, how="left").drop("on")
    paid = then.settlement.payments.rename({"carried_out_minor": "carried_minor"})
    return Closed(
        posted.select(*SCHEMAS["posted"]).to_dicts(),
        paid.select(*SCHEMAS["paid"]).to_dicts(),
    )
