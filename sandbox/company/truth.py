"""What the company's documents add up to, kept apart from them so that what was read can be held against it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.company.deliveries import Deliveries, Item
from sandbox.company.pipeline import WON, Deal


@dataclass(frozen=True, slots=True)
class DealTruth:
    """All in minor units of ``currency``, net of tax.

    ``key``: the opportunity's id, or the number of an order that names none.
    ``booked_minor`` is what was won; ``ordered_minor`` leaves cancelled orders out; ``returned_minor`` is positive.
    """

    key: str
    currency: str
    booked_minor: int
    ordered_minor: int
    invoiced_minor: int
    returned_minor: int
    order_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvoiceTruth:
    """All in minor units of ``currency``, tax included."""

    number: str
    currency: str
    gross_minor: int
    returned_minor: int
    received_minor: int


@dataclass(frozen=True, slots=True)
class Truth:
    deals: Mapping[str, DealTruth]
    invoices: Mapping[str, InvoiceTruth]


def add_up(deals: Sequence[Deal], deliveries: Deliveries) -> Truth:
    """The totals of every deal and of every invoice."""
    return Truth(_deals(deals, deliveries), _invoices(deliveries))


def _deals(deals: Sequence[Deal], deliveries: Deliveries) -> dict[str, DealTruth]:
    invoiced = _by_order(item for invoice in deliveries.invoices for item in invoice.items)
    returned = _by_order(item for credit in deliveries.returns for item in credit.items)
    ordered = _by_order(item for order in deliveries.orders if not order.is_cancelled for item in order.items)
    orders: dict[str, list[str]] = {}
    for order in deliveries.orders:
        orders.setdefault(order.deal.id if order.is_linked else order.number, []).append(order.number)
    booked = {deal.id: (deal.amount_minor or 0) if deal.stage == WON else 0 for deal in deals}
    currencies = {deal.id: deal.customer.currency for deal in deals}
    currencies |= {order.number: order.deal.customer.currency for order in deliveries.orders if not order.is_linked}
    return {
        key: DealTruth(
            key,
            currency,
            booked.get(key, 0),
            sum(ordered[number] for number in orders.get(key, ())),
            sum(invoiced[number] for number in orders.get(key, ())),
            sum(returned[number] for number in orders.get(key, ())),
            tuple(orders.get(key, ())),
        )
        for key, currency in currencies.items()
    }


def _invoices(deliveries: Deliveries) -> dict[str, InvoiceTruth]:
    received: Counter[str] = Counter()
    for receipt in deliveries.receipts:
        received.update(dict(receipt.allocations))
    returned = {credit.invoice.number: credit.gross_minor for credit in deliveries.returns}
    return {
        invoice.number: InvoiceTruth(
            invoice.number,
            invoice.customer.currency,
            invoice.gross_minor,
            returned.get(invoice.number, 0),
            received[invoice.number],
        )
        for invoice in deliveries.invoices
    }


def _by_order(items: Iterable[Item]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for item in items:
        totals[item.order_number] += item.amount_minor
    return totals
