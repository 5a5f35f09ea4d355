"""The sandbox's Salesforce org as a counterpart: its ``Opportunity`` is the stream to play with."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.errors import ConnectorError
from connectors.protocol import Connector, DeleteSupport
from connectors.registry import open_connector
from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.acceptance.clock import Clock
from tests.acceptance.faulty import FaultyProxy, faulty_proxy


class SalesforceOrg:
    """The sandbox's org, with a settings dialect of the ``salesforce`` connector."""

    name = "salesforce"
    stream = "Opportunity"
    page_size = 200
    key = "External__c"
    amount_name = "Amount"
    deletes = DeleteSupport.FEED
    write_refusal: type[ConnectorError] | None = None
    commits_late = True
    hostile_refs: tuple[str, ...] = (
        "https://attacker.example/",
        "../../User/0055g000000000A",
        "0065g0000000010' OR Id != '",
        "0065g0000000010AAB",
        "",
        "0065g0000000010\n",
        "\u0660065g000000001",
    )
    unknown_ref = "0065g00000zzzzzAAA"
    data_path = "/query"
    write_path = "/composite/sobjects"
    write_method = "PATCH"

    def __init__(self, org: Org, proxy: FaultyProxy, url: str, clock: Clock) -> None:
        self.org = org
        self.proxy = proxy
        self.waits = clock.waits
        self.url = url
        self.clock = clock
        self._opened = contextlib.ExitStack()

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator["SalesforceOrg"]:
        clock = Clock()
        org = Org(clock)
        org.define("Opportunity", {cls.key: "string(60) external unique"})
        with serve(create_app(org)) as upstream, faulty_proxy(upstream) as (proxy, url):
            counterpart = cls(org, proxy, url, clock)
            with counterpart._opened:
                yield counterpart

    def open(
        self, *, horizon: float = 600, read_timeout: float = 20, url: str | None = None, secret: str | None = None
    ) -> Connector:
        login = self.client_credentials() | ({"client_secret": secret} if secret else {})
        page_size, address = self.page_size, url or self.url
        return self.connect(
            instance_url=address, login=login, page_size=page_size, safety_horizon=horizon, read_timeout=read_timeout
        )

    def connect(self, **settings: object) -> Connector:
        """A connector of the stream ``Opportunity``, in which ``settings`` have been changed."""
        usual = {
            "instance_url": self.url,
            "login": self.client_credentials(),
            "streams": [self.stream],
            "changes": {self.stream: {"add": [self.key]}},
        }
        connector = open_connector("salesforce", "crm", usual | settings, self.clock, sleep=self.clock.sleep)
        self._opened.callback(connector.close)
        return connector

    def client_credentials(self) -> dict[str, str]:
        shown = self.org.credentials
        return {"flow": "client_credentials", "client_id": shown.client_id, "client_secret": shown.client_secret}

    def now(self) -> datetime:
        return self.clock()

    def let_pass(self, seconds: float) -> None:
        self.clock.pass_by(seconds=seconds)

    def put(self, amounts: Sequence[Decimal], *, stamped: datetime | None = None) -> list[str]:
        rows = [
            {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30", "Amount": one} for one in amounts
        ]
        return self.org.insert(self.stream, rows, at=stamped)

    def change(self, ref: str, amount: Decimal) -> None:
        self.org.update(self.stream, [{"Id": ref, "Amount": amount}])

    def delete(self, ref: str) -> None:
        self.org.delete(self.stream, [ref])

    def refs(self) -> set[str]:
        return {str(row["Id"]) for row in self.org.records(self.stream)}

    def amount_text(self, payload: str) -> str:
        return str(json.loads(payload, parse_float=str, parse_int=str)["Amount"])

    def stored_amounts(self, keys: Sequence[str]) -> Mapping[str, list[Decimal]]:
        found: dict[str, list[Decimal]] = {key: [] for key in keys}
        for row in self.org.records(self.stream):
            if row[self.key] in found:
                found[str(row[self.key])].append(Decimal(str(row["Amount"])))
        return found

    def row(self, key: str, amount: Decimal) -> dict[str, object]:
        fields = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30"}
        return {self.key: key, "Amount": amount, **fields}

    def bad_row(self, key: str) -> dict[str, object]:
        return {**self.row(key, Decimal(1)), "Name": "n" * 5000}

    def expire_session(self) -> None:
        self.org.sessions.expire_all()

    def logins(self) -> int:
        return sum(path.endswith("/services/oauth2/token") for _method, path in self.proxy.requests)

    def secrets(self) -> Sequence[str]:
        shown = self.org.credentials
        tokens = self.org.sessions._sessions
        return (shown.client_secret, shown.password, shown.security_token, shown.jwt_private_key, *tokens)
