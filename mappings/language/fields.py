"""One canonical field of a mapping file, compiled once into a function that reads it off a payload."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from mappings.errors import Problem, RefusedError
from mappings.language.conditions import Condition, always, compile_condition
from mappings.language.converters import CONVERTERS, Context, Convert, Options, Read, added, text_of
from mappings.language.paths import compile_path, compile_presence, is_plain
from mappings.language.sections import Section, nearest, scalar
from mappings.language.shapes import CURRENCY, Shape
from mappings.language.yaml_nodes import Node
from mappings.money import Money
from mappings.records import Key

_OPTIONS = frozenset({"currency", "rounding", "places", "negate", "format", "time_zone", "plus", "source", "prefix"})
_ENUMERATION = frozenset({"values", "otherwise"})
_SOURCES = frozenset({"path", "first_of", "constant"})
_FIELD = (
    _SOURCES | _OPTIONS | _ENUMERATION | {"of", "as", "aliases", "default", "required", "absent", "count_when_missing"}
)
_CASES = frozenset({"cases", "required", "count_when_missing"})
_ROUNDINGS = {
    name.removeprefix("ROUND_").lower(): name
    for name in ("ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_HALF_DOWN", "ROUND_DOWN", "ROUND_UP")
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What the fields of a record share while it is compiled."""

    problems: list[Problem]
    currency: Read | None = None  # of the record, or of the file
    time_zone: ZoneInfo | None = None
    sources: set[str] = field(default_factory=set)


def compile_field(node: Node, shape: Shape, scope: Scope) -> Read:
    """A field's reader: None if the value is missing and may be. Mistakes go to ``scope.problems``."""
    if isinstance(node.value, dict) and "cases" in node.value:
        return _compile_cases(node, shape, scope)
    section = field_section(node, scope.problems)
    present = sorted(_SOURCES & section.entries.keys())
    if len(present) != 1:
        section.wrong("path", "needs exactly one of `path`, `first_of`, `constant`, `cases`")
        return nothing
    convert = _compile_converter(section, shape, scope)
    if "constant" in section:
        return _constant(section, "constant", shape, convert)
    return _reader(compile_source(section), convert, _when_missing(section, shape, convert))


def _compile_cases(node: Node, shape: Shape, scope: Scope) -> Read:
    """``cases``: fields, each with a ``when`` of its own; the first that holds and has a value gives it."""
    section = Section.of(node, scope.problems, _CASES, "a field with cases")
    optional = replace(shape, is_required=False)
    cases = [_compile_case(case, optional, scope) for case in section.nodes("cases")]
    missing = _when_no_case(section, shape)

    def read(item: Any, context: Context) -> Any:  # noqa: ANN401 -- JSON of any shape
        for holds, read_case in cases:
            if holds(item, context):
                value = read_case(item, context)
                if value is not None:
                    return value
        return missing(item, context)

    return read


def _compile_case(node: Node, shape: Shape, scope: Scope) -> tuple[Condition, Read]:
    if not isinstance(node.value, dict) or "when" not in node.value:
        return always, compile_field(node, shape, scope)
    condition = compile_condition(node.value["when"], scope.problems, compile_source)
    rest = {name: entry for name, entry in node.value.items() if name != "when"}
    return condition, compile_field(replace(node, value=rest), shape, scope)


def _when_no_case(section: Section, shape: Shape) -> Read:
    warning = section.text("count_when_missing")
    is_required = section.flag("required") or shape.is_required

    def missing(_item: Any, context: Context) -> None:  # noqa: ANN401
        if is_required:
            raise RefusedError("is missing: none of its cases holds and has a value; mend the source or add a case")
        if warning is not None:
            context.warnings.append(warning)

    return missing


def field_section(node: Node, problems: list[Problem], known: frozenset[str] = _FIELD) -> Section:
    """``name: Path`` is short for ``name: {path: Path}``."""
    if isinstance(node.value, str):
        node = replace(node, value={"path": node})
    return Section.of(node, problems, known, "a field")


def compile_source(section: Section) -> Read:
    """Where a value is looked for: one path or the first of several that is there, in the item or what holds it."""
    path = section.text("path") if "path" in section else "@"
    texts = section.texts("first_of") if "first_of" in section else ["@" if path is None else path]
    finds = []
    for text in texts:
        try:
            finds.append(compile_path(text))
        except ValueError as error:
            section.wrong("first_of" if "first_of" in section else "path", str(error))
    holder = section.choice("of", ("item", "record", "payload")) or "item"
    return _found_in(holder, finds[0] if len(finds) == 1 else _first(finds))


def _first(finds: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def find(item: Any) -> Any:  # noqa: ANN401 -- JSON of any shape
        for one in finds:
            value = one(item)
            if value is not None and value != "":
                return value
        return None

    return find


def _found_in(holder: str, find: Callable[[Any], Any]) -> Read:
    if holder == "record":
        return lambda _item, context: find(context.record)
    if holder == "payload":
        return lambda _item, context: find(context.payload)
    return lambda item, _context: find(item)


def _reader(source: Read, convert: Convert, missing: Read) -> Read:
    def read(item: Any, context: Context) -> Any:  # noqa: ANN401
        value = source(item, context)
        if value is not None and value != "":
            value = convert(value, item, context)
            if value is not None:
                return value
        return missing(item, context)

    return read


def nothing(_item: Any, _context: Context) -> None:  # noqa: ANN401
    return None


# --- converters


def _compile_converter(section: Section, shape: Shape, scope: Scope) -> Convert:
    name = section.text("as") or ("enumeration" if "values" in section else shape.converter)
    converter = CONVERTERS.get(name)
    if converter is None:
        section.wrong("as", f"there is no converter `{name}`; {nearest(name, CONVERTERS)}")
        return _refuse
    if not issubclass(shape.type, converter.gives):
        section.wrong("as", f"`{name}` does not give what `{shape.name}` holds; use `{shape.converter}`")
        return _refuse
    for option in sorted((_OPTIONS | _ENUMERATION) & section.entries.keys() - converter.options):
        section.wrong(option, f"means nothing to the converter `{name}`; remove it")
    try:
        convert = converter.build(_options(section, name, shape, scope))
    except ValueError as error:
        section.wrong("as", f"{error}; give the field, the record or the file a `currency`")
        return _refuse
    aliases = _aliases(section)
    return _aliased(aliases, convert) if aliases else convert


def _refuse(_value: Any, _item: Any, _context: Context) -> Any:  # noqa: ANN401
    raise RefusedError("has no converter")


def _aliases(section: Section) -> dict[str, str]:
    return {name: text_of(value) for name, value in section.scalars("aliases").items() if value is not None}


def _aliased(aliases: dict[str, str], convert: Convert) -> Convert:
    def convert_alias(value: Any, item: Any, context: Context) -> Any:  # noqa: ANN401
        text = text_of(value)
        return convert(aliases.get(text, text), item, context)

    return convert_alias


def _options(section: Section, converter: str, shape: Shape, scope: Scope) -> Options:
    is_money = issubclass(shape.type, Money)
    source = section.text("source")
    if source is not None:
        scope.sources.add(source)
    return Options(
        currency=_currency(section, scope) if is_money else None,
        rounding=_ROUNDINGS.get(section.choice("rounding", _ROUNDINGS) or ""),
        places=section.whole_number("places", 12),
        negate=section.flag("negate"),
        format=_format(section, converter),
        time_zone=_time_zone(section, scope),
        plus=_plus(section, scope),
        source=source,
        prefix=section.text("prefix") or "",
        values=_values(section, shape) if converter == "enumeration" else {},
        otherwise=_accepted(section, "otherwise", shape),
    )


def _currency(section: Section, scope: Scope) -> Read | None:
    if "currency" not in section:
        return scope.currency
    return compile_currency(section.entries["currency"], scope)


def compile_currency(node: Node, scope: Scope) -> Read:
    """A currency that is read off the payload, or else is the one of the record or file around it."""
    read, around = compile_field(node, CURRENCY, replace(scope, currency=None)), scope.currency

    def currency(item: Any, context: Context) -> str:  # noqa: ANN401
        code = read(item, context)
        if code is None and around is not None:
            code = around(item, context)
        if code is None:
            raise RefusedError("has no currency; have the source send it, or give the mapping a `currency`")
        return str(code)

    return currency


def _format(section: Section, converter: str) -> str | None:
    declared = section.text("format")
    if declared is None:
        return None
    sample = date(2026, 11, 30)
    try:
        is_whole = datetime.strptime(sample.strftime(declared), declared).date() == sample  # noqa: DTZ007
    except ValueError:
        is_whole = False
    if not is_whole or (converter == "date" and "%H" in declared):
        section.wrong("format", f"`{declared}` does not name a whole date; write it like %d.%m.%Y or %m/%d/%Y")
        return None
    return declared


def _time_zone(section: Section, scope: Scope) -> ZoneInfo | None:
    name = section.text("time_zone")
    return scope.time_zone if name is None else zone(name, section, "time_zone")


def zone(name: str, section: Section, key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
        section.wrong(key, f"`{name}` is not an IANA time zone; write it like Europe/Berlin or UTC")
        return None


def _plus(section: Section, scope: Scope) -> Callable[[date], date] | None:
    if "plus" not in section:
        return None
    inner = Section.of(section.entries["plus"], scope.problems, ("days", "months"), "`plus`")
    return added(inner.whole_number("days", 3660) or 0, inner.whole_number("months", 120) or 0)


def _values(section: Section, shape: Shape) -> dict[str, object]:
    if "values" in section:
        section.scalars("values")
        nodes = section.entries["values"].value
        return {name: _accept(node, shape, section) for name, node in nodes.items()} if isinstance(nodes, dict) else {}
    members = getattr(shape.type, "__members__", None)
    if members is None:
        section.wrong("as", "an enumeration needs its `values`, e.g. `Closed Won: won`")
        return {}
    return {member.value: member for member in members.values()}


def _accepted(section: Section, name: str, shape: Shape) -> object:
    return _accept(section.entries[name], shape, section) if name in section else None


def _accept(node: Node, shape: Shape, section: Section) -> object:
    """A constant as the canonical field takes it, checked now rather than at every record."""
    if isinstance(node.value, dict | list) or node.value is None:
        section.problems.append(node.problem("must be one plain value"))
        return None
    try:
        return shape.accept(node.value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        section.problems.append(node.problem(f"does not fit the canonical field `{shape.name}`: {reason}"))
        return None


# --- what is missing


def _constant(section: Section, name: str, shape: Shape, convert: Convert) -> Read:
    """Money and references are written as the source would write them; all else as the canonical field has it."""
    if shape.type not in (Money, Key):
        value = _accepted(section, name, shape)
        return lambda _item, _context: value
    written = scalar(section.entries[name], section.problems)
    return lambda item, context: convert(written, item, context)


def _when_missing(section: Section, shape: Shape, convert: Convert) -> Read:
    warning = section.text("count_when_missing")
    default = _constant(section, "default", shape, convert) if "default" in section else None
    is_required = (section.flag("required") or shape.is_required) and default is None
    absence = _absence(section, is_required)
    if warning is None and absence is None:
        return default or nothing

    def missing(item: Any, context: Context) -> Any:  # noqa: ANN401
        if absence is not None:
            absence(item, context)
        if warning is not None:
            context.warnings.append(warning)
        return default(item, context) if default else None

    return missing


def _absence(section: Section, is_required: bool) -> Callable[[Any, Context], None] | None:
    """Refuses what is missing, and may not be: at all, or just not be left out of the payload."""
    must_be_there = section.choice("absent", ("reject", "as_null")) == "reject"
    path = section.text("path") or ""
    if must_be_there and not is_plain(path):
        section.wrong("absent", "needs a plain `path`, like Account.Name")
        return None
    if not must_be_there and not is_required:
        return None
    is_there = compile_presence(path) if is_plain(path) else None
    holder = _found_in(section.choice("of", ("item", "record", "payload")) or "item", lambda item: item)

    def refuse(item: Any, context: Context) -> None:  # noqa: ANN401
        if is_there is not None and not is_there(holder(item, context)):
            raise RefusedError(f"is missing: the payload has no `{path}`; have the connector read it")
        if is_required:
            raise RefusedError("is missing: fill it in the source, or give it a `default` in the mapping")

    return refuse
