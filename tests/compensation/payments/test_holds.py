"""Deals and documents that somebody holds by hand: what waits, why, and when it goes on."""

from datetime import date

import pytest

from compensation import FactsError
from tests.compensation.payments.cases import DEAL, Document, Known, facts_of, plan, released, settled

SOLD = Document("t1", "invoice", date(2026, 2, 10), 100_00, 10_00, document="I1")
MORE = Document("t2", "invoice", date(2026, 3, 10), 50_00, 5_00, document="I2")
BACK = Document("t3", "return", date(2026, 4, 10), -100_00, -10_00, reverses="t1", document="R1")
JUNE = date(2026, 6, 30)
Held = tuple[str | date | None, ...]


def hold(
    first: str, end: str | None, document: str | None = None, why: str = "in dispute", author: str = "Kim"
) -> Held:
    """From a day on to the day on which it is let go."""
    day = date.fromisoformat
    return DEAL, document, day(first), None if end is None else day(end), author, why


@pytest.mark.parametrize(
    ("holds", "releases"),
    [
        ([], [("2026-02-10", 1000), ("2026-03-10", 500), ("2026-04-10", -1000)]),
        ([hold("2026-02-01", "2026-02-10")], [("2026-02-10", 1000), ("2026-03-10", 500), ("2026-04-10", -1000)]),
        ([hold("2026-02-10", "2026-02-11")], [("2026-02-11", 1000), ("2026-03-10", 500), ("2026-04-10", -1000)]),
        ([hold("2026-02-01", "2026-05-01")], [("2026-05-01", 1000), ("2026-05-01", 500), ("2026-05-01", -1000)]),
        ([hold("2026-02-01", "2026-05-01", "I1")], [("2026-03-10", 500), ("2026-05-01", 1000), ("2026-05-01", -1000)]),
        ([hold("2026-02-01", "2026-05-01", "R1")], [("2026-02-10", 1000), ("2026-03-10", 500), ("2026-04-10", -1000)]),
        ([hold("2026-03-01", None)], [("2026-02-10", 1000)]),
        ([hold("2026-03-01", "2026-06-30")], [("2026-02-10", 1000), ("2026-06-30", 500), ("2026-06-30", -1000)]),
        ([hold("2026-03-01", "2026-07-01")], [("2026-02-10", 1000)]),
        (
            [hold("2026-02-01", "2026-03-01"), hold("2026-02-20", "2026-03-05"), hold("2026-03-05", "2026-03-11")],
            [("2026-03-11", 1000), ("2026-03-11", 500), ("2026-04-10", -1000)],
        ),
    ],
)
def test_what_is_held_is_released_when_it_is_let_go(holds: list[Held], releases: list[tuple[str, int]]) -> None:
    settlement = settled([SOLD, MORE, BACK], plan(), as_of=JUNE, known={"holds": holds})
    assert [(day, minor) for day, _, minor in released(settlement)] == releases


def test_what_waits_says_who_holds_it_and_why_and_the_hold_that_ends_last_counts() -> None:
    holds = [hold("2026-02-01", "2026-08-01", why="no credit check"), hold("2026-02-01", None, "I2", why="disputed")]
    waiting = settled([SOLD, MORE], plan(), as_of=JUNE, known={"holds": holds}).waiting
    told = ("transaction_id", "waits_for", "expected_on", "waiting_minor", "held_by", "held_because")
    assert waiting.select(told).sort("transaction_id").rows() == [
        ("t1", "held", date(2026, 8, 1), 10_00, "Kim", "no credit check"),
        ("t2", "held", None, 5_00, "Kim", "disputed"),
    ]


def test_of_holds_that_end_together_the_first_is_told() -> None:
    holds = [hold("2026-02-05", "2026-08-01", author="Lou"), hold("2026-02-01", "2026-08-01", author="Sam")]
    waiting = settled([SOLD], plan(), as_of=JUNE, known={"holds": holds}).waiting
    assert waiting["held_by"].to_list() == ["Sam"]


def test_what_waits_for_the_plan_is_held_by_nobody() -> None:
    by_year = plan("release: [{share: 60%, when: credited}, {when: year_end}]")
    waiting = settled([SOLD], by_year, as_of=JUNE, known={"holds": [hold("2026-02-01", None)]}).waiting
    assert waiting.select("waits_for", "waiting_minor", "held_because").sort("waits_for").rows() == [
        ("held", 6_00, "in dispute"),
        ("year_end", 4_00, None),
    ]


def test_a_held_document_holds_its_returns_whoever_was_credited_with_it() -> None:
    """By April the document is another manager's; what its return takes back waits for the same hold."""
    sold, back = SOLD._replace(earns={"crm:old": 10_00}), BACK._replace(earns={"crm:new": -10_00})
    known: Known = {"holds": [hold("2026-04-01", "2026-05-01", "I1")]}
    rows = settled([sold, back], plan(), as_of=JUNE, known=known).releases.select("payee_id", "released_on").rows()
    assert rows == [("crm:old", date(2026, 2, 10)), ("crm:new", date(2026, 5, 1))]


def test_a_hold_in_a_closed_period_takes_back_what_was_paid_in_it() -> None:
    known: Known = {
        "holds": [hold("2026-02-01", None)],
        "posted": [("crm:rep", "Sales", "commission", "t1", "owner", "2026-02", "2026-02", 10_00, "USD", 10_00)],
        "paid": [("crm:rep", "Sales", "2026-02", 10_00, 0, 0, "USD")],
    }
    settlement = settled([SOLD], plan(), as_of=date(2026, 3, 31), known=known)
    assert settlement.adjustments.select("difference_minor", "release_minor").rows() == [(0, -10_00)]
    assert settlement.payments.select("period_label", "carried_out_minor").rows() == [("2026-03", -10_00)]


def test_a_hold_has_to_end_after_it_begins() -> None:
    with pytest.raises(FactsError, match="row 0 does not lie after its from_on"):
        facts_of(holds=[hold("2026-02-01", "2026-02-01")])
