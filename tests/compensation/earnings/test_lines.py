"""Lines: which credits go along a curve, in which order, and what they say where they do not."""

from collections.abc import Sequence
from datetime import date

import pytest

from compensation import Calculation, calculate
from tests.compensation.crediting.company import Row, component, facts, plan
from tests.compensation.earnings.test_limits import LAST, earnings, returned, sold

YEAR = {"from_on": date(2026, 1, 1), "to_on": date(2027, 1, 1)}
BY_QUOTA = "{marginal_tiers: [{from: 0%, rate: 10%}]}"
HALVES = [{"payee_id": name, "share_millionths": 500_000} for name in ("ann", "bea")]


def shared(text: str, documents: Sequence[Row], **rows: Sequence[Row]) -> Calculation:
    """Ann and bea share everything."""
    people = [{"payee_id": "ann", "title": "Rep"}, {"payee_id": "bea", "title": "Rep"}]
    return calculate(facts(people, transactions=documents, participants=HALVES, **rows), [plan(text)], as_of=LAST)


@pytest.mark.parametrize(
    ("quotas", "foreign", "outcomes", "earns"),
    [
        ([], (), ["no_quota", "no_quota"], []),
        (["ann"], (), [None, "no_quota"], [500]),
        (["ann", "bea"], (), [None, None], [500, 500]),
        (["ann", "bea"], ("t1",), [None, "no_rate", None, "no_rate"], [500, 500]),
        (["bea"], ("t1",), ["no_quota", "no_rate", None, "no_rate"], [500]),
        (["ann", "bea"], ("t0", "t1"), ["no_rate"] * 4, []),
    ],
)
def test_what_is_missing_is_told_and_the_rest_is_paid(
    quotas: list[str], foreign: tuple[str, ...], outcomes: list[str | None], earns: list[int]
) -> None:
    """Ten per cent of half of 100.00, once each; what is sold in euros has no rate, whoever has a quota."""
    rows = [{"payee_id": name, "quota_minor": 10_000, **YEAR} for name in quotas]
    documents = [sold(name, 10_000, currency="EUR" if name in foreign else "USD") for name in ("t0", *foreign[-1:])]
    found = shared(component(payout=BY_QUOTA), documents, quotas=rows)
    assert found.credits.sort("payee_id", "transaction_id")["outcome"].to_list() == outcomes
    assert earnings(found) == earns


def test_components_of_several_modes_pay_side_by_side() -> None:
    """Sold 100.00 and 50.00 of it come back; another component takes back at the rate that it had."""
    tiers = "{marginal_tiers: [{from: 0, to: 50, rate: 10%}, {from: 50, rate: 20%}]}"
    text = f"{component(name='curve', payout=tiers)}\n{component('mode: rate_after', name='rate', payout=tiers)}"
    documents = [sold("t0", 10_000), returned("t1", -5_000, "t0")]
    known = facts(transactions=documents)
    found = calculate(known, [plan(text)], as_of=LAST)
    assert earnings(found, "curve") == [1_500, -1_000]
    assert earnings(found, "rate") == [2_000, -1_000]
