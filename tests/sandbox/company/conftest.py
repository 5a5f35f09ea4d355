"""One company, generated once and filled into an org and a ledger."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from sandbox.company import Company, generate
from sandbox.erp.ledger import Ledger
from sandbox.salesforce.org import Org

TODAY = date(2026, 11, 21)


@dataclass(frozen=True)
class Filled:
    company: Company
    org: Org
    ledger: Ledger


@pytest.fixture(scope="session")
def company() -> Company:
    return generate(seed=7, today=TODAY)


@pytest.fixture(scope="session")
def filled(company: Company) -> Filled:
    def now() -> datetime:
        return datetime(2026, 11, 21, 6, 0, tzinfo=UTC)

    org, ledger = Org(now), Ledger(now)
    company.fill(org, ledger)
    return Filled(company, org, ledger)
