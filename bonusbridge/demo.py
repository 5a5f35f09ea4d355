"""The demo: a pretend CRM and ERP, the whole path, and the deal page.

Everything speaks through its real protocol on loopback: the org and the ERP are served, read by the connectors, mapped,
joined and calculated into a fresh database; the API is served, and asked over HTTP with a signed token.
"""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from pydantic import SecretStr
from rich.console import Console
from starlette.types import ASGIApp

from bonusbridge import reports
from bonusbridge.configuration import Configuration, SourceConfiguration
from bonusbridge.progress import watching
from bonusbridge.stopping import wait_for_stop
from bonusbridge.wiring import WiringError, database_url, open_jobs, utc_now
from compensation import DealEstimate
from mappings.records import ExchangeRate, Opportunity, Stage
from mashup_api.app import create_app
from mashup_api.issuer import Issuer, create_issuer_app
from mashup_api.issuer import Person as TokenHolder
from mashup_api.settings import ApiSettings, TokenSettings
from sandbox.company import Company, generate
from sandbox.company.staff import Person as Staffer
from sandbox.crm_page.app import Person, TokenClient
from sandbox.crm_page.app import create_app as create_crm_page
from sandbox.erp.app import create_app as create_erp
from sandbox.erp.ledger import Ledger
from sandbox.salesforce.app import create_app as create_org
from sandbox.salesforce.org import Org
from sandbox.serving import bind, serve
from warehouse import canonical
from warehouse.database import open_database, reading
from warehouse.reader import open_reader

SEED = 7
AUDIENCE = "bonusbridge"
DATABASE = "demo.db"
ADMINISTRATOR = TokenHolder("alex.admin@larkfield.example", "Alex Admin", ("bonusbridge-administrator",))
LARGEST = 20
COMPARED_IN = "USD"
REFRESH_EVERY_SECONDS = 5
PLANS = Path(__file__).parent / "plans" / "demo"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Bound before anything is served, because the parts have to know each other's addresses."""

    page: socket.socket
    api: socket.socket
    issuer: socket.socket

    @classmethod
    def bind(cls, first_port: int) -> "Addresses":
        """Three ports from ``first_port`` on; any free ones if it is 0. WiringError if one is taken."""
        ports = [first_port + offset if first_port else 0 for offset in range(3)]
        try:
            return cls(*(bind(port) for port in ports))
        except OSError as error:
            raise WiringError(f"ports {ports[0]} to {ports[-1]}: {error.strerror}; choose others by --port") from None


def run_demo(console: Console, folder: Path, port: int, once: bool) -> None:
    """Runs the whole path on a new database in ``folder``; stays up unless ``once``."""
    _empty(folder)
    with ExitStack() as stack:
        addresses = Addresses.bind(0 if once else port)
        console.print("A company is founded …")
        now = utc_now()
        company = generate(SEED, now.date())
        org, ledger = Org(utc_now), Ledger(utc_now)
        company.fill(org, ledger)
        crm = stack.enter_context(serve(create_org(org)))
        erp = stack.enter_context(serve(create_erp(ledger)))
        issuer = _issuer(company, addresses)
        stack.enter_context(serve(create_issuer_app(issuer), listener=addresses.issuer))
        sources = {"crm": crm_source(org, crm, "sandbox_crm"), "erp": erp_source(ledger, erp)}
        configuration = _configuration(sources, issuer, addresses)
        progress = stack.enter_context(watching(console))
        runner = stack.enter_context(open_jobs(configuration, folder, progress=progress))
        reports.show_outcome(console, "sync", runner.run("refresh"))
        api = stack.enter_context(_served_api(configuration, folder, addresses))
        console.print(reports.estimates_table(_ask_for_largest(api, issuer, configuration, folder)))
        if once:
            return
        runner.schedule("refresh", f"*/{REFRESH_EVERY_SECONDS} * * * * *", configuration.time_zone)
        page = _crm_page(company, org, api, issuer)
        address = stack.enter_context(serve(page, listener=addresses.page))
        console.print(f"\nThe CRM's deal page   {address}\nBonusBridge's API     {api}\nSalesforce org        {crm}")
        console.print(f"SOAP ERP              {erp}/erp?wsdl\n\nStop with Ctrl-C.")
        wait_for_stop()


def _empty(folder: Path) -> None:
    """Makes room for a new database; WiringError, and nothing is removed, if the folder holds anything else."""
    folder.mkdir(parents=True, exist_ok=True)
    earlier = list(folder.iterdir())
    if others := [path.name for path in earlier if not path.name.startswith(DATABASE)]:
        raise WiringError(f"{folder} holds {others[0]}, which is not the demo's; choose another folder by --folder")
    for path in earlier:
        path.unlink()


def _issuer(company: Company, addresses: Addresses) -> Issuer:
    people = [TokenHolder(person.email, person.name) for person in company.staff.everybody]
    return Issuer(_url(addresses.issuer), AUDIENCE, [*people, ADMINISTRATOR], utc_now)


def crm_source(org: Org, url: str, mapping: str, **settings: object) -> SourceConfiguration:
    """How a company's file would describe the org served at ``url``."""
    login = {
        "flow": "client_credentials",
        "client_id": org.credentials.client_id,
        "client_secret": SecretStr(org.credentials.client_secret),
    }
    return SourceConfiguration(
        connector="salesforce", mapping=mapping, settings={"instance_url": url, "login": login, **settings}
    )


def erp_source(ledger: Ledger, url: str) -> SourceConfiguration:
    """How a company's file would describe the SOAP ERP served at ``url``; its orders name opportunities of ``crm``."""
    known = ledger.credentials
    credentials = {"company": known.company, "user": known.user, "password": SecretStr(known.password)}
    return SourceConfiguration(
        connector="soap",
        mapping="sandbox_erp",
        refers_to={"crm": "crm"},
        settings={"service": "sandbox_erp", "endpoint": f"{url}/erp", "credentials": credentials},
    )


def _configuration(sources: dict[str, SourceConfiguration], issuer: Issuer, addresses: Addresses) -> Configuration:
    """What a company would write into its file; the passwords are those that the sandbox has just made up."""
    return Configuration(
        database=f"sqlite:///{DATABASE}",
        worker_id="demo",
        plans=(PLANS,),
        sources=sources,
        api=ApiSettings(
            tokens=TokenSettings(issuer=issuer.url, audience=AUDIENCE, jwks_url=f"{issuer.url}/.well-known/jwks.json"),
            frame_ancestors=(_url(addresses.page),),
            allowed_origins=(_url(addresses.page),),
        ),
    )


@contextmanager
def _served_api(configuration: Configuration, folder: Path, addresses: Addresses) -> Iterator[str]:
    url = database_url(configuration, folder)
    engine = open_database(url)
    assert configuration.api is not None  # noqa: S101 - the demo's own configuration
    app = create_app(
        configuration.api,
        engine=engine,
        reader=open_reader(url),
        clock=utc_now,
        time_zone=ZoneInfo(configuration.time_zone),
    )
    try:
        with serve(app, listener=addresses.api) as api:
            yield api
    finally:
        engine.dispose()


def _ask_for_largest(api: str, issuer: Issuer, configuration: Configuration, folder: Path) -> list[DealEstimate]:
    """Asks the API, as the administrator, what the largest open deals pay to everybody."""
    engine = open_database(database_url(configuration, folder))
    with reading(engine) as connection:
        opportunities = canonical.read(connection, "opportunity")
        rates = canonical.read(connection, "exchange_rate")
    engine.dispose()
    largest = _largest_open(opportunities, rates)
    estimates: list[DealEstimate] = []
    with httpx.Client(base_url=api, trust_env=False, timeout=30) as http:
        for deal in largest:
            token = issuer.mint(ADMINISTRATOR.email)
            answer = http.get(
                f"/v1/deals/{deal.source}/{deal.ref}/estimate",
                params={"scope": "all"},
                headers={"Authorization": f"Bearer {token}"},
            )
            answer.raise_for_status()
            estimates += [DealEstimate.model_validate(each) for each in answer.json()["estimates"]]
    return estimates


def _largest_open(opportunities: Sequence[object], rates: Sequence[object]) -> list[Opportunity]:
    """By amount in one currency, at the newest rates."""
    newest: dict[str, Decimal] = {}
    for rate in sorted((each for each in rates if isinstance(each, ExchangeRate)), key=lambda each: each.valid_from):
        if rate.from_currency == COMPARED_IN:
            newest[rate.to_currency] = rate.rate

    def size(deal: Opportunity) -> Decimal:
        return Decimal(0) if deal.amount is None else deal.amount.amount / newest.get(deal.currency, Decimal(1))

    found = [deal for deal in opportunities if isinstance(deal, Opportunity) and deal.stage is Stage.OPEN]
    return sorted(found, key=lambda deal: (-size(deal), deal.ref))[:LARGEST]


def _crm_page(company: Company, org: Org, api: str, issuer: Issuer) -> ASGIApp:
    people = [Person(person.email, person.name, person.title, person.id) for person in _faces(company)] + [
        Person(ADMINISTRATOR.email, ADMINISTRATOR.name, "Administrator")
    ]
    client = TokenClient(f"{issuer.url}/token", issuer.client_id, issuer.client_secret)
    return create_crm_page(org.records, people, card_url=api, source="crm", token_client=client)


def _faces(company: Company) -> list[Staffer]:
    """Two reps of one region, their manager and the vice president: enough to see who may see what."""
    staff = company.staff
    manager = staff.managers[0]
    reps = [rep for rep in staff.reps if rep.manager_id == manager.id and rep.left_on is None]
    return [*reps[:2], manager, staff.vice_president]


def _url(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"
