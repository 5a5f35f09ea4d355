"""A company of two people and a few deals in the sandbox's CRM and ERP, with a configuration file as one is written."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typer.testing import CliRunner

from bonusbridge.cli import app
from sandbox.erp.app import create_app as create_erp
from sandbox.erp.ledger import Ledger
from sandbox.erp.wire import Value
from sandbox.salesforce.app import create_app as create_org
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.forking import run_command

PLAN = """\
plan: Reps
currency: USD
effective: {from: 2020-01-01}
applies_to: {titles: Account Executive}
components:
  - component: commission
    credited_on: booking
    credit_to: owners
    measure: revenue
    period: quarter
    payout:
      marginal_tiers:
        - {from: 0, to: 100000, rate: 5%}
        - {from: 100000, rate: 8%}
"""
MAPPING = """\
extends: salesforce
streams:
  Account:
    customer:
      fields:
        sector: {path: Industry, values: {Banking: Banking}}
"""
ROOT = Path(__file__).parents[2]
NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass
class Tampering:
    """An application whose answers are changed on their way out, as bytes: what no store would hold."""

    inner: ASGIApp
    changes: dict[bytes, bytes] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send(start, body, send)

        await self.inner({**scope, "headers": plain}, receive, collect)

    async def _send(self, start: Message, body: bytes, send: Send) -> None:
        for before, after in self.changes.items():
            body = body.replace(before, after)
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


class Ended(NamedTuple):
    """How a command ended and what it wrote, errors too."""

    code: int
    output: str


@dataclass
class SmallCompany:
    """Its systems, its configuration file, and the command line over it."""

    org: Org
    ledger: Ledger
    wire: Tampering
    folder: Path
    document: dict[str, Any]
    environment: dict[str, str]
    outputs: list[str] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "bonusbridge.yaml"

    @property
    def crm(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.document["sources"]["crm"]["settings"]
        return settings

    @property
    def erp(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.document["sources"]["erp"]["settings"]
        return settings

    def write(self) -> None:
        self.file.write_text(yaml.safe_dump(self.document), encoding="utf-8")

    def run(self, *arguments: str) -> Ended:
        """The command in a process of its own; its output is kept for the search for secrets."""
        log = self.folder / "command.log"
        code = run_command([*arguments, "--config", str(self.file)], self.environment, log)
        return self._ended(code, log.read_text(encoding="utf-8"))

    def run_as_installed(self, *arguments: str) -> Ended:
        """The same as a shell starts it, which takes seconds of imports."""
        done = subprocess.run(  # noqa: S603 - our own program
            self.command(*arguments), env=self.environment, cwd=ROOT, capture_output=True, timeout=120, check=False
        )
        return self._ended(done.returncode, (done.stdout + done.stderr).decode())

    def try_out(self, *arguments: str) -> Ended:
        """The command in this process: for what ends before any job is run, since jobs want a process of their own."""
        done = CliRunner().invoke(app, [*arguments, "--config", str(self.file)], env=self.environment)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception  # what nobody expected keeps its traceback
        return self._ended(done.exit_code, done.output)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "bonusbridge.cli", *arguments, "--config", str(self.file)]

    def _ended(self, code: int, output: str) -> Ended:
        self.outputs.append(output)
        assert "Traceback" not in output, output
        return Ended(code, output)

    def secrets(self) -> tuple[str, ...]:
        known = self.org.credentials
        return (known.client_secret, known.password, self.ledger.credentials.password)

    def deal(self, name: str, amount: Decimal | None, owner: str | None, **changes: object) -> str:
        """A new open opportunity; its id."""
        row = {"Name": name, "StageName": "Prospecting", "CloseDate": date(2030, 6, 30), "Amount": amount}
        (ref,) = self.org.insert("Opportunity", [{**row, "OwnerId": owner, **changes}])
        return ref


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def served_company(folder: Path, database_url: str) -> Iterator[SmallCompany]:
    """Served on loopback; the configuration file is in ``folder``, not yet written."""
    org, ledger = Org(now), Ledger(now)
    wire = Tampering(create_org(org))
    with ExitStack() as stack:
        crm = stack.enter_context(serve(wire))
        erp = stack.enter_context(serve(create_erp(ledger)))
        (folder / "plans").mkdir()
        (folder / "plans" / "reps.yaml").write_text(PLAN, encoding="utf-8")
        (folder / "crm.yaml").write_text(MAPPING, encoding="utf-8")
        (folder / "crm-secret").write_text(f"{org.credentials.client_secret}\n", encoding="utf-8")
        environment = {**os.environ, "DATABASE_URL": database_url, "ERP_PASSWORD": ledger.credentials.password}
        yield SmallCompany(org, ledger, wire, folder, _document(org, ledger, crm, erp), environment)


def _document(org: Org, ledger: Ledger, crm: str, erp: str) -> dict[str, Any]:
    login = {
        "flow": "client_credentials",
        "client_id": org.credentials.client_id,
        "client_secret": {"file": "crm-secret"},
    }
    user = {"company": ledger.credentials.company, "user": ledger.credentials.user, "password": {"env": "ERP_PASSWORD"}}
    quickly: Mapping[str, object] = {"attempts": 2, "first_wait": 0}
    return {
        "database": {"env": "DATABASE_URL"},
        "worker_id": "test",
        "plans": ["plans"],
        "sources": {
            "crm": {
                "connector": "salesforce",
                "mapping": "crm.yaml",
                "settings": {"instance_url": crm, "login": login, "retry": dict(quickly)},
            },
            "erp": {
                "connector": "soap",
                "mapping": "sandbox_erp",
                "refers_to": {"crm": "crm"},
                "settings": {
                    "service": "sandbox_erp",
                    "endpoint": f"{erp}/erp",
                    "credentials": user,
                    "retry": dict(quickly),
                },
            },
        },
        "api": {
            "tokens": {
                "issuer": "https://login.example",
                "audience": "bonusbridge",
                "jwks_url": f"{NOBODY_LISTENS}/jwks",
            }
        },
        "schedule": {"refresh": "*/3 * * * * *"},
    }


@dataclass(frozen=True)
class Staff:
    """Ids of the people and the customer that ``fill`` makes, and of the one deal."""

    rep: str
    customer: str
    deal: str


def fill(company: SmallCompany) -> Staff:
    """A rep, a customer, an open deal of 120,000 and an order in the ERP."""
    (rep,) = company.org.insert(
        "User",
        [
            {
                "LastName": "Rep",
                "Name": "Rita Rep",
                "Title": "Account Executive",
                "Email": "rita@small.example",
                "Username": "rita@small.example",
            }
        ],
    )
    (customer,) = company.org.insert("Account", [{"Name": "Acme", "Industry": "Banking", "OwnerId": rep}])
    deal = company.deal("Renewal", Decimal("120000.00"), rep, AccountId=customer)
    order: dict[str, Value] = {"number": "SO-1", "crmOpportunityId": deal, "status": "open", "currency": "USD"}
    company.ledger.put("SalesOrder", {**order, "tranDate": date(2026, 11, 2), "total": Decimal("120000.00")})
    return Staff(rep, customer, deal)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
