"""Sales in a real Tryton: ordered, invoiced, paid and taken back as people do it in its client."""

from decimal import Decimal
from typing import NamedTuple

from tests.tryton_lab import Json, TrytonLab, credit, decimal, draft_credit, pay_part


class Item(NamedTuple):
    """A line of an order; the price is that of one."""

    product: str
    quantity: int
    price: str


class Sales:
    """What a salesperson and a bookkeeper do. Every invoice bears the day of the seeded ones, which has a rate."""

    def __init__(self, lab: TrytonLab) -> None:
        self._lab = lab
        self._day = lab.call("model.account.invoice.read", [1], ["invoice_date"])[0]["invoice_date"]
        self._agents = self._ids("commission.agent", "party.name")
        self._currencies = self._ids("currency.currency", "code")
        (self._customer,) = lab.call(
            "model.party.party.search_read", [["name", "=", "Acme"]], 0, None, None, ["addresses"]
        )
        (self._tax, *_) = lab.call("model.account.tax.search", [])
        self._offer("Analytics", ["Software"])
        self._offer("Workshop", [])
        self._products = self._ids("product.product", "template.name")

    def employ(self, *agents: str) -> None:
        """Agents become employees, whom our mapping knows as payees."""
        parties = self._ids("party.party", "name")
        self._lab.call("model.company.employee.create", [{"party": parties[name], "company": 1} for name in agents])

    def order(self, agent: str, *items: Item, currency: str = "USD") -> int:
        """A confirmed order; Tryton makes a draft of its invoice."""
        (address,), party = self._customer["addresses"], self._customer["id"]
        row = {
            "agent": self._agents[agent],
            "currency": self._currencies[currency],
            "invoice_address": address,
            "lines": [["create", [self._line(item) for item in items]]],
            "party": party,
            "shipment_address": address,
        }
        (order,) = self._lab.call("model.sale.sale.create", [row])
        for step in ("quote", "confirm"):
            self._lab.call(f"model.sale.sale.{step}", [order])
        return int(order)

    def invoice(self, order: int, only: int | None = None) -> int:
        """Posts the draft of the order's invoice; ``only`` so many of the first line, for the rest a draft is made."""
        drafts = [["sales", "=", order], ["state", "=", "draft"]]
        (draft,) = self._lab.call("model.account.invoice.search_read", drafts, 0, None, None, ["lines"])
        if only is not None:
            self._resize(draft["lines"][0], only)
        self._lab.call("model.account.invoice.write", [draft["id"]], {"invoice_date": self._day})
        self._lab.call("model.account.invoice.post", [draft["id"]])
        return int(draft["id"])

    def sell(self, agent: str, *items: Item, currency: str = "USD") -> int:
        """Ordered and invoiced as a whole; the invoice."""
        return self.invoice(self.order(agent, *items, currency=currency))

    def pay(self, invoice: int, part: str | None = None) -> None:
        """Pays a part, taxes included, or all that is due."""
        (of,) = self._lab.call("model.account.invoice.read", [invoice], ["amount_to_pay"])
        pay_part(self._lab, invoice, Decimal(part or of["amount_to_pay"]["decimal"]))

    def take_back(self, invoice: int, only: int | None = None) -> int:
        """The posted credit note of the invoice, or of ``only`` so many of its first line, which is its only one."""
        if only is None:
            return credit(self._lab, invoice)
        note = draft_credit(self._lab, invoice)
        (row,) = self._lab.call("model.account.invoice.read", [note], ["lines"])
        self._resize(row["lines"][0], -only)
        self._lab.call("model.account.invoice.post", [note])
        return note

    def cancel(self, invoice: int) -> int:
        """An invoice that nobody has paid is credited and cancelled in one step; the credit note."""
        return draft_credit(self._lab, invoice, with_refund=True)

    def _resize(self, line: int, quantity: int) -> None:
        self._lab.call("model.account.invoice.line.write", [line], {"quantity": float(quantity)})

    def _line(self, item: Item) -> Json:
        return {
            "product": self._products[item.product],
            "quantity": float(item.quantity),
            "taxes": [["add", [self._tax]]],
            "type": "line",
            "unit": 1,
            "unit_price": decimal(Decimal(item.price)),
        }

    def _offer(self, name: str, categories: list[str]) -> None:
        known = self._ids("product.category", "name")
        row = {
            "account_category": known["Taxed"],
            "categories": [["add", [known[category] for category in categories]]],
            "default_uom": 1,
            "list_price": decimal(Decimal(0)),
            "name": name,
            "products": [["create", [{}]]],
            "salable": True,
            "sale_uom": 1,
            "type": "service",
        }
        self._lab.call("model.product.template.create", [row])

    def _ids(self, model: str, name: str) -> dict[str, int]:
        """By a field of the record, or of one that it points at."""
        rows = self._lab.call(f"model.{model}.search_read", [], 0, None, None, [name])
        first, _, second = name.partition(".")
        return {row[f"{first}."][second] if second else row[first]: row["id"] for row in rows}
