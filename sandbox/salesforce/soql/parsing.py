"""SOQL text read into what it asks for; what it means is the business of ``query``."""

import functools
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.store.values import parse_instant

_ESCAPES = {
    "n": "\n",
    "N": "\n",
    "r": "\r",
    "R": "\r",
    "t": "\t",
    "T": "\t",
    "b": "\b",
    "B": "\b",
    "f": "\f",
    "F": "\f",
}


@dataclass(frozen=True, slots=True)
class Path:
    """``Account.Owner.Name``; ``column`` is where it stands in the text, for the message."""

    text: str
    column: int = 1


@dataclass(frozen=True, slots=True)
class Function:
    """``COUNT()``, ``SUM(Amount) total``, ``FIELDS(ALL)``."""

    name: str
    path: Path | None
    alias: str | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A value and its kind: string, number, boolean, date, datetime, null, or range (a date function's name)."""

    kind: str
    value: str | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Compare:
    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Like:
    path: Path
    pattern: str


@dataclass(frozen=True, slots=True)
class In:
    path: Path
    among: "tuple[Literal, ...] | Query"


@dataclass(frozen=True, slots=True)
class AllOf:
    terms: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    terms: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Negated:
    term: "Condition"


Condition = Compare | Like | In | AllOf | AnyOf | Negated


@dataclass(frozen=True, slots=True)
class Ordering:
    by: Path | Function
    is_descending: bool
    are_nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    select: "tuple[Path | Function | Query, ...]"
    sobject: Path
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[Path, ...] = ()
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0

    @property
    def is_aggregate(self) -> bool:
        functions = [item for item in self.select if isinstance(item, Function)]
        return bool(self.group_by) or any(item.name != "FIELDS" for item in functions)


@functools.lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """The query of ``text``; ApiError MALFORMED_QUERY points at the character that is wrong."""
    try:
        query: Query = _Builder().transform(_grammar().parse(text))
    except UnexpectedInput as error:
        raise _malformed(text, error) from None
    except VisitError as error:
        raise error.orig_exc from None
    return query


def complaint(text: str, column: int, message: str) -> str:
    """An error message as Salesforce lays it out: the text, an arrow under the place, and the reason."""
    shown = " ".join(text.split())
    return f"\n{shown}\n{' ' * (column - 1)}^\nERROR at Row:1:Column:{column}\n{message}"


@functools.cache
def _grammar() -> Lark:
    return Lark.open("soql.lark", rel_to=__file__, parser="lalr", propagate_positions=False)


def _malformed(text: str, error: UnexpectedInput) -> ApiError:
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        return ApiError("MALFORMED_QUERY", complaint(text, len(text) + 1, "unexpected token: '<EOF>'"))
    found = error.token if isinstance(error, UnexpectedToken) else text[error.pos_in_stream or 0]
    if isinstance(error, UnexpectedCharacters):
        found = (text[error.pos_in_stream :].split() or [""])[0]
    return ApiError("MALFORMED_QUERY", complaint(text, (error.pos_in_stream or 0) + 1, f"unexpected token: '{found}'"))


def _path(token: Token) -> Path:
    return Path(str(token), (token.start_pos or 0) + 1)


def _unquoted(token: str, *, keeps_wildcards: bool) -> str:
    text, characters = "", iter(token[1:-1])
    for character in characters:
        if character != "\\":
            text += character
            continue
        escaped = next(characters)
        is_wildcard = escaped in "%_" and keeps_wildcards
        text += "\\" + escaped if is_wildcard else _ESCAPES.get(escaped, escaped)
    return text


class _Builder(Transformer[Token, Any]):
    """One method a rule of the grammar."""

    def start(self, items: list[Query]) -> Query:
        return items[0]

    def query(self, items: list[Any]) -> Query:
        select, sobject, *clauses = items
        return Query(select, _path(sobject), **dict(clauses))

    def alias(self, items: list[Token]) -> tuple[str, str]:
        return "alias", str(items[-1])

    def select_list(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(items)

    def child(self, items: list[Query]) -> Query:
        return items[0]

    def path(self, items: list[Token]) -> Path:
        return _path(items[0])

    def function(self, items: list[Any]) -> Function:
        name, path, alias = items
        return Function(str(name).upper(), path, str(alias) if alias else None)

    def where(self, items: list[Condition]) -> tuple[str, Condition]:
        return "where", items[0]

    def all_of(self, items: list[Condition]) -> AllOf:
        return AllOf(tuple(items))

    def any_of(self, items: list[Condition]) -> AnyOf:
        return AnyOf(tuple(items))

    def negated(self, items: list[Condition]) -> Negated:
        return Negated(items[0])

    def compare(self, items: list[Any]) -> Compare:
        path, operator, literal = items
        return Compare(_path(path), "!=" if operator == "<>" else str(operator), literal)

    def like(self, items: list[Token]) -> Like:
        return Like(_path(items[0]), _unquoted(items[1], keeps_wildcards=True))

    def is_in(self, items: list[Any]) -> In:
        return In(_path(items[0]), items[1])

    def not_in(self, items: list[Any]) -> Negated:
        return Negated(In(_path(items[0]), items[2]))

    def literals(self, items: list[Literal]) -> tuple[Literal, ...]:
        return tuple(items)

    def subquery(self, items: list[Query]) -> Query:
        return items[0]

    def string(self, items: list[Token]) -> Literal:
        return Literal("string", _unquoted(items[0], keeps_wildcards=False))

    def number(self, items: list[Token]) -> Literal:
        return Literal("number", Decimal(items[0]))

    def date(self, items: list[Token]) -> Literal:
        return Literal("date", str(items[0]))

    def datetime(self, items: list[Token]) -> Literal:
        moment = parse_instant(items[0].upper())
        if moment is None:
            raise ApiError("MALFORMED_QUERY", f"invalid dateTime value: {items[0]}")
        return Literal("datetime", moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000")

    def true(self, _: list[Token]) -> Literal:
        return Literal("boolean", True)

    def false(self, _: list[Token]) -> Literal:
        return Literal("boolean", False)

    def null(self, _: list[Token]) -> Literal:
        return Literal("null", None)

    def range(self, items: list[Token]) -> Literal:
        return Literal("range", items[0].upper())

    def group_by(self, items: list[Any]) -> tuple[str, tuple[Path, ...]]:
        return "group_by", tuple(items[1:])

    def order_by(self, items: list[Any]) -> tuple[str, tuple[Ordering, ...]]:
        return "order_by", tuple(items[1:])

    def ordering(self, items: list[Any]) -> Ordering:
        by, direction, nulls = items
        return Ordering(by, (direction or "").upper() == "DESC", (nulls or "").upper().endswith("LAST"))

    def limit(self, items: list[Token]) -> tuple[str, int]:
        return "limit", int(items[0])

    def offset(self, items: list[Token]) -> tuple[str, int]:
        return "offset", int(items[0])
