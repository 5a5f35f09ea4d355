"""Given orders, invoices and receipts, the transactions of their deals."""

import polars as pl
from sqlalchemy import Engine

from mappings.records import (
    Invoice,
    Key,
    OrderState,
)
from tests.warehouse.documents import (
    DEAL,
    TODAY,
    erp,
    facts,
    line,
    of,
    opportunity,
    order,
    receipt,
    store,
    transactions,
    usd,
)
from warehouse.database import reading
from warehouse.facts import read_facts_and_gaps


def test_the_chain_from_order_to_receipt(engine: Engine) -> None:
    records = [
        opportunity(amount=1000),
        order(),
        order("SO2", 500, state=OrderState.CANCELLED),
        erp(
            Invoice,
            "I1",
            900,
            line("1", 600, cost=100),
            line("2", 300),
            order_keys=(of("SO1"),),
            gross_amount=usd(1071),
        ),
        receipt("R1", I1=357),
        receipt("R2", I1=714),
    ]
    assert transactions(engine, *records) == {
        "crm:booking:006:whole": (1000, None, 1_000_000, "crm:006"),
        "erp:order:SO1:whole": (1000, None, 1_000_000, "crm:006"),
        "erp:invoice:I1:1": (600, 500, 1_000_000, "crm:006"),
        "erp:invoice:I1:2": (300, None, 1_000_000, "crm:006"),
        "erp:receipt:R1:0": (300, None, 0, "crm:006"),
        "erp:receipt:R2:0": (600, None, 0, "crm:006"),
    }


def test_a_line_knows_its_document_and_a_receipt_the_invoice_that_it_settles(engine: Engine) -> None:
    invoice = erp(Invoice, "I1", 900, line("1", 600), line("2", 300), opportunity_key=DEAL)
    found = facts(engine, opportunity(amount=900), invoice, receipt("R1", I1=900))["transactions"]
    assert found.select("transaction_id", "document_id", "settles_id").rows() == [
        ("crm:booking:006:whole", "crm:006", None),
        ("erp:invoice:I1:1", "erp:I1", None),
        ("erp:invoice:I1:2", "erp:I1", None),
        ("erp:receipt:R1:0", "erp:R1", "erp:I1"),
    ]


def test_part_payments_add_up_to_the_net_amount_and_margin_exactly(engine: Engine) -> None:
    invoice = erp(Invoice, "I1", 100, line("1", 100, cost=31), gross_amount=usd(119), opportunity_key=DEAL)
    payments = [receipt(f"R{number}", I1=17) for number in range(7)]
    found = transactions(engine, opportunity(amount=100), invoice, *payments)
    received = [values for name, values in found.items() if ":receipt:" in name]
    assert sum(revenue for revenue, *_ in received) == 100
    assert sum(margin for _, margin, *_ in received) == 69
    assert {revenue for revenue, *_ in received} == {14, 15}


def test_one_invoice_for_two_deals_is_divided_by_its_lines(engine: Engine) -> None:
    records = [
        opportunity(amount=1000),
        opportunity("007", 500),
        order(),
        order("SO2", 500, opportunity_key=Key(source="crm", ref="007")),
        erp(
            Invoice,
            "I1",
            1500,
            line("1", 1000, origin_key=of("SO1")),
            line("2", 400, origin_key=of("SO2")),
            line("3", 100),
            order_keys=(of("SO1"), of("SO2")),
        ),
        receipt("R1", I1=750),
    ]
    store(engine, records)
    with reading(engine) as connection:
        read = read_facts_and_gaps(connection, as_of=TODAY)
    billed = read.frames["transactions"].filter(pl.col("kind").is_in(["invoice", "receipt"]))
    assert set(billed.select("transaction_id", "revenue_minor", "deal_id").iter_rows()) == {
        ("erp:invoice:I1:1", 1000, "crm:006"),
        ("erp:invoice:I1:2", 400, "crm:007"),
        ("erp:receipt:R1:0/crm:006", 500, "crm:006"),
        ("erp:receipt:R1:0/crm:007", 200, "crm:007"),
    }
    assert read.left_out == {"invoice belongs to no deal, or to several without saying to which": 1}
