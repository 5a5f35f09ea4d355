"""What is released is paid in the payee's currency of the day; what is taken back cancels exactly."""

from datetime import date

import polars as pl
import pytest

from compensation import FactsError
from tests.compensation.payments.cases import INVOICE, RATES, Document, Known, assignment, columns, plan, settled

IN_EUROS = [assignment(pay_currency="EUR")]
KNOWN: Known = {"assignments": IN_EUROS, "rates": RATES}


def test_each_release_is_converted_at_the_rate_of_its_day() -> None:
    halves = plan("release: [{when: credited, instalments: 2}]")
    settlement = settled([INVOICE], halves, as_of=date(2026, 2, 28), known=KNOWN)
    assert settlement.releases.select("pay_currency", "pay_minor").rows() == [("EUR", 450), ("EUR", 400)]
    assert columns(settlement, "released", "paid") == [(450, 450), (400, 400)]
    assert settlement.payments["currency"].to_list() == ["EUR", "EUR"]


def test_what_is_taken_back_is_what_was_paid_whatever_the_rate_is_by_then() -> None:
    documents = [
        INVOICE,
        Document("c", "return", date(2026, 2, 10), -5_000, -500, reverses="i"),
        Document("d", "return", date(2026, 3, 10), -5_000, -500, reverses="i"),
    ]
    settlement = settled(documents, plan(), known=KNOWN)
    assert settlement.releases["pay_minor"].to_list() == [900, -450, -450]


def test_lines_are_rounded_so_that_a_family_adds_up() -> None:
    """A third of a cent each time: 1 cent at 0.9 is 1, and thrice 1 cent is 3 cents at 2.7."""
    thirds = plan("release: [{when: credited, instalments: 3}]")
    known: Known = {"assignments": IN_EUROS, "rates": RATES[:1]}
    settlement = settled([INVOICE._replace(earns=3)], thirds, known=known)
    assert settlement.releases["pay_minor"].to_list() == [1, 1, 1]
    assert settled([INVOICE._replace(earns=5)], thirds, known=known).releases["pay_minor"].to_list() == [2, 1, 2]


def test_a_missing_rate_is_named() -> None:
    with pytest.raises(FactsError, match="rates: none from USD to EUR on 2026-01-10; add one to pay in EUR"):
        settled([INVOICE], plan(), known={"assignments": IN_EUROS})


def test_the_currency_is_that_of_the_assignment_on_the_day_and_of_the_last_one_after_leaving() -> None:
    people = [
        assignment(to_on=date(2026, 2, 1)),
        assignment(from_on=date(2026, 2, 1), to_on=date(2026, 3, 1), pay_currency="EUR"),
    ]
    documents = [
        Document(f"i{month}", "invoice", date(2026, month, 10), 10_000, 1_000, deal=f"d{month}") for month in (1, 2, 4)
    ]
    settlement = settled(documents, plan(), known={"assignments": people, "rates": RATES})
    assert settlement.releases["pay_currency"].to_list() == ["USD", "EUR", "EUR"]
    assert settlement.payments.select("currency", "paid_minor").rows() == [("USD", 1000), ("EUR", 800), ("EUR", 800)]


def test_what_is_owed_and_carried_follows_the_payee_into_another_currency() -> None:
    people = [
        assignment(to_on=date(2026, 2, 1)),
        assignment(from_on=date(2026, 2, 1), pay_currency="EUR"),
    ]
    january = "window: {from: 2026-01-01, through: 2026-01-31}"
    settlement = settled(
        [INVOICE],
        plan(terms=f"{{draw: {{amount: 100, {january}}}, minimum_payout: {{amount: 200}}}}"),
        as_of=date(2026, 2, 28),
        known={"assignments": people, "rates": RATES},
    )
    assert columns(settlement, "carried_in", "owed", "carried_out") == [(0, 90_00, 100_00), (80_00, 0, 8_00)]


def test_amounts_of_the_plan_are_converted_on_the_last_day_of_the_period() -> None:
    settlement = settled([], plan(terms="{draw: {amount: 100}}"), as_of=date(2026, 2, 28), known=KNOWN)
    assert columns(settlement, "draw") == [(90_00,), (80_00,)]


def test_nobody_else_is_touched_by_a_payee_with_another_currency() -> None:
    documents = [INVOICE._replace(earns={"crm:a": 1_000, "crm:b": 1_000})]
    people = [assignment("crm:a"), assignment("crm:b", pay_currency="EUR")]
    settlement = settled(documents, plan(), known={"assignments": people, "rates": RATES})
    rows = settlement.payments.sort("payee_id").select("payee_id", "currency", "paid_minor").rows()
    assert rows == [("crm:a", "USD", 1_000), ("crm:b", "EUR", 900)]
    assert settlement.releases.schema["pay_minor"] == pl.Int64
