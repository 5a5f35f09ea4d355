"""Estimates of open deals: what each would change, for everybody whom it touches, in one run of the engine.

Every proposal is a scenario. The credits that are booked are not repeated in it: only their sum, where the accumulators
that the deal touches begin. A second scenario of each begins where all other open deals would have left them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from compensation.accumulators import Accumulators, Owner
from compensation.calculation import booked
from compensation.components import ComponentWriter
from compensation.deal_estimate import DealEstimate, EstimatedDeal, EstimatedPayee, Range
from compensation.facts import Facts
from compensation.obstacles import Obstacles
from compensation.plan import Plan
from compensation.proposals import Deal, OpenDeals, Proposal, propose
from compensation.run import Ground, owners_of, run
from compensation.sentences import Money, Reason, reason

_LAST = "\x00last"
Positions = dict[tuple[int, str, date], int]


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
    if len({proposal.scenario for proposal in proposals}) < len(proposals):
        raise ValueError("two proposals have the same scenario; name each differently")
    ground = Ground.of(facts, plans)
    deals = OpenDeals(facts, as_of)
    lines = _lines(ground, deals, proposals, as_of)
    return list(_Writer(ground, deals, lines).estimates(proposals))


def _lines(
    ground: Ground, deals: OpenDeals, proposals: Sequence[Proposal], as_of: date
) -> dict[str, list[dict[str, Any]]]:
    """What the engine says, by scenario."""
    events = {term.component.credited_on.value for term in ground.terms}
    credited = ground.credits(deals.dealings(proposals, events))
    present = _positions(ground.credits(booked(ground.facts, as_of)), ("term", "payee_id", "period_start"))
    standing = [propose(deal_id) for deal_id, deal in deals.deals.items() if deal.stage == "open"]
    pending = ground.credits(deals.dealings(standing, events))
    both = pl.concat([credited, credited.with_columns(pl.col("scenario") + _LAST)])
    accumulators = Accumulators(ground.terms, ground.quotas, ground.book)
    owners = owners_of(both)
    accumulators.add(owners, _starts(owners, proposals, present, pending))
    by_scenario: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in run(ground, both, accumulators).sort("accumulator", "sequence").iter_rows(named=True):
        by_scenario[line["scenario"]].append(line)
    return by_scenario


def _positions(credited: pl.DataFrame, keys: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
    sums = (
        credited.lazy()
        .filter(pl.col("outcome").is_null())
        .group_by(keys)
        .agg(pl.col("position").cast(pl.Decimal(38, 0)).sum())
        .collect()
    )
    return {tuple(key): int(position) for *key, position in sums.iter_rows()}


def _starts(
    owners: Sequence[Owner],
    proposals: Sequence[Proposal],
    present: Mapping[tuple[Any, ...], int],
    pending: pl.DataFrame,
) -> dict[Owner, int]:
    """Where each accumulator begins: after what is booked, and in the last place after all other open deals too."""
    by_deal = _positions(pending, ("term", "payee_id", "period_start", "scenario"))
    everything: Positions = defaultdict(int)
    for (term, payee_id, start, _), position in by_deal.items():
        everything[term, payee_id, start] += position
    named = {each.scenario: {each.deal_id, *each.earlier_deal_ids} for each in proposals}
    starts = {}
    for owner in owners:
        key = (owner.term, owner.payee_id, owner.period.start)
        starts[owner] = present.get(key, 0)
        if owner.scenario.endswith(_LAST):
            inside = named[owner.scenario.removesuffix(_LAST)]
            starts[owner] += everything.get(key, 0) - sum(by_deal.get((*key, deal_id), 0) for deal_id in inside)
    return starts


@dataclass(frozen=True)
class _Writer:
    ground: Ground
    deals: OpenDeals
    lines: Mapping[str, list[dict[str, Any]]]

    def estimates(self, proposals: Sequence[Proposal]) -> Iterator[DealEstimate]:
        obstacles = Obstacles(self.ground, self.deals)
        writer = ComponentWriter(self.ground)
        for proposal in proposals:
            first, last = self._by_payee(proposal, ""), self._by_payee(proposal, _LAST)
            taking_part = {share.payee_id for share in self.deals.shares(proposal)}
            deal = self._deal(proposal)
            for payee_id in sorted(taking_part | first.keys()):
                lines = first.get(payee_id, [])
                paying = [line for line in lines if line["outcome"] is None]
                components = tuple(writer.components(paying, self.deals.deals[proposal.deal_id].currency))
                total = self._total(payee_id, proposal, paying)
                later = self._total(
                    payee_id, proposal, [line for line in last.get(payee_id, []) if line["outcome"] is None]
                )
                yield DealEstimate(
                    status="estimated" if components else "nothing",
                    deal=deal,
                    payee=EstimatedPayee(id=payee_id, name=self.ground.staff.name(payee_id)),
                    total=total,
                    range=Range(closed_first=total, closed_last=later),
                    components=components,
                    reasons=tuple(obstacles.reasons(proposal, payee_id, lines)),
                    plan_versions=tuple(sorted({component.plan_version for component in components})),
                    scenario=proposal.scenario,
                )

    def _by_payee(self, proposal: Proposal, suffix: str) -> dict[str, list[dict[str, Any]]]:
        lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in self.lines.get(proposal.scenario + suffix, []):
            if line["deal_id"] == proposal.deal_id:
                lines[line["payee_id"]].append(line)
        return lines

    def _total(self, payee_id: str, proposal: Proposal, lines: Sequence[dict[str, Any]]) -> Money:
        """The sum of the earnings; in the payee's own currency if the plans pay in several."""
        by_currency: dict[str, int] = defaultdict(int)
        for line in lines:
            by_currency[self.ground.terms[line["term"]].plan.currency] += line["earning_minor"]
        if len(by_currency) == 1:
            ((currency, minor),) = by_currency.items()
            return self.ground.money(minor, currency)
        return self.ground.converted(
            by_currency, self._pay_currency(payee_id, proposal), self.deals.credited_on(proposal)
        )

    def _pay_currency(self, payee_id: str, proposal: Proposal) -> str:
        posting = self.ground.staff.posting(payee_id, self.deals.credited_on(proposal))
        deal = self.deals.deals[proposal.deal_id]
        return (posting.pay_currency if posting else None) or deal.currency

    def _deal(self, proposal: Proposal) -> EstimatedDeal:
        deal: Deal = self.deals.deals[proposal.deal_id]
        changed = (proposal.amount_minor, proposal.discount_ratio, proposal.products) != (None, None, None)
        minor = sum(line.revenue_minor for line in self.deals.lines(proposal)) if changed else deal.amount_minor
        return EstimatedDeal(
            source=deal.source,
            ref=deal.ref,
            name=deal.name,
            customer=deal.customer,
            amount=None if minor is None else self.ground.money(minor, deal.currency),
            amount_basis="proposed" if changed else deal.amount_basis,
            close_on=self.deals.close_on(proposal),
            stage=deal.stage_name,
        )
