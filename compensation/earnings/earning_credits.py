"""Earnings as what credits other components: overrides on a team's commission, bonuses on one's own."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from compensation.crediting.transactions import Scenarios
from compensation.earnings.period_pay import PeriodPay
from compensation.exact import MILLIONTHS
from compensation.facts.schemas import SCHEMAS
from compensation.plans.rules import Rule


class EarningCredits(NamedTuple):
    """``sources``: by scenario and deal_id of each earning the day and the reversed transaction of what earned it."""

    scenarios: Scenarios
    sources: pl.DataFrame


def earning_scenarios(
    lines: pl.DataFrame,
    pays: Sequence[tuple[PeriodPay, date]],
    standing: Sequence[Rule],
    rules: Sequence[Rule],
    as_of: date | None,
) -> EarningCredits:
    """Each earning that the ``standing`` rules look at as a transaction of its own, owned by who earned it.

    In the order of the lines; the attributes ``component``, ``plan`` and ``plan_version`` say what paid it. ``pays``:
    pay of periods, and the days on which it counts. ``as_of``: see :class:`Scenarios`.
    """
    wanted = {(rule.plan_number, name) for rule in standing for name in rule.component.earnings_of}
    paid = {rule.number: rule for rule in rules if (rule.plan_number, rule.component.name) in wanted}
    columns = ("scenario", "transaction_id", "rule", "payee_id", "credited_on", "earning", "dated_on", "reverses_id")
    earned = lines.filter(pl.col("rule").is_in(list(paid)), pl.col("earning").is_not_null())
    is_later = pl.col("instalment") > 0  # of a contract that is credited again and again, on its own day
    earned = earned.with_columns(pl.when(is_later).then("credited_on").otherwise("dated_on").alias("dated_on"))
    rows = [*earned.sort("order_no", "instalment", "rule", "party_no").select(columns).iter_rows()]
    rows += [
        (pay.key.scenario, f"{pay.kind} {pay.key.period.label}", pay.key.rule, pay.key.payee_id,
         day, pay.minor, day, None)
        for pay, day in pays
        if pay.key.rule in paid and pay.minor
    ]  # fmt: skip
    transactions = [_transaction(number, row, paid) for number, row in enumerate(rows)]
    participants = [
        {"deal_id": f"earning|{number}", "payee_id": row[3], "role": "owner", "share_millionths": MILLIONTHS,
         "is_overlay": False, "scenario": row[0]}
        for number, row in enumerate(rows)
    ]  # fmt: skip
    of_transactions = {**SCHEMAS["transactions"], **dict.fromkeys(_ATTRIBUTES, pl.String()), "scenario": pl.String()}
    of_participants = {**SCHEMAS["participants"], "scenario": pl.String()}
    scenarios = Scenarios(
        pl.DataFrame(transactions, schema=of_transactions, orient="row"),
        pl.DataFrame(participants, schema=of_participants, orient="row"),
        as_of=as_of,
    )
    sources = [(row[0], f"earning|{number}", row[6], row[7]) for number, row in enumerate(rows)]
    schema = {"scenario": pl.String, "deal_id": pl.String, "dated_on": pl.Date, "reverses_id": pl.String}
    return EarningCredits(scenarios, pl.DataFrame(sources, schema=schema, orient="row"))


def with_sources(lines: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """The lines; those on earnings have the day of what was earned, and what that reverses, for what is paid when."""
    named = sources.rename({"dated_on": "_dated_on", "reverses_id": "_reverses_id"})
    joined = lines.join(named, on=["scenario", "deal_id"], how="left", maintain_order="left", validate="m:1")
    return joined.with_columns(
        pl.coalesce("_dated_on", "dated_on").alias("dated_on"),
        pl.coalesce("_reverses_id", "reverses_id").alias("reverses_id"),
    ).select(lines.columns)


_ATTRIBUTES = ("attribute:component", "attribute:plan", "attribute:plan_version")


def _transaction(number: int, row: tuple[Any, ...], rules: Mapping[int, Rule]) -> dict[str, object]:
    scenario, transaction_id, rule, _, day, minor, *_ = row
    paid = rules[rule]
    return {
        "transaction_id": transaction_id,
        "deal_id": f"earning|{number}",
        "kind": "earning",
        "dated_on": day,
        "posting_sequence": number,
        "source": "",
        "source_ref": "",
        "currency": paid.plan.currency,
        "revenue_minor": int(minor),
        "quantity_millionths": 0,
        "attribute:component": paid.component.name,
        "attribute:plan": paid.plan.name,
        "attribute:plan_version": paid.plan.version,
        "scenario": scenario,
    }
