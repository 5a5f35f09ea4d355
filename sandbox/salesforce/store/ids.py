"""Record ids: 15 case-sensitive characters, and three more from which a lost case can be told."""

import string

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SUFFIXES = string.ascii_uppercase + "012345"
_INSTANCE = "5g0"


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the ``number``-th record of the object with this key prefix.

    >>> make_id("006", 62)
    '0065g0000000010AAA'
    """
    short = prefix + _INSTANCE + _base62(number).rjust(9, "0")
    return short + check_suffix(short)


def check_suffix(short: str) -> str:
    """Characters 16 to 18: one per five characters, whose bits say which of them are upper case.

    >>> check_suffix("00Dx0000000BV7z")
    'EAG'
    """
    return "".join(_SUFFIXES[_upper_case_bits(short[start : start + 5])] for start in (0, 5, 10))


def long_id(text: str) -> str | None:
    """The 18-character form of a 15- or 18-character id; None if ``text`` is no id.

    >>> long_id("003q000000KvQ1t")
    '003q000000KvQ1tAAF'
    >>> long_id("003q000000KvQ1tAAA") is None
    True
    """
    if len(text) not in (15, 18) or not (text.isascii() and text.isalnum()):
        return None
    whole = text[:15] + check_suffix(text[:15])
    return whole if whole.startswith(text) else None


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits


def _upper_case_bits(five: str) -> int:
    return sum(1 << place for place, character in enumerate(five) if character in string.ascii_uppercase)
