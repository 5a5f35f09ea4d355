"""The first half: the documents of some deals become credits, which can be paid elsewhere."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation.columns import collected, rows_of
from compensation.crediting.coverage import CUSTOMER
from compensation.crediting.transactions import Scenarios
from compensation.earnings.calculation import history, uncredited
from compensation.earnings.engine import Engine
from compensation.facts.frames import Facts
from compensation.packing import places_among
from compensation.partitions.units import Units
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule

ORDER = ("posting_sequence", "order_day", "source", "source_ref", "transaction_id", "instalment")
"""The order of credits among those of all deals."""
_ADDED = ("posting_sequence", "order_day", "source", "source_ref", "plan", "unit")


@dataclass(frozen=True)
class Credited:
    """``credits``: as the engine makes them, with the columns of :data:`ORDER`, plan (name) and unit. ``outcomes``:
    transactions that no component credits, see :class:`~compensation.earnings.calculation.Calculation`.
    """

    credits: pl.DataFrame
    outcomes: pl.DataFrame


def credit_deals(facts: Facts, plans: Sequence[Plan], *, as_of: date) -> Credited:
    """Credits what happened in the deals of ``facts`` up to the day.

    Transactions and participants may be those of some deals, if these have one place in
    :func:`~compensation.partitions.deals.deal_places`; the frames that say nothing of deals are whole.
    PayOverflowError names the first payee and component, by name, whose credit leaves the exact range.
    """
    credited, scenarios = credited_in(Engine.of(facts, plans), facts, Units.of(plans), as_of)
    return Credited(credited.sort(*ORDER, "party_no", "rule"), uncredited(scenarios, credited))


def credited_in(engine: Engine, facts: Facts, units: Units, as_of: date) -> tuple[pl.DataFrame, Scenarios]:
    """The credits of :func:`credit_deals` by an engine that is ready, in no order, and what has happened."""
    scenarios = history(facts, as_of)
    credited = engine.credits(scenarios)
    documents = places_among(credited, facts.transactions[["transaction_id"]])
    placed = rows_of(facts.transactions, documents, ["posting_sequence", "source", "source_ref"])
    plans = pl.Series("plan", [rule.plan.name for rule in engine.rules], dtype=pl.String)
    whole = credited.hstack([*placed, plans[credited["rule"]]])
    return whole.with_columns_seq(_order_day(engine.rules), units.names()), scenarios


def _order_day(rules: Sequence[Rule]) -> pl.Expr:
    """Instalments take their place by their own day, everything else by the document's."""
    recurring = [rule.number for rule in rules if rule.component.recurs]
    if not recurring:
        return pl.col("dated_on").alias("order_day")
    by_instalment = pl.col("rule").is_in(recurring) & (pl.col("kind") != "return")
    return pl.when(by_instalment).then("credited_on").otherwise("dated_on").alias("order_day")


def in_order(credited: pl.LazyFrame) -> pl.DataFrame:
    """Credits from several places as the engine makes them: ``order_no`` counts transactions and instalments."""
    ordered = credited.sort(*ORDER, "party_no", "rule")
    counted = ordered.with_columns(pl.struct(ORDER).rle_id().cast(pl.Int64).alias("order_no"))
    return collected(counted.drop(_ADDED))


def left_for(units: Collection[str], credited: pl.DataFrame, facts: Facts, plans: Sequence[Plan]) -> pl.DataFrame:
    """The transactions that those who pay the ``units`` have to know, of the deals in which ``credited`` is theirs.

    Everything of the deals (releases wait for it) with what of other deals was returned in them, and a purchase of each
    customer who is paid with the units: he has his plan since he ever bought anything.
    """
    documents = facts.transactions.join(credited, on="deal_id", how="semi")
    returned = documents.select(pl.col("reverses_id").alias("transaction_id")).drop_nulls()
    others = facts.transactions.join(returned, on="transaction_id", how="semi")
    bought = facts.transactions.filter(pl.col("kind") != "expected", pl.col("customer").is_not_null())
    paid = bought.filter(pl.col("customer").is_in(sorted(_customers(units, bought, plans))))
    first = paid.unique("customer", keep="first", maintain_order=True)
    return pl.concat([documents, others, first]).unique("transaction_id", maintain_order=True)


def _customers(units: Collection[str], bought: pl.DataFrame, plans: Sequence[Plan]) -> set[str]:
    own, known = Units.of(plans), bought["customer"].unique().to_list()
    names = [plan.name for plan in plans if plan.applies_to.is_for_customers]
    return {customer for customer in known for name in names if own.name(name, f"{CUSTOMER}{customer}") in units}
