"""Why a deal pays somebody nothing: the first condition that fails, in words."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from compensation.proposals import Line, OpenDeals, Proposal
from compensation.run import Ground
from compensation.sentences import Ratio, Reason, Word, decimal_text, reason
from compensation.staff import Posting, covers
from compensation.terms import FILTERED, PARTIES, Term, is_allowed

_WHOLE = 1_000_000


class Obstacles:
    """Finds the reasons that stand beside an estimate, or in place of it."""

    def __init__(self, ground: Ground, deals: OpenDeals) -> None:
        self._ground, self._deals = ground, deals

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
            yield from self._uncredited(proposal, payee_id, {line["term"] for line in lines})

    def _remarks(self, proposal: Proposal) -> Iterator[Reason]:
        expected = self._deals.close_on(proposal)
        if expected is None:
            yield reason("no_date")
        elif expected < self._deals.as_of:
            yield reason("overdue", day=expected)
        if self._deals.deals[proposal.deal_id].amount_basis == "list_price" and proposal.amount_minor is None:
            yield reason("list_price")

    def _broken_splits(self, proposal: Proposal) -> Reason | None:
        shares = self._deals.shares(proposal)
        total = sum(share.share_millionths for share in shares if not share.is_overlay)
        if total == _WHOLE or all(share.is_overlay for share in shares):
            return None
        return reason("splits_not_whole", total=Ratio(ratio=decimal_text(Fraction(total, _WHOLE))))

    def _unpaid(self, proposal: Proposal, lines: Sequence[dict[str, Any]]) -> Iterator[Reason]:
        seen = set()
        for line in lines:
            key = (line["term"], line["period_label"], line["outcome"])
            if line["outcome"] is not None and key not in seen:
                seen.add(key)
                yield self._outcome(proposal, self._ground.terms[line["term"]], line)

    def _outcome(self, proposal: Proposal, term: Term, line: dict[str, Any]) -> Reason:
        component, outcome = _title(term), line["outcome"]
        if outcome == "no_rate":
            origin = self._deals.deals[proposal.deal_id].currency
            return reason(outcome, from_currency=origin, to_currency=term.plan.currency, day=line["credited_on"])
        if outcome == "no_margin":
            return reason(outcome, component=component)
        return reason(outcome, component=component, period=line["period_label"])

    def _uncredited(self, proposal: Proposal, payee_id: str, credited: set[int]) -> Iterator[Reason]:
        day = self._deals.credited_on(proposal)
        posting = self._ground.staff.posting(payee_id, day)
        if posting is None:
            yield reason("no_assignment", name=self._ground.staff.name(payee_id), day=day)
            return
        in_force = [term for term in self._ground.terms if term.plan.effective.contains(day)]
        covering = [term for term in in_force if covers(term.plan, posting)]
        if not in_force:
            yield reason("no_plan", day=day)
        elif not covering:
            yield reason("title_not_covered", day=day, name=posting.name, title=posting.title)
        for term in covering:
            if term.number not in credited:
                yield from self._condition(proposal, posting, term, day)

    def _condition(self, proposal: Proposal, posting: Posting, term: Term, day: date) -> Iterator[Reason]:
        """The first condition of the term that fails."""
        shares = self._deals.shares(proposal)
        roles = [share.role for share in shares if share.payee_id == posting.payee_id]
        parties = {party for to in term.component.credit_to for party in PARTIES[to]}
        held = {"overlay" if share.is_overlay else "owner" for share in shares if share.payee_id == posting.payee_id}
        if held and not held & parties:
            yield reason("role_not_credited", component=_title(term), role=Word(word=roles[0]))
        elif not term.valid_from <= day < term.valid_to:
            last_day = term.valid_to - timedelta(days=1)
            yield reason("outside_window", component=_title(term), start=term.valid_from, end=last_day)
        else:
            refused = _refused(term, self._deals.lines(proposal))
            if refused:
                attribute, value = refused
                yield reason("filtered", component=_title(term), attribute=Word(word=attribute), value=value or "-")


def _refused(term: Term, lines: Sequence[Line]) -> tuple[str, str | None] | None:
    """An attribute and value that keep all lines out."""
    found = None
    for line in lines:
        refusals = (
            (column, getattr(line, column))
            for key, column in FILTERED.items()
            if not is_allowed(term.component, key, getattr(line, column))
        )
        found = next(refusals, None)
        if found is None:
            return None
    return found


def _title(term: Term) -> dict[str, str]:
    return {language: term.component.heading(language) for language in ("en", "zh-Hans")}
