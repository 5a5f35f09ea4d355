"""Loading a mapping: the file, what it extends, its records compiled, its version."""

import hashlib
from dataclasses import replace
from pathlib import Path

import msgspec

from mappings.errors import MappingError, Problem, RefusedError
from mappings.language.compiling import RecordRule, compile_record
from mappings.language.converters import Read, currency_code
from mappings.language.fields import Scope, zone
from mappings.language.mapping import Mapping
from mappings.language.sections import Section
from mappings.language.yaml_nodes import Node, read_yaml

SHIPPED = Path(__file__).parent.parent / "shipped"

# Part of every version: raised when the same file would give other records than before.
_LANGUAGE = 1

_TOP = frozenset({"extends", "currency", "time_zone", "streams"})
# The levels at which an extending file is laid over what it extends; below them it replaces.
_LEVELS = ("streams", "*", "*", "fields", "(items)", "fields")


def load_shipped(name: str) -> Mapping:
    """A mapping that comes with BonusBridge: salesforce, sandbox_erp, tryton, crm_sales."""
    return load_mapping(SHIPPED / f"{name}.yaml")


def load_mapping(path_or_text: Path | str, name: str = "") -> Mapping:
    """A mapping from a file (a Path) or from text. Raises MappingError with all mistakes that were found."""
    file = str(path_or_text) if isinstance(path_or_text, Path) else f"{name or 'mapping'}.yaml"
    folder = path_or_text.parent if isinstance(path_or_text, Path) else None
    root = _extended(_read(path_or_text, file), folder, seen=())
    return _compile(root, name or Path(file).stem)


def _read(path_or_text: Path | str, file: str) -> Node:
    if isinstance(path_or_text, str):
        return read_yaml(path_or_text, file)
    try:
        text = path_or_text.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError([Problem(file, 1, "", f"cannot be read: {type(error).__name__}")]) from error
    return read_yaml(text, file)


# --- extends


def _extended(root: Node, folder: Path | None, seen: tuple[Path, ...]) -> Node:
    """The file laid over what it extends: a shipped mapping's name, or a path from where the file lies."""
    if not isinstance(root.value, dict) or "extends" not in root.value:
        return root
    entry = root.value["extends"]
    if not isinstance(entry.value, str):
        raise MappingError([entry.problem("must be the name of a shipped mapping or the path of a file")])
    base_path = _base_path(entry, entry.value, folder)
    if base_path in seen:
        raise MappingError([entry.problem("goes round in a circle; one of the files must not extend the other")])
    base = _extended(_read(base_path, str(base_path)), base_path.parent, (*seen, base_path))
    own = {name: node for name, node in root.value.items() if name != "extends"}
    return replace(root, value=_laid_over(base.value, own, _LEVELS) if isinstance(base.value, dict) else own)


def _base_path(entry: Node, target: str, folder: Path | None) -> Path:
    shipped = SHIPPED / f"{target}.yaml"
    if "/" not in target and shipped.is_file():
        return shipped
    path = (folder or Path()) / target
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
        raise MappingError([entry.problem(f"there is no mapping `{target}`; shipped are {names}, or give a path")])
    return path.resolve()


def _laid_over(base: dict[str, Node], own: dict[str, Node], levels: tuple[str, ...]) -> dict[str, Node]:
    """Maps are merged key by key down to ``levels``; anything else is replaced; null takes away."""
    merged = dict(base)
    for name, node in own.items():
        under = base.get(name)
        if node.value is None and under is not None:
            del merged[name]
        elif under is not None and levels and (pair := _merged_maps(under, node, name, levels[0])):
            merged[name] = replace(node, value=_laid_over(*pair, levels[1:]))
        else:
            merged[name] = node
    return merged


def _merged_maps(under: Node, own: Node, name: str, level: str) -> tuple[dict[str, Node], dict[str, Node]] | None:
    if not isinstance(under.value, dict) or not isinstance(own.value, dict):
        return None
    if level == "(items)" and not ("fields" in under.value and "fields" in own.value):
        return None  # a plain field is replaced as a whole; lines and the like are not
    return (under.value, own.value) if level in ("*", "(items)", name) else None


# --- compiling


def _compile(root: Node, name: str) -> Mapping:
    problems: list[Problem] = []
    top = Section.of(root, problems, _TOP, "a mapping")
    zone_name = top.text("time_zone")
    scope = Scope(
        problems,
        currency=_file_currency(top),
        time_zone=None if zone_name is None else zone(zone_name, top, "time_zone"),
    )
    rules = {stream: tuple(rules) for stream, rules in _streams(top, scope)}
    if problems:
        raise MappingError(sorted(set(problems), key=lambda problem: (problem.file, problem.line)))
    return Mapping(name, _version(root), rules, frozenset(scope.sources))


def _file_currency(top: Section) -> Read | None:
    code = top.text("currency")
    if code is None:
        return None
    try:
        currency_code(code)
    except RefusedError:
        top.wrong("currency", f"`{code}` is not an ISO 4217 currency code, like USD")
    return lambda _item, _context: code


def _streams(top: Section, scope: Scope) -> list[tuple[str, list[RecordRule]]]:
    streams = top.entries["streams"].value if "streams" in top else None
    if not isinstance(streams, dict) or not streams:
        top.wrong("streams", "must map the names of streams to canonical records")
        return []
    return [(stream, _rules(node, scope)) for stream, node in streams.items()]


def _rules(node: Node, scope: Scope) -> list[RecordRule]:
    if not isinstance(node.value, dict) or not node.value:
        scope.problems.append(node.problem("must map canonical record kinds to their `fields`"))
        return []
    compiled = [compile_record(name, record, scope) for name, record in node.value.items()]
    return [rule for rule in compiled if rule is not None]


def _version(root: Node) -> str:
    content = msgspec.json.encode([_LANGUAGE, root.plain()], order="sorted")
    return hashlib.sha256(content).hexdigest()[:16]
