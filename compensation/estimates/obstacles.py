"""Why a deal pays somebody nothing: the first condition that fails, in words."""

from collections.abc import Iterator, Sequence, Set
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from compensation.crediting.filters import FILTERED, is_allowed
from compensation.crediting.parties import PARTIES
from compensation.earnings.engine import Engine
from compensation.estimates.open_deals import Line, OpenDeals
from compensation.estimates.proposals import Proposal
from compensation.estimates.reasons import Ratio, Reason, Word, decimal_text, reason
from compensation.exact import MILLIONTHS
from compensation.facts.assignments import Assignment, covers, has_component
from compensation.plans.rules import Rule


class Obstacles:
    """Finds the reasons that stand beside an estimate, or in place of it."""

    def __init__(self, engine: Engine, deals: OpenDeals) -> None:
        self._engine, self._deals = engine, deals

    def reasons(self, proposal: Proposal, payee_id: str, lines: Sequence[dict[str, Any]]) -> Iterator[Reason]:
        """``lines``: what the engine says of this payee, paid or not."""
        obstacle = self._deals.obstacle(proposal)
        if obstacle:
            yield reason(obstacle)
            return
        yield from self._remarks(proposal)
        broken = self._broken_splits(proposal)
        if broken and not lines:
            yield broken
            return
        yield from self._unpaid(proposal, lines)
        if not any(line["outcome"] is None for line in lines):
            yield from self._uncredited(proposal, payee_id, {line["rule"] for line in lines})

    def _remarks(self, proposal: Proposal) -> Iterator[Reason]:
        expected = self._deals.close_on(proposal)
        if expected is None:
            yield reason("no_date")
        elif expected < self._deals.as_of:
            yield reason("overdue", day=expected)
        if self._deals.deals[proposal.deal_id].amount_basis == "list_price" and proposal.amount_minor is None:
            yield reason("list_price")
        if proposal.splits is not None and proposal.deal_id in self._booked:
            yield reason("booked_stays")

    @cached_property
    def _booked(self) -> Set[str]:
        """The deals of which a part is booked, and credited as it was."""
        return set(self._deals.booked["deal_id"])

    def _broken_splits(self, proposal: Proposal) -> Reason | None:
        shares = self._deals.shares(proposal)
        total = sum(share.share_millionths for share in shares if not share.is_overlay)
        if total == MILLIONTHS or all(share.is_overlay for share in shares):
            return None
        return reason("splits_not_whole", total=Ratio(ratio=decimal_text(Fraction(total, MILLIONTHS))))

    def _unpaid(self, proposal: Proposal, lines: Sequence[dict[str, Any]]) -> Iterator[Reason]:
        seen = set()
        for line in lines:
            key = (line["rule"], line["period_label"], line["outcome"])
            if line["outcome"] is not None and key not in seen:
                seen.add(key)
                yield self._outcome(proposal, self._engine.rules[line["rule"]], line)

    def _outcome(self, proposal: Proposal, rule: Rule, line: dict[str, Any]) -> Reason:
        component, outcome = rule.component.headings, line["outcome"]
        if outcome == "no_rate":
            origin = self._deals.deals[proposal.deal_id].currency
            return reason(outcome, from_currency=origin, to_currency=rule.plan.currency, day=line["credited_on"])
        if outcome == "no_margin":
            return reason(outcome, component=component)
        return reason(outcome, component=component, period=line["period_label"])

    def _uncredited(self, proposal: Proposal, payee_id: str, credited: set[int]) -> Iterator[Reason]:
        day = self._deals.credited_on(proposal)
        assignment = self._engine.assignments.on(payee_id, day)
        if assignment is None:
            yield reason("no_assignment", name=self._engine.assignments.name(payee_id), day=day)
            return
        in_force = [rule for rule in self._engine.paying if rule.plan.effective.contains(day)]
        covering = [rule for rule in in_force if covers(rule.plan, assignment)]
        if not in_force:
            yield reason("no_plan", day=day)
        elif not covering:
            yield reason("title_not_covered", day=day, name=assignment.name, title=assignment.title)
        for rule in covering:
            if rule.number not in credited:
                yield from self._condition(proposal, assignment, rule, day)

    def _condition(self, proposal: Proposal, assignment: Assignment, rule: Rule, day: date) -> Iterator[Reason]:
        """The first condition of the rule that fails."""
        shares = self._deals.shares(proposal)
        roles = [share.role for share in shares if share.payee_id == assignment.payee_id]
        parties = {party for to in rule.component.credit_to for party in PARTIES[to]}
        held = {"overlay" if share.is_overlay else "owner" for share in shares if share.payee_id == assignment.payee_id}
        if not has_component(rule, assignment):
            title = rule.component.headings
            yield reason("not_for_position", component=title, name=assignment.name, title=assignment.title)
        elif held and not held & parties:
            yield reason("role_not_credited", component=rule.component.headings, role=Word(word=roles[0]))
        elif not rule.valid_from <= day < rule.valid_to:
            last_day = rule.valid_to - timedelta(days=1)
            yield reason("outside_window", component=rule.component.headings, start=rule.valid_from, end=last_day)
        else:
            refused = _refused(rule, self._deals.lines(proposal))
            if refused:
                attribute, value = refused
                yield reason(
                    "filtered", component=rule.component.headings, attribute=Word(word=attribute), value=value or "-"
                )


def _refused(rule: Rule, lines: Sequence[Line]) -> tuple[str, str | None] | None:
    """An attribute and value that keep all lines out."""
    found = None
    for line in lines:
        refusals = (
            (column, getattr(line, column))
            for key, column in FILTERED.items()
            if not is_allowed(rule.component, key, getattr(line, column))
        )
        found = next(refusals, None)
        if found is None:
            return None
    return found
