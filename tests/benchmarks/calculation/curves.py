"""Tiered pay of 1 million and 10 million credits, against the same pay written by hand in Polars."""

from collections.abc import Iterator

import polars as pl

from compensation import parse_plan
from compensation.curves.compiling import compile_curve
from compensation.curves.curve import segments_frame
from compensation.curves.earning import Method, earn
from compensation.curves.terms import Terms
from compensation.exact import exact_series
from compensation.exact_columns import SHORT_TYPE
from compensation.plans.rules import rules_of
from tests.benchmarks import Result
from tests.benchmarks.calculation.costs import ratio

PAYEES = 5_000
LIMIT = 1.5
EXACT = pl.Decimal(38, 0)
PLAN = """\
plan: Benchmark
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout:
      marginal_tiers:
        - {from: 0%, to: 100%, rate: 4%}
        - {from: 100%, to: 125%, rate: 6%}
        - {from: 125%, rate: 8%}
"""


def run() -> Iterator[Result]:
    for count in (1_000_000, 10_000_000):
        yield measure(count)


def measure(count: int, repeats: int = 5) -> Result:
    """CPU seconds of both, alternating, the best of each; the same cents asserted."""
    credited, quotas = _credits(count), _quotas(count)
    ours, theirs = _Engine(credited, quotas), _ByHand(credited, quotas)
    columns = ("credit_id", "before", "after", "earning")
    mine, hand = (work().select(pl.col(columns).cast(pl.Int64)).sort("credit_id") for work in (ours, theirs))
    assert mine.equals(hand)
    name = f"{count // 1_000_000 or count / 1_000_000} million credits along their curves, one component"
    return Result(
        name,
        ratio(ours, theirs, repeats),
        LIMIT,
        "the same tiers by hand in Polars with Decimal(38, 0): CPU, same cents",
    )


class _Engine:
    def __init__(self, credited: pl.DataFrame, quotas: pl.DataFrame) -> None:
        self._credited = credited
        (rule,) = rules_of([parse_plan(PLAN, "benchmark.yaml")])
        compiled = [compile_curve(rule, Terms(int(quota)), 2) for quota in quotas["quota"]]
        self._segments = segments_frame(compiled, SHORT_TYPE)
        self._methods = [Method.of(rule.component, 100)]

    def __call__(self) -> pl.DataFrame:
        columns = (pl.col("accumulator").alias("curve"), pl.col("accumulator").alias("walk"), pl.lit(0).alias("start"))
        return earn(self._credited.with_columns(columns), self._segments, self._methods)


class _ByHand:
    """What somebody would write for just this plan: its three tiers and rates in the expressions."""

    def __init__(self, credited: pl.DataFrame, quotas: pl.DataFrame) -> None:
        self._credited, self._quotas = credited, quotas

    def __call__(self) -> pl.DataFrame:
        after, before = pl.col("after"), pl.col("after") - pl.col("position")
        return (
            self._credited.lazy()
            .join(self._quotas.lazy(), on="accumulator")
            .with_columns(pl.col("position").cast(EXACT))
            .with_columns(pl.col("position").cum_sum().over("accumulator", order_by="sequence").alias("after"))
            .with_columns(before.alias("before"))
            .with_columns(_ten_thousandths(after).alias("to"), _ten_thousandths(pl.col("before")).alias("from"))
            .with_columns((_rounded(pl.col("to")) - _rounded(pl.col("from"))).alias("earning"))
            .select("credit_id", "before", "after", "earning")
            .collect()
        )


def _ten_thousandths(position: pl.Expr) -> pl.Expr:
    """Cumulative pay times 10,000: 4 % to the quota, 6 % to 125 %, 8 % above."""
    quota = pl.col("quota")
    return (
        pl.when(position < quota)
        .then(position * 400)
        .when(position * 4 < quota * 5)
        .then(position * 600 - quota * 200)
        .otherwise(position * 800 - quota * 450)
    )


def _rounded(amount: pl.Expr) -> pl.Expr:
    magnitude = (amount.abs() * 2 + 10_000) // 20_000
    return pl.when(amount < 0).then(0 - magnitude).otherwise(magnitude)


def _credits(count: int) -> pl.DataFrame:
    number = pl.int_range(count, eager=True).alias("credit_id")
    amount = (number * 104_729) % 200_000 + 1
    is_return = number % 97 == 0
    return pl.DataFrame(
        {
            "credit_id": number,
            "accumulator": (number * 7_919) % PAYEES,
            "sequence": number,
            "position": pl.DataFrame({"a": amount, "r": is_return}).select(
                pl.when("r").then(-pl.col("a")).otherwise("a")
            )["a"],
        }
    )


def _quotas(count: int) -> pl.DataFrame:
    """Own quotas, met at about 60 % of the credits; divisible by 20, so that bounds are whole cents."""
    typical = count // PAYEES * 3_000 * 20
    quotas = [typical + 20 * 37 * number for number in range(PAYEES)]
    return pl.DataFrame({"accumulator": range(PAYEES), "quota": exact_series(quotas)})
