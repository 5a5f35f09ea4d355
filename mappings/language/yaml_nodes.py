"""YAML as nodes that know their file and line; scalars as YAML 1.2 has them, numbers exact, keys always text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, cast

import yaml

from mappings.errors import MappingError, Problem

Scalar: TypeAlias = str | int | bool | Decimal | None

_DEEPEST = 50
"""Far more levels than a mapping has. libyaml composes by recursion that nothing else bounds."""
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the place where it stands; ``key`` is its dotted path in the file."""

    value: "Scalar | dict[str, Node] | list[Node]"
    file: str
    line: int
    key: str

    def problem(self, message: str) -> Problem:
        return Problem(self.file, self.line, self.key, message)

    def plain(self) -> object:
        """The value without its places, e.g. to be hashed."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_yaml(text: str, file: str) -> Node:
    """The document's root node. Raises MappingError: not YAML, anchors and aliases, duplicate keys, endless depth."""
    try:
        _refuse_what_is_not_read(text, file)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise MappingError([_not_yaml(error, file)]) from error
    if root is None:
        raise MappingError([Problem(file, 1, "", "is empty; a mapping starts with `streams:`")])
    problems: list[Problem] = []
    node = _node(root, file, "", problems)
    if problems:
        raise MappingError(problems)
    return node


def _refuse_what_is_not_read(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            message = f"`*{event.anchor}`: write the value out; aliases are not read"
            raise MappingError([Problem(file, line, "", message)])
        if depth > _DEEPEST:
            raise MappingError(
                [Problem(file, line, "", f"is nested deeper than {_DEEPEST} levels; close the brackets")]
            )


def _not_yaml(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
    return Problem(file, mark.line + 1 if mark else 1, "", f"is not YAML: {reason}")


def _node(node: yaml.Node, file: str, key: str, problems: list[Problem]) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return Node(dict(_entries(node, file, key, problems)), file, line, key)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(item, file, f"{key}[{i}]", problems) for i, item in enumerate(node.value)], file, line, key)
    return Node(_scalar(cast("yaml.ScalarNode", node)), file, line, key)


def _entries(node: yaml.MappingNode, file: str, key: str, problems: list[Problem]) -> Iterator[tuple[str, Node]]:
    seen: dict[str, int] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        inner = f"{key}.{name.value}" if key else str(name.value)
        if not isinstance(name, yaml.ScalarNode):
            problems.append(Problem(file, line, key, "a key must be plain text"))
        elif name.value in seen:
            message = f"is there twice (first in line {seen[name.value]}); remove one of them"
            problems.append(Problem(file, line, inner, message))
        else:
            seen[name.value] = line
            found = _node(value, file, inner, problems)
            yield name.value, Node(found.value, file, line, inner)


def _scalar(node: yaml.ScalarNode) -> Scalar:
    text = str(node.value)
    if node.style:  # quoted or a block: text, whatever it looks like
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
