"""Deals are joined, earnings and estimates calculated, and only what differs is written.

A calculation's fingerprint names everything that it depends on: how far each mapping has come, the plans and the day.
With the same fingerprint nothing is calculated again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection

from compensation import (
    ENGINE_VERSION,
    CompensationError,
    DealEstimate,
    Facts,
    Plan,
    Proposal,
    calculate,
    estimate_deals,
    propose,
    unowned,
)
from jobs.work import Work
from mappings.deals import join
from mappings.money import Money
from warehouse import landing, results
from warehouse.canonical import deals
from warehouse.canonical.links import read_links
from warehouse.database import reading, writing
from warehouse.facts import FactsError, read_facts_and_gaps
from warehouse.results import Estimate


class Calculated(NamedTuple):
    """How many earnings there are and estimates were written; ``warnings`` count what was left out, by reason."""

    earnings: int = 0
    estimates: int = 0
    warnings: dict[str, int] = {}  # noqa: RUF012 - never changed, and NamedTuple has no factories
    failures: tuple[str, ...] = ()


def join_deals(work: Work) -> int:
    """Joins the canonical records into deals; returns how many deals are new, other or gone."""
    with writing(work.engine) as connection:
        return len(deals.replace(connection, join(read_links(connection))))


def calculate_all(work: Work) -> Calculated:
    """Stores the earnings of everything booked up to today and the estimate of every open deal, for each payee.

    A deal that cannot be calculated is a failure of its own and loses its estimate; the others keep theirs. If the
    earnings themselves cannot be calculated, nothing is written.
    """
    today = work.today()
    plans = [each.plan for each in work.plans]
    try:
        with reading(work.engine) as connection:
            fingerprint = _fingerprint(connection, work, today)
            latest = results.latest_calculation(connection)
            if latest is not None and latest.fingerprint == fingerprint:
                return Calculated()
            frames, left_out = read_facts_and_gaps(connection, as_of=today)
            facts = Facts(**frames)
        calculation = calculate(facts, plans, as_of=today)
    except (CompensationError, FactsError) as error:
        return Calculated(failures=(f"nothing was calculated: {error}",))
    proposals = _open_deals(facts)
    failures: list[str] = []
    estimates = _estimates(facts, plans, proposals, today, failures)
    if failures:
        # So that the next run tries again and says so again.
        fingerprint += " incomplete"
    now = work.clock()
    with writing(work.engine) as connection:
        results.replace_plans(connection, [(each.version, each.plan.name, each.text) for each in work.plans], now)
        written = results.put_estimates(connection, [_stored(estimate) for estimate in estimates], now)
        results.retire_estimates(connection, {_pair(estimate) for estimate in estimates}, now)
        results.put_calculation(
            connection,
            fingerprint=fingerprint,
            as_of=today,
            plan_versions=sorted(each.version for each in work.plans),
            calculated_at=now,
            lines=calculation.lines,
            openings=calculation.openings,
        )
    work.progress("calculate", "estimates", len(estimates))
    nobody = len(unowned(facts, proposals, as_of=today))
    warnings = left_out | ({"open deal that nobody owns": nobody} if nobody else {})
    return Calculated(len(calculation.lines), written, warnings, tuple(failures))


def _estimates(
    facts: Facts, plans: Sequence[Plan], proposals: Sequence[Proposal], today: date, failures: list[str]
) -> list[DealEstimate]:
    """All in one run; if that fails, without the deals that cannot be calculated even by themselves."""
    try:
        return estimate_deals(facts, plans, proposals, as_of=today)
    except CompensationError as error:
        beyond = _beyond_calculation(facts, plans, proposals, today)
        if not beyond:
            failures.append(f"no deal was estimated: {error}")
            return []
    failures.extend(f"{deal_id} was not estimated: {reason}" for deal_id, reason in beyond.items())
    others = [proposal for proposal in proposals if proposal.deal_id not in beyond]
    return _estimates(_with_open_deals(facts, others), plans, others, today, failures)


def _beyond_calculation(
    facts: Facts, plans: Sequence[Plan], proposals: Sequence[Proposal], today: date
) -> dict[str, str]:
    """The deals that cannot be calculated by themselves, and why; found by halving."""
    try:
        estimate_deals(_with_open_deals(facts, proposals), plans, proposals, as_of=today)
    except CompensationError as error:
        if len(proposals) == 1:
            return {proposals[0].deal_id: str(error)}
        middle = len(proposals) // 2
        first = _beyond_calculation(facts, plans, proposals[:middle], today)
        return first | _beyond_calculation(facts, plans, proposals[middle:], today)
    return {}


def _with_open_deals(facts: Facts, proposals: Sequence[Proposal]) -> Facts:
    """The facts as if there were no other open deals."""
    kept = pl.col("deal_id").is_in([proposal.deal_id for proposal in proposals])
    return replace(
        facts,
        transactions=facts.transactions.filter((pl.col("kind") != "expected") | kept),
        deals=facts.deals.filter((pl.col("stage") != "open") | kept),
    )


def _fingerprint(connection: Connection, work: Work, today: date) -> str:
    parts = [f"engine {ENGINE_VERSION}", today.isoformat(), *sorted(each.version for each in work.plans)]
    for source in work.sources:
        version = source.mapping_version
        parts.append(f"{source.name} {version} {landing.read_progress(connection, source.name, version)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _open_deals(facts: Facts) -> list[Proposal]:
    open_deals = facts.deals.filter(pl.col("stage") == "open")
    return [propose(deal_id) for deal_id in open_deals["deal_id"].sort()]


def _pair(estimate: DealEstimate) -> tuple[str, str]:
    return f"{estimate.deal.source}:{estimate.deal.ref}", estimate.payee.id


def _stored(estimate: DealEstimate) -> Estimate:
    document = estimate.to_json()
    deal_id, payee_id = _pair(estimate)
    total = Money.of(Decimal(estimate.total.amount), str(estimate.total.currency))
    return Estimate(
        deal_id,
        payee_id,
        hashlib.sha256(document).hexdigest(),
        document,
        total.minor,
        total.currency,
        estimate.plan_versions,
    )
