"""Estimates of open deals: what each would change, for everybody whom it touches, in one run of the engine.

Every proposal is a scenario. The credits that are booked are not repeated in it: only their sum, where the accumulators
that the deal touches begin. A second scenario of each begins where all other open deals would have left them. Where pay
hangs together beyond an accumulator (figures, pools, caps over components) the booked credits are repeated, and what
they earn without the deal is taken off.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from compensation.earnings.accumulators import AccumulatorKey, Accumulators, entered_by
from compensation.earnings.calculation import history
from compensation.earnings.engine import Engine
from compensation.earnings.runs import Earned
from compensation.estimates.component_estimates import components
from compensation.estimates.deal_estimate import DealEstimate, EstimatedDeal, EstimatedPayee, Range
from compensation.estimates.entangled import BASE, PROPOSED, Entangled, proposed_last
from compensation.estimates.obstacles import Obstacles
from compensation.estimates.open_deals import OpenDeals
from compensation.estimates.proposals import Proposal, propose
from compensation.estimates.reasons import Money, Reason, money, reason
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan

LAST = "\x00last"
_OTHERS = 1 << 39
"""Orders open deals that nobody asked for after those that are proposed."""
Line = dict[str, Any]


class DealOutcome(NamedTuple):
    """A proposal that has an estimate for nobody, and why."""

    scenario: str
    deal_id: str
    reason: Reason


def unowned(facts: Facts, proposals: Sequence[Proposal], *, as_of: date) -> list[DealOutcome]:
    """The proposals whose deals nobody takes part in: ``estimate_deals`` has no row for them."""
    deals = OpenDeals(facts, as_of)
    nobody = reason("nobody_owns")
    return [DealOutcome(each.scenario, each.deal_id, nobody) for each in proposals if not deals.shares(each)]


def estimate_deals(
    facts: Facts, plans: Sequence[Plan], proposals: Sequence[Proposal], *, as_of: date
) -> list[DealEstimate]:
    """Estimates every proposal for every participant and every manager whom a plan credits for it.

    In the order of the proposals, then of payees. KeyError if a proposal names an unknown deal, ValueError if two
    have the same scenario. A deal that nobody takes part in has no row, see :func:`unowned`.
    """
    engine, deals, run = _of(facts, plans, proposals, as_of)
    return list(_Writer(engine, deals, run).estimates(proposals))


class Amounts(NamedTuple):
    """What a proposal changes for a payee, in minor units of ``currency``: if its deal closes before all other open
    deals of the same periods, and if it closes after them.
    """

    scenario: str
    deal_id: str
    payee_id: str
    currency: str
    closed_first_minor: int
    closed_last_minor: int


def estimate_amounts(
    facts: Facts, plans: Sequence[Plan], proposals: Sequence[Proposal], *, as_of: date
) -> list[Amounts]:
    """The amounts of :func:`estimate_deals`, without components and reasons, in the same order; for many variations.

    Only those whose pay changes have a row. Raises what that does.
    """
    engine, deals, run = _of(facts, plans, proposals, as_of)
    return list(_Writer(engine, deals, run).amounts(proposals))


def _of(
    facts: Facts, plans: Sequence[Plan], proposals: Sequence[Proposal], as_of: date
) -> tuple[Engine, OpenDeals, "_Ran"]:
    if len({proposal.scenario for proposal in proposals}) < len(proposals):
        raise ValueError("two proposals have the same scenario; name each differently")
    engine, deals = Engine.of(facts, plans), OpenDeals(facts, as_of)
    return engine, deals, _run(engine, deals, proposals, as_of)


class _Ran(NamedTuple):
    """``lines`` of the deals; ``beyond``: by scenario, payee and currency what changes elsewhere."""

    accumulators: Accumulators
    lines: pl.DataFrame
    beyond: Mapping[str, Mapping[str, Mapping[str, int]]]


def _run(engine: Engine, deals: OpenDeals, proposals: Sequence[Proposal], as_of: date) -> _Ran:
    events = {rule.component.credited_on.value for rule in engine.rules if rule.component.credited_on}
    credited = engine.credits(deals.scenarios(proposals, events))
    pending = _pending(engine, deals, set(proposals), credited, events)
    with_instalments_to_come = replace(history(engine.facts, as_of), as_of=None)
    booked = engine.credits(with_instalments_to_come)
    both = pl.concat([credited, credited.with_columns(pl.col("scenario") + LAST)])
    keys = entered_by(both).keys
    plain = [key for key in keys if key.rule not in engine.entangled]
    starts = _starts(plain, proposals, booked, pending)
    entangled = Entangled(engine, booked, pending)
    repeated = entangled.scenarios(both, proposals, LAST)
    everything = pl.concat([proposed_last(both), repeated.credits], how="diagonal_relaxed")
    earned = engine.run(everything, [], as_of, starts, repeated.in_force, repeated.through)
    lines = _of_proposals(earned.lines.sort("accumulator", "credit_id"), proposals)
    return _Ran(earned.accumulators, lines, _beyond(engine, earned, proposals))


def _of_proposals(lines: pl.DataFrame, proposals: Sequence[Proposal]) -> pl.DataFrame:
    """The lines of the proposed deals themselves, without what is booked of them."""
    lines = lines.filter(pl.col("order_no") >= PROPOSED)
    names = [(each.scenario + suffix, each.deal_id) for each in proposals for suffix in ("", LAST)]
    deals = pl.DataFrame(names, schema={"scenario": pl.String, "deal_id": pl.String}, orient="row")
    return lines.join(deals, on=["scenario", "deal_id"], how="semi", maintain_order="left")


def _beyond(
    engine: Engine, earned: Earned, proposals: Sequence[Proposal]
) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    """What a scenario changes for a payee beside the lines of its own deal, by currency."""
    if not engine.entangled:
        return {}
    own = {each.scenario + suffix: each.deal_id for each in proposals for suffix in ("", LAST)}
    changes: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    columns = ("scenario", "payee_id", "rule", "deal_id", "order_no", "earning_minor")
    entangled = earned.lines.filter(pl.col("rule").is_in(list(engine.entangled)), pl.col("earning_minor").is_not_null())
    rows = list(entangled.select(columns).iter_rows())
    rows += [(pay.key.scenario, pay.key.payee_id, pay.key.rule, None, 0, pay.minor) for pay in earned.pays]
    for scenario, payee_id, rule, deal_id, order_no, minor in rows:
        currency = engine.rules[rule].plan.currency
        if scenario.endswith(BASE):
            changes[scenario.removesuffix(BASE)][payee_id][currency] -= minor
        elif deal_id != own.get(scenario) or order_no < PROPOSED:
            changes[scenario][payee_id][currency] += minor
    return changes


def _pending(
    engine: Engine, deals: OpenDeals, proposals: set[Proposal], credited: pl.DataFrame, events: set[str]
) -> pl.DataFrame:
    """The credits of all open deals as they stand; those that are among ``credited`` already are taken from there."""
    standing = [propose(deal_id) for deal_id, deal in deals.deals.items() if deal.stage == "open"]
    known = pl.Series([each.scenario for each in standing if each in proposals], dtype=pl.String)
    others = deals.scenarios([each for each in standing if each not in proposals], events)
    further = engine.credits(others).with_columns(pl.col("order_no") + _OTHERS)
    return pl.concat([credited.filter(pl.col("scenario").is_in(known.implode())), further])


def _positions(credited: pl.DataFrame, *keys: str) -> dict[tuple[Any, ...], int]:
    sums = (
        credited.lazy()
        .filter(pl.col("outcome").is_null())
        .group_by(keys)
        .agg(pl.col("position").cast(pl.Decimal(38, 0)).sum())
        .collect()
    )
    return {tuple(key): int(position) for *key, position in sums.iter_rows()}


def _starts(
    keys: Sequence[AccumulatorKey], proposals: Sequence[Proposal], booked: pl.DataFrame, pending: pl.DataFrame
) -> dict[AccumulatorKey, int]:
    """Where each accumulator begins: after what is booked, and in the last place after all other open deals too."""
    accumulator = ("rule", "payee_id", "accumulates_for", "period_start")
    before = _positions(booked, *accumulator)
    by_deal = _positions(pending, *accumulator, "scenario")
    of_all: dict[tuple[Any, ...], int] = defaultdict(int)
    for (*of, _), position in by_deal.items():
        of_all[tuple(of)] += position
    named = {each.scenario: {each.deal_id, *each.earlier_deal_ids} for each in proposals}
    starts = {}
    for key in keys:
        place = (key.rule, key.payee_id, key.accumulates_for, key.period.start)
        starts[key] = before.get(place, 0)
        if key.scenario.endswith(LAST):
            inside = named[key.scenario.removesuffix(LAST)]
            starts[key] += of_all.get(place, 0) - sum(by_deal.get((*place, deal_id), 0) for deal_id in inside)
    return starts


@dataclass(frozen=True)
class _Writer:
    engine: Engine
    deals: OpenDeals
    run: _Ran

    def estimates(self, proposals: Sequence[Proposal]) -> Iterator[DealEstimate]:
        obstacles = Obstacles(self.engine, self.deals)
        for proposal in proposals:
            first, last = self._by_payee(proposal, ""), self._by_payee(proposal, LAST)
            taking_part = {share.payee_id for share in self.deals.shares(proposal)}
            deal = self._deal(proposal)
            for payee_id in sorted(taking_part | first.keys() | last.keys()):
                reasons = obstacles.reasons(proposal, payee_id, first[payee_id])
                yield self._estimate(proposal, deal, payee_id, (first[payee_id], last[payee_id]), tuple(reasons))

    def amounts(self, proposals: Sequence[Proposal]) -> Iterator[Amounts]:
        paid = self._paid()
        for proposal in proposals:
            first, last = (paid.get(proposal.scenario + suffix, {}) for suffix in ("", LAST))
            for payee_id in sorted(first.keys() | last.keys()):
                sums = [each.get(payee_id, {}) for each in (first, last)]
                currency, minors = self._in_one_currency(payee_id, proposal, sums)
                if any(minors):
                    yield Amounts(proposal.scenario, proposal.deal_id, payee_id, currency, *minors)

    def _paid(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
        """By scenario, payee and currency, all that changes."""
        paid: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        key = ("scenario", "payee_id", "rule")
        earning = self.run.lines.filter(pl.col("earning_minor").is_not_null())
        for scenario, payee_id, rule, minor in earning.group_by(key).agg(pl.col("earning_minor").sum()).iter_rows():
            paid[scenario][payee_id][self.engine.rules[rule].plan.currency] += minor
        for scenario, payees in self.run.beyond.items():
            for payee_id, amounts in payees.items():
                for currency, minor in amounts.items():
                    paid[scenario][payee_id][currency] += minor
        return paid

    def _in_one_currency(
        self, payee_id: str, proposal: Proposal, sums: Sequence[Mapping[str, int]]
    ) -> tuple[str, list[int]]:
        """Sums by currency as amounts of one: the plans', if what changes is paid in one, else the payee's own."""
        changing = [{currency: minor for currency, minor in each.items() if minor} for each in sums]
        currencies = {currency for each in changing for currency in each} or {each for own in sums for each in own}
        if len(currencies) == 1:
            (currency,) = currencies
            return currency, [each.get(currency, 0) for each in changing]
        currency, day = self._pay_currency(payee_id, proposal), self.deals.credited_on(proposal)
        return currency, [self.engine.rates.total(each, currency, day) for each in changing]

    def _estimate(
        self,
        proposal: Proposal,
        deal: EstimatedDeal,
        payee_id: str,
        lines: tuple[list[Line], list[Line]],
        reasons: tuple[Reason, ...],
    ) -> DealEstimate:
        """``lines``: the payee's, if the deal closes before all others, and if it closes after them."""
        first, last = ([line for line in each if line["earning_minor"] is not None] for each in lines)
        parts = tuple(
            components(self.engine, self.run.accumulators, first, self.deals.deals[proposal.deal_id].currency)
        )
        sums = [self._sum(payee_id, proposal.scenario + suffix, own) for suffix, own in (("", first), (LAST, last))]
        currency, minors = self._in_one_currency(payee_id, proposal, sums)
        total, closed_last = (self._money(minor, currency) for minor in minors)
        elsewhere = tuple(self._elsewhere(payee_id, proposal))
        return DealEstimate(
            status="estimated" if parts or elsewhere or any(minors) else "nothing",
            deal=deal,
            payee=EstimatedPayee(id=payee_id, name=self.engine.assignments.name(payee_id)),
            total=total,
            range=Range(closed_first=total, closed_last=closed_last),
            components=parts,
            reasons=(*reasons, *elsewhere),
            plan_versions=tuple(sorted({part.plan_version for part in parts})),
            scenario=proposal.scenario,
        )

    def _by_payee(self, proposal: Proposal, suffix: str) -> dict[str, list[Line]]:
        lines: dict[str, list[Line]] = defaultdict(list)
        for line in self._lines.get(proposal.scenario + suffix, []):
            lines[line["payee_id"]].append(line)
        for payee_id, amounts in self.run.beyond.get(proposal.scenario + suffix, {}).items():
            if any(amounts.values()):
                lines[payee_id]
        return lines

    @cached_property
    def _lines(self) -> Mapping[str, list[Line]]:
        """By scenario."""
        lines: dict[str, list[Line]] = defaultdict(list)
        for line in self.run.lines.iter_rows(named=True):
            lines[line["scenario"]].append(line)
        return lines

    def _changed(self, scenario: str, payee_id: str) -> Mapping[str, int]:
        """What changes elsewhere, by currency."""
        return self.run.beyond.get(scenario, {}).get(payee_id, {})

    def _elsewhere(self, payee_id: str, proposal: Proposal) -> Iterator[Reason]:
        """What the deal changes of the pay for other deals."""
        for currency, minor in sorted(self._changed(proposal.scenario, payee_id).items()):
            if minor:
                yield reason("changes_elsewhere", amount=self._money(minor, currency))

    def _sum(self, payee_id: str, scenario: str, lines: Sequence[Line]) -> Mapping[str, int]:
        """All that changes for the payee, by currency."""
        by_currency: dict[str, int] = defaultdict(int, self._changed(scenario, payee_id))
        for line in lines:
            by_currency[self.engine.rules[line["rule"]].plan.currency] += line["earning_minor"]
        return by_currency

    def _money(self, minor: int, currency: str) -> Money:
        return money(minor, currency, self.engine.rates.exponent(currency))

    def _pay_currency(self, payee_id: str, proposal: Proposal) -> str:
        assignment = self.engine.assignments.on(payee_id, self.deals.credited_on(proposal))
        deal = self.deals.deals[proposal.deal_id]
        return (assignment.pay_currency if assignment else None) or deal.currency

    def _deal(self, proposal: Proposal) -> EstimatedDeal:
        deal = self.deals.deals[proposal.deal_id]
        changed = (proposal.amount_minor, proposal.discount_ratio, proposal.products) != (None, None, None)
        minor = sum(line.revenue_minor for line in self.deals.lines(proposal)) if changed else deal.amount_minor
        return EstimatedDeal(
            source=deal.source,
            ref=deal.ref,
            name=deal.name,
            customer=deal.customer,
            amount=None if minor is None else self._money(minor, deal.currency),
            amount_basis="proposed" if changed else deal.amount_basis,
            close_on=self.deals.close_on(proposal),
            stage=deal.stage_name,
        )
