"""Warnings that only history shows."""

from datetime import date

from compensation.review.lint import lint_history
from tests.compensation.review.history import Invoice, facts_of
from tests.compensation.review.plans import plan_of

AS_OF = date(2026, 12, 31)
BY_PRODUCT = "payout: {by: product, cases: [{when: Router, rate: 8%}, {when: other, rate: 4%}]}"


def texts(code: str, invoices: list[Invoice], rules: str) -> list[str]:
    found = lint_history(facts_of(invoices), [plan_of(rules)], as_of=AS_OF)
    return [warning.why.text["en"] for warning in found if warning.code == code]


def sales(router_margin: int, switch_margin: int | None) -> list[Invoice]:
    return [
        Invoice("I1", "rita", 10_000, product="Router", margin=router_margin),
        Invoice("I2", "rita", 20_000, product="Switch", margin=switch_margin),
    ]


def test_the_product_that_pays_best_and_earns_least_is_told() -> None:
    (text,) = texts("pays_best_earns_least", sales(1_000, 8_000), BY_PRODUCT)
    assert text.startswith(
        "commission pays Router best, 8% of revenue, and the company earns least with it: 10% margin"
    )
    assert text.endswith("Switch pays 4% and earns 40%.")


def test_the_product_that_pays_best_and_earns_most_is_not() -> None:
    assert texts("pays_best_earns_least", sales(5_000, 8_000), BY_PRODUCT) == []


def test_equal_pay_is_not_told() -> None:
    assert texts("pays_best_earns_least", sales(1_000, 8_000), "payout: {rate: 5%}") == []


def test_a_product_whose_margin_is_unknown_is_not_compared() -> None:
    assert texts("pays_best_earns_least", sales(1_000, None), BY_PRODUCT) == []


def test_what_no_rule_credits_is_told_with_the_largest() -> None:
    filtered = "filter: {products: Router}\npayout: {rate: 5%}"
    small = Invoice("I3", "rita", 500, on=date(2026, 1, 5), product="Cable")
    assert texts("uncredited", [*sales(1, 1), small], filtered) == [
        "No rule credits 2 transactions since Jan 5, 2026, such as I2 of Feb 10, 2026 over $20,000.00."
    ]


def test_what_a_rule_credits_or_nobody_owns_is_not() -> None:
    assert texts("uncredited", sales(1, 1), "payout: {rate: 5%}") == []
    without_owners = facts_of(sales(1, 1), shares={"I1": 500_000, "I2": 500_000})
    found = lint_history(without_owners, [plan_of("filter: {products: Cable}\npayout: {rate: 5%}")], as_of=AS_OF)
    assert [warning.code for warning in found] == []
