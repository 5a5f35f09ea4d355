"""A real Tryton as a counterpart: its opportunities, with their stamps moved to the tests' time.

One server serves all tests (it takes seconds to start); each finds the seeded company as it was.
"""

import atexit
import contextlib
import functools
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from connectors.errors import ConnectorError
from connectors.protocol import Connector, DeleteSupport
from connectors.registry import open_connector
from tests.acceptance.clock import Clock
from tests.acceptance.faulty import FaultyProxy, faulty_proxy
from tests.tryton_lab import Json, TrytonLab, installed_home, serve_copy

_TABLES = ("sale_opportunity", "sale_opportunity_line", "sale_sale")
ROOT = Path(__file__).parent.parent.parent


@functools.cache
def _shared_lab() -> TrytonLab:
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    test_data = Path(os.environ.get("BONUSBRIDGE_TEST_DATA", ROOT.parent / "shared"))
    return stack.enter_context(serve_copy(installed_home(test_data), folder))


class TrytonCompany:
    """Opportunities of the Tryton lab, found again by their reference."""

    name = "tryton"
    stream = "sale.opportunity"
    page_size = 5
    key = "reference"
    amount_name = "amount"
    deletes = DeleteSupport.UNSUPPORTED
    write_refusal: type[ConnectorError] | None = None
    commits_late = True
    hostile_refs: tuple[str, ...] = (
        "",
        "1\n",
        " 1",
        "-1",
        "1 or 1=1",
        "../1",
        "https://attacker.example/",
        "\x00",
        "9" * 200,
        "\u0661",
    )
    unknown_ref = "999999"
    data_path = "/lab/rpc/"
    write_path = "#model.sale.opportunity.create"
    write_method = "POST"

    def __init__(self, lab: TrytonLab, proxy: FaultyProxy, url: str, clock: Clock) -> None:
        self.lab = lab
        self.proxy = proxy
        self.waits = clock.waits
        self._url = url
        self._clock = clock

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator["TrytonCompany"]:
        lab, clock = _shared_lab(), Clock()
        with faulty_proxy(lab.url) as (proxy, url):
            company = cls(lab, proxy, url, clock)
            seeded = company.refs()
            company._stamp(_TABLES, clock() - timedelta(days=1))
            try:
                yield company
            finally:
                added = [int(ref) for ref in company.refs() - seeded]
                company._call("cancel", added)
                company._call("delete", added)

    def open(
        self, *, horizon: float = 600, read_timeout: float = 20, url: str | None = None, secret: str | None = None
    ) -> Connector:
        settings = {
            "url": url or self._url,
            "database": self.lab.database,
            "username": self.lab.username,
            "password": secret or self.lab.password,
            "only": [self.stream],
            "page_size": self.page_size,
            "safety_horizon": horizon,
            "timeout": max(read_timeout, 0.9),  # a real ERP on a busy machine takes its time
        }
        return open_connector("tryton", "erp", settings, self._clock, sleep=self._clock.sleep)

    def now(self) -> datetime:
        return self._clock()

    def let_pass(self, seconds: float) -> None:
        self._clock.pass_by(seconds=seconds)

    def put(self, amounts: Sequence[Decimal], *, stamped: datetime | None = None) -> list[str]:
        rows = [{"description": "Deal", "amount": _decimal(amount)} for amount in amounts]
        ids = self._call("create", rows)
        self._stamp(("sale_opportunity",), stamped or self.now(), ids)
        return [str(one) for one in ids]

    def change(self, ref: str, amount: Decimal) -> None:
        self._call("write", [int(ref)], {"amount": _decimal(amount)})
        self._stamp(("sale_opportunity",), self.now(), [int(ref)])

    def delete(self, ref: str) -> None:
        self._call("cancel", [int(ref)])  # only what is cancelled may be deleted
        self._call("delete", [int(ref)])

    def refs(self) -> set[str]:
        return {str(one) for one in self._call("search", [])}

    def amount_text(self, payload: str) -> str:
        return str(json.loads(payload)["amount"])

    def stored_amounts(self, keys: Sequence[str]) -> Mapping[str, list[Decimal]]:
        found: dict[str, list[Decimal]] = {key: [] for key in keys}
        for row in self._call("search_read", [["reference", "in", keys]], 0, None, None, ["reference", "amount"]):
            found[row["reference"]].append(Decimal(row["amount"]["decimal"]))
        return found

    def row(self, key: str, amount: Decimal) -> Mapping[str, object]:
        return {self.key: key, "amount": amount, "description": "Deal"}

    def bad_row(self, key: str) -> Mapping[str, object]:
        return {**self.row(key, Decimal(1)), "amount": Decimal("1.00001")}  # the currency has two digits

    def expire_session(self) -> None:
        with self._database() as database:
            database.execute("DELETE FROM ir_session")
        self.lab.forget_session()

    def logins(self) -> int:
        return sum(path.endswith("#common.db.login") for _method, path in self.proxy.requests)

    def secrets(self) -> Sequence[str]:
        return (self.lab.password,)

    def _call(self, method: str, *params: object) -> Json:
        return self.lab.call(f"model.{self.stream}.{method}", *params)

    def _stamp(self, tables: Sequence[str], at: datetime, ids: Sequence[int] | None = None) -> None:
        """What the server wrote now, as if it had been written then: the server's own clock cannot be set."""
        text = at.replace(tzinfo=None).isoformat(" ")  # compared as text, so exactly as the server writes it
        some = "" if ids is None else f" WHERE id IN ({', '.join(map(str, ids))})"
        with self._database() as database:
            for table in tables:
                stamps = "write_date = CASE WHEN write_date IS NULL THEN NULL ELSE ? END, create_date = ?"
                database.execute(f"UPDATE {table} SET {stamps}{some}", (text, text))  # noqa: S608 - our own names

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.lab.file, timeout=30)) as connection, connection:
            yield connection


def _decimal(amount: Decimal) -> Mapping[str, str]:
    return {"__class__": "Decimal", "decimal": str(amount)}
