"""The canonical records of the lead-to-cash chain, whatever system they came from.

Every record is frozen and keyed by ``source`` (the configured name of the system) and ``ref`` (the system's own id).
A field ending in ``_key`` points at another record, possibly of another system. Money is in minor units with its
currency, instants are aware and in UTC, business dates are dates, ``*_ratio`` and ``*_rate`` are exact decimals.
"""

import itertools
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from mappings.money import CurrencyCode, Money

Exact = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=28, decimal_places=12)]
MAX_QUANTITY = 1_000_000_000


def _credible(quantity: Decimal) -> Decimal:
    """A barcode in the field of the quantity is refused here, with its record, not by the calculation for everybody."""
    if abs(quantity) > MAX_QUANTITY:
        raise ValueError(f"is more than {MAX_QUANTITY:,}, which no quantity is; mend the record or its mapping")
    return quantity


Quantity = Annotated[Exact, AfterValidator(_credible)]
Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]


class Key(BaseModel):
    """Names one record of one system, e.g. ``crm:0065g00000XyZ``."""

    model_config = ConfigDict(frozen=True)

    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    ref: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]

    def __str__(self) -> str:
        return f"{self.source}:{self.ref}"


class CanonicalRecord(BaseModel):
    """What all records have: who they are, and when the system last changed them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    ref: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
    modified_at: AwareDatetime | None = None

    @property
    def key(self) -> Key:
        return Key(source=self.source, ref=self.ref)


class Line(BaseModel):
    """A line of a document. Amounts are of the whole line, net of tax, in the document's currency.

    ``origin_key`` and ``origin_line_ref`` name what the line comes from: of an invoice line the order (and its line)
    that it bills, of a credit note line the invoice (and its line) that it takes back. A document whose lines bill
    orders of several deals is divided by them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ref: Text
    product_key: Key | None = None
    description: Text = ""
    quantity: Quantity = Decimal(1)
    amount: Money | None = None
    cost: Money | None = None
    origin_key: Key | None = None
    origin_line_ref: Text | None = None


class Share(BaseModel):
    """A person's part in a deal: ``ratio`` 1 is all of it. Owners' shares add up to 1; overlays come on top."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    employee_key: Key
    role: Text = "owner"
    ratio: Annotated[Decimal, Field(ge=0, le=10, decimal_places=6)] = Decimal(1)
    is_overlay: bool = False


class Customer(CanonicalRecord):
    """``same_as_key``: the same customer in another system, as the source itself says."""

    name: Text
    same_as_key: Key | None = None
    region: Text | None = None
    sector: Text | None = None


class Product(CanonicalRecord):
    """``same_as_key``: the same product in another system, as the source itself says; that one's name is the name."""

    name: Text
    same_as_key: Key | None = None
    code: Text | None = None
    family: Text | None = None
    list_price: Money | None = None


class Assignment(BaseModel):
    """What an employee was from ``from_on`` (included) to ``to_on`` (excluded; None: still is)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_on: date
    to_on: date | None = None
    title: Text = ""
    manager_key: Key | None = None
    region: Text | None = None
    channel: Text | None = None


class Employee(CanonicalRecord):
    name: Text
    email: Text | None = None
    is_active: bool = True
    pay_currency: CurrencyCode | None = None
    assignments: tuple[Assignment, ...] = ()

    @model_validator(mode="after")
    def _assignments_do_not_overlap(self) -> Self:
        ordered = sorted(self.assignments, key=lambda assignment: assignment.from_on)
        for earlier, later in itertools.pairwise(ordered):
            if earlier.to_on is None or earlier.to_on > later.from_on:
                raise ValueError(f"assignments from {earlier.from_on} and from {later.from_on} overlap; end the first")
        return self


class Channel(CanonicalRecord):
    name: Text


class Region(CanonicalRecord):
    name: Text
    parent_key: Key | None = None


class ExchangeRate(CanonicalRecord):
    """One unit of ``from_currency`` is ``rate`` units of ``to_currency`` from ``valid_from`` until the next rate."""

    from_currency: CurrencyCode
    to_currency: CurrencyCode
    valid_from: date
    rate: Annotated[Exact, Field(gt=0)]


class Lead(CanonicalRecord):
    name: Text
    company: Text = ""
    status: Text = ""
    owner_key: Key | None = None
    opportunity_key: Key | None = None
    created_on: date | None = None


class Stage(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class MissingAmount(StrEnum):
    """What stands in for an opportunity's amount when the CRM has none: nothing, or its products' list prices."""

    NONE = "none"
    LIST_PRICE = "list_price"


class Opportunity(CanonicalRecord):
    """A deal in the making. No ``shares``: the owner has all of it. ``document_type``: see :class:`Document`."""

    name: Text
    stage: Stage
    stage_name: Text = ""
    amount: Money | None = None
    when_amount_missing: MissingAmount = MissingAmount.NONE
    currency: CurrencyCode
    close_on: date | None = None
    created_on: date | None = None
    customer_key: Key | None = None
    owner_key: Key | None = None
    shares: tuple[Share, ...] = ()
    lines: tuple[Line, ...] = ()
    document_type: Text | None = None
    probability_ratio: Exact | None = None


class Document(CanonicalRecord):
    """What quotes, contracts, orders, invoices and credit notes share.

    ``document_type``: what plans may tell apart, in the company's words, such as a sample, a renewal, a new customer.
    """

    number: Text = ""
    dated_on: date
    currency: CurrencyCode
    customer_key: Key | None = None
    opportunity_key: Key | None = None
    document_type: Text | None = None
    lines: tuple[Line, ...] = ()


class PricedDocument(Document):
    """``amount`` is net of tax."""

    amount: Money


class Quote(PricedDocument):
    valid_until: date | None = None
    is_accepted: bool = False
    contract_key: Key | None = None


class Contract(Document):
    """Some systems keep contracts without an amount."""

    amount: Money | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    quote_key: Key | None = None


class OrderState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Order(PricedDocument):
    state: OrderState = OrderState.OPEN
    employee_key: Key | None = None
    quote_key: Key | None = None
    contract_key: Key | None = None


class Invoice(PricedDocument):
    """A receivable. ``order_keys``: the orders that it bills."""

    due_on: date | None = None
    order_keys: tuple[Key, ...] = ()
    gross_amount: Money | None = None


class Allocation(BaseModel):
    """The part of a receipt that settles one invoice (gross, in the receipt's currency).

    ``invoice_key`` may name a credit note instead: the part, below zero, that was refunded for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    invoice_key: Key
    amount: Money


class Receipt(CanonicalRecord):
    number: Text = ""
    received_on: date
    amount: Money
    customer_key: Key | None = None
    allocations: tuple[Allocation, ...] = ()


class CreditNote(PricedDocument):
    """A return or correction; ``amount`` is positive and is taken from what ``invoice_key`` billed."""

    invoice_key: Key | None = None


class Quota(CanonicalRecord):
    """A sales plan's target for one person and period, from ``from_on`` (included) to ``to_on`` (excluded)."""

    employee_key: Key
    from_on: date
    to_on: date
    amount: Money
    measure: Text = "revenue"


class RepCommission(CanonicalRecord):
    """A commission that another system calculated or paid; kept to be reconciled with ours.

    ``invoice_key``: the invoice, or the credit note, that it was calculated from.
    """

    employee_key: Key
    dated_on: date
    amount: Money
    base_amount: Money | None = None
    invoice_key: Key | None = None


class CustomerRebate(CanonicalRecord):
    """A rebate that another system granted to a customer; kept to be reconciled with ours."""

    customer_key: Key
    dated_on: date
    amount: Money
    state: Text = ""


RECORD_KINDS: dict[str, type[CanonicalRecord]] = {
    "lead": Lead,
    "opportunity": Opportunity,
    "quote": Quote,
    "contract": Contract,
    "order": Order,
    "invoice": Invoice,
    "receipt": Receipt,
    "credit_note": CreditNote,
    "quota": Quota,
    "rep_commission": RepCommission,
    "customer_rebate": CustomerRebate,
    "customer": Customer,
    "product": Product,
    "employee": Employee,
    "channel": Channel,
    "region": Region,
    "exchange_rate": ExchangeRate,
}
"""Every canonical record kind by the name that mapping files, tables and deals use."""
