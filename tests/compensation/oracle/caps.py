"""Caps over several components, or over several payees together."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from compensation.plans.figures import Of
from compensation.plans.limits import Cap, CapAttribution, Per
from compensation.plans.periods import period_of
from compensation.plans.plan import Plan
from tests.compensation.oracle.book import Book
from tests.compensation.oracle.crediting import Credit, Rule, whole_of
from tests.compensation.oracle.numbers import divided, half_away
from tests.compensation.oracle.records import Opening, pays_lines

Entry = Opening | Credit


def apply_caps(book: Book) -> None:
    """All caps of all plans, those of one plan in their order, those together that go on with one another."""
    done: list[Cap] = []
    for plan in {id(rule.plan): rule.plan for rule in book.rules}.values():
        for cap in plan.caps:
            if not any(cap is each for each in done):
                versions = _versions(book, plan, cap)
                done += [each for _, each in versions]
                _apply(book, versions)


def _versions(book: Book, plan: Plan, cap: Cap) -> list[tuple[Plan, Cap]]:
    """The cap with those of later versions that go on with it: of its name and kind, while a component continues."""
    found = [(plan, cap)]
    plans = {id(rule.plan): rule.plan for rule in book.rules}.values()
    for later in sorted(plans, key=lambda each: each.effective.from_on):
        if later.name == plan.name and later.effective.from_on > plan.effective.from_on:
            alike = [
                each
                for each in later.caps
                if (each.cap, each.per, each.period, each.of) == (cap.cap, cap.per, cap.period, cap.of)
                and each.attribution == cap.attribution
            ]
            if not all(any(later.component(name).continues for name in each.components) for each in alike):
                break
            found += [(later, each) for each in alike]
    return found


def _apply(book: Book, versions: list[tuple[Plan, Cap]]) -> None:
    """What is earned beyond the cap is taken away, openings first in line, then lines in their order."""
    per = versions[0][1].per
    entries: list[Entry] = [
        each
        for each in sorted(book.openings, key=lambda each: (each.payee, each.rule.number, each.period.start))
        if _of(versions, each.rule) is not None and per is Per.PERIOD
    ]
    lines: list[Credit] = [
        credit
        for rule in book.rules
        if _of(versions, rule) is not None and pays_lines(rule)
        for credit in book.credits[rule.number]
        if credit.outcome is None
    ]
    lines.sort(key=lambda credit: credit.order)
    entries += lines
    groups: dict[tuple[object, object], list[Entry]] = defaultdict(list)
    for each in entries:
        groups[_capped_by(book, versions, each)].append(each)
    for (what, _), own in groups.items():
        _cut(own, [_limit(book, versions, each.rule, what) for each in own], versions[0][1].attribution)


def _of(versions: list[tuple[Plan, Cap]], rule: Rule) -> Cap | None:
    """The version of the cap that holds a rule."""
    own = (cap for plan, cap in versions if rule.plan is plan and rule.component.name in cap.components)
    return next(own, None)


def _limit(book: Book, versions: list[tuple[Plan, Cap]], rule: Rule, what: object) -> int:
    """The amount, or the share of what the documents measure that the components credit, each of them once.

    Where components convert a document by different rates and the cap names none, by that of the last one that knows a
    rate.
    """
    cap = _of(versions, rule)
    assert cap is not None
    if cap.amount is not None:
        return half_away(cap.amount.value * book.company.minor(rule.plan.currency))
    documents = {
        (credit.transaction_id, credit.document.instalment): amount
        for rule in book.rules
        if (own := _of(versions, rule)) is not None
        for credit in book.credits[rule.number]
        if _capped_by(book, versions, credit)[0] == what
        if (amount := whole_of(book.company, credit, own.measure or "revenue", own.exchange_rate)) is not None
    }
    return max(0, half_away((cap.share.value if cap.share else Fraction(0)) * sum(documents.values())))


def show_what_caps_took(book: Book) -> None:
    """The pay of a period stays as it was; what a cap takes of it is a row of its own."""
    for opening in list(book.openings):
        taken, opening.earning = opening.earning - opening.calculated, opening.calculated
        if taken:
            book.openings.append(replace(opening, kind="cap", earning=taken))


def _capped_by(book: Book, versions: list[tuple[Plan, Cap]], entry: Entry) -> tuple[object, object]:
    cap, plan = versions[0][1], entry.rule.plan
    day = entry.earned_on if isinstance(entry, Opening) else entry.day
    row = book.company.on(entry.payee, day)
    whose: object = {Of.PAYEE: entry.payee, Of.TEAM: (row.get("team") if row else None) or ""}.get(cap.of, "")
    if cap.period is not None:
        return period_of(day, cap.period, plan.calendar), whose
    assert isinstance(entry, Credit)
    if cap.per is Per.DEAL:
        return entry.document.seen["deal_id"], whose
    return (entry.document.origin or entry.transaction_id, entry.document.instalment), whose


def _cut(entries: list[Entry], limits: list[int], attribution: CapAttribution) -> None:
    """``limits``: of each entry that of its own version."""
    earned = [each.earning for each in entries]
    whole, running = sum(earned), 0
    for number, (each, limit) in enumerate(zip(entries, limits, strict=True)):
        before, running = running, running + each.earning
        if attribution is CapAttribution.CROSSING:
            each.earning = min(running, limit) - min(before, limit)
        elif whole > limit:
            each.earning = divided(limit, earned)[number]
