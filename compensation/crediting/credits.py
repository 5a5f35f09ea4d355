"""Transactions become credits: who, by which rule, with what share, in which period, how much."""

from collections.abc import Iterator, Sequence

import polars as pl

from compensation.crediting.amounts import amounts_of, shares_in_millionths
from compensation.crediting.cases import TENURE, case_numbers, lookups
from compensation.crediting.conversion import exchange_of
from compensation.crediting.matched import Matched
from compensation.crediting.matching import match, prepared
from compensation.crediting.rules_frame import CreditingRules
from compensation.crediting.transactions import Scenarios
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.names import NAME
from compensation.packing import first_occurrences
from compensation.plans.components import AccumulateBy
from compensation.plans.periods import period_of
from compensation.plans.rules import Rule


def credit(
    scenarios: Scenarios, crediting: CreditingRules, assignments: Assignments, rates: ExchangeRates
) -> pl.DataFrame:
    """The credits of the scenarios, one row per transaction, instalment, party and rule that credits it.

    Columns: scenario, transaction_id, deal_id, document_id, kind, rule, payee_id, role, party, via_payee_id (the owner
    through whom a manager is credited), level (how far above the owner), share_millionths, share_from, share_to (the
    part of the deal, in millionths), instalment (0 unless a contract recurs), credited_on, dated_on, order_no,
    party_no, reverses_id, period_label, period_start, period_end, accumulates_for (whose positions run together),
    case_no (of the payout's cases or its matrix of rates; 0 without), ``base``, ``position`` and ``family_base``
    (Int64, minor units of the plan's currency or millionths; family_base: credited of the same family before),
    ``outcome``: null, or why it is not paid: ``no_margin``, ``no_measure`` (a field that the transaction lacks, or a
    ratio to nothing), ``no_rate``, ``no_team``, ``no_hiring_date``, ``no_case``.
    """
    if not crediting.rules:
        return pl.DataFrame(schema=_COLUMNS)
    unit = crediting.share_unit(scenarios.participants)
    documents = prepared(scenarios, crediting)
    matched = match(documents, scenarios, crediting, assignments, unit)
    exchange = exchange_of(matched, crediting.rules, rates)
    amounts = amounts_of(matched, crediting, exchange, unit)  # needs most room, so before there is anything else
    found = matched.told({name: _COLUMNS[name] for name in _FOUND}).hstack(
        [*shares_in_millionths(matched, unit), *_periods(matched, crediting.rules), *amounts]
    )
    case = case_numbers(matched, documents, crediting.rules, exchange, rates)
    found = found.with_columns_seq(
        pl.lit(0 if case is None else case, pl.Int64).alias("case_no"),
        _accumulates_for(matched, crediting.rules),
        _outcome(matched, found, case, crediting.rules),
    )
    return found[list(_COLUMNS)]


_FOUND = (
    *("scenario", "transaction_id", "deal_id", "document_id", "kind", "payee_id", "role", "party", "via_payee_id"),
    *("level", "instalment", "credited_on", "dated_on", "order_no", "party_no", "reverses_id"),
)
_TEXT, _WHOLE, _DAY = pl.String(), pl.Int64(), pl.Date()
_COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys(("scenario", "transaction_id", "deal_id", "document_id"), _TEXT),
    "kind": NAME,
    "rule": _WHOLE,
    **dict.fromkeys(("payee_id", "role", "party", "via_payee_id"), NAME),
    "level": _WHOLE,
    **dict.fromkeys(("share_millionths", "share_from", "share_to", "instalment"), _WHOLE),
    **dict.fromkeys(("credited_on", "dated_on"), _DAY),
    **dict.fromkeys(("order_no", "party_no"), _WHOLE),
    "reverses_id": _TEXT,
    "period_label": NAME,
    **dict.fromkeys(("period_start", "period_end"), _DAY),
    "accumulates_for": _TEXT,
    **dict.fromkeys(("case_no", "base", "position", "family_base"), _WHOLE),
    "outcome": NAME,
}


def _periods(matched: Matched, rules: Sequence[Rule]) -> Iterator[pl.Series]:
    """The period of each credit: its label, first day, and the day after it; looked up once for each day."""
    calendars = list(dict.fromkeys((rule.component.period, rule.plan.calendar) for rule in rules))
    first, days = first_occurrences(matched.documents, ["credited_on"])
    known = matched.documents["credited_on"][first]
    periods = [period_of(day, *calendar) for day in known for calendar in calendars]
    calendar = {rule.number: calendars.index((rule.component.period, rule.plan.calendar)) for rule in rules}
    own = (days.cast(pl.Int64) * len(calendars))[matched.rows["document"]]
    rows = own + matched.of_rules(calendar, pl.Int64())
    schema = {"period_label": NAME, "period_start": pl.Date(), "period_end": pl.Date()}
    for place, (name, dtype) in enumerate(schema.items()):
        yield pl.Series(name, [period[place] for period in periods], dtype=dtype)[rows]


def _accumulates_for(matched: Matched, rules: Sequence[Rule]) -> pl.Expr:
    """Whose positions run together; somebody without a team stands alone (and is not paid)."""
    payee = pl.col("payee_id").cast(pl.String)
    found = {
        AccumulateBy.TEAM: pl.coalesce("team:" + pl.lit(matched.column("team")), payee),
        AccumulateBy.CUSTOMER: payee + "|" + pl.lit(matched.column("customer")).fill_null(""),
        AccumulateBy.DEAL: payee + "|" + pl.col("deal_id"),
        AccumulateBy.TRANSACTION: payee + "|" + pl.coalesce("reverses_id", "transaction_id"),
    }
    accumulates_for = payee if any(rule.component.accumulate_by in found for rule in rules) else pl.col("payee_id")
    for by, expression in found.items():
        numbers = [rule.number for rule in rules if rule.component.accumulate_by is by]
        if numbers:
            accumulates_for = pl.when(pl.col("rule").is_in(numbers)).then(expression).otherwise(accumulates_for)
    return accumulates_for.alias("accumulates_for")


def _outcome(matched: Matched, found: pl.DataFrame, case: pl.Series | None, rules: Sequence[Rule]) -> pl.Expr:
    """Why a credit is not paid: the first reason that holds."""
    reasons = [*_of_amounts(found, rules)]
    by_team = [rule.number for rule in rules if rule.component.accumulate_by is AccumulateBy.TEAM]
    if by_team:
        reasons.append((pl.col("rule").is_in(by_team) & pl.lit(matched.column("team").is_null()), "no_team"))
    by_tenure = [rule.number for rule in rules if any(lookup.by == TENURE for lookup in lookups(rule))]
    if by_tenure:
        is_unknown = pl.lit(matched.column("hired_on").is_null())
        reasons.append((pl.col("rule").is_in(by_tenure) & is_unknown, "no_hiring_date"))
    if case is not None and case.null_count():
        reasons.append((pl.lit(case.is_null()), "no_case"))
    if not reasons:
        return pl.lit(None, NAME).alias("outcome")
    return pl.coalesce(pl.when(holds).then(pl.lit(reason, NAME)) for holds, reason in reasons).alias("outcome")


def _of_amounts(found: pl.DataFrame, rules: Sequence[Rule]) -> Iterator[tuple[pl.Expr, str]]:
    """Reasons why an amount is missing, if any is."""
    if not found["base"].null_count() and not found["position"].null_count():
        return
    looked_at = {"base": "measure", "position": "looks_at"}
    by_margin = {
        name: [rule.number for rule in rules if getattr(rule.component, by) == "margin"]
        for name, by in looked_at.items()
    }
    yield (
        pl.any_horizontal(
            pl.col("rule").is_in(numbers) & pl.col(f"{name}_missing") for name, numbers in by_margin.items()
        ),
        "no_margin",
    )
    yield pl.col("base_missing") | pl.col("position_missing"), "no_measure"
    yield pl.col("base").is_null() | pl.col("position").is_null(), "no_rate"
