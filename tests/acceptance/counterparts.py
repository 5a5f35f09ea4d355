"""The systems that the acceptance suite runs against. A new connector adds its counterpart to ``COUNTERPARTS``.

A counterpart is a real or faithful system behind a ``FaultyProxy``. It offers one stream whose records carry an
amount. What the system cannot do is declared (``deletes``, ``write_refusal``, ``commits_late``), and the suite asserts
the declared answer instead.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from connectors.errors import ConnectorError
from connectors.protocol import Connector, DeleteSupport
from connectors.registry import open_connector
from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.acceptance.faulty import FaultyProxy, faulty_proxy


class Clock:
    """Stands still until it is moved; sleeping moves it and is noted."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    def pass_by(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Counterpart(Protocol):
    """One system with one stream to play with; fresh, or with records of its own that do not change meanwhile."""

    name: str
    stream: str
    page_size: int
    """Records of a page, as ``open`` configures the connector."""
    key: str
    """The external id field by which ``write`` upserts."""
    amount_name: str
    """What ``reconcile`` calls the sum of the amounts."""
    deletes: DeleteSupport
    write_refusal: type[ConnectorError] | None
    """The error that ``write`` raises where the system takes no writes; None: it takes them."""
    commits_late: bool
    """Whether a record can be made to appear with a stamp of the past."""
    hostile_refs: tuple[str, ...]
    unknown_ref: str
    data_path: str
    """Part of the path of a request that reads records, by which the proxy knows it."""
    write_path: str
    waits: list[float]
    """What the connectors slept between attempts, in seconds; tests never really wait."""
    proxy: FaultyProxy

    @classmethod
    def started(cls) -> AbstractContextManager["Counterpart"]: ...

    def open(
        self, *, horizon: float = 600, read_timeout: float = 20, url: str | None = None, secret: str | None = None
    ) -> Connector:
        """A new connector through the proxy (or to ``url``), with the right secret or another one.

        The counterpart closes it in the end.
        """
        ...

    def now(self) -> datetime: ...

    def let_pass(self, seconds: float) -> None:
        """Time goes by, so that what was put is older than the horizon (with a real clock: use a horizon of 0)."""
        ...

    def put(self, amounts: Sequence[Decimal], *, stamped: datetime | None = None) -> list[str]:
        """Records with these amounts, all with one stamp if the system can; their refs."""
        ...

    def change(self, ref: str, amount: Decimal) -> None: ...

    def delete(self, ref: str) -> None: ...

    def refs(self) -> set[str]:
        """All that are there, seen without the connector."""
        ...

    def amount_text(self, payload: str) -> str:
        """The amount of a payload, as its text on the wire."""
        ...

    def stored_amounts(self, keys: Sequence[str]) -> Mapping[str, list[Decimal]]:
        """What is stored under these external ids, seen without the connector."""
        ...

    def row(self, key: str, amount: Decimal) -> Mapping[str, object]: ...

    def bad_row(self, key: str) -> Mapping[str, object]:
        """A row that the system refuses."""
        ...

    def expire_session(self) -> None: ...

    def logins(self) -> int: ...

    def secrets(self) -> Sequence[str]:
        """Everything that no log and no error may show."""
        ...


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

    def __init__(self, org: Org, proxy: FaultyProxy, url: str, clock: Clock) -> None:
        self.org = org
        self.proxy = proxy
        self.waits = clock.waits
        self._url = url
        self._clock = clock
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
        settings = {
            "instance_url": url or self._url,
            "login": {
                "flow": "client_credentials",
                "client_id": self.org.credentials.client_id,
                "client_secret": secret or self.org.credentials.client_secret,
            },
            "streams": [self.stream],
            "changes": {self.stream: {"add": [self.key]}},
            "page_size": self.page_size,
            "safety_horizon": horizon,
            "read_timeout": read_timeout,
        }
        connector = open_connector("salesforce", "crm", settings, self._clock, sleep=self._clock.sleep)
        self._opened.callback(connector.close)
        return connector

    def now(self) -> datetime:
        return self._clock()

    def let_pass(self, seconds: float) -> None:
        self._clock.pass_by(seconds=seconds)

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

    def row(self, key: str, amount: Decimal) -> Mapping[str, object]:
        fields = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30"}
        return {self.key: key, "Amount": amount, **fields}

    def bad_row(self, key: str) -> Mapping[str, object]:
        return {**self.row(key, Decimal(1)), "Name": "n" * 5000}

    def expire_session(self) -> None:
        self.org.sessions.expire_all()

    def logins(self) -> int:
        return sum(path.endswith("/services/oauth2/token") for _method, path in self.proxy.requests)

    def secrets(self) -> Sequence[str]:
        shown = self.org.credentials
        tokens = self.org.sessions._sessions
        return (shown.client_secret, shown.password, shown.security_token, shown.jwt_private_key, *tokens)


COUNTERPARTS: tuple[type[Counterpart], ...] = (SalesforceOrg,)
