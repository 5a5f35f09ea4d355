"""Currencies: which rate, and before or after the share."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from compensation.crediting.conversion import month_average
from compensation.facts.exchange_rates import ExchangeRates
from tests.compensation.crediting.company import Row, component, credits_of, facts, frame, plan, rows

EUR: Row = {"from_currency": "EUR", "to_currency": "USD"}
YEN: Row = {"from_currency": "USD", "to_currency": "JPY"}
RATES = [
    {**EUR, "valid_from": date(2026, 2, 11), "rate": "1.2"},
    {**EUR, "valid_from": date(2026, 2, 22), "rate": "1.3"},
    {**YEN, "rate": "150"},
    {**YEN, "valid_from": date(2026, 2, 15), "rate": "160"},
]
SALE: Row = {"transaction_id": "t", "currency": "EUR", "revenue_minor": 100_000, "dated_on": date(2026, 2, 15)}


@pytest.mark.parametrize(
    ("by", "sale", "base"),
    [
        ("credited_on", {}, 120_000),
        ("credited_on", {"dated_on": date(2026, 2, 10)}, None),
        ("month_average", {}, 123_889),
        ("month_average", {"dated_on": date(2026, 2, 1)}, 123_889),
        ("month_average", {"dated_on": date(2026, 3, 1)}, 130_000),
        ("month_average", {"dated_on": date(2026, 1, 31)}, None),
        ("month_average", {"currency": "JPY"}, 64_583),
        ("plan_rate", {}, 110_000),
        ("plan_rate", {"currency": "JPY"}, 70_000_00),
        ("plan_rate", {"currency": "USD"}, 100_000),
        ("plan_rate", {"currency": "CHF"}, None),
    ],
)
def test_a_component_says_which_rate_counts(by: str, sale: Row, base: int | None) -> None:
    """The mean of February: 11 days at 1.2, 7 at 1.3; for yen half at 1/150, half at 1/160."""
    paid = plan(component(f"exchange_rate: {by}"), more="plan_rates: {EUR: 1.1, JPY: 0.7}")
    found = credits_of(facts(transactions=[{**SALE, **sale}], rates=RATES), paid)
    assert found["base"].to_list() == [base]
    assert found["outcome"].to_list() == [None if base is not None else "no_rate"]


@pytest.mark.parametrize(("says", "base"), [("", [51, 50]), ("converted_after_share: yes", [51, 51])])
def test_the_share_is_taken_before_or_after_the_conversion(says: str, base: list[int]) -> None:
    """99 cents at 1.02 are 101; half of 99 cents are 50 and 49, which are 51 and 50."""
    halves = [{"payee_id": who, "share_millionths": 500_000} for who in ("ann", "bob")]
    given = facts(
        [{"payee_id": "ann"}, {"payee_id": "bob"}],
        participants=halves,
        transactions=[{**SALE, "revenue_minor": 99 if not says else 100}],
        rates=[{**EUR, "rate": "1.02"}],
    )
    assert credits_of(given, plan(component(says)))["base"].to_list() == base


@pytest.mark.parametrize("second", ["0.0000000001", "0.00000000001"])
def test_a_rate_of_many_digits_pays_nothing_rather_than_a_cent(second: str) -> None:
    """0.000000002 by 0.0000000001 is one by 5 * 10**18: twice that is beyond 64 bits; a tenth of it is so by itself."""
    rates = [{**EUR, "from_currency": "CHF", "to_currency": "EUR", "rate": "0.000000002"}, {**EUR, "rate": second}]
    sales = [{**SALE, "currency": "CHF"}, {**SALE, "transaction_id": "u", "currency": "USD"}]
    currencies = frame("currencies", [{"currency": name, "exponent": 2} for name in ("USD", "EUR", "CHF")])
    given = replace(facts(transactions=sales, rates=rates), currencies=currencies)
    assert credits_of(given, plan(component()))["base"].to_list() == [0, 100_000]


@pytest.mark.parametrize(("rate", "base"), [("1", 100_000), ("2", 200_000), ("0.5", 50_000), ("1.5", 150_000)])
def test_one_rate_for_all(rate: str, base: int) -> None:
    found = credits_of(facts(transactions=[SALE], rates=[{**EUR, "rate": rate}]), plan(component()))
    assert found["base"].to_list() == [base]


def test_components_that_convert_by_different_rates_find_each_their_own() -> None:
    """100,000 minor units at 1.2, 1.1 and 0.7 (of a hundred each), or not at all."""
    paid = plan(
        f"{component()}\n{component('exchange_rate: plan_rate', name='planned')}",
        more="plan_rates: {EUR: 1.1, JPY: 0.7}",
    )
    sales = [{**SALE, "transaction_id": name, "currency": name} for name in ("EUR", "JPY", "USD")]
    found = credits_of(facts(transactions=sales, rates=RATES), paid)
    assert found.filter(rule=0)["base"].to_list() == [120_000, 62_500, 100_000]
    assert found.filter(rule=1)["base"].to_list() == [110_000, 70_000_00, 100_000]


def test_a_mean_of_many_digits_is_rounded_to_fifteen() -> None:
    rates = ExchangeRates(facts(rates=[{**EUR, "rate": "0.1234567890123457"}]))
    assert month_average(rates, "EUR", "USD", date(2026, 3, 1)) == Fraction(123_456_789_012_346, 10**15)


def test_a_number_has_no_currency() -> None:
    found = credits_of(
        facts(transactions=[{**SALE, "currency": "CHF"}]), plan(component("measure: count", payout="{per_unit: 1}"))
    )
    assert rows(found, "base", "outcome") == [(1_000_000, None)]


def test_a_return_is_converted_like_what_it_reverses() -> None:
    back = {**SALE, "transaction_id": "r", "kind": "return", "reverses_id": "t", "revenue_minor": -100_000}
    back["dated_on"] = date(2026, 6, 1)
    for by in ("credited_on", "month_average", "plan_rate"):
        paid = plan(component(f"exchange_rate: {by}"), more="plan_rates: {EUR: 1.1}")
        bases = credits_of(facts(transactions=[SALE, back], rates=RATES), paid)["base"]
        assert bases[0] == -bases[1] > 0
