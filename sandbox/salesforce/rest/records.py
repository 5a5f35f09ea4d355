"""One record at a time: create, read, update, delete, by id or by external id; and the updated and deleted feeds."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from starlette.responses import Response

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Call, answer, no_content
from sandbox.salesforce.store.schema import Field, Row, SObject
from sandbox.salesforce.store.values import instant_text, parse_instant, stored

_MINUTE = timedelta(minutes=1)
_UPDATES_KEPT = timedelta(days=30)


def create(call: Call) -> Response:
    sobject = call.org.sobject(call.path("sobject"))
    with call.org.lock:
        row_id = save(call.org, sobject.name, None, call.json_object())
    location = {"Location": f"{call.base}/sobjects/{sobject.name}/{row_id}"}
    return answer({"id": row_id, "success": True, "errors": []}, 201, location)


def read(call: Call) -> Response:
    sobject = call.org.sobject(call.path("sobject"))
    return _shown(call, sobject, call.org.live_row(sobject.name, call.path("id")))


def update(call: Call) -> Response:
    sobject = call.org.sobject(call.path("sobject"))
    with call.org.lock:
        save(call.org, sobject.name, call.path("id"), call.json_object())
    return no_content()


def delete(call: Call) -> Response:
    sobject = call.org.sobject(call.path("sobject"))
    with call.org.lock:
        call.org.remove(sobject.name, call.path("id"))
    return no_content()


def read_by_key(call: Call) -> Response:
    sobject, field = _key(call)
    found = _matches(call.org, sobject, field, _key_value(call))
    if not found:
        raise not_found()
    return _shown(call, sobject, found[0]) if len(found) == 1 else _choices(call, sobject, found)


def upsert(call: Call) -> Response:
    """``PATCH /sobjects/X/Ext__c/value``: 201 created, 200 updated, 300 with the candidates if there are several."""
    sobject, field = _key(call)
    values = call.json_object()
    _refuse_id(values)
    with call.org.lock:
        found = _matches(call.org, sobject, field, _key_value(call))
        if len(found) > 1:
            return _choices(call, sobject, found)
        row_id = str(found[0]["Id"]) if found else None
        key = {} if field.name == "Id" else {field.name: _key_value(call)}
        row_id = save(call.org, sobject.name, row_id, values if found else values | key)
    return answer({"id": row_id, "success": True, "errors": [], "created": not found}, 200 if found else 201)


def delete_by_key(call: Call) -> Response:
    sobject, field = _key(call)
    with call.org.lock:
        found = _matches(call.org, sobject, field, _key_value(call))
        if len(found) > 1:
            return _choices(call, sobject, found)
        if not found:
            raise not_found()
        call.org.remove(sobject.name, str(found[0]["Id"]))
    return no_content()


def updated(call: Call) -> Response:
    """Ids of records changed from ``start`` up to ``end``, by whole minutes as Salesforce counts here."""
    sobject = call.org.sobject(call.path("sobject"))
    start, end = _window(call)
    if start < instant_text(call.org.now() - _UPDATES_KEPT)[:17]:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    with call.org.lock:
        rows = call.org.table(sobject.name).live()
        ids = [row["Id"] for row in rows if start <= str(row["SystemModstamp"]) < end]
    return answer({"ids": ids, "latestDateCovered": _covered(call, end)})


def deleted(call: Call) -> Response:
    sobject = call.org.sobject(call.path("sobject"))
    start, end = _window(call)
    with call.org.lock:
        earliest, entries = call.org.earliest_deletion, list(call.org.deletions.get(sobject.name, ()))
    if start < earliest[:17]:
        message = f"startDate before org replication enabled date: {earliest}"
        raise ApiError("INVALID_REPLICATION_DATE", message)
    records = [{"id": row_id, "deletedDate": at} for at, row_id in entries if start <= at < end]
    return answer(
        {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": _covered(call, end)}
    )


def save(org: Org, sobject: str, row_id: str | None, values: dict[str, Any]) -> str:
    """Create (``row_id`` None) or change one record as a client may; returns its id. Here rows are found locked."""
    given = {name: value for name, value in values.items() if name != "attributes"}
    if org.faults.take(sobject, "row_locked"):
        message = "unable to obtain exclusive access to this record or 1 records"
        raise ApiError("UNABLE_TO_LOCK_ROW", message if row_id is None else f"{message}: {row_id}")
    if row_id is None:
        return org.create(sobject, given)
    org.change(sobject, row_id, given)
    return str(org.live_row(sobject, row_id)["Id"])


def field_values(org: Org, sobject: SObject, row: Row, fields: list[Field]) -> dict[str, Any]:
    return {f.name: f.compute(org, row) if f.compute else row[f.name] for f in fields if f.name in sobject.fields}


def named_fields(sobject: SObject, names: list[str]) -> list[Field]:
    """Fields by name; INVALID_FIELD for one that is not there."""
    found = []
    for name in names:
        field = sobject.find(name.strip())
        if field is None:
            raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
        found.append(field)
    return found


def _shown(call: Call, sobject: SObject, row: Row) -> Response:
    asked = call.parameters.get("fields")
    fields = named_fields(sobject, asked.split(",")) if asked else list(sobject.fields.values())
    attributes = {"type": sobject.name, "url": f"{call.base}/sobjects/{sobject.name}/{row['Id']}"}
    with call.org.lock:
        shown = field_values(call.org, sobject, row, fields)
    return answer({"attributes": attributes} | shown | {"Id": row["Id"]})


def _key(call: Call) -> tuple[SObject, Field]:
    sobject = call.org.sobject(call.path("sobject"))
    field = sobject.find(call.path("field"))
    if field is None or not (field.is_external_id or field.name == "Id"):
        name = call.path("field")
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return sobject, field


def _key_value(call: Call) -> str:
    # simple-salesforce encodes a space of the key as a plus.
    raw = call.request.scope["raw_path"].decode("ascii").partition("?")[0].rstrip("/")
    return unquote_plus(raw.rsplit("/", 1)[1])


def _matches(org: Org, sobject: SObject, field: Field, text: str) -> list[Row]:
    table = org.table(sobject.name)
    if field.name == "Id":
        return [org.live_row(sobject.name, text)]
    return [row for row in table.find(field.name, stored(field, text)) if not row.get("IsDeleted")]


def _choices(call: Call, sobject: SObject, found: list[Row]) -> Response:
    return answer([f"{call.base}/sobjects/{sobject.name}/{row['Id']}" for row in found], 300)


def _refuse_id(values: dict[str, Any]) -> None:
    if "Id" in values or "id" in values:
        message = "The Id field should not be specified in the sobject data."
        raise ApiError("INVALID_FIELD", message)


def _window(call: Call) -> tuple[str, str]:
    bounds = [parse_instant(call.parameters.get(name, "")) for name in ("start", "end")]
    if None in bounds:
        raise ApiError("MALFORMED_DATE", "start and end are to be given as ISO 8601 instants")
    start, end = (bound.replace(second=0, microsecond=0) for bound in bounds if bound)
    if end - start < _MINUTE:
        raise ApiError("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    return instant_text(start), instant_text(end)


def _covered(call: Call, end: str) -> str:
    now: datetime = call.org.now().astimezone(UTC).replace(second=0, microsecond=0)
    return min(end, instant_text(now))
