"""The rows of an ingest job: written one by one, each with its result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.bulk.delimited import Dialect
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.many import upserter
from sandbox.salesforce.rest.records import save
from sandbox.salesforce.store.schema import SObject

_CLEARED = "#N/A"


@dataclass(slots=True)
class Ingested:
    """The three result files of a job, and what became of it. ``error`` is why it failed as a whole."""

    successful: str = ""
    failed: str = ""
    unprocessed: str = ""
    processed: int = 0
    failures: int = 0
    error: str = ""


def ingest(org: Org, job: dict[str, Any], form: Dialect, text: str) -> Ingested:
    """Write the rows of ``text`` as the job says: an empty cell changes nothing, ``#N/A`` clears the field."""
    sobject = org.sobject(job["object"])
    try:
        header, rows = _table(form, text, job["lineEnding"])
    except ApiError as error:
        return Ingested(error=f"{error.code} : {error.message}")
    unknown = [name for name in header if sobject.find(name) is None and not _is_relation(sobject, name)]
    if unknown:
        return Ingested(unprocessed=text, error=f"InvalidBatch : Field name not found : {unknown[0]}")
    records = [_record(header, row) for row in rows]
    write = _writer(org, sobject, job, records)
    successes, failures = [], []
    with org.lock:
        for row, record in zip(rows, records, strict=True):
            try:
                row_id, is_new = write(record)
                successes.append(form.line([row_id, str(is_new).lower(), *row]))
            except ApiError as error:
                failures.append(form.line([str(record.get("Id") or ""), _reason(error), *row]))
    return Ingested(
        successful=form.line(["sf__Id", "sf__Created", *header]) + "".join(successes),
        failed=form.line(["sf__Id", "sf__Error", *header]) + "".join(failures),
        unprocessed=form.line(header),
        processed=len(rows),
        failures=len(failures),
    )


def _table(form: Dialect, text: str, line_ending: str) -> tuple[list[str], list[list[str]]]:
    lines = form.read(text)
    header = next(lines, [])
    first_line = text.partition("\n")[0]
    if first_line.endswith("\r") != (line_ending == "CRLF") and "\n" in text:
        message = f"LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
        raise ApiError("ClientInputError", message)
    rows = list(lines)
    if any(len(row) != len(header) for row in rows):
        raise ApiError("InvalidBatch", "the number of cells differs from the number of columns")
    return header, rows


def _record(header: list[str], row: list[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, text in zip(header, row, strict=True):
        if text == "":
            continue
        value = None if text == _CLEARED else text
        relationship, dot, key = name.partition(".")
        record[relationship] = {key: value} if dot else value
    return record


def _is_relation(sobject: SObject, name: str) -> bool:
    relationship, dot, _ = name.partition(".")
    return bool(dot) and sobject.parent(relationship) is not None


def _writer(
    org: Org, sobject: SObject, job: dict[str, Any], records: list[dict[str, Any]]
) -> Callable[[dict[str, Any]], tuple[str, bool]]:
    def insert(record: dict[str, Any]) -> tuple[str, bool]:
        return save(org, sobject.name, None, record), True

    def update(record: dict[str, Any]) -> tuple[str, bool]:
        values = {name: value for name, value in record.items() if name != "Id"}
        return save(org, sobject.name, str(record.get("Id") or ""), values), False

    def delete(record: dict[str, Any]) -> tuple[str, bool]:
        row_id = str(record.get("Id") or "")
        org.remove(sobject.name, row_id)
        if job["operation"] == "hardDelete":
            org.purge(sobject.name, [row_id])
        return row_id, False

    if job["operation"] == "upsert":
        key = sobject.find(job["externalIdFieldName"])
        if key is None:
            raise ApiError("INVALIDJOB", f"InvalidExternalIdField: {job['externalIdFieldName']}")
        upsert_one = upserter(org, sobject, key, records)

        def upsert(record: dict[str, Any]) -> tuple[str, bool]:
            outcome = upsert_one(record)
            return outcome["id"], outcome["created"]

        return upsert
    return {"insert": insert, "update": update}.get(job["operation"], delete)


def _reason(error: ApiError) -> str:
    return f"{error.code}:{error.message}:{','.join(error.fields or ())} --"
