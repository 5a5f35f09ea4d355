"""What-if: the facts of one payee, the deal changed in many ways, and one run of the engine that calculates pay."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import anyio
import polars as pl
import structlog
from anyio import to_thread
from pydantic import ValidationError
from sqlalchemy import Engine

from compensation import (
    CompensationError,
    DealEstimate,
    Facts,
    PayOverflowError,
    Plan,
    PlanError,
    Proposal,
    ProposedLine,
    ProposedShare,
    estimate_deals,
    parse_plan,
    propose,
)
from mappings.money import Money
from mashup_api.problems import FieldError, Problem, invalid, not_found
from mashup_api.settings import ApiSettings
from mashup_api.variations import ProductLine, Simulations, Split, Variation
from warehouse import results
from warehouse.database import reading
from warehouse.facts import FactsError, read_facts

_BASELINE = ""
_MILLION = 1_000_000
_FACTS_KEPT = 64

_log = structlog.get_logger("mashup_api")


class _Known(NamedTuple):
    read_at: float
    facts: Facts
    plans: list[Plan]


class Simulator:
    """Runs simulations in a few threads of their own, so that reads in the event loop never wait for them.

    A payee's facts are kept for ``facts_kept_seconds``: a slider asks many times while the facts stay the same.
    """

    def __init__(self, engine: Engine, settings: ApiSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._settings, self._monotonic = engine, settings, monotonic
        self._plans: dict[str, Plan] = {}
        self._known: dict[tuple[str, date], _Known] = {}
        self._threads = anyio.CapacityLimiter(settings.simulation_threads)

    async def simulate(self, deal_id: str, payee_id: str, wanted: Simulations, *, as_of: date) -> bytes:
        """The answer's JSON; 409 if the deal is closed or the payee takes no part in it.

        422 for too many variations, amounts that do not fit, and records or plans that cannot be calculated with.
        """
        limit = self._settings.max_variations
        if len(wanted.variations) > limit:
            raise invalid([FieldError(pointer="/variations", detail=f"at most {limit} variations in one call")])
        return await to_thread.run_sync(self._answer, deal_id, payee_id, wanted, as_of, limiter=self._threads)

    def _answer(self, deal_id: str, payee_id: str, wanted: Simulations, as_of: date) -> bytes:
        try:
            return self._run(deal_id, payee_id, wanted, as_of)
        except PayOverflowError as error:
            raise _too_large() from error
        except (CompensationError, FactsError) as error:
            _log.warning("simulation_not_calculable", reason=str(error))
            raise _not_calculable(error) from error

    def _run(self, deal_id: str, payee_id: str, wanted: Simulations, as_of: date) -> bytes:
        facts, plans = self._facts(payee_id, as_of)
        currency = _open_currency(facts, deal_id)
        proposals = [propose(deal_id, _BASELINE), *_proposals(deal_id, currency, wanted.variations)]
        estimates = estimate_deals(facts, plans, proposals, as_of=as_of)
        of_payee = {one.scenario: one for one in estimates if one.payee.id == payee_id}
        return _answer(of_payee, wanted.variations)

    def _facts(self, payee_id: str, as_of: date) -> tuple[Facts, list[Plan]]:
        now, key = self._monotonic(), (payee_id, as_of)
        known = self._known.get(key)
        if known is not None and now - known.read_at < self._settings.facts_kept_seconds:
            return known.facts, known.plans
        with reading(self._engine) as connection:
            facts = Facts(**read_facts(connection, as_of=as_of, payees={payee_id}))
            plans = self._parsed(results.read_plans(connection))
        if len(self._known) >= _FACTS_KEPT:
            self._known.clear()
        self._known[key] = _Known(now, facts, plans)
        return facts, plans

    def _parsed(self, stored: Sequence[results.StoredPlan]) -> list[Plan]:
        for plan in stored:
            if plan.version not in self._plans:
                self._plans[plan.version] = parse_plan(plan.text, plan.name)
        return [self._plans[plan.version] for plan in stored]


def _open_currency(facts: Facts, deal_id: str) -> str:
    found = facts.deals.filter(pl.col("deal_id") == deal_id)
    if found.is_empty():
        raise not_found()
    stage, currency = found.select("stage", "currency").row(0)
    if stage != "open":
        raise _closed()
    return str(currency)


def _proposals(deal_id: str, currency: str, variations: Sequence[Variation]) -> list[Proposal]:
    proposals, errors = [], []
    for number, variation in enumerate(variations):
        try:
            proposals.append(_proposal(deal_id, currency, variation))
        except (ValidationError, ValueError):
            detail = f"an amount does not fit: it is too large, or has a fraction of the smallest unit of {currency}"
            errors.append(FieldError(pointer=f"/variations/{number}", detail=detail))
    if errors:
        raise invalid(errors)
    return proposals


def _proposal(deal_id: str, currency: str, variation: Variation) -> Proposal:
    return Proposal(
        scenario=variation.id,
        deal_id=deal_id,
        amount_minor=None if variation.amount is None else _minor(variation.amount, currency),
        discount_ratio=None if variation.discount_ratio is None else Fraction(variation.discount_ratio),
        close_on=variation.close_on,
        splits=None if variation.splits is None else tuple(_share(split) for split in variation.splits),
        products=None if variation.products is None else tuple(_line(line, currency) for line in variation.products),
        earlier_deal_ids=frozenset(variation.earlier_deals),
    )


def _minor(amount: str, currency: str) -> int:
    return Money.of(Decimal(amount), currency).minor


def _share(split: Split) -> ProposedShare:
    return ProposedShare(split.payee, int(Decimal(split.share) * _MILLION), split.role, split.is_overlay)


def _line(line: ProductLine, currency: str) -> ProposedLine:
    quantity = int(Decimal(line.quantity) * _MILLION)
    return ProposedLine(line.product, _minor(line.amount, currency), quantity_millionths=quantity)


def _answer(estimates: Mapping[str, DealEstimate], variations: Sequence[Variation]) -> bytes:
    baseline = estimates.get(_BASELINE)
    if baseline is None:
        raise _not_credited()
    parts = [_variation(variation.id, estimates.get(variation.id), baseline) for variation in variations]
    return b'{"baseline":%s,"variations":[%s]}' % (baseline.to_json(), b",".join(parts))


def _variation(name: str, estimate: DealEstimate | None, baseline: DealEstimate) -> bytes:
    document = b"null" if estimate is None else estimate.to_json()
    return b'{"id":"%s","estimate":%s,"difference":%s}' % (name.encode(), document, _difference(estimate, baseline))


def _difference(estimate: DealEstimate | None, baseline: DealEstimate) -> bytes:
    """Total less total; null if they are in two currencies."""
    before = baseline.total
    after = before.model_copy(update={"amount": "0"}) if estimate is None else estimate.total
    if after.currency != before.currency:
        return b"null"
    change = Decimal(after.amount) - Decimal(before.amount)
    return before.model_copy(update={"amount": f"{change:f}"}).model_dump_json().encode()


def _closed() -> Problem:
    return Problem(
        409,
        "deal-closed",
        "This deal is closed",
        "A deal that is won or lost cannot be supposed to be different.",
        "Read its estimate and earnings instead.",
    )


def _not_credited() -> Problem:
    return Problem(
        409,
        "not-credited",
        "This person has no credit in this deal",
        "The deal's credit goes to others, so there is nothing that a change of the deal could change.",
        "Read the deal again. If it should be credited, ask its owner to add this person to its splits in the CRM.",
    )


def _not_calculable(error: CompensationError | FactsError) -> Problem:
    return Problem(
        422,
        "not-calculable",
        "This cannot be calculated",
        _what_is_wrong(error),
        "Ask your administrator to mend it; the log of the server has the whole reason.",
    )


def _what_is_wrong(error: CompensationError | FactsError) -> str:
    """Tells no more than what everybody may know: other messages may name people, and plans what they pay."""
    if isinstance(error, PlanError):
        return f"The stored compensation plan {error.path} cannot be read at line {error.line}."
    if str(error).startswith(("rates:", "currencies:")):
        return f"{error}."
    return "A record that it needs does not fit: an amount or a quantity, or the tree of managers goes round."


def _too_large() -> Problem:
    return invalid([FieldError(pointer="/variations", detail="an amount is too large to be calculated exactly")])
