"""Given credit notes, returns and refunds, the transactions that take back earlier ones."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

from compensation import Facts, calculate, parse_plan
from mappings.records import (
    Assignment,
    CanonicalRecord,
    CreditNote,
    Employee,
    Invoice,
    Key,
    Product,
)
from tests.warehouse.documents import DEAL, TODAY, erp, facts, line, opportunity, receipt, store, transactions, usd
from warehouse.database import reading
from warehouse.facts import read_facts_and_gaps


def test_a_credit_note_takes_back_what_it_names(engine: Engine) -> None:
    product = Product(source="erp", ref="P", name="P")
    invoice = erp(
        Invoice,
        "I1",
        900,
        line("1", 600, cost=100),
        line("2", 300, cost=100, product_key=product.key),
        opportunity_key=DEAL,
    )
    notes = [
        erp(CreditNote, "C1", 600, line("9", 600, origin_key=invoice.key, origin_line_ref="1")),
        erp(CreditNote, "C2", 30, line("9", 30, product_key=product.key), invoice_key=invoice.key),
        erp(CreditNote, "C3", 20, line("9", 20, quantity="2", cost=5), line("8", 0), invoice_key=invoice.key),
    ]
    frame = facts(engine, opportunity(amount=900), invoice, *notes, product)["transactions"]
    columns = ("transaction_id", "revenue_minor", "margin_minor", "quantity_millionths", "reverses_id")
    returns = frame.filter(pl.col("kind") == "return")
    assert set(returns.select(columns).iter_rows()) == {
        ("erp:return:C1:9", -600, -500, -1_000_000, "erp:invoice:I1:1"),
        ("erp:return:C2:9", -30, -20, -1_000_000, "erp:invoice:I1:2"),
        ("erp:return:C3:9", -20, -15, -2_000_000, "erp:invoice:I1:1"),
        ("erp:return:C3:8", 0, 0, -1_000_000, "erp:invoice:I1:1"),
    }
    assert set(returns["deal_id"]) == {"crm:006"}


def test_a_credit_note_without_lines_takes_back_all_lines_in_proportion(engine: Engine) -> None:
    invoice = erp(Invoice, "I1", 900, line("1", 601, cost=100), line("2", 299, cost=99), opportunity_key=DEAL)
    notes = [erp(CreditNote, "C1", 900, invoice_key=invoice.key), erp(CreditNote, "C2", 10, invoice_key=invoice.key)]
    found = transactions(engine, opportunity(amount=900), invoice, *notes)
    returned = {name: values[:2] for name, values in found.items() if ":return:" in name}
    assert returned == {
        "erp:return:C1:whole/0": (-601, -501),
        "erp:return:C1:whole/1": (-299, -200),
        "erp:return:C2:whole/0": (-7, -6),
        "erp:return:C2:whole/1": (-3, -2),
    }


ALPHA, BETA, GAMMA = (Key(source="erp", ref=ref) for ref in ("alpha", "beta", "gamma"))


def returned(engine: Engine, *records: CanonicalRecord) -> set[tuple[Any, ...]]:
    frame = facts(engine, opportunity(amount=900), *records)["transactions"].filter(pl.col("kind") == "return")
    return set(frame.select("transaction_id", "revenue_minor", "margin_minor", "reverses_id").iter_rows())


def test_a_return_of_a_product_takes_back_a_line_of_that_product(engine: Engine) -> None:
    lines = (
        line("1", 1000, cost=100, product_key=ALPHA),
        line("2", 500, cost=100, product_key=BETA),
        line("3", 700, cost=100, product_key=BETA),
    )
    invoice = erp(Invoice, "I1", 2200, *lines, opportunity_key=DEAL)
    notes = [
        erp(CreditNote, f"C{amount}", amount, line("9", amount, product_key=product), invoice_key=invoice.key)
        for amount, product in ((500, BETA), (700, BETA), (5, BETA), (10, GAMMA), (20, None))
    ]
    assert returned(engine, invoice, *notes) == {
        ("erp:return:C500:9", -500, -400, "erp:invoice:I1:2"),
        ("erp:return:C700:9", -700, -600, "erp:invoice:I1:3"),
        ("erp:return:C5:9", -5, -4, "erp:invoice:I1:2"),
        ("erp:return:C10:9", -10, None, None),
        ("erp:return:C20:9", -20, -18, "erp:invoice:I1:1"),
    }


def test_a_product_may_be_in_a_line_that_names_none(engine: Engine) -> None:
    """As one line, an invoice of several products names none."""
    lines = (line("1", 100, product_key=ALPHA), line("2", 100, product_key=BETA))
    invoice = erp(Invoice, "I1", 190, *lines, opportunity_key=DEAL)
    note = erp(CreditNote, "C1", 90, line("9", 90, product_key=BETA), invoice_key=invoice.key)
    assert returned(engine, invoice, note) == {("erp:return:C1:9", -90, None, "erp:invoice:I1:whole")}


def test_a_full_return_by_several_notes_leaves_no_margin(engine: Engine) -> None:
    invoice = erp(Invoice, "I1", 300, line("1", 300, cost=200), opportunity_key=DEAL)
    notes = [erp(CreditNote, f"C{n}", 50, line("9", 50, origin_key=invoice.key, origin_line_ref="1")) for n in range(6)]
    found = returned(engine, invoice, *notes)
    assert (sum(row[1] for row in found), sum(row[2] for row in found)) == (-300, -100)
    assert {row[2] for row in found} == {-16, -17}


def test_a_full_return_by_notes_without_lines_leaves_nothing_of_any_line(engine: Engine) -> None:
    invoice = erp(Invoice, "I1", 300, *(line(str(n), 100, cost=30 + n) for n in range(3)), opportunity_key=DEAL)
    amounts = (50, 50, 50, 50, 99, 1)
    notes = [erp(CreditNote, f"C{n}", amount, invoice_key=invoice.key) for n, amount in enumerate(amounts)]
    found = returned(engine, invoice, *notes)
    for n in range(3):
        parts = [row[1:3] for row in found if row[3] == f"erp:invoice:I1:{n}"]
        assert tuple(map(sum, zip(*parts, strict=True))) == (-100, n - 70)
    for n, amount in enumerate(amounts):
        assert sum(row[1] for row in found if row[0].startswith(f"erp:return:C{n}:")) == -amount


@pytest.mark.parametrize("names_it_by_line", [False, True])
def test_a_refund_takes_back_what_was_received(engine: Engine, names_it_by_line: bool) -> None:
    invoice = erp(Invoice, "I1", 100, line("1", 100, cost=31), gross_amount=usd(119), opportunity_key=DEAL)
    origin, invoice_key = (invoice.key, None) if names_it_by_line else (None, invoice.key)
    note = erp(CreditNote, "C1", 100, line("1", 100, origin_key=origin), invoice_key=invoice_key)
    payments = [receipt("R1", I1=119), *(receipt(f"R{n}", C1=-17) for n in range(2, 9))]
    found = transactions(engine, opportunity(amount=100), invoice, note, *payments)
    received = [values for name, values in found.items() if ":receipt:" in name]
    assert len(received) == 8
    assert {values[3] for values in received} == {"crm:006"}
    assert [sum(values[n] for values in received) for n in range(2)] == [0, 0]
    assert min(received)[0] == -15


CASH = """\
plan: Cash
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - {component: cash, credited_on: receipt, period: quarter, payout: {rate: 5%}}
"""


def test_invoice_receipt_credit_note_and_refund_earn_nothing_together(engine: Engine) -> None:
    rep = Employee(
        source="crm", ref="ana", name="Ana", assignments=(Assignment(from_on=date(2026, 1, 1), title="Rep"),)
    )
    lines = (line("1", 66_667), line("2", 33_333))
    invoice = erp(Invoice, "I1", 100_000, *lines, gross_amount=usd(119_000), opportunity_key=DEAL)
    note = erp(CreditNote, "C1", 100_000, *lines, invoice_key=invoice.key)
    paid = (rep, opportunity(amount=100_000), invoice, receipt("R1", I1=119_000))
    earned = []
    for records in (paid, (*paid, note, receipt("R2", C1=-119_000))):
        read = facts(engine, *records)
        earned.append(
            calculate(Facts(**read), [parse_plan(CASH, "cash.yaml")], as_of=TODAY).lines["earning_minor"].sum()
        )
    assert earned == [5_000, 0]


def test_a_refund_for_no_known_invoice_is_left_out_and_counted(engine: Engine) -> None:
    store(engine, [opportunity(), erp(CreditNote, "C1", 100, opportunity_key=DEAL), receipt("R1", C1=-119)])
    with reading(engine) as connection:
        read = read_facts_and_gaps(connection, as_of=TODAY)
    assert read.frames["transactions"]["kind"].to_list() == ["return"]
    assert list(read.left_out.values()) == [1]
