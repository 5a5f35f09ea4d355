"""Records and messages as XML, by the service's own schema: what it does not allow is neither taken nor given."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from threading import Lock

from lxml import etree

Value = str | int | bool | Decimal | date | datetime | None | Sequence["Value"] | Mapping[str, "Value"]
Record = Mapping[str, Value]
"""Element names to values: amounts are Decimal, repeated elements lists, nested elements mappings."""

FOLDER = Path(__file__).parent
MESSAGES = "urn:sandbox-erp:messages:1"
RECORDS = "urn:sandbox-erp:records:1"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
NAMESPACES = {"soap": _SOAP, "m": MESSAGES, "r": RECORDS, "xsi": _XSI[1:-1], "xsd": _XSD[1:-1]}


_validating = Lock()  # a schema object keeps the errors of its last validation


class NotAllowedError(ValueError):
    """A record or message is not what the schema says; the message names the element."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a record: ``type_name`` without its prefix (``decimal``, ``RecordRef`` …)."""

    name: str
    type_name: str
    is_repeated: bool
    is_nillable: bool


def parse(document: bytes) -> etree._Element:
    """The root of untrusted XML: no DTD, no entities, nothing fetched; NotAllowedError otherwise."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise NotAllowedError(f"the request is not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotAllowedError("a request must not carry a document type declaration")
    return root


def check_message(message: etree._Element) -> None:
    """NotAllowedError unless the element is a message of `messages.xsd`."""
    schema = _message_schema()
    with _validating:
        try:
            schema.assertValid(message)
        except etree.DocumentInvalid as error:
            reason = str(error).replace(f"{{{MESSAGES}}}", "").replace(f"{{{RECORDS}}}", "")
            raise NotAllowedError(reason) from error


def check_record(kind: str, record: Record) -> None:
    """NotAllowedError unless the record is complete and of its kind's type."""
    response = etree.Element(f"{{{MESSAGES}}}getListResponse")
    response.append(record_element("found", kind, record))
    check_message(response)


def record_element(tag: str, kind: str, record: Record) -> etree._Element:
    """The record as an element ``tag`` of the messages, typed by ``xsi:type``; NotAllowedError if it is not one."""
    element = etree.Element(f"{{{MESSAGES}}}{tag}", nsmap=NAMESPACES)
    element.set(f"{_XSI}type", f"r:{kind}")
    _append_all(element, kind, record)
    return element


def record_of(element: etree._Element, kind: str) -> dict[str, Value]:
    """The values of a record that came in (checked before): amounts as Decimal, from their text."""
    names = {field.name: field for field in elements_of(kind)}
    return {(name := etree.QName(child).localname): _read(child, names[name]) for child in element}


@cache
def elements_of(type_name: str) -> tuple[Element, ...]:
    """The elements of a type of `records.xsd`, in order, those of its base type first."""
    definition = _record_types()[type_name]
    extension = definition.find(f".//{_XSD}extension")
    base = () if extension is None else elements_of(str(extension.attrib["base"]).removeprefix("r:"))
    return (*base, *(_element(node) for node in definition.iter(f"{_XSD}element")))


def text_of(value: Value) -> str:
    """A simple value as XML has it: decimals by their own digits, instants in UTC with milliseconds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | str):
        return str(value)
    raise NotAllowedError(f"{type(value).__name__} has no place in a record; amounts are Decimal, instants aware")


def instant(text: str) -> datetime:
    """An xsd:dateTime; without an offset it is UTC, the time zone of the server."""
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _append_all(parent: etree._Element, type_name: str, record: Record) -> None:
    known = elements_of(type_name)
    if unknown := record.keys() - {element.name for element in known}:
        raise NotAllowedError(f"{type_name} has no element {', '.join(sorted(unknown))}")
    for element in known:
        for value in _values(record, element):
            _append(parent, element, value)


def _values(record: Record, element: Element) -> Iterator[Value]:
    if element.name not in record:
        return
    value = record[element.name]
    if element.is_repeated and isinstance(value, list):
        yield from value
    elif value is not None or element.is_nillable:
        yield value


def _append(parent: etree._Element, element: Element, value: Value) -> None:
    child = etree.SubElement(parent, f"{{{RECORDS}}}{element.name}")
    if value is None:
        child.set(f"{_XSI}nil", "true")
    elif isinstance(value, Mapping):
        _append_all(child, element.type_name, value)
    else:
        try:
            child.text = text_of(value)
        except ValueError as error:
            raise NotAllowedError(f"{element.name}: {error}") from error


def _read(child: etree._Element, element: Element) -> Value:
    if child.get(f"{_XSI}nil") in {"true", "1"}:
        return None
    text = child.text or ""
    try:
        return _CONVERTERS.get(element.type_name, str)(text)
    except ValueError as error:
        raise NotAllowedError(f"{element.name}: {text[:40]} is out of range") from error


_CONVERTERS: dict[str, Callable[[str], Value]] = {
    "decimal": lambda text: Decimal(text.strip()),
    "date": lambda text: date.fromisoformat(text.strip()[:10]),
}


def _element(node: etree._Element) -> Element:
    return Element(
        name=str(node.attrib["name"]),
        type_name=str(node.attrib["type"]).partition(":")[2],
        is_repeated=node.get("maxOccurs") == "unbounded",
        is_nillable=node.get("nillable") == "true",
    )


@cache
def _record_types() -> dict[str, etree._Element]:
    schema = etree.parse(FOLDER / "records.xsd").getroot()
    return {str(node.attrib["name"]): node for node in schema.iter(f"{_XSD}complexType")}


@cache
def _message_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(FOLDER / "messages.xsd"))
