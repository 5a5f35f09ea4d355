"""Up to 200 records in one call, with a result for each: ``composite/sobjects``."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Call, answer
from sandbox.salesforce.rest.records import field_values, named_fields, save
from sandbox.salesforce.store.schema import Field, SObject
from sandbox.salesforce.store.values import stored

_MOST = 200
_ROLLED_BACK = ApiError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
Outcome = dict[str, Any]


def create_many(call: Call) -> Response:
    records, all_or_none = _sent(call)
    return answer(each(call.org, records, lambda record: _created(call.org, record), all_or_none=all_or_none))


def update_many(call: Call) -> Response:
    records, all_or_none = _sent(call)
    counts = Counter(_id(record) for record in records)

    def change(record: dict[str, Any]) -> Outcome:
        if counts[_id(record)] > 1:
            raise ApiError("DUPLICATE_VALUE", f"duplicate id in the list: {_id(record)}", fields=["Id"])
        values = {name: value for name, value in record.items() if name not in ("id", "Id")}
        row_id = save(call.org, _type(call.org, record).name, _id(record), values)
        return {"id": row_id, "success": True, "errors": []}

    return answer(each(call.org, records, change, all_or_none=all_or_none))


def upsert_many(call: Call) -> Response:
    """``PATCH composite/sobjects/X/Ext__c``; rows that share a key all fail, as they would in Salesforce."""
    records, all_or_none = _sent(call)
    sobject = call.org.sobject(call.path("sobject"))
    field = sobject.find(call.path("field"))
    if field is None or not (field.is_external_id or field.name == "Id"):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {call.path('field')}")
    outcomes = each(call.org, records, upserter(call.org, sobject, field, records), all_or_none=all_or_none)
    return answer(outcomes)


def delete_many(call: Call) -> Response:
    ids = [text for text in call.parameters.get("ids", "").split(",") if text]
    _limit(len(ids))

    def remove(row_id: str) -> Outcome:
        call.org.remove(_type_of_id(call.org, row_id).name, row_id)
        return {"id": row_id, "success": True, "errors": []}

    all_or_none = call.parameters.get("allOrNone", "").lower() == "true"
    return answer(each(call.org, ids, remove, all_or_none=all_or_none))


def read_many(call: Call) -> Response:
    """``GET`` with ``ids`` and ``fields``, or ``POST`` with them as JSON; a record that is not there is null."""
    sobject = call.org.sobject(call.path("sobject"))
    asked = call.json_object() if call.body else {name: text.split(",") for name, text in call.parameters.items()}
    fields = named_fields(sobject, asked.get("fields", []))
    return answer([_read(call, sobject, row_id, fields) for row_id in asked.get("ids", [])])


def each(org: Org, records: list[Any], write: Callable[[Any], Outcome], *, all_or_none: bool) -> list[Outcome]:
    """Write row by row; a row that fails is an outcome, and with ``all_or_none`` undoes the others."""
    outcomes = []
    with org.transaction() as roll_back:
        for record in records:
            try:
                outcomes.append(write(record))
            except ApiError as error:
                outcomes.append({"success": False, "errors": [error.row()]})
        if all_or_none and not all(outcome["success"] for outcome in outcomes):
            roll_back()
            return [o if not o["success"] else {"success": False, "errors": [_ROLLED_BACK.row()]} for o in outcomes]
    return outcomes


def upserter(
    org: Org, sobject: SObject, field: Field, records: list[dict[str, Any]]
) -> Callable[[dict[str, Any]], Outcome]:
    """A function that upserts one of ``records`` by ``field``."""
    counts = Counter(_key_of(record, field) for record in records)

    def upsert(record: dict[str, Any]) -> Outcome:
        key = _key_of(record, field)
        if not key:
            raise ApiError("MISSING_ARGUMENT", f"{field.name} not specified")
        if counts[key] > 1:
            raise ApiError(
                "DUPLICATE_VALUE", f"Duplicate external id specified: {record[field.name]}", fields=[field.name]
            )
        return _upserted(org, sobject, field, record)

    return upsert


def _upserted(org: Org, sobject: SObject, field: Field, record: dict[str, Any]) -> Outcome:
    if field.name == "Id":
        values = {name: value for name, value in record.items() if name not in ("id", "Id")}
        return {"id": save(org, sobject.name, _id(record), values), "success": True, "errors": [], "created": False}
    key = stored(field, record[field.name])
    found = [row for row in org.table(sobject.name).find(field.name, key) if not row.get("IsDeleted")]
    if len(found) > 1:
        message = f"{field.name}: more than one record found for external id field: {[row['Id'] for row in found]}"
        raise ApiError("DUPLICATE_VALUE", message, fields=[field.name])
    row_id = save(org, sobject.name, str(found[0]["Id"]) if found else None, record)
    return {"id": row_id, "success": True, "errors": [], "created": not found}


def _created(org: Org, record: dict[str, Any]) -> Outcome:
    return {"id": save(org, _type(org, record).name, None, record), "success": True, "errors": []}


def _sent(call: Call) -> tuple[list[dict[str, Any]], bool]:
    sent = call.json_object()
    records = sent.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ApiError("JSON_PARSER_ERROR", "records is to be a list of JSON objects")
    _limit(len(records))
    return records, sent.get("allOrNone") is True


def _limit(count: int) -> None:
    if count > _MOST:
        message = f"record limit reached. cannot submit more than {_MOST} records into this call"
        raise ApiError("EXCEEDED_MAX_SOBJECTS", message)


def _type(org: Org, record: dict[str, Any]) -> SObject:
    name = (record.get("attributes") or {}).get("type")
    if not name:
        raise ApiError("INVALID_TYPE", "sObject type is not specified in the attributes of the record")
    try:
        return org.sobject(str(name))
    except ApiError:
        raise ApiError("INVALID_TYPE", f"sObject type '{name}' is not supported.") from None


def _type_of_id(org: Org, row_id: str) -> SObject:
    for sobject in org.objects.values():
        if row_id.startswith(sobject.prefix):
            return sobject
    raise ApiError("MALFORMED_ID", f"malformed id {row_id}")


def _id(record: dict[str, Any]) -> str:
    return str(record.get("id") or record.get("Id") or "")


def _key_of(record: dict[str, Any], field: Field) -> str:
    value = _id(record) if field.name == "Id" else record.get(field.name)
    return "" if value is None else str(value).lower()


def _read(call: Call, sobject: SObject, row_id: str, fields: list[Field]) -> dict[str, Any] | None:
    try:
        row = call.org.live_row(sobject.name, row_id)
    except ApiError:
        return None
    attributes = {"type": sobject.name, "url": f"{call.base}/sobjects/{sobject.name}/{row['Id']}"}
    return {"attributes": attributes} | field_values(call.org, sobject, row, fields) | {"Id": row["Id"]}
