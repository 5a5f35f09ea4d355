"""The payee's currency: each release converted at the rate of its day, so that what is taken back cancels exactly."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.errors import PayOverflowError
from compensation.exact import LIMIT, MAX_MINOR, exact_series, rounded
from compensation.exact_columns import as_exact, divided
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.names import NAME
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
        dated = self._dated.get(payee_id)
        if dated is None:
            return otherwise
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
        """The releases with pay_currency and pay_minor: of a family with several, as :func:`converted` says."""
        if not self._dated:
            return releases.hstack(
                [releases["currency"].alias("pay_currency"), releases["release_minor"].alias("pay_minor")]
            )
        own, amount = pl.col("currency").alias("pay_currency"), pl.col("release_minor").alias("pay_minor")
        numbered = releases.with_row_index("place")
        foreign = numbered.filter(pl.col("payee_id").is_in(list(self._dated)))
        family = pl.struct("payee_id", "component", origin_id(), _opened_in())
        alone, several = foreign.filter(~family.is_duplicated()), foreign.filter(family.is_duplicated())
        schema = {"place": pl.UInt32(), "pay_currency": NAME, "pay_minor": pl.Int64()}
        rows = [self._alone(alone), pl.DataFrame(self._converted(several), schema=schema, orient="row")]
        return numbered.with_columns(own, amount).update(pl.concat(rows), on="place").drop("place")

    def _alone(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Columns place, pay_currency, pay_minor: each release converted by itself."""
        days = rows.select("payee_id", "currency", "released_on").unique(maintain_order=True)
        targets = [self.on(payee_id, day, currency) for payee_id, currency, day in days.iter_rows()]
        placed = rows.join(
            days.with_columns(pl.Series("pay_currency", targets, dtype=NAME)),
            on=["payee_id", "currency", "released_on"],
            maintain_order="left",
        )
        key = ["currency", "pay_currency", "released_on"]
        wanted = placed.select(key).unique().sort(key).rows()
        ratios = [self.ratio(*each) for each in wanted]
        exchange = pl.DataFrame(wanted, schema={**dict.fromkeys(key[:2], NAME), key[2]: pl.Date}, orient="row")
        exchange = exchange.with_columns(
            exact_series(ratio.numerator for ratio in ratios).alias("num"),
            exact_series(ratio.denominator for ratio in ratios).alias("den"),
        )
        return _quotients(placed.join(exchange, on=key, maintain_order="left"))

    def _converted(self, rows: pl.DataFrame) -> Iterator[tuple[int, str, int]]:
        released: dict[tuple[int, str], tuple[int, Fraction]] = {}
        family = pl.struct(*(name for name in FAMILY if name != "origin_id"), origin_id(), _opened_in())
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
            if abs(paid) > MAX_MINOR / 2:
                raise PayOverflowError(payee_id, component, f"what is paid in {target}")
            yield place, target, paid


def _opened_in() -> pl.Expr:
    """The period of pay without a transaction; a return may be of another period than what it reverses."""
    return pl.when(origin_id() == "").then("period_label").alias("opened_in")


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


def _quotients(rated: pl.DataFrame) -> pl.DataFrame:
    reach = pl.col("release_minor").cast(pl.Float64).abs() * pl.col("num").cast(pl.Float64)
    den = pl.col("den").cast(pl.Float64)
    beyond = rated.filter((reach * 2 + den > LIMIT / 2) | (reach / den > MAX_MINOR / 2))
    if not beyond.is_empty():
        row = beyond.row(0, named=True)
        raise PayOverflowError(row["payee_id"], row["component"], f"what is paid in {row['pay_currency']}")
    amount = divided(as_exact("release_minor") * pl.col("num"), pl.col("den")).cast(pl.Int64)
    return rated.lazy().select("place", "pay_currency", amount.alias("pay_minor")).collect()


def _assigned(facts: Facts) -> pl.DataFrame:
    """The assignments of those who are ever paid in a currency of their own."""
    own = facts.assignments.filter(pl.col("pay_currency").is_not_null())
    assigned = facts.assignments.join(own, on="payee_id", how="semi").sort("from_on")
    return assigned.select("payee_id", "from_on", "pay_currency")
