"""Paying: each payee's releases and adjustments, period by period, to what is paid, owed and carried."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from compensation.columns import kept
from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR, rounded
from compensation.facts.frames import Facts
from compensation.names import NAME
from compensation.packing import first_occurrences
from compensation.payments.balances import Paid, settle_period
from compensation.payments.bounds import BoundsOfPlans
from compensation.payments.pay_currency import PayCurrencies
from compensation.payments.payment_periods import PaymentPeriod

_AMOUNTS = (
    *("released_minor", "adjustments_minor", "carried_in_minor", "draw_minor", "recovered_minor", "guarantee_minor"),
    *("carried_out_minor", "lapsed_minor", "owed_minor", "paid_minor"),
)
_COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys(("payee_id", "plan", "plan_version", "period_label"), NAME),
    **dict.fromkeys(("period_start", "period_end"), pl.Date()),
    "currency": NAME,
    **dict.fromkeys(_AMOUNTS, pl.Int64()),
}
_PAID_TO = ("payee_id", "pay_currency")
_Sums = dict[int, dict[str, int]]
"""Minor units by the place of the period and currency."""


class Standing(NamedTuple):
    """What somebody owes of draws, and what is carried, before a period."""

    owed: int
    carried: int
    currency: str


_NOTHING = Standing(0, 0, "")


class Ledger(NamedTuple):
    """What there is to pay under one plan: its open periods, and by payee what is released and adjusted in them."""

    plan: str
    periods: Sequence[PaymentPeriod]
    released: dict[str, _Sums]
    adjusted: dict[str, _Sums]
    standing: dict[str, Standing]


def ledger(
    name: str,
    periods: Sequence[PaymentPeriod],
    open_on: date | None,
    releases: pl.DataFrame,
    adjusted: pl.DataFrame,
    facts: Facts,
) -> Ledger:
    """The ledger of a plan, from the first open day on. PayOverflowError if a payee's sums leave 64 bits."""
    is_own = releases["plan"] == name
    if open_on:
        is_own &= releases["released_on"] >= open_on
    still = kept(releases.select(*_PAID_TO, "component", "pay_minor", "released_on"), is_own)
    left = [each for each in periods if open_on is None or each.period.start >= open_on]
    ends = pl.DataFrame(
        {"released_on": [each.period.start for each in left], "place": range(len(left))},
        schema={"released_on": pl.Date, "place": pl.Int64},
    )
    first, days = first_occurrences(still, ["released_on"])
    known = still.select("released_on")[first].with_row_index("day").sort("released_on")
    places = known.join_asof(ends, on="released_on").sort("day")["place"]
    late = adjusted.filter(pl.col("plan") == name).with_columns(pl.lit(0, pl.Int64).alias("place"))
    released = _sums(still.with_columns(places.gather(days)))
    return Ledger(name, left, released, _sums(late), _standing(name, facts, periods))


def pay(each: Ledger, bounds: BoundsOfPlans, currencies: PayCurrencies, as_of: date) -> Iterator[tuple[Any, ...]]:
    """Rows of the payments frame of a plan, payee by payee."""
    for payee_id in sorted({*each.released, *each.adjusted, *each.standing, *bounds.lifted(each.plan)}):
        yield from _paid_to(payee_id, each, bounds, currencies, as_of)


def payments_frame(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """The rows as a frame; PayOverflowError, naming the payee and the plan, if an amount leaves 64 bits."""
    for row in rows:
        amounts = row[len(_COLUMNS) - len(_AMOUNTS) :]
        if max(map(abs, amounts)) > MAX_MINOR:
            raise PayOverflowError(row[0], row[1], f"the payment of {row[3]}")
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def _paid_to(
    payee_id: str, ledger: Ledger, bounds: BoundsOfPlans, currencies: PayCurrencies, as_of: date
) -> Iterator[tuple[Any, ...]]:
    released, adjusted = ledger.released.get(payee_id, {}), ledger.adjusted.get(payee_id, {})
    standing = ledger.standing.get(payee_id, _NOTHING)
    for place, each in enumerate(ledger.periods):
        day = min(each.last, as_of)
        currency = currencies.on(payee_id, day, each.plan.currency)
        before = _in_currency(standing, currency, each.period.start, currencies)
        sums = [_total(part.get(place, {}), currency, day, currencies) for part in (released, adjusted)]
        paid = settle_period(sum(sums) + before.carried, before.owed, bounds.of(payee_id, each, currency))
        if any((*sums, before.owed, *paid)):
            yield _row(payee_id, each, currency, (*sums, before.carried), paid)
        standing = Standing(paid.owed, paid.carried_out, currency)


def _row(payee_id: str, each: PaymentPeriod, currency: str, gross: tuple[int, ...], paid: Paid) -> tuple[Any, ...]:
    return (payee_id, each.plan.name, each.version, *each.period, currency, *gross, *paid)


def _in_currency(standing: Standing, currency: str, day: date, currencies: PayCurrencies) -> Standing:
    """The standing in the currency in which the payee is paid from the day on."""
    if not any(standing[:2]):
        return standing
    ratio = currencies.ratio(standing.currency, currency, day)
    return Standing(rounded(standing.owed * ratio), rounded(standing.carried * ratio), currency)


def _total(sums: dict[str, int], currency: str, day: date, currencies: PayCurrencies) -> int:
    return sum(
        minor if origin == currency else rounded(minor * currencies.ratio(origin, currency, day))
        for origin, minor in sums.items()
    )


def _sums(entries: pl.DataFrame) -> dict[str, _Sums]:
    key = [*_PAID_TO, "place"]
    first, groups = first_occurrences(entries, key)
    amount = pl.col("pay_minor")
    added = (
        entries.lazy()
        .select("pay_minor", groups.alias("group"))
        .group_by("group")
        .agg(amount.sum(), amount.cast(pl.Float64).abs().sum().alias("reach"))
    )
    summed = entries.select(*key, "component")[first].hstack(added.sort("group").drop("group").collect())
    beyond = summed.filter(pl.col("reach") > MAX_MINOR / 2).sort("payee_id", "component")
    if not beyond.is_empty():
        raise PayOverflowError(beyond["payee_id"][0], beyond["component"][0], "what is released in a period")
    sums: dict[str, _Sums] = defaultdict(lambda: defaultdict(dict))
    for payee_id, currency, place, minor in summed.select(*key, "pay_minor").iter_rows():
        sums[payee_id][place][currency] = minor
    return sums


def _standing(name: str, facts: Facts, periods: Sequence[PaymentPeriod]) -> dict[str, Standing]:
    """How each payee stood after the last period that was paid."""
    starts = {each.period.label: each.period.start for each in periods}
    rows = facts.paid.filter(pl.col("plan") == name)
    latest: dict[str, tuple[date, Standing]] = {}
    columns = ("payee_id", "period_label", "owed_minor", "carried_minor", "currency")
    for payee_id, label, *standing in rows.select(columns).iter_rows():
        known = latest.get(payee_id)
        if known is None or starts[label] > known[0]:
            latest[payee_id] = starts[label], Standing(*standing)
    return {payee_id: standing for payee_id, (_, standing) in latest.items()}
