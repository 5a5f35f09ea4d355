"""Open deals, as they stand or as proposed, turned into the transactions of a scenario."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from compensation.crediting.transactions import BEGUN, Scenarios
from compensation.earnings.calculation import history
from compensation.estimates.proposals import Proposal, ProposedLine, ProposedShare, propose
from compensation.exact import MILLIONTHS, rounded
from compensation.facts.frames import Facts
from compensation.facts.schemas import SCHEMAS


class Deal(NamedTuple):
    """One row of the deals frame."""

    deal_id: str
    source: str
    ref: str
    name: str
    customer: str | None
    stage: str
    stage_name: str
    owner_id: str | None
    expected_on: date | None
    currency: str
    amount_minor: int | None
    amount_basis: str


class Line(NamedTuple):
    """One expected line of an open deal."""

    transaction_id: str
    revenue_minor: int
    margin_minor: int | None
    quantity_millionths: int
    product: str | None
    product_family: str | None
    customer: str | None
    region: str | None
    channel: str | None
    currency: str
    document_type: str | None = None


class OpenDeals:
    """The open deals of the facts and what each would credit."""

    def __init__(self, facts: Facts, as_of: date) -> None:
        self.as_of, self._facts = as_of, facts
        self.deals = {row[0]: Deal(*row) for row in facts.deals.iter_rows()}
        self._lines: dict[str, list[Line]] = defaultdict(list)
        expected = facts.transactions.filter(pl.col("kind") == "expected").sort("posting_sequence", "transaction_id")
        for deal_id, *line in expected.select("deal_id", *Line._fields).iter_rows():
            self._lines[deal_id].append(Line(*line))
        self._shares: dict[str, list[ProposedShare]] = defaultdict(list)
        for deal_id, payee_id, role, share, is_overlay in facts.participants.iter_rows():
            self._shares[deal_id].append(ProposedShare(payee_id, share, role, is_overlay))

    def obstacle(self, proposal: Proposal) -> str | None:
        """Why the deal cannot be estimated for anybody: deal_lost, deal_won, no_amount; or None."""
        deal = self.deals[proposal.deal_id]
        if deal.stage != "open":
            return f"deal_{deal.stage}"
        lines = self.lines(proposal)
        is_known = deal.amount_minor is not None or any(line.revenue_minor for line in lines)
        return None if lines and is_known else "no_amount"

    def close_on(self, proposal: Proposal) -> date | None:
        """The day that the deal is expected to close, as proposed or as the CRM says."""
        return proposal.close_on or self.deals[proposal.deal_id].expected_on

    def credited_on(self, proposal: Proposal) -> date:
        """The day that it is credited: as of which it is estimated if it has no date, or one that has passed."""
        return max(self.close_on(proposal) or self.as_of, self.as_of)

    def shares(self, proposal: Proposal) -> list[ProposedShare]:
        """Who takes part."""
        shares = self._shares.get(proposal.deal_id, [])
        if proposal.splits is None:
            return shares
        replaced = {share.is_overlay for share in proposal.splits} | {False}
        return [share for share in shares if share.is_overlay not in replaced] + list(proposal.splits)

    def lines(self, proposal: Proposal) -> list[Line]:
        """What would be credited, line by line; none if the deal has no amount."""
        deal = self.deals[proposal.deal_id]
        lines = self._lines.get(proposal.deal_id) or self._single_line(deal)
        if proposal.products is not None:
            place = (lines[0].region, lines[0].channel) if lines else (None, None)
            lines = [_proposed(line, number, deal, *place) for number, line in enumerate(proposal.products)]
        if proposal.amount_minor is not None:
            lines = _scaled(lines, proposal.amount_minor) or self._single_line(
                deal._replace(amount_minor=proposal.amount_minor)
            )
        if proposal.discount_ratio is not None:
            lines = [_discounted(line, Fraction(proposal.discount_ratio)) for line in lines]
        return lines

    def scenarios(self, proposals: Sequence[Proposal], events: Iterable[str]) -> Scenarios:
        """The proposals as transactions: deals closed earlier first, then the deal, as every document of ``events``."""
        events = sorted(events)
        rows = [row for proposal in proposals for row in self._transactions(proposal, events)]
        shares = [
            (part.deal_id, *_share_row(share), proposal.scenario)
            for proposal in proposals
            for part in (*self._earlier(proposal), proposal)
            for share in self.shares(part)
        ]
        return Scenarios(
            pl.DataFrame(rows, schema={**SCHEMAS["transactions"], "scenario": pl.String()}, orient="row"),
            pl.DataFrame(shares, schema={**SCHEMAS["participants"], "scenario": pl.String()}, orient="row"),
            measures=self._by_event(self._facts.measures, events),
            attributes=self._by_event(self._facts.attributes, events),
            coverage=self._facts.coverage,
            begun=self.booked,
        )

    @cached_property
    def booked(self) -> pl.DataFrame:
        """What has been booked of deals, also of those that are partly open."""
        return history(self._facts, self.as_of).transactions.select(BEGUN)

    def _by_event(self, told: pl.DataFrame, events: Sequence[str]) -> pl.DataFrame:
        """What is told of expected lines, told of each document that they become."""
        expected = self._facts.transactions.filter(pl.col("kind") == "expected")["transaction_id"]
        own = told.filter(pl.col("transaction_id").is_in(expected.implode()))
        return pl.concat([own.clear(), *(own.with_columns(pl.col("transaction_id") + f"|{event}") for event in events)])

    def _earlier(self, proposal: Proposal) -> list[Proposal]:
        names = sorted(proposal.earlier_deal_ids - {proposal.deal_id})
        deals = [propose(deal_id, proposal.scenario) for deal_id in names if deal_id in self.deals]
        return sorted(deals, key=self.credited_on)

    def _transactions(self, proposal: Proposal, events: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        for place, part in enumerate((*self._earlier(proposal), proposal)):
            if self.obstacle(part) is None:
                for number, line in enumerate(self.lines(part)):
                    for event in events:
                        yield (*self._transaction(part, line, event, place, number), proposal.scenario)

    def _transaction(self, part: Proposal, line: Line, event: str, place: int, number: int) -> tuple[Any, ...]:
        """A row of the transactions frame: the deal's place is its posting sequence, the line's its source ref."""
        deal, day = self.deals[part.deal_id], self.credited_on(part)
        reverses_id = document_id = settles_id = None
        return (
            *(
                f"{line.transaction_id}|{event}",
                deal.deal_id,
                event,
                day,
                place,
                deal.source,
                f"{number:06}",
                line.currency,
            ),
            *(line.revenue_minor, line.margin_minor, line.quantity_millionths, line.product, line.product_family),
            *(line.customer, line.region, line.channel, reverses_id, document_id, settles_id, line.document_type),
        )

    def _single_line(self, deal: Deal) -> list[Line]:
        if deal.amount_minor is None:
            return []
        amount = deal.amount_minor
        return [Line(deal.deal_id, amount, None, MILLIONTHS, None, None, deal.customer, None, None, deal.currency)]


def _share_row(share: ProposedShare) -> tuple[str, str, int, bool]:
    return share.payee_id, share.role, share.share_millionths, share.is_overlay


def _proposed(line: ProposedLine, number: int, deal: Deal, region: str | None, channel: str | None) -> Line:
    return Line(
        transaction_id=f"{deal.deal_id}|{number}",
        revenue_minor=line.amount_minor,
        margin_minor=line.margin_minor,
        quantity_millionths=line.quantity_millionths,
        product=line.product,
        product_family=line.product_family,
        customer=deal.customer,
        region=region,
        channel=channel,
        currency=deal.currency,
    )


def _scaled(lines: Sequence[Line], amount_minor: int) -> list[Line]:
    """The lines with revenue adding up to the amount, divided by subtraction on a running share; margins likewise."""
    total = sum(line.revenue_minor for line in lines)
    if total == 0:
        return []
    ratio, running, scaled = Fraction(amount_minor, total), 0, []
    for line in lines:
        revenue = rounded((running + line.revenue_minor) * ratio) - rounded(running * ratio)
        margin = None if line.margin_minor is None else rounded(line.margin_minor * ratio)
        scaled.append(line._replace(revenue_minor=revenue, margin_minor=margin))
        running += line.revenue_minor
    return scaled


def _discounted(line: Line, discount: Fraction) -> Line:
    revenue = rounded(line.revenue_minor * (1 - discount))
    margin = None if line.margin_minor is None else line.margin_minor - (line.revenue_minor - revenue)
    return line._replace(revenue_minor=revenue, margin_minor=margin)
