"""Reads YAML so that every scalar stays the text that was typed, and every place keeps its line.

``0.08`` never becomes a binary float on the way, and an error can say where it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from compensation.errors import PlanError

Place = tuple[str | int, ...]

_DEEPEST = 50
"""Far more levels than the language has. libyaml composes by recursion that nothing else bounds."""


@dataclass(frozen=True)
class Document:
    """A YAML text as mappings, lists and strings, and the line of each place in it."""

    content: dict[str, object]
    lines: dict[Place, tuple[str, int]]
    path: str

    def place_of(self, place: Place) -> tuple[str, int]:
        """The file and line of the place, or of the nearest enclosing one that the text has."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def line_of(self, place: Place) -> int:
        """The line alone, see :meth:`place_of`."""
        return self.place_of(place)[1]

    def at(self, place: Place) -> object:
        """What stands there."""
        found: Any = self.content
        for part in place:
            found = found[part]
        return found


def read_document(text: str, path: str) -> Document:
    """Parses ``text``; PlanError if it is not YAML, not a mapping, or uses aliases, repeated keys or empty values."""
    try:
        _refuse_depth(text, path)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PlanError(path, line, "", f"not readable as YAML ({error.problem})", "mend the text there") from error
    except yaml.YAMLError as error:
        raise PlanError(path, 1, "", f"not readable as YAML ({error})", "save the file as plain UTF-8 text") from error
    if not isinstance(root, yaml.MappingNode):
        raise PlanError(path, 1, "", "a plan is a mapping of keys", "begin with 'plan: <name>'")
    reader = _Reader(path)
    content = reader.mapping(root, ())
    lines = {place: (path, line) for place, line in reader.lines.items()}
    return Document(content, {(): (path, 1), **lines}, path)


def _refuse_depth(text: str, path: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise PlanError(path, line, "", f"is nested deeper than {_DEEPEST} levels", "close the brackets before it")


class _Reader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: dict[Place, int] = {}
        self._seen: set[int] = set()

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        content: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in content:
                raise self._error(key_node, key, "the key stands twice", "keep one of them")
            self.lines[*place, key] = key_node.start_mark.line + 1
            content[key] = self._value(value_node, (*place, key), key)
        return content

    def _key(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        raise self._error(node, "", "a key has to be a word", "write 'key: value'")

    def _value(self, node: yaml.Node, place: Place, key: str) -> object:
        if isinstance(node, yaml.ScalarNode):
            if node.value == "":
                raise self._error(node, key, "has no value", "give it one, or leave the key out")
            return node.value
        if id(node) in self._seen:
            raise self._error(node, key, "is an alias of another part", "write the part out")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        return list(self._items(node, place, key))

    def _items(self, node: yaml.Node, place: Place, key: str) -> Iterator[object]:
        for number, item in enumerate(node.value):
            self.lines[*place, number] = item.start_mark.line + 1
            yield self._value(item, (*place, number), key)

    def _error(self, node: yaml.Node, key: str, problem: str, remedy: str) -> PlanError:
        return PlanError(self.path, node.start_mark.line + 1, key, problem, remedy)
