"""What a calculation is given: frames of transactions, participants, assignments, quotas, rates and deals."""

from dataclasses import dataclass, fields

import polars as pl

from compensation.errors import FactsError

_TEXT, _WHOLE, _DAY, _YES = pl.String(), pl.Int64(), pl.Date(), pl.Boolean()

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "transactions": {
        "transaction_id": _TEXT,
        "deal_id": _TEXT,
        "kind": _TEXT,
        "dated_on": _DAY,
        "posting_sequence": _WHOLE,
        "source": _TEXT,
        "source_ref": _TEXT,
        "currency": _TEXT,
        "revenue_minor": _WHOLE,
        "margin_minor": _WHOLE,
        "quantity_millionths": _WHOLE,
        "product": _TEXT,
        "product_family": _TEXT,
        "customer": _TEXT,
        "region": _TEXT,
        "channel": _TEXT,
        "reverses_id": _TEXT,
    },
    "participants": {
        "deal_id": _TEXT,
        "payee_id": _TEXT,
        "role": _TEXT,
        "share_millionths": _WHOLE,
        "is_overlay": _YES,
    },
    "assignments": {
        "payee_id": _TEXT,
        "name": _TEXT,
        "email": _TEXT,
        "title": _TEXT,
        "region": _TEXT,
        "channel": _TEXT,
        "manager_id": _TEXT,
        "pay_currency": _TEXT,
        "from_on": _DAY,
        "to_on": _DAY,
    },
    "quotas": {
        "payee_id": _TEXT,
        "measure": _TEXT,
        "from_on": _DAY,
        "to_on": _DAY,
        "quota_minor": _WHOLE,
        "currency": _TEXT,
    },
    "rates": {"from_currency": _TEXT, "to_currency": _TEXT, "valid_from": _DAY, "rate": _TEXT},
    "currencies": {"currency": _TEXT, "exponent": _WHOLE},
    "deals": {
        "deal_id": _TEXT,
        "source": _TEXT,
        "ref": _TEXT,
        "name": _TEXT,
        "customer": _TEXT,
        "stage": _TEXT,
        "stage_name": _TEXT,
        "owner_id": _TEXT,
        "expected_on": _DAY,
        "currency": _TEXT,
        "amount_minor": _WHOLE,
        "amount_basis": _TEXT,
    },
}
"""Columns and types of each frame. Money is in minor units of ``currency``, quantities in millionths."""

_MAY_BE_NULL = {
    *("dated_on", "margin_minor", "product", "product_family", "customer", "region", "channel", "reverses_id", "email"),
    *("manager_id", "pay_currency", "to_on", "owner_id", "expected_on", "amount_minor"),
}


@dataclass(frozen=True)
class Facts:
    """The frames of :data:`SCHEMAS`; further columns are ignored.

    ``transactions.kind`` is ``booking``, ``order``, ``invoice``, ``receipt``, ``return`` (negative measures) or
    ``expected`` (a line of an open opportunity). ``to_on`` is the first day after. Exponents of ``currencies`` are
    the digits of the minor unit. A column that is entirely null may have any type. FactsError if a frame does not fit.
    """

    transactions: pl.DataFrame
    participants: pl.DataFrame
    assignments: pl.DataFrame
    quotas: pl.DataFrame
    rates: pl.DataFrame
    currencies: pl.DataFrame
    deals: pl.DataFrame

    def __post_init__(self) -> None:
        for field in fields(self):
            frame = _checked(field.name, getattr(self, field.name), SCHEMAS[field.name])
            object.__setattr__(self, field.name, frame)
        _refuse_undated(self.transactions)
        _refuse_repeated("transactions", self.transactions, "transaction_id")
        _refuse_repeated("deals", self.deals, "deal_id")


def _checked(name: str, frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    missing = sorted(schema.keys() - set(frame.columns))
    if missing:
        raise FactsError(f"{name}: column {', '.join(missing)} is missing")
    columns = [_column(name, frame[column], kind) for column, kind in schema.items()]
    return pl.DataFrame(columns)


def _column(name: str, column: pl.Series, kind: pl.DataType) -> pl.Series:
    if column.null_count() and column.name not in _MAY_BE_NULL:
        raise FactsError(f"{name}.{column.name}: row {column.is_null().arg_true()[0]} has no value")
    if column.null_count() == len(column):
        return pl.Series(column.name, [None] * len(column), dtype=kind)
    if column.dtype != kind:
        raise FactsError(f"{name}.{column.name}: has type {column.dtype}, {kind} is wanted")
    return column


def _refuse_undated(transactions: pl.DataFrame) -> None:
    undated = transactions.filter(pl.col("dated_on").is_null(), pl.col("kind") != "expected")["transaction_id"]
    if not undated.is_empty():
        raise FactsError(f"transactions.dated_on: '{undated[0]}' has no date; only an expected one may lack it")


def _refuse_repeated(name: str, frame: pl.DataFrame, key: str) -> None:
    repeated = frame.filter(pl.col(key).is_duplicated())[key]
    if not repeated.is_empty():
        raise FactsError(f"{name}.{key}: '{repeated[0]}' stands twice; the order of credits would be a matter of luck")
