"""The routes of one deal: its estimate, and what it would pay if it were different."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from mashup_api.answers import EstimateAnswer, EstimatesAnswer, SimulationsAnswer
from mashup_api.asking import Asking, parts_of
from mashup_api.estimates import etag, read_estimate, read_estimates
from mashup_api.policy import subject
from mashup_api.problems import documented, not_found
from mashup_api.variations import Simulations

router = APIRouter(prefix="/v1/deals", tags=["deals"])

Source = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="The configured name of the system")]
Ref = Annotated[
    str, Path(min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="The system's own id of the deal")
]
PayeeId = Annotated[str | None, Query(max_length=241, description="Whose pay; by default the caller's own")]
Scope = Annotated[Literal["all"] | None, Query(description="all: every payee of the deal whom the caller may see")]


@router.get(
    "/{source}/{ref:path}/estimate",
    summary="What this deal pays",
    response_model=EstimateAnswer | EstimatesAnswer,
    responses={304: {"description": "Nothing changed since the given ETag."}, **documented(401, 403, 404, 422)},
)
async def estimate(
    request: Request, caller: Asking, source: Source, ref: Ref, payee: PayeeId = None, scope: Scope = None
) -> Response:
    """The stored estimate, with the freshness of its inputs. ``estimate`` is null while none is calculated."""
    parts, deal_id = parts_of(request), f"{source}:{ref}"
    visible = await parts.policy.payees_of(caller, deal_id, parts.today())
    if scope == "all":
        body = await read_estimates(parts.reader, deal_id, visible)
    else:
        body = await read_estimate(parts.reader, deal_id, subject(caller, visible, payee), visible)
    return _conditional(request, body)


@router.post(
    "/{source}/{ref:path}/simulations",
    summary="What it would pay if it were different",
    response_model=SimulationsAnswer,
    responses=documented(401, 403, 404, 409, 413, 422),
)
async def simulations(
    request: Request, caller: Asking, source: Source, ref: Ref, wanted: Simulations, payee: PayeeId = None
) -> Response:
    """All variations in one calculation, by the engine that calculates pay. Nothing is stored."""
    parts, deal_id, today = parts_of(request), f"{source}:{ref}", parts_of(request).today()
    visible = await parts.policy.payees_of(caller, deal_id, today)
    paid = subject(caller, visible, payee)
    if paid is None:
        raise not_found()
    earlier = {deal for variation in wanted.variations for deal in variation.earlier_deals}
    for deal in sorted(earlier):
        await parts.policy.payees_of(caller, deal, today)
    body = await parts.simulator.simulate(deal_id, paid.id, wanted, as_of=today)
    return Response(body, media_type="application/json")


def _conditional(request: Request, body: bytes) -> Response:
    tag = etag(body)
    headers = {"ETag": tag, "Vary": "Authorization"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
