"""A made-up company of any size: deals of two owners, invoices, what is received of them, managers and quotas."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation import Facts, Plan, parse_plan
from compensation.facts.schemas import SCHEMAS

AS_OF = date(2026, 12, 31)
REPS, MANAGERS = 5_000, 250
CREDITS_OF_AN_INVOICE = 11
"""Six components: five for each of two owners, one of them for every second invoice, and one for their managers."""
PLAN = """\
plan: Sales
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: [Rep, Manager]}
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout:
      marginal_tiers:
        - {from: 0%, to: 100%, rate: 4%}
        - {from: 100%, to: 125%, rate: 6%}
        - {from: 125%, rate: 8%}
    cap: 9000
    release:
      - {share: 50%}
      - {share: 50%, when: received}
  - component: margin
    credited_on: invoice
    period: month
    measure: margin
    payout: {rate: 2.5%}
  - component: robots
    credited_on: invoice
    period: year
    filter: {product_families: Robots}
    payout:
      marginal_tiers: [{from: 0, to: 20000, rate: 1%}, {from: 20000, rate: 3%}]
  - component: units
    credited_on: invoice
    period: quarter
    measure: quantity
    payout: {per_unit: 1.25}
  - component: year
    credited_on: invoice
    period: year
    payout:
      steps: [{at: 50000, bonus: 500}, {at: 100000, bonus: 1000}]
  - component: override
    credited_on: invoice
    credit_to: direct_manager
    period: quarter
    payout: {rate: 1%}
    cap: 40000
"""


@dataclass(frozen=True)
class Company:
    """Facts of one year; ``credits`` is about what six components credit."""

    facts: Facts
    plan: Plan

    @classmethod
    def of(cls, credits_wanted: int) -> "Company":
        invoices = credits_wanted // CREDITS_OF_AN_INVOICE
        transactions = _transactions(invoices)
        facts = Facts(
            transactions=transactions,
            participants=_participants(invoices // 4 + 1),
            assignments=_assignments(),
            quotas=_quotas(invoices),
            rates=pl.DataFrame(schema=SCHEMAS["rates"]),
            currencies=pl.DataFrame({"currency": ["USD"], "exponent": [2]}),
            deals=pl.DataFrame(schema=SCHEMAS["deals"]),
        )
        return cls(facts, parse_plan(PLAN, "sales.yaml"))


def _name(prefix: str, number: pl.Expr) -> pl.Expr:
    return pl.lit(prefix) + number.cast(pl.String).str.zfill(9)


def _transactions(invoices: int) -> pl.DataFrame:
    """Four invoices a deal; of each a part is received later."""
    number = pl.col("number")
    drawn = pl.DataFrame({"number": pl.int_range(invoices, eager=True)}).with_columns(
        (number * 104_729 % 900_000 + 1).alias("revenue_minor"), (number * 7_919 % 360).alias("day")
    )
    first = pl.lit(date(2026, 1, 1))
    invoiced = drawn.select(
        _name("erp:INV", number).alias("transaction_id"),
        _name("crm:006", number // 4).alias("deal_id"),
        pl.lit("invoice").alias("kind"),
        (first + pl.duration(days="day")).alias("dated_on"),
        pl.lit(1, pl.Int64).alias("posting_sequence"),
        _name("INV", number).alias("source_ref"),
        "revenue_minor",
        (pl.col("revenue_minor") * 3 // 10).alias("margin_minor"),
        ((number % 5 + 1) * 1_000_000).alias("quantity_millionths"),
        pl.when(number % 2 == 0).then(pl.lit("Robots")).otherwise(pl.lit("Tools")).alias("product_family"),
        _name("DOC", number).alias("document_id"),
        pl.lit(None, pl.String).alias("settles_id"),
    )
    received = drawn.select(
        _name("erp:RCP", number).alias("transaction_id"),
        _name("crm:006", number // 4).alias("deal_id"),
        pl.lit("receipt").alias("kind"),
        (first + pl.duration(days=pl.col("day") + 20)).alias("dated_on"),
        pl.lit(2, pl.Int64).alias("posting_sequence"),
        _name("RCP", number).alias("source_ref"),
        (pl.col("revenue_minor") * (number % 4 + 1) // 4).alias("revenue_minor"),
        pl.lit(0, pl.Int64).alias("margin_minor"),
        pl.lit(0, pl.Int64).alias("quantity_millionths"),
        pl.lit(None, pl.String).alias("product_family"),
        pl.lit(None, pl.String).alias("document_id"),
        _name("DOC", number).alias("settles_id"),
    )
    absent = ("product", "customer", "region", "channel", "reverses_id")
    return pl.concat([invoiced, received]).with_columns(
        pl.lit("erp").alias("source"),
        pl.lit("USD").alias("currency"),
        *(pl.lit(None, pl.String).alias(name) for name in absent),
    )


def _participants(deals: int) -> pl.DataFrame:
    number = pl.col("number")
    drawn = pl.DataFrame({"number": pl.int_range(deals, eager=True)})
    shares = ((0, number * 31 % 600_000 + 200_000), (1, 800_000 - number * 31 % 600_000))
    return pl.concat(
        drawn.select(
            _name("crm:006", number).alias("deal_id"),
            _name("crm:R", (number * 13 + step * 17) % REPS).alias("payee_id"),
            pl.lit("owner").alias("role"),
            share.alias("share_millionths"),
            pl.lit(value=False).alias("is_overlay"),
        )
        for step, share in shares
    )


def _assignments() -> pl.DataFrame:
    """Reps below managers."""
    number = pl.col("number")
    reps = pl.DataFrame({"number": pl.int_range(REPS, eager=True)}).select(
        _name("crm:R", number).alias("payee_id"),
        pl.lit("Rep").alias("title"),
        _name("crm:M", number % MANAGERS).alias("manager_id"),
    )
    managers = pl.DataFrame({"number": pl.int_range(MANAGERS, eager=True)}).select(
        _name("crm:M", number).alias("payee_id"),
        pl.lit("Manager").alias("title"),
        pl.lit(None, pl.String).alias("manager_id"),
    )
    absent = ("email", "region", "channel", "pay_currency")
    return pl.concat([reps, managers]).with_columns(
        pl.col("payee_id").alias("name"),
        *(pl.lit(None, pl.String).alias(name) for name in absent),
        pl.lit(date(2026, 1, 1)).alias("from_on"),
        pl.lit(None, pl.Date).alias("to_on"),
    )


def _quotas(invoices: int) -> pl.DataFrame:
    """Each rep's own, by quarter, so that the upper tiers are reached by some; divisible by 20, for whole bounds."""
    typical = invoices * 450_000 // REPS // 4
    spans = [(date(2026, month, 1), date(2026 + month // 10, (month + 3) % 12, 1)) for month in (1, 4, 7, 10)]
    number = pl.col("number")
    drawn = pl.DataFrame({"number": pl.int_range(REPS, eager=True)})
    return pl.concat(
        drawn.select(
            _name("crm:R", number).alias("payee_id"),
            pl.lit("revenue").alias("measure"),
            pl.lit(start).alias("from_on"),
            pl.lit(end).alias("to_on"),
            ((number * 37 % 100 + 50) * typical // 100 // 20 * 20 + 20).alias("quota_minor"),
            pl.lit("USD").alias("currency"),
        )
        for start, end in spans
    )
