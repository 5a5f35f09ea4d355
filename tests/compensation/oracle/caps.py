"""Caps over several components, or over several payees together."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from compensation.plans.figures import Of
from compensation.plans.limits import Cap, CapAttribution, Per
from compensation.plans.periods import period_of
from compensation.plans.plan import Plan
from tests.compensation.oracle.book import Book
from tests.compensation.oracle.crediting import Credit, whole_of
from tests.compensation.oracle.numbers import divided, half_away
from tests.compensation.oracle.records import Opening, pays_lines

Entry = Opening | Credit


def apply_cap(book: Book, plan: Plan, cap: Cap) -> None:
    """What is earned beyond the cap is taken away, openings first in line, then lines in their order."""
    entries: list[Entry] = [
        each
        for each in sorted(book.openings, key=lambda each: (each.payee, each.rule.number, each.period.start))
        if each.rule.plan is plan and each.rule.component.name in cap.components and cap.per is Per.PERIOD
    ]
    lines: list[Credit] = [
        credit
        for rule in book.rules
        if rule.plan is plan and rule.component.name in cap.components and pays_lines(rule)
        for credit in book.credits[rule.number]
        if credit.outcome is None
    ]
    lines.sort(key=lambda credit: credit.order)
    entries += lines
    groups: dict[tuple[object, object], list[Entry]] = defaultdict(list)
    for each in entries:
        groups[_capped_by(book, plan, cap, each)].append(each)
    for (what, _), own in groups.items():
        _cut(own, _limit(book, plan, cap, what), cap.attribution)


def _limit(book: Book, plan: Plan, cap: Cap, what: object) -> int:
    """The amount, or the share of what the documents measure that the components credit, each of them once.

    Where components convert or place a document differently, it counts as the last of those says that can.
    """
    if cap.amount is not None:
        return half_away(cap.amount.value * book.company.minor(plan.currency))
    documents = {
        (credit.transaction_id, credit.document.instalment): (_capped_by(book, plan, cap, credit)[0], measure)
        for rule in book.rules
        if rule.plan is plan and rule.component.name in cap.components
        for credit in book.credits[rule.number]
        if (measure := whole_of(book.company, credit, cap.measure or "revenue", cap.exchange_rate)) is not None
    }
    whole = sum(measure for place, measure in documents.values() if place == what)
    return max(0, half_away((cap.share.value if cap.share else Fraction(0)) * whole))


def show_what_caps_took(book: Book) -> None:
    """The pay of a period stays as it was; what a cap takes of it is a row of its own."""
    for opening in list(book.openings):
        taken, opening.earning = opening.earning - opening.calculated, opening.calculated
        if taken:
            book.openings.append(replace(opening, kind="cap", earning=taken))


def _capped_by(book: Book, plan: Plan, cap: Cap, entry: Entry) -> tuple[object, object]:
    day = entry.earned_on if isinstance(entry, Opening) else entry.day
    row = book.company.on(entry.payee, day)
    whose: object = {Of.PAYEE: entry.payee, Of.TEAM: (row.get("team") if row else None) or ""}.get(cap.of, "")
    if cap.period is not None:
        return period_of(day, cap.period, plan.calendar), whose
    assert isinstance(entry, Credit)
    if cap.per is Per.DEAL:
        return entry.document.seen["deal_id"], whose
    return entry.document.origin or entry.transaction_id, whose


def _cut(entries: list[Entry], limit: int, attribution: CapAttribution) -> None:
    whole = sum(each.earning for each in entries)
    if attribution is CapAttribution.PRO_RATA:
        if whole > limit:
            parts = divided(limit, [each.earning for each in entries])
            for each, part in zip(entries, parts, strict=True):
                each.earning = part
        return
    running = 0
    for each in entries:
        before, running = running, running + each.earning
        each.earning = min(running, limit) - min(before, limit)
