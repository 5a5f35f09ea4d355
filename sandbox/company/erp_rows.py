"""The company's documents as records of the ERP.

Some things are written otherwise than in the CRM, as happens: one family's product names in capitals, the sales rep's
address with capitals now and then, "N/A" as a memo.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sandbox.company.accounts import Customer
from sandbox.company.catalogue import PRODUCTS, Product, amount, monthly_rates
from sandbox.company.crm_rows import moment
from sandbox.company.deliveries import Deliveries, Invoice, Item, Order, Receipt, Return
from sandbox.erp.wire import Value

Record = dict[str, Value]


@dataclass(frozen=True, slots=True)
class ErpRow:
    """A record and the instant of its last change."""

    kind: str
    record: Record
    modified_at: datetime


def erp_rows(
    seed: int, customers: Sequence[Customer], deliveries: Deliveries, start: date, today: date
) -> Iterator[ErpRow]:
    """Master records, rates and documents; ``internalId`` of a document is its number."""
    yield from (_customer(customer, start) for customer in customers)
    yield from (_item(product, start) for product in PRODUCTS)
    yield from _rates(seed, start, today)
    invoiced = _invoiced(deliveries.invoices)
    yield from (_order(order, invoiced.get(order.number, [])) for order in deliveries.orders)
    yield from (_invoice(invoice) for invoice in deliveries.invoices)
    yield from (_credit_memo(credit) for credit in deliveries.returns)
    yield from (_receipt(receipt) for receipt in deliveries.receipts)


def _customer(customer: Customer, start: date) -> ErpRow:
    record: Record = {"internalId": customer.number, "name": customer.name, "crmAccountId": customer.id}
    record |= {"currency": customer.currency, "region": customer.region.name}
    return ErpRow("Customer", record | _industry(customer), moment(start, 1))


def _industry(customer: Customer) -> Record:
    return {"sector": customer.industry} if customer.industry else {}


def _item(product: Product, start: date) -> ErpRow:
    record: Record = {"internalId": product.code, "itemCode": product.code, "name": _erp_name(product)}
    record |= {"family": product.family, "crmProductId": product.id, "currency": "USD"}
    record |= {"listPrice": amount(product.list_price_minor), "unitCost": amount(product.cost_minor("USD"))}
    return ErpRow("Item", record, moment(start, 2))


def _erp_name(product: Product) -> str:
    return product.name.upper() if product.family == "Support" else product.name


def _rates(seed: int, start: date, today: date) -> Iterator[ErpRow]:
    """Into dollars, month by month, to six decimals: the CRM has the other direction."""
    for currency, month, rate in monthly_rates(seed, start, today):
        record: Record = {"internalId": f"{currency}USD-{month:%Y%m}", "fromCurrency": currency, "toCurrency": "USD"}
        record |= {"effectiveDate": month, "rate": round(1 / rate, 6)}
        yield ErpRow("ExchangeRate", record, moment(month, 3))


def _invoiced(invoices: Sequence[Invoice]) -> dict[str, list[tuple[Invoice, int]]]:
    """By order: its invoices, and how many pieces each of them bills."""
    found: dict[str, list[tuple[Invoice, int]]] = {}
    for invoice in invoices:
        for number in invoice.order_numbers:
            pieces = sum(item.quantity for item in invoice.items if item.order_number == number)
            found.setdefault(number, []).append((invoice, pieces))
    return found


def _order(order: Order, invoiced: list[tuple[Invoice, int]]) -> ErpRow:
    number = int(order.number.removeprefix("SO"))
    email = order.deal.owner.email
    dates = [order.dated_on, *(invoice.dated_on for invoice, _ in invoiced)]
    record = _document(order.number, order.deal.customer, order.dated_on)
    record |= {"crmOpportunityId": order.deal.id} if order.is_linked else {}
    record |= {"status": _status(order, sum(pieces for _, pieces in invoiced))}
    record |= {"salesRepEmail": email.title() if number % 50 == 0 else email}
    record |= {"memo": "N/A"} if number % 40 == 0 else {"memo": None} if number % 3 == 0 else {}
    record |= {"total": amount(sum(item.amount_minor for item in order.items)), "line": _lines(order.items)}
    return ErpRow("SalesOrder", record | _created(order.dated_on, number), moment(max(dates), number))


def _status(order: Order, invoiced_pieces: int) -> str:
    if order.is_cancelled:
        return "cancelled"
    if not invoiced_pieces:
        return "open"
    return "invoiced" if invoiced_pieces == sum(item.quantity for item in order.items) else "partiallyInvoiced"


def _invoice(invoice: Invoice) -> ErpRow:
    number = int(invoice.number.removeprefix("INV"))
    record = _document(invoice.number, invoice.customer, invoice.dated_on)
    record |= {"orderNumber": list(invoice.order_numbers), "dueDate": invoice.due_on}
    record |= _totals(invoice) | {"line": _lines(invoice.items)}
    return ErpRow("Invoice", record | _created(invoice.dated_on, number), moment(invoice.dated_on, number))


def _credit_memo(credit: Return) -> ErpRow:
    number = int(credit.number.removeprefix("CM"))
    record = _document(credit.number, credit.invoice.customer, credit.dated_on)
    record |= {"invoiceNumber": credit.invoice.number, "reason": credit.reason}
    record |= _totals(credit) | {"line": _lines(credit.items, of_credit=True)}
    return ErpRow("CreditMemo", record | _created(credit.dated_on, number), moment(credit.dated_on, number))


def _receipt(receipt: Receipt) -> ErpRow:
    number = int(receipt.number.removeprefix("RC"))
    record = _document(receipt.number, receipt.customer, receipt.received_on)
    allocations: list[Value] = [
        {"invoiceNumber": invoice, "amount": amount(minor)} for invoice, minor in receipt.allocations
    ]
    record |= {"amount": amount(receipt.amount_minor), "allocation": allocations}
    return ErpRow("Receipt", record | _created(receipt.received_on, number), moment(receipt.received_on, number))


def _document(number: str, customer: Customer, dated_on: date) -> Record:
    buyer: Record = {"internalId": customer.number, "name": customer.name}
    return {
        "internalId": number,
        "number": number,
        "tranDate": dated_on,
        "customer": buyer,
        "currency": customer.currency,
    }


def _created(dated_on: date, number: int) -> Record:
    return {"createdDate": moment(dated_on, number)}


def _totals(document: Invoice | Return) -> Record:
    return {
        "total": amount(document.net_minor),
        "taxTotal": amount(document.tax_minor),
        "grossTotal": amount(document.gross_minor),
    }


def _lines(items: Sequence[Item], *, of_credit: bool = False) -> list[Value]:
    """An order's own lines name no order, an invoice's do, a credit memo's name the invoice's line too."""
    lines: list[Value] = []
    for number, item in enumerate(items, 1):
        line: Record = {
            "lineNumber": number,
            "item": {"internalId": item.product.code, "name": _erp_name(item.product)},
            "quantity": Decimal(item.quantity),
            "unitPrice": amount(item.unit_price_minor),
            "amount": amount(item.amount_minor),
            "lineCost": amount(item.cost_minor),
        }
        line |= {"orderNumber": item.order_number} if item.place else {}
        lines.append(line | {"invoiceLineNumber": item.place} if of_credit else line)
    return lines
