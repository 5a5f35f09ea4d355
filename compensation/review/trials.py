"""Sales tried on the real engine: many small worlds in one calculation, each with a payee of its own."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from compensation.earnings.calculation import calculate
from compensation.exact import MILLIONTHS
from compensation.facts.frames import Facts
from compensation.facts.schemas import SCHEMAS
from compensation.plans.components import Component
from compensation.review.alone import Alone

_LONG_AGO = date(1900, 1, 1)
_FIELDS = {"revenue": "revenue_minor", "margin": "margin_minor", "quantity": "quantity_millionths"}


class Sale(NamedTuple):
    """A sale of a deal of its own: how much of the position, on which day, and how much of what is paid on."""

    amount: int
    on: date
    base: int | None = None


World = Sequence[Sale]


def pay(alone: Alone, worlds: Sequence[World], as_of: date | None = None) -> list[int]:
    """What each world's sales pay together, in minor units, openings included, as the engine calculates it."""
    last = max([alone.period.start, *(sale.on for world in worlds for sale in world)])
    calculation = calculate(_facts(alone, worlds), [alone.plan], as_of=as_of or last)
    totals = calculation.totals().group_by("payee_id").agg(pl.col("earning_minor").sum())
    paid = dict(totals.select("payee_id", "earning_minor").iter_rows())
    return [paid.get(_payee(number), 0) for number in range(len(worlds))]


def in_first_period(alone: Alone, *amounts: int) -> World:
    """Sales on the first day of the period, in this order."""
    return [Sale(amount, alone.period.start) for amount in amounts]


def pay_at(alone: Alone, amounts: Sequence[int]) -> dict[int, int]:
    """What a single sale of each amount pays."""
    wanted = sorted(set(amounts))
    worlds = [in_first_period(alone, *([amount] if amount else [])) for amount in wanted]
    return dict(zip(wanted, pay(alone, worlds), strict=True))


def _facts(alone: Alone, worlds: Sequence[World]) -> Facts:
    currency = alone.plan.currency
    sales = [(world, number, sale) for world, of_world in enumerate(worlds) for number, sale in enumerate(of_world)]
    frames = {
        "transactions": [_transaction(alone.component, currency, *sale) for sale in sales],
        "participants": [
            {
                "deal_id": _deal(world, number),
                "payee_id": _payee(world),
                "role": "owner",
                "share_millionths": MILLIONTHS,
                "is_overlay": False,
            }
            for world, number, _ in sales
        ],
        "assignments": [_assignment(world, currency) for world in range(len(worlds))],
        "quotas": [],
        "rates": [],
        "currencies": [{"currency": currency, "exponent": alone.digits}],
        "deals": [],
    }
    return Facts(**{name: pl.DataFrame(list(_rows(name, rows)), schema=SCHEMAS[name]) for name, rows in frames.items()})


def _rows(name: str, rows: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    empty = dict.fromkeys(SCHEMAS[name])
    yield from ({**empty, **row} for row in rows)


def _transaction(component: Component, currency: str, world: int, number: int, sale: Sale) -> dict[str, object]:
    name = _deal(world, number)
    amounts = dict.fromkeys(_FIELDS.values(), 0)
    amounts[_FIELDS[component.measure]] = sale.amount if sale.base is None else sale.base
    amounts[_FIELDS[component.looks_at]] = sale.amount
    return {
        "transaction_id": name,
        "deal_id": name,
        "kind": "invoice",
        "dated_on": sale.on,
        "posting_sequence": number,
        "source": "review",
        "source_ref": f"{number:04}",
        "currency": currency,
        "document_id": name,
        "customer": _payee(world),
        **amounts,
    }


def _assignment(world: int, currency: str) -> dict[str, object]:
    return {
        "payee_id": _payee(world),
        "name": _payee(world),
        "title": "Anybody",
        "pay_currency": currency,
        "from_on": _LONG_AGO,
        "hired_on": _LONG_AGO,
    }


def _payee(world: int) -> str:
    return f"world-{world:05}"


def _deal(world: int, number: int) -> str:
    return f"{_payee(world)}-{number:04}"
