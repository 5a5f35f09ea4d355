"""The settlement: what of a calculation is released, waits, is adjusted and paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from compensation.collecting import without_collections
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.names import NAME, named
from compensation.payments.adjustments import adjustments, posted_openings
from compensation.payments.bounds import BoundsOfPlans
from compensation.payments.families import with_origins
from compensation.payments.holding import held
from compensation.payments.pay_currency import PayCurrencies
from compensation.payments.paying import ledger, pay, payments_frame
from compensation.payments.payment_periods import by_name, first_open_day, payment_periods
from compensation.payments.releasing import release
from compensation.plans.plan import Plan

_EARNING = (
    *("payee_id", "plan", "component", "transaction_id", "party", "period_label", "dated_on", "currency"),
    "earning_minor",
)


class Earned(Protocol):
    """What a calculation earns: its ``lines`` and ``openings``."""

    @property
    def lines(self) -> pl.DataFrame: ...

    @property
    def openings(self) -> pl.DataFrame: ...


@dataclass(frozen=True)
class Settlement:
    """What is paid of what was earned. Money in minor units; ``currency`` is the plan's unless said otherwise.

    Names (of payees, plans, components, periods, moments ...) are categoricals, see :mod:`compensation.names`.

    - ``releases``: what may be paid, dated: payee_id, plan, plan_version, component, transaction_id ("" without one),
      deal_id, party, via_payee_id, role, instalment, reverses_id, period_label (of the earning), released_on, moment
      (a release's ``when``, ``date``, ``returned`` for what a return takes back, ``unpaid`` for what an unpaid invoice
      does), share (of the earning by the plan; null where something is taken back), currency, release_minor, and in
      the payee's currency of that day pay_currency, pay_minor. A family (a credit and the returns that reverse it, in
      whichever period they earn) has released to date its fraction times what it has earned, rounded half away from
      zero; what is released later is the credit's.
    - ``waiting``: what is earned and not released: the same columns up to period_label, waits_for (moment, or
      ``held`` by hand), expected_on (null: not known), share, currency, waiting_minor, held_by, held_because.
    - ``payments``: by payee, plan and open payment period: plan_version, period_label, period_start, period_end
      (excluded), currency (the payee's), released_minor, adjustments_minor, carried_in_minor, draw_minor (what it adds,
      less what was paid in advance), recovered_minor, guarantee_minor, carried_out_minor (below the minimum, or
      negative), lapsed_minor (forfeited, or negative: forgiven), owed_minor (of draws, afterwards), paid_minor.
      released + adjustments + carried in + draw - recovered + guarantee = paid + carried out + lapsed.
      In another currency: what stands from before at the rate of the first day, all else at that of the last one known.
    - ``adjustments``: lines of closed periods that differ from what was posted: payee_id, plan, component,
      transaction_id, party, origin_period (period_label of the earning), posted_in (the first open payment period),
      currency, posted_minor, recalculated_minor, difference_minor, release_minor (the part of the difference that is
      released), pay_currency, pay_minor. An opening stays in the period that first posted it.
    """

    releases: pl.DataFrame
    waiting: pl.DataFrame
    payments: pl.DataFrame
    adjustments: pl.DataFrame


def settle(calculation: Earned, facts: Facts, plans: Sequence[Plan], *, as_of: date) -> Settlement:
    """Settles what is earned up to ``as_of`` (included); only plans that are executing or closed pay.

    Periods that ``facts.paid`` or ``facts.posted`` name are closed, and so are those before them: they have no
    payments here, and what has changed since is adjusted in the first open one (where ``facts.posted`` knows the
    plan). The period of ``as_of`` is settled as if it ended with what is known.

    FactsError names a missing rate, PayOverflowError the payee and component whose amounts leave the exact range.
    """
    paying = [plan for plan in plans if plan.pays]
    rates = ExchangeRates(facts)
    currencies = PayCurrencies(facts, rates)
    periods = {name: payment_periods(versions, as_of) for name, versions in by_name(paying).items()}
    found = ((name, first_open_day(name, each, facts)) for name, each in periods.items())
    open_days = {name: day for name, day in found if day is not None}
    lines = _dated_by_instalment(_of_plans(named(calculation.lines), paying, len(plans)))
    lines = with_origins(lines, facts.transactions)
    openings = posted_openings(_of_plans(named(calculation.openings), paying, len(plans)), facts, periods)
    released = held(release(lines, openings, facts, paying, as_of=as_of), facts, as_of=as_of)
    releases = currencies.paid_in(released.releases)
    posted = {name: open_days[name] for name in _posted_plans(facts) if name in open_days}
    places = {name: (day, _label(paying, name, day, as_of)) for name, day in posted.items()}
    dated = pl.concat([lines.select(_EARNING), _dated(openings)])
    adjusted = adjustments(dated, releases, facts, places, currencies)
    bounds = BoundsOfPlans(facts, paying, currencies, as_of)
    with without_collections():
        rows = [
            row
            for name, each in sorted(periods.items())
            for row in pay(
                ledger(name, each, open_days.get(name), releases, adjusted, facts), bounds, currencies, as_of
            )
        ]
        payments = payments_frame(rows)
    return Settlement(releases, released.waiting, payments, adjusted)


def _of_plans(frame: pl.DataFrame, paying: Sequence[Plan], given: int) -> pl.DataFrame:
    """The rows of plans that pay."""
    if len(paying) == given:
        return frame
    schema = dict.fromkeys(("plan", "plan_version"), NAME)
    versions = pl.DataFrame([(plan.name, plan.version) for plan in paying], schema=schema, orient="row")
    return frame.join(versions, on=["plan", "plan_version"], how="semi", maintain_order="left")


def _dated_by_instalment(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines, those of a contract that is credited again and again on the day of their instalment."""
    is_later = pl.col("instalment") > 0
    return lines.with_columns(pl.when(is_later).then("credited_on").otherwise("dated_on").alias("dated_on"))


def _posted_plans(facts: Facts) -> list[str]:
    plans: list[str] = facts.posted["plan"].unique().sort().to_list()
    return plans


def _label(plans: Sequence[Plan], name: str, day: date, as_of: date) -> str:
    """The payment period that begins on the first open day, even if that has not come yet."""
    periods = payment_periods(by_name(plans)[name], max(day, as_of))
    return next(each.period.label for each in periods if each.period.start == day)


def _dated(openings: pl.DataFrame) -> pl.DataFrame:
    """Openings as lines without a transaction."""
    empty = (pl.lit("", dtype).alias(name) for name, dtype in (("transaction_id", pl.String), ("party", NAME)))
    return openings.with_columns(*empty, pl.col("earned_on").alias("dated_on")).select(_EARNING)
