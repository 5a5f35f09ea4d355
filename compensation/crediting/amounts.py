"""Amounts: what a party is credited of a transaction's measure, in the plan's currency."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from compensation.columns import collected, rows_of
from compensation.crediting.conversion import Exchange
from compensation.crediting.matched import Matched
from compensation.crediting.measuring import Measures, measure_key
from compensation.crediting.overflow import narrowest_for
from compensation.crediting.rules_frame import CreditingRules, divides_earnings
from compensation.exact import MILLIONTHS
from compensation.exact_columns import divided
from compensation.plans.measures import MeasureKind
from compensation.plans.rules import Rule

SIDES = ("before", "after")
_INTEGER = pl.Int64()
Ratio = tuple[pl.Expr, pl.Expr]


def amounts_of(matched: Matched, crediting: CreditingRules, exchange: Exchange, unit: int) -> pl.DataFrame:
    """Of each credit ``base``, ``position`` and ``family_base`` (Int64), null where a measure or a rate is missing, and
    ``base_missing`` and ``position_missing`` (whether the measure is).

    Converted and rounded, the party's part of it by subtraction on the running share, the rule's share of that; where
    the rule converts after the share, converted last. PayOverflowError if a credit could leave the exact range.
    """
    rules = crediting.rules
    looks_at_it = all(rule.component.looks_at == rule.component.measure for rule in rules)
    names = ("base",) if looks_at_it else ("base", "position")
    raw = pl.DataFrame(
        [
            *_shares(matched, rules, unit),
            *(each for name in names for each in _measured(matched, crediting, exchange, name)),
        ]
    )
    amounts = _calculated(raw, matched, rules, names, unit)
    if looks_at_it:
        amounts = amounts.with_columns(pl.col(f"base{end}").alias(f"position{end}") for end in ("", "_missing"))
    amount = ("base", "position", "family_base")
    told = amounts.select(pl.col(amount).cast(_INTEGER), "base_missing", "position_missing")
    return collected(told).rechunk()


def shares_in_millionths(matched: Matched, unit: int) -> pl.DataFrame:
    """Of each credit share_millionths, share_from, share_to."""
    fine = unit // MILLIONTHS
    ends = matched.places[["share_from", "share_to"]]
    if fine > 1:
        ends = ends.with_columns((pl.all() * 2 + fine) // (2 * fine))
    whole = (ends["share_to"] - ends["share_from"]).alias("share_millionths")
    return rows_of(pl.DataFrame([whole, *ends]), matched.rows["place"])


def late_conversions(rules: Sequence[Rule]) -> list[int]:
    """The rules that convert after the share."""
    return [rule.number for rule in rules if rule.component.converted_after_share]


def _measured(matched: Matched, crediting: CreditingRules, exchange: Exchange, name: str) -> Iterator[pl.Series]:
    """Columns ``<name>_before``, ``<name>_after`` and, unless that is 1 everywhere, ``<name>_num``, ``<name>_den``."""
    keys = {rule.number: _key(rule, name) for rule in crediting.rules}
    for side in SIDES:
        yield _of_documents(matched, keys, list(crediting.measures.wanted), side).alias(f"{name}_{side}")
    if exchange.converts:
        numbers = [rule for rule, key in keys.items() if _is_number(crediting.measures, key)]
        is_number = matched.rows["rule"].is_in(numbers)
        for part, rate in (("num", exchange.nums), ("den", exchange.dens)):
            own = rate[exchange.places]
            one = pl.Series([1], dtype=own.dtype)
            yield (own.zip_with(~is_number, one) if numbers else own).alias(f"{name}_{part}")


def _key(rule: Rule, name: str) -> str:
    component = rule.component
    return measure_key(rule.plan_number, component.measure if name == "base" else component.looks_at)


def _is_number(measures: Measures, key: str) -> bool:
    plan, measure = measures.wanted[key]
    return plan.kind_of(measure) is MeasureKind.NUMBER


def _of_documents(matched: Matched, keys: Mapping[int, str], wanted: Sequence[str], side: str) -> pl.Series:
    """The measure that each credit's rule looks at, of its document."""
    columns = [matched.documents[f"{key}_{side}"] for key in wanted]
    row = matched.rows["document"]
    if len(columns) == 1:
        return columns[0][row]
    offsets = {rule: wanted.index(key) * matched.documents.height for rule, key in keys.items()}
    return pl.concat(columns, rechunk=True)[matched.of_rules(offsets, _INTEGER) + row]


def _shares(matched: Matched, rules: Sequence[Rule], unit: int) -> Iterator[pl.Series]:
    """Columns credited_from and credited_to (all of it where the shares divide the earning), share_num and share_den,
    and whether a rule is converted_late; without those that change nothing.
    """
    yield matched.rows["rule"]
    whole = [rule.number for rule in rules if divides_earnings(rule)]
    ends = {"from": 0, "to": unit}
    if any((matched.places[f"share_{end}"] != value).any() for end, value in ends.items()):
        for end, value in ends.items():
            own = matched.column(f"share_{end}")
            if whole:
                own = own.zip_with(~matched.rows["rule"].is_in(whole), pl.Series([value]))
            yield own.alias(f"credited_{end}")
    shares = {rule.number: rule.component.share.value for rule in rules}
    if any(share != 1 for share in shares.values()):
        parts = {"num": "numerator", "den": "denominator"}
        for part, of_ratio in parts.items():
            values = {number: getattr(share, of_ratio) for number, share in shares.items()}
            yield matched.of_rules(values, _INTEGER).alias(f"share_{part}")
    if late := late_conversions(rules):
        yield matched.rows["rule"].is_in(late).alias("converted_late")


def _calculated(
    raw: pl.DataFrame, matched: Matched, rules: Sequence[Rule], names: Sequence[str], unit: int
) -> pl.LazyFrame:
    numbers = narrowest_for(raw, matched, rules, names, unit)
    exact = pl.col([name for name in raw.columns if name not in ("rule", "converted_late")]).cast(numbers)
    missing = (
        pl.any_horizontal(pl.col(f"{name}_{side}").is_null() for side in SIDES).alias(f"{name}_missing")
        for name in names
    )
    amounts = raw.lazy().with_columns(exact, *missing)
    for name in names:
        for side in SIDES:
            if side == "after" or not (raw[f"{name}_{side}"] == 0).all():
                amounts = _credited(amounts, name, side, raw.columns, unit)
    return amounts.with_columns(
        *((pl.col(f"{name}_after") - pl.col(f"{name}_before")).alias(name) for name in names),
        pl.col("base_before").alias("family_base"),
    )


def _credited(frame: pl.LazyFrame, name: str, side: str, columns: Sequence[str], unit: int) -> pl.LazyFrame:
    """What scales the measure, in this order, each rounded: its rate, the party's part of it, the rule's share."""
    column, rate = f"{name}_{side}", (pl.col(f"{name}_num"), pl.col(f"{name}_den"))
    converts, is_late = f"{name}_num" in columns, pl.col("converted_late")
    can_be_late = "converted_late" in columns
    if converts:
        frame = _scaled(frame, column, _unless(is_late, rate) if can_be_late else rate)
    if "credited_from" in columns:
        frame = _parted(frame, column, unit)
    if "share_num" in columns:
        frame = _scaled(frame, column, (pl.col("share_num"), pl.col("share_den")))
    if converts and can_be_late:
        frame = _scaled(frame, column, _unless(~is_late, rate))
    return frame


def _parted(frame: pl.LazyFrame, column: str, unit: int) -> pl.LazyFrame:
    """The party's part, by subtraction on the running share."""
    upto, below = (pl.col(column) * pl.col(f"credited_{end}") for end in ("to", "from"))
    frame = frame.with_columns(upto.alias("_to"), below.alias("_from"))
    return frame.with_columns(
        (divided(pl.col("_to"), _whole(unit)) - divided(pl.col("_from"), _whole(unit))).alias(column)
    )


def _whole(unit: int) -> pl.Expr:
    return pl.lit(unit)


def _unless(condition: pl.Expr, rate: Ratio) -> Ratio:
    """The rate, but one where the condition holds."""
    num, den = (
        pl.when(condition).then(pl.when(part.is_null()).then(None).otherwise(1)).otherwise(part) for part in rate
    )
    return num, den


def _scaled(frame: pl.LazyFrame, column: str, ratio: Ratio) -> pl.LazyFrame:
    scaled = frame.with_columns((pl.col(column) * ratio[0]).alias("_scaled"))
    return scaled.with_columns(divided(pl.col("_scaled"), ratio[1]).alias(column))
