"""Cases: which of a payout's cases, or which cell of a matrix of rates, a credit falls into."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import polars as pl

from compensation.crediting.conversion import Exchange
from compensation.crediting.matched import Matched
from compensation.crediting.measuring import measure_key
from compensation.crediting.transactions import ATTRIBUTE
from compensation.exact import MILLIONTHS
from compensation.facts.exchange_rates import ExchangeRates
from compensation.plans.measures import BUILT_IN, MeasureKind
from compensation.plans.payouts import OTHER, Case
from compensation.plans.periods import months_between
from compensation.plans.rules import Rule
from compensation.plans.typed_numbers import Bound, Number

TENURE = "tenure_months"
INSTALMENT = "instalment"
"""The first of a contract that recurs is 1."""
COLUMNS = frozenset({"product", "product_family", "customer", "region", "channel", "document_type", "role", "currency"})
"""The columns of a matched transaction by which cases may differ."""


@dataclass(frozen=True)
class Lookup:
    """By what a rule's cases differ, or one axis of its matrix: values, or bounds with (or without) an end.

    ``stride`` is what one place on it adds to the case's number.
    """

    by: str
    values: tuple[tuple[str, ...], ...] = ()
    begins: tuple[Bound, ...] = ()
    ends: tuple[Number | None, ...] = ()
    stride: int = 1

    @cached_property
    def _places(self) -> dict[str | None, int]:
        return {value: place for place, values in enumerate(self.values) for value in values}

    def of_value(self, value: str | None) -> int | None:
        """The place of an attribute's value; that of ``other`` for a value that has none."""
        found = self._places.get(value, self._places.get(OTHER))
        return None if found is None else found * self.stride

    def of_number(self, number: Fraction) -> int | None:
        """The last place that begins at or below the number; none below the first or above the end of its place."""
        reach = [(bound.value, bound.is_above) for bound in self.begins]
        place = bisect_right(reach, (number, False)) - 1
        if place < 0:
            return None
        end = self.ends[place] if self.ends else None
        return None if end is not None and number > end.value else place * self.stride


def lookups(rule: Rule) -> tuple[Lookup, ...]:
    """What the rule looks up for each credit."""
    payout, found = rule.component.payout, []
    if payout.by is not None:
        cases: Sequence[Case] = payout.cases or ()
        begins = tuple(case.lower for case in cases if case.lower is not None)
        values = tuple(case.when for case in cases) if not begins else ()
        found.append(Lookup(payout.by, values, begins, tuple(case.upper for case in cases)))
    if payout.matrix is not None and payout.matrix.rates:
        for axis, stride in ((payout.matrix.rows, len(payout.matrix.columns)), (payout.matrix.columns, 1)):
            found.append(Lookup(axis.by, tuple((value,) for value in axis.values), axis.begins, stride=stride))
    return tuple(found)


def case_measures(rule: Rule) -> Iterator[str]:
    """The measures that the rule looks up."""
    return (lookup.by for lookup in lookups(rule) if _is_measure(lookup.by, rule))


def case_attributes(rule: Rule) -> Iterator[str]:
    """The attributes of the attributes frame that the rule looks up."""
    known = COLUMNS | {TENURE, INSTALMENT}
    return (lookup.by for lookup in lookups(rule) if lookup.by not in known and not _is_measure(lookup.by, rule))


def _is_measure(name: str, rule: Rule) -> bool:
    return name in rule.plan.measures or name in BUILT_IN


def case_numbers(
    matched: Matched, prepared: pl.DataFrame, rules: Sequence[Rule], exchange: Exchange, rates: ExchangeRates
) -> pl.Series | None:
    """The case of each credit: the number of the case (of a matrix: row times columns plus column), 0 where its rule
    has no cases, null where none holds; None if no rule has any. ``prepared``: all documents, also those that credit
    nobody.
    """
    by_name: dict[tuple[str, bool], list[tuple[Rule, Lookup]]] = defaultdict(list)
    for rule in rules:
        for lookup in lookups(rule):
            is_measure = _is_measure(lookup.by, rule)
            name = measure_key(rule.plan_number, lookup.by) if is_measure else lookup.by
            by_name[name, is_measure].append((rule, lookup))
    numbers: pl.Series | None = None
    for (name, is_measure), wanted in by_name.items():
        values = _measured(matched, prepared, name, exchange) if is_measure else _attributed(matched, name)
        places = _places_of(values, wanted, rates)
        numbers = places if numbers is None else numbers + places
    return numbers


def _places_of(values: pl.DataFrame, wanted: Sequence[tuple[Rule, Lookup]], rates: ExchangeRates) -> pl.Series:
    """The places of credits whose rules look it up, and 0 for others; looked up once for each rule and value."""
    by_rule: dict[int, list[tuple[Rule, Lookup]]] = defaultdict(list)
    for rule, lookup in wanted:
        by_rule[rule.number].append((rule, lookup))
    is_concerned = pl.col("rule").is_in(list(by_rule))
    distinct = values.filter(is_concerned).unique()
    places = [_places(by_rule[number], row, rates) for number, *row in distinct.iter_rows()]
    found = distinct.with_columns(pl.Series("_place", places, dtype=pl.Int64))
    joined = values.join(found, on=values.columns, how="left", nulls_equal=True, maintain_order="left")
    return joined.select(pl.when(is_concerned).then("_place").otherwise(0)).to_series()


def _places(lookups_of_rule: Sequence[tuple[Rule, Lookup]], row: Sequence[object], rates: ExchangeRates) -> int | None:
    total = 0
    for rule, lookup in lookups_of_rule:
        place = _place(row, rule, lookup, rates)
        if place is None:
            return None
        total += place
    return total


def _measured(matched: Matched, prepared: pl.DataFrame, name: str, exchange: Exchange) -> pl.DataFrame:
    """Columns rule, and the measure with its rate that is looked up."""
    return pl.DataFrame([matched.rows["rule"], _whole_measure(matched, prepared, name), *exchange.rates()])


def _attributed(matched: Matched, name: str) -> pl.DataFrame:
    """Columns rule, and what else of the credits is looked up."""
    if name == TENURE:
        return matched.frame(("rule", "hired_on", "credited_on"))
    return matched.frame(("rule", name if name in COLUMNS | {INSTALMENT} else f"{ATTRIBUTE}{name}"))


def _whole_measure(matched: Matched, prepared: pl.DataFrame, key: str) -> pl.Series:
    """The measure of each credit's whole document, for a return that of what it takes back."""
    originals = prepared.filter(pl.col("kind") != "return", pl.col("schedule") == 0)
    on = ["scenario", "_document", "deal_id", "event"]
    document = pl.coalesce("reverses_id", "transaction_id").alias("_document")
    whole = originals.with_columns(document, pl.col(f"{key}_after").alias("_whole")).select(*on, "_whole")
    tied = matched.documents.with_columns(document).join(whole, on=on, how="left", maintain_order="left")
    stands_alone = (pl.col("kind") == "return") & pl.col("reverses_id").is_null()
    value = pl.when(stands_alone).then(-pl.col(f"{key}_after")).otherwise("_whole")
    return tied.select(value).to_series().gather(matched.rows["document"]).alias("_value")


def _place(row: Sequence[object], rule: Rule, lookup: Lookup, rates: ExchangeRates) -> int | None:
    match row:
        case (date() as hired_on, date() as credited_on):
            return lookup.of_number(Fraction(months_between(hired_on, credited_on) + 1))
        case (int() as instalment,):
            return lookup.of_number(Fraction(instalment + 1))
        case (Decimal() as value, Decimal() as num, Decimal() as den):
            return _place_of_measure(Fraction(value), Fraction(num) / Fraction(den), rule, lookup, rates)
        case (Decimal() as value, _, _):
            return _place_of_measure(Fraction(value), None, rule, lookup, rates)
        case (value,) if not lookup.begins:
            return lookup.of_value(None if value is None else str(value))
    return None


def _place_of_measure(
    value: Fraction, rate: Fraction | None, rule: Rule, lookup: Lookup, rates: ExchangeRates
) -> int | None:
    if rule.plan.kind_of(lookup.by) is MeasureKind.NUMBER:
        return lookup.of_number(value / MILLIONTHS)
    if rate is None:
        return None
    return lookup.of_number(value * rate / Fraction(10) ** rates.exponent(rule.plan.currency))
