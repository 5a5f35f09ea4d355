"""What must always hold, whatever the plan and the credits."""

from dataclasses import fields, replace
from datetime import date
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compensation import Facts, PayOverflowError, calculate, estimate_deals, explain, parse_plan, propose
from tests.compensation.worlds.small import (
    LAST,
    MILLION,
    Component,
    Person,
    Share,
    Transaction,
    World,
    components,
    facts_of,
    plan_of,
    returned,
    worlds,
)

PROPERTY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


def totals(world: World, written: list[Component]) -> dict[tuple[str, str, date], int]:
    frame = calculate(facts_of(world), [plan_of(written)], as_of=LAST).totals()
    return {tuple(key): earning for *key, earning in frame.select(*_KEY, "earning_minor").iter_rows()}


_KEY = ("payee_id", "component", "period_start")


@PROPERTY
@given(worlds(), st.data())
def test_full_returns_leave_exactly_nothing(world: World, data: st.DataObject) -> None:
    """In every mode: each line and its return cancel, however large the deals between them."""
    written = [replace(data.draw(components(f"c{number}")), returns="origin") for number in range(3)]
    originals = [each for each in world.transactions if each.kind != "return"]
    returns = [returned(f"r-{each.id}", each, LAST) for each in originals]
    data.draw(st.randoms(use_true_random=False)).shuffle(returns)
    emptied = replace(world, transactions=[*originals, *returns])
    assert totals(emptied, written) == totals(replace(world, transactions=[]), written)


@PROPERTY
@given(worlds(), st.data())
def test_order_does_not_change_what_a_curve_pays(world: World, data: st.DataObject) -> None:
    written = [data.draw(components(f"c{number}", mode="curve")) for number in range(3)]
    places = list(range(len(world.transactions)))
    data.draw(st.randoms(use_true_random=False)).shuffle(places)
    originals = [replace(each, kind="invoice", reverses=None) for each in world.transactions]
    reordered = [replace(each, sequence=place) for each, place in zip(originals, places, strict=True)]
    before, after = (replace(world, transactions=each) for each in (originals, reordered))
    assert totals(before, written) == totals(after, written)


@PROPERTY
@given(worlds(), st.data())
def test_splitting_orders_does_not_change_what_a_curve_pays(world: World, data: st.DataObject) -> None:
    written = [replace(data.draw(components(f"c{number}", mode="curve")), share=Fraction(1)) for number in range(3)]
    whole = [
        replace(each, kind="invoice", reverses=None, currency="USD", id=f"w{number}")
        for number, each in enumerate(world.transactions)
    ]
    owners = {deal: [Share("crm:a", MILLION)] for deal in world.shares}
    parts = [part for each in whole for part in _halves(each, data.draw(st.integers(0, 1000)))]
    one, many = (replace(world, transactions=each, shares=owners) for each in (whole, parts))
    assert totals(one, written) == totals(many, written)


def _halves(each: Transaction, thousandths: int) -> tuple[Transaction, Transaction]:
    first = {name: getattr(each, name) * thousandths // 1000 for name in ("revenue", "margin", "quantity")}
    rest = {name: getattr(each, name) - value for name, value in first.items()}
    return replace(each, id=f"{each.id}-1", **first), replace(each, id=f"{each.id}-2", **rest)


@PROPERTY
@given(worlds())
def test_the_credits_of_splits_add_up_to_the_deal(world: World) -> None:
    component = Component("all", ("rate", Fraction(1, 10)), credit_to=("owners",))
    reps = replace(world, transactions=[each for each in world.transactions if each.kind == "invoice"])
    credited = calculate(facts_of(reps), [plan_of([component])], as_of=LAST).credits
    sums = credited.group_by("transaction_id").agg(pl.col("credit_minor").sum())
    for transaction_id, credit in sums.iter_rows():
        transaction = next(each for each in reps.transactions if each.id == transaction_id)
        if transaction.currency == "USD":
            assert credit == transaction.revenue


@PROPERTY
@given(worlds(), st.data())
def test_an_estimate_is_the_change_of_all_totals(world: World, data: st.DataObject) -> None:
    written = [replace(data.draw(components(f"c{number}", mode="curve")), credited_on="invoice") for number in range(3)]
    plan, open_deal = plan_of(written), Transaction("open", "crm:O", "expected", *_OPEN)
    as_of = date(2026, 6, 15)
    booked = [each for each in world.transactions if each.day <= as_of]
    shares = {**world.shares, "crm:O": world.shares["crm:D0"]}
    facts = facts_of(replace(world, transactions=[*booked, open_deal], shares=shares))
    priced = facts.deals.with_columns(pl.lit(open_deal.revenue, pl.Int64).alias("amount_minor"))
    facts = _with(facts, deals=priced)
    estimated = {each.payee.id: each for each in estimate_deals(facts, [plan], [propose("crm:O")], as_of=as_of)}
    without = calculate(facts, [plan], as_of=LAST).totals()
    closed = replace(world, transactions=[*booked, replace(open_deal, kind="invoice", sequence=9)], shares=shares)
    with_it = calculate(facts_of(closed), [plan], as_of=LAST).totals()
    gained = _by_payee(with_it)
    for payee_id, total in _by_payee(without).items():
        gained[payee_id] = gained.get(payee_id, 0) - total
    for payee_id, change in gained.items():
        amount = estimated[payee_id].total.amount if payee_id in estimated else "0.00"
        assert int(amount.replace(".", "")) == change, payee_id


_OPEN = (date(2026, 6, 20), 9, "EUR", 3_456_789, 1_234_567, 7 * MILLION, "Software")


def _by_payee(frame: pl.DataFrame) -> dict[str, int]:
    return dict(frame.group_by("payee_id").agg(pl.col("earning_minor").sum()).iter_rows())


def _with(facts: Facts, **frames: pl.DataFrame) -> Facts:
    return Facts(**{field.name: frames.get(field.name, getattr(facts, field.name)) for field in fields(facts)})


@PROPERTY
@given(worlds(), st.data())
def test_many_scenarios_in_one_run_change_nothing(world: World, data: st.DataObject) -> None:
    written = [replace(data.draw(components(f"c{number}")), credited_on="invoice") for number in range(2)]
    expected = [replace(each, kind="expected") for each in world.transactions if each.kind != "return"]
    facts = facts_of(replace(world, transactions=expected))
    facts = _with(facts, deals=facts.deals.with_columns(pl.lit(1).cast(pl.Int64).alias("amount_minor")))
    proposals = [propose(deal) for deal in world.shares]
    together = estimate_deals(facts, [plan_of(written)], proposals, as_of=date(2026, 3, 1))
    apart = [
        each
        for proposal in proposals
        for each in estimate_deals(facts, [plan_of(written)], [proposal], as_of=date(2026, 3, 1))
    ]
    assert [each.to_json() for each in together] == [each.to_json() for each in apart]


@PROPERTY
@given(worlds(), st.data(), st.integers(0, 99))
def test_the_same_facts_in_any_order_give_the_same_bytes(world: World, data: st.DataObject, seed: int) -> None:
    written = [data.draw(components(f"c{number}")) for number in range(2)]
    facts = facts_of(world)
    shuffled = Facts(
        **{each.name: getattr(facts, each.name).sample(fraction=1, shuffle=True, seed=seed) for each in fields(facts)}
    )
    first, second = (calculate(each, [plan_of(written)], as_of=LAST) for each in (facts, shuffled))
    for name in ("credits", "openings", "lines", "outcomes"):
        assert getattr(first, name).write_json() == getattr(second, name).write_json()


@PROPERTY
@given(worlds(), st.data())
def test_an_explanation_adds_up_to_the_line(world: World, data: st.DataObject) -> None:
    plan = plan_of([data.draw(components("c0"))])
    facts = facts_of(world)
    for line in calculate(facts, [plan], as_of=LAST).lines.iter_rows(named=True):
        earned = sum(_cents(reason.params) for reason in explain(facts, [plan], line, as_of=LAST))
        assert earned == line["calculated_minor"]


def _cents(params: object) -> int:
    earning = params.get("earning") if isinstance(params, dict) else None
    return int(earning["amount"].replace(".", "")) if isinstance(earning, dict) else 0


@pytest.mark.parametrize("mode", ["curve", "sliced", "rate_before", "rate_after"])
@pytest.mark.parametrize("magnitude", [10**16, 4 * 10**18, 2**63 - 1])
def test_amounts_near_the_limits_name_payee_and_component(mode: str, magnitude: int) -> None:
    """Either exactly right or an error, never a wrapped number."""
    component = Component("huge", ("rate", Fraction(4, 1)), mode=mode)
    day = date(2026, 2, 1)
    count = 5
    invoices = [
        Transaction(f"t{number}", "crm:D0", "invoice", day, number, "USD", magnitude, 0, 0, "Software")
        for number in range(count)
    ]
    world = World([Person("crm:a", "Rep", None)], {"crm:D0": [Share("crm:a", MILLION)]}, invoices, {}, {}, {"USD": 2})
    if 4 * magnitude < 2**63 and count * magnitude < 2**63:
        assert sum(totals(world, [component]).values()) == 4 * count * magnitude
        return
    with pytest.raises(PayOverflowError) as caught:
        totals(world, [component])
    assert (caught.value.payee_id, caught.value.component) == ("crm:a", "huge")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_total_at_the_very_limit_is_refused_and_not_left_empty(sign: int) -> None:
    """A position of 2**63 - 1 lies on no segment, whose ceilings are excluded."""
    part, day = (2**63 - 1) // 7, date(2026, 2, 1)
    invoices = [
        Transaction(f"t{number}", "crm:D0", "invoice", day, number, "USD", sign * part, 0, 0, "Software")
        for number in range(7)
    ]
    world = World([Person("crm:a", "Rep", None)], {"crm:D0": [Share("crm:a", MILLION)]}, invoices, {}, {}, {"USD": 2})
    with pytest.raises(PayOverflowError, match="component 'huge': the total of 2026-Q1"):
        totals(world, [Component("huge", ("rate", Fraction(1, 100)))])


def test_a_quota_that_makes_steep_ratios_overflows_with_a_name() -> None:
    text = """\
plan: Target pay
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - component: target
    credited_on: invoice
    period: quarter
    target_pay: 999999999999999999
    payout: {marginal_tiers: [{from: 0%, multiplier: 1.333333333333}]}
"""
    day = date(2026, 2, 1)
    sale = Transaction("t", "crm:D0", "invoice", day, 1, "USD", 4 * 10**18, 0, 0, "Software")
    quotas = {("crm:a", date(2026, 1, 1)): 9_223_372_036_854_775_783}
    world = World([Person("crm:a", "Rep", None)], {"crm:D0": [Share("crm:a", MILLION)]}, [sale], quotas, {}, {"USD": 2})
    with pytest.raises(PayOverflowError, match=r"payee crm:a, component 'target': the total of 2026-Q1 is too large"):
        calculate(facts_of(world), [parse_plan(text, "target.yaml")], as_of=LAST)
