"""What a new version of plans would have paid on history, beside what the old one pays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation.earnings.calculation import calculate
from compensation.facts.assignments import Assignments
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan

_AMOUNTS = ("old_minor", "new_minor", "difference_minor")


@dataclass(frozen=True)
class Comparison:
    """Old and new pay; amounts in minor units of ``currency`` (the plans').

    - ``by_component``: payee_id, name, component, currency, old_minor, new_minor, difference_minor; a component that
      one side lacks pays nothing there.
    - ``by_payee``: payee_id, name, currency and the three amounts, the largest gain first.
    - ``total``: currency and the three amounts, payees, winners and losers (how many get more, and less).
    """

    by_component: pl.DataFrame
    by_payee: pl.DataFrame
    total: pl.DataFrame


def compare(facts: Facts, old_plans: Sequence[Plan], new_plans: Sequence[Plan], *, as_of: date) -> Comparison:
    """Calculates the facts up to ``as_of`` twice. Errors are those of a calculation."""
    names = Assignments(facts)
    sides = [
        _paid(facts, plans, as_of, amount) for plans, amount in ((old_plans, "old_minor"), (new_plans, "new_minor"))
    ]
    keys = ["payee_id", "component", "currency"]
    both = (
        sides[0]
        .join(sides[1], on=keys, how="full", coalesce=True)
        .with_columns(pl.col("old_minor", "new_minor").fill_null(0))
    )
    named = both.with_columns(
        pl.col("payee_id").map_elements(names.name, return_dtype=pl.String).alias("name"),
        (pl.col("new_minor") - pl.col("old_minor")).alias("difference_minor"),
    )
    by_component = named.select("payee_id", "name", "component", "currency", *_AMOUNTS).sort(keys)
    by_payee = by_component.group_by("payee_id", "name", "currency").agg(pl.col(_AMOUNTS).sum())
    return Comparison(
        by_component, by_payee.sort(["difference_minor", "payee_id"], descending=[True, False]), _total(by_payee)
    )


def _paid(facts: Facts, plans: Sequence[Plan], as_of: date, amount: str) -> pl.DataFrame:
    totals = calculate(facts, plans, as_of=as_of).totals()
    return totals.group_by("payee_id", "component", "currency").agg(pl.col("earning_minor").sum().alias(amount))


def _total(by_payee: pl.DataFrame) -> pl.DataFrame:
    difference = pl.col("difference_minor")
    return (
        by_payee.group_by("currency")
        .agg(
            pl.col(_AMOUNTS).sum(),
            pl.len().alias("payees"),
            (difference > 0).sum().alias("winners"),
            (difference < 0).sum().alias("losers"),
        )
        .sort("currency")
    )
