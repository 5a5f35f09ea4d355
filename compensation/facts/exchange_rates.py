"""Exchange rates as exact ratios: direct, inverse, or crossed through one currency."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

import polars as pl

from compensation.errors import FactsError
from compensation.exact import exact_series, rounded
from compensation.facts.frames import Facts

_SAME = Fraction(1)


class ExchangeRates:
    """The rates of ``facts.rates``: what one unit of a currency is in another, by the last rate valid on a day."""

    def __init__(self, facts: Facts) -> None:
        self._exponents: dict[str, int] = dict(facts.currencies.select("currency", "exponent").iter_rows())
        dated: dict[tuple[str, str], list[tuple[date, Fraction]]] = defaultdict(list)
        for origin, target, day, rate in facts.rates.iter_rows():
            dated[origin, target].append((day, Fraction(rate)))
        self._rates = {pair: sorted(values) for pair, values in dated.items()}
        self._currencies = sorted({currency for pair in dated for currency in pair})

    def exponent(self, currency: str) -> int:
        """Digits of the currency's minor unit; FactsError if the currencies frame lacks it."""
        if currency not in self._exponents:
            raise FactsError(f"currencies: {currency} is missing; add it with the digits of its minor unit")
        return self._exponents[currency]

    def minor_ratio(self, origin: str, target: str, day: date) -> Fraction | None:
        """Minor units of ``target`` for one minor unit of ``origin``; None if no rate is known on that day."""
        if origin == target:
            self.exponent(origin)
            return _SAME
        rate = self.rate(origin, target, day)
        if rate is None:
            return None
        return rate * Fraction(10) ** (self.exponent(target) - self.exponent(origin))

    def total(self, amounts: Mapping[str, int], currency: str, day: date) -> int:
        """Minor units by currency added up in one currency, each rounded; FactsError without a rate."""
        total = 0
        for origin, minor in amounts.items():
            ratio = self.minor_ratio(origin, currency, day)
            if ratio is None:
                raise FactsError(f"rates: none from {origin} to {currency} on {day}; add one to pay in {currency}")
            total += rounded(minor * ratio)
        return total

    def frame(self, wanted: Iterable[tuple[str, str, date]]) -> pl.DataFrame:
        """Columns currency, plan_currency, credited_on, rate_num, rate_den (exact; null where no rate is known)."""
        rows = [(*key, self.minor_ratio(*key)) for key in wanted]
        return pl.DataFrame(
            {
                "currency": pl.Series([row[0] for row in rows], dtype=pl.String),
                "plan_currency": pl.Series([row[1] for row in rows], dtype=pl.String),
                "credited_on": pl.Series([row[2] for row in rows], dtype=pl.Date),
                "rate_num": exact_series([row[3].numerator if row[3] else None for row in rows]),
                "rate_den": exact_series([row[3].denominator if row[3] else None for row in rows]),
            }
        )

    def rate(self, origin: str, target: str, day: date) -> Fraction | None:
        """Units of ``target`` for one unit of ``origin``; None if no rate is known on that day."""
        if origin == target:
            return _SAME
        return self._quoted(origin, target, day) or self._crossed(origin, target, day)

    def _crossed(self, origin: str, target: str, day: date) -> Fraction | None:
        for pivot in self._currencies:
            first, second = self._quoted(origin, pivot, day), self._quoted(pivot, target, day)
            if first and second:
                return first * second
        return None

    def _quoted(self, origin: str, target: str, day: date) -> Fraction | None:
        direct = self._on(origin, target, day)
        if direct is not None:
            return direct
        inverse = self._on(target, origin, day)
        return 1 / inverse if inverse else None

    def _on(self, origin: str, target: str, day: date) -> Fraction | None:
        values = self._rates.get((origin, target), [])
        index = bisect_right(values, day, key=lambda value: value[0])
        return values[index - 1][1] if index else None
