"""Composition: a plan file that extends another says only where it differs."""

from collections.abc import Callable

from compensation.errors import PlanError
from compensation.plans.yaml_text import Document, Place, read_document

ReadBase = Callable[[str], str]
"""The text of the plan file that ``extends`` names; KeyError if there is none."""


def composed(text: str, path: str, read_base: ReadBase | None) -> tuple[Document, str]:
    """The document with what it extends, and the texts of all files concerned, one after another.

    Keys of the file replace those of the base. ``components`` and ``caps`` are matched by name: a component that the
    base has replaces the keys given, a new one is added, one with ``removed: yes`` is taken away. PlanError if the base
    cannot be read or extends itself.
    """
    return _composed(text, path, read_base, (path,))


def _composed(text: str, path: str, read_base: ReadBase | None, above: tuple[str, ...]) -> tuple[Document, str]:
    document = read_document(text, path)
    name = document.content.get("extends")
    if name is None:
        return document, text
    base_text = _read(str(name), document, path, read_base, above)
    base, texts = _composed(base_text, str(name), read_base, (*above, str(name)))
    return _Merge(document, base).document(), f"{texts}\n{text}"


def _read(name: str, document: Document, path: str, read_base: ReadBase | None, above: tuple[str, ...]) -> str:
    line = document.line_of(("extends",))
    if name in above:
        raise PlanError(
            path, line, "extends", f"'{name}' extends itself", "name a file that does not build on this one"
        )
    unknown = PlanError(path, line, "extends", f"there is no '{name}'", "name a plan file of the same folder")
    if read_base is None:
        raise unknown
    try:
        return read_base(name)
    except KeyError:
        raise unknown from None


_NAMED = {"components": "component", "caps": "cap"}
"""Lists whose items are matched by a name."""


class _Merge:
    """One document over another; every place keeps the line (and file) that it was written on."""

    def __init__(self, over: Document, base: Document) -> None:
        self._over, self._base = over, base
        self._lines: dict[Place, tuple[str, int]] = {}

    def document(self) -> Document:
        content: dict[str, object] = {}
        for key in {**self._base.content, **self._over.content}:
            if key == "examples":
                if key in self._over.content:
                    content[key] = self._taken(self._over, (key,), (key,))
            elif key in _NAMED and key in self._over.content and key in self._base.content:
                content[key] = self._named(key)
            else:
                source = self._over if key in self._over.content else self._base
                content[key] = self._taken(source, (key,), (key,))
        return Document(content, {(): (self._over.path, 1), **self._lines}, self._over.path)

    def _named(self, key: str) -> list[object]:
        over, base = self._items(self._over, key), self._items(self._base, key)
        merged: list[object] = []
        for name in {**base, **over}:
            place = (key, len(merged))
            if name not in over:
                merged.append(self._taken(self._base, base[name], place))
            elif name not in base:
                merged.append(self._taken(self._over, over[name], place))
            elif not self._is_removed(over[name]):
                merged.append(self._item(base[name], over[name], place))
        self._lines[key,] = self._over.place_of((key,))
        return merged

    def _item(self, base: Place, over: Place, place: Place) -> dict[str, object]:
        below, above = self._base.at(base), self._over.at(over)
        if not isinstance(below, dict) or not isinstance(above, dict):
            return {}
        self._lines[place] = self._over.place_of(over)
        return {
            key: self._taken(self._over, (*over, key), (*place, key))
            if key in above
            else self._taken(self._base, (*base, key), (*place, key))
            for key in {**below, **above}
        }

    def _is_removed(self, place: Place) -> bool:
        item = self._over.at(place)
        return isinstance(item, dict) and item.get("removed") in ("yes", "true")

    def _items(self, document: Document, key: str) -> dict[str, Place]:
        """Where the items stand, by their names; one without a name keeps its number as one."""
        items = document.content.get(key)
        if not isinstance(items, list):
            return {}
        names = (item.get(_NAMED[key]) if isinstance(item, dict) else None for item in items)
        return {str(name or f"#{number}"): (key, number) for number, name in enumerate(names)}

    def _taken(self, source: Document, place: Place, to: Place) -> object:
        for known, written in source.lines.items():
            if known[: len(place)] == place:
                self._lines[(*to, *known[len(place) :])] = written
        return source.at(place)
