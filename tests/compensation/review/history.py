"""A small history: two reps, a few invoices of two products."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from compensation import Facts
from compensation.facts.schemas import SCHEMAS

FIRST = date(2026, 1, 1)


class Invoice(NamedTuple):
    """An invoice of a deal of its own."""

    name: str
    owner: str
    revenue: int
    on: date = date(2026, 2, 10)
    product: str | None = None
    margin: int | None = None
    kind: str = "invoice"


def facts_of(invoices: Sequence[Invoice], shares: Mapping[str, int] | None = None) -> Facts:
    """The frames; everybody named is a Rep of 2026. ``shares``: millionths of owners by invoice, all unless given."""
    people = sorted({invoice.owner for invoice in invoices})
    frames: dict[str, list[dict[str, Any]]] = {
        "transactions": [_transaction(number, invoice) for number, invoice in enumerate(invoices)],
        "participants": [
            {
                "deal_id": f"crm:{invoice.name}",
                "payee_id": invoice.owner,
                "role": "owner",
                "share_millionths": (shares or {}).get(invoice.name, 10**6),
                "is_overlay": False,
            }
            for invoice in invoices
        ],
        "assignments": [
            {"payee_id": who, "name": who.title(), "title": "Rep", "pay_currency": "USD", "from_on": FIRST}
            for who in people
        ],
        "quotas": [],
        "rates": [],
        "currencies": [{"currency": "USD", "exponent": 2}],
        "deals": [],
    }
    return Facts(**{name: _frame(name, rows) for name, rows in frames.items()})


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(SCHEMAS[name]), **row} for row in rows], schema=SCHEMAS[name])


def _transaction(number: int, invoice: Invoice) -> dict[str, Any]:
    return {
        "transaction_id": invoice.name,
        "deal_id": f"crm:{invoice.name}",
        "kind": invoice.kind,
        "dated_on": invoice.on,
        "posting_sequence": number,
        "source": "erp",
        "source_ref": invoice.name,
        "currency": "USD",
        "revenue_minor": invoice.revenue * 100,
        "margin_minor": None if invoice.margin is None else invoice.margin * 100,
        "quantity_millionths": 10**6,
        "product": invoice.product,
        "document_id": invoice.name,
    }
