"""What is read of each Tryton model: paths of fields, and whose stamps count as a change of the record."""

from pydantic import BaseModel, ConfigDict


class StreamFields(BaseModel):
    """A stream, named by its model.

    ``fields`` are paths through relations (``party.name``). ``parts`` are the relations that belong to the record: a
    change of one of them is a change of the record. ``sums`` are the amounts that ``reconcile`` adds up. ``where`` is
    a domain that every record of the stream satisfies. ``sweep`` names what may change without moving a stamp.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: tuple[str, ...]
    parts: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    where: tuple[tuple[str, str, str | int | bool | None], ...] = ()
    sweep: tuple[str, ...] = ()


_DOCUMENT = (
    "number",
    "reference",
    "description",
    "state",
    "currency.code",
    "party.name",
    "untaxed_amount",
    "tax_amount",
)
_DOCUMENT_LINE = ("lines.type", "lines.summary", "lines.description", "lines.quantity", "lines.unit.symbol")
_LINE_PRICE = ("lines.product.name", "lines.product.code", "lines.unit_price", "lines.amount")
_AGENT = ("agent.party.name", "agent.plan.name")

# Parties, products and people first: what the documents point at is there when they arrive.
STREAMS: dict[str, StreamFields] = {
    "party.party": StreamFields(fields=("name", "code", "active", "replaced_by"), sweep=("merged parties",)),
    "product.product": StreamFields(
        fields=(
            *("name", "code", "active", "type", "list_price_used", "cost_price", "template.name", "template.active"),
            *("template.categories.name", "template.account_category.name"),
        ),
        parts=("template", "template.list_prices", "list_prices"),
    ),
    "company.employee": StreamFields(
        fields=("party.name", "party.email", "start_date", "end_date", "active", "supervisor.party.name"),
        parts=("party",),
        sweep=("party.email",),
    ),
    "currency.currency.rate": StreamFields(fields=("currency.code", "date", "rate")),
    "commission.plan": StreamFields(fields=("name", "commission_method", "lines.formula"), parts=("lines",)),
    "commission.agent": StreamFields(
        fields=("party.name", "plan.name", "currency.code", "type_", "active"), sweep=("plan.name", "party.name")
    ),
    "sale.opportunity": StreamFields(
        fields=(
            *("number", "reference", "description", "state", "amount", "currency.code", "conversion_probability"),
            *("party.name", "employee.party.name", "start_date", "end_date", "lost_reason", "sales"),
            *("lines.product.name", "lines.product.code", "lines.quantity", "lines.unit.symbol", "lines.description"),
        ),
        parts=("lines", "sales"),  # the amount of a converted opportunity is that of its sales
        sums=("amount",),
    ),
    "sale.sale": StreamFields(
        fields=(
            *_DOCUMENT,
            *("total_amount", "sale_date", "origin", "invoice_state", "invoices"),
            *_AGENT,
            *_DOCUMENT_LINE,
            *_LINE_PRICE,
        ),
        parts=("lines",),
        sums=("untaxed_amount", "total_amount"),
        sweep=("invoices", "invoice_state"),
    ),
    "account.invoice": StreamFields(
        fields=(
            *_DOCUMENT,
            *("total_amount", "type", "invoice_date", "reconciled", "sales", "origin_invoices.number"),
            *_AGENT,
            *_DOCUMENT_LINE,
            *_LINE_PRICE,
            "lines.origin",
            *("payment_lines.date", "payment_lines.debit", "payment_lines.credit", "payment_lines.amount"),
        ),
        parts=("lines", "payment_lines"),
        sums=("untaxed_amount", "total_amount"),
        where=(("type", "=", "out"),),
        sweep=("payment_lines taken off an invoice",),
    ),
    "account.move.line": StreamFields(
        fields=(
            *("date", "debit", "credit", "amount", "currency.code", "amount_second_currency", "second_currency.code"),
            *("party.name", "invoice_payments.number", "invoice_payments.untaxed_amount"),
            *("invoice_payments.total_amount", "invoice_payments.currency.code"),
        ),
        parts=("invoice_payments",),
        sums=("debit", "credit"),
        where=(("invoice_payments", "!=", None),),
        sweep=("payments taken off an invoice",),
    ),
    "commission": StreamFields(
        fields=(
            *("amount", "base_amount", "currency.code", "date", "type_", "origin", "origin.invoice"),
            *(*_AGENT, "product.name", "invoice_line.invoice"),
        ),
        sums=("amount", "base_amount"),
    ),
}
"""The streams of a sales company, in the order in which they are best read."""
