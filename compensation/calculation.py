"""Earnings of everything that happened up to a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from compensation.accumulators import Accumulators, Owner
from compensation.dealings import Dealings, broken_splits, of_scenario
from compensation.facts import Facts
from compensation.periods import periods_between
from compensation.plan import Event, Plan
from compensation.run import Ground, owners_of, run

_OF_TERM = {
    "plan": pl.String,
    "plan_version": pl.String,
    "component": pl.String,
    "currency": pl.String,
    "measure": pl.String,
}
_CREDIT_COLUMNS = (
    *("transaction_id", "deal_id", "payee_id", "plan", "plan_version", "component", "role", "party", "via_payee_id"),
    *(
        "share_millionths",
        "dated_on",
        "credited_on",
        "period_label",
        "period_start",
        "period_end",
        "currency",
        "measure",
    ),
    "credit_minor",
)
_KEY = ("payee_id", "plan", "plan_version", "component", "period_label", "period_start", "period_end", "currency")


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
    ground = Ground.of(facts, plans)
    dealings = booked(facts, as_of)
    credited = ground.credits(dealings)
    accumulators = Accumulators(ground.terms, ground.quotas, ground.book)
    accumulators.add(sorted({*owners_of(credited), *_in_force(ground, as_of)}))
    lines = run(ground, credited, accumulators).join(_terms(ground), on="term").rename({"base": "credit_minor"})
    lines = lines.rename({"before": "before_minor", "after": "after_minor"})
    paying = lines.filter(pl.col("outcome").is_null())
    return Calculation(
        credits=lines.select(*_CREDIT_COLUMNS, "outcome"),
        openings=_openings(ground, accumulators),
        lines=paying.select(*_CREDIT_COLUMNS, "before_minor", "after_minor", "quota_minor", "earning_minor"),
        outcomes=_uncredited(dealings, credited),
    )


def booked(facts: Facts, as_of: date) -> Dealings:
    """What has happened up to the day."""
    happened = facts.transactions.filter(pl.col("kind") != "expected", pl.col("dated_on") <= as_of)
    return Dealings(of_scenario(happened), of_scenario(facts.participants))


def _in_force(ground: Ground, as_of: date) -> Iterator[Owner]:
    """Every payee, term and period in force up to the day."""
    plans = list(dict.fromkeys(term.plan for term in ground.terms))
    for plan_number, payee_id, start, end in ground.staff.eligibility(plans).iter_rows():
        for term in ground.terms:
            if term.plan_number == plan_number:
                first, last = max(start, term.valid_from), min(end, term.valid_to, as_of + timedelta(days=1))
                for period in periods_between(first, last - timedelta(days=1), term.component.period):
                    yield Owner("", term.number, payee_id, period)


def _terms(ground: Ground) -> pl.DataFrame:
    rows = [
        (
            term.number,
            term.plan.name,
            term.plan.version,
            term.component.name,
            term.plan.currency,
            term.component.measure.value,
        )
        for term in ground.terms
    ]
    return pl.DataFrame(rows, schema={"term": pl.Int64, **_OF_TERM}, orient="row")


def _openings(ground: Ground, accumulators: Accumulators) -> pl.DataFrame:
    rows = [
        (row.owner.payee_id, row.owner.term, *row.owner.period, row.quota, ground.book.curves[row.curve].pay_at(0))
        for row in accumulators.rows
        if row.curve is not None
    ]
    schema = {
        "payee_id": pl.String,
        "term": pl.Int64,
        "period_label": pl.String,
        "period_start": pl.Date,
        "period_end": pl.Date,
    }
    frame = pl.DataFrame(rows, schema={**schema, "quota_minor": pl.Int64, "earning_minor": pl.Int64}, orient="row")
    return frame.join(_terms(ground), on="term", maintain_order="left").select(*_KEY, "quota_minor", "earning_minor")


def _uncredited(dealings: Dealings, credited: pl.DataFrame) -> pl.DataFrame:
    events = [*(event.value for event in Event), "return"]
    left = dealings.transactions.filter(pl.col("kind").is_in(events)).join(credited, on="transaction_id", how="anti")
    broken = broken_splits(dealings.participants).with_columns(pl.lit("splits_not_whole").alias("broken"))
    owned = dealings.participants.select("deal_id").unique().with_columns(pl.lit("no_rule").alias("owned"))
    coded = left.join(broken, on="deal_id", how="left").join(owned, on="deal_id", how="left")
    code = pl.coalesce("broken", "owned", pl.lit("nobody_owns")).alias("code")
    return coded.select("transaction_id", "deal_id", code).sort("transaction_id")
