"""`when:` conditions: named comparisons of a path with plain values, joined by `all`, `any` and `not`."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from mappings.errors import Problem, RefusedError
from mappings.language.converters import Context, Read, exact_decimal, text_of
from mappings.language.sections import Section, scalar
from mappings.language.yaml_nodes import Node

Condition: TypeAlias = Callable[[Any, Context], bool]
CompileSource: TypeAlias = Callable[[Section], Read]

_ORDER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}
_COMPARISONS = frozenset({"is", "is_not", "one_of", "none_of", "starts_with", "is_present", *_ORDER})
_JOINS = frozenset({"all", "any", "not"})


def always(_item: Any, _context: Context) -> bool:  # noqa: ANN401
    return True


def compile_condition(node: Node, problems: list[Problem], source_of: CompileSource) -> Condition:
    """A condition such as ``{path: state, one_of: [posted, paid]}``; a list is the same as ``all``."""
    if isinstance(node.value, list):
        return _all([compile_condition(item, problems, source_of) for item in node.value])
    section = Section.of(node, problems, _COMPARISONS | _JOINS | {"path", "of"}, "a condition")
    conditions = [_join(section, name, problems, source_of) for name in sorted(_JOINS) if name in section]
    if "path" in section:
        conditions.append(_comparison(section, source_of(section), problems))
    if not conditions:
        problems.append(node.problem("a condition needs a `path` with a comparison, or `all`, `any`, `not`"))
    return conditions[0] if len(conditions) == 1 else _all(conditions)


def _join(section: Section, name: str, problems: list[Problem], source_of: CompileSource) -> Condition:
    if name == "not":
        inner = compile_condition(section.entries["not"], problems, source_of)
        return lambda item, context: not inner(item, context)
    conditions = [compile_condition(item, problems, source_of) for item in section.nodes(name)]
    return _all(conditions) if name == "all" else _any(conditions)


def _all(conditions: list[Condition]) -> Condition:
    return lambda item, context: all(condition(item, context) for condition in conditions)


def _any(conditions: list[Condition]) -> Condition:
    return lambda item, context: any(condition(item, context) for condition in conditions)


def _comparison(section: Section, read: Read, problems: list[Problem]) -> Condition:
    names = sorted(_COMPARISONS & section.entries.keys())
    if len(names) != 1:
        section.wrong("path", f"needs exactly one comparison of: {', '.join(sorted(_COMPARISONS))}")
        return always
    holds = _test(section, names[0], problems)
    return lambda item, context: holds(read(item, context))


def _test(section: Section, name: str, problems: list[Problem]) -> Callable[[Any], bool]:
    if name in ("one_of", "none_of"):
        wanted = frozenset(_text(scalar(item, problems)) for item in section.nodes(name))
        return lambda value: (_text(value) in wanted) is (name == "one_of")
    if name in _ORDER:
        return _ordered(section, name)
    if name == "is_present":
        is_wanted = section.flag(name)
        return lambda value: (value is not None and value != "") is is_wanted
    text = _text(scalar(section.entries[name], problems))
    if name == "starts_with":
        return lambda value: value is not None and _text(value).startswith(text)
    return lambda value: (_text(value) == text) is (name == "is")


def _ordered(section: Section, name: str) -> Callable[[Any], bool]:
    bound = scalar(section.entries[name], section.problems)
    if type(bound) not in (int, Decimal):
        section.wrong(name, "must be a number")
        return lambda _: True
    number, compare = exact_decimal(bound), _ORDER[name]
    return lambda value: value is not None and value != "" and compare(exact_decimal(value), number)


def _text(value: Any) -> str:  # noqa: ANN401
    """Values are compared as text, so that XML's `true` and JSON's true are one; null is the empty text."""
    if value is None:
        return ""
    if type(value) is Decimal:
        return _plain_number(value)
    try:
        return text_of(value)
    except RefusedError as refused:
        raise refused.within("when") from None


def _plain_number(value: Decimal) -> str:
    if not -40 < value.adjusted() < 40:  # written out it could fill the memory
        return str(value)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
