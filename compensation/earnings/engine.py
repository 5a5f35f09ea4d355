"""The engine: credits of any number of scenarios, through their accumulators and along their curves, to earnings."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from compensation.crediting.credits import credit
from compensation.crediting.transactions import Scenarios
from compensation.curves.earning import Method, earn
from compensation.earnings.accumulators import Accumulators, Curves
from compensation.earnings.overflow import refuse_overflow
from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.facts.quotas import Quotas
from compensation.plans.components import Mode
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule, rules_of

_PARTIES_PER_TRANSACTION = 1 << 20


@dataclass(frozen=True)
class Engine:
    """Facts and plans, made ready for any number of runs."""

    facts: Facts
    rules: tuple[Rule, ...]
    assignments: Assignments
    rates: ExchangeRates
    quotas: Quotas
    curves: Curves

    @classmethod
    def of(cls, facts: Facts, plans: Sequence[Plan]) -> "Engine":
        """ValueError if a plan is given twice; FactsError if a plan's currency is not among the facts'."""
        rules, rates = rules_of(plans), ExchangeRates(facts)
        exponents = {plan.currency: rates.exponent(plan.currency) for plan in plans}
        return cls(facts, rules, Assignments(facts), rates, Quotas(facts, rates), Curves(rules, exponents))

    def credits(self, scenarios: Scenarios) -> pl.DataFrame:
        """See :func:`compensation.crediting.credits.credit`."""
        return credit(scenarios, self.rules, self.assignments, self.rates)

    def accumulators(self) -> Accumulators:
        """None are open yet."""
        return Accumulators(self.rules, self.quotas, self.curves)

    def earnings(self, credited: pl.DataFrame, accumulators: Accumulators) -> pl.DataFrame:
        """The credits with accumulator, quota_minor, ``outcome``, and, where they pay, before, after and earning_minor.

        In the order of the credits inside accumulators. ValueError if two credits of an accumulator have the same
        place, PayOverflowError if amounts leave the exact range.
        """
        frame = accumulators.frame()
        placed = _placed(credited.join(frame, on=["scenario", "rule", "payee_id", "period_start"], how="inner"))
        payable = placed.filter(pl.col("outcome").is_null()).join(self._modes(), on="rule", maintain_order="left")
        refuse_overflow(payable, accumulators.rows, self.curves.compiled, self.rules)
        earned = _earned(payable, frame, self.curves.frame())
        return _in_minor_units(placed.join(earned, on="credit_id", how="left", maintain_order="left"), self.rules)

    def _modes(self) -> pl.DataFrame:
        modes = [rule.component.mode.value for rule in self.rules]
        numbers = pl.Series(range(len(modes)), dtype=pl.Int64)
        return pl.DataFrame({"rule": numbers, "mode": pl.Series(modes, dtype=pl.String)})


def _placed(credited: pl.DataFrame) -> pl.DataFrame:
    """The credits in their order, numbered; ``outcome`` says what cannot be paid."""
    placed = credited.sort("accumulator", "order_no", "party_no").with_columns(
        (pl.col("order_no") * _PARTIES_PER_TRANSACTION + pl.col("party_no")).alias("sequence"),
        pl.coalesce("outcome", "pay_outcome").alias("outcome"),
        pl.int_range(pl.len()).alias("credit_id"),
    )
    _refuse_ties(placed)
    return placed


def _earned(payable: pl.DataFrame, frame: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    modes = [Mode(mode) for mode in sorted(payable["mode"].unique().to_list())]
    methods = [Method(mode, False, 1, "half_away", False) for mode in modes]
    if not modes:
        return pl.DataFrame(
            schema={"credit_id": pl.Int64, **dict.fromkeys(("before", "after", "earning"), pl.Decimal(38, 0))}
        )
    columns = (
        "credit_id",
        "origin_id",
        "accumulator",
        "curve",
        "sequence",
        "method",
        "base",
        "position",
        "family_base",
    )
    numbered = _tied(payable).with_columns(
        pl.col("mode").replace_strict({m.value: n for n, m in enumerate(modes)}, return_dtype=pl.Int64).alias("method")
    )
    parts = (numbered.select(columns), frame.select("accumulator", "start"), segments)
    credited, accumulators, curves = (part.lazy() for part in parts)
    return earn(credited, accumulators, curves, methods, "accumulator").collect()


def _tied(payable: pl.DataFrame) -> pl.DataFrame:
    """Returns with the credit that they reverse: the same party's, in the same accumulator."""
    place = ["accumulator", "party_no"]
    origins = payable.select(
        *place, pl.col("transaction_id").alias("reverses_id"), pl.col("credit_id").alias("origin_id")
    )
    return payable.join(origins, on=[*place, "reverses_id"], how="left")


def _refuse_ties(placed: pl.DataFrame) -> None:
    ties = placed.filter(pl.struct("accumulator", "sequence").is_duplicated())
    if not ties.is_empty():
        raise ValueError(
            f"transaction {ties['transaction_id'][0]}: two credits of {ties['payee_id'][0]} have the same place"
        )


def _in_minor_units(lines: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    amounts = ("base", "position", "before", "after", "earning", "quota_minor")
    for name in amounts:
        beyond = lines.filter(pl.col(name).abs() > MAX_MINOR)
        if not beyond.is_empty():
            component = rules[beyond["rule"][0]].component.name
            raise PayOverflowError(beyond["payee_id"][0], component, f"the {name} of {beyond['period_label'][0]}")
    return lines.with_columns(pl.col(amounts).cast(pl.Int64)).rename({"earning": "earning_minor"})
