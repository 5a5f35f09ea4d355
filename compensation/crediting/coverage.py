"""Coverage and customers: whom a transaction credits by what it is, whoever took part in its deal."""

import itertools
from collections.abc import Sequence

import polars as pl

from compensation.exact import MILLIONTHS
from compensation.facts.assignments import POSITIONS
from compensation.plans.components import Covering
from compensation.plans.parts import NEVER
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule

_MATCHED = ("customer", "product", "product_family", "region", "channel")
_COVERED = (*_MATCHED, "credited_on")
CUSTOMER = "customer:"
"""Begins the payee_id of a customer who is paid a rebate."""

# Parties of one transaction are numbered: those of its deal, then those who cover it, then its customer.
_FIRST_COVERING, _CUSTOMER_NUMBER = 1 << 18, 1 << 19


def covering(transactions: pl.DataFrame, coverage: pl.DataFrame, unit: int) -> pl.DataFrame:
    """Who covers the transactions: customer, product, product_family, region, channel, credited_on (of transactions),
    precedence, payee_id, role, owner_role, party, via_payee_id, level, share_from, share_to, party_no.
    """
    combinations = transactions.select(_COVERED).unique().with_row_index("_combination")
    rows = coverage.with_row_index("_row").with_columns(pl.col("to_on").fill_null(NEVER))
    matched = pl.concat(_matching(combinations, rows, names) for names in _patterns(rows))
    order = ("_combination", "precedence", "payee_id", "role", "_row")
    numbered = matched.sort(order).with_columns(
        (pl.int_range(pl.len(), dtype=pl.Int64).over("_combination") + _FIRST_COVERING).alias("party_no")
    )
    return numbered.join(combinations, on="_combination").select(
        *_COVERED,
        "precedence",
        "payee_id",
        "role",
        pl.col("role").alias("owner_role"),
        pl.lit("coverage").alias("party"),
        pl.lit(None, pl.String).alias("via_payee_id"),
        pl.lit(0, pl.Int64).alias("level"),
        pl.lit(0, pl.Int64).alias("share_from"),
        (pl.col("share_millionths") * (unit // MILLIONTHS)).alias("share_to"),
        "party_no",
    )


def first_covering(placed: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Of those who cover a transaction under a rule, the ones whose precedence comes first, unless it takes all."""
    takes_all = [rule.number for rule in rules if rule.component.covering is Covering.ALL]
    is_first = pl.col("precedence") == pl.col("precedence").min().over(*_COVERED, "rule")
    return placed.filter(pl.col("rule").is_in(takes_all) | is_first)


def _patterns(coverage: pl.DataFrame) -> list[tuple[str, ...]]:
    """The attributes that rows state together; at least one such list."""
    stated = coverage.select(pl.col(name).is_not_null() for name in _MATCHED).unique()
    return [tuple(itertools.compress(_MATCHED, row)) for row in stated.iter_rows()] or [()]


def _matching(combinations: pl.DataFrame, rows: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """The combinations that those rows cover which state exactly the attributes ``names``."""
    stating = rows.filter(pl.col(name).is_not_null() == (name in names) for name in _MATCHED)
    stating = stating.drop(name for name in _MATCHED if name not in names)
    places = combinations.select("_combination", "credited_on", *names)
    joined = places.join(stating, on=list(names)) if names else places.join(stating, how="cross")
    day = pl.col("credited_on")
    columns = ("_combination", "_row", "payee_id", "role", "share_millionths", "precedence")
    return joined.filter(day >= pl.col("from_on"), day < pl.col("to_on")).select(columns)


COVERED_BY = list(_COVERED)
"""The columns by which coverage meets transactions."""


def customer_positions(participants: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """As positions of assignments, those of customers whose rebates credit other components of their plan."""
    plans = {rule.plan_number: rule.plan for rule in rules}
    known = [name for name in participants["payee_id"].unique() if name.startswith(CUSTOMER)]
    rows = [
        (number, payee_id, plan.effective.from_on, plan.effective.ends_on, None, None, None, None, None)
        for number, plan in plans.items()
        for payee_id in known
        if _is_for(plan, payee_id.removeprefix(CUSTOMER))
    ]
    return pl.DataFrame(rows, schema=POSITIONS, orient="row")


def _is_for(plan: Plan, customer: str) -> bool:
    return plan.applies_to.all_customers or customer in plan.applies_to.customers


def customers(transactions: pl.DataFrame, rules: Sequence[Rule], unit: int) -> pl.DataFrame:
    """The customers who are payees, by plan: plan, customer, and the columns of parties and positions."""
    plans = {rule.plan_number: rule.plan for rule in rules}
    rows = [
        (number, name, f"{CUSTOMER}{name}", plan.effective.from_on, plan.effective.ends_on)
        for number, plan in plans.items()
        for name in transactions["customer"].drop_nulls().unique()
        if _is_for(plan, name)
    ]
    texts, days = dict.fromkeys(("customer", "payee_id"), pl.String()), ("eligible_from", "eligible_to")
    schema: dict[str, pl.DataType] = {"plan": pl.Int64(), **texts, **dict.fromkeys(days, pl.Date())}
    nothing = pl.lit(None, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        *(pl.lit("customer").alias(name) for name in ("role", "owner_role", "party")),
        *(nothing.alias(name) for name in ("via_payee_id", "team", "title", "payee_region", "payee_channel")),
        pl.lit(None, pl.Date).alias("hired_on"),
        pl.lit(0, pl.Int64).alias("level"),
        pl.lit(0, pl.Int64).alias("share_from"),
        pl.lit(unit, pl.Int64).alias("share_to"),
        pl.lit(_CUSTOMER_NUMBER, pl.Int64).alias("party_no"),
    )
