"""One run of the engine: credits of any number of scenarios, through their accumulators, to earnings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import narwhals as nw
import polars as pl

from compensation.accumulators import Accumulators, CurveBook, Owner
from compensation.bounds import refuse_overflow
from compensation.conversion import RateTable
from compensation.crediting import credit
from compensation.dealings import Dealings
from compensation.errors import FactsError, PayOverflowError
from compensation.exact import MAX_MINOR, rounded
from compensation.facts import Facts
from compensation.payout import pay
from compensation.periods import Period
from compensation.plan import Mode, Plan
from compensation.quotas import Quotas
from compensation.sentences import Money
from compensation.staff import Staff
from compensation.terms import Term, terms_of

_PARTIES_PER_TRANSACTION = 1 << 20


@dataclass(frozen=True)
class Ground:
    """What every run over the same facts and plans shares."""

    facts: Facts
    terms: tuple[Term, ...]
    staff: Staff
    rates: RateTable
    quotas: Quotas
    book: CurveBook
    exponents: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Facts, plans: Sequence[Plan]) -> "Ground":
        terms, rates = terms_of(plans), RateTable(facts)
        exponents = {plan.currency: rates.exponent(plan.currency) for plan in plans}
        return cls(facts, terms, Staff(facts), rates, Quotas(facts, rates), CurveBook(terms, exponents), exponents)

    def credits(self, dealings: Dealings) -> pl.DataFrame:
        """See :func:`compensation.crediting.credit`."""
        return credit(dealings, self.terms, self.staff, self.rates)

    def money(self, minor: int, currency: str) -> Money:
        """Minor units as money text."""
        digits = self.rates.exponent(currency)
        return Money(amount=f"{Decimal(minor).scaleb(-digits):f}", currency=currency)

    def converted(self, amounts: Mapping[str, int], currency: str, day: date) -> Money:
        """Minor units by currency added up in one currency, each rounded; FactsError without a rate."""
        total = 0
        for origin, minor in amounts.items():
            ratio = self.rates.minor_ratio(origin, currency, day)
            if ratio is None:
                raise FactsError(f"rates: none from {origin} to {currency} on {day}; add one to pay in {currency}")
            total += rounded(minor * ratio)
        return self.money(total, currency)

    @property
    def modes(self) -> pl.DataFrame:
        """Columns term, mode."""
        modes = [term.component.mode.value for term in self.terms]
        return pl.DataFrame(
            {"term": pl.Series(range(len(modes)), dtype=pl.Int64), "mode": pl.Series(modes, dtype=pl.String)}
        )


def owners_of(credited: pl.DataFrame) -> list[Owner]:
    """The accumulators that the credits enter, in a fixed order."""
    keys = ("scenario", "term", "payee_id", "period_label", "period_start", "period_end")
    rows = credited.select(keys).unique().sort("scenario", "term", "payee_id", "period_start").iter_rows()
    return [Owner(scenario, term, payee_id, Period(*period)) for scenario, term, payee_id, *period in rows]


def run(ground: Ground, credited: pl.DataFrame, accumulators: Accumulators) -> pl.DataFrame:
    """The credits with accumulator, quota_minor, ``outcome``, and, where they pay, before, after and earning_minor.

    In the order of the credits inside accumulators. ValueError if two credits of an accumulator have the same place.
    """
    frame = accumulators.frame()
    keyed = credited.join(frame, on=["scenario", "term", "payee_id", "period_start"], how="inner")
    keyed = (
        keyed.join(ground.modes, on="term")
        .sort("accumulator", "order_no", "party_no")
        .with_columns(
            (pl.col("order_no") * _PARTIES_PER_TRANSACTION + pl.col("party_no")).alias("sequence"),
            pl.coalesce("outcome", "pay_outcome").alias("outcome"),
            pl.int_range(pl.len()).alias("credit_id"),
        )
    )
    _refuse_ties(keyed)
    payable = keyed.filter(pl.col("outcome").is_null())
    refuse_overflow(payable, accumulators.rows, ground.book.curves, ground.terms)
    paid = _paid(payable, frame, ground.book.frame())
    return _in_minor_units(keyed.join(paid, on="credit_id", how="left", maintain_order="left"), ground.terms)


def _paid(payable: pl.DataFrame, frame: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    modes = [Mode(mode) for mode in sorted(payable["mode"].unique().to_list())]
    if not modes:
        return pl.DataFrame(
            schema={"credit_id": pl.Int64, **dict.fromkeys(("before", "after", "earning"), pl.Decimal(38, 0))}
        )
    columns = ("credit_id", "origin_id", "accumulator", "sequence", "mode", "base", "position", "family_base")
    parts = (_tied(payable).select(columns), frame.select("accumulator", "curve", "start"), segments)
    credited, accumulators, curves = (nw.from_native(part.lazy()) for part in parts)
    paid: pl.DataFrame = pay(credited, accumulators, curves, modes).collect().to_native()
    return paid


def _tied(payable: pl.DataFrame) -> pl.DataFrame:
    """Returns with the credit that they reverse: the same party's, in the same accumulator."""
    place = ["accumulator", "party_no"]
    origins = payable.select(
        *place, pl.col("transaction_id").alias("reverses_id"), pl.col("credit_id").alias("origin_id")
    )
    return payable.join(origins, on=[*place, "reverses_id"], how="left")


def _refuse_ties(keyed: pl.DataFrame) -> None:
    ties = keyed.filter(pl.struct("accumulator", "sequence").is_duplicated())
    if not ties.is_empty():
        raise ValueError(
            f"transaction {ties['transaction_id'][0]}: two credits of {ties['payee_id'][0]} have the same place"
        )


def _in_minor_units(lines: pl.DataFrame, terms: Sequence[Term]) -> pl.DataFrame:
    amounts = ("base", "position", "before", "after", "earning", "quota_minor")
    for name in amounts:
        beyond = lines.filter(pl.col(name).abs() > MAX_MINOR)
        if not beyond.is_empty():
            component = terms[beyond["term"][0]].component.name
            raise PayOverflowError(beyond["payee_id"][0], component, f"the {name} of {beyond['period_label'][0]}")
    return lines.with_columns(pl.col(amounts).cast(pl.Int64)).rename({"earning": "earning_minor"})
