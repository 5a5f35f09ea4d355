"""Transactions of history that no rule credits, although somebody owns them."""

from collections.abc import Iterator, Mapping

import polars as pl

from compensation.earnings.calculation import Calculation
from compensation.estimates.reasons import money
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan
from compensation.review.warning import PlanWarning, warning


def uncredited(facts: Facts, calculation: Calculation, plan: Plan, digits: Mapping[str, int]) -> Iterator[PlanWarning]:
    """One warning for all of them, with the largest; ``plan`` is named beside it."""
    left = calculation.outcomes.filter(pl.col("code") == "no_rule").join(
        facts.transactions, on="transaction_id", how="inner"
    )
    left = left.filter(pl.col("revenue_minor") > 0)
    if left.is_empty():
        return
    largest = left.sort("revenue_minor", "transaction_id", descending=[True, False]).row(0, named=True)
    currency = largest["currency"]
    yield warning(
        "uncredited",
        plan,
        "",
        count=f"{len(left)}",
        since=left["dated_on"].min(),  # type: ignore[arg-type] # a date, as the column is
        transaction=largest["transaction_id"],
        day=largest["dated_on"],
        amount=money(largest["revenue_minor"], currency, digits.get(currency, 2)),
    )
