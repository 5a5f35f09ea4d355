"""Lines: which credits go along a curve, in which order, and what they say where they do not."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from compensation import Calculation, calculate, packing
from compensation.curves.terms import PLAIN_TERMS
from compensation.earnings.accumulators import Accumulators, Curves, entered_by
from compensation.earnings.lines import earned_lines
from compensation.earnings.terms import Found, TermsBook
from compensation.plans.rules import rules_of
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


def test_a_credit_that_does_not_pay_moves_nobody_along_the_curve() -> None:
    """The first piece has no rate: the second is still the first that is sold, at 10 %."""
    tiers = "{marginal_tiers: [{from: 0, to: 1, rate: 10%}, {from: 1, rate: 20%}]}"
    text = component("position: quantity, mode: rate_before", payout=tiers)
    documents = [sold("t0", 10_000, currency="EUR"), sold("t1", 10_000), sold("t2", 10_000)]
    found = calculate(facts(transactions=documents), [plan(text)], as_of=LAST)
    assert earnings(found) == [1_000, 2_000]
    assert found.lines.sort("transaction_id")["before_minor"].to_list() == [0, 1_000_000]


def test_who_has_no_team_earns_nothing_of_what_a_team_reaches() -> None:
    found = shared(component("accumulate_by: team"), [sold("t0", 10_000)])
    assert found.credits["outcome"].to_list() == ["no_team", "no_team"]
    assert (earnings(found), found.accumulated["earning_minor"].sum()) == ([], 0)


def test_what_a_pool_counts_moves_nobody_along_the_curve() -> None:
    """100.00 each are the first 200.00, although the pool is credited with as much in between."""
    tiers = "{marginal_tiers: [{from: 0, to: 200, rate: 10%}, {from: 200, rate: 20%}]}"
    pool = component(
        "accumulate_with: x", name="pool", payout="{pool: {size: {rate: 10%}, of: plan, divided: equally}}"
    )
    text = f"{component('accumulate_with: x', payout=tiers)}\n{pool}"
    found = calculate(facts(transactions=[sold("t0", 10_000), sold("t1", 10_000)]), [plan(text)], as_of=LAST)
    assert earnings(found) == [1_000, 1_000]


def test_what_goes_by_cases_has_the_curve_of_its_case_beside_what_does_not() -> None:
    rates = "{by: product, cases: [{when: A, rate: 20%}, {when: B, rate: 5%}]}"
    cells = "{rows: {by: product, values: [A, B]}, columns: {by: region, values: [N, S]}, rates: [[1%, 2%], [3%, 4%]]}"
    text = "\n".join(
        component(name=name, payout=payout)
        for name, payout in (("plain", "{rate: 10%}"), ("cases", rates), ("cells", f"{{matrix: {cells}}}"))
    )
    documents = [
        sold(name, 10_000, product=product, region=region)
        for name, product, region in (("t0", "A", "S"), ("t1", "B", "N"), ("t2", "C", "N"))
    ]
    for chosen, earns in (
        (text, {"plain": [1_000] * 3, "cases": [2_000, 500], "cells": [200, 300]}),
        (component(name="cells", payout=f"{{matrix: {cells}}}"), {"cells": [200, 300]}),
        (component(name="cases", payout=rates), {"cases": [2_000, 500]}),
    ):
        found = calculate(facts(transactions=documents), [plan(chosen)], as_of=LAST)
        assert {name: earnings(found, name) for name in earns} == earns


class PlainTerms(TermsBook):
    """Everybody has the plain terms."""

    def __init__(self) -> None:
        """Needs no facts."""

    def of(self, *_: object) -> Found:
        return PLAIN_TERMS, None


def walked(*credited: tuple[str, int, int], booked: Sequence[str] = ()) -> list[tuple[str, int]]:
    """Payee and earning of credits (payee, order number, position), at 10 % up to 50.00 and 20 % above.

    Those who are ``booked`` begin at 50.00.
    """
    tiers = "{marginal_tiers: [{from: 0, to: 50, rate: 10%}, {from: 50, rate: 20%}]}"
    rules = rules_of([plan(component(payout=tiers))])
    frame = pl.DataFrame(
        credited, schema={"payee_id": pl.String, "order_no": pl.Int64, "position": pl.Int64}, orient="row"
    )
    whole = {name: pl.lit(0, pl.Int64) for name in ("rule", "instalment", "party_no", "base")}
    days = {"period_start": date(2026, 1, 1), "period_end": date(2027, 1, 1)}
    texts = {
        name: pl.lit(value) for name, value in (("scenario", ""), ("transaction_id", "t"), ("period_label", "2026"))
    }
    frame = frame.with_columns(
        **whole, **days, **texts, accumulates_for=pl.col("payee_id"), outcome=pl.lit(None, pl.String)
    )
    accumulators, entered = Accumulators(rules, PlainTerms(), Curves(rules, {"USD": 2}, {})), entered_by(frame)
    accumulators.add(entered.keys, {key: 5_000 for key in entered.keys if key.payee_id in booked})
    found = earned_lines(frame, accumulators.numbers(entered), accumulators, rules, {0: 100})
    assert found["credit_id"].to_list() == list(range(len(credited)))
    return [(payee_id, int(earning)) for payee_id, earning in found.select("payee_id", "earning").rows()]


@pytest.mark.parametrize("few", [0, packing.FEW])
def test_credits_walk_in_their_order_each_payee_alone(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", few)
    assert walked(("ann", 2, 10_000), ("ann", 1, 5_000)) == [("ann", 500), ("ann", 2_000)]
    assert walked(("ann", 1, 5_000), ("ann", 2, 10_000)) == [("ann", 500), ("ann", 2_000)]
    assert walked(("ann", 1, 5_000), ("bea", 1, 10_000)) == [("ann", 500), ("bea", 1_500)]


def test_each_walk_begins_where_it_is_booked() -> None:
    names = [f"p{number:02}" for number in range(20)]
    found = walked(*((name, 1, 1_000) for name in names), booked=names[::3])
    assert found == [(name, 200 if name in names[::3] else 100) for name in names]


@pytest.mark.parametrize("few", [0, packing.FEW])
def test_two_credits_of_a_walk_in_one_place_are_refused(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", few)
    with pytest.raises(ValueError, match="transaction t: two credits of ann have the same place"):
        walked(("ann", 1, 5_000), ("ann", 2, 10_000), ("ann", 1, 10_000))
    with pytest.raises(ValueError, match="the same place"):
        walked(("ann", 1, 5_000), ("ann", 1, 10_000))
