"""Source records as the real connectors read them from the sandbox's org and ERP and from a real Tryton."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from connectors.protocol import Connector
from connectors.registry import open_connector
from mappings.language import Unmappable, load_shipped
from mappings.records import CanonicalRecord
from sandbox.erp import app as erp
from sandbox.erp.ledger import Ledger
from sandbox.salesforce import app as salesforce
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.tryton_lab import TrytonLab

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
R = TypeVar("R", bound=CanonicalRecord)


@dataclass
class Read:
    """What a whole first read became."""

    records: list[CanonicalRecord] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    refused: list[Unmappable] = field(default_factory=list)

    def of(self, kind: type[R]) -> list[R]:
        return [record for record in self.records if isinstance(record, kind)]


def read_mapped(connector: Connector, shipped: str, now: datetime, **sources: str) -> Read:
    """Reads all streams that the shipped mapping names, and maps every record."""
    mapping, read = load_shipped(shipped), Read()
    for stream in connector.streams:
        for page in connector.read(stream, None, now) if stream in mapping.streams else ():
            for version in page.records:
                try:
                    found = mapping.apply(
                        stream, version.source, version.ref, version.modified_at, version.payload, sources=sources
                    )
                except Unmappable as unmappable:
                    read.refused.append(unmappable)
                else:
                    read.records.extend(found.records)
                    read.warnings.update(found.warnings)
    return read


@contextmanager
def org_connector(fill: Callable[[Org], object], changes: Mapping[str, object]) -> Iterator[Connector]:
    org = Org(lambda: NOW)
    fill(org)
    shown = org.credentials
    login = {"flow": "client_credentials", "client_id": shown.client_id, "client_secret": shown.client_secret}
    with serve(salesforce.create_app(org)) as url:
        connector = open_connector(
            "salesforce", "crm", {"instance_url": url, "login": login, "changes": changes}, later
        )
        try:
            yield connector
        finally:
            connector.close()


@contextmanager
def erp_connector(ledger: Ledger) -> Iterator[Connector]:
    ours = ledger.credentials
    with serve(erp.create_app(ledger)) as url:
        settings = {
            "service": "sandbox_erp",
            "endpoint": f"{url}/erp",
            "wsdl": f"{url}/erp?wsdl",
            "credentials": {"company": ours.company, "user": ours.user, "password": ours.password},
        }
        connector = open_connector("soap", "erp", settings, later)
        try:
            yield connector
        finally:
            connector.close()


@contextmanager
def tryton_connector(lab: TrytonLab) -> Iterator[Connector]:
    settings = {"url": lab.url, "database": lab.database, "username": lab.username, "password": lab.password}
    connector = open_connector("tryton", "tryton", settings | {"safety_horizon": 0}, lambda: datetime.now(UTC))
    try:
        yield connector
    finally:
        connector.close()


def later() -> datetime:
    """Late enough for the safety horizon to let everything through."""
    return NOW + timedelta(hours=1)
