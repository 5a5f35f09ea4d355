"""Paths into a payload: jmespath, with the plain `a.b.c` that nearly all are as direct look-ups."""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import jmespath
import jmespath.exceptions

from mappings.errors import RefusedError

Find: TypeAlias = Callable[[Any], Any]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def is_plain(path: str) -> bool:
    return _PLAIN.fullmatch(path) is not None


def compile_path(path: str) -> Find:
    """Finds what ``path`` names in an object, None if it is not there. Raises ValueError if the path is malformed."""
    if path == "@":
        return lambda item: item
    if is_plain(path):
        names = path.split(".")
        return _child(names[0]) if len(names) == 1 else _descendant(names)
    return _expression(path)


def compile_presence(path: str) -> Callable[[Any], bool]:
    """Whether the object has the last name of the plain ``path``, be its value null or not."""
    *outer, last = path.split(".")
    parent = _descendant(outer)

    def is_there(item: Any) -> bool:  # noqa: ANN401 -- JSON of any shape
        holder = parent(item)
        return isinstance(holder, dict) and last in holder

    return is_there


def _child(name: str) -> Find:
    def find(item: Any) -> Any:  # noqa: ANN401
        return item.get(name) if type(item) is dict else None

    return find


def _descendant(names: list[str]) -> Find:
    def find(item: Any) -> Any:  # noqa: ANN401
        for name in names:
            if type(item) is not dict:
                return None
            item = item.get(name)
        return item

    return find


def _expression(path: str) -> Find:
    try:
        search = jmespath.compile(path).search
    except jmespath.exceptions.JMESPathError as error:
        first_line = str(error).splitlines()[0] if str(error) else "it is empty"
        raise ValueError(f"`{path}` is not a jmespath: {first_line}") from error

    def find(item: Any) -> Any:  # noqa: ANN401
        try:
            return search(item)
        except jmespath.exceptions.JMESPathError as error:
            raise RefusedError(f"the path `{path}` does not fit this payload: {type(error).__name__}") from error

    return find
