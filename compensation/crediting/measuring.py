"""Measures of transactions: the built-in ones, fields, and what plans make of them with operators.

A measure is evaluated on what is left of a family (a transaction with the returns that reverse it) before and after
each of its rows, so that a full return takes back all of it, be the measure a sum or a ratio. A return that stands
alone counts as the mirror of the document that it takes back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import polars as pl

from compensation.errors import FactsError
from compensation.exact import LIMIT, MILLIONTHS, rounded
from compensation.exact_columns import divided, exact, magnitude
from compensation.plans.measures import BUILT_IN, Measure, MeasureKind, kind_of
from compensation.plans.plan import Plan
from compensation.plans.typed_numbers import Number

BASES = {
    "revenue": "revenue_minor",
    "margin": "margin_minor",
    "quantity": "quantity_millionths",
    "earnings": "revenue_minor",
}
"""The columns of transactions that built-in measures count; ``count`` and ``deals`` have none."""
COUNTED = ("count", "deals")
FIELD = "field:"


def measure_key(plan_number: int, name: str) -> str:
    """The name under which frames have a measure: that of a plan's own measure says whose it is."""
    return name if name in BUILT_IN else f"{plan_number}:{name}"


@dataclass(frozen=True)
class Measures:
    """The measures that a run wants: by their key the plan and the name there."""

    wanted: Mapping[str, tuple[Plan, str]]

    @property
    def bases(self) -> list[str]:
        """The built-in measures and fields (``field:<name>``) that all of them are made of."""
        return list(dict.fromkeys(base for plan, name in self.wanted.values() for base in _bases(name, plan)))

    @property
    def fields(self) -> list[str]:
        """The names of the fields among them."""
        return [base.removeprefix(FIELD) for base in self.bases if base.startswith(FIELD)]

    def evaluated(self, transactions: pl.DataFrame) -> pl.DataFrame:
        """``<key>_before`` and ``<key>_after`` of the plans' own measures added, from those of their bases."""
        for key, (plan, name) in self.wanted.items():
            if name not in BUILT_IN:
                transactions = transactions.with_columns(_sides(key, name, plan, transactions))
        return transactions


def with_fields(transactions: pl.DataFrame, measures: pl.DataFrame, fields: Iterable[str]) -> pl.DataFrame:
    """The transactions with a column ``field:<name>`` for each of the fields; null where they lack it."""
    for name in fields:
        values = measures.filter(pl.col("measure") == name).select(
            "transaction_id", pl.col("value").alias(f"{FIELD}{name}")
        )
        transactions = transactions.join(values, on="transaction_id", how="left", maintain_order="left")
    return transactions


def _bases(name: str, plan: Plan) -> Iterator[str]:
    if name in BUILT_IN:
        yield name
    else:
        yield from _bases_of(plan.measures[name], plan)


def _bases_of(measure: Measure, plan: Plan) -> Iterator[str]:
    if measure.field is not None:
        yield f"{FIELD}{measure.field}"
    for term in measure.terms:
        if isinstance(term, Measure):
            yield from _bases_of(term, plan)
        elif isinstance(term, str):
            yield from _bases(term, plan)


def _sides(key: str, name: str, plan: Plan, transactions: pl.DataFrame) -> Iterator[pl.Expr]:
    """An original begins with nothing; of a family that is returned to nothing, nothing is left."""
    bases = dict.fromkeys(_bases(name, plan))
    largest = {base: _largest(transactions, base) for base in bases}
    is_original = pl.col("reverses_id").is_null()
    for side in ("before", "after"):
        columns = {base: _mirrored(pl.col(f"{base}_{side}")) for base in bases}
        value = _mirrored(_Evaluation(plan, name, columns, largest).named(name).expr)
        is_gone = pl.all_horizontal(pl.col(f"{base}_{side}") == 0 for base in bases)
        is_empty = (is_original | is_gone) if side == "before" else (is_gone & ~is_original)
        yield pl.when(is_empty).then(exact(0)).otherwise(value).alias(f"{key}_{side}")


def _mirrored(value: pl.Expr) -> pl.Expr:
    """The value, of a return that stands alone with the other sign."""
    stands_alone = (pl.col("kind") == "return") & pl.col("reverses_id").is_null()
    return pl.when(stands_alone).then(-value).otherwise(value)


def _largest(transactions: pl.DataFrame, base: str) -> int:
    return max(magnitude(transactions[f"{base}_{side}"]) for side in ("before", "after"))


@dataclass(frozen=True)
class _Value:
    """An integer column; divided by ``den`` it is minor units or a plain number. ``reach`` bounds it."""

    expr: pl.Expr
    den: int
    reach: int


class _Evaluation:
    """The expression of a measure over columns, every operator's result rounded to a minor unit or millionth."""

    def __init__(self, plan: Plan, name: str, columns: Mapping[str, pl.Expr], largest: Mapping[str, int]) -> None:
        self._plan, self._name, self._columns, self._largest = plan, name, columns, largest

    def named(self, name: str) -> _Value:
        if name in BUILT_IN:
            return self._base(name, BUILT_IN[name])
        return self._measure(self._plan.measures[name])

    def _base(self, base: str, kind: MeasureKind) -> _Value:
        return _Value(self._columns[base], _unit(kind), self._largest[base])

    def _measure(self, measure: Measure) -> _Value:
        kind = kind_of("it", {**self._plan.measures, "it": measure})
        if measure.field is not None:
            return self._base(f"{FIELD}{measure.field}", kind)
        unit = _unit(kind)
        match measure.operator:
            case "product":
                return self._product([self._term(term) for term in measure.terms], unit)
            case "ratio":
                dividend, divisor = (self._term(term) for term in measure.terms)
                return self._ratio(dividend, divisor, unit)
            case operator:
                return self._combined(str(operator), [self._whole(term, unit) for term in measure.terms], unit)

    def _term(self, term: Number | Measure | str) -> _Value:
        if isinstance(term, Number):
            return _Value(exact(term.value.numerator), term.value.denominator, abs(term.value.numerator))
        return self._measure(term) if isinstance(term, Measure) else self.named(term)

    def _whole(self, term: Number | Measure | str, unit: int) -> _Value:
        """A term of a sum, which are all of one kind: a number is counted as finely as the others."""
        if not isinstance(term, Number):
            return self._term(term)
        whole = rounded(term.value * unit)
        return _Value(exact(whole), unit, abs(whole))

    def _combined(self, operator: str, terms: list[_Value], unit: int) -> _Value:
        expressions, reach = [term.expr for term in terms], sum(term.reach for term in terms)
        self._refuse(reach)
        match operator:
            case "sum":
                return _Value(reduce(lambda left, right: left + right, expressions), unit, reach)
            case "difference":
                return _Value(expressions[0] - expressions[1], unit, reach)
        chosen = (pl.min_horizontal if operator == "min" else pl.max_horizontal)(expressions)
        is_unknown = pl.any_horizontal(expression.is_null() for expression in expressions)
        return _Value(pl.when(is_unknown).then(None).otherwise(chosen), unit, reach)

    def _product(self, terms: list[_Value], unit: int) -> _Value:
        scale = Fraction(unit)
        reach = 1
        for term in terms:
            scale, reach = scale / term.den, reach * term.reach
        product = reduce(lambda left, right: left * right, (term.expr for term in terms))
        by, divisor = scale.denominator, exact(scale.denominator)
        return self._quotient(product * exact(scale.numerator), reach * scale.numerator, divisor, by, unit, least=by)

    def _ratio(self, dividend: _Value, divisor: _Value, unit: int) -> _Value:
        """Null where it is divided by nothing."""
        scale = Fraction(unit * divisor.den, dividend.den)
        numerator = pl.when(divisor.expr < 0).then(-dividend.expr).otherwise(dividend.expr) * exact(scale.numerator)
        size, most = divisor.expr.abs() * exact(scale.denominator), divisor.reach * scale.denominator
        usable = pl.when(size > 0).then(size)
        return self._quotient(numerator, dividend.reach * scale.numerator, usable, most, unit)

    def _quotient(
        self, numerator: pl.Expr, reach: int, denominator: pl.Expr, most: int, unit: int, *, least: int = 1
    ) -> _Value:
        """``least`` and ``most``: what bounds the denominator."""
        self._refuse(2 * (reach + most))
        return _Value(divided(numerator, denominator), unit, reach // least + 1)

    def _refuse(self, reach: int) -> None:
        if reach > LIMIT:
            raise FactsError(
                f"measure '{self._name}' of plan '{self._plan.name}': its transactions are too large to be "
                "calculated exactly; correct them, or measure in larger units"
            )


def _unit(kind: MeasureKind) -> int:
    return MILLIONTHS if kind is MeasureKind.NUMBER else 1
