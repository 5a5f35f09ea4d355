"""From documents to payments: calculated and settled together."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from compensation import Facts, calculate, parse_plan, settle
from compensation.facts.schemas import SCHEMAS
from compensation.names import NAME
from tests.compensation.payments.cases import DEAL, REP, Document, assignment, facts_of, released, waiting

PLAN = """\
plan: Sales
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - component: base
    credited_on: invoice
    period: year
    payout: {marginal_tiers: [{from: 0, rate: 10%}, {from: 10000, rate: 20%}]}
    release: [{share: 60%, when: credited}, {when: received}]
  - component: monthly
    credited_on: invoice
    period: month
    opening_pay: 50
    payout: {rate: 1%}
payments: {minimum_payout: {amount: 100}}
"""
DOCUMENTS = [
    Document("i1", "invoice", date(2026, 1, 10), 8_000_00, document="I1"),
    Document("i2", "invoice", date(2026, 1, 20), 4_000_00, document="I2"),
    Document("r1", "receipt", date(2026, 2, 5), 8_000_00, settles="I1"),
    Document("c2", "return", date(2026, 2, 9), -4_000_00, reverses="i2"),
]


def _facts() -> Facts:
    return _owned(facts_of(DOCUMENTS, assignments=[assignment("crm:a"), assignment("crm:b")]), "crm:a", "crm:b")


def _owned(facts: Facts, *owners: str) -> Facts:
    """The facts with owners of the deal, equal parts."""
    rows = [(DEAL, owner, "AE", 1_000_000 // len(owners), False) for owner in owners]
    return replace(facts, participants=pl.DataFrame(rows, schema=SCHEMAS["participants"], orient="row"))


def test_what_is_calculated_is_settled() -> None:
    """Each has half of 12,000 in January, all at 10 % and 1 %; 4,000 of it are returned before they are paid."""
    plan, facts = parse_plan(PLAN, "plan.yaml"), _facts()
    as_of = date(2026, 2, 28)
    settlement = settle(calculate(facts, [plan], as_of=as_of), facts, [plan], as_of=as_of)
    paid = settlement.payments.select("payee_id", "period_label", "released_minor", "paid_minor").rows()
    january = 240_00 + 120_00 + 60_00 + 50_00
    february = 160_00 - 120_00 - 20_00 + 50_00
    assert paid == [
        ("crm:a", "2026-01", january, january),
        ("crm:a", "2026-02", february, 0),
        ("crm:b", "2026-01", january, january),
        ("crm:b", "2026-02", february, 0),
    ]
    assert settlement.payments["carried_out_minor"].to_list() == [0, february, 0, february]
    assert settlement.waiting.is_empty()


def test_what_one_close_posted_the_next_adjusts() -> None:
    """January is closed before its return, dated in January, is known: all of it is taken back in February."""
    plan, facts = parse_plan(PLAN, "plan.yaml"), _facts()
    january, february = date(2026, 1, 31), date(2026, 2, 28)
    known = calculate(facts, [plan], as_of=january)
    closed = settle(known, facts, [plan], as_of=january)
    late = facts.transactions.with_columns(
        pl.when(pl.col("transaction_id") == "c2").then(date(2026, 1, 25)).otherwise("dated_on").alias("dated_on")
    )
    facts = Facts(
        **{
            **{name: getattr(facts, name) for name in SCHEMAS},
            "transactions": late,
            "posted": _posted(known.lines, known.openings),
            "paid": closed.payments.select(
                *("payee_id", "plan", "period_label", "paid_minor", "owed_minor"),
                pl.col("carried_out_minor").alias("carried_minor"),
                "currency",
            ),
        }
    )
    settlement = settle(calculate(facts, [plan], as_of=february), facts, [plan], as_of=february)
    adjusted = settlement.adjustments.select("transaction_id", "component", "difference_minor", "pay_minor").rows()
    assert adjusted == [("c2", "base", -200_00, -120_00), ("c2", "monthly", -20_00, -20_00)] * 2
    rows = settlement.payments.select("period_label", "released_minor", "adjustments_minor", "carried_out_minor").rows()
    assert rows == [("2026-02", 160_00 + 50_00, -140_00, 70_00)] * 2


def _posted(lines: pl.DataFrame, openings: pl.DataFrame) -> pl.DataFrame:
    empty = (pl.lit("").alias("transaction_id"), pl.lit("", NAME).alias("party"))
    frames = (lines, openings.with_columns(*empty))
    posted = pl.concat(
        each.with_columns(pl.lit("2026-01").alias("posted_in")).select(
            name for name in SCHEMAS["posted"] if name != "released_minor"
        )
        for each in frames
    )
    return posted.with_columns(pl.lit(None, pl.Int64).alias("released_minor"))


OVERRIDE = """\
plan: Sales
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - component: residual
    credited_on: invoice
    recurs: {every: month, times: 3}
    period: month
    payout: {rate: 10%}
  - component: override
    credited_on: earning
    earnings_of: [residual]
    credit_to: direct_manager
    measure: earnings
    period: month
    payout: {rate: 20%}
"""


def test_an_override_on_a_contract_is_paid_as_the_contract_is_credited() -> None:
    """1,000 of each month earn 100, and the manager 20 of these in the same month, not all 60 with the invoice."""
    plan = parse_plan(OVERRIDE, "plan.yaml")
    facts = facts_of(DOCUMENTS[:1], assignments=[assignment("crm:a", manager_id="crm:m"), assignment("crm:m")])
    facts = replace(
        _owned(facts, "crm:a"),
        transactions=facts.transactions.with_columns(revenue_minor=pl.lit(1_000_00, pl.Int64)),
    )
    as_of = date(2026, 3, 31)
    settlement = settle(calculate(facts, [plan], as_of=as_of), facts, [plan], as_of=as_of)
    paid = settlement.payments.select("payee_id", "period_label", "paid_minor").rows()
    months = ("2026-01", "2026-02", "2026-03")
    assert paid == [*(("crm:a", month, 100_00) for month in months), *(("crm:m", month, 20_00) for month in months)]


CONTRACT = """\
plan: Sales
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - component: contract
    credited_on: booking
    recurs: {every: month, times: 3}
    returns: current
    period: month
    payout: {rate: 10%}
    release: [{when: invoiced}]
"""


@pytest.mark.parametrize("back_on", [date(2026, 2, 20), date(2026, 3, 10)])
def test_what_begins_when_its_deal_was_returned_is_released_as_what_began_before(back_on: date) -> None:
    """Each month earns 300; a third of the deal was invoiced until it was returned, and stays so for March, too.

    When it is booked again, this is still a third of it.
    """
    plan = parse_plan(CONTRACT, "plan.yaml")
    documents = [
        Document("b", "booking", date(2026, 1, 10), 3_000_00),
        Document("i", "invoice", date(2026, 1, 20), 1_000_00),
        Document("c", "return", back_on, -3_000_00, reverses="b"),
        Document("a", "booking", date(2026, 3, 20), 3_000_00),
    ]
    facts = _owned(facts_of(documents), REP)
    as_of = date(2026, 3, 31)
    settlement = settle(calculate(facts, [plan], as_of=as_of), facts, [plan], as_of=as_of)
    assert sorted(released(settlement)) == [
        ("2026-01-20", "invoiced", 100_00),
        ("2026-02-10", "invoiced", 100_00),
        *sorted([(str(back_on), "returned", -100_00), ("2026-03-10", "invoiced", 100_00)]),
        ("2026-03-20", "invoiced", 100_00),
    ]
    assert waiting(settlement) == [("invoiced", None, 200_00)] * 3
