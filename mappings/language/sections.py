"""Reading a mapping file's nodes with their types checked; every mistake is noted, reading goes on."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mappings.errors import Problem
from mappings.language.yaml_nodes import Node, Scalar


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy for an unknown name: the one that was probably meant, else all that are known."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are: {', '.join(names)}"


@dataclass(frozen=True, slots=True)
class Section:
    """A map of the file whose keys must be among the known ones."""

    node: Node
    entries: dict[str, Node]
    problems: list[Problem]

    @classmethod
    def of(cls, node: Node, problems: list[Problem], known: Collection[str], what: str) -> "Section":
        if not isinstance(node.value, dict):
            problems.append(node.problem(f"must be a map: {what} with {', '.join(sorted(known))}"))
            return cls(node, {}, problems)
        for name, entry in node.value.items():
            if name not in known:
                problems.append(entry.problem(f"{what} has no key `{name}`; {nearest(name, known)}"))
        return cls(node, {name: entry for name, entry in node.value.items() if name in known}, problems)

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(self.entries.get(name, self.node).problem(message))

    def text(self, name: str) -> str | None:
        value = self._value(name)
        if value is None or isinstance(value, str):
            return value
        self.wrong(name, "must be text")
        return None

    def flag(self, name: str) -> bool:
        value = self._value(name)
        if value is not None and not isinstance(value, bool):
            self.wrong(name, "must be true or false")
        return value is True

    def whole_number(self, name: str, highest: int) -> int | None:
        value = self._value(name)
        if value is None or (type(value) is int and 0 <= value <= highest):
            return value
        self.wrong(name, f"must be a whole number from 0 to {highest}")
        return None

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        value = self.text(name)
        if value is None or value in choices:
            return value
        self.wrong(name, f"`{value}` is unknown; {nearest(value, choices)}")
        return None

    def texts(self, name: str) -> list[str]:
        """A list of texts, not empty."""
        return [text_item(item, self.problems) for item in self.nodes(name)]

    def nodes(self, name: str) -> list[Node]:
        value = self.entries[name].value
        if isinstance(value, list) and value:
            return value
        self.wrong(name, "must be a list with at least one item")
        return []

    def scalars(self, name: str) -> dict[str, Scalar]:
        """A map of plain values."""
        if name not in self:
            return {}
        value = self.entries[name].value
        if not isinstance(value, dict):
            self.wrong(name, "must be a map of values, e.g. `GTXPro: GTX Pro`")
            return {}
        return {key: scalar(node, self.problems) for key, node in value.items()}

    def _value(self, name: str) -> Scalar:
        return scalar(self.entries[name], self.problems) if name in self else None


def text_item(node: Node, problems: list[Problem]) -> str:
    if isinstance(node.value, str):
        return node.value
    problems.append(node.problem("must be text"))
    return "@"


def scalar(node: Node, problems: list[Problem]) -> Scalar:
    if isinstance(node.value, dict | list):
        problems.append(node.problem("must be one plain value"))
        return None
    if node.value is None:
        problems.append(node.problem("is empty; give it a value or remove it"))
    return node.value
