"""Bulk API 2.0: query jobs and ingest jobs. A job's work is done when its state is next asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from starlette.responses import Response

from sandbox.salesforce.bulk.delimited import Dialect, cell, dialect
from sandbox.salesforce.bulk.ingest import Ingested, ingest
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Call, answer, no_content
from sandbox.salesforce.soql.parsing import parse
from sandbox.salesforce.soql.query import Result, run
from sandbox.salesforce.store.ids import make_id
from sandbox.salesforce.store.schema import Row, SObject
from sandbox.salesforce.store.values import instant_text

_PAGE = 50_000
_INGEST = ("insert", "update", "upsert", "delete", "hardDelete")


@dataclass(slots=True)
class Job:
    """``rows`` are the rows of a query as they were when it ran; ``uploaded`` the CSV of an ingest job."""

    information: dict[str, Any]
    dialect: Dialect
    soql: str = ""
    result: Result | None = None
    rows: list[Row] = field(default_factory=list)
    uploaded: str | None = None
    ingested: Ingested = field(default_factory=Ingested)

    @property
    def state(self) -> str:
        return str(self.information["state"])


class Jobs:
    """The bulk jobs of one org, each under ``/jobs/query`` or ``/jobs/ingest``."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs: dict[str, Job] = {}

    def endpoints(self) -> list[tuple[str, Callable[[Call], Response], str]]:
        table: list[tuple[str, Callable[[Call], Response], str]] = []
        for kind in ("query", "ingest"):
            one = f"/jobs/{kind}/{{job}}"
            table += [(f"/jobs/{kind}", self._list, "GET"), (one, self._state, "GET")]
            table += [(one, self._set_state, "PATCH"), (one, self._delete, "DELETE")]
        return [
            *table,
            ("/jobs/query", self._create_query, "POST"),
            ("/jobs/query/{job}/results", self._results, "GET"),
            ("/jobs/ingest", self._create_ingest, "POST"),
            ("/jobs/ingest/{job}/batches", self._upload, "PUT"),
            ("/jobs/ingest/{job}/{results}", self._ingest_results, "GET"),
        ]

    # -- query jobs

    def _create_query(self, call: Call) -> Response:
        asked = call.json_object()
        operation, soql = asked.get("operation"), str(asked.get("query", ""))
        if operation not in ("query", "queryAll"):
            raise ApiError("INVALIDJOB", f"unknown operation {operation}")
        query = parse(soql)
        if query.is_aggregate or any(not hasattr(item, "text") and not hasattr(item, "name") for item in query.select):
            raise ApiError("API_ERROR", "Aggregate and nested queries are not supported in Bulk Query")
        job = self._open(call, asked, "query", {"object": query.sobject.text, "state": "UploadComplete"})
        job.soql = soql
        self._run(job, call)
        return answer(job.information)

    def _run(self, job: Job, call: Call) -> None:
        includes_deleted = job.information["operation"] == "queryAll"
        with self._org.lock:
            job.result = run(self._org, job.soql, base=call.base, page=_no_children, includes_deleted=includes_deleted)
            rows = self._org.table(job.result.sobject).rows
            job.rows = [rows[row_id] for row_id in job.result.ids]

    def _results(self, call: Call) -> Response:
        job = self._job(call)
        if job.state != "JobComplete" or job.result is None:
            raise ApiError("INVALIDJOBSTATE", "results are there when the job is complete")
        start, most = call.parameters.get("locator") or "0", call.parameters.get("maxRecords") or str(_PAGE)
        if not start.isdigit() or not most.isdigit() or int(most) < 1:
            raise ApiError("INVALID_LOCATOR", "invalid query locator")
        end = int(start) + int(most)
        rows = job.rows[int(start) : end]
        locator = str(end) if end < len(job.rows) else "null"
        headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(len(rows))}
        return _csv(_written(job.dialect, job.result, rows), headers)

    # -- ingest jobs

    def _create_ingest(self, call: Call) -> Response:
        asked = call.json_object()
        operation, key = asked.get("operation"), asked.get("externalIdFieldName")
        if operation not in _INGEST:
            raise ApiError("INVALIDJOB", f"unknown operation {operation}")
        sobject = self._sobject(str(asked.get("object", "")))
        if operation == "upsert" and not (
            key and (found := sobject.find(key)) and (found.is_external_id or found.type == "id")
        ):
            raise ApiError("INVALIDJOB", f"InvalidExternalIdField: {key}")
        more = {"object": sobject.name, "state": "Open", "externalIdFieldName": key}
        job = self._open(call, asked, "ingest", {name: value for name, value in more.items() if value})
        job.information["contentUrl"] = f"{call.base[1:]}/jobs/ingest/{job.information['id']}/batches"
        return answer(job.information)

    def _upload(self, call: Call) -> Response:
        job = self._job(call)
        if job.state != "Open" or job.uploaded is not None:
            raise ApiError("INVALIDJOBSTATE", f"Job {job.information['id']} takes no more data in state {job.state}")
        try:
            job.uploaded = call.body.decode("utf-8")
        except UnicodeDecodeError:
            raise ApiError("InvalidBatch", "the data is not UTF-8") from None
        return Response(status_code=201)

    def _ingest_results(self, call: Call) -> Response:
        job = self._job(call)
        texts = {
            "successfulresults": job.ingested.successful,
            "failedresults": job.ingested.failed,
            "unprocessedrecords": job.ingested.unprocessed,
        }
        if call.path("results").lower() not in texts:
            raise not_found()
        return _csv(texts[call.path("results").lower()], {})

    def _ingest(self, job: Job) -> None:
        done = ingest(self._org, job.information, job.dialect, job.uploaded or "")
        job.ingested = done
        job.information |= {
            "state": "Failed" if done.error else "JobComplete",
            "numberRecordsProcessed": done.processed,
            "numberRecordsFailed": done.failures,
            "apexProcessingTime": 0,
            "apiActiveProcessingTime": 1,
            "totalProcessingTime": 1,
            "retries": 0,
        } | ({"errorMessage": done.error} if done.error else {})

    # -- both

    def _list(self, call: Call) -> Response:
        kind = "query" if "/jobs/query" in call.request.url.path else "ingest"
        known = [job.information for job in self._jobs.values() if bool(job.soql) == (kind == "query")]
        return answer({"done": True, "nextRecordsUrl": None, "records": known})

    def _state(self, call: Call) -> Response:
        job = self._job(call)
        if job.state == "UploadComplete":
            if job.soql:
                done = {
                    "state": "JobComplete",
                    "numberRecordsProcessed": len(job.rows),
                    "retries": 0,
                    "totalProcessingTime": 1,
                }
                job.information |= done
            else:
                self._ingest(job)
        return answer(job.information)

    def _set_state(self, call: Call) -> Response:
        job, state = self._job(call), call.json_object().get("state")
        allowed = {"Open": ("UploadComplete", "Aborted"), "UploadComplete": ("Aborted",)}
        if state not in allowed.get(job.state, ()):
            raise ApiError("INVALIDJOBSTATE", f"Aborting or closing is not possible in state {job.state}")
        job.information["state"] = state
        return answer(job.information)

    def _delete(self, call: Call) -> Response:
        job = self._job(call)
        if job.state in ("Open", "InProgress"):
            raise ApiError("INVALIDJOBSTATE", "Job must be aborted or complete before it is deleted")
        del self._jobs[str(job.information["id"])]
        return no_content()

    def _job(self, call: Call) -> Job:
        job = self._jobs.get(call.path("job"))
        if job is None:
            raise not_found()
        return job

    def _sobject(self, name: str) -> SObject:
        try:
            return self._org.sobject(name)
        except ApiError:
            raise ApiError("INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.") from None

    def _open(self, call: Call, asked: dict[str, Any], kind: str, more: dict[str, Any]) -> Job:
        delimiter, ending = asked.get("columnDelimiter") or "COMMA", asked.get("lineEnding") or "LF"
        now = instant_text(self._org.now().astimezone(UTC))
        information = {
            "id": make_id("750", len(self._jobs) + 1),
            "operation": asked["operation"],
            "createdById": self._org.user_id,
            "createdDate": now,
            "systemModstamp": now,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(call.version),
            "jobType": "V2Query" if kind == "query" else "V2Ingest",
            "lineEnding": ending,
            "columnDelimiter": delimiter,
        }
        job = Job(information | more, dialect(delimiter, ending))
        self._jobs[str(information["id"])] = job
        return job


def _written(form: Dialect, result: Result, rows: list[Row]) -> str:
    getters = [get for _, get in result.columns]
    header = form.line(name for name, _ in result.columns)
    return header + "".join([form.line([cell(get(row)) for get in getters]) for row in rows])


def _csv(text: str, headers: dict[str, str]) -> Response:
    # No charset, as in Salesforce: clients have to know that it is UTF-8.
    return Response(text.encode(), headers=headers | {"Content-Type": "text/csv"})


def _no_children(result: Result) -> dict[str, Any]:
    raise ApiError("API_ERROR", f"nested query on {result.sobject} is not supported in Bulk Query")
