"""Which transactions a component credits."""

import pytest

from tests.compensation.crediting.company import Row, component, credits_of, facts, plan, rows

SALES: list[Row] = [
    {"transaction_id": "a", "product": "X", "customer": "Acme", "document_type": "standard", "region": "EU"},
    {"transaction_id": "b", "product": "Y", "customer": "House", "document_type": "sample", "region": "US"},
    {"transaction_id": "c", "customer": "Bolt", "channel": "web"},
]
ATTRIBUTES: list[Row] = [
    {"transaction_id": "a", "attribute": "terms", "value": "new"},
    {"transaction_id": "b", "attribute": "terms", "value": "renewal"},
    {"transaction_id": "c", "attribute": "team", "value": "north"},
]
ANN: list[Row] = [{"payee_id": "ann", "region": "EU", "team": "north"}]


@pytest.mark.parametrize(
    ("says", "credited"),
    [
        ("", "abc"),
        ("filter: {products: X}", "a"),
        ("filter: {document_types: [standard, other]}", "a"),
        ("filter: {excluding: {document_types: sample}}", "ac"),
        ("filter: {excluding: {customers: House}}", "ac"),
        ("filter: {attributes: {terms: [new, upsell]}}", "a"),
        ("filter: {excluding: {attributes: {terms: renewal}}}", "ac"),
        ("filter: {own: region}", "a"),
        ("filter: {own: team}", "c"),
        ("filter: {own: [region, team]}", ""),
        ("credited_on: booking", ""),
    ],
)
def test_a_filter_chooses(says: str, credited: str) -> None:
    given = facts(ANN, transactions=SALES, attributes=ATTRIBUTES)
    assert "".join(credits_of(given, plan(component(says)))["transaction_id"]) == credited


@pytest.mark.parametrize(("terms", "credited"), [("new", ["a"]), ("big", [])])
def test_each_attribute_has_its_own_values(terms: str, credited: list[str]) -> None:
    told = [("terms", "new"), ("size", "big")]
    attributes = [{"transaction_id": "a", "attribute": name, "value": value} for name, value in told]
    given = facts(ANN, transactions=SALES, attributes=attributes)
    wanted = plan(component(f"filter: {{attributes: {{terms: {terms}}}}}"))
    assert credits_of(given, wanted)["transaction_id"].to_list() == credited


def test_a_filter_concerns_its_own_component() -> None:
    both = "\n".join([component("filter: {attributes: {terms: new}}"), component("filter: {own: team}", name="other")])
    found = credits_of(facts(ANN, transactions=SALES, attributes=ATTRIBUTES), plan(both))
    assert rows(found, "rule", "transaction_id") == [(0, "a"), (1, "c")]


def test_a_return_has_the_attributes_of_what_it_reverses() -> None:
    back = {"transaction_id": "r", "kind": "return", "reverses_id": "a", "revenue_minor": -100_000}
    given = facts(ANN, transactions=[*SALES, back], attributes=ATTRIBUTES)
    for says in ("{attributes: {terms: new}}", "{document_types: standard}"):
        assert credits_of(given, plan(component(f"filter: {says}")))["base"].to_list() == [100_000, -100_000]


def test_the_first_component_that_matches_consumes_a_transaction() -> None:
    first = component("first_match: a, filter: {products: X}", name="narrow")
    second = component("first_match: a, filter: {regions: [EU, US]}", name="wider")
    third = component("first_match: a", name="rest")
    beside = component("first_match: other", name="beside")
    found = credits_of(facts(ANN, transactions=SALES), plan("\n".join([first, second, third, beside])))
    assert rows(found, "rule", "transaction_id") == [(0, "a"), (1, "b"), (2, "c"), (3, "a"), (3, "b"), (3, "c")]


def test_a_component_that_credits_nobody_consumes_nothing() -> None:
    nobody = component("first_match: a, credit_to: overlays", name="nobody")
    found = credits_of(facts(ANN, transactions=SALES), plan("\n".join([nobody, component("first_match: a")])))
    assert set(found["rule"]) == {1}


def test_a_component_without_documents_credits_nothing() -> None:
    prizes = "component: prizes, period: year, payout: {ranking: {by: sold, prizes: [100]}}"
    figures = "figures: {sold: {total_of: pay}}"
    found = credits_of(facts(transactions=SALES), plan("\n".join([prizes, component()]), more=figures))
    assert set(found["rule"]) == {1}


def test_earnings_credit_the_components_that_name_them() -> None:
    on_top = component("earnings_of: pay, measure: earnings, credit_to: direct_manager", name="override")
    paying = plan("\n".join([component(), component(name="other"), on_top]))
    earned = [("pay", "P", paying.version), ("other", "P", paying.version), ("pay", "Q", ""), ("pay", "P", "earlier")]
    ids = [f"e{number}" for number in range(len(earned))]
    attributes = [row for each, of in zip(ids, earned, strict=True) for row in earning_attributes(each, *of)]
    transactions = [{"transaction_id": each, "deal_id": f"earning|{each}", "kind": "earning"} for each in ids]
    owners = [{"deal_id": f"earning|{each}", "payee_id": "ann"} for each in ids]
    people = [{"payee_id": "ann", "manager_id": "max"}, {"payee_id": "max"}]
    given = facts(people, transactions=transactions, participants=owners, attributes=attributes)
    assert rows(credits_of(given, paying), "transaction_id", "payee_id", "base") == [("e0", "max", 100_000)]


def earning_attributes(transaction_id: str, component_name: str, plan_name: str, version: str) -> list[Row]:
    told = {"component": component_name, "plan": plan_name, "plan_version": version}
    return [{"transaction_id": transaction_id, "attribute": name, "value": value} for name, value in told.items()]


def test_without_a_component_that_credits_there_are_no_credits() -> None:
    prizes = "component: prizes, period: year, payout: {ranking: {by: reviews, prizes: [100]}}"
    only = plan(prizes, more="figures: {reviews: {metric: reviews}}")
    assert credits_of(facts(transactions=SALES), only).is_empty()


def test_an_attribute_that_no_payee_has_is_refused() -> None:
    with pytest.raises(ValueError, match="own: colour"):
        credits_of(facts(transactions=SALES), plan(component("filter: {own: colour}")))


@pytest.mark.parametrize(
    ("says", "more", "label"),
    [
        ("period: week", "", "2026-W07"),
        ("period: two-weeks", "two_weeks_start: 2025-12-28", "2026-02-08-2W"),
        ("period: two-weeks", "two_weeks_start: 2026-08-02", "2026-02-01-2W"),
        ("period: half-month", "", "2026-02-H1"),
        ("period: quarter", "", "2026-Q1"),
        ("period: quarter", "year_starts: 2", "FY2027-Q1"),
        ("period: year", "year_starts: 4", "FY2026"),
        ("period: ever", "", "ever"),
    ],
)
def test_a_credit_lies_in_a_period_of_the_plans_year(says: str, more: str, label: str) -> None:
    found = credits_of(facts(transactions=SALES[:1]), plan(component(says), more=more))
    assert rows(found, "period_label") == [(label,)]


def test_the_rebate_of_a_customer_credits_the_components_that_name_it() -> None:
    both = "\n".join([component("credit_to: customer"), component("earnings_of: pay, measure: earnings", name="bonus")])
    whose = {name: plan(both, applies_to=f"{{customers: {name}}}") for name in ("Acme", "Bolt")}
    every = plan(both, applies_to="{all_customers: yes}")
    own = [(1, "customer:Acme", "owner", 100_000)]
    for paying, credited in ((whose["Acme"], own), (whose["Bolt"], []), (every, own)):
        given = facts(
            transactions=[{"transaction_id": e, "deal_id": f"earning|{e}", "kind": "earning"} for e in ("e", "f")],
            participants=[
                {"deal_id": "earning|e", "payee_id": "customer:Acme"},
                {"deal_id": "earning|f", "payee_id": "ann"},
                {"deal_id": "earning|another", "payee_id": "customer:Acme"},
            ],
            attributes=[row for e in ("e", "f") for row in earning_attributes(e, "pay", "P", paying.version)],
        )
        assert rows(credits_of(given, paying), "rule", "payee_id", "party", "base") == credited
