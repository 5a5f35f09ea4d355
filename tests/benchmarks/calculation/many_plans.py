"""Fifty plans and five thousand personal quotas against one plan with one quota, for the same credits."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from compensation import Facts, Plan, calculate, parse_plan
from tests.benchmarks import Result
from tests.benchmarks.calculation.company import AS_OF, Company
from tests.benchmarks.calculation.costs import ratio

LIMIT = 1.5
PLANS = 50
PLAN = """\
plan: {name}
currency: USD
effective: {{from: 2026-01-01}}
applies_to: {{titles: {title}}}
components:
  - component: commission
    credited_on: invoice
    period: quarter
    {quota}
    payout:
      marginal_tiers:
        - {{from: 0%, to: 100%, rate: {rate}%}}
        - {{from: 100%, rate: {higher}%}}
"""


def run() -> Iterator[Result]:
    """Of one million credits, of 5,000 people in 50 positions."""
    company = Company.of(5_500_000)
    facts = _in_positions(company.facts)
    own = [_plan(f"Plan {number}", f"Rep {number}", 40 + number, "") for number in range(PLANS)]
    titles = "[" + ", ".join(f"Rep {number}" for number in range(PLANS)) + "]"
    one = [_plan("Plan", titles, 40, "quota: 100000")]
    counts = [calculate(facts, plans, as_of=AS_OF).lines.height for plans in (own, one)]
    assert counts[0] == counts[1]
    found = ratio(lambda: calculate(facts, own, as_of=AS_OF), lambda: calculate(facts, one, as_of=AS_OF), repeats=2)
    yield Result(
        f"{PLANS} plans and 5,000 own quotas, {counts[0] / 1_000_000:.1f} million credits", found, LIMIT,
        "one plan and one quota, the same credits: CPU",
    )  # fmt: skip


def _plan(name: str, title: str, tenths: int, quota: str) -> Plan:
    text = PLAN.format(name=name, title=title, rate=tenths / 10, higher=tenths / 5, quota=quota)
    return parse_plan(text, f"{name}.yaml")


def _in_positions(facts: Facts) -> Facts:
    """Everybody who sells has one of fifty titles."""
    number = pl.col("payee_id").str.slice(5).cast(pl.Int64) % PLANS
    title = pl.when(pl.col("title") == "Rep").then(pl.lit("Rep ") + number.cast(pl.String)).otherwise("title")
    return replace(facts, assignments=facts.assignments.with_columns(title.alias("title")))
