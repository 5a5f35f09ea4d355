"""WHERE clauses made into functions of a row. Two-valued: null is equal to null, and unequal to everything else."""

import operator
import re
from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.date_ranges import date_range
from sandbox.salesforce.soql.parsing import AllOf, AnyOf, Compare, Condition, In, Like, Literal, Negated, Path, Query
from sandbox.salesforce.store.ids import long_id
from sandbox.salesforce.store.schema import Field, Row
from sandbox.salesforce.store.table import Store
from sandbox.salesforce.store.values import Value

Predicate = Callable[[Row], bool]
Getter = Callable[[Row], Value]
Resolve = Callable[[Path], tuple[Field, Getter]]
Select = Callable[[Query], frozenset[Value]]

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_KINDS = {
    "boolean": "boolean",
    "currency": "number",
    "percent": "number",
    "double": "number",
    "int": "number",
    "date": "date",
    "datetime": "datetime",
}
_TYPE_NAMES = {"string": "string", "number": "double", "boolean": "boolean", "date": "date", "datetime": "dateTime"}


class Conditions:
    """Makes predicates: ``resolve`` finds the field of a path, ``select`` runs the query of a semi-join."""

    def __init__(self, store: Store, resolve: Resolve, select: Select) -> None:
        self._store, self._resolve, self._select = store, resolve, select

    def predicate(self, condition: Condition) -> Predicate:
        match condition:
            case AllOf(terms):
                tests = [self.predicate(term) for term in terms]
                return lambda row: all(test(row) for test in tests)
            case AnyOf(terms):
                tests = [self.predicate(term) for term in terms]
                return lambda row: any(test(row) for test in tests)
            case Negated(term):
                test = self.predicate(term)
                return lambda row: not test(row)
            case Like(path, pattern):
                return self._like(path, pattern)
            case In(path, among):
                return self._is_in(path, among)
            case Compare():
                return self._compare(condition)

    def _compare(self, condition: Compare) -> Predicate:
        field, get = self._resolve(condition.path)
        if condition.literal.kind == "range":
            return self._in_range(field, get, condition)
        wanted = comparable(field, condition.literal)
        read = _folded(field, get)
        if condition.operator in ("=", "!="):
            is_equal = condition.operator == "="
            return lambda row: (read(row) == wanted) is is_equal
        if wanted is None or field.type == "boolean":
            raise _invalid_operator(field)
        holds = _ORDERED[condition.operator]

        def compare(row: Row) -> bool:
            value = read(row)
            return value is not None and holds(value, wanted)

        return compare

    def _in_range(self, field: Field, get: Getter, condition: Compare) -> Predicate:
        if field.type not in ("date", "datetime"):
            raise _wrong_kind(field)
        days = date_range(str(condition.literal.value), self._store.now().astimezone(UTC).date())
        clock = "T00:00:00.000+0000" if field.type == "datetime" else ""
        first, end = (day.isoformat() + clock for day in days)
        tests: dict[str, Callable[[str], bool]] = {
            "=": lambda value: first <= value < end,
            "!=": lambda value: not first <= value < end,
            "<": lambda value: value < first,
            "<=": lambda value: value < end,
            ">": lambda value: value >= end,
            ">=": lambda value: value >= first,
        }
        test = tests[condition.operator]

        def within(row: Row) -> bool:
            value = get(row)
            return test(value) if isinstance(value, str) else condition.operator == "!="

        return within

    def _like(self, path: Path, pattern: str) -> Predicate:
        field, get = self._resolve(path)
        if not field.is_text:
            raise _invalid_operator(field)
        matches = _like_pattern(pattern).fullmatch

        def like(row: Row) -> bool:
            value = get(row)
            return isinstance(value, str) and matches(value) is not None

        return like

    def _is_in(self, path: Path, among: tuple[Literal, ...] | Query) -> Predicate:
        field, get = self._resolve(path)
        read = _folded(field, get)
        if isinstance(among, Query):
            wanted = frozenset(_fold(field, value) for value in self._select(among)) - {None}
        else:
            wanted = frozenset(comparable(field, literal) for literal in among)
        return lambda row: read(row) in wanted


def comparable(field: Field, literal: Literal) -> Value:
    """The literal as the field's values compare: lower case, ids in 18 characters; ApiError if unlike in kind."""
    if literal.kind == "null":
        return None
    if literal.kind != _KINDS.get(field.type, "string"):
        raise _wrong_kind(field)
    if field.type in ("id", "reference"):
        return _id(str(literal.value))
    return _fold(field, literal.value)


def _id(text: str) -> Value:
    if text == "":
        return None
    whole = long_id(text)
    if whole is None:
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}", fields=None)
    return whole


def _fold(field: Field, value: Value | Decimal) -> Value:
    if isinstance(value, str) and field.is_text and field.type not in ("id", "reference"):
        return value.lower() or None
    return value


def _folded(field: Field, get: Getter) -> Getter:
    if not field.is_text or field.type in ("id", "reference"):
        return get

    def read(row: Row) -> Value:
        value = get(row)
        return value.lower() if isinstance(value, str) else value

    return read


def _like_pattern(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\\[%_]|[%_])", pattern)
    wildcards = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wildcards.get(part) or re.escape(part.removeprefix("\\")) for part in parts), re.IGNORECASE | re.DOTALL
    )


def _wrong_kind(field: Field) -> ApiError:
    kind = _KINDS.get(field.type, "string")
    quotes = "should be enclosed in quotes" if kind == "string" else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{field.name}' must be of type {_TYPE_NAMES[kind]} and {quotes}"
    return ApiError("INVALID_FIELD", message)


def _invalid_operator(field: Field) -> ApiError:
    return ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field: {field.name}")
