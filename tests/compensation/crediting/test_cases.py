"""Which case of a payout, or cell of a matrix, a credit falls into."""

from datetime import date

import pytest

from tests.compensation.crediting.company import MILLION, Row, component, credits_of, facts, plan, rows

MEASURES = "measures: {margin_ratio: {ratio: [margin, revenue]}}\nfigures: {growth: {metric: growth}}"
FIGURES = "{matrix: {rows: {by: growth, from: [0, 1]}, columns: {by: growth, from: [0]}, pays: [[1], [2]]}}"


def by(name: str, *cases: str) -> str:
    return f"{{by: {name}, cases: [{', '.join(f'{{{case}, rate: 1%}}' for case in cases)}]}}"


WORDS = ("when: [X, Y]", "when: Z")
NUMBERS = ("from: 0", "from: 10%, to: 20%", "from: above 30%")


@pytest.mark.parametrize(
    ("payout", "sale", "case"),
    [
        ("{rate: 1%}", {}, 0),
        (FIGURES, {}, 0),
        (by("product", *WORDS), {"product": "Y"}, 0),
        (by("product", *WORDS), {"product": "Z"}, 1),
        (by("product", *WORDS), {"product": "Q"}, None),
        (by("product", *WORDS), {}, None),
        (by("product", *WORDS, "when: other"), {"product": "Q"}, 2),
        (by("product", *WORDS, "when: other"), {}, 2),
        (by("currency", "when: EUR", "when: USD"), {}, 1),
        (by("role", "when: AE", "when: owner"), {}, 1),
        (by("document_type", "when: sample", "when: other"), {"document_type": "sample"}, 0),
        (by("terms", "when: new", "when: renewal"), {}, 1),
        (by("margin_ratio", *NUMBERS), {"margin_minor": 9_999}, 0),
        (by("margin_ratio", *NUMBERS), {"margin_minor": 10_000}, 1),
        (by("margin_ratio", *NUMBERS), {"margin_minor": 20_000}, 1),
        (by("margin_ratio", *NUMBERS), {"margin_minor": 20_001}, None),
        (by("margin_ratio", *NUMBERS), {"margin_minor": 30_000}, None),
        (by("margin_ratio", *NUMBERS), {"margin_minor": 30_001}, 2),
        (by("margin_ratio", *NUMBERS), {"margin_minor": -1}, None),
        (by("margin_ratio", *NUMBERS), {"margin_minor": None}, None),
        (by("quantity", "from: 0", "from: 2"), {"quantity_millionths": 2 * MILLION}, 1),
        (by("revenue", "from: 0", "from: 1000"), {"revenue_minor": 99_999}, 0),
        (by("revenue", "from: 0", "from: 1000"), {"revenue_minor": 100_000}, 1),
        (by("revenue", "from: 0", "from: 1000"), {"currency": "EUR", "revenue_minor": 50_000}, 1),
        (by("tenure_months", "from: 1", "from: 13"), {"dated_on": date(2026, 3, 14)}, 0),
        (by("tenure_months", "from: 1", "from: 13"), {"dated_on": date(2026, 3, 15)}, 1),
    ],
)
def test_a_credit_falls_into_a_case(payout: str, sale: Row, case: int | None) -> None:
    given = facts(
        [{"payee_id": "ann", "hired_on": date(2025, 3, 15)}],
        transactions=[{"transaction_id": "t", **sale}],
        attributes=[{"transaction_id": "t", "attribute": "terms", "value": "renewal"}],
        rates=[{"from_currency": "EUR", "to_currency": "USD", "rate": "2"}],
    )
    found = credits_of(given, plan(component(payout=payout), more=MEASURES))
    assert rows(found, "case_no", "outcome") == [(case, None if case is not None else "no_case")]


def test_a_number_falls_into_its_case_whatever_the_currency() -> None:
    payout = "{by: quantity, cases: [{from: 0, per_unit: 1}, {from: 2, per_unit: 2}]}"
    sale = {"transaction_id": "t", "currency": "EUR", "quantity_millionths": 2 * MILLION}
    found = credits_of(facts(transactions=[sale]), plan(component("measure: quantity", payout=payout)))
    assert rows(found, "case_no", "outcome") == [(1, None)]


def test_somebody_without_a_hiring_date_has_no_tenure() -> None:
    found = credits_of(
        facts(transactions=[{"transaction_id": "t"}]), plan(component(payout=by("tenure_months", "from: 1")))
    )
    assert rows(found, "case_no", "outcome") == [(None, "no_hiring_date")]


@pytest.mark.parametrize(
    ("product", "margin", "cell"), [("X", 0, 0), ("X", 50_000, 2), ("Y", 10_000, 4), ("Y", -1, None), ("Q", 0, None)]
)
def test_a_cell_is_row_times_columns_plus_column(product: str, margin: int, cell: int | None) -> None:
    grid = "rows: {by: product, values: [X, Y]}, columns: {by: margin_ratio, from: [0, 10%, 50%]}"
    paid = plan(component(payout=f"{{matrix: {{{grid}, rates: [[1%, 2%, 3%], [4%, 5%, 6%]]}}}}"), more=MEASURES)
    sale = {"transaction_id": "t", "product": product, "margin_minor": margin}
    assert credits_of(facts(transactions=[sale]), paid)["case_no"].to_list() == [cell]


@pytest.mark.parametrize("returns", ["origin", "current"])
def test_a_return_finds_the_case_of_what_it_reverses(returns: str) -> None:
    sale: Row = {"transaction_id": "t", "margin_minor": 30_001, "product": "X"}
    back: Row = {**sale, "transaction_id": "r", "kind": "return", "reverses_id": "t", "dated_on": date(2026, 4, 1)}
    amounts = {"revenue_minor": -100_000, "margin_minor": -30_001, "quantity_millionths": -MILLION}
    payout = by("margin_ratio", *NUMBERS)
    paid = plan(component(f"returns: {returns}", payout=payout), more=MEASURES)
    assert credits_of(facts(transactions=[sale, {**back, **amounts}]), paid)["case_no"].to_list() == [2, 2]


def test_an_instalment_falls_into_the_case_of_the_whole_document() -> None:
    paid = plan(
        component("recurs: {every: month, times: 4, divided: yes}", payout=by("revenue", "from: 0", "from: 900"))
    )
    assert credits_of(facts(transactions=[{"transaction_id": "t"}]), paid)["case_no"].to_list() == [1, 1, 1, 1]


def test_cases_of_several_components_do_not_meet() -> None:
    both = "\n".join(
        [
            component(payout=by("product", "when: X", "when: Y")),
            component(name="turned", payout=by("product", "when: Y", "when: X")),
            component(name="without"),
        ]
    )
    found = credits_of(facts(transactions=[{"transaction_id": "t", "product": "Y"}]), plan(both))
    assert found["case_no"].to_list() == [1, 0, 0]
