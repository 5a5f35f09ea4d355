"""The API over HTTP, put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI, Request
from sqlalchemy import Engine
from starlette.middleware.cors import CORSMiddleware

from mashup_api import deals
from mashup_api.answers import Health, Me, PayeeAnswer
from mashup_api.asking import Asking, Parts, parts_of
from mashup_api.fences import BodyLimit, SecurityHeaders
from mashup_api.pages import page_routes
from mashup_api.policy import Policy
from mashup_api.problems import documented, install_problems, not_ready, problem_schemas
from mashup_api.settings import ApiSettings
from mashup_api.simulations import Simulator
from mashup_api.tokens import TokenVerifier, open_keys
from warehouse import access
from warehouse.reader import Reader

DESCRIPTION = "What a deal pays, why, when, and what it would pay. Every answer is decided by who asks."


def create_app(
    settings: ApiSettings, *, engine: Engine, reader: Reader, clock: Callable[[], datetime], time_zone: ZoneInfo
) -> FastAPI:
    """The API on one warehouse.

    ``reader`` (not yet open) is opened and closed with the app; ``engine`` serves simulations, in threads; ``clock``
    gives the aware present instant, and ``time_zone`` says which business date it is then: the same as for the jobs.
    """

    def today() -> date:
        return clock().astimezone(time_zone).date()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with reader:
            yield

    app = FastAPI(
        title="BonusBridge", version="1", description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    verifier = TokenVerifier(settings.tokens, open_keys(settings.tokens), lambda: clock().timestamp())
    app.state.parts = Parts(reader, Policy(reader), verifier, Simulator(engine, settings), today)
    install_problems(app)
    app.include_router(_router)
    app.include_router(deals.router)
    app.include_router(page_routes(settings))
    _add_fences(app, settings)
    _document_problems(app)
    return app


def _add_fences(app: FastAPI, settings: ApiSettings) -> None:
    """From the inside out: the last one added is the first that a request meets."""
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "If-None-Match"],
        expose_headers=["ETag"],
        max_age=600,
    )
    app.add_middleware(SecurityHeaders)


_router = APIRouter()


@_router.get("/healthz", summary="The process answers", tags=["operation"])
async def healthz() -> Health:
    return Health(status="ok")


@_router.get("/readyz", summary="The warehouse answers", tags=["operation"], responses=documented(503))
async def readyz(request: Request) -> Health:
    try:
        await parts_of(request).reader.rows(access.FRESHNESS)
    except Exception as error:
        raise not_ready() from error
    return Health(status="ok")


@_router.get("/v1/me", summary="Who the API thinks the caller is", tags=["people"], responses=documented(401, 403))
async def me(caller: Asking) -> Me:
    payees = [PayeeAnswer(id=payee.id, name=payee.name) for payee in caller.payees]
    return Me(payees=payees, is_administrator=caller.is_administrator)


def _document_problems(app: FastAPI) -> None:
    """Names the problem's schema in the OpenAPI document, and the bearer token that every call under /v1 wants."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = describe()
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).update(problem_schemas())
            components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
            for path, calls in document["paths"].items():
                for call in calls.values() if path.startswith("/v1/") else ():
                    call["security"] = [{"bearer": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way to extend its document
