"""The engine's settlement against the oracle's on one generated world, cent by cent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import polars as pl

from compensation import Plan, calculate, settle
from compensation.payments.settlement import Settlement
from compensation.plans.components import Component
from compensation.plans.releases import Moment
from tests.compensation.oracle import Settled, reckon, settle_up
from tests.compensation.oracle.releasing import Piece
from tests.compensation.worlds import facts_of, settled_world
from tests.compensation.worlds.companies import Rows
from tests.compensation.worlds.comparing import Comparison

Entries = dict[tuple[Any, ...], list[tuple[Any, ...]]]
"""By plan, component or period of payment, and payee."""


def compared_settled(seed: int, *, plans: int = 6) -> Comparison:
    """Both calculators on the world of a seed; cases are the payments, adjustments, and what waits or is released."""
    rows, written, as_of = settled_world(seed, plans)
    facts = facts_of(rows)
    settlement = settle(calculate(facts, written, as_of=as_of), facts, written, as_of=as_of)
    return differences_when_settled(settlement, rows, written, f"seed {seed}", as_of)


def differences_when_settled(
    settlement: Settlement, rows: Rows, plans: Sequence[Plan], name: str, as_of: date
) -> Comparison:
    """The engine's settlement of a world against the oracle's, which it reaches from the rows."""
    settled = settle_up(reckon(rows, plans, as_of), rows, plans, as_of)
    differences: list[str] = []
    cases = 0
    paid = settled_entries(settlement, plans)
    for what, theirs in (
        ("releases", _settled_releases(settled, _telling_moments(plans))),
        ("waiting", _settled_waiting(settled)),
        ("adjustments", _settled_adjustments(settled)),
        ("payments", _settled_payments(settled)),
    ):
        ours = paid[what]
        cases += len(theirs)
        differences += [
            _told(name, what, key, ours.get(key, []), theirs.get(key, []), plans)
            for key in sorted({*ours, *theirs})
            if sorted(ours.get(key, []), key=str) != sorted(theirs.get(key, []), key=str)
        ]
    return Comparison(cases, differences)


def settled_entries(settlement: Settlement, plans: Sequence[Plan]) -> dict[str, Entries]:
    """What is compared of a settlement, by what it is."""
    return {
        "releases": _releases(settlement, _telling_moments(plans)),
        "waiting": _waiting(settlement),
        "adjustments": _adjustments(settlement),
        "payments": _payments(settlement),
    }


def _told(name: str, what: str, key: tuple[Any, ...], ours: list[Any], theirs: list[Any], plans: Sequence[Plan]) -> str:
    only_ours = [each for each in ours if each not in theirs]
    only_theirs = [each for each in theirs if each not in ours]
    terms = [
        plan.payments.model_dump_json(exclude_defaults=True)
        if what == "payments"
        else plan.component(key[1]).model_dump_json(exclude_defaults=True, by_alias=True)
        for plan in plans
        if plan.name == key[0]
    ]
    return f"{name}, {what} of {key}\n  engine {only_ours}\n  oracle {only_theirs}\n  {' | '.join(terms)}"


def _added(rows: Iterable[tuple[tuple[Any, ...], tuple[Any, ...], tuple[int, ...]]]) -> Entries:
    """Amounts of equal entries added up; what adds up to nothing is left out."""
    totals: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for key, entry, amounts in rows:
        known = totals.get((key, entry), (0,) * len(amounts))
        totals[key, entry] = tuple(map(sum, zip(known, amounts, strict=True)))
    entries: Entries = defaultdict(list)
    for (key, entry), amounts in totals.items():
        if any(amounts):
            entries[key].append((*entry, *amounts))
    return dict(entries)


_KEY = ("plan", "component", "payee_id")
_PIECE = ("transaction_id", "party", "via_payee_id", "role", "instalment", "period_label")


def _rows(frame: pl.DataFrame, key: Sequence[str], entry: Sequence[str], amounts: Sequence[str]) -> Entries:
    one, other = len(key), len(key) + len(entry)
    rows = frame.select(*key, *entry, *amounts).iter_rows()
    return _added((row[:one], tuple(each or "" for each in row[one:other]), row[other:]) for row in rows)


def _telling_moments(plans: Sequence[Plan]) -> set[tuple[str, str]]:
    return {(plan.name, each.name) for plan in plans for each in plan.components if _tells_moments(each)}


def _tells_moments(component: Component) -> bool:
    """Where two parts are released in proportion, it is not said which of them changes with what they are part of."""
    return sum(part.when in (Moment.INVOICED, Moment.RECEIVED) for part in component.release) < 2


def _releases(settlement: Settlement, told: set[tuple[str, str]]) -> Entries:
    named = pl.concat_str("plan", "component", separator="|").is_in([f"{plan}|{name}" for plan, name in sorted(told)])
    frame = settlement.releases.with_columns(pl.when(named).then("moment"))
    entry = (*_PIECE, "released_on", "moment", "pay_currency")
    return _rows(frame, _KEY, entry, ("release_minor", "pay_minor"))


def _waiting(settlement: Settlement) -> Entries:
    entry = (*_PIECE, "expected_on", "waits_for", "held_by", "held_because")
    return _rows(settlement.waiting, _KEY, entry, ("waiting_minor",))


def _adjustments(settlement: Settlement) -> Entries:
    entry = ("transaction_id", "party", "origin_period", "pay_currency")
    amounts = ("posted_minor", "recalculated_minor", "difference_minor", "release_minor", "pay_minor")
    return _rows(settlement.adjustments, _KEY, entry, amounts)


_AMOUNTS = (
    *("released", "adjustments", "carried_in", "draw", "recovered", "guarantee"),
    *("carried_out", "lapsed", "owed", "paid"),
)


def _payments(settlement: Settlement) -> Entries:
    entry = ("plan_version", "period_start", "currency")
    amounts = [f"{name}_minor" for name in _AMOUNTS]
    return _rows(settlement.payments, ("plan", "period_label", "payee_id"), entry, amounts)


def _place(piece: Piece) -> tuple[str, str, str]:
    return piece.plan.name, piece.rule.component.name, piece.payee


def _piece(piece: Piece) -> tuple[Any, ...]:
    name = (piece.transaction_id, piece.party, piece.via or "", piece.role, piece.instalment or "")
    return (*name, piece.period_label)


def _settled_releases(settled: Settled, told: set[tuple[str, str]]) -> Entries:
    return _added(
        (
            _place(each.piece),
            (*_piece(each.piece), each.day, each.moment if _place(each.piece)[:2] in told else "", converted.currency),
            (each.minor, converted.minor),
        )
        for converted in settled.releases
        for each in [converted.released]
    )


def _settled_waiting(settled: Settled) -> Entries:
    return _added(
        (
            _place(each.piece),
            (*_piece(each.piece), each.day or "", each.moment, each.author, each.reason),
            (each.minor,),
        )
        for each in settled.waiting
    )


def _settled_adjustments(settled: Settled) -> Entries:
    return _added(
        (
            (plan, component, payee),
            (transaction, party, period, each.currency),
            (each.posted, each.recalculated, each.recalculated - each.posted, each.released, each.minor),
        )
        for each in settled.adjustments
        for payee, plan, component, transaction, party, period in [each.line]
    )


def _settled_payments(settled: Settled) -> Entries:
    return _added(
        (
            (each.plan.name, each.period.label, each.payee),
            (each.plan.version, each.period.start, each.currency),
            each.amounts,
        )
        for each in settled.payments
    )
