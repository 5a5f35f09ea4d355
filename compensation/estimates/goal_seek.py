"""Goal seek: the smallest change of a deal that earns somebody an amount, beside what the company earns by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from compensation.estimates.deal_estimate import DealEstimate
from compensation.estimates.estimating import estimate_deals
from compensation.estimates.open_deals import OpenDeals
from compensation.estimates.proposals import Proposal
from compensation.estimates.reasons import Money, money
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan

_STEPS = 32
"""Changes that are tried in one call; each call narrows the search to one step of the call before."""


class Lever(StrEnum):
    """What may be changed: a larger amount, a smaller discount, an earlier close."""

    AMOUNT = "amount"
    DISCOUNT = "discount"
    CLOSE_ON = "close_on"


@dataclass(frozen=True)
class Goal:
    """What ``payee_id`` wants to earn on the deal, in the currency of the estimate's total.

    ``most_amount_minor``, ``most_discount_ratio`` and ``earliest_close_on`` bound the search; a lever without its
    bound is not tried. The discount is sought from its bound down to none.
    """

    payee_id: str
    total: Decimal
    most_amount_minor: int | None = None
    most_discount_ratio: Fraction | None = None
    earliest_close_on: date | None = None


@dataclass(frozen=True)
class Reached:
    """A change that earns the goal; ``margin``: what it leaves the company, None if the deal's margin is not known."""

    lever: Lever
    proposal: Proposal
    estimate: DealEstimate
    margin: Money | None


def seek(facts: Facts, plans: Sequence[Plan], proposal: Proposal, goal: Goal, *, as_of: date) -> list[Reached]:
    """For each lever that reaches the goal the smallest change of ``proposal`` that does.

    Where pay does not fall as the change grows, it is the smallest to the minor unit (amount), 0.01 % (discount) or
    day. Levers that cannot reach it are left out. KeyError if the deal is unknown.
    """
    search = _Search(facts, plans, proposal, goal, as_of)
    found = (search.by(lever) for lever in Lever)
    return [reached for reached in found if reached is not None]


class _Search:
    def __init__(self, facts: Facts, plans: Sequence[Plan], proposal: Proposal, goal: Goal, as_of: date) -> None:
        self._facts, self._plans, self._proposal, self._goal, self._as_of = facts, plans, proposal, goal, as_of
        self._deals = OpenDeals(facts, as_of)

    def by(self, lever: Lever) -> Reached | None:
        bounds = self._bounds(lever)
        if bounds is None:
            return None
        least, most, change = bounds
        while True:
            tried = _steps(least, most)
            estimates = self._estimates([change(number) for number in tried])
            hit = next((place for place, each in enumerate(estimates) if self._is_reached(each)), None)
            if hit is None:
                return None
            if hit == 0 or tried[hit] - tried[hit - 1] <= 1:
                return self._reached(lever, change(tried[hit]), estimates[hit])
            least, most = tried[hit - 1] + 1, tried[hit]

    def _bounds(self, lever: Lever) -> tuple[int, int, Callable[[int], Proposal]] | None:
        """The range of whole steps, the smallest change first, and what a step means."""
        goal, proposal = self._goal, self._proposal
        now = sum(line.revenue_minor for line in self._deals.lines(replace(proposal, discount_ratio=None)))
        if lever is Lever.AMOUNT and goal.most_amount_minor is not None and goal.most_amount_minor >= now:
            return now, goal.most_amount_minor, lambda minor: replace(proposal, amount_minor=minor)
        if lever is Lever.DISCOUNT and goal.most_discount_ratio is not None:
            most = int(goal.most_discount_ratio * 10_000)
            return 0, most, lambda step: replace(proposal, discount_ratio=Fraction(most - step, 10_000))
        close_on = self._deals.credited_on(proposal)
        if lever is Lever.CLOSE_ON and goal.earliest_close_on is not None and goal.earliest_close_on <= close_on:
            days = (close_on - goal.earliest_close_on).days
            return 0, days, lambda step: replace(proposal, close_on=close_on - timedelta(days=step))
        return None

    def _estimates(self, proposals: Sequence[Proposal]) -> list[DealEstimate | None]:
        numbered = [replace(each, scenario=str(number)) for number, each in enumerate(proposals)]
        found = {
            each.scenario: each
            for each in estimate_deals(self._facts, self._plans, numbered, as_of=self._as_of)
            if each.payee.id == self._goal.payee_id
        }
        return [found.get(each.scenario) for each in numbered]

    def _is_reached(self, estimate: DealEstimate | None) -> bool:
        return estimate is not None and Decimal(estimate.total.amount) >= self._goal.total

    def _reached(self, lever: Lever, proposal: Proposal, estimate: DealEstimate | None) -> Reached | None:
        return None if estimate is None else Reached(lever, proposal, estimate, self._margin(proposal))

    def _margin(self, proposal: Proposal) -> Money | None:
        lines = self._deals.lines(proposal)
        margins = [line.margin_minor for line in lines]
        known = [margin for margin in margins if margin is not None]
        if not lines or len(known) < len(margins):
            return None
        currency = lines[0].currency
        return money(sum(known), currency, ExchangeRates(self._facts).exponent(currency))


def _steps(least: int, most: int) -> list[int]:
    """Evenly from the least to the most, both included, at most :data:`_STEPS` and one."""
    count = min(_STEPS, most - least)
    return [least + (most - least) * number // count for number in range(count + 1)] if count else [least]
