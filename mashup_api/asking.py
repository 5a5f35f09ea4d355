"""Who is asking: the parts that every route shares, and the dependency that turns a bearer token into a caller."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request

from mashup_api.policy import Caller, Policy
from mashup_api.problems import unauthenticated
from mashup_api.simulations import Simulator
from mashup_api.tokens import TokenVerifier
from warehouse.reader import Reader


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes of one app work with. ``today`` gives the business date."""

    reader: Reader
    policy: Policy
    verifier: TokenVerifier
    simulator: Simulator
    today: Callable[[], date]


def parts_of(request: Request) -> Parts:
    """The parts of the app that the request came to."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)  # noqa: S101 - narrows the type; create_app sets nothing else
    return parts


async def signed_in(request: Request) -> Caller:
    """The caller; a 401 problem without a good token, 403 if nobody here has its address."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated("The request carries no access token.")
    parts = parts_of(request)
    return await parts.policy.caller(await parts.verifier.verify(token.strip()))


Asking = Annotated[Caller, Depends(signed_in)]
"""The parameter of a route that only a signed-in caller may ask; there is no route to pay without it."""
