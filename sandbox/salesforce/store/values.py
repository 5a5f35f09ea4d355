"""Values as they are stored: what the REST API will emit, made once on writing.

Text, booleans and integers are themselves. Numbers with decimals are Decimal with one decimal at least and no
trailing zeros after it (``1250.0``, ``1250.75``), as Salesforce writes them. Dates are ``2026-11-21``, instants
``2026-11-21T09:30:00.000+0000`` in UTC and whole seconds, so that order of text is order of time.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.store.ids import long_id

if TYPE_CHECKING:
    from sandbox.salesforce.store.schema import Field

Value = str | bool | int | Decimal | None

_EXACT = Context(prec=400)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def stored(field: "Field", value: object) -> Value:
    """``value`` of JSON, CSV or Python as ``field`` stores it; ApiError for a bad value, TypeError for a float."""
    if value is None or value == "":
        return None if field.type != "boolean" else False
    if isinstance(value, float):
        raise TypeError(f"{field.name}: an amount is a Decimal, never a float")
    return _CONVERTERS.get(field.type, _text)(field, value)


def instant_text(moment: datetime) -> str:
    """An aware instant as the wire has it.

    >>> instant_text(datetime(2026, 11, 21, 9, 30, 15, 999, tzinfo=UTC))
    '2026-11-21T09:30:15.000+0000'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def parse_instant(text: str) -> datetime | None:
    """The instant of ISO 8601 text; without an offset it is UTC. None if it is none."""
    matched = _INSTANT.fullmatch(text)
    if matched is None:
        return None
    try:
        moment = datetime.fromisoformat(matched[1] + (matched[2] or "Z"))
    except ValueError:
        return None
    return moment.astimezone(UTC)


def decimal_value(amount: Decimal) -> Decimal:
    """The shortest writing of an exact number that has a decimal point.

    >>> decimal_value(Decimal("1.25E+3")), decimal_value(Decimal("0.10"))
    (Decimal('1250.0'), Decimal('0.1'))
    """
    plain = amount.normalize(_EXACT)
    exponent = plain.as_tuple().exponent
    return plain if isinstance(exponent, int) and exponent < 0 else plain.quantize(Decimal("0.1"), context=_EXACT)


def _text(field: "Field", value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise _wrong_type(field, value)
    text = str(value)
    if field.length and len(text) > field.length:
        message = f"{field.name}: data value too large: {text[:255]} (max length={field.length})"
        raise ApiError("STRING_TOO_LONG", message, fields=[field.name])
    return text


def _boolean(field: "Field", value: object) -> Value:
    if isinstance(value, bool):
        return value
    if str(value).lower() in _TRUE | _FALSE:
        return str(value).lower() in _TRUE
    raise _wrong_type(field, value)


def _number(field: "Field", value: object) -> Value:
    amount = _decimal(field, value).quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP, _EXACT)
    if len(amount.as_tuple().digits) > max(field.precision, field.scale + 1):
        message = f"{field.name}: value outside of valid range on numeric field: {value}"
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", message, fields=[field.name])
    return int(amount) if field.type == "int" else decimal_value(amount)


def _decimal(field: "Field", value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise _wrong_type(field, value)
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise _wrong_type(field, value) from None
    if not amount.is_finite() or abs(amount.adjusted()) > field.precision + 300:
        raise _wrong_type(field, value)
    return amount


def _date(field: "Field", value: object) -> Value:
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise _wrong_type(field, value)
    if isinstance(value, date):
        return value.isoformat()
    moment = parse_instant(value if "T" in value else f"{value}T00:00:00Z")
    if moment is None:
        raise _wrong_type(field, value)
    return value[:10]


def _instant(field: "Field", value: object) -> Value:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    moment = parse_instant(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise _wrong_type(field, value)
    return instant_text(moment)


def _reference(field: "Field", value: object) -> Value:
    whole = long_id(value) if isinstance(value, str) else None
    if whole is None:
        message = f"{field.name}: id value of incorrect type: {value}"
        raise ApiError("MALFORMED_ID", message, fields=[field.name])
    return whole


def _wrong_type(field: "Field", value: object) -> ApiError:
    shown = str(value)[:80]
    return ApiError(
        "JSON_PARSER_ERROR", f"Cannot deserialize instance of {field.type} from value {shown} for {field.name}"
    )


_CONVERTERS: dict[str, Callable[["Field", object], Value]] = {
    "boolean": _boolean,
    "currency": _number,
    "percent": _number,
    "double": _number,
    "int": _number,
    "date": _date,
    "datetime": _instant,
    "reference": _reference,
    "id": _reference,
}
