"""The shipped mappings, applied to what the real connectors read from the systems that they are for."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from mappings.deals import Deal, join
from mappings.language import load_shipped
from mappings.money import Money
from mappings.records import (
    Contract,
    CreditNote,
    Customer,
    Employee,
    ExchangeRate,
    Invoice,
    Lead,
    MissingAmount,
    Opportunity,
    Order,
    OrderState,
    Product,
    Quota,
    Quote,
    Receipt,
    RepCommission,
    Stage,
)
from sandbox.company import crm_sales
from sandbox.company.company import Company, generate
from sandbox.erp.ledger import Ledger
from sandbox.salesforce.org import Org
from tests.mappings.sources import NOW, Read, erp_connector, later, org_connector, read_mapped, tryton_connector
from tests.tryton_lab import TrytonLab


@pytest.mark.parametrize("name", ["salesforce", "crm_sales", "sandbox_crm", "sandbox_erp", "tryton"])
def test_every_shipped_mapping_loads(name: str) -> None:
    mapping = load_shipped(name)
    assert mapping.name == name
    assert mapping.sources == ({"crm"} if name == "sandbox_erp" else set())


# --- 8,800 public opportunities, as they are


@pytest.fixture(scope="module")
def public_sales(test_data: Path) -> Iterator[Read]:
    added = {"Opportunity": {"add": ["Product_Name__c"]}}
    with org_connector(lambda org: crm_sales.load(org, test_data / "data" / "crm_sales"), added) as connector:
        yield read_mapped(connector, "crm_sales", later())


def test_every_public_opportunity_is_mapped_and_won_value_is_exact(public_sales: Read) -> None:
    opportunities = public_sales.of(Opportunity)
    assert public_sales.refused == []
    assert Counter(one.stage for one in opportunities) == {Stage.WON: 4238, Stage.LOST: 2473, Stage.OPEN: 2089}
    won = sum(one.amount.minor for one in opportunities if one.stage is Stage.WON and one.amount)
    assert Money(minor=won, currency="USD") == Money.of(Decimal(10_005_534), "USD")


def test_opportunities_without_account_or_value_are_kept_and_counted(public_sales: Read) -> None:
    assert public_sales.warnings == {"customer missing": 1425, "amount missing": 2089}
    assert all(one.when_amount_missing is MissingAmount.LIST_PRICE for one in public_sales.of(Opportunity))


def test_all_find_their_product_those_with_the_other_spelling_too(public_sales: Read) -> None:
    products = {product.key: product for product in public_sales.of(Product)}
    lines = [line for one in public_sales.of(Opportunity) for line in one.lines]
    assert len(lines) == 8800
    assert {line.product_key for line in lines} == products.keys()
    misspelt = [line for line in lines if line.description == "GTXPro"]
    assert len(misspelt) == 1480
    assert {products[line.product_key].name for line in misspelt if line.product_key} == {"GTX Pro"}
    assert {str(product.list_price) for product in products.values() if product.name == "GTX Pro"} == {"4821.00 USD"}


def test_agents_have_their_managers_and_offices(public_sales: Read) -> None:
    people = {person.key: person for person in public_sales.of(Employee)}
    moses = next(person for person in people.values() if person.name == "Moses Frase")
    (assignment,) = moses.assignments
    assert assignment.manager_key
    assert (people[assignment.manager_key].name, assignment.region) == ("Dustin Brinkmann", "Central")


def test_each_public_opportunity_is_a_deal(public_sales: Read) -> None:
    assert len(list(join(public_sales.records))) == 8800


# --- the demo's company, in the org and in the ERP


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(7, date(2026, 11, 21))


@pytest.fixture(scope="module")
def crm_and_erp(company: Company) -> Read:
    ledger = Ledger(lambda: NOW)
    added = {"Account": {"add": ["Region__c"]}}

    def fill(org: Org) -> None:
        company.fill(org, ledger)

    with org_connector(fill, added) as crm, erp_connector(ledger) as erp:
        ours, theirs = read_mapped(crm, "sandbox_crm", later()), read_mapped(erp, "sandbox_erp", later(), crm="crm")
    return Read(ours.records + theirs.records, ours.warnings + theirs.warnings, ours.refused + theirs.refused)


@pytest.fixture(scope="module")
def deals(crm_and_erp: Read) -> dict[str, Deal]:
    return {deal.deal_id: deal for deal in join(crm_and_erp.records)}


def test_nothing_of_the_company_is_refused(crm_and_erp: Read) -> None:
    assert [str(unmappable) for unmappable in crm_and_erp.refused] == []


def test_booked_ordered_and_invoiced_money_is_the_companys_deal_by_deal(
    company: Company, crm_and_erp: Read, deals: dict[str, Deal]
) -> None:
    booked = {one.ref: one.amount.minor for one in crm_and_erp.of(Opportunity) if one.stage is Stage.WON and one.amount}
    orders = {order.ref: order for order in crm_and_erp.of(Order)}
    invoiced: Counter[str] = Counter()
    for invoice in crm_and_erp.of(Invoice):
        for line in invoice.lines:
            assert line.origin_key
            assert line.amount
            invoiced[line.origin_key.ref] += line.amount.minor
    for key, truth in company.truth.deals.items():
        is_linked = f"crm:{key}" in deals
        deal = deals[f"crm:{key}" if is_linked else f"erp:order:{key}"]
        own = [orders[ref.ref] for kind, ref in deal.members if kind == "order"]
        assert sorted(order.ref for order in own) == sorted(truth.order_numbers)
        kept = [order for order in own if order.state is not OrderState.CANCELLED]
        assert sum(order.amount.minor for order in kept) == truth.ordered_minor
        assert sum(invoiced[order.ref] for order in own) == truth.invoiced_minor
        assert booked.get(key, 0) == truth.booked_minor
        assert {order.currency for order in own} <= {truth.currency}


def test_receipts_and_credit_notes_settle_the_invoices_that_they_name(company: Company, crm_and_erp: Read) -> None:
    received: Counter[str] = Counter()
    for receipt in crm_and_erp.of(Receipt):
        received.update({allocation.invoice_key.ref: allocation.amount.minor for allocation in receipt.allocations})
    returned = {note.invoice_key.ref for note in crm_and_erp.of(CreditNote) if note.invoice_key}
    invoices = {invoice.ref: invoice for invoice in crm_and_erp.of(Invoice)}
    for note in crm_and_erp.of(CreditNote):
        for line in note.lines:
            assert line.origin_key
            billed = {one.ref: one for one in invoices[line.origin_key.ref].lines}[line.origin_line_ref or ""]
            assert (billed.product_key, billed.quantity >= line.quantity) == (line.product_key, True)
    assert invoices.keys() == company.truth.invoices.keys()
    for number, truth in company.truth.invoices.items():
        gross = invoices[number].gross_amount
        assert gross == Money(minor=truth.gross_minor, currency=truth.currency)
        assert received[number] == truth.received_minor
        assert (number in returned) == (truth.returned_minor > 0)


def test_every_document_is_in_its_deals_and_no_key_dangles(crm_and_erp: Read, deals: dict[str, Deal]) -> None:
    members = {member for deal in deals.values() for member in deal.members}
    for kind, model in (("order", Order), ("invoice", Invoice), ("receipt", Receipt), ("credit_note", CreditNote)):
        assert {(kind, record.key) for record in crm_and_erp.of(model)} <= members
    assert [deal.dangling for deal in deals.values() if deal.dangling] == []


def test_shares_of_owners_add_up_to_the_whole_and_overlays_come_on_top(crm_and_erp: Read) -> None:
    roles: Counter[str] = Counter()
    for opportunity in crm_and_erp.of(Opportunity):
        owners = [share.ratio for share in opportunity.shares if not share.is_overlay]
        assert sum(owners) in (0, 1)
        assert bool(owners) or not opportunity.shares
        roles.update(share.role for share in opportunity.shares)
    assert roles.keys() == {"owner", "overlay"}


def test_people_quotas_rates_and_products_are_there(company: Company, crm_and_erp: Read) -> None:
    people = {person.ref: person for person in crm_and_erp.of(Employee)}
    assert people.keys() > {person.id for person in company.staff.everybody}  # and the user of the integration
    rep = company.staff.reps[0]
    assert (people[rep.id].email, people[rep.id].pay_currency) == (rep.email, rep.currency)
    assert all(quota.to_on > quota.from_on for quota in crm_and_erp.of(Quota))
    assert {quota.employee_key.ref for quota in crm_and_erp.of(Quota)} <= people.keys()
    assert {rate.from_currency for rate in crm_and_erp.of(ExchangeRate) if rate.source == "crm"} == {"USD"}
    products = crm_and_erp.of(Product)
    ours = {product.key for product in products if product.source == "crm"}
    assert {product.same_as_key for product in products if product.source == "erp"} == ours
    accounts = {customer.key for customer in crm_and_erp.of(Customer) if customer.source == "crm"}
    assert {customer.same_as_key for customer in crm_and_erp.of(Customer) if customer.source == "erp"} <= accounts
    assert {customer.region for customer in crm_and_erp.of(Customer)} == {"North America", "Asia Pacific"} | {
        "United Kingdom and Ireland",
        "Continental Europe",
    }


def test_leads_and_quotes_stay_with_their_opportunities(crm_and_erp: Read, deals: dict[str, Deal]) -> None:
    leads = [lead for lead in crm_and_erp.of(Lead) if lead.opportunity_key]
    quotes = [quote for quote in crm_and_erp.of(Quote) if quote.opportunity_key]
    assert leads
    assert quotes
    for kind, record in [*(("lead", lead) for lead in leads), *(("quote", quote) for quote in quotes)]:
        assert (kind, record.key) in deals[str(record.opportunity_key)].members  # type: ignore[attr-defined] # both have one


def test_contracts_are_in_the_deal_of_the_quote_that_names_them(crm_and_erp: Read, deals: dict[str, Deal]) -> None:
    contracts = {contract.key for contract in crm_and_erp.of(Contract)}
    assert {key for deal in deals.values() for kind, key in deal.members if kind == "contract"} == contracts
    assert not [deal_id for deal_id in deals if ":contract:" in deal_id]


# --- a real Tryton


@pytest.fixture(scope="module")
def tryton(tryton_lab: TrytonLab) -> Read:
    with tryton_connector(tryton_lab) as connector:
        return read_mapped(connector, "tryton", datetime.now(UTC))


def test_trytons_documents_join_into_three_deals(tryton: Read) -> None:
    assert [str(unmappable) for unmappable in tryton.refused] == []
    found = {deal.deal_id: Counter(kind for kind, _ in deal.members) for deal in join(tryton.records)}
    chain = {"opportunity": 1, "order": 1, "invoice": 1}
    assert found == {
        "tryton:1": chain | {"receipt": 1, "credit_note": 1, "rep_commission": 4},
        "tryton:2": chain | {"receipt": 1, "rep_commission": 2},
        "tryton:3": chain | {"rep_commission": 2},
    }
    assert all(not deal.dangling for deal in join(tryton.records))


def test_trytons_credit_note_takes_back_every_line_of_the_invoice_that_it_names(tryton: Read) -> None:
    (note,) = tryton.of(CreditNote)
    billed = {invoice.key: invoice for invoice in tryton.of(Invoice)}
    assert note.invoice_key
    invoice = billed[note.invoice_key]
    assert note.amount == invoice.amount == Money.of(Decimal("13600.00"), "USD")
    amounts = {line.ref: (line.amount, line.quantity) for line in invoice.lines}
    taken_back = {line.origin_line_ref: (line.amount, line.quantity) for line in note.lines}
    assert taken_back == amounts
    assert {line.origin_key for line in note.lines} == {invoice.key}


def test_trytons_receipts_settle_gross_and_its_commissions_keep_their_currency(tryton: Read) -> None:
    gross = {invoice.key: invoice.gross_amount for invoice in tryton.of(Invoice)}
    for receipt in tryton.of(Receipt):
        (allocation,) = receipt.allocations
        assert allocation.amount == receipt.amount == gross[allocation.invoice_key]
    totals: defaultdict[str, int] = defaultdict(int)
    for commission in tryton.of(RepCommission):
        totals[commission.amount.currency] += commission.amount.minor
    assert totals == {"USD": 155_000 + 8_000 + 28_000 + 11_200 - 120_000 - 8_000, "EUR": 18_000 + 7_200}


def test_trytons_seller_is_the_owner_of_the_deals(tryton: Read) -> None:
    (sam,) = tryton.of(Employee)
    assert sam.name == "Sam Seller"
    assert {opportunity.owner_key for opportunity in tryton.of(Opportunity)} == {sam.key}
