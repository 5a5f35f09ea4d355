"""Products that pay best while the company earns least with them."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import polars as pl

from compensation.earnings.calculation import Calculation
from compensation.estimates.reasons import Ratio, decimal_text
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan
from compensation.review.warning import PlanWarning, warning


class _Product(NamedTuple):
    """What a product paid, and what it earned, both as parts of its revenue."""

    name: str
    rate: Fraction
    margin: Fraction


def pays_best_earns_least(facts: Facts, calculation: Calculation, plan: Plan) -> Iterator[PlanWarning]:
    """For each component: the product of the highest pay by revenue, if none has a lower margin by revenue.

    Only transactions whose margin is known count, and products with revenue.
    """
    lines = calculation.lines.filter(pl.col("plan") == plan.name, pl.col("plan_version") == plan.version)
    known = facts.transactions.filter(pl.col("margin_minor").is_not_null(), pl.col("product").is_not_null())
    sold = lines.join(known, on="transaction_id", how="inner")
    for component in plan.components:
        products = _products(sold.filter(pl.col("component") == component.name))
        if len(products) < 2:
            continue
        best = max(products, key=lambda product: (product.rate, product.name))
        other = max((each for each in products if each is not best), key=lambda product: (product.margin, product.name))
        if all(best.rate > each.rate and best.margin < each.margin for each in products if each is not best):
            yield warning(
                "pays_best_earns_least",
                plan,
                component.name,
                component=component.headings,
                product=best.name,
                rate=_ratio(best.rate),
                margin=_ratio(best.margin),
                other=other.name,
                other_rate=_ratio(other.rate),
                other_margin=_ratio(other.margin),
            )


def _products(sold: pl.DataFrame) -> list[_Product]:
    """By what was sold to the plan's payees; shares of a deal count as shares of its revenue and margin."""
    totals: dict[str, list[Fraction]] = {}
    columns = ("product", "earning_minor", "revenue_minor", "margin_minor", "share_millionths")
    for product, earning, revenue, margin, share in sold.select(columns).iter_rows():
        sums = totals.setdefault(product, [Fraction(0), Fraction(0), Fraction(0)])
        for place, amount in enumerate((Fraction(earning), Fraction(revenue * share), Fraction(margin * share))):
            sums[place] += amount
    return [
        _Product(product, earning * 10**6 / revenue, margin / revenue)
        for product, (earning, revenue, margin) in sorted(totals.items())
        if revenue > 0
    ]


def _ratio(value: Fraction) -> Ratio:
    return Ratio(ratio=decimal_text(value, 4))
