"""Named exact converters: what a source's value becomes. None takes a float, none guesses a format.

A converter gets a value that is there (not null, not the empty string), the object in which it was found, and the
run's context. It answers what the canonical model takes, None if the value counts as missing, or raises RefusedError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Context as Arithmetic
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from mappings.errors import RefusedError
from mappings.money import Money, minor_units
from mappings.records import Key


@dataclass(slots=True)
class Context:
    """One application of a mapping: whose payload it is, and what is collected on the way."""

    source: str
    ref: str
    payload: Any
    sources: Mapping[str, str]
    record: Any = None  # what the canonical record is made from: the payload, or the item of its `each`
    currency: str | None = None  # the record's currency, once it is known
    warnings: list[str] = field(default_factory=list)


Read: TypeAlias = Callable[[Any, Context], Any]
Convert: TypeAlias = Callable[[Any, Any, Context], Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What a field of a mapping declares for its converter."""

    currency: Read | None = None
    rounding: str | None = None
    places: int | None = None
    negate: bool = False
    format: str | None = None
    time_zone: tzinfo | None = None
    plus: Callable[[date], date] | None = None
    source: str | None = None
    prefix: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    otherwise: object = None


@dataclass(frozen=True, slots=True)
class Converter:
    """``gives``: the types that it can fill (none: any); ``options``: the keys that mean something to it."""

    gives: tuple[type, ...]
    build: Callable[[Options], Convert]
    options: frozenset[str] = frozenset()


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,5})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HINT_LENGTH = 40
_ARITHMETIC = Arithmetic(prec=60)  # the default of 28 digits is too few for 19 digits and 12 places


def text_of(value: Any) -> str:  # noqa: ANN401 -- JSON of any shape
    """Text as it is, an integer in digits, a boolean as `true` or `false`."""
    if type(value) is str:
        if "\x00" in value:
            raise RefusedError("has a NUL character; remove it in the source")
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    raise RefusedError(f"is {_named(value)} where text is expected; mend the path")


def exact_decimal(value: Any) -> Decimal:  # noqa: ANN401
    """The number as it was written, in JSON or in text."""
    if type(value) is Decimal:
        number = value
    elif type(value) is int:
        return Decimal(value)
    elif type(value) is str and _NUMBER.fullmatch(value.strip()):
        number = Decimal(value.strip())
    else:
        raise RefusedError(f"is {_named(value)} where a number is expected; mend the source or the path")
    if not number.is_finite():
        raise RefusedError("is not a finite number; mend the source")
    return number


def currency_code(value: Any) -> str:  # noqa: ANN401
    code = text_of(value)
    if not _CURRENCY.fullmatch(code):
        raise RefusedError("is not an ISO 4217 currency code; add it to `aliases`", hint_of(code))
    return code


def hint_of(value: object) -> str:
    """The beginning of a code, for people; control characters are escaped."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _HINT_LENGTH else text[:_HINT_LENGTH] + "…"


def _named(value: object) -> str:
    names: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "a boolean",
        int: "a number",
        Decimal: "a number",
        float: "an inexact number (a float, made by the path's functions)",
    }
    return names.get(type(value), type(value).__name__)


def _text(_: Options) -> Convert:
    return lambda value, _item, _context: text_of(value)


def _trim(_: Options) -> Convert:
    return lambda value, _item, _context: text_of(value).strip() or None


def _email(_: Options) -> Convert:
    return lambda value, _item, _context: text_of(value).strip().lower() or None


def _code(_: Options) -> Convert:
    return lambda value, _item, _context: currency_code(value)


def _decimal(options: Options) -> Convert:
    if options.negate:
        plain = _decimal(replace(options, negate=False))
        return lambda value, item, context: plain(value, item, context).copy_negate()
    if options.places is None:
        return lambda value, _item, _context: exact_decimal(value)
    unit, rounding = Decimal(1).scaleb(-options.places), options.rounding

    def convert(value: Any, _item: Any, _context: Context) -> Decimal:  # noqa: ANN401
        number = exact_decimal(value)
        if number and number.adjusted() > 18:
            raise RefusedError(f"has {number.adjusted() + 1} digits before the point; no more than 19 fit")
        rounded = number.quantize(unit, rounding, _ARITHMETIC)
        if rounded != number and rounding is None:
            raise RefusedError(f"has more than {options.places} decimal places; declare a `rounding`")
        return rounded

    return convert


def _percent(_: Options) -> Convert:
    def convert(value: Any, _item: Any, _context: Context) -> Decimal:  # noqa: ANN401
        sign, digits, power = exact_decimal(value).as_tuple()
        return Decimal((sign, digits, int(power) - 2))

    return convert


def _integer(_: Options) -> Convert:
    def convert(value: Any, _item: Any, _context: Context) -> int:  # noqa: ANN401
        number = exact_decimal(value)
        if (number and number.adjusted() > 18) or number != number.to_integral_value():
            raise RefusedError("is not a whole number of at most 19 digits; mend the source or use `decimal`")
        return int(number)

    return convert


def _money(options: Options) -> Convert:
    currency, rounding, sign = options.currency, options.rounding, -1 if options.negate else 1
    if currency is None:
        raise ValueError("has no currency")

    def convert(value: Any, item: Any, context: Context) -> dict[str, object]:  # noqa: ANN401
        code = currency(item, context)
        try:
            return {"minor": sign * minor_units(exact_decimal(value), code, rounding), "currency": code}
        except RefusedError:
            raise
        except ValueError as error:
            raise RefusedError(str(error)) from error

    return convert


def _minor_units(options: Options) -> Convert:
    currency, integer = options.currency, _integer(options)
    if currency is None:
        raise ValueError("has no currency")
    return lambda value, item, context: {
        "minor": integer(value, item, context),
        "currency": currency(item, context),
    }


def _date(options: Options) -> Convert:
    parse = _iso_date if options.format is None else _formatted_date(options.format)
    plus = options.plus
    if plus is None:
        return lambda value, _item, _context: parse(text_of(value).strip())
    return lambda value, _item, _context: plus(parse(text_of(value).strip()))


def _iso_date(text: str) -> date:
    if _ISO_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise RefusedError("is not a day of the calendar; mend the source", hint_of(text)) from error
    if len(text) > 10 and _ISO_DATE.fullmatch(text[:10]):
        raise RefusedError("is an instant, not a date; use `as: local_date` with a time zone", hint_of(text))
    raise RefusedError("is not a date like 2026-12-31; declare its `format`", hint_of(text))


def _formatted_date(declared: str) -> Callable[[str], date]:
    def parse(text: str) -> date:
        try:
            return datetime.strptime(text, declared).date()  # noqa: DTZ007 -- a business date has no zone
        except ValueError as error:
            raise RefusedError(f"is not a date of the declared format {declared}", hint_of(text)) from error

    return parse


def _datetime(options: Options) -> Convert:
    zone, declared = options.time_zone, options.format

    def parse(text: str) -> datetime:
        return datetime.strptime(text, declared) if declared else datetime.fromisoformat(text)  # noqa: DTZ007

    def convert(value: Any, _item: Any, _context: Context) -> datetime:  # noqa: ANN401
        text = text_of(value).strip()
        try:
            instant = parse(text)
        except ValueError as error:
            raise RefusedError("is not a date and time of the declared format", hint_of(text)) from error
        if instant.tzinfo is None:
            if zone is None:
                raise RefusedError("has no offset from UTC; declare a `time_zone`", hint_of(text))
            instant = instant.replace(tzinfo=zone)
        return _in_zone(instant, UTC)

    return convert


def _local_date(options: Options) -> Convert:
    instant_of, zone, plus = _datetime(options), options.time_zone or UTC, options.plus

    def convert(value: Any, item: Any, context: Context) -> date:  # noqa: ANN401
        day = _in_zone(instant_of(value, item, context), zone).date()
        return plus(day) if plus else day

    return convert


def _in_zone(instant: datetime, zone: tzinfo) -> datetime:
    try:
        return instant.astimezone(zone)
    except OverflowError as error:
        raise RefusedError("is outside the calendar; mend the source", hint_of(instant.isoformat())) from error


def added(days: int, months: int) -> Callable[[date], date]:
    """A later date, e.g. the day after a period's last; the 31st plus a month is the month's last day."""

    def plus(day: date) -> date:
        years, month = divmod(day.month - 1 + months, 12)
        first = date(day.year + years, month + 1, 1)
        length = (date(first.year + first.month // 12, first.month % 12 + 1, 1) - first).days
        return first.replace(day=min(day.day, length)) + timedelta(days=days)

    def checked(day: date) -> date:
        try:
            return plus(day)
        except (ValueError, OverflowError) as error:
            raise RefusedError("is at the end of the calendar; mend the source", hint_of(str(day))) from error

    return checked


def _boolean(_: Options) -> Convert:
    known = {"true": True, "1": True, "false": False, "0": False}

    def convert(value: Any, _item: Any, _context: Context) -> bool:  # noqa: ANN401
        if type(value) is bool:
            return value
        text = text_of(value)
        if text not in known:
            raise RefusedError("is neither true nor false; declare `values`", hint_of(text))
        return known[text]

    return convert


def _enumeration(options: Options) -> Convert:
    known, otherwise = options.values, options.otherwise

    def convert(value: Any, _item: Any, _context: Context) -> object:  # noqa: ANN401
        text = text_of(value)
        found = known.get(text, otherwise)
        if found is None:
            raise RefusedError("is a value that the mapping does not know; add it to `values`", hint_of(text))
        return found

    return convert


def _reference(options: Options) -> Convert:
    name, prefix = options.source, options.prefix

    def convert(value: Any, _item: Any, context: Context) -> dict[str, str] | None:  # noqa: ANN401
        ref = text_of(value).strip()
        if not ref.startswith(prefix) or ref == prefix:
            return None
        return {"source": _bound(name, context) if name else context.source, "ref": ref[len(prefix) :]}

    return convert


def _bound(name: str, context: Context) -> str:
    if name not in context.sources:
        raise RefusedError(f"points at the system `{name}`, which is bound to no configured source; bind it")
    return context.sources[name]


_DATE_OPTIONS = frozenset({"format", "plus"})

CONVERTERS: dict[str, Converter] = {
    "text": Converter((str,), _text),
    "trim": Converter((str,), _trim),
    "email": Converter((str,), _email),
    "currency": Converter((str,), _code),
    "decimal": Converter((Decimal,), _decimal, frozenset({"places", "rounding", "negate"})),
    "percent": Converter((Decimal,), _percent),
    "integer": Converter((int, Decimal), _integer),
    "money": Converter((Money,), _money, frozenset({"currency", "rounding", "negate"})),
    "minor_units": Converter((Money,), _minor_units, frozenset({"currency"})),
    "date": Converter((date,), _date, _DATE_OPTIONS),
    "local_date": Converter((date,), _local_date, _DATE_OPTIONS | {"time_zone"}),
    "datetime": Converter((datetime,), _datetime, frozenset({"format", "time_zone"})),
    "boolean": Converter((bool,), _boolean),
    "enumeration": Converter((str, bool, Decimal, int, Enum), _enumeration, frozenset({"values", "otherwise"})),
    "reference": Converter((Key,), _reference, frozenset({"source", "prefix"})),
}
"""Every converter by the name that mapping files use."""
