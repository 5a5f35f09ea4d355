"""Given records, the frames that a calculation is given."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import polars as pl
import pytest
from sqlalchemy import Engine

from compensation import Facts, calculate, parse_plan
from mappings.deals import join
from mappings.money import Money
from mappings.records import (
    Allocation,
    Assignment,
    CanonicalRecord,
    CreditNote,
    Customer,
    Employee,
    ExchangeRate,
    Invoice,
    Key,
    Line,
    MissingAmount,
    Opportunity,
    Order,
    OrderState,
    Product,
    Quota,
    Quote,
    Receipt,
    Share,
    Stage,
)
from warehouse import access, canonical
from warehouse.canonical import deals
from warehouse.canonical.links import read_links
from warehouse.database import reading, writing
from warehouse.facts import FactsError, read_facts, read_facts_and_gaps

Document = TypeVar("Document", Order, Invoice, CreditNote)

TODAY = date(2026, 11, 20)
ANA, BEN, EVA = (Key(source="crm", ref=ref) for ref in ("ana", "ben", "eva"))
DEAL = Key(source="crm", ref="006")


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def line(ref: str, amount: int | None = None, *, cost: int | None = None, **more: object) -> Line:
    money = {name: usd(minor) for name, minor in (("amount", amount), ("cost", cost)) if minor is not None}
    return Line.model_validate({"ref": ref, **money, **more})


def opportunity(ref: str = "006", amount: int | None = None, **more: object) -> Opportunity:
    common = {"source": "crm", "ref": ref, "name": f"Deal {ref}", "currency": "USD"}
    fields = {"stage": Stage.WON, "close_on": date(2026, 10, 2), "owner_key": ANA} | more
    stated = None if amount is None else usd(amount)
    return Opportunity.model_validate({**common, "amount": stated, **fields})


def erp(model: type[Document], ref: str, amount: int, *lines: Line, **more: object) -> Document:
    common = {"source": "erp", "ref": ref, "amount": usd(amount), "currency": "USD", "lines": lines}
    return model.model_validate({"dated_on": date(2026, 10, 10), **common, **more})


def order(ref: str = "SO1", amount: int = 1000, *lines: Line, **more: object) -> Order:
    return erp(Order, ref, amount, *lines, **{"opportunity_key": DEAL, **more})


def receipt(ref: str, **paid: int) -> Receipt:
    allocations = tuple(
        Allocation(invoice_key=Key(source="erp", ref=invoice), amount=usd(amount)) for invoice, amount in paid.items()
    )
    total = usd(sum(paid.values()))
    return Receipt(source="erp", ref=ref, received_on=date(2026, 11, 1), amount=total, allocations=allocations)


def of(ref: str) -> Key:
    return Key(source="erp", ref=ref)


def store(engine: Engine, records: Sequence[CanonicalRecord]) -> None:
    with writing(engine) as connection:
        canonical.put(connection, records, landing_ids=[1] * len(records), mapping_version="v")
        deals.replace(connection, join(read_links(connection)))


def facts(engine: Engine, *records: CanonicalRecord, payees: Sequence[str] | None = None) -> dict[str, pl.DataFrame]:
    store(engine, records)
    with reading(engine) as connection:
        frames = read_facts(connection, as_of=TODAY, payees=payees)
    Facts(**frames)  # fits what the calculation wants
    return frames


def transactions(engine: Engine, *records: CanonicalRecord) -> dict[str, tuple[Any, ...]]:
    """revenue, margin, quantity in millionths and deal of each transaction."""
    frame = facts(engine, *records)["transactions"]
    columns = ("transaction_id", "revenue_minor", "margin_minor", "quantity_millionths", "deal_id")
    return {row[0]: row[1:] for row in frame.select(columns).iter_rows()}


def test_an_empty_warehouse_gives_empty_frames_of_the_right_types(engine: Engine) -> None:
    assert all(frame.is_empty() for frame in facts(engine).values())


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


def test_a_document_has_its_type_and_a_receipt_that_of_the_invoice_that_it_settles(engine: Engine) -> None:
    records = [
        opportunity(amount=900, document_type="renewal"),
        order("SO1", 900, document_type="standard"),
        erp(Invoice, "I1", 900, order_keys=(of("SO1"),), document_type="sample"),
        erp(Invoice, "I2", 100, order_keys=(of("SO1"),)),
        receipt("R1", I1=900),
        erp(CreditNote, "N1", 400, invoice_key=of("I1"), document_type="return of a sample"),
    ]
    found = facts(engine, *records)["transactions"]
    assert dict(found.select("transaction_id", "document_type").iter_rows()) == {
        "crm:booking:006:whole": "renewal",
        "erp:order:SO1:whole": "standard",
        "erp:invoice:I1:whole": "sample",
        "erp:invoice:I2:whole": None,
        "erp:receipt:R1:0": "sample",
        "erp:return:N1:whole/0": "return of a sample",
    }


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


def test_owners_and_whom_the_policy_lets_in_are_the_same_people(engine: Engine) -> None:
    specialist = Share(employee_key=EVA, role="specialist", is_overlay=True)
    records = [
        opportunity("overlaid", 1, shares=(specialist,)),
        opportunity("given", 1, shares=(Share(employee_key=BEN), specialist)),
        order("SO1", opportunity_key=Key(source="crm", ref="given"), employee_key=ANA),
        order("SO2", opportunity_key=None),
        order("SO3", opportunity_key=None, employee_key=BEN),
        opportunity("orphan", 1, owner_key=None),
        order("SO4", opportunity_key=Key(source="crm", ref="orphan"), employee_key=ANA),
        Quote(source="crm", ref="Q", amount=usd(1), currency="USD", dated_on=TODAY),
        *(
            order(ref, opportunity_key=None, quote_key=Key(source="crm", ref="Q"), employee_key=employee)
            for ref, employee in (("SO5", None), ("SO6", BEN), ("SO7", EVA))
        ),
    ]
    takes_part = {
        ("crm:overlaid", "crm:ana", "owner", 1_000_000, False),
        ("crm:overlaid", "crm:eva", "specialist", 1_000_000, True),
        ("crm:given", "crm:ben", "owner", 1_000_000, False),
        ("crm:given", "crm:eva", "specialist", 1_000_000, True),
        ("erp:order:SO3", "crm:ben", "owner", 1_000_000, False),
        ("crm:quote:Q", "crm:ben", "owner", 1_000_000, False),
    }
    frames = facts(engine, *records)
    assert set(frames["participants"].iter_rows()) == takes_part
    with reading(engine) as connection:
        let_in = {
            (deal_id, person)
            for deal_id in frames["deals"]["deal_id"]
            for person, _ in connection.execute(access.PEOPLE_OF_DEAL, {"deal_id": deal_id})
        }
    assert let_in == {row[:2] for row in takes_part}
    assert facts(engine, payees=["crm:eva"])["deals"]["deal_id"].to_list() == ["crm:given", "crm:overlaid"]


def test_participants_are_shares_or_the_owner_or_the_order_s_employee(engine: Engine) -> None:
    shares = (
        Share(employee_key=ANA, ratio=Decimal("0.6")),
        Share(employee_key=BEN, ratio=Decimal("0.4")),
        Share(employee_key=EVA, role="specialist", is_overlay=True),
    )
    records = [
        opportunity("shared", 1, shares=shares),
        opportunity("owned", 1),
        opportunity("orphan", 1, owner_key=None),
        order("SO9", opportunity_key=None, employee_key=BEN),
    ]
    frame = facts(engine, *records)["participants"]
    assert set(frame.iter_rows()) == {
        ("crm:shared", "crm:ana", "owner", 600_000, False),
        ("crm:shared", "crm:ben", "owner", 400_000, False),
        ("crm:shared", "crm:eva", "specialist", 1_000_000, True),
        ("crm:owned", "crm:ana", "owner", 1_000_000, False),
        ("erp:order:SO9", "crm:ben", "owner", 1_000_000, False),
    }


def test_a_deal_without_an_opportunity_is_told_by_its_first_document(engine: Engine) -> None:
    records = [order("SO9", 70, opportunity_key=None, employee_key=BEN, number="SO-9"), receipt("R9", I9=5)]
    frame = facts(engine, *records)["deals"]
    columns = ("deal_id", "source", "ref", "name", "stage", "owner_id", "currency", "amount_minor", "amount_basis")
    assert set(frame.select(columns).iter_rows()) == {
        ("erp:order:SO9", "erp", "order:SO9", "SO-9", "won", "crm:ben", "USD", 70, "stated"),
        ("erp:receipt:R9", "erp", "receipt:R9", "", "won", None, "USD", 5, "stated"),
    }


def test_people_quotas_rates_and_currencies(engine: Engine) -> None:
    early, late = date(2026, 1, 1), date(2026, 7, 1)
    records = [
        Employee(
            source="crm",
            ref="ana",
            name="Ana",
            email="ana@example.com",
            pay_currency="JPY",
            assignments=(
                Assignment(from_on=late, title="Senior", manager_key=EVA),
                Assignment(from_on=early, to_on=late, title="Rep", region="West"),
            ),
        ),
        Employee(source="crm", ref="eva", name="Eva"),
        Quota(source="crm", ref="q", employee_key=ANA, from_on=early, to_on=late, amount=usd(5)),
        ExchangeRate(
            source="erp", ref="1", from_currency="EUR", to_currency="USD", valid_from=early, rate=Decimal("1.2")
        ),
        ExchangeRate(
            source="crm", ref="1", from_currency="EUR", to_currency="USD", valid_from=late, rate=Decimal("1.10")
        ),
    ]
    frames = facts(engine, *records)
    columns = ("name", "title", "region", "manager_id", "pay_currency", "from_on", "to_on")
    assert frames["assignments"].select(columns).rows() == [
        ("Ana", "Rep", "West", None, "JPY", early, late),
        ("Ana", "Senior", None, "crm:eva", "JPY", late, None),
        ("Eva", "", None, None, None, date(1900, 1, 1), None),
    ]
    assert frames["quotas"].rows() == [("crm:ana", "revenue", early, late, 5, "USD")]
    assert frames["rates"].rows() == [("EUR", "USD", late, "1.10")]
    assert frames["currencies"].rows() == [("EUR", 2), ("JPY", 0), ("USD", 2)]


@pytest.mark.parametrize("asked_for", [1_000, 0])
def test_only_the_deals_of_some_payees_and_of_those_below_them(
    engine: Engine, asked_for: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.facts.lines.DEALS_ASKED_FOR", asked_for)

    def reports_to(ref: str, manager: Key | None) -> Employee:
        assignments = (Assignment(from_on=date(2026, 1, 1), manager_key=manager),)
        return Employee(source="crm", ref=ref, name=ref, assignments=assignments)

    people = [reports_to("ana", BEN), reports_to("ben", EVA), reports_to("eva", ANA), reports_to("kim", None)]
    kim = Key(source="crm", ref="kim")
    records = [
        *people,
        opportunity(amount=1000),
        opportunity("kims", 10, owner_key=kim),
        order(),
        order("SO2", 500, opportunity_key=Key(source="crm", ref="kims")),
        erp(
            Invoice,
            "I1",
            1500,
            line("1", 1000, origin_key=of("SO1")),
            line("2", 500, origin_key=of("SO2")),
            order_keys=(of("SO1"), of("SO2")),
        ),
        receipt("R1", I1=1500),
    ]
    everything = facts(engine, *records)
    for payees, deal in ((["crm:eva"], "crm:006"), (["crm:kim"], "crm:kims")):
        some = facts(engine, payees=payees)
        assert some["deals"]["deal_id"].to_list() == [deal]
        for name in ("transactions", "participants"):
            assert some[name].equals(everything[name].filter(pl.col("deal_id") == deal))
        assert some["assignments"].equals(everything["assignments"])
    assert facts(engine, payees=["crm:nobody"])["deals"].is_empty()
    assert facts(engine, payees=["crm:kim", "crm:ana"])["transactions"].equals(everything["transactions"])


def test_amounts_at_the_limits_are_summed_without_wrapping(engine: Engine) -> None:
    limit = 2**63 - 1
    lines = (line("1", limit), line("2", limit), line("3", 2 - limit))
    found = transactions(engine, opportunity(amount=limit, lines=lines), opportunity("007", -limit))
    assert found["crm:booking:006:whole"][0] == limit
    assert found["crm:booking:007:whole"][0] == -limit
    with pytest.raises(FactsError, match=r"margin_minor of crm:booking:008:1 leaves the range"):
        facts(engine, opportunity("008", limit, lines=(line("1", limit, cost=-1),)))
