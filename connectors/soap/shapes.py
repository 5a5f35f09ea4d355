"""Answers as JSON, by the schema: what may repeat is always a list, and no text goes through a number.

An element becomes the value of its local name; ``xsi:nil`` is null, an empty element ``""``, an absent one has no name.
Attributes are ``@name``, an ``xsi:type`` ``@xsi:type`` (local name), the text of an element with attributes ``#text``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import zeep
import zeep.exceptions
from lxml import etree
from zeep.xsd.elements import Element as XsdElement
from zeep.xsd.elements.indicators import Group, OrderIndicator
from zeep.xsd.types import ComplexType

Json: TypeAlias = Any  # text, null, object or list
XsdType: TypeAlias = Any  # zeep's types are not typed

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True, slots=True)
class Child:
    type: XsdType
    is_repeated: bool


class Shapes:
    """The types of one WSDL."""

    def __init__(self, client: zeep.Client) -> None:
        self._schema: XsdType = client.wsdl.types
        self._children: dict[int, dict[str, Child]] = {}

    def to_json(self, node: etree._Element) -> Json:
        """A message (the first element of a SOAP body)."""
        try:
            kind = self._schema.get_element(etree.QName(node)).type
        except zeep.exceptions.Error:
            kind = None
        return self._value(node, kind)

    def type(self, name: str) -> XsdType:
        """The type of a qualified name; KeyError if there is none."""
        try:
            return self._schema.get_type(name)
        except (zeep.exceptions.Error, ValueError) as error:
            raise KeyError(name) from error

    def fields(self, kind: XsdType) -> Iterator[tuple[str, str]]:
        """Path and native type of every simple element of a type; those of lines as ``line.amount``."""
        yield from self._fields(kind, "", ())

    def _fields(self, kind: XsdType, prefix: str, above: tuple[int, ...]) -> Iterator[tuple[str, str]]:
        for tag, child in self._children_of(kind).items():
            path = f"{prefix}{etree.QName(tag).localname}"
            if not isinstance(child.type, ComplexType) or not child.type.elements:
                yield path, child.type.name or "string"
            elif id(child.type) not in above:  # types may contain themselves
                yield from self._fields(child.type, f"{path}.", (*above, id(child.type)))

    def _children_of(self, kind: XsdType) -> Mapping[str, Child]:
        if not isinstance(kind, ComplexType):
            return {}
        if id(kind) not in self._children:
            groups = (group for _, group in kind.elements_nested)
            self._children[id(kind)] = dict(pair for group in groups for pair in _walk(group, is_repeated=False))
        return self._children[id(kind)]

    def _value(self, node: etree._Element, declared: XsdType) -> Json:
        if node.get(f"{_XSI}nil") in ("true", "1"):
            return None
        kind = self._actual_type(node, declared)
        attributes = dict(_attributes(node))
        known = self._children_of(kind)
        content: dict[str, Json] = {}
        for child in node.iterchildren(tag=etree.Element):
            _add(content, child, self._value(child, getattr(known.get(str(child.tag)), "type", None)), known)
        if content or known:
            return {**attributes, **content}
        text = node.text or ""
        if not attributes:
            return text
        return {**attributes, "#text": text} if text.strip() else attributes

    def _actual_type(self, node: etree._Element, declared: XsdType) -> XsdType:
        named = node.get(f"{_XSI}type")
        if named is None:
            return declared
        prefix, _, local = named.rpartition(":")
        try:
            return self.type(f"{{{node.nsmap.get(prefix or None, '')}}}{local}")
        except KeyError:
            return declared


def _walk(node: XsdType, *, is_repeated: bool) -> Iterator[tuple[str, Child]]:
    repeated = is_repeated or node.accepts_multiple
    if isinstance(node, XsdElement):
        if node.qname is not None:
            yield node.qname.text, Child(node.type, repeated)
    elif isinstance(node, Group):
        yield from _walk(node.child, is_repeated=repeated)
    elif isinstance(node, OrderIndicator):
        for child in node:
            yield from _walk(child, is_repeated=repeated)


def _add(content: dict[str, Json], child: etree._Element, value: Json, known: Mapping[str, Child]) -> None:
    name, declared = etree.QName(child).localname, known.get(str(child.tag))
    if declared is not None and declared.is_repeated:
        content.setdefault(name, []).append(value)
    elif name not in content:
        content[name] = value
    else:  # repeated against the schema, or unknown to it: nothing is dropped
        earlier = content[name]
        content[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]


def _attributes(node: etree._Element) -> Iterator[tuple[str, str]]:
    for name, value in node.attrib.items():
        if name == f"{_XSI}type":
            yield "@xsi:type", str(value).rpartition(":")[2]
        elif not str(name).startswith(_XSI):
            yield f"@{etree.QName(name).localname}", str(value)


def follow(value: Json, path: str) -> Json:
    """What stands at a path; None where there is nothing. A list on the way is followed through its first item."""
    for name in path.split(".") if path else ():
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def follow_all(value: Json, path: str) -> list[Json]:
    """The items at a path, however often the elements on the way are repeated."""
    values = [value]
    for name in path.split("."):
        below = [one[name] for one in values if isinstance(one, dict) and name in one]
        values = [item for one in below for item in (one if isinstance(one, list) else [one])]
    return values


def text_at(value: Json, path: str) -> str:
    """The text at a path; empty where there is none."""
    found = follow(value, path)
    if isinstance(found, list):
        found = found[0] if found else None
    if isinstance(found, dict):
        found = found.get("#text")
    return found if isinstance(found, str) else ""
