"""On generated companies and plans over the whole language: an estimate is the change of all totals."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import NamedTuple

import polars as pl
import pytest

from compensation import Facts, Plan, calculate, estimate_amounts, propose
from tests.compensation.worlds import facts_of, world
from tests.compensation.worlds.companies import EVENTS, Rows

TODAY, CLOSING, PLANS = date(2026, 6, 15), date(2026, 7, 20), 10
SEEDS = range(100, 104)


class Worlds(NamedTuple):
    """The same company with an open deal, without it, and after it has closed."""

    open: Facts
    without: Facts
    closed: Facts


def worlds_of(rows: Rows, seed: int) -> Worlds:
    """The deal is like one that has been invoiced: its owners, its product, its customer, as every kind of document."""
    invoices = [each for each in rows["transactions"] if each["kind"] == "invoice" and each["dated_on"] <= TODAY]
    like = Random(seed).choice(invoices)  # noqa: S311  # the same deal for the same seed
    deal = {
        "deal_id": "New",
        "source": "crm",
        "ref": "New",
        "name": "New",
        "customer": like["customer"],
        "stage": "open",
        "stage_name": "Open",
        "expected_on": CLOSING,
        "currency": like["currency"],
        "amount_minor": like["revenue_minor"],
        "amount_basis": "stated",
    }
    line = {**like, "transaction_id": "New", "deal_id": "New", "dated_on": CLOSING, "document_id": None}
    documents = [{**line, "transaction_id": f"New|{kind}", "kind": kind, "posting_sequence": 9} for kind in EVENTS]
    booked = [each for each in rows["transactions"] if each["dated_on"] <= TODAY]
    told = {
        name: [each for each in rows[name] if each["transaction_id"] == like["transaction_id"]]
        for name in ("measures", "attributes")
    }
    taking_part = [{**each, "deal_id": "New"} for each in rows["participants"] if each["deal_id"] == like["deal_id"]]

    def known(transactions: list[dict[str, object]]) -> Facts:
        names = [each["transaction_id"] for each in transactions]
        more = {
            name: [*rows[name], *({**each, "transaction_id": new} for new in names for each in same)]
            for name, same in told.items()
        }
        participants = [*rows["participants"], *taking_part]
        transactions = [*booked, *transactions]
        return facts_of({**rows, **more, "transactions": transactions, "participants": participants, "deals": [deal]})

    return Worlds(known([{**line, "kind": "expected"}]), known([]), known(documents))


def alike(plans: Sequence[Plan]) -> list[list[Plan]]:
    """The plans, together where they pay in one currency and at once; versions of a plan always."""
    groups: dict[tuple[str, str], list[Plan]] = defaultdict(list)
    recurring = {plan.name for plan in plans if any(each.recurs for each in plan.components)}
    for plan in plans:
        groups[plan.currency, plan.name if plan.name in recurring else ""].append(plan)
    return list(groups.values())


def through(plans: Sequence[Plan]) -> date:
    """The closing day, or one on which all instalments have come."""
    recurs = any(each.recurs for plan in plans for each in plan.components)
    return CLOSING.replace(year=2034) if recurs else CLOSING


def totals(facts: Facts, plans: Sequence[Plan]) -> dict[str, int]:
    paid = calculate(facts, plans, as_of=through(plans)).totals()
    return dict(paid.group_by("payee_id").agg(pl.col("earning_minor").sum()).iter_rows())


@pytest.mark.parametrize("seed", SEEDS)
def test_an_estimate_is_the_change_of_all_totals(seed: int) -> None:
    rows, written = world(seed, PLANS)
    facts, gaining = worlds_of(rows, seed), 0
    for plans in alike(written):
        before, after = totals(facts.without, plans), totals(facts.closed, plans)
        changed = {payee: after.get(payee, 0) - before.get(payee, 0) for payee in {*before, *after}}
        estimated = estimate_amounts(facts.open, plans, [propose("New")], as_of=TODAY)
        amounts = {each.payee_id: each.closed_first_minor for each in estimated}
        assert _gains(amounts) == _gains(changed), [plan.name for plan in plans]
        gaining += len(_gains(changed))
    assert gaining


def _gains(amounts: dict[str, int]) -> dict[str, int]:
    return {payee: minor for payee, minor in amounts.items() if minor}
