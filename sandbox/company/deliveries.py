"""What sales turned into: orders that differ from what was won, part deliveries, late payments, returns.

Documents are made in the order of events, so that they agree with each other: an invoice's lines are taken from its
orders' lines, a credit memo's from its invoice's, and receipts never exceed what is left of the gross invoice.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from sandbox.company.accounts import Customer
from sandbox.company.catalogue import Product
from sandbox.company.dice import chance, dice
from sandbox.company.pipeline import WON, Deal


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a document; ``order_number`` is the order that it belongs to, ``place`` its number on the invoice."""

    order_number: str
    product: Product
    quantity: int
    unit_price_minor: int
    unit_cost_minor: int
    place: int = 0

    @property
    def amount_minor(self) -> int:
        return self.quantity * self.unit_price_minor

    @property
    def cost_minor(self) -> int:
        return self.quantity * self.unit_cost_minor


@dataclass(frozen=True, slots=True)
class Order:
    """``is_linked``: it names its opportunity (somebody forgot it otherwise)."""

    number: str
    deal: Deal
    dated_on: date
    items: tuple[Item, ...]
    is_cancelled: bool = False
    is_linked: bool = True


@dataclass(frozen=True, slots=True)
class Invoice:
    number: str
    customer: Customer
    dated_on: date
    due_on: date
    items: tuple[Item, ...]

    @property
    def net_minor(self) -> int:
        return sum(item.amount_minor for item in self.items)

    @property
    def tax_minor(self) -> int:
        return tax_of(self.net_minor, self.customer)

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def order_numbers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.order_number for item in self.items))


@dataclass(frozen=True, slots=True)
class Return:
    """A credit memo; its amounts are positive."""

    number: str
    invoice: Invoice
    dated_on: date
    items: tuple[Item, ...]
    reason: str

    @property
    def net_minor(self) -> int:
        return sum(item.amount_minor for item in self.items)

    @property
    def tax_minor(self) -> int:
        if self.items == self.invoice.items:
            return self.invoice.tax_minor
        return tax_of(self.net_minor, self.invoice.customer)

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Receipt:
    """``allocations``: (invoice number, gross amount) pairs that add up to what was received."""

    number: str
    customer: Customer
    received_on: date
    allocations: tuple[tuple[str, int], ...]

    @property
    def amount_minor(self) -> int:
        return sum(amount for _, amount in self.allocations)


@dataclass(frozen=True, slots=True)
class Deliveries:
    orders: tuple[Order, ...]
    invoices: tuple[Invoice, ...]
    returns: tuple[Return, ...]
    receipts: tuple[Receipt, ...]


def tax_of(net_minor: int, customer: Customer) -> int:
    """Half a cent is rounded up."""
    return (net_minor * customer.region.tax_basis_points + 5_000) // 10_000


def deliver(seed: int, deals: Sequence[Deal], today: date) -> Deliveries:
    """All documents up to the day before ``today``, each kind in the order of its dates."""
    yesterday = today - timedelta(days=1)
    orders = list(_orders(dice(seed, "orders"), deals, yesterday))
    invoices = _numbered_invoices(_invoices(dice(seed, "invoices"), orders, yesterday))
    returns = list(_returns(dice(seed, "returns"), invoices, yesterday))
    receipts = _receipts(dice(seed, "receipts"), invoices, returns, yesterday)
    return Deliveries(tuple(orders), tuple(invoices), tuple(returns), tuple(receipts))


def _orders(throw: Random, deals: Sequence[Deal], yesterday: date) -> Iterator[Order]:
    """One a won deal, a day to three later; now and then two; one in a hundred never comes."""
    numbers = itertools.count(1)
    for deal in sorted((deal for deal in deals if deal.stage == WON), key=lambda deal: (deal.close_on, deal.number)):
        dated_on = deal.close_on + timedelta(days=throw.randint(1, 3))
        parts = _in_two(_changed(throw, deal)) if chance(throw, 6) else [_changed(throw, deal)]
        if dated_on > yesterday or chance(throw, 1):
            continue
        is_cancelled = chance(throw, 3)
        is_linked = not chance(throw, 1)
        for items in parts:
            number = f"SO{100_000 + next(numbers)}"
            numbered = tuple(replace(item, order_number=number) for item in items)
            yield Order(number, deal, dated_on, numbered, is_cancelled, is_linked)


def _changed(throw: Random, deal: Deal) -> list[Item]:
    """What is ordered: mostly what was won, else more or fewer pieces, more discount, or a product left out."""
    currency = deal.customer.currency
    items = [
        Item("", line.product, line.quantity, line.unit_price_minor, line.product.cost_minor(currency))
        for line in deal.lines
    ]
    change = throw.choices(("none", "quantity", "discount", "partial"), weights=(70, 13, 11, 6))[0]
    position = throw.randrange(len(items))
    if change == "quantity":
        quantity = max(1, items[position].quantity * throw.choice((60, 80, 90, 110, 125)) // 100)
        items[position] = replace(items[position], quantity=quantity)
    elif change == "discount":
        percent = throw.randint(2, 6)
        items = [replace(item, unit_price_minor=item.unit_price_minor * (100 - percent) // 100) for item in items]
    elif change == "partial" and len(items) > 1:
        del items[position]
    return items


def _in_two(items: list[Item]) -> list[list[Item]]:
    """The first product is ordered apart; with a single product it stays one order."""
    return [items[:1], items[1:]] if len(items) > 1 else [items]


def _invoices(throw: Random, orders: Sequence[Order], yesterday: date) -> Iterator[Invoice]:
    """Billed on delivery, in up to three parts; what the same customer gets on the same day is billed together."""
    billed: dict[tuple[str, date], list[tuple[Order, list[Item]]]] = {}
    for order in orders:
        parts = _parts(throw, order)
        delivered_on = order.dated_on + timedelta(days=throw.randint(2, 30))
        waits = chance(throw, 25)  # until the end of the month, when all that the customer got is billed at once
        for items in parts:
            day = _month_end(delivered_on) if waits else delivered_on
            if day <= yesterday and not order.is_cancelled:
                billed.setdefault((order.deal.customer.id, day), []).append((order, items))
            delivered_on += timedelta(days=throw.randint(10, 35))
    for (_, day), deliveries in billed.items():
        customer = deliveries[0][0].deal.customer
        billed_items = tuple(item for _, delivered in deliveries for item in delivered)
        yield Invoice("", customer, day, day + timedelta(days=throw.choice((30, 30, 45))), billed_items)


def _parts(throw: Random, order: Order) -> list[list[Item]]:
    """The order in one delivery, or its pieces spread over two or three."""
    count = throw.choices((1, 2, 3), weights=(76, 18, 6))[0]
    parts: list[list[Item]] = [[] for _ in range(count)]
    for item in order.items:
        share, rest = divmod(item.quantity, count)
        for position, part in enumerate(parts):
            quantity = share + (position < rest)
            if quantity:
                part.append(replace(item, quantity=quantity))
    return [part for part in parts if part]


def _numbered_invoices(invoices: Iterator[Invoice]) -> list[Invoice]:
    ordered = sorted(invoices, key=lambda invoice: (invoice.dated_on, invoice.items[0].order_number))
    return [
        replace(invoice, number=f"INV{300_000 + number}", items=_placed(invoice.items))
        for number, invoice in enumerate(ordered, 1)
    ]


def _placed(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(replace(item, place=place) for place, item in enumerate(items, 1))


def _returns(throw: Random, invoices: Sequence[Invoice], yesterday: date) -> Iterator[Return]:
    """Seven in a hundred invoices see a return: all of it, or some pieces of one line."""
    numbers = itertools.count(1)
    for invoice in invoices:
        returned_on = invoice.dated_on + timedelta(days=throw.randint(8, 60))
        is_returned, is_whole = chance(throw, 7), chance(throw, 40)
        item = throw.choice(invoice.items)
        items = invoice.items if is_whole else (replace(item, quantity=throw.randint(1, item.quantity)),)
        reason = throw.choice(("Damaged in transit", "Wrong configuration", "Not needed", "Billing correction"))
        if is_returned and returned_on <= yesterday:
            yield Return(f"CM{500_000 + next(numbers)}", invoice, returned_on, items, reason)


def _receipts(throw: Random, invoices: Sequence[Invoice], returns: Sequence[Return], yesterday: date) -> list[Receipt]:
    """One payment of a customer on a day may settle several invoices."""
    returned = {credit.invoice.number: credit for credit in returns}
    paid: dict[tuple[str, date], list[tuple[Invoice, int]]] = {}
    for invoice in invoices:
        for day, amount in _payments(throw, invoice, returned.get(invoice.number)):
            if day <= yesterday and amount > 0:
                paid.setdefault((invoice.customer.id, day), []).append((invoice, amount))
    ordered = sorted(paid.items(), key=lambda entry: (entry[0][1], entry[1][0][0].number))
    return [
        Receipt(
            f"RC{700_000 + number}", settled[0][0].customer, day, tuple((one.number, minor) for one, minor in settled)
        )
        for number, ((_, day), settled) in enumerate(ordered, 1)
    ]


def _payments(throw: Random, invoice: Invoice, credit: Return | None) -> Iterator[tuple[date, int]]:
    """Mostly one, around the due date; some weeks late, some in two parts, some never."""
    habit = throw.choices(("on time", "late", "in parts", "never"), weights=(72, 16, 8, 4))[0]
    late_days = throw.randint(10, 75) if habit == "late" else throw.randint(-12, 3)
    day = invoice.due_on + timedelta(days=late_days)
    first_percent = throw.choice((25, 40, 50, 60))
    second_on = day + timedelta(days=throw.randint(20, 45))
    if habit == "in parts":
        first = invoice.gross_minor * first_percent // 100
        due_first = _due(invoice, credit, day)
        yield day, min(first, due_first)
        yield second_on, _due(invoice, credit, second_on) - min(first, due_first)
    elif habit != "never":
        yield day, _due(invoice, credit, day)


def _due(invoice: Invoice, credit: Return | None, day: date) -> int:
    """The gross amount, less what was returned up to the day."""
    return invoice.gross_minor - (credit.gross_minor if credit and credit.dated_on <= day else 0)


def _month_end(day: date) -> date:
    next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return next_month - timedelta(days=1)
