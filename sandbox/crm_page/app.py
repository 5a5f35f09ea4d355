"""The pretend CRM's pages, over the records of the sandbox org.

It knows the deal card by its address alone, as any CRM would: for the signed-in person its server asks the issuer for
a short-lived token (RFC 6749 token end point, the CRM being the client), and its page hands that to the card's frame.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel

STATIC = Path(__file__).parent / "static"
SESSION = "pretend_crm_session"
LISTED = 100

Row = Mapping[str, Any]
Records = Callable[[str], Iterable[Row]]
"""The rows of an object by its name, e.g. ``Opportunity``; rows by field name, as the org keeps them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be chosen on the sign-in page. ``user_id`` is the CRM's, None for people without deals."""

    email: str
    name: str
    title: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class TokenClient:
    """How the CRM proves itself to the issuer of the card's tokens."""

    url: str
    client_id: str
    client_secret: str
    grant_type: str = "urn:bonusbridge:grant-type:widget"


class SignIn(BaseModel):
    email: str


class TokenWanted(BaseModel):
    deal: str


def create_app(
    records: Records, people: Iterable[Person], *, card_url: str, source: str, token_client: TokenClient
) -> FastAPI:
    """``card_url``: where the deal card is served; ``source``: the name under which it knows this CRM."""
    app = FastAPI(title="Pretend CRM", openapi_url=None)
    staff = {person.email: person for person in people}
    sessions: dict[str, Person] = {}
    _add_pages(app, card_url)
    _add_sign_in(app, staff, sessions)

    def signed_in(request: Request) -> Person:
        person = sessions.get(request.cookies.get(SESSION, ""))
        if person is None:
            raise HTTPException(401, "sign in first")
        return person

    @app.get("/api/session")
    async def session(request: Request) -> dict[str, Any]:
        person = sessions.get(request.cookies.get(SESSION, ""))
        return {
            "me": None if person is None else {"email": person.email, "name": person.name, "title": person.title},
            "people": [{"email": one.email, "name": one.name, "title": one.title} for one in staff.values()],
            "card": {"api": card_url, "source": source},
        }

    @app.get("/api/deals")
    async def deals(request: Request, scope: str = "mine") -> dict[str, Any]:
        person = signed_in(request)
        found = [row for row in records("Opportunity") if not row.get("IsDeleted")]
        wanted = [row for row in found if scope != "mine" or row.get("OwnerId") == person.user_id]
        wanted.sort(key=lambda row: (bool(row.get("IsClosed")), -Decimal(str(row.get("Amount") or 0)), row["Id"]))
        names = _names(records)
        return {"total": len(wanted), "deals": [_deal(row, names) for row in wanted[:LISTED]]}

    @app.get("/api/deals/{ref}")
    async def deal(request: Request, ref: str) -> dict[str, Any]:
        signed_in(request)
        names = _names(records)
        lines = {"products": _products(records, ref), "team": _team(records, ref, names)}
        return _deal(_find(records, ref), names) | lines

    @app.post("/api/card-token")
    async def card_token(request: Request, wanted: TokenWanted) -> dict[str, str]:
        person = signed_in(request)
        row = _find(records, wanted.deal)
        return {"token": await _fetch_token(token_client, person.email, f"{source}:{row['Id']}")}

    return app


def _add_pages(app: FastAPI, card_url: str) -> None:
    policy = (
        f"default-src 'none'; script-src 'self' {card_url}; style-src 'self'; connect-src 'self'; "
        f"img-src 'self' data:; frame-src {card_url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    page = (STATIC / "page.html").read_bytes()
    files = {"page.js": "text/javascript", "page.css": "text/css", "words.js": "text/javascript"}
    contents = {name: (STATIC / name).read_bytes() for name in files}

    @app.get("/")
    @app.get("/deals/{ref}")
    async def shell() -> Response:
        return Response(page, headers={"Content-Security-Policy": policy}, media_type="text/html; charset=utf-8")

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in files:
            raise HTTPException(404)
        return Response(contents[name], media_type=f"{files[name]}; charset=utf-8")


def _add_sign_in(app: FastAPI, staff: Mapping[str, Person], sessions: dict[str, Person]) -> None:
    @app.post("/api/sign-in")
    async def sign_in(chosen: SignIn, response: Response) -> dict[str, str]:
        if chosen.email not in staff:
            raise HTTPException(404, "nobody of that name here")
        session = secrets.token_urlsafe(24)
        sessions[session] = staff[chosen.email]
        response.set_cookie(SESSION, session, httponly=True, samesite="strict")
        return {"name": staff[chosen.email].name}

    @app.post("/api/sign-out")
    async def sign_out(request: Request, response: Response) -> dict[str, str]:
        sessions.pop(request.cookies.get(SESSION, ""), None)
        response.delete_cookie(SESSION)
        return {}


def _find(records: Records, ref: str) -> Row:
    for row in records("Opportunity"):
        if row["Id"] == ref and not row.get("IsDeleted"):
            return row
    raise HTTPException(404, "no such deal")


def _names(records: Records) -> dict[str, str]:
    return {row["Id"]: str(row["Name"]) for kind in ("Account", "User") for row in records(kind) if row.get("Name")}


def _deal(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row["Id"],
        "name": row.get("Name"),
        "account": names.get(row.get("AccountId") or ""),
        "owner": names.get(row.get("OwnerId") or ""),
        "stage": row.get("StageName"),
        "isClosed": bool(row.get("IsClosed")),
        "amount": _text(row.get("Amount")),
        "currency": row.get("CurrencyIsoCode") or "USD",
        "closeDate": _text(row.get("CloseDate")),
        "createdDate": _text(row.get("CreatedDate")),
        "probability": _text(row.get("Probability")),
        "type": row.get("Type"),
        "leadSource": row.get("LeadSource"),
        "nextStep": row.get("NextStep"),
    }


def _products(records: Records, ref: str) -> list[dict[str, Any]]:
    names = {row["Id"]: row.get("Name") for row in records("Product2")}
    return [
        {
            "name": names.get(row.get("Product2Id"), row.get("Name")),
            "quantity": _text(row.get("Quantity")),
            "total": _text(row.get("TotalPrice")),
        }
        for row in records("OpportunityLineItem")
        if row.get("OpportunityId") == ref
    ]


def _team(records: Records, ref: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": names.get(row.get("SplitOwnerId") or ""), "percentage": _text(row.get("SplitPercentage"))}
        for row in records("OpportunitySplit")
        if row.get("OpportunityId") == ref
    ]


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


async def _fetch_token(client: TokenClient, email: str, deal: str) -> str:
    form = {"grant_type": client.grant_type, "email": email, "deal": deal}
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        answer = await http.post(client.url, data=form, auth=(client.client_id, client.client_secret))
    if answer.status_code != 200:
        raise HTTPException(502, "the issuer gives no token")
    return str(answer.json()["access_token"])
