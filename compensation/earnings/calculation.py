"""Earnings of everything that happened up to a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from compensation.crediting.parties import broken_splits
from compensation.crediting.transactions import Scenarios, in_scenario
from compensation.earnings.accumulators import AccumulatorKey, Accumulators, entered_by
from compensation.earnings.engine import Engine
from compensation.facts.frames import Facts
from compensation.plans.components import Event
from compensation.plans.periods import periods_between
from compensation.plans.plan import Plan

_OF_RULE = dict.fromkeys(("plan", "plan_version", "component", "currency", "measure"), pl.String)
_PERIOD = {"period_label": pl.String, "period_start": pl.Date, "period_end": pl.Date}
_CREDIT_COLUMNS = (
    *("transaction_id", "deal_id", "payee_id", "plan", "plan_version", "component", "role", "party", "via_payee_id"),
    *("share_millionths", "dated_on", "credited_on", *_PERIOD, "currency", "measure", "credit_minor"),
)
_KEY = ("payee_id", "plan", "plan_version", "component", *_PERIOD, "currency")


@dataclass(frozen=True)
class Calculation:
    """What the facts earn under the plans. Money in minor units of ``currency`` (the plan's); quantities in millionths.

    - ``credits``: transaction_id, deal_id, payee_id, plan, plan_version, component, role, party (owner, overlay,
      direct_manager, upper_manager), via_payee_id (the owner through whom a manager is credited), share_millionths,
      dated_on, credited_on (a return by origin has the origin's date), period_label, period_start, period_end
      (excluded), currency, measure, credit_minor, outcome (null if it pays, else ``no_rate``, ``no_margin``,
      ``no_quota``, ``zero_quota``, ``no_quota_rate``).
    - ``openings``: per payee, component and period in force: pay that needs no credit, earning_minor, and quota_minor.
    - ``lines``: the credits that pay, in their order, with before_minor, after_minor (positions), quota_minor,
      earning_minor.
    - ``outcomes``: transactions that no component credits: transaction_id, deal_id, code (``nobody_owns``,
      ``splits_not_whole``, ``no_rule``).

    In mode ``curve`` an opening and its lines add up to the rounded cumulative pay.
    """

    credits: pl.DataFrame
    openings: pl.DataFrame
    lines: pl.DataFrame
    outcomes: pl.DataFrame

    def totals(self) -> pl.DataFrame:
        """earning_minor of openings and lines by payee_id, plan, plan_version, component, period and currency."""
        parts = [frame.select(*_KEY, "earning_minor") for frame in (self.openings, self.lines)]
        return pl.concat(parts).group_by(_KEY).agg(pl.col("earning_minor").sum()).sort(_KEY)


def calculate(facts: Facts, plans: Sequence[Plan], *, as_of: date) -> Calculation:
    """Calculates every transaction dated up to ``as_of`` (included); expected ones are left out.

    PayOverflowError names payee and component if amounts leave the exact range. Same facts, plans and ``as_of``:
    same frames.
    """
    engine = Engine.of(facts, plans)
    scenarios = history(facts, as_of)
    credited = engine.credits(scenarios)
    accumulators = engine.accumulators()
    accumulators.add(sorted({*entered_by(credited), *_in_force(engine, as_of)}))
    lines = engine.earnings(credited, accumulators).join(_rules(engine), on="rule").rename({"base": "credit_minor"})
    lines = lines.rename({"before": "before_minor", "after": "after_minor"})
    paying = lines.filter(pl.col("outcome").is_null())
    return Calculation(
        credits=lines.select(*_CREDIT_COLUMNS, "outcome"),
        openings=_openings(engine, accumulators),
        lines=paying.select(*_CREDIT_COLUMNS, "before_minor", "after_minor", "quota_minor", "earning_minor"),
        outcomes=_uncredited(scenarios, credited),
    )


def history(facts: Facts, as_of: date) -> Scenarios:
    """What has happened up to the day."""
    happened = facts.transactions.filter(pl.col("kind") != "expected", pl.col("dated_on") <= as_of)
    return Scenarios(in_scenario(happened), in_scenario(facts.participants))


def _in_force(engine: Engine, as_of: date) -> Iterator[AccumulatorKey]:
    """Every payee, rule and period in force up to the day."""
    for plan_number, payee_id, start, end in engine.assignments.eligibility(engine.rules).iter_rows():
        for rule in engine.rules:
            if rule.plan_number == plan_number:
                first, last = max(start, rule.valid_from), min(end, rule.valid_to, as_of + timedelta(days=1))
                for period in periods_between(first, last - timedelta(days=1), rule.component.period):
                    yield AccumulatorKey("", rule.number, payee_id, period)


def _rules(engine: Engine) -> pl.DataFrame:
    rows = [
        (
            rule.number,
            rule.plan.name,
            rule.plan.version,
            rule.component.name,
            rule.plan.currency,
            rule.component.measure,
        )
        for rule in engine.rules
    ]
    return pl.DataFrame(rows, schema={"rule": pl.Int64, **_OF_RULE}, orient="row")


def _openings(engine: Engine, accumulators: Accumulators) -> pl.DataFrame:
    rows = [
        (row.key.payee_id, row.key.rule, *row.key.period, row.quota, engine.curves.compiled[row.curve].pay_at(0))
        for row in accumulators.rows
        if row.curve is not None
    ]
    schema = {"payee_id": pl.String, "rule": pl.Int64, **_PERIOD, "quota_minor": pl.Int64, "earning_minor": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.join(_rules(engine), on="rule", maintain_order="left").select(*_KEY, "quota_minor", "earning_minor")


def _uncredited(scenarios: Scenarios, credited: pl.DataFrame) -> pl.DataFrame:
    events = [*(event.value for event in Event), "return"]
    left = scenarios.transactions.filter(pl.col("kind").is_in(events)).join(credited, on="transaction_id", how="anti")
    broken = broken_splits(scenarios.participants).with_columns(pl.lit("splits_not_whole").alias("broken"))
    owned = scenarios.participants.select("deal_id").unique().with_columns(pl.lit("no_rule").alias("owned"))
    coded = left.join(broken, on="deal_id", how="left").join(owned, on="deal_id", how="left")
    code = pl.coalesce("broken", "owned", pl.lit("nobody_owns")).alias("code")
    return coded.select("transaction_id", "deal_id", code).sort("transaction_id")
