"""Given opportunities, the transactions that they book or are expected to bring."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from mappings.money import Money
from mappings.records import (
    Customer,
    Line,
    MissingAmount,
    Product,
    Stage,
)
from tests.warehouse.documents import DEAL, TODAY, facts, line, opportunity, order, transactions, usd


def test_a_won_opportunity_counts_by_its_lines_if_they_add_up(engine: Engine) -> None:
    lines = (line("1", 600, quantity="2.5", cost=200), line("2", 400))
    assert transactions(engine, opportunity(amount=1000, lines=lines)) == {
        "crm:booking:006:1": (600, 400, 2_500_000, "crm:006"),
        "crm:booking:006:2": (400, None, 1_000_000, "crm:006"),
    }


@pytest.mark.parametrize(
    ("lines", "margin", "quantity"),
    [
        ((), None, 1_000_000),
        ((line("1", 600), line("2", 399)), None, 2_000_000),
        ((line("1", 1000), line("2")), None, 2_000_000),
        ((line("1", 600, cost=100), line("2", 399, cost=50)), 850, 2_000_000),
        ((Line(ref="1", amount=Money(minor=1000, currency="EUR")),), None, 1_000_000),
    ],
)
def test_otherwise_as_one_line(engine: Engine, lines: tuple[Line, ...], margin: int | None, quantity: int) -> None:
    found = transactions(engine, opportunity(amount=1000, lines=lines))
    assert found == {"crm:booking:006:whole": (1000, margin, quantity, "crm:006")}


def test_the_one_line_keeps_a_product_that_all_lines_share(engine: Engine) -> None:
    product = Product(source="crm", ref="P1", name="GTX Pro", family="GTX")
    customer = Customer(source="crm", ref="C1", name="Isdom", region="West")
    won = opportunity(amount=1000, lines=(line("1", product_key=product.key),), customer_key=customer.key)
    (row,) = facts(engine, won, product, customer)["transactions"].to_dicts()
    assert (row["product"], row["product_family"], row["customer"], row["region"]) == (
        "GTX Pro",
        "GTX",
        "Isdom",
        "West",
    )
    assert (row["dated_on"], row["posting_sequence"], row["source_ref"]) == (date(2026, 10, 2), 0, "006")


def test_a_record_that_is_the_same_as_another_has_its_name(engine: Engine) -> None:
    ours = Product(source="crm", ref="P1", name="Care Basic, 1 year", family="Care")
    theirs = Product(source="erp", ref="9", name="CARE BASIC, 1 YEAR", same_as_key=ours.key)
    lost = Product(source="erp", ref="8", name="BOLT", same_as_key=DEAL)
    buyer = Customer(source="crm", ref="C1", name="Isdom", region="West")
    debtor = Customer(source="erp", ref="77", name="ISDOM INC", same_as_key=buyer.key)
    lines = (line("1", 600, product_key=theirs.key), line("2", 400, product_key=lost.key))
    frames = facts(engine, order("SO1", 1000, *lines, customer_key=debtor.key), ours, theirs, lost, buyer, debtor)
    columns = ("product", "product_family", "customer", "region")
    assert frames["transactions"].select(columns).rows() == [
        ("Care Basic, 1 year", "Care", "Isdom", "West"),
        ("BOLT", None, "Isdom", "West"),
    ]
    assert frames["deals"]["customer"].to_list() == ["Isdom"]


def test_lines_without_a_ref_of_their_own_are_numbered(engine: Engine) -> None:
    first = opportunity(amount=1000, lines=(line("x", 600), line("x", 400)))
    second = opportunity("a:b%", 3, lines=(line("", 1), line("#0", 2)))
    assert set(transactions(engine, first, second)) == {
        "crm:booking:006:#0",
        "crm:booking:006:#1",
        "crm:booking:a%3Ab%25:#0",
        "crm:booking:a%3Ab%25:#1",
    }


def test_an_open_opportunity_is_expected_and_a_lost_one_is_nothing(engine: Engine) -> None:
    records = [
        opportunity("open", 500, stage=Stage.OPEN, close_on=date(2026, 12, 10)),
        opportunity("undated", 500, stage=Stage.OPEN, close_on=None),
        opportunity("lost", 500, stage=Stage.LOST),
        opportunity("nothing", stage=Stage.OPEN),
    ]
    frames = facts(engine, *records)
    assert dict(frames["transactions"].select("transaction_id", "dated_on").iter_rows()) == {
        "crm:expected:open:whole": date(2026, 12, 10),
        "crm:expected:undated:whole": TODAY,
    }
    assert dict(frames["deals"].select("deal_id", "amount_basis").iter_rows()) == {
        "crm:lost": "stated",
        "crm:nothing": "none",
        "crm:open": "stated",
        "crm:undated": "stated",
    }


def test_a_missing_amount_may_be_taken_from_list_prices(engine: Engine) -> None:
    priced = Product(source="crm", ref="P1", name="A", list_price=usd(333))
    foreign = Product(source="crm", ref="P2", name="B", list_price=Money(minor=5, currency="EUR"))
    listed: dict[str, Any] = {"stage": Stage.OPEN, "when_amount_missing": MissingAmount.LIST_PRICE}
    lines = (line("1", quantity="1.5", product_key=priced.key), line("2", 10))
    records = [
        opportunity("yes", lines=lines, **listed),
        opportunity("not-won", lines=lines[:1], **listed | {"stage": Stage.WON}),
        opportunity("no-price", lines=(*lines, line("3", product_key=foreign.key)), **listed),
        opportunity("not-told", lines=lines, stage=Stage.OPEN),
        opportunity("stated", 7, lines=lines, **listed),
    ]
    frames = facts(engine, *records, priced, foreign)
    amounts = frames["deals"].select("ref", "amount_minor", "amount_basis")
    assert {ref: (amount, basis) for ref, amount, basis in amounts.iter_rows()} == {
        "yes": (510, "list_price"),
        "not-won": (None, "none"),
        "no-price": (None, "none"),
        "not-told": (None, "none"),
        "stated": (7, "stated"),
    }
    expected = frames["transactions"].select("transaction_id", "revenue_minor", "quantity_millionths")
    assert set(expected.iter_rows()) == {
        ("crm:expected:yes:1", 500, 1_500_000),
        ("crm:expected:yes:2", 10, 1_000_000),
        ("crm:expected:stated:whole", 7, 2_500_000),
    }


def test_lines_alone_are_an_amount_too(engine: Engine) -> None:
    found = transactions(engine, opportunity(lines=(line("1", 600), line("2", 400))))
    assert sum(revenue for revenue, *_ in found.values()) == 1000
