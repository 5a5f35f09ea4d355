"""The records of a mapping file, compiled once into functions from a payload to canonical records."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from mappings.errors import RefusedError
from mappings.language.conditions import Condition, always, compile_condition
from mappings.language.converters import Context, Read
from mappings.language.fields import (
    Scope,
    compile_currency,
    compile_field,
    compile_source,
    field_section,
    nothing,
)
from mappings.language.paths import compile_path
from mappings.language.sections import Section, nearest
from mappings.language.shapes import REF, Shape, shapes_of
from mappings.language.yaml_nodes import Node
from mappings.records import RECORD_KINDS, CanonicalRecord, Key, Line

Items: TypeAlias = Callable[[Any, Context], Sequence[Any]]

_RECORD = frozenset({"kind", "each", "when", "ref", "currency", "fields"})
_ITEMS = frozenset({"each", "of", "when", "fields"})
_REFERENCES = frozenset({"each", "of", "path", "source", "prefix", "aliases", "as"})


@dataclass(frozen=True, slots=True)
class RecordRule:
    """How one canonical record (or, with ``each``, one for every item) is made from a source record."""

    model: type[CanonicalRecord]
    items: Items
    when: Condition
    fields: tuple[tuple[str, Read], ...]

    def records(self, context: Context, modified_at: datetime | None) -> Iterator[CanonicalRecord]:
        """Raises RefusedError."""
        validate = self.model.model_validate
        for item in self.items(context.payload, context):
            context.record, context.currency = item, None
            if self.when(item, context):
                values: dict[str, Any] = {"source": context.source, "modified_at": modified_at}
                fill(values, self.fields, item, context)
                try:
                    yield validate(values)
                except ValidationError as error:
                    raise refusal(error) from None


def fill(values: dict[str, Any], fields: Sequence[tuple[str, Read]], item: Any, context: Context) -> None:  # noqa: ANN401
    """Reads the fields off the item; missing ones are left to the model's defaults."""
    name = ""
    try:
        for name, read in fields:
            value = read(item, context)
            if value is not None:
                values[name] = value
    except RefusedError as refused:
        raise refused.within(name) from None


def refusal(error: ValidationError) -> RefusedError:
    """The first thing that the canonical model did not take, without the value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ""
    for part in first["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    return RefusedError(f"does not fit the canonical record: {first['msg']}; mend the source or the mapping", "", place)


def compile_record(name: str, node: Node, scope: Scope) -> RecordRule | None:
    section = Section.of(node, scope.problems, _RECORD, "a record")
    kind = section.text("kind") or name
    model = RECORD_KINDS.get(kind)
    if model is None:
        section.wrong("kind", f"there is no canonical record `{kind}`; {nearest(kind, RECORD_KINDS)}")
        return None
    shapes = dict(shapes_of(model))
    if "currency" in section:
        scope = replace(scope, currency=_once_per_record(compile_currency(section.entries["currency"], scope)))
    fields = dict(_fields(section, shapes, scope, given=("currency",) if scope.currency else ()))
    if "currency" in shapes and scope.currency:
        fields = {"currency": scope.currency, **fields}
    return RecordRule(
        model=model,
        items=_each(section, scope) if "each" in section else lambda payload, _context: (payload,),
        when=_when(section, scope),
        fields=(("ref", _ref(section, scope)), *fields.items()),
    )


def _ref(section: Section, scope: Scope) -> Read:
    if "ref" in section:
        return compile_field(section.entries["ref"], REF, scope)
    if "each" in section:
        section.wrong("each", "needs a `ref` beside it, by which the records of one list can be told apart")
    return lambda _item, context: context.ref


def _once_per_record(read: Read) -> Read:
    def currency(_item: Any, context: Context) -> str:  # noqa: ANN401
        if context.currency is None:
            context.currency = read(context.record, context)
        return context.currency

    return currency


def _when(section: Section, scope: Scope) -> Condition:
    if "when" not in section:
        return always
    return compile_condition(section.entries["when"], scope.problems, compile_source)


def _fields(
    section: Section, shapes: dict[str, Shape], scope: Scope, given: Sequence[str] = ()
) -> Iterator[tuple[str, Read]]:
    entries = section.entries["fields"].value if "fields" in section else None
    if not isinstance(entries, dict):
        section.wrong("fields", "must be a map of canonical fields to paths")
        return
    for name, node in entries.items():
        if name in given:
            scope.problems.append(node.problem(f"write `{name}:` beside `fields:`, where money finds it too"))
        elif name not in shapes:
            scope.problems.append(node.problem(f"there is no canonical field `{name}`; {nearest(name, shapes)}"))
        else:
            yield name, _compile_shape(node, shapes[name], scope)
    for name, shape in shapes.items():
        if shape.is_required and name not in entries and name not in given:
            place = "give the record or the file a `currency`" if name == "currency" else "say where it comes from"
            section.wrong("fields", f"the canonical field `{name}` is required; {place}")


def _compile_shape(node: Node, shape: Shape, scope: Scope) -> Read:
    if shape.is_items:
        return _compile_items(node, shape, scope)
    return _compile_references(node, shape, scope) if shape.is_list else compile_field(node, shape, scope)


# --- lists


def _each(section: Section, scope: Scope) -> Items:
    """The items of a list; one that is not in a list (XML has no lists of one) counts as a list of one."""
    text = section.text("each") or "@"
    try:
        compile_path(text)
    except ValueError as error:
        section.wrong("each", str(error))
        return lambda _item, _context: ()
    path = section.entries.get("each", section.node)
    holder = {"of": section.entries["of"]} if "of" in section else {}
    source = compile_source(Section(section.node, {"path": path, **holder}, scope.problems))

    def items(item: Any, context: Context) -> Sequence[Any]:  # noqa: ANN401
        found = source(item, context)
        if found is None or found == "":
            return ()
        return found if type(found) is list else (found,)

    return items


def _compile_items(node: Node, shape: Shape, scope: Scope) -> Read:
    section = Section.of(node, scope.problems, _ITEMS, f"`{shape.name}`")
    if "each" not in section:
        section.wrong("each", "needs the path of its list in `each` (`@` for one made of the record itself)")
        return nothing
    items, when = _each(section, scope), _when(section, scope)
    fields = tuple(_fields(section, shapes_of(_model(shape)), scope))
    check = _check_refs if shape.type is Line else None

    def read(item: Any, context: Context) -> list[dict[str, Any]]:  # noqa: ANN401
        made = []
        for position, one in enumerate(items(item, context)):
            if when(one, context):
                values: dict[str, Any] = {}
                try:
                    fill(values, fields, one, context)
                except RefusedError as refused:
                    raise refused.within(f"[{position}]") from None
                made.append(values)
        if check is not None and len(made) > 1:
            check(made)
        return made

    return read


def _model(shape: Shape) -> type[BaseModel]:
    return shape.type


def _check_refs(lines: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for position, line in enumerate(lines):
        if line["ref"] in seen:
            raise RefusedError(
                "is the ref of an earlier line too; map `ref` to what tells lines apart", "", f"[{position}].ref"
            )
        seen.add(line["ref"])


def _compile_references(node: Node, shape: Shape, scope: Scope) -> Read:
    """``order_keys: {each: orderNumbers}``; ``path`` is within the item, by default the item itself."""
    section = field_section(node, scope.problems, _REFERENCES)
    if isinstance(node.value, str):
        section = Section(node, {"each": node}, scope.problems)
    items = _each(section, scope)
    inner = {name: entry for name, entry in section.entries.items() if name not in ("each", "of")}
    inner.setdefault("path", replace(node, value="@"))
    one = replace(shape, type=Key, converter="reference", is_list=False, is_required=False)
    read_one = compile_field(replace(node, value=inner), one, scope)

    def read(item: Any, context: Context) -> list[Any]:  # noqa: ANN401
        return [key for one in items(item, context) if (key := read_one(one, context)) is not None]

    return read


def in_utc(instant: datetime | None) -> datetime | None:
    return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else instant
