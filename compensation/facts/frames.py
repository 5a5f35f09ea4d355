"""What a calculation is given: frames of transactions, participants, assignments, quotas, rates, deals and more."""

from dataclasses import dataclass, field, fields
from fractions import Fraction

import polars as pl

from compensation.errors import FactsError
from compensation.facts.schemas import DATED, EXACT_TEXTS, MAY_BE_ABSENT, MAY_BE_NULL, SCHEMAS, UNIQUE


def _none() -> pl.DataFrame:
    return pl.DataFrame()


@dataclass(frozen=True)
class Facts:
    """The frames of :data:`~compensation.facts.schemas.SCHEMAS`; further columns are ignored.

    ``transactions.kind`` is ``booking``, ``order``, ``invoice``, ``receipt``, ``renewal``, ``return`` (negative
    measures) or ``expected`` (a line of an open opportunity). ``document_id`` is the document that a line belongs to,
    ``settles_id`` that of the invoice that a receipt pays. ``to_on`` is the first day after; null: it has no end.
    Exponents of ``currencies`` are the digits of the minor unit. A column that is entirely null may have any type.

    - ``measures`` (``field`` names of plans; money in the transaction's currency) and ``attributes``: more about
      transactions.
    - ``assignments.salary_minor``: of a year, in ``pay_currency``, else in the plan's currency.
    - ``coverage``: who is credited for what; a null attribute covers any, precedence 1 comes first.
    - ``metrics``: numbers from outside, of a payee, a team, or (subject "") of everyone. ``targets``: target pay,
      ``factors``: factors by hand, ``absences``: days away from work.
    - ``holds``: deals, or single documents of them, of which nothing is released for the time being, by whom and why.
    - ``posted`` (what earlier closes posted; no transaction: "") and ``paid`` (what was paid before).

    FactsError, with frame, column and row, if a frame does not fit.
    """

    transactions: pl.DataFrame
    participants: pl.DataFrame
    assignments: pl.DataFrame
    quotas: pl.DataFrame
    rates: pl.DataFrame
    currencies: pl.DataFrame
    deals: pl.DataFrame
    measures: pl.DataFrame = field(default_factory=_none)
    attributes: pl.DataFrame = field(default_factory=_none)
    coverage: pl.DataFrame = field(default_factory=_none)
    metrics: pl.DataFrame = field(default_factory=_none)
    targets: pl.DataFrame = field(default_factory=_none)
    factors: pl.DataFrame = field(default_factory=_none)
    absences: pl.DataFrame = field(default_factory=_none)
    holds: pl.DataFrame = field(default_factory=_none)
    posted: pl.DataFrame = field(default_factory=_none)
    paid: pl.DataFrame = field(default_factory=_none)

    def __post_init__(self) -> None:
        for each in fields(self):
            frame = _checked(each.name, getattr(self, each.name))
            object.__setattr__(self, each.name, frame)
            _refuse_repeated(each.name, frame)
        _refuse_undated(self.transactions)
        _refuse_overlaps(self.assignments)
        for name in DATED:
            _refuse_backwards(name, getattr(self, name))
        for name, column in EXACT_TEXTS.items():
            _refuse_inexact(name, getattr(self, name)[column])


def _checked(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    schema = SCHEMAS[name]
    if not frame.columns:
        return pl.DataFrame(schema=schema)
    fitting = frame if frame.schema == pl.Schema(schema) else _fitted(name, frame)
    for column in fitting.get_columns():
        if column.null_count() and column.name not in MAY_BE_NULL.get(name, frozenset()):
            raise FactsError(f"{name}.{column.name}: row {column.is_null().arg_true()[0]} has no value")
    return fitting


def _fitted(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    schema = SCHEMAS[name]
    absent = schema.keys() - set(frame.columns)
    missing = sorted(absent - MAY_BE_ABSENT.get(name, frozenset()))
    if missing:
        raise FactsError(f"{name}: column {', '.join(missing)} is missing")
    filled = frame.with_columns(pl.lit(None, schema[column]).alias(column) for column in absent)
    return pl.DataFrame([_column(name, filled[column], kind) for column, kind in schema.items()])


def _column(name: str, column: pl.Series, kind: pl.DataType) -> pl.Series:
    if column.null_count() == len(column):
        return pl.Series(column.name, [None], dtype=kind).new_from_index(0, len(column))
    if column.dtype == pl.Categorical and kind == pl.String:
        return column.cast(pl.String)
    if column.dtype != kind:
        raise FactsError(f"{name}.{column.name}: has type {column.dtype}, {kind} is wanted")
    return column


def _refuse_overlaps(assignments: pl.DataFrame) -> None:
    ordered = assignments.select("payee_id", "from_on", "to_on").sort("payee_id", "from_on")
    ends_before = pl.col("to_on").shift().over("payee_id") <= pl.col("from_on")
    follows = pl.col("payee_id").shift().eq_missing(pl.col("payee_id"))
    overlapping = ordered.filter(follows, ~ends_before.fill_null(value=False))
    if not overlapping.is_empty():
        payee_id, day, _ = overlapping.row(0)
        raise FactsError(f"assignments: {payee_id} has two on {day}; end one before the other begins")


def _refuse_undated(transactions: pl.DataFrame) -> None:
    undated = transactions.filter(pl.col("dated_on").is_null(), pl.col("kind") != "expected")["transaction_id"]
    if not undated.is_empty():
        raise FactsError(f"transactions.dated_on: '{undated[0]}' has no date; only an expected one may lack it")


def _refuse_repeated(name: str, frame: pl.DataFrame) -> None:
    key = UNIQUE.get(name)
    if key is None or frame.is_empty():
        return
    repeated = frame.filter((pl.col(*key) if len(key) == 1 else pl.struct(key)).is_duplicated())
    if not repeated.is_empty():
        label = "', '".join(str(value) for value in repeated.select(key).row(0))
        raise FactsError(
            f"{name}.{key[-1]}: '{label}' stands twice; which of them counts, and in which order, would be luck"
        )


def _refuse_backwards(name: str, frame: pl.DataFrame) -> None:
    backwards = (frame["to_on"] <= frame["from_on"]).fill_null(value=False).arg_true()
    if not backwards.is_empty():
        raise FactsError(f"{name}.to_on: row {backwards[0]} does not lie after its from_on; it is the first day after")


def _refuse_inexact(name: str, column: pl.Series) -> None:
    for row, text in enumerate(column):
        try:
            Fraction(text)
        except (ValueError, ZeroDivisionError):
            raise FactsError(
                f"{name}.{column.name}: row {row} is no exact number; write a decimal or a ratio such as 1/3"
            ) from None
