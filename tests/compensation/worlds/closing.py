"""An open deal of a small company, and the same deal closed: what it changes, as estimated and as calculated."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from compensation import Facts, Plan, Proposal, calculate, estimate_deals, parse_plan
from tests.compensation.worlds.rows import facts_of

MAY, JUNE = date(2026, 5, 3), date(2026, 6, 10)
HEAD = "plan: {}\ncurrency: {}\neffective: {{from: 2026-01-01{}}}\napplies_to: {{everyone: yes}}\n"
Row = dict[str, Any]


class Document(NamedTuple):
    """Revenue in units."""

    id: str
    deal: str
    owner: str
    revenue: int
    on: date = JUNE
    kind: str = "invoice"


OLD = Document("I1", "Old", "Ann", 10_000, MAY)
NEW = Document("I9", "New", "Ann", 1_000)


class Case(NamedTuple):
    """What the open deal "New" changes for whom (in units of currency) once all of ``closes`` has come, by ``through``.

    ``plans``: components and what else a plan says, version after version if there are several.
    """

    plans: tuple[str, ...]
    gains: Mapping[str, int | Decimal]
    booked: tuple[Document, ...] = (OLD,)
    closes: tuple[Document, ...] = (NEW,)
    through: date = JUNE

    def check(self, *as_of: date) -> None:
        """That an estimate made on any of the days is what `calculate` changes when the deal closes that way."""
        plans, others = versions(*self.plans), tuple(each for each in self.closes if each.deal != "New")
        before = totals(facts((*self.booked, *others)), plans, self.through)
        after = totals(facts((*self.booked, *self.closes)), plans, self.through)
        assert difference(before, after) == self.gains
        proposal = Proposal("New", "New", earlier_deal_ids=frozenset(each.deal for each in others))
        for day in as_of:
            assert gains(facts(self.booked, self.closes), plans, proposal, day) == self.gains, day


def versions(*components: str) -> list[Plan]:
    """One plan, or two versions: the second from the day of the deal on."""
    spans = [("2026-01-01", "")] if len(components) == 1 else [("2026-01-01", ", through: 2026-06-09"), (str(JUNE), "")]
    heads = [HEAD.format("P", "USD", through).replace("2026-01-01", start) for start, through in spans]
    return [parse_plan(head + each, "plan.yaml") for head, each in zip(heads, components, strict=True)]


def facts(
    booked: tuple[Document, ...],
    opens: tuple[Document, ...] | list[Document] = (),
    *,
    rates: list[Row] | None = None,
    pay_currency: str = "USD",
) -> Facts:
    """A company of two reps and their manager; what ``opens`` is an open deal."""
    owners = {each.deal: each.owner for each in (*booked, *opens)}
    people = {"Ann": "Mia", "Bob": "Mia", "Mia": None}
    rows: dict[str, list[Row]] = {
        "transactions": [_transaction(number, each) for number, each in enumerate(booked)],
        "participants": [
            {"deal_id": deal, "payee_id": owner, "role": "owner", "share_millionths": 10**6, "is_overlay": False}
            for deal, owner in owners.items()
        ],
        "assignments": [
            {
                "payee_id": name,
                "name": name,
                "title": "Rep",
                "manager_id": manager,
                "pay_currency": pay_currency,
                "hired_on": date(2026, 1, 10),
                "from_on": date(2020, 1, 1),
            }
            for name, manager in people.items()
        ],
        "rates": rates or [],
        "currencies": [{"currency": code, "exponent": digits} for code, digits in (("USD", 2), ("EUR", 2), ("JPY", 0))],
        "deals": [_deal(each) for each in {document.deal: document for document in opens}.values()],
    }
    return facts_of(rows)


def _transaction(number: int, each: Document) -> Row:
    return {
        "transaction_id": each.id,
        "deal_id": each.deal,
        "kind": each.kind,
        "dated_on": each.on,
        "posting_sequence": number,
        "source": "erp",
        "source_ref": each.id,
        "currency": "USD",
        "revenue_minor": each.revenue * 100,
        "quantity_millionths": 10**6,
    }


def _deal(each: Document) -> Row:
    return {
        "deal_id": each.deal,
        "source": "crm",
        "ref": each.deal,
        "name": each.deal,
        "stage": "open",
        "stage_name": "Open",
        "owner_id": each.owner,
        "expected_on": each.on,
        "currency": "USD",
        "amount_minor": each.revenue * 100,
        "amount_basis": "stated",
    }


def gains(known: Facts, plans: list[Plan], proposal: Proposal, as_of: date) -> dict[str, Decimal]:
    estimates = estimate_deals(known, plans, [proposal], as_of=as_of)
    amounts = {each.payee.id: Decimal(each.total.amount) for each in estimates}
    return {payee: amount for payee, amount in amounts.items() if amount}


def totals(known: Facts, plans: list[Plan], through: date) -> dict[str, int]:
    paid = calculate(known, plans, as_of=through).totals()
    return dict(paid.group_by("payee_id").agg(pl.col("earning_minor").sum()).iter_rows())


def difference(before: dict[str, int], after: dict[str, int]) -> dict[str, Decimal]:
    changed = {payee: after.get(payee, 0) - before.get(payee, 0) for payee in {*before, *after}}
    return {payee: Decimal(minor).scaleb(-2) for payee, minor in changed.items() if minor}
