"""Matching: every transaction with every party and rule that fit by document, person, dates and filter."""

from collections.abc import Sequence

import narwhals as nw
import polars as pl

from compensation.crediting.filters import FILTERED, filter_keys, refusals
from compensation.crediting.parties import PARTIES, parties
from compensation.crediting.transactions import Scenarios, creditable
from compensation.exact import lazy
from compensation.facts.assignments import Assignments
from compensation.plans.rules import Rule


def match(scenarios: Scenarios, rules: Sequence[Rule], assignments: Assignments) -> pl.DataFrame:
    """One row per transaction, party and rule, with the columns of all three."""
    transactions = creditable(scenarios.transactions)
    day = nw.col("credited_on")
    people = lazy(parties(scenarios.participants, assignments.chains())).join(
        lazy(assignments.eligibility(rules)), on="payee_id", how="inner"
    )
    candidates = people.join(lazy(_rules_frame(rules)), on=["plan", "party"], how="inner").join(
        lazy(transactions), on=["scenario", "deal_id", "event", "treatment"], how="inner"
    )
    matched = candidates.filter(
        day >= nw.col("party_from"),
        day < nw.col("party_to"),
        day >= nw.col("eligible_from"),
        day < nw.col("eligible_to"),
        day >= nw.col("valid_from"),
        day < nw.col("valid_to"),
    )
    for key in filter_keys(rules):
        column = FILTERED[key]
        refused = lazy(refusals(rules, key, transactions[column].unique().to_list()))
        matched = matched.with_columns(nw.col(column).fill_null("").alias("value")).join(
            refused, on=["rule", "value"], how="anti"
        )
    collected: pl.DataFrame = matched.collect().to_native()
    return collected


def _rules_frame(rules: Sequence[Rule]) -> pl.DataFrame:
    """A row per rule, party that it credits, and treatment of returns that it takes part in."""
    rows = [
        (
            *(rule.number, rule.plan_number, rule.plan.currency, rule.component.credited_on, party, treatment),
            *(rule.component.measure, rule.component.looks_at, rule.component.period.value),
            *(rule.valid_from, rule.valid_to),
            *rule.component.share.value.as_integer_ratio(),
        )
        for rule in rules
        for party in sorted({party for to in rule.component.credit_to for party in PARTIES[to]})
        for treatment in ("none", rule.component.returns.value)
    ]
    schema = {
        "rule": pl.Int64,
        "plan": pl.Int64,
        **dict.fromkeys(
            ("plan_currency", "event", "party", "treatment", "measure", "looks_at", "period_kind"), pl.String
        ),
        **dict.fromkeys(("valid_from", "valid_to"), pl.Date),
        **dict.fromkeys(("share_num", "share_den"), pl.Int64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
