"""The second half: the credits of some units become earnings and payments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from compensation.crediting.coverage import CUSTOMER
from compensation.earnings.calculation import ENGINE_VERSION, Calculation, Provenance, calculated
from compensation.earnings.engine import Engine
from compensation.facts.frames import Facts
from compensation.partitions.crediting import in_order
from compensation.partitions.units import Units
from compensation.payments.settlement import Settlement, settle
from compensation.plans.plan import Plan


@dataclass(frozen=True)
class Paid:
    """What some units earn and are paid."""

    calculation: Calculation
    settlement: Settlement


def pay_units(
    credited: pl.DataFrame, facts: Facts, plans: Sequence[Plan], units: Sequence[str], *, as_of: date
) -> Paid:
    """What the ``units`` earn of what is ``credited`` (by :func:`~compensation.partitions.crediting.credit_deals`, of
    all deals), and what of it is paid.

    ``facts`` have whole frames, but for ``transactions``: what
    :func:`~compensation.partitions.crediting.left_for` finds
    is enough. PayOverflowError if an amount leaves the exact range.
    """
    own, kept = Units.of(plans), set(units)
    engine, payees = Engine.of(facts, plans), _payees(facts)
    chosen = {
        rule.plan_number: [payee_id for payee_id in payees if own.name(rule.plan.name, payee_id) in kept]
        for rule in engine.rules
    }
    versions = tuple(sorted((plan.name, plan.version) for plan in plans))
    calculation = calculated(
        replace(engine, chosen=chosen),
        in_order(credited.lazy().filter(pl.col("unit").is_in(units))),
        pl.DataFrame(schema={"transaction_id": pl.String, "deal_id": pl.String, "code": pl.String}),
        Provenance("", versions, ENGINE_VERSION, as_of),
    )
    known = replace(facts, posted=_of(units, facts.posted, own, "posted_in"), paid=_of(units, facts.paid, own))
    return Paid(calculation, _settled(calculation, known, plans, units, own, as_of))


def units_of(credited: pl.DataFrame, facts: Facts, plans: Sequence[Plan]) -> list[str]:
    """Every unit that may be paid anything: of the credits, of those who have a plan, and of earlier payments."""
    own = Units.of(plans)
    known = {own.name(plan.name, payee_id) for plan in plans for payee_id in _payees(facts)}
    for frame in (credited, facts.posted, facts.paid):
        known |= set(frame.select(own.names()).to_series().unique())
    return sorted(known)


def _payees(facts: Facts) -> list[str]:
    """Everybody who may have a plan: people with a position, and customers who bought anything."""
    customers = facts.transactions["customer"].drop_nulls().unique()
    return [*facts.assignments["payee_id"].unique(), *(f"{CUSTOMER}{name}" for name in customers)]


def _settled(
    calculation: Calculation, facts: Facts, plans: Sequence[Plan], units: Sequence[str], own: Units, as_of: date
) -> Settlement:
    """Draws and guarantees are paid to everybody who has the plan; those of other units are left out."""
    settlement = settle(calculation, facts, plans, as_of=as_of)
    mine = own.names().is_in(units)
    return replace(settlement, payments=settlement.payments.filter(mine))


def _of(units: Sequence[str], frame: pl.DataFrame, own: Units, label: str = "period_label") -> pl.DataFrame:
    """The units' rows; and, so that everybody's closed periods are known, of each a row of nobody and nothing."""
    nothing = {name: 0 if kind == pl.Int64() else "" for name, kind in frame.schema.items()}
    closed = frame.select("plan", label).unique().sort("plan", label).iter_rows()
    rows = [{**nothing, "plan": plan, "period_label": name, label: name} for plan, name in closed]
    return pl.concat([frame.filter(own.names().is_in(units)), pl.DataFrame(rows, schema=frame.schema)])
