"""A thousand variations of an open deal, by their amounts, against one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import polars as pl

from compensation import Amounts, Facts, Proposal, estimate_amounts, propose
from compensation.facts.schemas import SCHEMAS
from tests.benchmarks import Result
from tests.benchmarks.calculation.company import Company
from tests.benchmarks.calculation.costs import ratio

LIMIT = 5.0
TODAY, EXPECTED = date(2026, 11, 21), date(2026, 12, 20)
DEAL, AMOUNT = "crm:OPEN", 5_000_000
COUNT = 1_000


def run() -> Iterator[Result]:
    """In a company of 5,000 people and 20,000 credits."""
    company = Company.of(20_000)
    facts = with_open_deal(company.facts)

    def estimated(count: int) -> list[Amounts]:
        return estimate_amounts(facts, [company.plan], _variations(count), as_of=TODAY)

    assert len({each.scenario for each in estimated(COUNT)}) == COUNT
    found = ratio(lambda: estimated(COUNT), lambda: estimated(1), repeats=3)
    yield Result(f"{COUNT:,} variations of a deal, their amounts", found, LIMIT, "one variation: CPU")


def _variations(count: int) -> list[Proposal]:
    return [
        replace(propose(DEAL), scenario=f"v{number}", amount_minor=AMOUNT + number * 100) for number in range(count)
    ]


def with_open_deal(facts: Facts) -> Facts:
    """The facts with one open deal of two owners."""
    line = facts.transactions.head(1).with_columns(
        pl.lit("crm:LINE").alias("transaction_id"),
        pl.lit(DEAL).alias("deal_id"),
        pl.lit("expected").alias("kind"),
        pl.lit(EXPECTED).alias("dated_on"),
        pl.lit(AMOUNT, pl.Int64).alias("revenue_minor"),
        pl.lit(None, pl.String).alias("document_id"),
    )
    owners = [(DEAL, f"crm:R{number:09}", "owner", share, False) for number, share in ((1, 600_000), (2, 400_000))]
    people = pl.DataFrame(owners, schema=SCHEMAS["participants"], orient="row")
    deal = (DEAL, "crm", "OPEN", "Open", None, "open", "Proposal", owners[0][1], EXPECTED, "USD", AMOUNT, "lines")
    return replace(
        facts,
        transactions=pl.concat([facts.transactions, line]),
        participants=pl.concat([facts.participants, people]),
        deals=pl.DataFrame([deal], schema=SCHEMAS["deals"], orient="row"),
    )
