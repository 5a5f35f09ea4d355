"""What changes after a period was closed is adjusted in the open one, with its origin, and never in the closed one."""

from datetime import date

import polars as pl

from compensation.payments.settlement import Settlement, settle
from tests.compensation.payments.cases import (
    DEAL,
    INVOICE,
    ON_RECEIPT,
    RATES,
    REP,
    Document,
    Earnings,
    Known,
    assignment,
    columns,
    earnings_of,
    facts_of,
    plan,
    settled,
)

FEBRUARY = date(2026, 2, 28)
NEXT = Document("n", "invoice", date(2026, 2, 10), 10_000, 300, deal="crm:other")
PAID = [(REP, "Sales", "2026-01", 1_000, 0, 0, "USD")]


def posted(
    minor: int, *, transaction: str = "i", released: int | None = None, label: str = "2026-01"
) -> tuple[str | int | None, ...]:
    """What January posted."""
    party = "owner" if transaction else ""
    return (REP, "Sales", "commission", transaction, party, label, "2026-01", minor, "USD", released)


def changes(settlement: Settlement) -> list[tuple[str | int, ...]]:
    names = ("transaction_id", "origin_period", "posted_in", "posted_minor", "recalculated_minor", "difference_minor")
    return settlement.adjustments.select(*names, "pay_minor").rows()


def test_a_closed_period_is_left_as_it_was() -> None:
    settlement = settled([INVOICE, NEXT], plan(), as_of=FEBRUARY, known={"posted": [posted(1_000)], "paid": PAID})
    assert settlement.adjustments.is_empty()
    assert columns(settlement, "period_label", "released", "adjustments", "paid") == [("2026-02", 300, 0, 300)]


def test_a_line_that_is_now_worth_less_is_adjusted_in_the_open_period() -> None:
    documents = [INVOICE._replace(earns=900), NEXT]
    settlement = settled(documents, plan(), as_of=FEBRUARY, known={"posted": [posted(1_000)], "paid": PAID})
    assert changes(settlement) == [("i", "2026-01", "2026-02", 1_000, 900, -100, -100)]
    assert columns(settlement, "period_label", "released", "adjustments", "paid") == [("2026-02", 300, -100, 200)]


def test_a_line_that_is_gone_and_one_that_came_late() -> None:
    late = Document("l", "invoice", date(2026, 1, 20), 10_000, 70)
    settlement = settled([late, NEXT], plan(), as_of=FEBRUARY, known={"posted": [posted(1_000)], "paid": PAID})
    assert changes(settlement) == [
        ("i", "2026-01", "2026-02", 1_000, 0, -1_000, -1_000),
        ("l", "2026-01", "2026-02", 0, 70, 70, 70),
    ]
    assert columns(settlement, "adjustments", "paid", "carried_out") == [(-930, 0, -630)]


def test_what_was_adjusted_once_is_not_adjusted_again() -> None:
    """The adjustment of February is posted by the time that March is open."""
    adjusted = (REP, "Sales", "commission", "i", "owner", "2026-01", "2026-02", -100, "USD")
    before = [posted(1_000), adjusted, (REP, "Sales", "commission", "n", "owner", "2026-02", "2026-02", 300, "USD")]
    documents = [INVOICE._replace(earns=900), NEXT]
    settlement = settled(documents, plan(), as_of=date(2026, 3, 31), known={"posted": before})
    assert settlement.adjustments.is_empty()
    assert settlement.payments.is_empty()


def test_only_the_released_part_of_a_difference_is_paid_and_the_rest_with_its_release() -> None:
    """The second half is released on the first open day."""
    halves = plan("release: [{when: credited, instalments: 2}]")
    documents = [INVOICE._replace(on=date(2026, 1, 1), earns=900)]
    settlement = settled(documents, halves, as_of=FEBRUARY, known={"posted": [posted(1_000)], "paid": PAID})
    assert changes(settlement) == [("i", "2026-01", "2026-02", 1_000, 900, -100, -50)]
    assert columns(settlement, "released", "adjustments", "paid") == [(450, -50, 400)]


def test_a_receipt_that_becomes_known_late_pays_what_was_not_recorded_as_released() -> None:
    documents = [INVOICE, Document("r", "receipt", date(2026, 1, 30), 10_000)]
    of = plan("release: [{when: received}]")
    settlement = settled(documents, of, as_of=FEBRUARY, known={"posted": [posted(1_000, released=0)], "paid": PAID})
    assert changes(settlement) == [("i", "2026-01", "2026-02", 1_000, 1_000, 0, 1_000)]
    assert columns(settlement, "adjustments", "paid") == [(1_000, 1_000)]


def test_a_late_return_takes_back_in_the_payees_currency_what_was_paid() -> None:
    documents = [INVOICE, Document("c", "return", date(2026, 1, 30), -10_000, -1_000, reverses="i")]
    rates = [("USD", "EUR", date(2026, 1, 1), "0.9"), ("USD", "EUR", date(2026, 2, 1), "0.8")]
    known: Known = {"assignments": [assignment(pay_currency="EUR")], "rates": rates}
    settlement = settled(documents, plan(), as_of=FEBRUARY, known={**known, "posted": [posted(1_000)], "paid": PAID})
    assert changes(settlement) == [("c", "2026-01", "2026-02", 0, -1_000, -1_000, -900)]
    assert settlement.adjustments["pay_currency"].to_list() == ["EUR"]


def test_what_is_not_released_any_more_is_taken_back_at_the_rate_of_the_open_period() -> None:
    """Of 300 dollars that January recorded nothing was released in the end; 240 euros are 300 dollars by now."""
    sent_back = [
        Document("r", "receipt", date(2026, 1, 15), 9_000),
        Document("s", "receipt", date(2026, 1, 20), -9_000),
    ]
    known: Known = {
        "assignments": [assignment(pay_currency="EUR")],
        "rates": RATES,
        "posted": [posted(1_000, released=300)],
    }
    settlement = settled([INVOICE, *sent_back], plan(ON_RECEIPT), as_of=FEBRUARY, known=known)
    assert changes(settlement) == [("i", "2026-01", "2026-02", 1_000, 1_000, 0, -240)]


def test_each_plan_adjusts_what_it_posted_itself() -> None:
    """What was posted under a plan that is no more stays posted."""
    plans = [plan().model_copy(update={"name": name}) for name in ("Sales", "Other")]
    gone = [("crm:rep", name, "commission", "g", "owner", "2026-01", "2026-01", 70, "USD", 70) for name in "CBA"]
    before = [posted(1_000), *gone, (REP, "Other", *posted(500)[2:])]
    earned = earnings_of([], plans[0])
    settlement = settle(earned, facts_of(posted=before), plans, as_of=FEBRUARY)
    assert settlement.payments.select("plan", "adjustments_minor").rows() == [("Other", -500), ("Sales", -1_000)]


def test_an_opening_that_was_posted_stays_where_it_was_posted() -> None:
    """A yearly opening is dated on the last day known; it is not paid again month by month."""
    opening = [(date(2026, 2, 28), 500)]
    before = [posted(500, transaction="", label="2026-02")]
    settlement = settled([], plan(), as_of=FEBRUARY, openings=opening, known={"posted": before})
    assert settlement.adjustments.is_empty()
    assert settlement.payments.is_empty()
    more = settled([], plan(), as_of=FEBRUARY, openings=[(date(2026, 2, 28), 520)], known={"posted": before})
    assert columns(more, "period_label", "adjustments", "paid") == [("2026-02", 20, 20)]


def test_an_opening_that_was_posted_is_released_once_however_many_periods_close() -> None:
    """A year's opening, posted in January and due a month later, is paid in February; it is not due again in March."""
    of = plan("release: [{when: credited, after_months: 1}]")
    january = (REP, "Sales", "commission", "", "", "2026", "2026-01", 500, "USD", 0)
    february = (REP, "Sales", "commission", "", "", "2026", "2026-02", 0, "USD", 500)

    def opened(as_of: date, *before: tuple[str | int, ...]) -> Settlement:
        earned = earnings_of([], of, [(as_of, 500)])
        openings = earned.openings.with_columns(pl.lit("2026").alias("period_label"))
        return settle(Earnings(earned.lines, openings), facts_of(posted=before), [of], as_of=as_of)

    assert columns(opened(FEBRUARY, january), "period_label", "released", "paid") == [("2026-02", 500, 500)]
    assert opened(date(2026, 3, 31), january, february).payments.is_empty()


def test_where_nothing_was_posted_nothing_is_compared() -> None:
    settlement = settled([INVOICE, NEXT], plan(), as_of=FEBRUARY, known={"paid": PAID})
    assert settlement.adjustments.is_empty()
    assert columns(settlement, "period_label", "paid") == [("2026-02", 300)]


def test_while_everything_known_is_closed_a_change_is_told_and_waits_for_the_next_period() -> None:
    documents = [INVOICE._replace(earns=900)]
    settlement = settled(documents, plan(), as_of=date(2026, 1, 31), known={"posted": [posted(1_000)], "paid": PAID})
    assert changes(settlement) == [("i", "2026-01", "2026-02", 1_000, 900, -100, -100)]
    assert settlement.payments.is_empty()
    assert settlement.releases["deal_id"].to_list() == [DEAL]
