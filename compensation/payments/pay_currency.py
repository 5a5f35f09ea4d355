"""The payee's currency: each release converted at the rate of its day, so that what is taken back cancels exactly."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR, rounded
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.payments.documents import no_rate
from compensation.payments.families import FAMILY, origin_id


class PayCurrencies:
    """In which currency each payee is paid, by day: that of the assignment (the last one, once it has ended)."""

    def __init__(self, facts: Facts, rates: ExchangeRates) -> None:
        self._rates = rates
        self._ratios: dict[tuple[str, str, date], Fraction] = {}
        self._dated: dict[str, list[tuple[date, str | None]]] = defaultdict(list)
        for payee_id, day, currency in _assigned(facts).iter_rows():
            self._dated[payee_id].append((day, currency))

    def on(self, payee_id: str, day: date, otherwise: str) -> str:
        """``otherwise`` is the plan's currency."""
        dated = self._dated.get(payee_id, ())
        index = bisect_right(dated, day, key=lambda value: value[0])
        return (dated[index - 1][1] if index else None) or otherwise

    def ratio(self, origin: str, target: str, day: date) -> Fraction:
        """Minor units of ``target`` for one of ``origin``; FactsError, saying which, without a rate."""
        key = (origin, target, day)
        if key not in self._ratios:
            ratio = self._rates.minor_ratio(*key)
            if ratio is None:
                raise no_rate(*key, f"to pay in {target}")
            self._ratios[key] = ratio
        return self._ratios[key]

    def paid_in(self, releases: pl.DataFrame) -> pl.DataFrame:
        """The releases with pay_currency and pay_minor, as :func:`converted` has them."""
        same = releases.with_columns(
            pl.col("currency").alias("pay_currency"), pl.col("release_minor").alias("pay_minor")
        )
        if not self._dated:
            return same
        foreign = pl.col("payee_id").is_in(list(self._dated))
        rows = releases.with_row_index("place").filter(foreign)
        converted_rows = pl.DataFrame(
            self._converted(rows),
            schema={"place": pl.UInt32, "pay_currency": pl.String, "pay_minor": pl.Int64},
            orient="row",
        )
        numbered = same.with_row_index("place")
        return numbered.update(converted_rows, on="place").drop("place")

    def _converted(self, rows: pl.DataFrame) -> Iterator[tuple[int, str, int]]:
        released: dict[tuple[int, str], tuple[int, Fraction]] = {}
        family = pl.struct(*(name for name in FAMILY if name != "origin_id"), origin_id(), "period_label")
        keyed = rows.sort("released_on", maintain_order=True).select(
            *("place", "payee_id", "component", "released_on", "currency", "release_minor"),
            family.rank("dense").alias("family"),
        )
        for place, payee_id, component, day, currency, minor, number in keyed.iter_rows():
            target = self.on(payee_id, day, currency)
            before = released.get((number, target), (0, Fraction(0)))
            after = converted(before, minor, self.ratio(currency, target, day))
            released[number, target] = after
            paid = rounded(after[1]) - rounded(before[1])
            if abs(paid) > MAX_MINOR:
                raise PayOverflowError(payee_id, component, f"what is paid in {target}")
            yield place, target, paid


def converted(before: tuple[int, Fraction], minor: int, ratio: Fraction) -> tuple[int, Fraction]:
    """What of a family is released, and what that is in the payee's currency, after ``minor`` more.

    More is converted at ``ratio``; what is taken back takes the same part of what was converted, at whichever rates.

    >>> half = converted((200, Fraction(180)), -100, Fraction(2))
    >>> half, converted(half, -100, Fraction(3))
    ((100, Fraction(90, 1)), (0, Fraction(0, 1)))
    """
    released, worth = before
    total = released + minor
    if released * minor >= 0:
        return total, worth + minor * ratio
    if released * total >= 0:
        return total, worth * total / released
    return total, total * ratio


def _assigned(facts: Facts) -> pl.DataFrame:
    """The assignments of those who are ever paid in a currency of their own."""
    own = facts.assignments.filter(pl.col("pay_currency").is_not_null()).select("payee_id").unique()
    assigned = facts.assignments.join(own, on="payee_id", how="semi").sort("payee_id", "from_on")
    return assigned.select("payee_id", "from_on", "pay_currency")
