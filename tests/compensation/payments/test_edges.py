"""Where terms begin and end: first and last days, one cent, two of everything, more than all of it."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import polars as pl
import pytest

from compensation import FactsError, Plan, parse_plan
from compensation.payments.balances import Bounds, Paid, settle_period
from compensation.payments.pay_currency import converted
from compensation.payments.settlement import Settlement, settle
from compensation.plans.payments import NegativeBalance, NotPaidOut
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
IN_FULL = "release: [{when: received_in_full}]"


def into_euros(day: date) -> list[dict[str, str | date | int | None]]:
    """A payee who is paid in dollars before the day, and in euros from it on."""
    return [assignment(to_on=day), assignment(from_on=day, pay_currency="EUR")]


def receipts(*amounts: int, day: date = date(2026, 1, 20)) -> list[Document]:
    return [Document(f"r{number}", "receipt", day, amount) for number, amount in enumerate(amounts)]


def posted(earning: int, released: int | None = None) -> tuple[str | int | None, ...]:
    return (REP, "Sales", "commission", "i", "owner", "2026-01", "2026-01", earning, "USD", released)


@pytest.mark.parametrize(
    ("gross", "owed", "bounds", "paid"),
    [
        (-10, 0, Bounds(negative=NegativeBalance.PAID_BACK), Paid(0, 0, 0, 0, 0, 0, -10)),
        (-10, 0, Bounds(negative=NegativeBalance.FORGIVEN), Paid(0, 0, 0, 0, -10, 0, 0)),
        (-10, 0, Bounds(), Paid(0, 0, 0, -10, 0, 0, 0)),
        (-1, 0, Bounds(negative=NegativeBalance.FORGIVEN), Paid(0, 0, 0, 0, -1, 0, 0)),
        (0, 0, Bounds(), Paid(0, 0, 0, 0, 0, 0, 0)),
        (1, 0, Bounds(), Paid(0, 0, 0, 0, 0, 0, 1)),
        (99, 0, Bounds(minimum=100), Paid(0, 0, 0, 99, 0, 0, 0)),
        (99, 0, Bounds(minimum=100, below_minimum=NotPaidOut.FORFEITED), Paid(0, 0, 0, 0, 99, 0, 0)),
        (100, 0, Bounds(minimum=100), Paid(0, 0, 0, 0, 0, 0, 100)),
        (50, 7, Bounds(draw=80), Paid(30, 0, 0, 0, 0, 37, 80)),
        (90, 7, Bounds(draw=80), Paid(0, 7, 0, 0, 0, 0, 83)),
        (85, 7, Bounds(draw=80, recovered=Fraction(1, 2)), Paid(0, 3, 0, 0, 0, 4, 82)),
        (50, 7, Bounds(draw=80, is_recoverable=False), Paid(30, 0, 0, 0, 0, 7, 80)),
        (50, 7, Bounds(draw=80, is_forgiven_after=True), Paid(30, 0, 0, 0, 0, 0, 80)),
        (50, 0, Bounds(draw=80, is_paid_in_advance=True), Paid(-50, 0, 0, 0, 0, 30, 0)),
        (5, 7, Bounds(), Paid(0, 5, 0, 0, 0, 2, 0)),
        (-5, 7, Bounds(), Paid(0, 0, 0, -5, 0, 7, 0)),
        (50, 0, Bounds(guarantee=80), Paid(0, 0, 30, 0, 0, 0, 80)),
        (90, 0, Bounds(guarantee=80), Paid(0, 0, 0, 0, 0, 0, 90)),
        (50, 0, Bounds(draw=60, guarantee=80), Paid(10, 0, 20, 0, 0, 10, 80)),
    ],
)
def test_a_period_between_its_bounds(gross: int, owed: int, bounds: Bounds, paid: Paid) -> None:
    assert settle_period(gross, owed, bounds) == paid


def test_more_is_taken_back_than_was_released() -> None:
    assert converted((100, Fraction(90)), -300, Fraction(2)) == (-200, Fraction(-400))
    assert converted((100, Fraction(90)), -50, Fraction(2)) == (50, Fraction(45))
    assert converted((-100, Fraction(-90)), 50, Fraction(2)) == (-50, Fraction(-45))
    assert converted((1, Fraction(9, 10)), -1, Fraction(2)) == (0, Fraction(0))
    assert converted((0, Fraction(0)), -50, Fraction(2)) == (-50, Fraction(-100))


def test_a_plan_pays_what_it_released_itself() -> None:
    sales, other = plan(), plan().model_copy(update={"name": "Other"})
    parts = [earnings_of([INVOICE], sales), earnings_of([INVOICE._replace(earns=70)], other)]
    earned = Earnings(*(pl.concat(frames) for frames in zip(*parts, strict=True)))
    settlement = settle(earned, facts_of([INVOICE]), [sales, other], as_of=JANUARY)
    assert settlement.payments.select("plan", "paid_minor").sort("plan").rows() == [("Other", 70), ("Sales", 1_000)]


def test_payees_are_told_in_order() -> None:
    payees = ["e", "b", "d", "a", "c"]
    settlement = settled([INVOICE._replace(earns=dict.fromkeys(payees, 1))], plan())
    assert settlement.payments["payee_id"].to_list() == sorted(payees)


def test_components_release_each_by_its_own_schedule() -> None:
    of = parse_plan(
        """\
plan: Sales
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - {component: commission, credited_on: invoice, period: month, payout: {rate: 10%}, release: [{when: received}]}
  - component: bonus
    credited_on: invoice
    period: month
    payout: {rate: 10%}
    release: [{when: credited, instalments: 2}]
""",
        "plan.yaml",
    )
    documents = [INVOICE, *receipts(4_000)]
    parts = [earnings_of([INVOICE], of, component=name) for name in ("commission", "bonus")]
    earned = Earnings(*(pl.concat(frames) for frames in zip(*parts, strict=True)))
    settlement = settle(earned, facts_of(documents), [of], as_of=FEBRUARY)
    rows = settlement.releases.select("component", "released_on", "release_minor").sort("component", "released_on")
    assert rows.rows() == [
        ("bonus", date(2026, 1, 10), 500),
        ("bonus", date(2026, 2, 10), 500),
        ("commission", date(2026, 1, 20), 400),
    ]


def settled_of(amounts: Sequence[int], revenue: int, earns: int, component: str = ON_RECEIPT) -> Settlement:
    return settled([INVOICE._replace(revenue=revenue, earns=earns), *receipts(*amounts)], plan(component))


@pytest.mark.parametrize(
    ("amounts", "revenue", "earns", "pays"),
    [
        ((1,), 3, 3_000, [1_000]),
        ((1, 1), 3, 3_000, [2_000]),
        ((4,), 3, 3_000, [3_000]),
        ((-1,), -3, -3_000, [-1_000]),
        ((-4,), -3, -3_000, [-3_000]),
        ((1,), -3, -3_000, []),
        ((1,), 1, 1, [1]),
        ((-1,), -1, -1_000, [-1_000]),
    ],
)
def test_a_part_of_what_is_received(amounts: tuple[int, ...], revenue: int, earns: int, pays: list[int]) -> None:
    assert [minor for _, _, minor in released(settled_of(amounts, revenue, earns))] == pays


def test_what_was_received_is_sent_back() -> None:
    documents = [INVOICE._replace(revenue=3, earns=3_000), *receipts(1), *receipts(-1, day=date(2026, 1, 25))[:1]]
    documents[-1] = documents[-1]._replace(id="b")
    assert [minor for _, _, minor in released(settled(documents, plan(ON_RECEIPT)))] == [1_000, -1_000]


def test_all_of_it_is_received_of_two_invoices() -> None:
    documents = [
        INVOICE._replace(revenue=1),
        INVOICE._replace(id="j", deal="crm:other", earns=500),
        Document("r", "receipt", date(2026, 1, 20), 1),
        Document("s", "receipt", date(2026, 1, 21), 9_999, deal="crm:other"),
        Document("t", "receipt", date(2026, 1, 22), 1, deal="crm:other"),
    ]
    settlement = settled(documents, plan(IN_FULL))
    assert [row[::2] for row in released(settlement)] == [("2026-01-20", 1_000), ("2026-01-22", 500)]


def test_what_is_received_on_the_day_itself_is_received_in_full() -> None:
    documents = [INVOICE, *receipts(10_000, day=INVOICE.on)]
    assert released(settled(documents, plan(IN_FULL))) == [("2026-01-10", "received_in_full", 1_000)]


def test_what_is_no_longer_received_in_full_is_taken_back() -> None:
    documents = [INVOICE, *receipts(10_000), Document("b", "receipt", date(2026, 1, 25), -1)]
    settlement = settled(documents, plan(IN_FULL))
    assert [row[::2] for row in released(settlement)] == [("2026-01-20", 1_000), ("2026-01-25", -1_000)]
    assert waiting(settlement) == [("received_in_full", None, 1_000)]


def test_less_than_nothing_is_received_in_full_when_all_of_it_is_sent_back() -> None:
    owed = INVOICE._replace(revenue=-3, earns=-1_000)
    assert released(settled([owed, *receipts(-2)], plan(IN_FULL))) == []
    assert [row[2] for row in released(settled([owed, *receipts(-3)], plan(IN_FULL)))] == [-1_000]


def test_of_nothing_nothing_is_received_in_full() -> None:
    assert waiting(settled([INVOICE._replace(revenue=0)], plan(IN_FULL))) == [("received_in_full", None, 1_000)]


@pytest.mark.parametrize(
    ("revenue", "received", "pays"),
    [(1, 1, [1_000]), (10_000, 10_000, [1_000]), (10_000, 9_999, [1_000, -1_000]), (10_000, 10_001, [1_000])],
)
def test_a_cent_that_is_missing_is_unpaid(revenue: int, received: int, pays: list[int]) -> None:
    of = plan("clawback: {unpaid_after_days: 60}")
    documents = [INVOICE._replace(revenue=revenue), *receipts(received)]
    assert [row[2] for row in released(settled(documents, of))] == pays
    assert settled(documents, of, as_of=FEBRUARY).waiting.is_empty()


def test_a_half_in_full_and_a_half_at_once() -> None:
    of = plan("release: [{share: 50%, when: received_in_full}, {when: credited}]")
    assert released(settled([INVOICE, *receipts(10_000)], of)) == [
        ("2026-01-10", "credited", 500),
        ("2026-01-20", "received_in_full", 500),
    ]


def test_what_waits_is_told_with_its_transaction() -> None:
    settlement = settled([INVOICE], plan("release: [{when: received, instalments: 2}]"), as_of=JANUARY)
    assert waiting(settlement) == [("received", None, 1_000)]
    assert settlement.waiting.select("transaction_id", "deal_id", "payee_id", "share").rows() == [
        ("i", INVOICE.deal, REP, "1/2")
    ]


def test_a_document_of_the_day_itself_counts_and_one_of_tomorrow_does_not() -> None:
    documents = [INVOICE, *receipts(10_000, day=JANUARY)]
    of = plan(ON_RECEIPT)
    earned, facts = earnings_of(documents, of), facts_of(documents)
    assert settle(earned, facts, [of], as_of=JANUARY).releases["release_minor"].to_list() == [1_000]
    assert settle(earned, facts, [of], as_of=date(2026, 1, 30)).releases.is_empty()
    before = settle(earned, facts, [of], as_of=date(2026, 1, 9))
    assert before.releases.is_empty()
    assert before.waiting.is_empty()


@pytest.mark.parametrize("cent", [1, -1])
@pytest.mark.parametrize("component", ["", "release: [{when: credited}]", "release: [{when: month_end}]"])
def test_pay_of_a_later_day_is_not_there_yet_and_a_cent_is_pay(component: str, cent: int) -> None:
    openings = [(JANUARY, cent), (MARCH, 500)]
    for day in (JANUARY, FEBRUARY):
        settlement = settled([], plan(component), as_of=day, openings=openings)
        assert settlement.releases["release_minor"].to_list() == [cent]
        assert settlement.waiting.is_empty()


@pytest.mark.parametrize("cent", [1, -1])
@pytest.mark.parametrize("when", ["credited", "month_end"])
def test_the_last_cent_is_taken_back(when: str, cent: int) -> None:
    back = Document("c", "return", date(2026, 2, 1), -10_000, -cent, reverses="i")
    settlement = settled([INVOICE._replace(earns=cent), back], plan(f"release: [{{when: {when}}}]"))
    assert [minor for _, _, minor in released(settlement)] == [cent, -cent]


def test_a_return_may_be_known_before_what_it_reverses() -> None:
    back = Document("c", "return", date(2026, 2, 1), -4_000, -400, reverses="i")
    late = Document("d", "return", date(2026, 3, 1), -1_000, -100, reverses="i")
    of = plan("release: [{when: credited, instalments: 4}]")
    told, turned = settled([INVOICE, back, late], of), settled([late, back, INVOICE], of)
    assert released(told) == released(turned)
    assert sum(minor for _, _, minor in released(turned)) == 500


def test_a_receipt_in_a_currency_without_a_rate_is_refused() -> None:
    foreign = receipts(10_000)[0]._replace(currency="EUR")
    with pytest.raises(FactsError, match="EUR"):
        settled([INVOICE, foreign], plan(ON_RECEIPT))


def test_the_first_renewal_counts_in_whichever_order_they_come() -> None:
    renewals = [Document(f"n{day.month}", "renewal", day) for day in (date(2026, 8, 1), date(2026, 5, 1))]
    settlement = settled([INVOICE, *renewals], plan("release: [{when: renewed}]"))
    assert [day for day, _, _ in released(settlement)] == ["2026-05-01"]


def test_the_first_order_counts_in_whichever_order_they_come() -> None:
    orders = [Document(f"o{day.month}", "order", day) for day in (date(2026, 8, 1), date(2026, 5, 1))]
    settlement = settled([INVOICE._replace(kind="booking"), *orders], plan("release: [{when: ordered}]"))
    assert [day for day, _, _ in released(settlement)] == ["2026-05-01"]


def test_a_line_of_the_first_open_day_is_no_late_one() -> None:
    first = INVOICE._replace(id="n", on=date(2026, 2, 1), deal="crm:other", earns=300)
    settlement = settled([INVOICE, first], plan(), as_of=FEBRUARY, known={"posted": [posted(1_000)]})
    assert settlement.adjustments.is_empty()


def test_the_rest_of_a_release_that_was_not_recorded_is_paid_in_todays_currency() -> None:
    known: Known = {"assignments": into_euros(date(2026, 2, 1)), "rates": RATES, "posted": [posted(1_000, 333)]}
    settlement = settled([INVOICE], plan(), as_of=FEBRUARY, known=known)
    names = ("difference_minor", "release_minor", "pay_currency", "pay_minor")
    assert settlement.adjustments.select(names).rows() == [(0, 667, "EUR", 534)]


def test_cents_are_rounded_and_not_cut_when_a_period_pays_in_another_currency() -> None:
    documents = [INVOICE._replace(earns=1_001)]
    known: Known = {"assignments": into_euros(date(2026, 1, 15)), "rates": RATES}
    settlement = settled(documents, plan(), as_of=JANUARY, known=known)
    assert settlement.payments.select("currency", "released_minor", "paid_minor").rows() == [("EUR", 901, 901)]


def test_two_documents_of_a_day_are_converted_once_each() -> None:
    documents = [INVOICE, INVOICE._replace(id="j", deal="crm:other", earns=500)]
    known: Known = {"assignments": [assignment(pay_currency="EUR")], "rates": RATES}
    assert settled(documents, plan(), known=known).releases["pay_minor"].to_list() == [900, 450]


def test_what_is_only_carried_is_converted_too() -> None:
    known: Known = {"assignments": into_euros(date(2026, 2, 1))[::-1], "rates": RATES}
    of = plan(terms="{minimum_payout: {amount: 200}}")
    settlement = settled([INVOICE], of, as_of=FEBRUARY, known=known)
    assert columns(settlement, "carried_in", "carried_out") == [(0, 1_000), (800, 800)]


def test_what_stands_from_before_is_rounded_in_the_payees_currency() -> None:
    """2 cents at 0.8 are 1.6."""
    known: Known = {
        "assignments": into_euros(date(2026, 2, 1)),
        "rates": RATES,
        "paid": [(REP, "Sales", "2026-01", 0, 2, -2, "USD")],
    }
    settlement = settled([], plan(), as_of=FEBRUARY, known=known)
    assert columns(settlement, "carried_in", "owed") == [(-2, 2)]


def test_who_is_owed_nothing_needs_no_rate_to_be_paid_in_another_currency() -> None:
    known: Known = {"assignments": into_euros(date(2026, 2, 1))}
    settlement = settled([INVOICE], plan(), as_of=FEBRUARY, known=known)
    assert columns(settlement, "period_label", "paid") == [("2026-01", 1_000)]


def test_a_draw_is_rounded_in_the_payees_currency() -> None:
    known: Known = {"assignments": [assignment(pay_currency="EUR")], "rates": RATES}
    settlement = settled([], plan(terms="{draw: {amount: 33.33}}"), as_of=FEBRUARY, known=known)
    assert columns(settlement, "draw") == [(30_00,), (26_66,)]


@pytest.mark.parametrize(
    ("start", "as_of", "labels"),
    [
        (date(2026, 3, 1), MARCH, ["2026-03"]),
        (date(2026, 2, 28), FEBRUARY, ["2026-02"]),
        (date(2026, 2, 28), date(2026, 2, 27), []),
    ],
)
def test_a_draw_begins_in_the_period_of_the_first_day(start: date, as_of: date, labels: list[str]) -> None:
    known: Known = {"assignments": [assignment(from_on=start)]}
    settlement = settled([], plan(terms="{draw: {amount: 100}}"), as_of=as_of, known=known)
    assert settlement.payments["period_label"].to_list() == labels


def guaranteed(known: Known, of: Plan) -> list[int]:
    return [row[0] for row in columns(settled([], of, as_of=MARCH, known=known), "guarantee")]


def test_the_months_of_a_guarantee_run_from_the_first_assignment_where_nobody_says_when_somebody_was_hired() -> None:
    of = plan(terms="{guarantee: {amount: 10, months: 2}}")
    assert guaranteed({"assignments": [assignment()]}, of) == [10_00, 10_00]
    people = [assignment(to_on=date(2026, 2, 1)), assignment(from_on=date(2026, 2, 1))]
    assert guaranteed({"assignments": people}, of) == [10_00, 10_00]
