"""A small company in few words: what is left out of a row has a plain value."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from compensation import Facts, Plan, parse_plan
from compensation.crediting.credits import credit
from compensation.crediting.rules_frame import CreditingRules
from compensation.crediting.transactions import Scenarios, in_scenario
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.schemas import SCHEMAS
from compensation.plans.rules import rules_of

MILLION = 1_000_000
Row = Mapping[str, Any]

PLAIN: dict[str, Row] = {
    "transactions": {
        "deal_id": "D",
        "kind": "invoice",
        "dated_on": date(2026, 2, 10),
        "posting_sequence": 1,
        "source": "erp",
        "source_ref": "",
        "currency": "USD",
        "revenue_minor": 100_000,
        "quantity_millionths": MILLION,
    },
    "participants": {"deal_id": "D", "role": "owner", "share_millionths": MILLION, "is_overlay": False},
    "assignments": {"title": "Rep", "from_on": date(2020, 1, 1)},
    "quotas": {"measure": "revenue", "currency": "USD"},
    "rates": {"valid_from": date(2026, 1, 1)},
    "coverage": {"role": "cover", "share_millionths": MILLION, "precedence": 1, "from_on": date(2020, 1, 1)},
    "targets": {"component": "pay", "currency": "USD", "from_on": date(2020, 1, 1)},
    "absences": {},
    "metrics": {"metric": "liked", "from_on": date(2020, 1, 1)},
    "factors": {},
    "measures": {},
    "attributes": {},
    "currencies": {},
}


def frame(name: str, rows: Iterable[Row]) -> pl.DataFrame:
    """The frame with those rows, the plain values where they say nothing."""
    complete = [{**dict.fromkeys(SCHEMAS[name]), **PLAIN[name], **row} for row in rows]
    return pl.DataFrame(complete, schema=SCHEMAS[name], orient="row")


def facts(people: Sequence[Row] = ({"payee_id": "ann"},), **rows: Sequence[Row]) -> Facts:
    """Ann alone, unless the frames say otherwise."""
    frames = {name: frame(name, rows.get(name, ())) for name in ("quotas", "rates", "coverage", "targets", "absences")}
    frames |= {name: frame(name, rows.get(name, ())) for name in ("measures", "attributes", "metrics", "factors")}
    currencies = [{"currency": name, "exponent": digits} for name, digits in (("USD", 2), ("EUR", 2), ("JPY", 0))]
    return Facts(
        transactions=frame("transactions", rows.get("transactions", ())),
        participants=frame("participants", rows.get("participants", [{"payee_id": "ann"}])),
        assignments=frame("assignments", [{"name": row["payee_id"], **row} for row in people]),
        currencies=frame("currencies", currencies),
        deals=pl.DataFrame(schema=SCHEMAS["deals"]),
        **frames,
    )


def plan(component: str, *, more: str = "", applies_to: str = "{everyone: yes}") -> Plan:
    """A plan with components, each written as the inside of a YAML mapping; credited on invoices every year."""
    lines = "\n".join(f"  - {{{line}}}" for line in component.strip().splitlines())
    head = f"plan: P\ncurrency: USD\neffective: {{from: 2026-01-01}}\napplies_to: {applies_to}\n{more}\n"
    return parse_plan(f"{head}components:\n{lines}\n", "plan.yaml")


def component(says: str = "", *, name: str = "pay", payout: str = "{rate: 1%}") -> str:
    """A component that says something beyond the plain."""
    words = f", {says}" if says else ""
    on = "" if "credited_on:" in says or "earnings_of" in says else ", credited_on: invoice"
    period = "" if "period:" in says else ", period: year"
    return f"component: {name}{on}{period}, payout: {payout}{words}"


def scenario(given: Facts, as_of: date | None = None) -> Scenarios:
    return Scenarios(
        in_scenario(given.transactions),
        in_scenario(given.participants),
        measures=given.measures,
        attributes=given.attributes,
        coverage=given.coverage,
        as_of=as_of,
    )


def credits_of(given: Facts, *plans: Plan, as_of: date | None = None) -> pl.DataFrame:
    """The credits in their order."""
    rules = CreditingRules.of(rules_of(plans))
    found = credit(scenario(given, as_of), rules, Assignments(given), ExchangeRates(given))
    return found.sort("rule", "order_no", "instalment", "party_no").with_columns(pl.col("base").cast(pl.Int64))


def rows(found: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return found.select(columns).rows()
