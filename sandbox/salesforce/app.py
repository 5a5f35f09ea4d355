"""The org over HTTP, as an ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.faults import routes as fault_routes
from sandbox.salesforce.bulk.jobs import Jobs
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.login.oauth import Logins
from sandbox.salesforce.login.soap import SoapLogins
from sandbox.salesforce.misbehaviour import Misbehaving
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest import describe, many, pages, records
from sandbox.salesforce.rest.calls import NEWEST_VERSION, OLDEST_VERSION, Call, Meter, answer, base_url, route
from sandbox.salesforce.rest.composite import Composite

_SEASONS = ("Spring", "Summer", "Winter")


def create_app(org: Org) -> ASGIApp:
    """The ASGI app of ``org``. Faults are ordered at ``/__faults`` or by ``org.faults``."""
    meter = Meter(org)
    app = Starlette(
        routes=[
            Route("/services/data", _versions, methods=["GET"]),
            *Logins(org).routes(),
            *SoapLogins(org).routes(),
            *_rest_routes(org, meter),
            *fault_routes(org.faults),
        ],
        exception_handlers={ApiError: _api_error, HTTPException: _http_error},
    )
    app.router.routes.append(
        Route("/services/data/v{version}/composite", Composite(org, app).respond, methods=["POST"])
    )
    return Misbehaving(app, org)


def _rest_routes(org: Org, meter: Meter) -> list[Route]:
    jobs = Jobs(org)
    one, by_key = "/sobjects/{sobject}/{id}", "/sobjects/{sobject}/{field}/{value:path}"
    collection = "/composite/sobjects"
    table = [
        ("", _resources, "GET"),
        ("/limits", lambda call: _limits(call, meter), "GET"),
        ("/query", pages.query, "GET"),
        ("/queryAll", pages.query, "GET"),
        ("/query/{locator}", pages.query_more, "GET"),
        ("/queryAll/{locator}", pages.query_more, "GET"),
        ("/sobjects", describe.list_objects, "GET"),
        ("/sobjects/{sobject}", describe.object_information, "GET"),
        ("/sobjects/{sobject}", records.create, "POST"),
        ("/sobjects/{sobject}/describe", describe.describe_object, "GET"),
        ("/sobjects/{sobject}/updated", records.updated, "GET"),
        ("/sobjects/{sobject}/deleted", records.deleted, "GET"),
        (one, records.read, "GET"),
        (one, records.update, "PATCH"),
        (one, records.delete, "DELETE"),
        (by_key, records.read_by_key, "GET"),
        (by_key, records.upsert, "PATCH"),
        (by_key, records.delete_by_key, "DELETE"),
        (collection, many.create_many, "POST"),
        (collection, many.update_many, "PATCH"),
        (collection, many.delete_many, "DELETE"),
        (collection + "/{sobject}", many.read_many, "GET"),
        (collection + "/{sobject}", many.read_many, "POST"),
        (collection + "/{sobject}/{field}", many.upsert_many, "PATCH"),
        *jobs.endpoints(),
    ]
    return [route(org, meter, path, endpoint, method) for path, endpoint, method in table]


async def _versions(_: Request) -> Response:
    numbers = range(OLDEST_VERSION, NEWEST_VERSION + 1)
    return answer([{"label": _label(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in numbers])


def _label(number: int) -> str:
    # Version 60 is Spring '24; there are three a year.
    year, season = divmod(number - 60, 3)
    return f"{_SEASONS[season]} '{24 + year + (season == 2):02d}"


def _resources(call: Call) -> Response:
    shown = {name: f"{call.base}/{name}" for name in ("query", "queryAll", "sobjects", "limits", "composite", "jobs")}
    return answer(shown | {"identity": f"{base_url(call.request)}/id/{call.org.id}/{call.org.user_id}"})


def _limits(call: Call, meter: Meter) -> Response:
    most = call.org.daily_api_requests
    bulk = {"Max": 10000, "Remaining": 10000}
    calls = {"Max": most, "Remaining": most - meter.used}
    return answer({"DailyApiRequests": calls, "DailyBulkApiBatches": bulk, "DailyBulkV2QueryJobs": bulk})


async def _api_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return answer(error.body(), error.status)


async def _http_error(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        message = f"HTTP Method '{request.method}' not allowed"
        return answer([{"errorCode": "METHOD_NOT_ALLOWED", "message": message}], 405)
    return answer(not_found().body(), 404)
