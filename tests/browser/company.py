"""The whole of a deal page for the browser: warehouse, API, token issuer and pretend CRM, each a real server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from mappings.records import Customer, Employee, Line, Opportunity, Product, Share
from mashup_api.app import create_app
from mashup_api.issuer import Issuer, create_issuer_app
from mashup_api.settings import ApiSettings, TokenSettings
from sandbox.crm_page import app as crm_page
from sandbox.serving import serve
from tests.mashup_api import world
from warehouse.database import open_database
from warehouse.reader import open_reader


@dataclass(frozen=True)
class Company:
    """The addresses, and the issuer whose people sign in."""

    api: str
    crm: str
    issuer: Issuer
    other_site: str
    """A site that is listed nowhere."""
    engine: Engine


class Later:
    """An app that is named after its server has an address: the CRM and the API know each other's."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@contextmanager
def open_company(database_url: str) -> Iterator[Company]:
    """Runs the company on a migrated, empty warehouse."""
    engine = open_database(database_url)
    world.fill(engine)
    issuer = world.open_issuer("https://issuer.example")
    crm, other = Later(), Later()
    with serve(create_issuer_app(issuer)) as issuer_url, serve(crm) as crm_url, serve(other) as other_url:
        tokens = TokenSettings(
            issuer=issuer.url, audience=world.AUDIENCE, jwks_url=f"{issuer_url}/.well-known/jwks.json"
        )
        settings = ApiSettings(tokens=tokens, allowed_origins=(crm_url,), frame_ancestors=(crm_url,))
        app = create_app(
            settings, engine=engine, reader=open_reader(database_url), clock=lambda: world.NOON, time_zone=world.ZONE
        )
        with serve(app) as api_url:
            crm.app = _crm(issuer, issuer_url, api_url)
            other.app = _host_page(api_url)
            yield Company(api_url, crm_url, issuer, other_url, engine)
    engine.dispose()


def _crm(issuer: Issuer, issuer_url: str, api_url: str) -> ASGIApp:
    rows = _rows()
    people = [
        crm_page.Person(person.email, person.name, title, f"005{name.upper()}")
        for name, title in (
            ("ada", "Account executive"),
            ("bo", "Account executive"),
            ("mia", "Sales manager"),
            ("zoe", "Plan administrator"),
        )
        for person in [world.PEOPLE[name]]
    ]
    client = crm_page.TokenClient(f"{issuer_url}/token", issuer.client_id, issuer.client_secret)
    inner = crm_page.create_app(rows.__getitem__, people, card_url=api_url, source="crm", token_client=client)
    bare = _host_page(api_url)

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        is_bare = scope["type"] == "http" and scope["path"].startswith("/bare")
        await (bare if is_bare else inner)(scope, receive, send)

    return routed


def _host_page(api_url: str) -> ASGIApp:
    """Any site: ``/bare`` is a page for the bare element under a strict policy, ``/framing`` frames the card."""
    policy = f"default-src 'none'; script-src {api_url}; connect-src {api_url}; style-src 'none'"
    script = f'<script type="module" src="{api_url}/widgets/bonusbridge-deal.js"></script>'
    pages = {
        "/bare": (policy, f'<!doctype html><html lang="en"><title>Bare</title>{script}<main></main>'),
        "/framing": ("", f'<!doctype html><iframe src="{api_url}/embed/deal?source=crm&ref=006CONTOSO"></iframe>'),
    }

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        found = pages.get(scope["path"]) if scope["type"] == "http" else None
        status, (csp, content) = (200, found) if found else (404, ("", ""))
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", csp.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content.encode()})

    return page


def _rows() -> dict[str, list[dict[str, Any]]]:
    """The company's records as the CRM's rows."""
    kinds = ("Opportunity", "Account", "User", "Product2", "OpportunityLineItem", "OpportunitySplit")
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for record in world.records():
        match record:
            case Opportunity():
                rows["Opportunity"].append(_opportunity(record))
                rows["OpportunityLineItem"] += [_line_item(record, line) for line in record.lines]
                rows["OpportunitySplit"] += [_split(record, share) for share in record.shares]
            case Customer():
                rows["Account"].append({"Id": record.ref, "Name": record.name})
            case Product():
                rows["Product2"].append({"Id": record.ref, "Name": record.name})
            case Employee():
                rows["User"].append({"Id": record.ref, "Name": record.name})
            case _:
                pass
    return rows


def _opportunity(deal: Opportunity) -> dict[str, Any]:
    return {
        "Id": deal.ref,
        "Name": deal.name,
        "StageName": deal.stage_name,
        "Amount": None if deal.amount is None else deal.amount.amount,
        "CurrencyIsoCode": deal.currency,
        "CloseDate": deal.close_on,
        "OwnerId": None if deal.owner_key is None else deal.owner_key.ref,
        "AccountId": None if deal.customer_key is None else deal.customer_key.ref,
        "IsClosed": deal.stage != "open",
        "Probability": 60,
        "Type": "New business",
        "LeadSource": "Partner",
        "NextStep": "Send the revised quote",
        "CreatedDate": "2026-07-02T09:30:00.000+0000",
    }


def _line_item(deal: Opportunity, line: Line) -> dict[str, Any]:
    return {
        "OpportunityId": deal.ref,
        "Name": "Services",
        "Product2Id": None if line.product_key is None else line.product_key.ref,
        "Quantity": line.quantity,
        "TotalPrice": None if line.amount is None else line.amount.amount,
    }


def _split(deal: Opportunity, share: Share) -> dict[str, Any]:
    return {"OpportunityId": deal.ref, "SplitOwnerId": share.employee_key.ref, "SplitPercentage": share.ratio * 100}
