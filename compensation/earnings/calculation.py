"""Earnings of everything that happened up to a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from compensation.collecting import without_collections
from compensation.columns import kept, renamed, with_looked_up
from compensation.crediting.parties import broken_splits
from compensation.crediting.transactions import Scenarios, in_scenario
from compensation.earnings.engine import Engine
from compensation.earnings.frames import (
    CREDIT_COLUMNS,
    KEY,
    POSITIONS,
    accumulated_of,
    figures_of,
    openings_of,
    scores_of,
)
from compensation.earnings.runs import Earned
from compensation.facts.frames import Facts
from compensation.plans.components import Event
from compensation.plans.plan import Plan

ENGINE_VERSION = 5
"""Raised when the same facts and plans would give other results than before."""


@dataclass(frozen=True)
class Provenance:
    """What a calculation stands on; the same of everything gives the same cents.

    ``snapshot`` names the facts as the caller knows them; ``plan_versions`` are name and version of each plan.
    """

    snapshot: str
    plan_versions: tuple[tuple[str, str], ...]
    engine_version: int
    as_of: date


@dataclass(frozen=True)
class Calculation:
    """What the facts earn under the plans. Money in minor units of ``currency`` (the plan's); quantities in millionths.

    Names (of payees, plans, components, periods ...) are categoricals, see :mod:`compensation.names`.

    - ``credits``: transaction_id, instalment (0 unless the component recurs), deal_id, document_id, payee_id, plan,
      plan_version, component, role, party (owner, overlay, direct_manager, upper_manager, coverage, customer),
      via_payee_id (the owner through whom a manager is credited), reverses_id, share_millionths, dated_on, credited_on
      (a return by origin has the origin's date), period_label, period_start, period_end (excluded), currency, measure,
      credit_minor, outcome (null if it pays, else ``no_rate``, ``no_margin``, ``no_measure``, ``no_team``, ``no_case``,
      ``no_hiring_date``, ``no_quota``, ``zero_quota``, ``no_quota_rate``, ``no_target_pay``, ``no_salary``,
      ``no_figure``).
    - ``openings``: pay of payee, component and period that stands on no single credit: kind (opening, scorecard,
      matrix, ranking, pool, floor, cap), earned_on, earning_minor, and quota_minor.
    - ``lines``: the credits that pay, in their order, with before_minor, after_minor (positions), quota_minor,
      calculated_minor (by the curve), earning_minor (after all limits).
    - ``accumulated``: for each payee, component and period: position_minor, quota_minor, target_minor, attainment
      (exact ratio as text), factor (of all modifiers, exact text), gates_failed (figures), calculated_minor,
      earning_minor, outcome.
    - ``figures``: payee_id, plan, plan_version, component (that looks at it), figure, period_label, value (exact ratio
      as text; null if it has none).
    - ``scores``: the lines of scorecards: payee_id, plan, plan_version, component, period, kpi, value (of its figure),
      score, weighted (times its part of the weights); exact ratios as text.
    - ``outcomes``: transactions that no component credits: transaction_id, deal_id, code (``nobody_owns``,
      ``splits_not_whole``, ``no_rule``).

    In mode ``curve`` an opening and its lines add up to the rounded cumulative pay.
    """

    credits: pl.DataFrame
    openings: pl.DataFrame
    lines: pl.DataFrame
    accumulated: pl.DataFrame
    figures: pl.DataFrame
    scores: pl.DataFrame
    outcomes: pl.DataFrame
    provenance: Provenance

    def totals(self) -> pl.DataFrame:
        """earning_minor of openings and lines by payee_id, plan, plan_version, component, period and currency."""
        parts = [frame.select(*KEY, "earning_minor") for frame in (self.openings, self.lines)]
        return pl.concat(parts).group_by(KEY).agg(pl.col("earning_minor").sum()).sort(KEY)


def calculate(facts: Facts, plans: Sequence[Plan], *, as_of: date, snapshot: str = "") -> Calculation:
    """Calculates every transaction dated up to ``as_of`` (included); expected ones are left out.

    PayOverflowError names payee and component if amounts leave the exact range. Same facts, plans and ``as_of``:
    same frames. Plans that are not in execution pay nothing. ``snapshot`` names the facts in the provenance.
    """
    engine = Engine.of(facts, plans)
    credited, outcomes = _credited(engine, history(facts, as_of))
    versions = tuple(sorted((plan.name, plan.version) for plan in plans))
    return calculated(engine, credited, outcomes, Provenance(snapshot, versions, ENGINE_VERSION, as_of))


def _credited(engine: Engine, scenarios: Scenarios) -> tuple[pl.DataFrame, pl.DataFrame]:
    credited = engine.credits(scenarios)
    return credited, uncredited(scenarios, credited)


def calculated(engine: Engine, credited: pl.DataFrame, outcomes: pl.DataFrame, provenance: Provenance) -> Calculation:
    """What credits earn; ``outcomes`` tells of the transactions that became none, see :func:`uncredited`."""
    with without_collections():
        earned = engine.run(credited, [""], provenance.as_of)
        lines = _named(engine, earned)
        return Calculation(
            credits=lines.select(*CREDIT_COLUMNS, "outcome"),
            openings=openings_of(engine, earned, provenance.as_of),
            lines=_paying(lines),
            accumulated=accumulated_of(engine, earned),
            figures=figures_of(engine, earned),
            scores=scores_of(engine, earned),
            outcomes=outcomes,
            provenance=provenance,
        )


def lines_of(engine: Engine, earned: Earned) -> pl.DataFrame:
    """The lines of a run, see :class:`Calculation`."""
    return _paying(_named(engine, earned))


def _named(engine: Engine, earned: Earned) -> pl.DataFrame:
    lines = with_looked_up(earned.lines, ((names, earned.lines["rule"]) for names in engine.names))
    return renamed(lines, {"base": "credit_minor", "before": "before_minor", "after": "after_minor"})


def _paying(lines: pl.DataFrame) -> pl.DataFrame:
    told = lines[[*CREDIT_COLUMNS, *POSITIONS]]
    return told.filter(pl.col("earning_minor").is_not_null()) if told["earning_minor"].null_count() else told


def history(facts: Facts, as_of: date) -> Scenarios:
    """What has happened up to the day."""
    known = facts.transactions
    happened = kept(known, (known["kind"] != "expected") & (known["dated_on"] <= as_of))
    return Scenarios(
        in_scenario(happened),
        in_scenario(facts.participants),
        measures=facts.measures,
        attributes=facts.attributes,
        coverage=facts.coverage,
        as_of=as_of,
    )


def uncredited(scenarios: Scenarios, credited: pl.DataFrame) -> pl.DataFrame:
    """The transactions that no component credits, and why, see :class:`Calculation`."""
    events = [*(event.value for event in Event), "return"]
    ids = credited.select("transaction_id").filter(
        pl.col("transaction_id") != pl.col("transaction_id").shift(1, fill_value="")
    )
    left = scenarios.transactions.filter(pl.col("kind").is_in(events)).join(ids, on="transaction_id", how="anti")
    broken = broken_splits(scenarios.participants).with_columns(pl.lit("splits_not_whole").alias("broken"))
    owned = scenarios.participants.select("deal_id").unique().with_columns(pl.lit("no_rule").alias("owned"))
    coded = left.join(broken, on="deal_id", how="left").join(owned, on="deal_id", how="left")
    code = pl.coalesce("broken", "owned", pl.lit("nobody_owns")).alias("code")
    return coded.select("transaction_id", "deal_id", code).sort("transaction_id")
