"""Records in few words, stored in a warehouse and read as the frames of a calculation."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

import polars as pl
from sqlalchemy import Engine

from compensation import Facts
from mappings.deals import join
from mappings.money import Money
from mappings.records import (
    Allocation,
    CanonicalRecord,
    CreditNote,
    Invoice,
    Key,
    Line,
    Opportunity,
    Order,
    Receipt,
    Stage,
)
from warehouse import canonical
from warehouse.canonical import deals
from warehouse.canonical.links import read_links
from warehouse.database import reading, writing
from warehouse.facts import read_facts

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
