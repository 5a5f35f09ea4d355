"""Matching: every transaction with every party and rule that fit by document, person, dates and filter."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import polars as pl

from compensation.columns import collected, rows_of, with_same
from compensation.crediting.cases import case_attributes
from compensation.crediting.coverage import COVERED_BY, covering, customer_positions, customers, first_covering
from compensation.crediting.filters import filter_attributes, filtered
from compensation.crediting.instalments import scheduled
from compensation.crediting.matched import PLACE, Matched, typed
from compensation.crediting.measuring import BASES, with_fields
from compensation.crediting.parties import parties
from compensation.crediting.rules_frame import CreditingRules
from compensation.crediting.transactions import ATTRIBUTE, Scenarios, creditable
from compensation.facts.assignments import Assignments, is_for
from compensation.packing import first_occurrences, places_among
from compensation.plans.components import CreditTo, Event
from compensation.plans.rules import Rule

_EARNING = ("plan", "plan_version", "component")
"""The attributes that say whose earning a transaction is."""
Found = tuple[pl.DataFrame, pl.DataFrame]
"""Rows (document, place, rule) and the places that they name, see :class:`Matched`."""


def prepared(scenarios: Scenarios, crediting: CreditingRules) -> pl.DataFrame:
    """The transactions in their order, with the attributes and measures that the rules look at."""
    measures = crediting.measures
    transactions = with_fields(scenarios.transactions, scenarios.measures, measures.fields)
    transactions = with_attributes(transactions, scenarios.attributes, _attributes(crediting))
    evaluated = measures.evaluated(creditable(transactions, measures.bases, crediting.events, scenarios.begun))
    placed = scheduled(evaluated, crediting.schedules, list(measures.wanted), scenarios.as_of)
    return placed[[name for name in placed.columns if name not in _USED_UP]]


_USED_UP = ("posting_sequence", "source", "source_ref", "settles_id", "is_first", *BASES.values())
"""Columns that nothing after the order and the measures looks at."""


def match(
    documents: pl.DataFrame, scenarios: Scenarios, crediting: CreditingRules, assignments: Assignments, unit: int
) -> Matched:
    """Every credit; ``documents``: all that are :func:`prepared`. A share of ``unit`` is a whole."""
    rules, positions = crediting.frame, assignments.positions(crediting.rules)
    if any(rule.component.earnings_of for rule in crediting.rules):
        positions = pl.concat([positions, customer_positions(scenarios.participants, crediting.rules)])
    numbered = documents.with_row_index("document")
    found = [_by_deal(numbered, scenarios, crediting, assignments, positions, unit)]
    if crediting.credits_to(CreditTo.COVERAGE):
        found.append(_by_coverage(numbered, scenarios, crediting, positions, unit))
    if crediting.credits_to(CreditTo.CUSTOMER):
        found.append(_by_customer(numbered, crediting, rules, unit))
    matched = _own_earnings(Matched.of(found, documents), crediting.rules)
    matched = _of_those_for_whom(matched, crediting.rules)
    matched = _first_matches(filtered(matched, crediting.rules), crediting.rules)
    return matched.compact().in_order()


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
    documents: pl.DataFrame,
    scenarios: Scenarios,
    crediting: CreditingRules,
    assignments: Assignments,
    positions: pl.DataFrame,
    unit: int,
) -> Found:
    """Those who take part in the deal, and their managers."""
    people = pl.concat(
        with_same(
            parties(scenarios, assignments, sharing, crediting.parties_by(sharing), unit), pl.Int64(), sharing=number
        )
        for number, sharing in enumerate(crediting.sharings)
    ).with_row_index("person")
    positions = positions.with_row_index("position")
    in_positions = people[_PERSON].lazy().join(positions[_ELIGIBLE].lazy(), on="payee_id", maintain_order="left_right")
    # Rule by rule, and for each in the order of people: so the credits of a document need not be put in order.
    ruled = crediting.frame.lazy().join(in_positions, on=["plan", "party", "sharing"], maintain_order="left_right")
    dated = _in_roles(ruled, crediting.rules).select(
        *("person", "position", "rule", "event", "treatment", "schedule"),
        pl.max_horizontal("party_from", "eligible_from", "valid_from").alias("first_on"),
        pl.min_horizontal("party_to", "eligible_to", "valid_to").alias("end_on"),
    )
    lasting = dated.filter(pl.col("first_on") < pl.col("end_on")).with_row_index("place")
    placed = collected(lasting)
    ways, deals = (_numbers(documents, names) for names in (["event", "treatment", "schedule"], _DEAL))
    in_way = places_among(placed, ways.known).cast(pl.Int64)
    in_deal = places_among(people, deals.known).cast(pl.Int64)[placed["person"]]
    count = ways.known.height
    meeting = documents[["document", "credited_on"]].hstack([(deals.of_rows * count + ways.of_rows).alias("key")])
    places = placed[["place", "rule", "first_on", "end_on"]].hstack([(in_deal * count + in_way).alias("key")])
    personal = [name for name in PLACE if name in people.columns]
    positional = [name for name in PLACE if name not in personal]
    held = rows_of(typed(people, personal), placed["person"]).hstack(
        rows_of(typed(positions, positional), placed["position"])
    )
    if any(rule.component.role_shares for rule in crediting.rules):
        held = held.with_columns(pl.col("party").replace("role_manager", "direct_manager"))
    return _met(meeting, places, ["key"]), held


_PERSON = ["person", "payee_id", "party", "sharing", "role", "owner_role", "party_from", "party_to"]
_ELIGIBLE = ["position", "payee_id", "plan", "eligible_from", "eligible_to"]
_DEAL = ["scenario", "deal_id"]


class _Numbers(NamedTuple):
    """The values of some columns that occur; and of each row its place among them."""

    known: pl.DataFrame
    of_rows: pl.Series


def _numbers(frame: pl.DataFrame, names: list[str]) -> _Numbers:
    first, places = first_occurrences(frame, names)
    return _Numbers(rows_of(frame, first, names), places.cast(pl.Int64))


def _by_coverage(
    documents: pl.DataFrame, scenarios: Scenarios, crediting: CreditingRules, positions: pl.DataFrame, unit: int
) -> Found:
    """Those who cover what the transaction is; who comes first without having the plan (a house account) uses it up."""
    people = covering(documents, scenarios.coverage, unit)
    placed = collected(_in_roles(people.lazy().join(crediting.frame.lazy(), on="party"), crediting.rules))
    placed = first_covering(placed, crediting.rules).join(positions, on=["payee_id", "plan"], how="inner")
    return _by_attributes(documents, placed, COVERED_BY)


def _by_customer(documents: pl.DataFrame, crediting: CreditingRules, rules: pl.DataFrame, unit: int) -> Found:
    """The customers themselves."""
    placed = customers(documents, crediting.rules, unit).lazy().join(rules.lazy(), on=["plan", "party"])
    return _by_attributes(documents, collected(_in_roles(placed, crediting.rules)), ["customer"])


def _by_attributes(documents: pl.DataFrame, placed: pl.DataFrame, names: Sequence[str]) -> Found:
    placed = placed.with_row_index("place").with_columns(
        pl.max_horizontal("eligible_from", "valid_from").alias("first_on"),
        pl.min_horizontal("eligible_to", "valid_to").alias("end_on"),
    )
    return _met(documents, placed, [*names, "event", "treatment", "schedule"]), placed


def _met(documents: pl.DataFrame, placed: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """Documents and places that have ``on`` in common, on the days from first_on to before end_on."""
    day, is_always = pl.col("credited_on"), _is_always(documents["credited_on"], placed)
    own = documents[["document", *dict.fromkeys((*on, *([] if is_always else ["credited_on"])))]]
    theirs = placed[["place", *on, "rule", *([] if is_always else ["first_on", "end_on"])]]
    joined = own.join(theirs, on=on, nulls_equal=True, maintain_order="left_right")
    if not is_always:
        joined = joined.filter(day >= pl.col("first_on"), day < pl.col("end_on"))
    return joined[["document", "place", "rule"]]


def _is_always(days: pl.Series, placed: pl.DataFrame) -> bool:
    """Whether all places are credited on all days, as it is where nobody comes, goes or moves."""
    if days.null_count() or days.is_empty() or placed.is_empty():
        return False
    first, last = days.dt.min(), days.dt.max()
    return bool((placed["first_on"] <= first).all() and (placed["end_on"] > last).all())


def _in_roles(placed: pl.LazyFrame, rules: Sequence[Rule]) -> pl.LazyFrame:
    """Parties in the roles that the rules name: a manager in that of the owner through whom he is credited."""
    rows = [(rule.number, role) for rule in rules for role in rule.component.roles]
    if not rows:
        return placed
    wanted = pl.LazyFrame(rows, schema={"rule": pl.Int64, "_role": pl.String}, orient="row")
    is_free = ~pl.col("rule").is_in([number for number, _ in rows])
    by_role = [
        placed.join(wanted, left_on=["rule", role], right_on=["rule", "_role"], how="semi")
        for role in ("role", "owner_role")
    ]
    return pl.concat([placed.filter(is_free), *by_role]).unique(maintain_order=True)


def _of_those_for_whom(matched: Matched, rules: Sequence[Rule]) -> Matched:
    """Without those whom the plan gives to others only."""
    for rule in rules:
        if rule.component.only_for.lists:
            fits = matched.places.select(is_for(rule.component)).to_series().gather(matched.rows["place"])
            matched = matched.kept((matched.rows["rule"] != rule.number) | fits)
    return matched


def _own_earnings(matched: Matched, rules: Sequence[Rule]) -> Matched:
    """Of the earnings, those of the components that the rule names, in its own version of the plan."""
    rows = [
        (rule.number, rule.plan.name, rule.plan.version, name) for rule in rules for name in rule.component.earnings_of
    ]
    if not rows:
        return matched
    columns = [f"{ATTRIBUTE}{name}" for name in _EARNING]
    schema = {"rule": pl.Int64, **dict.fromkeys(columns, pl.String)}
    wanted = pl.DataFrame(rows, schema=schema, orient="row").with_columns(is_wanted=True)
    names = ["rule", *columns]
    found = matched.frame(names).join(wanted, on=names, how="left", maintain_order="left")["is_wanted"].is_not_null()
    return matched.kept(found | (matched.column("event") != Event.EARNING.value))


def _first_matches(matched: Matched, rules: Sequence[Rule]) -> Matched:
    """Of the components that share a ``first_match``, the first that credits a transaction to anybody."""
    groups = list(_match_groups(rules))
    if not groups:
        return matched
    schema = {"rule": pl.Int64, "_group": pl.String, "_place": pl.Int64}
    transaction = ("scenario", "transaction_id", "deal_id", "event")
    grouped = matched.frame(("rule", *transaction)).join(
        pl.DataFrame(groups, schema=schema, orient="row"), on="rule", how="left", maintain_order="left"
    )
    is_first = pl.col("_place") == pl.col("_place").min().over(*transaction, "_group")
    return matched.kept(grouped.select(pl.col("_group").is_null() | is_first).to_series())


def _match_groups(rules: Sequence[Rule]) -> Iterator[tuple[int, str, int]]:
    """Rules that measure for a cap stand in the place of the component for which they do."""
    for rule in rules:
        if rule.component.first_match is not None:
            yield rule.number, f"{rule.plan_number}|{rule.component.first_match}", rule.place
