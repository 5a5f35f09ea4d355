"""From documents to payments under six components: splits, roll-up, caps, releases; against a query for just this plan.

``python -m tests.benchmarks.calculation.whole 10000000`` measures another number of credits.
"""

import sys
from collections.abc import Iterator

import polars as pl

from compensation import calculate
from compensation.payments.settlement import Settlement, settle
from tests.benchmarks import Result
from tests.benchmarks.calculation.by_hand import LINE, Paid, pay_by_hand
from tests.benchmarks.calculation.company import AS_OF, Company
from tests.benchmarks.calculation.costs import ratio

LIMIT = 3.0
_RELEASE = ("payee_id", "component", "transaction_id", "via_payee_id", "released_on")


def run() -> Iterator[Result]:
    """Of ten million credits."""
    yield measure(10_000_000, repeats=2)


def measure(count: int, repeats: int) -> Result:
    """The same lines, releases and payments are asserted on a smaller company."""
    small = Company.of(min(count, 200_000))
    _assert_same(small, pay_by_hand(small.facts))
    company = Company.of(count)
    found = ratio(lambda: pay_by_engine(company), lambda: pay_by_hand(company.facts), repeats)
    name = f"documents to payments, {count / 1_000_000:g} million credits of six components"
    return Result(name, found, LIMIT, "the one plan by hand in Polars with Decimal(38, 0): CPU, same cents")


def pay_by_engine(company: Company) -> tuple[pl.DataFrame, Settlement]:
    """Lines, and what is paid of them."""
    calculation = calculate(company.facts, [company.plan], as_of=AS_OF)
    return calculation.lines, settle(calculation, company.facts, [company.plan], as_of=AS_OF)


def _assert_same(company: Company, hand: Paid) -> None:
    lines, settlement = pay_by_engine(company)
    mine = lines.select(*LINE, pl.col("earning_minor").alias("earning")).sort(LINE)
    assert mine.equals(hand.lines.select(*LINE, pl.col("earning").cast(pl.Int64)).sort(LINE))
    released = settlement.releases.select(*_RELEASE, pl.col("release_minor").alias("release"))
    by_hand = hand.releases.select(*_RELEASE, pl.col("release").cast(pl.Int64))
    assert released.sort(released.columns).equals(by_hand.sort(by_hand.columns))
    paid = settlement.payments.select("payee_id", pl.col("period_start").alias("month"), release="released_minor")
    by_month = hand.payments.with_columns(pl.col("release").cast(pl.Int64))
    own, theirs = (each.filter(pl.col("release") != 0).sort("payee_id", "month") for each in (paid, by_month))
    assert own.equals(theirs)


if __name__ == "__main__":
    sys.stdout.write(f"{measure(int(sys.argv[1]), repeats=2)}\n")
