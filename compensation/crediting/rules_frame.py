"""The rules as a frame that meets parties and transactions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm

import polars as pl

from compensation.crediting.cases import case_measures
from compensation.crediting.instalments import Schedule
from compensation.crediting.measuring import Measures, measure_key
from compensation.crediting.parties import Sharing, distinct_sharings, parties_of
from compensation.exact import MILLIONTHS
from compensation.plans.components import CreditTo, Event, SplitOf
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule

_FINEST = MILLIONTHS * 720_720
"""Exact for up to sixteen people in one role."""


@dataclass(frozen=True)
class CreditingRules:
    """The rules that credit, and in which ways they differ."""

    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "CreditingRules":
        return cls(tuple(rule for rule in rules if event_of(rule) is not None))

    @cached_property
    def sharings(self) -> list[Sharing]:
        return distinct_sharings(self.rules)

    def share_unit(self, participants: pl.DataFrame) -> int:
        """What a whole deal is counted in: millionths, finer where people share a role, so that thirds are thirds."""
        if not any(rule.component.role_shares for rule in self.rules):
            return MILLIONTHS
        people = participants.group_by("scenario", "deal_id", "role").agg(pl.col("payee_id").n_unique())
        exact = MILLIONTHS * lcm(*people["payee_id"].unique())
        return min(exact, _FINEST)

    @cached_property
    def schedules(self) -> list[Schedule]:
        """The usual one first."""
        return list(dict.fromkeys([Schedule(), *(Schedule.of(rule) for rule in self.rules)]))

    @cached_property
    def measures(self) -> Measures:
        wanted: dict[str, tuple[Plan, str]] = {}
        for rule in self.rules:
            for name in (rule.component.measure, rule.component.looks_at, *case_measures(rule)):
                wanted[measure_key(rule.plan_number, name)] = (rule.plan, name)
        return Measures(wanted)

    @cached_property
    def events(self) -> set[str]:
        """What any rule credits on."""
        return {event for event in map(event_of, self.rules) if event is not None}

    def parties_by(self, sharing: Sharing) -> set[str]:
        """The parties that rules with that sharing credit."""
        return {party for rule in self.rules if Sharing.of(rule) == sharing for party in parties_of(rule)}

    def credits_to(self, *parties: CreditTo) -> bool:
        """Whether any rule credits one of them."""
        return any(set(parties) & set(rule.component.credit_to) for rule in self.rules)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """A row per rule, party that it credits, and treatment of returns that it takes part in."""
        rows = [
            (
                *(rule.number, rule.plan_number, event_of(rule), party, treatment),
                *(self.sharings.index(Sharing.of(rule)), self.schedules.index(Schedule.of(rule))),
                *(rule.valid_from, rule.valid_to),
            )
            for rule in self.rules
            for party in sorted(parties_of(rule))
            for treatment in ("none", rule.component.returns.value)
        ]
        schema = {
            **dict.fromkeys(("rule", "plan"), pl.Int64),
            **dict.fromkeys(("event", "party", "treatment"), pl.String),
            **dict.fromkeys(("sharing", "schedule"), pl.Int64),
            **dict.fromkeys(("valid_from", "valid_to"), pl.Date),
        }
        return pl.DataFrame(rows, schema=schema, orient="row")


def event_of(rule: Rule) -> str | None:
    """The event that the rule credits on; None if it credits nothing."""
    component = rule.component
    if component.credited_on is None:
        return Event.EARNING.value if component.earnings_of else None
    return component.credited_on.value


def divides_earnings(rule: Rule) -> bool:
    """Whether the shares of a deal divide what the rule pays on the whole of it."""
    return rule.component.split is SplitOf.EARNING
