"""Amounts: what a party is credited of a transaction's measure, in the plan's currency."""

from collections.abc import Iterator, Sequence

import polars as pl

from compensation.crediting.measuring import Measures
from compensation.crediting.overflow import refuse_overflow
from compensation.crediting.rules_frame import CreditingRules, divides_earnings
from compensation.exact import MILLIONTHS
from compensation.exact_columns import EXACT_TYPE, as_exact, divided, exact
from compensation.plans.measures import MeasureKind
from compensation.plans.rules import Rule

SIDES = ("before", "after")


def with_amounts(matched: pl.DataFrame, crediting: CreditingRules, unit: int) -> pl.DataFrame:
    """``base``, ``position`` and ``family_base`` of each row, and share_millionths; ``base_raw`` and ``position_raw``
    are of the whole transaction in its own currency.

    Converted and rounded, the party's part of it by subtraction on the running share, the rule's share of that; where
    the rule converts after the share, converted last. PayOverflowError if a credit could leave the exact range.
    """
    rules, measures = crediting.rules, crediting.measures
    names = {"base": "measure"} if _looks_at_what_it_pays(rules) else {"base": "measure", "position": "looks_at"}
    raw = matched.with_columns(
        *(_raw(by, side, measures).alias(f"{name}_{side}") for name, by in names.items() for side in SIDES),
        *(column for name, by in names.items() for column in _rate(name, by, measures)),
        *_credited_share(rules, unit),
        *_moments_of_conversion(rules),
    )
    refuse_overflow(raw, rules, tuple(names), unit)
    amounts = raw.lazy().with_columns(pl.col(f"{name}_after").alias(f"{name}_raw") for name in names)
    for name in names:
        steps = _steps(raw, name, rules, unit)
        for side in SIDES:
            if not _is_all(raw, f"{name}_{side}", 0):
                amounts = _credited(amounts, f"{name}_{side}", steps, unit)
    amounts = amounts.with_columns(
        *((pl.col(f"{name}_after") - pl.col(f"{name}_before")).alias(name) for name in names),
        pl.col("base_before").alias("family_base"),
        *_in_millionths(unit),
    ).with_columns((pl.col("share_to") - pl.col("share_from")).alias("share_millionths"))
    if "position" not in names:
        amounts = amounts.with_columns(pl.col("base").alias("position"), pl.col("base_raw").alias("position_raw"))
    return amounts.with_columns(pl.col("position").cast(pl.Int64)).collect()


def _looks_at_what_it_pays(rules: Sequence[Rule]) -> bool:
    return all(rule.component.looks_at == rule.component.measure for rule in rules)


def _raw(by: str, side: str, measures: Measures) -> pl.Expr:
    keys = list(measures.wanted)
    if not keys:
        return pl.lit(None, EXACT_TYPE)
    if len(keys) == 1:
        return as_exact(f"{keys[0]}_{side}")
    chosen = pl.coalesce(pl.when(pl.col(by) == key).then(f"{key}_{side}") for key in keys)
    return chosen.cast(EXACT_TYPE)


def _rate(name: str, by: str, measures: Measures) -> Iterator[pl.Expr]:
    """Numbers have no currency."""
    numbers = [key for key, (plan, measure) in measures.wanted.items() if plan.kind_of(measure) is MeasureKind.NUMBER]
    for part in ("num", "den"):
        rate = pl.col(f"rate_{part}")
        if numbers:
            rate = pl.when(pl.col(by).is_in(numbers)).then(exact(1)).otherwise(rate)
        yield rate.alias(f"{name}_{part}")


def _credited_share(rules: Sequence[Rule], unit: int) -> Iterator[pl.Expr]:
    """The part of the transaction that is credited: all of it where the shares divide the earning."""
    whole = [rule.number for rule in rules if divides_earnings(rule)]
    for name, value in (("from", 0), ("to", unit)):
        part = pl.col(f"share_{name}")
        if whole:
            part = pl.when(pl.col("rule").is_in(whole)).then(pl.lit(value, pl.Int64)).otherwise(part)
        yield part.alias(f"credited_{name}")


def _moments_of_conversion(rules: Sequence[Rule]) -> Iterator[pl.Expr]:
    late = late_conversions(rules)
    if late:
        yield pl.col("rule").is_in(late).alias("converted_late")


def late_conversions(rules: Sequence[Rule]) -> list[int]:
    """The rules that convert after the share."""
    return [rule.number for rule in rules if rule.component.converted_after_share]


def _in_millionths(unit: int) -> Iterator[pl.Expr]:
    fine = unit // MILLIONTHS
    if fine > 1:
        for name in ("share_from", "share_to"):
            yield ((2 * pl.col(name) + fine) // (2 * fine)).alias(name)


def _steps(raw: pl.DataFrame, name: str, rules: Sequence[Rule], unit: int) -> list[tuple[pl.Expr, pl.Expr] | None]:
    """What scales the measure, in this order, each rounded: ratios, and (None) the party's part; without those of 1."""
    late = late_conversions(rules)
    rate = (pl.col(f"{name}_num"), pl.col(f"{name}_den"))
    is_late = pl.col("converted_late")
    converts = not all(_is_all(raw, f"{name}_{part}", 1) for part in ("num", "den"))
    steps: list[tuple[pl.Expr, pl.Expr] | None] = []
    if converts:
        steps.append(_unless(is_late, rate) if late else rate)
    if not (_is_all(raw, "credited_from", 0) and _is_all(raw, "credited_to", unit)):
        steps.append(None)
    if any(rule.component.share.value != 1 for rule in rules):
        steps.append((as_exact("share_num"), as_exact("share_den")))
    if converts and late:
        steps.append(_unless(~is_late, rate))
    return steps


def _is_all(frame: pl.DataFrame, column: str, value: int) -> bool:
    """Whether every row has the value; of most columns that is known from the first."""
    if frame.is_empty() or frame[column].null_count() or frame[column][0] != value:
        return False
    return bool((frame[column] == value).all())


def _credited(
    frame: pl.LazyFrame, column: str, steps: Sequence[tuple[pl.Expr, pl.Expr] | None], unit: int
) -> pl.LazyFrame:
    for step in steps:
        frame = _parted(frame, column, unit) if step is None else _scaled(frame, column, *step)
    return frame


def _parted(frame: pl.LazyFrame, column: str, unit: int) -> pl.LazyFrame:
    """The party's part, by subtraction on the running share."""
    whole = exact(unit)
    return frame.with_columns(
        *((pl.col(column) * as_exact(f"credited_{end}")).alias(f"_{end}") for end in ("to", "from"))
    ).with_columns((divided(pl.col("_to"), whole) - divided(pl.col("_from"), whole)).alias(column))


def _unless(condition: pl.Expr | None, rate: tuple[pl.Expr, pl.Expr]) -> tuple[pl.Expr, pl.Expr]:
    """The rate, but one where the condition holds."""
    if condition is None:
        return rate
    num, den = (
        pl.when(condition).then(pl.when(part.is_null()).then(None).otherwise(exact(1))).otherwise(part) for part in rate
    )
    return num, den


def _scaled(frame: pl.LazyFrame, column: str, num: pl.Expr, den: pl.Expr) -> pl.LazyFrame:
    scaled = frame.with_columns((pl.col(column) * num).alias("_scaled"))
    return scaled.with_columns(divided(pl.col("_scaled"), den).alias(column))
