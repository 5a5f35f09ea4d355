"""SOQL and its values: ids and names are checked, not escaped, before they become part of a query or URL."""

import re
import string
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_SUFFIXES = string.ascii_uppercase + "012345"
NAME = r"^[A-Za-z][A-Za-z0-9_]{0,79}$"
FIELD_PATH = r"^[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}$"


_NAME = re.compile(NAME)


def is_name(text: str) -> bool:
    """Whether ``text`` can be the name of an object or field, and nothing else.

    >>> is_name("External__c"), is_name("Opportunity/../User"), is_name("External__c" + chr(10))
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None  # not match(): "$" also matches before a last newline


class Position(NamedTuple):
    """Where a keyset read stands: after this stamp (aware) and id; an empty id stands before all of that stamp."""

    stamp: datetime
    ref: str


def long_id(text: str) -> str:
    """The 18-character form of a record id; ValueError if ``text`` is not exactly one id.

    >>> long_id("003q000000KvQ1t")
    '003q000000KvQ1tAAF'
    """
    if not _ID.fullmatch(text):
        raise ValueError("not a Salesforce record id (15 or 18 letters and digits)")
    chunks = (text[start : start + 5] for start in (0, 5, 10))
    suffix = "".join(_SUFFIXES[sum(letter.isupper() << place for place, letter in enumerate(five))] for five in chunks)
    if len(text) == 18 and text[15:].upper() != suffix:
        raise ValueError("not a Salesforce record id (its check characters are wrong)")
    return text[:15] + suffix


def text_literal(text: str) -> str:
    r"""A quoted string.

    >>> print(text_literal("O'Hara\\n"))
    'O\'Hara\\n'
    """
    escapes = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f", '"': r"\""}
    return "'" + "".join(escapes.get(character, character) for character in text) + "'"


def instant_literal(at: datetime) -> str:
    """A date-time in UTC, in milliseconds (cut, not rounded): ``2026-01-31T09:30:00.000Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """A stamp as the REST API writes it (``2026-01-31T09:30:00.000+0000``), aware, UTC; ValueError if it is naive."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at.astimezone(UTC)


def select(columns: Iterable[str], sobject: str, condition: str = "") -> str:
    """A query; its parts are names that the settings have checked, and literals made here."""
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT {', '.join(columns)} FROM {sobject}{where}"  # noqa: S608 - see above


def in_list(values: Iterable[str]) -> str:
    return "(" + ", ".join(text_literal(value) for value in values) + ")"


def after(position: Position) -> str:
    """The condition for what stands after ``position`` in the order (SystemModstamp, Id)."""
    stamp = instant_literal(position.stamp)
    if not position.ref:
        return f"SystemModstamp >= {stamp}"
    later = f"(SystemModstamp > {stamp} OR Id > {text_literal(position.ref)})"
    return f"SystemModstamp >= {stamp} AND {later}"
