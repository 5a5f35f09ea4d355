"""Query results page by page. A locator names a result of one session and the place to go on from."""

from typing import Any

from starlette.responses import Response

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest.calls import Call, answer
from sandbox.salesforce.soql.query import Result, run
from sandbox.salesforce.store.ids import make_id


def query(call: Call) -> Response:
    """``GET /query?q=``; ``/queryAll`` finds rows in the recycle bin too."""
    soql = call.parameters.get("q")
    if not soql:
        raise ApiError("MALFORMED_QUERY", "A query has to be specified")
    includes_deleted = "/queryall" in call.request.url.path.lower()
    result = run(call.org, soql, base=call.base, includes_deleted=includes_deleted, page=lambda rows: page(call, rows))
    return answer(page(call, result))


def query_more(call: Call) -> Response:
    """``GET /query/{locator}``: the next page, unless the session that asked first is gone."""
    locator, _, start = call.path("locator").rpartition("-")
    if locator not in call.session.cursors or not start.isdigit():
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
    result, _ = call.session.cursors[locator]
    return answer(page(call, result, locator, int(start)))


def page(call: Call, result: Result, locator: str | None = None, start: int = 0) -> dict[str, Any]:
    """One page of ``result`` from ``start`` on, with the URL of the next one if there is more."""
    if result.finished is not None:
        return {"totalSize": result.total, "done": True, "records": result.finished}
    size = call.session.cursors[locator][1] if locator else _batch_size(call)
    end = start + (1 if call.org.faults.take(call.subject, "short_page") else size)
    with call.org.lock:
        rows = call.org.table(result.sobject).rows
        records = [result.show(rows[row_id]) for row_id in result.ids[start:end] if row_id in rows]
    shown: dict[str, Any] = {"totalSize": result.total, "done": end >= result.total}
    if not shown["done"]:
        locator = locator or _keep(call, result, size)
        shown["nextRecordsUrl"] = f"{call.base}/query/{locator}-{end}"
    return shown | {"records": records}


def _keep(call: Call, result: Result, size: int) -> str:
    locator = make_id("01g", len(call.session.cursors) + 1)
    call.session.cursors[locator] = (result, size)
    return locator


def _batch_size(call: Call) -> int:
    least, most = call.org.batch_sizes
    options = dict(part.strip().split("=", 1) for part in _query_options(call).split(",") if "=" in part)
    asked = options.get("batchSize", "")
    return max(least, min(most, int(asked))) if asked.isdigit() else most


def _query_options(call: Call) -> str:
    return str(call.request.headers.get("sforce-query-options", ""))
