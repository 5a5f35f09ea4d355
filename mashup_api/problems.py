"""Problems (RFC 9457): every answer that is not a success says what was wrong and what to do next.

A problem never repeats what the caller sent, so that no token, pay or person can come back in one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger("mashup_api")


class FieldError(BaseModel):
    """One field that is refused; ``pointer`` is a JSON pointer (body) or ``path/…``, ``query/…``."""

    pointer: str
    detail: str


class ProblemBody(BaseModel):
    """A problem as it is sent."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    errors: list[FieldError] = []


class Problem(Exception):  # noqa: N818 - the field's word (RFC 9457)
    """Raised anywhere below a route, it becomes the answer."""

    def __init__(
        self,
        status: int,
        name: str,
        title: str,
        detail: str,
        remedy: str,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = dict(headers or {})
        self.body = ProblemBody(
            type=f"urn:bonusbridge:problem:{name}",
            title=title,
            status=status,
            detail=detail,
            remedy=remedy,
            errors=list(errors),
        )

    def response(self) -> Response:
        content = self.body.model_dump_json(exclude_defaults=True).encode()
        return Response(content, self.status, self.headers, MEDIA_TYPE)


def unauthenticated(detail: str) -> Problem:
    """401: no token, or one that is not believed. ``detail`` says which rule it broke, never the token."""
    return Problem(
        401,
        "unauthenticated",
        "You are not signed in",
        detail,
        "Sign in again and send the new access token as: Authorization: Bearer TOKEN.",
        headers={"WWW-Authenticate": 'Bearer realm="bonusbridge", error="invalid_token"'},
    )


def not_found() -> Problem:
    """404: it does not exist, or this caller may not know that it does. One answer for both."""
    return Problem(
        404,
        "not-found",
        "There is nothing here for you",
        "This deal or person does not exist, or you are not among those who may see it.",
        "Check the address. If you work on this deal, ask its owner to name you on it in the CRM.",
    )


def invalid(errors: Iterable[FieldError]) -> Problem:
    """422: understood, and refused field by field."""
    return Problem(
        422,
        "invalid-request",
        "Something in the request is not acceptable",
        "Nothing was calculated or changed.",
        "Correct the fields listed under errors and send the request again.",
        errors,
    )


def not_ready() -> Problem:
    """503: a part that is needed does not answer."""
    return Problem(
        503,
        "not-ready",
        "Not ready",
        "The warehouse does not answer.",
        "Check that the database runs and was set up.",
        headers={"Retry-After": "5"},
    )


_STATUS_TITLES = {
    404: ("not-found", "There is no such address", "See /openapi.json for the addresses of this API."),
    405: ("method-not-allowed", "This address does not take that method", "See /openapi.json for its methods."),
}


async def _http_problem(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    name, title, remedy = _STATUS_TITLES.get(status, ("refused", "The request is refused", "See /openapi.json."))
    return Problem(status, name, title, f"{title}.", remedy, headers=headers).response()


async def _problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return error.response()


async def _validation_problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return invalid(field_errors(error.errors())).response()


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request_failed", method=request.method, error=type(error).__name__)
    return Problem(
        500,
        "internal",
        "Something went wrong on our side",
        "The request could not be answered.",
        "Try again; if it happens again, give your administrator the time of the request.",
    ).response()


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's errors without the input that caused them."""
    return [FieldError(pointer=_pointer(error["loc"]), detail=_sentence(error["msg"])) for error in errors]


def _pointer(location: Sequence[str | int]) -> str:
    place, *rest = [str(part).replace("~", "~0").replace("/", "~1") for part in location] or ["body"]
    return "/" + "/".join(rest) if place == "body" else "/".join([place, *rest])


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def install_problems(app: FastAPI) -> None:
    """Makes every error of ``app`` a problem: ours, FastAPI's validation, Starlette's, and what nobody foresaw."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation_problem)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _unexpected)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _DESCRIPTIONS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def problem_schemas() -> dict[str, Any]:
    """The schemas of a problem for OpenAPI, by name."""
    template = "#/components/schemas/{model}"
    _, found = models_json_schema([(ProblemBody, "serialization")], ref_template=template)
    schemas: dict[str, Any] = found["$defs"]
    return {"Problem" if name == "ProblemBody" else name: schema for name, schema in schemas.items()}


_DESCRIPTIONS = {
    401: "No token, or one that is not believed.",
    403: "The token is good, but belongs to nobody who is known here.",
    404: "It does not exist, or the caller may not see it.",
    409: "The deal is no longer open, or the person has no credit in it: nothing about it can be supposed.",
    413: "The body is too large.",
    422: "Refused field by field, or the records and plans do not allow to calculate it.",
    503: "Not ready: a needed part does not answer.",
}


def problem_json(problem: Problem) -> bytes:
    """The body alone, for answers made outside FastAPI."""
    return json.dumps(problem.body.model_dump(exclude_defaults=True)).encode()
