"""A return takes back what was released of what it reverses, in whichever period it earns; the rest of that lapses."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from compensation import Plan
from compensation.payments.settlement import Settlement, settle
from tests.compensation.payments.cases import (
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
    released,
    settled,
    waiting,
)

JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
RETURN = Document("c", "return", date(2026, 2, 10), -10_000, -1_000, reverses="i")


def by_itself(
    documents: Sequence[Document], of: Plan, *, as_of: date = MARCH, known: Known | None = None
) -> Settlement:
    """Settled as under ``returns: current``: a return is a line of its own period that stands for nothing else."""
    earned = earnings_of([each for each in documents if each.on <= as_of], of)
    own = pl.when(pl.col("reverses_id").is_not_null()).then(pl.col("dated_on").dt.strftime("%Y-%m"))
    lines = earned.lines.with_columns(
        pl.coalesce(own, "period_label").alias("period_label"), pl.lit(None, pl.String).alias("reverses_id")
    )
    return settle(Earnings(lines, earned.openings), facts_of(documents, **(known or {})), [of], as_of=as_of)


def test_what_was_never_paid_is_not_taken_back_by_a_return_of_its_own_period() -> None:
    settlement = by_itself([INVOICE, RETURN], plan(ON_RECEIPT))
    assert released(settlement) == []
    assert settlement.waiting.is_empty()


def test_what_was_not_yet_released_lapses_with_a_return_of_its_own_period() -> None:
    """Half was released on 10 January; the other half never comes, and only the first is taken back."""
    settlement = by_itself([INVOICE, RETURN._replace(on=JANUARY)], plan("release: [{when: credited, instalments: 2}]"))
    assert released(settlement) == [("2026-01-10", "credited", 500), ("2026-01-31", "returned", -500)]
    assert settlement.waiting.is_empty()


def test_what_is_left_after_a_return_of_its_own_period_is_released_in_the_period_of_the_credit() -> None:
    """A return at today's rates takes back 400 of 1,000: half of that at once, and the other half is never released."""
    back = RETURN._replace(revenue=-5_000, earns=-400, on=date(2026, 2, 1))
    settlement = by_itself([INVOICE, back], plan("release: [{when: credited, instalments: 2}]"))
    assert released(settlement) == [
        ("2026-01-10", "credited", 500),
        ("2026-02-01", "returned", -200),
        ("2026-02-10", "credited", 300),
    ]
    assert settlement.releases["period_label"].to_list() == ["2026-01", "2026-02", "2026-01"]
    early = by_itself([INVOICE, back], plan("release: [{when: credited, instalments: 2}]"), as_of=date(2026, 2, 5))
    assert early.waiting["period_label"].to_list() == ["2026-01"]
    assert waiting(early) == [("credited", "2026-02-10", 300)]


def test_a_return_of_its_own_period_cancels_in_the_payees_currency() -> None:
    """900 euros were paid for 1,000 dollars; by February these are worth 800, and still 900 are taken back."""
    known: Known = {"assignments": [assignment(pay_currency="EUR")], "rates": RATES}
    assert by_itself([INVOICE, RETURN], plan(), known=known).releases["pay_minor"].to_list() == [900, -900]


def test_a_return_after_a_new_version_is_released_by_the_terms_of_what_it_reverses() -> None:
    """The new version releases at once; the credit of the old one still waits for money, so nothing is taken back."""
    first, second = plan(ON_RECEIPT), plan(starts="2026-02-01")
    parts = earnings_of([INVOICE], first), earnings_of([RETURN._replace(reverses=None)], second)
    earned = Earnings(*(pl.concat(frames) for frames in zip(*parts, strict=True)))
    settlement = settle(earned, facts_of([INVOICE, RETURN]), [first, second], as_of=MARCH)
    assert settlement.releases.is_empty()
    assert settlement.waiting.is_empty()


def test_a_return_of_what_somebody_else_was_credited_with_waits_for_nothing() -> None:
    documents = [INVOICE._replace(earns={"crm:old": 1_000}), RETURN._replace(earns={"crm:new": -1_000})]
    settlement = settled(documents, plan(ON_RECEIPT), as_of=MARCH)
    rows = settlement.releases.select("payee_id", "transaction_id", "release_minor").rows()
    assert rows == [("crm:new", "c", -1_000)]
    assert settlement.waiting.select("payee_id", "waiting_minor").rows() == [("crm:old", 1_000)]


def test_credits_of_one_name_are_released_apart_whatever_other_plans_know_of_returns() -> None:
    """What is paid on two instalments of a contract has one name; a return under another plan does not tie them."""
    halves, other = (
        plan("release: [{when: credited, instalments: 2}]"),
        plan(ON_RECEIPT).model_copy(update={"name": "Other"}),
    )
    first, second = INVOICE._replace(earns=500), INVOICE._replace(earns=500, on=date(2026, 2, 10))
    parts = earnings_of([first, second], halves), earnings_of([INVOICE, RETURN], other)
    earned = Earnings(*(pl.concat(frames) for frames in zip(*parts, strict=True)))
    settlement = settle(earned, facts_of([INVOICE, RETURN]), [halves, other], as_of=MARCH)
    days = ("2026-01-10", "2026-02-10", "2026-02-10", "2026-03-10")
    assert released(settlement) == [(day, "credited", 250) for day in days]


def test_a_return_reverses_the_least_of_several_credits_of_one_name_whichever_was_credited_first() -> None:
    """Halves of 13 and of 9 are 7 and 5; 7 are taken back of the 9, and half of what is left of these is 1."""
    of = plan("release: [{share: 50%, when: credited}, {when: received}]")
    documents = [INVOICE._replace(earns=13), INVOICE._replace(earns=9), RETURN._replace(earns=-7)]
    settlement = settle(earnings_of(documents, of), facts_of([INVOICE, RETURN]), [of], as_of=MARCH)
    assert sorted(released(settlement)) == [
        ("2026-01-10", "credited", 5),
        ("2026-01-10", "credited", 7),
        ("2026-02-10", "returned", -4),
    ]


def test_what_has_one_name_is_converted_in_the_order_of_days() -> None:
    """500 are 450 euros in January and 400 in February; half of the dollars take back half of these 850."""
    known: Known = {"assignments": [assignment(pay_currency="EUR")], "rates": RATES}
    of = plan("release: [{when: credited, after_days: 1}]")
    first, back = INVOICE._replace(earns=500), RETURN._replace(earns=-500, on=date(2026, 3, 10))
    earned = earnings_of([first, first._replace(on=date(2026, 2, 10)), back], of)
    settlement = settle(earned, facts_of([INVOICE, back], **known), [of], as_of=MARCH)
    by_day = settlement.releases.sort("released_on").select("release_minor", "pay_minor").rows()
    assert by_day == [(500, 450), (500, 400), (-500, -425)]


def test_a_return_and_a_release_of_one_day_are_converted_in_this_order() -> None:
    """450 euros for the first half; 200 of these 500 dollars (180 euros) go, then 300 come at 0.8 (240 euros)."""
    known: Known = {"assignments": [assignment(pay_currency="EUR")], "rates": RATES}
    documents = [INVOICE, RETURN._replace(revenue=-4_000, earns=-400)]
    settlement = settled(documents, plan("release: [{when: credited, instalments: 2}]"), known=known)
    assert [row[2] for row in released(settlement)] == [500, -200, 300]
    assert settlement.releases["pay_minor"].to_list() == [450, -180, 240]


def test_a_returned_booking_in_another_currency_leaves_nothing_to_be_received() -> None:
    """Of 100 dollars and 100 euros the euros are returned when they are worth less; 100 dollars are all there is."""
    documents = [
        Document("b", "booking", date(2026, 1, 10), 10_000, 1_000),
        Document("e", "booking", date(2026, 1, 10), 10_000, currency="EUR"),
        Document("c", "return", date(2026, 2, 10), -10_000, reverses="e", currency="EUR"),
        Document("r", "receipt", date(2026, 2, 20), 10_000),
    ]
    rates = [("EUR", "USD", date(2026, 1, 1), "1.1"), ("EUR", "USD", date(2026, 2, 1), "1")]
    settlement = settled(documents, plan("release: [{when: received_in_full}]"), known={"rates": rates})
    assert released(settlement) == [("2026-02-20", "received_in_full", 1_000)]


def test_a_credit_note_for_a_new_invoice_pays_for_no_old_one() -> None:
    """The invoice of January is unpaid after 60 days, though as much was taken back of that of February."""
    documents = [
        INVOICE,
        Document("j", "invoice", date(2026, 2, 20), 10_000),
        Document("c", "return", date(2026, 3, 1), -10_000, reverses="j"),
    ]
    of = plan("clawback: {unpaid_after_days: 60}")
    assert released(settled(documents, of)) == [("2026-01-10", "credited", 1_000), ("2026-03-11", "unpaid", -1_000)]


def test_what_a_return_released_and_nobody_posted_is_adjusted() -> None:
    """At today's rates the return earns 300; when January closed neither it nor the credit of nothing was known."""
    documents = [INVOICE, RETURN._replace(on=date(2026, 1, 20), earns=300)]
    of = plan("release: [{when: credited, after_days: 15}]")
    earned = earnings_of(documents, of)
    lines = earned.lines.with_columns(pl.col("earning_minor").replace(1_000, 0))
    before = [(REP, "Sales", "commission", "n", "owner", "2026-01", "2026-01", 0, "USD", 0)]
    settlement = settle(Earnings(lines, earned.openings), facts_of(documents, posted=before), [of], as_of=FEBRUARY)
    adjusted = settlement.adjustments.select("transaction_id", "recalculated_minor", "release_minor").rows()
    assert adjusted == [("c", 300, 0), ("i", 0, 300)]
    assert columns(settlement, "adjustments", "paid") == [(300, 300)]
