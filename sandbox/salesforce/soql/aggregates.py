"""COUNT, SUM, MIN, MAX and AVG, over all rows or by groups."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.parsing import Function, Ordering, Path, Query
from sandbox.salesforce.store.schema import Field, Row
from sandbox.salesforce.store.values import Value, decimal_value

Resolve = Callable[[Path], tuple[Field, Callable[[Row], Value]]]
Wrong = Callable[[Path, str], ApiError]
_AVERAGE = Context(prec=28, rounding=ROUND_HALF_EVEN)


def aggregate(query: Query, rows: list[Row], resolve: Resolve, wrong: Wrong) -> tuple[list[dict[str, Any]], int | None]:
    """The finished rows of a grouped query; for ``COUNT()`` alone no rows, but the number found."""
    first = query.select[0]
    if isinstance(first, Function) and first.name == "COUNT" and first.path is None:
        return [], len(rows)
    grouped = {path.text.lower() for path in query.group_by}
    shown: list[tuple[str, Callable[[list[Row]], Value]]] = []
    for number, item in enumerate(query.select):
        if isinstance(item, Function):
            shown.append((item.alias or f"expr{_nth(query, number)}", _function(item, resolve)))
        elif isinstance(item, Path) and item.text.lower() in grouped:
            field, get = resolve(item)
            shown.append((field.name, _of_first(get)))
        elif isinstance(item, Path):
            raise wrong(item, f"Field must be grouped or aggregated: {item.text}")
    keys = [resolve(path)[1] for path in query.group_by]
    groups = _ordered(query, _grouped(rows, keys), resolve)
    finished = [
        {"attributes": {"type": "AggregateResult"}} | {name: get(group) for name, get in shown} for group in groups
    ]
    return finished[query.offset : None if query.limit is None else query.offset + query.limit], None


def _grouped(rows: list[Row], keys: list[Callable[[Row], Value]]) -> list[list[Row]]:
    if not keys:
        return [rows]
    groups: dict[tuple[Value, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(get(row) for get in keys), []).append(row)
    return list(groups.values())


def _ordered(query: Query, groups: list[list[Row]], resolve: Resolve) -> list[list[Row]]:
    for ordering in reversed(query.order_by):
        groups.sort(key=_key(ordering, resolve), reverse=ordering.is_descending)
    return groups


def _key(ordering: Ordering, resolve: Resolve) -> Callable[[list[Row]], tuple[bool, Any]]:
    by = ordering.by
    read = _function(by, resolve) if isinstance(by, Function) else _of_first(resolve(by)[1])
    nulls = ordering.are_nulls_last != ordering.is_descending

    def key(group: list[Row]) -> tuple[bool, Any]:
        value = read(group)
        return (nulls, 0) if value is None else (not nulls, value)

    return key


def _of_first(get: Callable[[Row], Value]) -> Callable[[list[Row]], Value]:
    return lambda group: get(group[0])


def _function(item: Function, resolve: Resolve) -> Callable[[list[Row]], Value]:
    if item.name not in _FUNCTIONS or item.path is None:
        raise ApiError("MALFORMED_QUERY", f"unknown function: {item.name}")
    _, get = resolve(item.path)
    combine = _FUNCTIONS[item.name]

    def value(group: list[Row]) -> Value:
        return combine([found for row in group if (found := get(row)) is not None])

    return value


def _nth(query: Query, position: int) -> int:
    """Salesforce numbers the functions without an alias from 0: expr0, expr1."""
    return sum(isinstance(item, Function) and not item.alias for item in query.select[:position])


def _sum(values: list[Any]) -> Value:
    return decimal_value(sum(map(Decimal, values), Decimal(0))) if values else None


def _average(values: list[Any]) -> Value:
    return decimal_value(_AVERAGE.divide(sum(map(Decimal, values)), Decimal(len(values)))) if values else None


_FUNCTIONS: dict[str, Callable[[list[Any]], Value]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "SUM": _sum,
    "AVG": _average,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}
