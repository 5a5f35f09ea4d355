"""Transactions become credits: who, by which rule, with what share, in which period, how much."""

from collections.abc import Sequence

import polars as pl

from compensation.crediting.amounts import with_amounts
from compensation.crediting.cases import TENURE, lookups, with_cases
from compensation.crediting.conversion import Conversion, conversions, rates_frame
from compensation.crediting.matching import match, prepared
from compensation.crediting.measuring import measure_key
from compensation.crediting.rules_frame import CreditingRules
from compensation.crediting.transactions import Scenarios
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.packing import distinct, with_looked_up
from compensation.plans.components import AccumulateBy
from compensation.plans.periods import period_of
from compensation.plans.rules import Rule


def credit(scenarios: Scenarios, rules: Sequence[Rule], assignments: Assignments, rates: ExchangeRates) -> pl.DataFrame:
    """The credits of the scenarios, one row per transaction, instalment, party and rule that credits it.

    Columns: scenario, transaction_id, deal_id, document_id, kind, customer, rule, payee_id, role, party, via_payee_id
    (the owner through whom a manager is credited), level (how far above the owner), team, title, payee_region (the
    payee's position on the credited day), share_millionths, share_from, share_to (the part of the deal, in millionths),
    instalment (0 unless a contract recurs), credited_on, dated_on, order_no, party_no, reverses_id, period_label,
    period_start, period_end, accumulates_for (whose positions run together), case_no (of the payout's cases or its
    matrix of rates; 0 without), ``base``, ``position`` and ``family_base`` (exact, minor units of the plan's currency
    or millionths; family_base: credited of the same family before), ``outcome``: null, or why it is not paid:
    ``no_margin``, ``no_measure`` (a field that the transaction lacks, or a ratio to nothing), ``no_rate``, ``no_team``,
    ``no_hiring_date``, ``no_case``.
    """
    crediting = CreditingRules.of(rules)
    transactions = prepared(scenarios, crediting)
    unit = crediting.share_unit(scenarios.participants)
    matched = match(transactions, scenarios, crediting, assignments, unit)
    matched = with_looked_up(matched, _terms(crediting.rules), ["rule"])
    matched = _dated(_converted(matched, crediting.rules, rates), crediting.rules)
    matched = with_cases(matched, transactions, crediting.rules, rates)
    measured = with_amounts(matched, crediting, unit)
    return measured.with_columns(_accumulates_for(crediting.rules), _outcome(crediting.rules)).select(_COLUMNS)


_COLUMNS = (
    *("scenario", "transaction_id", "deal_id", "document_id", "kind", "customer", "rule", "payee_id", "role", "party"),
    *(
        "via_payee_id",
        "level",
        "team",
        "title",
        "payee_region",
        "share_millionths",
        "share_from",
        "share_to",
        "instalment",
    ),
    *("credited_on", "dated_on", "order_no", "party_no", "reverses_id", "period_label", "period_start", "period_end"),
    *("accumulates_for", "case_no", "base", "position", "family_base", "outcome"),
)


def _terms(rules: Sequence[Rule]) -> pl.DataFrame:
    """What of the rules concerns a matched credit."""
    ways, calendars = conversions(rules), _calendars(rules)
    rows = [
        (
            rule.number,
            ways.index(Conversion.of(rule)),
            calendars.index((rule.component.period, rule.plan.year_starts)),
            measure_key(rule.plan_number, rule.component.measure),
            measure_key(rule.plan_number, rule.component.looks_at),
            rule.component.accumulate_by.value,
            *rule.component.share.value.as_integer_ratio(),
        )
        for rule in rules
    ]
    numbers, texts = ("rule", "conversion", "calendar"), ("measure", "looks_at", "accumulate_by")
    schema = {
        **dict.fromkeys(numbers, pl.Int64),
        **dict.fromkeys(texts, pl.String),
        **dict.fromkeys(("share_num", "share_den"), pl.Int64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _calendars(rules: Sequence[Rule]) -> list[tuple[str, int]]:
    return list(dict.fromkeys((rule.component.period, rule.plan.year_starts) for rule in rules))


def _converted(matched: pl.DataFrame, rules: Sequence[Rule], rates: ExchangeRates) -> pl.DataFrame:
    keys = ["currency", "credited_on", "conversion"]
    exchange = rates_frame(distinct(matched, keys), conversions(rules), rates)
    return with_looked_up(matched, exchange, keys)


def _dated(matched: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    keys, calendars = ["credited_on", "calendar"], _calendars(rules)
    days = distinct(matched, keys).rows()
    rows = [(day, calendar, *period_of(day, *calendars[calendar])) for day, calendar in days]
    schema = {"credited_on": pl.Date, "calendar": pl.Int64, "period_label": pl.String}
    periods = pl.DataFrame(rows, schema={**schema, "period_start": pl.Date, "period_end": pl.Date}, orient="row")
    return with_looked_up(matched, periods, keys)


def _accumulates_for(rules: Sequence[Rule]) -> pl.Expr:
    """Whose positions run together; somebody without a team stands alone (and is not paid)."""
    payee = pl.col("payee_id")
    found = {
        AccumulateBy.TEAM: pl.coalesce("team:" + pl.col("team"), payee),
        AccumulateBy.CUSTOMER: payee + "|" + pl.col("customer").fill_null(""),
        AccumulateBy.DEAL: payee + "|" + pl.col("deal_id"),
        AccumulateBy.TRANSACTION: payee + "|" + pl.coalesce("reverses_id", "transaction_id"),
    }
    used = {rule.component.accumulate_by for rule in rules}
    for by, expression in found.items():
        if by in used:
            payee = pl.when(pl.col("accumulate_by") == by.value).then(expression).otherwise(payee)
    return payee.alias("accumulates_for")


def _outcome(rules: Sequence[Rule]) -> pl.Expr:
    is_no_margin = pl.any_horizontal(
        (pl.col(by) == "margin") & pl.col(f"{name}_raw").is_null()
        for name, by in (("base", "measure"), ("position", "looks_at"))
    )
    reasons = [
        (is_no_margin, "no_margin"),
        (pl.col("base_raw").is_null() | pl.col("position_raw").is_null(), "no_measure"),
        (pl.col("base").is_null() | pl.col("position").is_null(), "no_rate"),
    ]
    if any(rule.component.accumulate_by is AccumulateBy.TEAM for rule in rules):
        reasons.append(((pl.col("accumulate_by") == AccumulateBy.TEAM.value) & pl.col("team").is_null(), "no_team"))
    by_tenure = [rule.number for rule in rules if any(lookup.by == TENURE for lookup in lookups(rule))]
    if by_tenure:
        reasons.append((pl.col("rule").is_in(by_tenure) & pl.col("hired_on").is_null(), "no_hiring_date"))
    reasons.append((pl.col("case_no").is_null(), "no_case"))
    return pl.coalesce(pl.when(holds).then(pl.lit(reason)) for holds, reason in reasons).alias("outcome")
