"""The sandbox's SOAP ERP as a counterpart: commission notes, which can be read, deleted and written back."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from connectors.errors import ConnectorError
from connectors.protocol import Connector, DeleteSupport
from connectors.registry import open_connector
from sandbox.erp import wire
from sandbox.erp.app import create_app
from sandbox.erp.ledger import Ledger
from sandbox.serving import serve
from tests.acceptance.clock import Clock
from tests.acceptance.faulty import FaultyProxy, faulty_proxy

_LONGER_THAN_A_TOKEN_LIVES = timedelta(days=1)


class SoapErp:
    """The ERP through its shipped description, with the WSDL pinned to a file as it should be in production."""

    name = "soap"
    stream = "CommissionNote"
    page_size = 20
    key = "externalId"
    amount_name = "amount"
    deletes = DeleteSupport.FEED
    write_refusal: type[ConnectorError] | None = None
    commits_late = True
    hostile_refs: tuple[str, ...] = (
        "",
        "1\n",
        " 1",
        "</internalId>",
        "1' or '1'='1",
        "../1",
        "https://attacker.example/",
        "\x00",
        "9" * 200,
    )
    unknown_ref = "999999"
    data_path = "/erp"
    write_path = "#upsertCommissionNotes"
    write_method = "POST"

    def __init__(self, ledger: Ledger, proxy: FaultyProxy, url: str, clock: Clock) -> None:
        self.ledger = ledger
        self.proxy = proxy
        self.waits = clock.waits
        self._url = url
        self._clock = clock
        self._notes = 0

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator["SoapErp"]:
        clock = Clock()
        ledger = Ledger(clock)
        with serve(create_app(ledger)) as upstream, faulty_proxy(upstream) as (proxy, url):
            yield cls(ledger, proxy, url, clock)

    def open(
        self, *, horizon: float = 600, read_timeout: float = 20, url: str | None = None, secret: str | None = None
    ) -> Connector:
        ours = self.ledger.credentials
        settings = {
            "service": "sandbox_erp",
            "endpoint": f"{url or self._url}/erp",
            "wsdl": wire.FOLDER / "erp.wsdl",
            "credentials": {"company": ours.company, "user": ours.user, "password": secret or ours.password},
            "page_size": self.page_size,
            "safety_horizon": horizon,
            "timeout": read_timeout,
        }
        return open_connector("soap", "erp", settings, self._clock, sleep=self._clock.sleep)

    def now(self) -> datetime:
        return self._clock()

    def let_pass(self, seconds: float) -> None:
        self._clock.pass_by(seconds=seconds)

    def put(self, amounts: Sequence[Decimal], *, stamped: datetime | None = None) -> list[str]:
        return [self.ledger.put(self.stream, self._note(amount), stamped) for amount in amounts]

    def change(self, ref: str, amount: Decimal) -> None:
        note = self.ledger.get(self.stream, ref)
        assert note is not None
        self.ledger.put(self.stream, {**note.record, "amount": amount})

    def delete(self, ref: str) -> None:
        self.ledger.delete(self.stream, ref)

    def refs(self) -> set[str]:
        return {str(record["internalId"]) for record in self.ledger.records(self.stream)}

    def amount_text(self, payload: str) -> str:
        return str(json.loads(payload)["amount"])

    def stored_amounts(self, keys: Sequence[str]) -> Mapping[str, list[Decimal]]:
        found: dict[str, list[Decimal]] = {key: [] for key in keys}
        for record in self.ledger.records(self.stream):
            if record[self.key] in found:
                found[str(record[self.key])].append(Decimal(str(record["amount"])))
        return found

    def row(self, key: str, amount: Decimal) -> Mapping[str, object]:
        fixed = {"employeeEmail": "rep@sandbox.example", "notedOn": date(2026, 3, 1), "currency": "USD"}
        return {self.key: key, "amount": amount, **fixed}

    def bad_row(self, key: str) -> Mapping[str, object]:
        return {**self.row(key, Decimal(1)), "invoiceNumber": "no such invoice"}

    def expire_session(self) -> None:
        self._clock.now += _LONGER_THAN_A_TOKEN_LIVES

    def logins(self) -> int:
        return sum(path.endswith("#login") for _method, path in self.proxy.requests)

    def secrets(self) -> Sequence[str]:
        return (self.ledger.credentials.password,)

    def _note(self, amount: Decimal) -> wire.Record:
        self._notes += 1
        fixed: wire.Record = {"employeeEmail": "rep@sandbox.example", "notedOn": date(2026, 3, 1), "currency": "USD"}
        return {**fixed, "externalId": f"note-{self._notes}", "amount": amount}
