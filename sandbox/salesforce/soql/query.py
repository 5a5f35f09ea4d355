"""What a SOQL query selects: which rows, in which order, and what is shown of each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.aggregates import aggregate
from sandbox.salesforce.soql.conditions import Conditions, Getter, comparable
from sandbox.salesforce.soql.parsing import (
    AllOf,
    Compare,
    Condition,
    Function,
    In,
    Literal,
    Ordering,
    Path,
    Query,
    complaint,
    parse,
)
from sandbox.salesforce.store.formulas import children_of, parent_value
from sandbox.salesforce.store.schema import Field, Row, SObject
from sandbox.salesforce.store.table import Store
from sandbox.salesforce.store.values import Value

Shown = dict[str, Any]
Pager = Callable[["Result"], Shown]
_ORDERED_FIELDS = {"STANDARD": False, "CUSTOM": True}


@dataclass(frozen=True, slots=True)
class Result:
    """The ids of the rows found, in order, and how to show one; for aggregates the finished rows."""

    sobject: str
    ids: list[str]
    show: Callable[[Row], Shown]
    columns: list[tuple[str, Getter]]
    finished: list[Shown] | None = None
    count: int | None = None

    @property
    def total(self) -> int:
        return self.count if self.count is not None else len(self.ids if self.finished is None else self.finished)


def run(store: Store, text: str, *, base: str, page: Pager, includes_deleted: bool = False) -> Result:
    """Run SOQL ``text``. ``base`` is the API version's path, ``page`` makes the first page of a child sub-query."""
    query = parse(text)
    sobject = _object(store, text, query)
    with store.lock:
        selection = Selection(store, text, query, sobject, base, page, includes_deleted=includes_deleted)
        return selection.result(selection.candidates())


class Selection:
    """A query made ready for one object: filter, order, and the functions that show a row."""

    def __init__(
        self, store: Store, text: str, query: Query, sobject: SObject, base: str, page: Pager, *, includes_deleted: bool
    ) -> None:
        self.store, self.text, self.query, self.sobject = store, text, query, sobject
        self._base, self._page, self._includes_deleted = base, page, includes_deleted
        conditions = Conditions(store, self.resolve, self._values_of)
        self._test = conditions.predicate(query.where) if query.where else None
        self._orderings = [] if query.is_aggregate else [self._ordering(ordering) for ordering in query.order_by]
        self._shown = None if query.is_aggregate else self._tree()

    def candidates(self) -> Iterable[Row]:
        """Rows that may match: by index where the filter asks for keys, else all."""
        table = self.store.table(self.sobject.name)
        found = self._by_key(self.query.where)
        rows: Iterable[Row] = table.rows.values() if found is None else found
        return rows if self._includes_deleted else (row for row in rows if not row.get("IsDeleted"))

    def result(self, rows: Iterable[Row]) -> Result:
        picked = list(self.pick(rows))
        if self._shown is None:
            finished, count = aggregate(self.query, picked, self.resolve, self.wrong)
            return Result("AggregateResult", [], _as_is, [], finished, count)
        ids = [str(row["Id"]) for row in picked]
        return Result(self.sobject.name, ids, self.show, self.columns())

    def pick(self, rows: Iterable[Row]) -> Iterator[Row]:
        if self._test:
            rows = filter(self._test, rows)
        if self.query.is_aggregate:
            return iter(rows)
        for key, is_descending in reversed(self._orderings):
            rows = sorted(rows, key=key, reverse=is_descending)
        listed = list(rows)
        start, limit = self.query.offset, self.query.limit
        return iter(listed[start : None if limit is None else start + limit])

    def show(self, row: Row) -> Shown:
        return self._show_tree(self._shown or {}, self.sobject, row)

    def columns(self) -> list[tuple[str, Getter]]:
        """Flat columns for CSV; sub-queries have none."""
        paths = [self._canonical(item) for item in self._paths()]
        return [(path, self.resolve(Path(path))[1]) for path in paths]

    def resolve(self, path: Path) -> tuple[Field, Getter]:
        """The field that a path ends in and the function that reads it; INVALID_FIELD otherwise."""
        text = self._without_alias(path.text)
        if "." not in text:
            field = self.sobject.find(text)
            if field is None:
                raise self.wrong(path, self._no_column(text, self.sobject))
            return field, self._getter(field)
        try:
            field, compute = parent_value(self.store, self.sobject, text)
        except ValueError:
            raise self.wrong(path, self._why_not(text)) from None
        return field, partial(compute, self.store)

    def wrong(self, path: Path, message: str) -> ApiError:
        return ApiError("INVALID_FIELD", complaint(self.text, path.column, message))

    # -- the rows

    def _by_key(self, where: Condition | None) -> list[Row] | None:
        for term in where.terms if isinstance(where, AllOf) else (where,):
            if not isinstance(term, Compare | In):
                continue
            field = self.sobject.find(self._without_alias(term.path.text))
            values = [comparable(field, literal) for literal in _keys(term)] if field and self._is_key(field) else []
            if field and values and None not in values:
                return self._keyed(field, values)
        return None

    def _is_key(self, field: Field) -> bool:
        return field.name == "Id" or self.store.table(self.sobject.name).is_indexed(field.name)

    def _keyed(self, field: Field, values: list[Value]) -> list[Row]:
        table = self.store.table(self.sobject.name)
        if field.name == "Id":
            return [table.rows[str(key)] for key in dict.fromkeys(sorted(map(str, values))) if str(key) in table.rows]
        found = (row for value in dict.fromkeys(values) for row in table.find(field.name, value))
        return sorted(found, key=itemgetter("Id"))

    def _values_of(self, query: Query) -> frozenset[Value]:
        """The column that a semi-join's query selects."""
        sobject = _object(self.store, self.text, query)
        inner = Selection(self.store, self.text, query, sobject, self._base, self._page, includes_deleted=False)
        if len(query.select) != 1 or not isinstance(query.select[0], Path):
            raise ApiError(
                "MALFORMED_QUERY", complaint(self.text, query.sobject.column, "a semi-join selects one field")
            )
        _, get = inner.resolve(query.select[0])
        return frozenset(get(row) for row in inner.pick(inner.candidates()))

    def _ordering(self, ordering: Ordering) -> tuple[Callable[[Row], Any], bool]:
        if isinstance(ordering.by, Function):
            raise ApiError("MALFORMED_QUERY", "only a grouped query is ordered by a function")
        field, get = self.resolve(ordering.by)
        is_folded = field.is_text and field.type not in ("id", "reference")
        nulls = ordering.are_nulls_last != ordering.is_descending

        def key(row: Row) -> tuple[bool, Any]:
            value = get(row)
            if value is None:
                return nulls, 0
            return not nulls, value.lower() if is_folded and isinstance(value, str) else value

        return key, ordering.is_descending

    # -- what is shown

    def _paths(self) -> list[Path]:
        paths: list[Path] = []
        for item in self.query.select:
            if isinstance(item, Path):
                paths.append(item)
            elif isinstance(item, Function) and item.name == "FIELDS" and item.path:
                paths += self._all_fields(item.path)
        return paths

    def _all_fields(self, which: Path) -> list[Path]:
        if which.text.upper() == "ALL":
            return [Path(name) for name in self.sobject.fields]
        wanted = _ORDERED_FIELDS.get(which.text.upper())
        if wanted is None:
            raise self.wrong(which, f"FIELDS knows ALL, STANDARD and CUSTOM, not {which.text}")
        return [Path(field.name) for field in self.sobject.fields.values() if field.is_custom == wanted]

    def _tree(self) -> Shown:
        tree: Shown = {}
        for path in self._paths():
            canonical = self._canonical(path)
            *relationships, last = canonical.split(".")
            branch = tree
            for relationship in relationships:
                branch = branch.setdefault(relationship, {})
            if last in branch:
                raise ApiError(
                    "MALFORMED_QUERY", complaint(self.text, path.column, f"duplicate field selected: {canonical}")
                )
            branch[last] = None
        for item in self.query.select:
            if isinstance(item, Query):
                child = self._child(item)
                tree[child[0]] = child[1]
        return self._ready(tree, self.sobject)

    def _ready(self, tree: Shown, sobject: SObject) -> Shown:
        """Leaves as getters, branches as (reference field, parent object, its own tree)."""
        ready: Shown = {}
        for name, below in tree.items():
            if isinstance(below, dict):
                reference = sobject.parent(name)
                parent = self.store.objects[str(reference and reference.reference_to)]
                ready[name] = (reference and reference.name, parent, self._ready(below, parent))
            else:
                ready[name] = below or self._getter(sobject.fields[name])
        return ready

    def _show_tree(self, tree: Shown, sobject: SObject, row: Row) -> Shown:
        shown: Shown = {
            "attributes": {"type": sobject.name, "url": f"{self._base}/sobjects/{sobject.name}/{row['Id']}"}
        }
        for name, show in tree.items():
            if isinstance(show, tuple):
                reference, parent, below = show
                above = self.store.table(parent.name).rows.get(str(row[reference]))
                shown[name] = self._show_tree(below, parent, above) if above else None
            else:
                shown[name] = show(row)
        return shown

    def _child(self, query: Query) -> tuple[str, Callable[[Row], Shown | None]]:
        found = children_of(self.store, self.sobject, query.sobject.text)
        if found is None:
            message = f"Didn't understand relationship '{query.sobject.text}' in FROM part of query call."
            raise ApiError("INVALID_TYPE", complaint(self.text, query.sobject.column, message))
        child, reference = found
        deleted = self._includes_deleted
        selection = Selection(self.store, self.text, query, child, self._base, self._page, includes_deleted=deleted)
        table = self.store.table(child.name)

        def show(row: Row) -> Shown | None:
            rows = table.find(reference.name, row["Id"])
            result = selection.result(r for r in rows if deleted or not r.get("IsDeleted"))
            return self._page(result) if result.total else None

        return str(reference.children), show

    def _getter(self, field: Field) -> Getter:
        return partial(field.compute, self.store) if field.compute else itemgetter(field.name)

    # -- names

    def _without_alias(self, text: str) -> str:
        head, dot, rest = text.partition(".")
        is_own = head.lower() in ((self.query.alias or "").lower(), self.sobject.name.lower())
        return rest if dot and is_own and self.sobject.parent(head) is None else text

    def _canonical(self, path: Path) -> str:
        self.resolve(path)
        *relationships, last = self._without_alias(path.text).split(".")
        sobject, names = self.sobject, []
        for relationship in relationships:
            reference = sobject.parent(relationship)
            names.append(str(reference and reference.relationship))
            sobject = self.store.objects[str(reference and reference.reference_to)]
        field = sobject.find(last)
        return ".".join([*names, str(field and field.name)])

    def _why_not(self, text: str) -> str:
        sobject = self.sobject
        *relationships, last = text.split(".")
        for relationship in relationships:
            reference = sobject.parent(relationship)
            if reference is None:
                return f"Didn't understand relationship '{relationship}' in field path. {_HINT_RELATIONSHIP}"
            sobject = self.store.objects[str(reference.reference_to)]
        return self._no_column(last, sobject)

    def _no_column(self, name: str, sobject: SObject) -> str:
        return f"No such column '{name}' on entity '{sobject.name}'. {_HINT_FIELD}"


_HINT_FIELD = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please"
    " reference your WSDL or the describe call for the appropriate names."
)
_HINT_RELATIONSHIP = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship"
    " name. Please reference your WSDL or the describe call for the appropriate names."
)


def _object(store: Store, text: str, query: Query) -> SObject:
    for sobject in store.objects.values():
        if sobject.name.lower() == query.sobject.text.lower():
            return sobject
    message = (
        f"sObject type '{query.sobject.text}' is not supported. If you are attempting to use a custom object, be"
        " sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the"
        " appropriate names."
    )
    raise ApiError("INVALID_TYPE", complaint(text, query.sobject.column, message))


def _keys(term: Compare | In) -> tuple[Literal, ...]:
    if isinstance(term, In):
        return term.among if isinstance(term.among, tuple) else ()
    return (term.literal,) if term.operator == "=" and term.literal.kind == "string" else ()


def _as_is(row: Row) -> Shown:
    return dict(row)
