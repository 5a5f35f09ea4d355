"""Which part of an earning may be paid when."""

from datetime import date

import pytest

from compensation import FactsError, PayOverflowError
from compensation.payments import releasing
from compensation.payments.settlement import Settlement
from tests.compensation.payments.cases import DEAL, REP, Document, facts_of, plan, released, settled, waiting

JAN, FEB, MAR, APR = (date(2026, month, 10) for month in (1, 2, 3, 4))
EACH = [
    ("[{when: credited}]", [("2026-01-10", 1000)]),
    ("[]", [("2026-01-10", 1000)]),
    ("[{share: 100%}]", [("2026-01-10", 1000)]),
    ("[{when: credited, after_days: 30}]", [("2026-02-09", 1000)]),
    ("[{when: credited, after_months: 1, after_days: 1}]", [("2026-02-11", 1000)]),
    ("[{when: month_end}]", [("2026-01-31", 1000)]),
    ("[{when: quarter_end}]", [("2026-03-31", 1000)]),
    ("[{when: half_year_end}]", [("2026-06-30", 1000)]),
    ("[{when: year_end}]", [("2026-12-31", 1000)]),
    ("[{on: 2026-05-02}]", [("2026-05-02", 1000)]),
    ("[{on: 2025-05-02}]", [("2026-01-10", 1000)]),
    ("[{when: ordered}]", [("2026-02-10", 1000)]),
    ("[{when: invoiced}]", [("2026-03-10", 1000)]),
    ("[{when: received}]", [("2026-04-10", 250), ("2026-05-10", 750)]),
    ("[{when: received, after_months: 1}]", [("2026-05-10", 250), ("2026-06-10", 750)]),
    ("[{when: received_in_full}]", [("2026-05-10", 1000)]),
    ("[{when: renewed}]", [("2026-11-10", 1000)]),
    (
        "[{share: 30%, when: credited}, {share: 20%, when: received}, {when: year_end}]",
        [("2026-01-10", 300), ("2026-04-10", 50), ("2026-05-10", 150), ("2026-12-31", 500)],
    ),
    ("[{when: credited, instalments: 3}]", [("2026-01-10", 333), ("2026-02-10", 334), ("2026-03-10", 333)]),
    (
        "[{when: received, instalments: 2}]",
        [("2026-04-10", 125), ("2026-05-10", 125 + 375), ("2026-06-10", 375)],
    ),
]
BOOKED = [
    Document("b", "booking", JAN, 8000, 1000),
    Document("o", "order", FEB, 8000),
    Document("i", "invoice", MAR, 8000),
    Document("r1", "receipt", APR, 2000),
    Document("r2", "receipt", date(2026, 5, 10), 6000),
    Document("n", "renewal", date(2026, 11, 10), 8000),
]


@pytest.mark.parametrize(("release", "days"), EACH, ids=[release for release, _ in EACH])
def test_a_booking_is_released_at_the_moments_of_its_deal(release: str, days: list[tuple[str, int]]) -> None:
    settlement = settled(BOOKED, plan(f"release: {release}"))
    assert [(day, minor) for day, _, minor in _by_day(settlement)] == days
    assert settlement.waiting.is_empty()


def _by_day(settlement: Settlement) -> list[tuple[str, str, int]]:
    merged: dict[str, tuple[str, int]] = {}
    for day, moment, minor in released(settlement):
        merged[day] = (moment, merged.get(day, ("", 0))[1] + minor)
    return [(day, *rest) for day, rest in merged.items()]


@pytest.mark.parametrize(
    ("kind", "moments"),
    [
        ("order", "[{when: ordered}]"),
        ("invoice", "[{share: 50%, when: ordered}, {when: invoiced}]"),
        ("receipt", "[{share: 40%, when: received}, {share: 30%, when: invoiced}, {when: received_in_full}]"),
    ],
)
def test_a_moment_that_lies_behind_a_document_has_come_with_it(kind: str, moments: str) -> None:
    settlement = settled([Document("x", kind, JAN, 8000, 1000)], plan(f"release: {moments}"))
    assert sum(minor for day, _, minor in released(settlement) if day == "2026-01-10") == 1000


def test_a_year_begins_where_the_plan_says() -> None:
    settlement = settled(BOOKED, plan("release: [{when: year_end}]", extra="year_starts: 4"))
    assert released(settlement) == [("2026-03-31", "year_end", 1000)]


def test_sixty_percent_at_booking_and_forty_on_collection() -> None:
    """A published case: 22,800 earned."""
    documents = [
        Document("b", "booking", JAN, 110_000_000, 22_800_00),
        Document("r", "receipt", APR, 110_000_000),
    ]
    split = plan("release: [{share: 60%, when: credited}, {when: received}]")
    assert released(settled(documents, split)) == [
        ("2026-01-10", "credited", 13_680_00),
        ("2026-04-10", "received", 9_120_00),
    ]
    assert waiting(settled(documents, split, as_of=MAR)) == [("received", None, 9_120_00)]


def test_half_on_order_and_half_as_the_invoices_are_collected() -> None:
    """A published case: an order of 10,000 at 10 %, two equal invoices."""
    documents = [
        Document("o", "order", JAN, 10_000_00, 1_000_00),
        Document("i1", "invoice", FEB, 5_000_00, document="I1"),
        Document("i2", "invoice", FEB, 5_000_00, document="I2"),
        Document("r1", "receipt", MAR, 5_000_00, settles="I1"),
        Document("r2", "receipt", APR, 5_000_00, settles="I2"),
    ]
    settlement = settled(documents, plan("release: [{share: 50%, when: ordered}, {when: received}]"))
    assert [minor for _, _, minor in released(settlement)] == [500_00, 250_00, 250_00]


def test_an_instalment_not_yet_paid_lapses_when_the_customer_cancels() -> None:
    """A published case: 1000 in two instalments, cancelled after the first."""
    documents = [
        Document("i", "invoice", JAN, 10_000_00, 1_000_00),
        Document("c", "return", date(2026, 1, 20), -10_000_00, -1_000_00, reverses="i"),
    ]
    settlement = settled(documents, plan("release: [{when: credited, instalments: 2}]"))
    assert released(settlement) == [("2026-01-10", "credited", 500_00), ("2026-01-20", "returned", -500_00)]
    assert settlement.waiting.is_empty()


def test_what_is_left_of_a_partly_returned_credit_goes_on_being_released() -> None:
    documents = [
        Document("i", "invoice", JAN, 10_000, 1001),
        Document("c", "return", date(2026, 1, 20), -4_000, -400, reverses="i"),
    ]
    settlement = settled(documents, plan("release: [{when: credited, instalments: 2}]"))
    assert released(settlement) == [
        ("2026-01-10", "credited", 501),
        ("2026-01-20", "returned", -200),
        ("2026-02-10", "credited", 300),
    ]
    assert settlement.releases["transaction_id"].to_list() == ["i", "c", "i"]


def test_receipts_settle_the_invoice_that_they_name() -> None:
    """Of two invoices the first is paid; its lines are released in proportion, the other's wait."""
    documents = [
        Document("l1", "invoice", JAN, 3_000, 300, document="I1"),
        Document("l2", "invoice", JAN, 1_000, 100, document="I1"),
        Document("m1", "invoice", JAN, 1_000, 100, document="I2"),
        Document("r1", "receipt", FEB, 2_000, settles="I1"),
    ]
    settlement = settled(documents, plan("release: [{when: received}]"))
    assert released(settlement) == [("2026-02-10", "received", 150), ("2026-02-10", "received", 50)]
    assert waiting(settlement) == [("received", None, 150), ("received", None, 50), ("received", None, 100)]


def test_where_no_receipt_names_an_invoice_the_deal_is_paid_as_a_whole() -> None:
    documents = [
        Document("i1", "invoice", JAN, 3_000, 300, document="I1"),
        Document("i2", "invoice", JAN, 1_000, 100, document="I2"),
        Document("r1", "receipt", FEB, 2_000),
    ]
    assert [minor for *_, minor in released(settled(documents, plan("release: [{when: received}]")))] == [150, 50]


def test_what_was_received_before_is_released_with_the_credit_as_one() -> None:
    documents = [
        Document("r1", "receipt", JAN, 1_000),
        Document("r2", "receipt", FEB, 2_000),
        Document("i", "invoice", MAR, 8_000, 800),
    ]
    assert released(settled(documents, plan("release: [{when: received}]"))) == [("2026-03-10", "received", 300)]


def test_what_a_larger_deal_takes_back_is_told_with_the_first_part_that_follows_it() -> None:
    documents = [
        Document("b", "booking", JAN, 8_000, 1_000),
        Document("i", "invoice", FEB, 8_000),
        Document("r", "receipt", MAR, 8_000),
        Document("b2", "booking", APR, 8_000),
    ]
    assert released(settled(documents, plan("release: [{share: 60%, when: invoiced}, {when: received}]"))) == [
        ("2026-02-10", "invoiced", 600),
        ("2026-03-10", "received", 400),
        ("2026-04-10", "invoiced", -500),
    ]


def test_a_credit_note_over_what_is_not_paid_leaves_the_rest_received_in_full() -> None:
    documents = [
        Document("i", "invoice", JAN, 10_000, 1_000, document="I"),
        Document("r", "receipt", FEB, 5_000, settles="I"),
        Document("c", "return", MAR, -5_000, -500, reverses="i"),
    ]
    in_proportion, in_full = (
        settled(documents, plan(f"release: [{{when: {when}}}]")) for when in ("received", "received_in_full")
    )
    assert sum(minor for *_, minor in released(in_proportion)) == 500
    assert released(in_full) == [("2026-03-10", "received_in_full", 500)]
    assert in_proportion.waiting.is_empty()
    assert in_full.waiting.is_empty()


def test_where_a_return_takes_back_a_half_the_other_half_of_what_was_paid_stays() -> None:
    """The invoice is no more, so nothing is left to be received; what was received before still counts."""
    documents = [
        Document("i", "invoice", JAN, 10_000, 1_000),
        Document("r", "receipt", FEB, 5_000),
        Document("c", "return", MAR, -10_000, -500, reverses="i"),
    ]
    settlement = settled(documents, plan("release: [{when: received}]"))
    assert released(settlement) == [("2026-02-10", "received", 500), ("2026-03-10", "returned", -250)]
    assert waiting(settlement) == [("received", None, 250)]


def test_a_return_of_nothing_known_is_taken_for_that_of_an_invoice() -> None:
    documents = [
        Document("i", "invoice", JAN, 10_000, 1_000),
        Document("r", "receipt", FEB, 5_000),
        Document("c", "return", MAR, -5_000),
    ]
    settlement = settled(documents, plan("release: [{when: received}]"))
    assert released(settlement) == [("2026-02-10", "received", 500), ("2026-03-10", "received", 500)]


def test_a_returned_invoice_that_was_never_paid_takes_nothing_back() -> None:
    documents = [
        Document("i", "invoice", JAN, 10_000, 1_000),
        Document("c", "return", MAR, -10_000, -1_000, reverses="i"),
    ]
    assert released(settled(documents, plan("release: [{when: received}]"))) == []


def test_a_receipt_in_another_currency_counts_at_the_rate_of_its_day() -> None:
    documents = [
        Document("i", "invoice", JAN, 10_000, 1_000),
        Document("r", "receipt", FEB, 4_000, currency="EUR"),
    ]
    of = plan("release: [{when: received}]")
    settlement = settled(documents, of, known={"rates": [("EUR", "USD", JAN, "1.25")]})
    assert released(settlement) == [("2026-02-10", "received", 500)]
    with pytest.raises(FactsError, match="rates: none from EUR to USD on 2026-02-10"):
        settled(documents, of)


def test_an_invoice_unpaid_in_time_takes_its_earning_back_until_it_is_paid() -> None:
    documents = [
        Document("i", "invoice", JAN, 10_000, 1_000),
        Document("r1", "receipt", FEB, 4_000),
        Document("r2", "receipt", date(2026, 6, 10), 6_000),
    ]
    of = plan("clawback: {unpaid_after_days: 90}")
    assert released(settled(documents, of)) == [
        ("2026-01-10", "credited", 1_000),
        ("2026-04-10", "unpaid", -1_000),
        ("2026-06-10", "received_in_full", 1_000),
    ]
    overdue = settled(documents, of, as_of=date(2026, 5, 1))
    assert waiting(overdue) == [("received_in_full", None, 1_000)]
    assert len(released(settled(documents, of, as_of=date(2026, 4, 9)))) == 1


def test_an_invoice_paid_in_time_keeps_its_earning() -> None:
    documents = [Document("i", "invoice", JAN, 10_000, 1_000), Document("r", "receipt", date(2026, 4, 10), 10_000)]
    assert len(released(settled(documents, plan("clawback: {unpaid_after_days: 90}")))) == 1


@pytest.mark.parametrize("when", ["ordered", "invoiced", "received", "received_in_full", "renewed"])
def test_what_waits_for_a_document_that_is_not_known_waits(when: str) -> None:
    assert waiting(settled(BOOKED[:1], plan(f"release: [{{when: {when}}}]"))) == [(when, None, 1_000)]


def test_what_waits_says_for_what_and_until_when() -> None:
    of = plan("release: [{share: 10%}, {share: 40%, when: received}, {share: 20%, when: renewed}, {when: year_end}]")
    settlement = settled(BOOKED[:4], of, as_of=date(2026, 4, 30))
    assert waiting(settlement) == [
        ("year_end", "2026-12-31", 300),
        ("received", None, 300),
        ("renewed", None, 200),
    ]
    assert settlement.waiting["share"].to_list() == ["3/10", "2/5", "1/5"]


def test_pay_without_a_transaction_is_released_at_its_date() -> None:
    settlement = settled([], plan("release: [{when: received}]"), openings=[(date(2026, 3, 31), 700)])
    assert released(settlement) == [("2026-03-31", "received", 700)]


def test_pay_without_a_transaction_waits_for_the_calendar() -> None:
    quarterly = plan("release: [{share: 75%}, {when: month_end, after_days: 15}]")
    settlement = settled([], quarterly, openings=[(date(2026, 3, 15), 700)])
    assert released(settlement) == [("2026-03-15", "credited", 525), ("2026-04-15", "month_end", 175)]


@pytest.mark.parametrize("at_once", [3, 8])
def test_many_lines_are_released_part_by_part_as_they_are_together(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    documents = [
        *(Document(f"i{number}", "invoice", JAN, 9_000, 900, document=f"I{number}") for number in range(7)),
        *(Document(f"c{number}", "return", MAR, -3_000, -300, reverses=f"i{number}") for number in range(3)),
        *(Document(f"r{number}", "receipt", FEB, 5_000, settles=f"I{number}") for number in range(1, 5)),
    ]
    of = plan("release: [{share: 50%}, {when: received}]")
    together = settled(documents, of)
    monkeypatch.setattr(releasing, "_LINES_AT_ONCE", at_once)
    apart = settled(documents, of)
    assert sorted(released(apart)) == sorted(released(together))
    assert sorted(waiting(apart)) == sorted(waiting(together))
    assert apart.payments.equals(together.payments)
    monkeypatch.setattr(releasing, "_LINES_AT_ONCE", 1)
    shared = Document("i", "invoice", JAN, 9_000, {"crm:a": 100, "crm:b": 100})
    assert waiting(settled([shared], of)) == [("received", None, 50)] * 2


def test_releases_are_told_family_by_family() -> None:
    documents = [Document(name, "invoice", JAN, 9_000, 900) for name in ("i", "j")]
    settlement = settled(documents, plan("release: [{when: credited, instalments: 2}]"))
    assert settlement.releases["transaction_id"].to_list() == ["i", "i", "j", "j"]


def test_a_plan_that_is_not_executing_pays_nobody() -> None:
    drafted = plan(extra="state: drafting")
    settlement = settled(BOOKED, drafted, openings=[(date(2026, 3, 31), 700)])
    assert settlement.releases.is_empty()
    assert settlement.payments.is_empty()


@pytest.mark.parametrize("revenue", [2**62, 2**61])
def test_amounts_beyond_calculation_name_payee_and_component(revenue: int) -> None:
    documents = [Document("i", "invoice", JAN, revenue, 2**61), Document("r", "receipt", FEB, revenue)]
    with pytest.raises(PayOverflowError, match=f"payee {REP}, component 'commission'"):
        settled(documents, plan("release: [{when: received}]"))


def test_the_deal_of_a_release_is_told() -> None:
    assert settled(BOOKED, plan()).releases["deal_id"].to_list() == [DEAL]
    assert facts_of(BOOKED).transactions.height == 6


def test_the_share_of_a_release_is_told_and_a_return_has_none() -> None:
    back = Document("c", "return", FEB, -8_000, -1_000, reverses="b")
    assert settled([BOOKED[0], back], plan()).releases["share"].to_list() == ["1", None]
