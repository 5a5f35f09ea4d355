"""The systems that the acceptance suite runs against. A new connector adds its counterpart to ``COUNTERPARTS``.

A counterpart is a real or faithful system behind a ``FaultyProxy``. It offers one stream whose records carry an
amount. What the system cannot do is declared (``deletes``, ``write_refusal``, ``commits_late``), and the suite asserts
the declared answer instead.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from connectors.errors import ConnectorError
from connectors.protocol import Connector, DeleteSupport
from tests.acceptance.faulty import FaultyProxy
from tests.acceptance.salesforce_org import SalesforceOrg
from tests.acceptance.soap_erp import SoapErp
from tests.acceptance.tryton_company import TrytonCompany


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
    write_method: str
    """By these two it knows a request that writes."""
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


COUNTERPARTS: tuple[type[Counterpart], ...] = (SalesforceOrg, SoapErp, TrytonCompany)
