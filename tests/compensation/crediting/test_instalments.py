"""Contracts that are credited again and again."""

from datetime import date

import pytest

from compensation import calculate
from tests.compensation.crediting.company import Row, component, credits_of, facts, plan, rows

CONTRACT: Row = {"transaction_id": "t", "dated_on": date(2026, 1, 31), "revenue_minor": 100_000}


def returned(on: date, minor: int = -100_000) -> Row:
    return {"transaction_id": "r", "kind": "return", "reverses_id": "t", "dated_on": on, "revenue_minor": minor}


@pytest.mark.parametrize(
    ("recurs", "as_of", "credited"),
    [
        (
            "{every: month, times: 3}",
            None,
            [(0, date(2026, 1, 31), 100_000), (1, date(2026, 2, 28), 100_000), (2, date(2026, 3, 31), 100_000)],
        ),
        (
            "{every: month, times: 3, divided: yes}",
            None,
            [(0, date(2026, 1, 31), 33_333), (1, date(2026, 2, 28), 33_334), (2, date(2026, 3, 31), 33_333)],
        ),
        ("{every: quarter, times: 4}", date(2026, 4, 29), [(0, date(2026, 1, 31), 100_000)]),
        (
            "{every: quarter, times: 4}",
            date(2026, 4, 30),
            [(0, date(2026, 1, 31), 100_000), (1, date(2026, 4, 30), 100_000)],
        ),
        (
            "{every: year, times: 2}",
            date(2027, 12, 31),
            [(0, date(2026, 1, 31), 100_000), (1, date(2027, 1, 31), 100_000)],
        ),
    ],
)
def test_a_contract_is_credited_up_to_the_day(
    recurs: str, as_of: date | None, credited: list[tuple[int, date, int]]
) -> None:
    found = credits_of(facts(transactions=[CONTRACT]), plan(component(f"recurs: {recurs}")), as_of=as_of)
    assert rows(found, "instalment", "credited_on", "base") == credited


@pytest.mark.parametrize(
    ("returns", "on", "credited"),
    [
        ("origin", date(2026, 2, 28), [("t", 0, 100_000), ("t", 1, 100_000)]),
        ("origin", date(2026, 2, 27), [("t", 0, 100_000)]),
        ("current", date(2026, 2, 15), [("t", 0, 100_000), ("r", 0, -100_000), ("t", 1, 100_000), ("t", 2, 100_000)]),
    ],
)
def test_a_return_ends_what_is_to_come(returns: str, on: date, credited: list[tuple[str, int, int]]) -> None:
    paid = plan(component(f"recurs: {{every: month, times: 3}}, returns: {returns}"))
    found = credits_of(facts(transactions=[CONTRACT, returned(on)]), paid)
    assert rows(found, "transaction_id", "instalment", "base") == credited


def test_instalments_take_their_place_among_the_other_documents() -> None:
    later: Row = {"transaction_id": "u", "dated_on": date(2026, 2, 10)}
    found = credits_of(
        facts(transactions=[CONTRACT, later]),
        plan("\n".join([component("recurs: {every: month, times: 2}"), component(name="once")])),
    )
    by_rule = rows(found, "rule", "transaction_id", "instalment")
    assert by_rule == [(0, "t", 0), (0, "u", 0), (0, "t", 1), (0, "u", 1), (1, "t", 0), (1, "u", 0)]
    places = rows(found, "rule", "order_no", "party_no")
    assert len(set(places)) == len(places)


def test_an_instalment_is_credited_to_whoever_has_the_plan_that_day() -> None:
    people = [{"payee_id": "ann", "to_on": date(2026, 3, 1)}]
    found = credits_of(
        facts(people, transactions=[CONTRACT]), plan(component("recurs: {every: month, times: 12}, period: month"))
    )
    assert rows(found, "instalment", "period_label") == [(0, "2026-01"), (1, "2026-02")]


def test_each_instalment_is_paid_once_and_at_least_the_floor() -> None:
    paid = plan(component("recurs: {every: month, times: 3}, floor: {amount: 50, per: transaction}"))
    lines = calculate(facts(transactions=[CONTRACT]), [paid], as_of=date(2026, 12, 31)).lines
    assert rows(lines, "instalment", "earning_minor") == [(0, 5_000), (1, 5_000), (2, 5_000)]
