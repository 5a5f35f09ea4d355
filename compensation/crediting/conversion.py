"""Currencies: which rate turns a credit's currency into its plan's."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

import polars as pl

from compensation.columns import rows_of
from compensation.crediting.matched import Matched
from compensation.exact import exact_series, rounded
from compensation.facts.exchange_rates import ExchangeRates
from compensation.packing import first_occurrences
from compensation.plans.measures import RateOfDay
from compensation.plans.periods import month_end
from compensation.plans.rules import Rule

_FINEST = 10**15
"""A mean of many rates is kept to this part of a unit, so that it stays a ratio that columns can hold."""

Average = Callable[[str, str, date], Fraction | None]
"""The mean rate of one currency in another over a month, named by its first day."""


@dataclass(frozen=True)
class Conversion:
    """How a rule converts: into which currency, by which rate."""

    currency: str
    by: RateOfDay
    plan_rates: tuple[tuple[str, Fraction], ...] = ()

    @classmethod
    def of(cls, rule: Rule) -> "Conversion":
        by = rule.component.exchange_rate
        stated = rule.plan.plan_rates.items() if by is RateOfDay.PLAN_RATE else ()
        return cls(rule.plan.currency, by, tuple((currency, rate.value) for currency, rate in stated))

    def minor_ratio(self, origin: str, day: date, rates: ExchangeRates, average: Average) -> Fraction | None:
        """Minor units of the plan's currency for one of ``origin``; None if there is no rate."""
        if origin == self.currency:
            return Fraction(1)
        if self.by is RateOfDay.CREDITED_ON:
            return rates.minor_ratio(origin, self.currency, day)
        if self.by is RateOfDay.MONTH_AVERAGE:
            rate = average(origin, self.currency, day.replace(day=1))
        else:
            rate = dict(self.plan_rates).get(origin)
        return None if rate is None else rate * Fraction(10) ** (rates.exponent(self.currency) - rates.exponent(origin))


def month_average(rates: ExchangeRates, origin: str, target: str, first: date) -> Fraction | None:
    """The mean of the rates in force on the days of the month, those before the first known rate left out."""
    days = (first + timedelta(days=number) for number in range(month_end(first).day))
    known = [rate for rate in (rates.rate(origin, target, day) for day in days) if rate is not None]
    if not known:
        return None
    mean = sum(known, Fraction(0)) / len(known)
    return mean if mean.denominator <= _FINEST else Fraction(rounded(mean * _FINEST), _FINEST)


def conversions(rules: Iterable[Rule]) -> list[Conversion]:
    """The ways in which the rules convert."""
    return list(dict.fromkeys(Conversion.of(rule) for rule in rules))


@dataclass(frozen=True)
class Exchange:
    """The rate of each credit: ``places`` in ``nums`` and ``dens`` (exact; null without a rate). ``converts``: whether
    any rate is missing or changes an amount.
    """

    places: pl.Series
    nums: pl.Series
    dens: pl.Series
    converts: bool

    def rates(self) -> tuple[pl.Series, pl.Series]:
        """rate_num and rate_den of each credit."""
        return self.nums[self.places].alias("rate_num"), self.dens[self.places].alias("rate_den")


def exchange_of(matched: Matched, rules: Sequence[Rule], rates: ExchangeRates) -> Exchange:
    """The rates of the credits, each looked up once for a currency, day and way to convert that occur together."""

    @cache
    def average(origin: str, target: str, first: date) -> Fraction | None:
        return month_average(rates, origin, target, first)

    ways = conversions(rules)
    first, pairs = first_occurrences(matched.documents, ["currency", "credited_on"])
    way = matched.of_rules({rule.number: ways.index(Conversion.of(rule)) for rule in rules}, pl.Int64())
    cells = (pairs.cast(pl.Int64) * len(ways))[matched.rows["document"]] + way
    occurring = cells.unique().to_list() if len(ways) > 1 else range(len(first))
    known = rows_of(matched.documents, first, ["currency", "credited_on"]).rows()
    found: list[Fraction | None] = [None] * (len(first) * len(ways))
    for cell in occurring:
        (currency, day), number = known[cell // len(ways)], cell % len(ways)
        found[cell] = ways[number].minor_ratio(currency, day, rates, average)
    nums, dens = (
        exact_series(getattr(ratio, part) if ratio else None for ratio in found)
        for part in ("numerator", "denominator")
    )
    return Exchange(cells, nums, dens, any(found[cell] != 1 for cell in occurring))
