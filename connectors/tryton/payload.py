"""From Tryton's rows to payloads: exact text, instants in ISO 8601, relations nested under their names."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import msgspec

from connectors.tryton.rpc import Row, Wire, instant

_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")


def to_payload(row: Row, kinds: Mapping[str, str]) -> str:
    """The row as JSON text.

    ``kinds`` are native types by path: SQLite sends booleans as 0 and 1, and a reference ``"sale.sale,3"`` becomes
    ``{"model": "sale.sale", "id": 3}``. Decimals become text, floats keep the digits that they had on the wire.
    """
    return _encoder.encode(_nested(row, "", kinds)).decode()


def last_stamp(row: Row, parts: tuple[str, ...]) -> datetime:
    """When the record or one of its ``parts`` was last written, in UTC."""
    rows = [row, *(part for path in parts for part in _follow(row, path.split(".")))]
    return max(instant(one.get("write_date") or one["create_date"]) for one in rows)


def _follow(row: Row, path: list[str]) -> Iterator[Row]:
    related = row.get(f"{path[0]}.") or []
    for one in [related] if isinstance(related, dict) else related:
        if path[1:]:
            yield from _follow(one, path[1:])
        else:
            yield one


def _nested(row: Row, prefix: str, kinds: Mapping[str, str]) -> Row:
    plain = {name: _value(value, f"{prefix}{name}", kinds) for name, value in row.items() if not name.endswith(".")}
    for name, related in row.items():
        if name.endswith("."):
            inner = _related(related, f"{prefix}{name}", kinds)
            outer = plain.get(name[:-1])
            plain[name[:-1]] = {**outer, **inner} if isinstance(outer, dict) and isinstance(inner, dict) else inner
    return plain


def _related(related: Wire, prefix: str, kinds: Mapping[str, str]) -> Wire:
    if isinstance(related, list):
        return [_nested(row, prefix, kinds) for row in related]
    return None if related is None else _nested(related, prefix, kinds)


def _value(value: Wire, path: str, kinds: Mapping[str, str]) -> Wire:
    match kinds.get(path):
        case "boolean" if value is not None:
            return bool(value)
        case "reference" if isinstance(value, str) and "," in value:
            model, _, ref = value.rpartition(",")
            return {"model": model, "id": int(ref)} if ref.isdigit() else {"model": model, "id": None}
    return _plain(value) if isinstance(value, dict) else value


def _plain(value: Row) -> Wire:
    match value.get("__class__"):
        case "Decimal":
            return value["decimal"]
        case "datetime":
            return instant(value).isoformat().replace("+00:00", "Z")
        case "date":
            return date(value["year"], value["month"], value["day"]).isoformat()
        case "timedelta":
            return value["seconds"]
        case "bytes":
            return value["base64"]
    return value  # a dictionary field
