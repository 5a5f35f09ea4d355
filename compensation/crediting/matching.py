"""Matching: every transaction with every party and rule that fit by document, person, dates and filter."""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from compensation.crediting.cases import case_attributes, lookups
from compensation.crediting.coverage import COVERED_BY, covering, customer_positions, customers, first_covering
from compensation.crediting.filters import FILTERED, OWN, filter_attributes, filter_keys, filtered
from compensation.crediting.instalments import scheduled
from compensation.crediting.measuring import BASES, with_fields
from compensation.crediting.parties import parties
from compensation.crediting.rules_frame import CreditingRules
from compensation.crediting.transactions import ATTRIBUTE, Scenarios, complete, creditable
from compensation.facts.assignments import Assignments
from compensation.plans.components import CreditTo, Event
from compensation.plans.rules import Rule

_EARNING = ("plan", "plan_version", "component")
"""The attributes that say whose earning a transaction is."""


def prepared(scenarios: Scenarios, crediting: CreditingRules) -> pl.DataFrame:
    """The transactions in their order, with the attributes and measures that the rules look at."""
    measures = crediting.measures
    transactions = with_fields(complete(scenarios.transactions), scenarios.measures, measures.fields)
    transactions = with_attributes(transactions, scenarios.attributes, _attributes(crediting))
    evaluated = measures.evaluated(creditable(transactions, measures.bases, scenarios.begun))
    placed = scheduled(evaluated, crediting.schedules, list(measures.wanted), scenarios.as_of)
    return placed.drop(_USED_UP, strict=False)


_USED_UP = ("posting_sequence", "source", "source_ref", "settles_id", "is_first", *BASES.values())
"""Columns that nothing after the order and the measures looks at."""


def match(
    transactions: pl.DataFrame, scenarios: Scenarios, crediting: CreditingRules, assignments: Assignments, unit: int
) -> pl.DataFrame:
    """One row per transaction, party and rule, with the columns of transactions, parties and positions, and rule.

    A share of ``unit`` is a whole.
    """
    rules, positions = crediting.frame(), assignments.positions(crediting.rules)
    if any(rule.component.earnings_of for rule in crediting.rules):
        positions = pl.concat([positions, customer_positions(scenarios.participants, crediting.rules)])
    found = [_by_deal(transactions, scenarios, crediting, assignments, positions, unit)]
    if crediting.credits_to(CreditTo.COVERAGE):
        found.append(_by_coverage(transactions, scenarios, crediting, positions, unit))
    if crediting.credits_to(CreditTo.CUSTOMER):
        found.append(_by_customer(transactions, crediting, rules, unit))
    matched = found[0] if len(found) == 1 else pl.concat([each.select(found[0].columns) for each in found])
    matched = filtered(_own_earnings(matched, crediting.rules), crediting.rules, transactions)
    return _first_matches(matched, crediting.rules)


def with_attributes(transactions: pl.DataFrame, attributes: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """The transactions with a column ``attribute:<name>`` for each name, unless they have it."""
    for name in names:
        column = f"{ATTRIBUTE}{name}"
        if column not in transactions.columns:
            told = attributes.filter(pl.col("attribute") == name).select(
                "transaction_id", pl.col("value").alias(column)
            )
            transactions = transactions.join(told, on="transaction_id", how="left", maintain_order="left")
    return transactions


def _attributes(crediting: CreditingRules) -> list[str]:
    named = filter_attributes(crediting.rules) | {name for rule in crediting.rules for name in case_attributes(rule)}
    of_earnings = set(_EARNING) if any(rule.component.earnings_of for rule in crediting.rules) else set()
    return sorted(named | of_earnings)


def _by_deal(
    transactions: pl.DataFrame,
    scenarios: Scenarios,
    crediting: CreditingRules,
    assignments: Assignments,
    positions: pl.DataFrame,
    unit: int,
) -> pl.DataFrame:
    """Those who take part in the deal, and their managers."""
    sharings = enumerate(crediting.sharings)
    people = pl.concat(
        parties(scenarios, assignments, sharing, crediting.parties_by(sharing), unit).with_columns(
            pl.lit(number, pl.Int64).alias("sharing")
        )
        for number, sharing in sharings
    )
    rules = crediting.frame()
    placed = people.join(positions, on="payee_id", how="inner").join(rules, on=["plan", "party", "sharing"])
    placed = _in_roles(placed, crediting.rules).with_columns(
        pl.col("party").replace("role_manager", "direct_manager"),
        pl.max_horizontal("party_from", "eligible_from", "valid_from").alias("first_on"),
        pl.min_horizontal("party_to", "eligible_to", "valid_to").alias("end_on"),
    )
    placed = placed.filter(pl.col("first_on") < pl.col("end_on")).select(_PLACED)
    on = ["scenario", "deal_id", "event", "treatment", "schedule"]
    day = pl.col("credited_on")
    return (
        placed.lazy()
        .join(transactions.lazy().drop(_unused(transactions, crediting)), on=on, how="inner")
        .filter(day >= pl.col("first_on"), day < pl.col("end_on"))
        .drop("first_on", "end_on")
        .collect()
    )


def _unused(transactions: pl.DataFrame, crediting: CreditingRules) -> list[str]:
    """The columns that no rule looks at any more."""
    rules = crediting.rules
    looked_up = {lookup.by for rule in rules for lookup in lookups(rule)}
    filtered_by = {FILTERED.get(key, key) for key in filter_keys(rules)}
    own = {OWN[name][0] for rule in rules for name in rule.component.filter.own}
    return [name for name in transactions.columns if name in _DROPPED - looked_up - filtered_by - own]


_DROPPED = {
    *("posting_sequence", "source", "source_ref", "settles_id", "revenue_minor", "margin_minor"),
    *("quantity_millionths", "product", "product_family", "region", "channel", "document_type"),
}
_PARTY = ("payee_id", "role", "party", "via_payee_id", "level", "share_from", "share_to", "party_no")
_POSITION = ("team", "title", "payee_region", "payee_channel", "hired_on")
_PLACED = (
    *("scenario", "deal_id", "event", "treatment", "schedule", "plan", "rule"),
    *_PARTY,
    *_POSITION,
    *("first_on", "end_on"),
)


def _by_coverage(
    transactions: pl.DataFrame, scenarios: Scenarios, crediting: CreditingRules, positions: pl.DataFrame, unit: int
) -> pl.DataFrame:
    """Those who cover what the transaction is; who comes first without having the plan (a house account) uses it up."""
    people = covering(transactions, scenarios.coverage, unit)
    placed = _in_roles(people.join(crediting.frame(), on="party"), crediting.rules)
    placed = first_covering(placed, crediting.rules).join(positions, on=["payee_id", "plan"], how="inner")
    on = [*COVERED_BY, "event", "treatment", "schedule"]
    return _in_time(placed.join(transactions, on=on, how="inner", nulls_equal=True))


def _by_customer(transactions: pl.DataFrame, crediting: CreditingRules, rules: pl.DataFrame, unit: int) -> pl.DataFrame:
    """The customers themselves."""
    placed = customers(transactions, crediting.rules, unit).join(rules, on=["plan", "party"])
    on = ["customer", "event", "treatment", "schedule"]
    return _in_time(_in_roles(placed, crediting.rules).join(transactions, on=on, how="inner"))


def _in_time(matched: pl.DataFrame) -> pl.DataFrame:
    day, kept = pl.col("credited_on"), (pl.max_horizontal("eligible_from", "valid_from"))
    return matched.filter(day >= kept, day < pl.min_horizontal("eligible_to", "valid_to"))


def _in_roles(placed: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Parties in the roles that the rules name: a manager in that of the owner through whom he is credited."""
    rows = [(rule.number, role) for rule in rules for role in rule.component.roles]
    if not rows:
        return placed
    wanted = pl.DataFrame(rows, schema={"rule": pl.Int64, "_role": pl.String}, orient="row")
    is_free = ~pl.col("rule").is_in([number for number, _ in rows])
    by_role = [
        placed.join(wanted, left_on=["rule", role], right_on=["rule", "_role"], how="semi")
        for role in ("role", "owner_role")
    ]
    return pl.concat([placed.filter(is_free), *by_role]).unique(maintain_order=True)


def _own_earnings(matched: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Of the earnings, those of the components that the rule names, in its own version of the plan."""
    rows = [
        (rule.number, rule.plan.name, rule.plan.version, name) for rule in rules for name in rule.component.earnings_of
    ]
    if not rows:
        return matched
    columns = [f"{ATTRIBUTE}{name}" for name in _EARNING]
    schema = {"rule": pl.Int64, **dict.fromkeys(columns, pl.String)}
    wanted = matched.join(pl.DataFrame(rows, schema=schema, orient="row"), on=["rule", *columns], how="semi")
    return pl.concat([matched.filter(pl.col("event") != Event.EARNING.value), wanted])


def _first_matches(matched: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Of the components that share a ``first_match``, the first that credits a transaction to anybody."""
    groups = list(_match_groups(rules))
    if not groups:
        return matched
    schema = {"rule": pl.Int64, "_group": pl.String, "_place": pl.Int64}
    grouped = matched.join(pl.DataFrame(groups, schema=schema, orient="row"), on="rule", how="left")
    transaction = ("scenario", "transaction_id", "deal_id", "event", "_group")
    is_first = pl.col("_place") == pl.col("_place").min().over(transaction)
    return grouped.filter(pl.col("_group").is_null() | is_first).drop("_group", "_place")


def _match_groups(rules: Sequence[Rule]) -> Iterator[tuple[int, str, int]]:
    """Rules that measure for a cap stand in the place of the component for which they do."""
    for rule in rules:
        if rule.component.first_match is not None:
            yield rule.number, f"{rule.plan_number}|{rule.component.first_match}", rule.place
