"""What a party is credited: the measure, its rate, the party's part and the rule's share, each rounded to the cent."""

from dataclasses import replace

import pytest

from compensation.errors import PayOverflowError
from tests.compensation.crediting.company import Row, component, credits_of, facts, frame, plan, rows

PEOPLE = [{"payee_id": "ann"}, {"payee_id": "bob"}, {"payee_id": "cid"}]
OWNERS = [{"payee_id": row["payee_id"]} for row in PEOPLE]


def sale(name: str, revenue: int, **more: object) -> Row:
    return {"transaction_id": name, "revenue_minor": revenue, **more}


def back(name: str, revenue: int) -> Row:
    """What takes back a part of t, later."""
    return sale(name, revenue, kind="return", reverses_id="t", posting_sequence=int(name[1:]) + 1)


def test_what_is_taken_back_is_the_difference_of_what_is_left() -> None:
    """Half of 1.01 is 0.51, of the 0.51 that are left then 0.26."""
    given = facts(transactions=[sale("t", 101), back("r1", -50), back("r2", -51)])
    found = credits_of(given, plan(component("share: 50%")))
    assert rows(found, "transaction_id", "base", "position", "family_base") == [
        ("t", 51, 51, 0),
        ("r1", -25, -25, 51),
        ("r2", -26, -26, 26),
    ]


def test_each_component_credits_its_own_measures_of_each_document() -> None:
    paid = plan(
        "\n".join(
            (
                component(name="plain"),
                component("position: quantity, mode: sliced", name="by_number"),
                component("measure: quantity", name="number", payout="{per_unit: 1}"),
            )
        )
    )
    given = facts(transactions=[sale("t", 100_000), sale("u", 30_000, quantity_millionths=3_000_000)])
    assert rows(credits_of(given, paid), "rule", "transaction_id", "base", "position") == [
        (0, "t", 100_000, 100_000),
        (0, "u", 30_000, 30_000),
        (1, "t", 100_000, 1_000_000),
        (1, "u", 30_000, 3_000_000),
        (2, "t", 1_000_000, 1_000_000),
        (2, "u", 3_000_000, 3_000_000),
    ]


def test_where_all_components_look_at_another_measure_it_is_that_of_the_documents() -> None:
    found = credits_of(facts(transactions=[sale("t", 500)]), plan(component("position: quantity, mode: sliced")))
    assert rows(found, "base", "position") == [(500, 1_000_000)]


def test_nothing_in_a_currency_without_a_rate_is_no_amount() -> None:
    found = credits_of(facts(transactions=[sale("t", 0, currency="EUR")]), plan(component()))
    assert rows(found, "base", "outcome") == [(None, "no_rate")]


def test_the_first_part_alone_is_no_more_than_that() -> None:
    halves = [{"payee_id": name, "share_millionths": 500_000} for name in ("ann", "bob")]
    found = credits_of(facts(participants=halves, transactions=[sale("t", 1_000)]), plan(component()))
    assert rows(found, "base", "share_from", "share_to") == [(500, 0, 500_000)]


def test_the_part_of_one_who_alone_has_the_plan() -> None:
    """Of three who share 10.00 by hundreds of cents, ann and cid have no position."""
    shared = [{**row, "share_millionths": part} for row, part in zip(OWNERS, (300_000, 500_000, 200_000), strict=True)]
    found = credits_of(
        facts([{"payee_id": "bob"}], participants=shared, transactions=[sale("t", 1_000)]), plan(component())
    )
    assert rows(found, "payee_id", "base", "share_from", "share_to") == [("bob", 500, 300_000, 800_000)]


def test_without_another_currency_it_does_not_matter_when_it_is_converted() -> None:
    found = credits_of(facts(transactions=[sale("t", 51)]), plan(component("share: 50%, converted_after_share: yes")))
    assert found["base"].to_list() == [26]


def test_a_share_may_be_more_than_all_of_it() -> None:
    found = credits_of(facts(transactions=[sale("t", 101)]), plan(component("share: 200%")))
    assert found["base"].to_list() == [202]


def test_a_credit_beyond_all_integers_is_refused_by_payee_and_component() -> None:
    with pytest.raises(PayOverflowError) as refused:
        credits_of(facts(transactions=[sale("t", 2**62)]), plan(f"{component()}\n{component(name='more')}"))
    assert (refused.value.payee_id, refused.value.component) == ("ann", "more")


def test_two_owners_of_a_role_share_halves() -> None:
    given = facts(PEOPLE[:2], participants=OWNERS[:2], transactions=[sale("t", 101)])
    found = credits_of(given, plan(component("role_shares: {owner: 100%}")))
    assert rows(found, "base", "share_millionths", "share_to") == [(51, 500_000, 500_000), (50, 500_000, 1_000_000)]


def test_each_component_converts_before_or_after_its_share_and_numbers_not_at_all() -> None:
    """0.51 at 1.02 are 0.52, half of it 0.26; half of 0.51 is 0.26, at 1.02 0.27. There is no rate for francs."""
    paid = plan(
        "\n".join(
            (
                component("share: 50%", name="early"),
                component("share: 50%, converted_after_share: yes", name="late"),
                component("share: 50%, measure: quantity", name="number", payout="{per_unit: 1}"),
                component("converted_after_share: yes, measure: quantity", name="all", payout="{per_unit: 1}"),
            )
        )
    )
    given = facts(
        transactions=[sale(name, 51, currency=name) for name in ("CHF", "EUR", "USD")],
        rates=[{"from_currency": "EUR", "to_currency": "USD", "rate": "1.02"}],
    )
    currencies = frame("currencies", [{"currency": name, "exponent": 2} for name in ("USD", "EUR", "CHF")])
    found = credits_of(replace(given, currencies=currencies), paid)
    assert [found.filter(rule=number)["base"].to_list() for number in range(4)] == [
        [None, 26, 26],
        [None, 27, 26],
        [500_000] * 3,
        [1_000_000] * 3,
    ]


@pytest.mark.parametrize(
    ("says", "bases"), [("", [333, 334, 333]), ("split: earning", [1_000, 1_000, 1_000])], ids=["base", "earning"]
)
def test_three_owners_of_a_role_share_thirds(says: str, bases: list[int]) -> None:
    """A third of 10.00, two thirds less that, all less that; parts of the earning leave the base whole."""
    shares = "role_shares: {owner: 100%}"
    given = facts(PEOPLE, participants=OWNERS, transactions=[sale("t", 1_000)])
    found = credits_of(given, plan(component(", ".join(filter(None, (shares, says))))))
    assert rows(found, "base", "share_millionths", "share_from", "share_to") == [
        (bases[0], 333_333, 0, 333_333),
        (bases[1], 333_334, 333_333, 666_667),
        (bases[2], 333_333, 666_667, 1_000_000),
    ]


def test_components_that_divide_the_base_and_those_that_divide_the_earning() -> None:
    halves = [{"payee_id": name, "share_millionths": 500_000} for name in ("ann", "bob")]
    given = facts(PEOPLE[:2], participants=halves, transactions=[sale("t", 100_000_001)])
    found = credits_of(given, plan(f"{component()}\n{component('split: earning', name='whole')}"))
    assert rows(found, "rule", "payee_id", "base", "share_millionths") == [
        (0, "ann", 50_000_001, 500_000),
        (0, "bob", 50_000_000, 500_000),
        (1, "ann", 100_000_001, 500_000),
        (1, "bob", 100_000_001, 500_000),
    ]
