"""Measures: what is counted of a transaction."""

from contextlib import nullcontext
from datetime import date
from typing import Any

import polars as pl
import pytest

from compensation.crediting.measuring import Measures
from compensation.crediting.transactions import creditable, in_scenario
from compensation.errors import FactsError, PayOverflowError
from tests.compensation.crediting.company import MILLION, Row, component, credits_of, facts, plan, rows

MEASURES = """\
measures:
  arr: {field: arr, kind: money}
  months: {field: months, kind: number}
  sales: {sum: [revenue, arr]}
  net: {difference: [revenue, margin]}
  better: {max: [revenue, arr]}
  worse: {min: [revenue, arr]}
  margin_ratio: {ratio: [margin, revenue]}
  half: {product: [revenue, 0.5]}
  term: {product: [arr, months]}
  per_month: {ratio: [revenue, months]}
  capped: {min: [months, 12]}
  nested: {sum: [half, {product: [margin, 2]}]}
  a_half_more: {sum: [quantity, 0.0000005]}
  six_more: {sum: [quantity, {product: [2, 3]}]}
  a_quarter_more: {sum: [quantity, {ratio: [1.000000000001, 4]}]}
"""
DOCUMENT = {"transaction_id": "t", "revenue_minor": 100_001, "margin_minor": 30_000, "quantity_millionths": 7 * MILLION}
FIELDS = {"arr": 120_000, "months": 18 * MILLION}


def told(transaction_id: str = "t", **fields: int) -> list[dict[str, Any]]:
    return [
        {"transaction_id": transaction_id, "measure": name, "value": value}
        for name, value in ({**FIELDS, **fields}).items()
    ]


@pytest.mark.parametrize(
    ("measure", "base"),
    [
        ("revenue", 100_001),
        ("margin", 30_000),
        ("quantity", 7 * MILLION),
        ("count", MILLION),
        ("deals", MILLION),
        ("arr", 120_000),
        ("months", 18 * MILLION),
        ("sales", 220_001),
        ("net", 70_001),
        ("better", 120_000),
        ("worse", 100_001),
        ("margin_ratio", 299_997),
        ("half", 50_001),
        ("term", 2_160_000),
        ("per_month", 5_556),
        ("capped", 12 * MILLION),
        ("nested", 110_001),
        ("a_half_more", 7 * MILLION + 1),
        ("six_more", 13 * MILLION),
        ("a_quarter_more", 7_250_000),
    ],
)
def test_a_measure_is_rounded_to_a_cent_or_a_millionth(measure: str, base: int) -> None:
    pays = "{rate: 1%}" if plan_kind(measure) == "money" else "{per_unit: 1}"
    paid = plan(component(f"measure: {measure}", payout=pays), more=MEASURES)
    found = credits_of(facts(transactions=[DOCUMENT], measures=told()), paid)
    assert rows(found, "base", "position", "outcome") == [(base, base, None)]


def plan_kind(measure: str) -> str:
    numbers = {"quantity", "count", "deals", "months", "margin_ratio", "capped"}
    numbers |= {"a_half_more", "six_more", "a_quarter_more"}
    return "number" if measure in numbers else "money"


@pytest.mark.parametrize("measure", ["arr", "margin_ratio", "better", "term", "per_month", "nested", "count", "deals"])
def test_a_full_return_takes_back_all_of_a_measure(measure: str) -> None:
    back = {name: -value for name, value in FIELDS.items()}
    returned = {**DOCUMENT, "transaction_id": "r", "kind": "return", "reverses_id": "t", "dated_on": date(2026, 3, 1)}
    returned |= {"revenue_minor": -100_001, "margin_minor": -30_000, "quantity_millionths": -7 * MILLION}
    given = facts(transactions=[DOCUMENT, returned], measures=[*told(), *told("r", **back)])
    pays = "{rate: 1%}" if plan_kind(measure) == "money" else "{per_unit: 1}"
    for returns in ("origin", "current"):
        paid = plan(component(f"measure: {measure}, returns: {returns}", payout=pays), more=MEASURES)
        credited, taken_back = credits_of(given, paid)["base"]
        assert credited == -taken_back != 0


@pytest.mark.parametrize(
    ("returned", "counts"),
    [
        ([-40_000], [1, 0]),
        ([-40_000, -60_000], [1, 0, -1]),
        ([-100_000, -1], [1, -1, 0]),
    ],
)
def test_a_count_ends_with_the_return_that_leaves_nothing(returned: list[int], counts: list[int]) -> None:
    back = [
        {
            "transaction_id": f"r{number}",
            "kind": "return",
            "reverses_id": "t",
            "revenue_minor": minor,
            "source_ref": "r",
        }
        for number, minor in enumerate(returned)
    ]
    for returns in ("origin", "current"):
        paid = plan(component(f"measure: count, returns: {returns}", payout="{per_unit: 1}"))
        found = credits_of(facts(transactions=[{"transaction_id": "t"}, *back]), paid)
        assert found["base"].to_list() == [count * MILLION for count in counts]


def test_a_deal_counts_by_its_first_transaction_of_the_kind() -> None:
    documents = [
        {"transaction_id": "b", "kind": "booking", "dated_on": date(2026, 1, 5)},
        {"transaction_id": "i2", "dated_on": date(2026, 3, 1)},
        {"transaction_id": "i1", "dated_on": date(2026, 2, 1)},
        {"transaction_id": "i0", "dated_on": date(2026, 2, 1)},
    ]
    found = credits_of(facts(transactions=documents), plan(component("measure: deals", payout="{per_unit: 1}")))
    assert rows(found, "transaction_id", "base") == [("i0", MILLION), ("i1", 0), ("i2", 0)]


def test_a_deal_counts_in_each_scenario_and_not_if_it_was_begun_before() -> None:
    sale = facts(transactions=[{"transaction_id": "t"}]).transactions
    both = pl.concat([in_scenario(sale), in_scenario(sale, "what if")])
    twice = pl.DataFrame({"deal_id": ["D", "D"], "kind": ["invoice", "invoice"]})
    assert creditable(both, ["deals"])["deals_after"].to_list() == [MILLION, MILLION]
    assert creditable(both, ["deals"], begun=twice)["deals_after"].to_list() == [0, 0]


def test_a_return_without_any_sale_is_credited() -> None:
    back = {"transaction_id": "r", "kind": "return", "reverses_id": "unknown", "revenue_minor": -100_000}
    assert credits_of(facts(transactions=[back]), plan(component()))["base"].to_list() == [-100_000]


@pytest.mark.parametrize("returns", ["origin", "current"])
def test_what_is_returned_counts_by_what_it_reverses(returns: str) -> None:
    """Each of two sales is taken back for itself; what reverses nothing that is known was never counted."""
    sales: list[Row] = [{"transaction_id": name} for name in ("t", "u")]
    back: Row = {"kind": "return", "revenue_minor": -100_000, "posting_sequence": 2}
    taken = [{**back, "transaction_id": f"{name}-r", "reverses_id": name} for name in ("t", "u", "unknown")]
    paid = plan(component(f"measure: count, returns: {returns}", payout="{per_unit: 1}"))
    found = credits_of(facts(transactions=[*sales, *taken]), paid)
    assert found["base"].to_list() == [MILLION, MILLION, -MILLION, -MILLION, 0]


@pytest.mark.parametrize(
    ("measure", "change", "outcome"),
    [
        ("margin", {"margin_minor": None}, "no_margin"),
        ("arr", {"transaction_id": "other"}, "no_measure"),
        ("sales", {"transaction_id": "other"}, "no_measure"),
        ("worse", {"transaction_id": "other"}, "no_measure"),
        ("margin_ratio", {"revenue_minor": 0}, "no_measure"),
    ],
)
def test_what_cannot_be_measured_says_so(measure: str, change: dict[str, Any], outcome: str) -> None:
    pays = "{rate: 1%}" if plan_kind(measure) == "money" else "{per_unit: 1}"
    paid = plan(component(f"measure: {measure}", payout=pays), more=MEASURES)
    found = credits_of(facts(transactions=[{**DOCUMENT, **change}], measures=told()), paid)
    assert found["outcome"].to_list() == [outcome]


@pytest.mark.parametrize("looks", ["measure: margin, position: revenue", "measure: revenue, position: margin"])
def test_what_is_paid_on_and_what_is_looked_at_both_have_to_be_known(looks: str) -> None:
    paid = plan(component(f"{looks}, mode: rate_after"))
    found = credits_of(facts(transactions=[{**DOCUMENT, "margin_minor": None}]), paid)
    assert found["outcome"].to_list() == ["no_margin"]


def test_a_return_from_a_ratio_to_nothing_cannot_be_measured() -> None:
    back = {"kind": "return", "reverses_id": "t", "posting_sequence": 2, "quantity_millionths": 0}
    all_revenue = {**DOCUMENT, **back, "transaction_id": "r1", "revenue_minor": -100_001, "margin_minor": 0}
    the_margin = {**DOCUMENT, **back, "transaction_id": "r2", "revenue_minor": 0, "margin_minor": -30_000}
    paid = plan(component("measure: margin_ratio", payout="{per_unit: 1}"), more=MEASURES)
    found = credits_of(facts(transactions=[DOCUMENT, all_revenue, the_margin]), paid)
    assert rows(found, "transaction_id", "outcome") == [("t", None), ("r1", "no_measure"), ("r2", "no_measure")]


def test_measures_of_the_same_name_in_two_plans_do_not_meet() -> None:
    arr = plan(component("measure: mine"), more="measures: {mine: {field: arr, kind: money}}")
    half = plan(component("measure: mine"), more="measures: {mine: {product: [revenue, 0.5]}}")
    found = credits_of(facts(transactions=[DOCUMENT], measures=told()), arr, half)
    assert found["base"].to_list() == [120_000, 50_001]


def test_a_measure_too_large_to_be_exact_is_refused_with_its_name() -> None:
    paid = plan(component("measure: cube"), more="measures: {cube: {product: [revenue, quantity, quantity]}}")
    huge = {"transaction_id": "t", "revenue_minor": 10**18, "quantity_millionths": 10**18}
    with pytest.raises(FactsError, match="measure 'cube' of plan 'P'"):
        credits_of(facts(transactions=[huge]), paid)


FEW, MANY = 1_000, 10**9
LARGE, UNEVEN = "{product: [revenue, 498]}", "{product: [revenue, 124.5]}"
"""Of a cent: up to 499, and 249 halves, which are up to 125."""


@pytest.mark.parametrize(
    ("limit", "fits", "beyond"),
    [
        (FEW, "product: [revenue, 499]", "product: [revenue, 500]"),
        (FEW, f"sum: [{LARGE}, {LARGE}, revenue, revenue]", f"sum: [{LARGE}, {LARGE}, revenue, revenue, revenue]"),
        (FEW, f"sum: [{', '.join([UNEVEN] * 8)}]", f"sum: [revenue, {', '.join([UNEVEN] * 8)}]"),
        (MANY, "sum: [quantity, {product: [1, 499]}]", "sum: [quantity, {product: [1, 500]}]"),
        (MANY, "ratio: [{product: [revenue, 498]}, 0.999999]", "ratio: [{product: [revenue, 499]}, 0.999999]"),
        (
            MANY,
            "sum: [quantity, {ratio: [0.000000000003, 499]}]",
            "sum: [quantity, {ratio: [0.000000000003, 500]}]",
        ),
    ],
)
def test_a_measure_fits_while_twice_what_is_divided_and_its_divisor_do(
    limit: int, fits: str, beyond: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a cent and a millionth, where no more than ``limit`` can be held. What is rounded may be one more."""
    monkeypatch.setattr("compensation.crediting.measuring.LIMIT", limit)
    sale = {"transaction_id": "t", "revenue_minor": 1, "quantity_millionths": 1}
    documents = in_scenario(facts(transactions=[sale]).transactions)
    for measure, is_refused in ((fits, False), (beyond, True)):
        measures = Measures({"m": (plan(component(), more=f"measures: {{m: {{{measure}}}}}"), "m")})
        with pytest.raises(FactsError) if is_refused else nullcontext():
            measures.evaluated(creditable(documents, measures.bases))


def test_a_credit_too_large_to_be_exact_is_refused_with_payee_and_component() -> None:
    huge = {"transaction_id": "t", "currency": "EUR", "revenue_minor": 9 * 10**18}
    rate = [{"from_currency": "EUR", "to_currency": "USD", "rate": "1.1"}]
    for says in ("", "converted_after_share: yes"):
        with pytest.raises(PayOverflowError, match="payee ann, component 'pay'"):
            credits_of(facts(transactions=[huge], rates=rate), plan(component(says)))
