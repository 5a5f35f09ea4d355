"""The whole company: generated, digested, and filled into an org and a ledger."""

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sandbox.company import crm_rows
from sandbox.company.accounts import win_customers
from sandbox.company.crm_rows import CrmRow
from sandbox.company.deliveries import deliver
from sandbox.company.erp_rows import ErpRow, erp_rows
from sandbox.company.pipeline import Deal, sell
from sandbox.company.quarters import quarter_start, quarters_later
from sandbox.company.staff import Staff, hire, set_quotas
from sandbox.company.truth import Truth, add_up
from sandbox.erp.ledger import Ledger
from sandbox.salesforce.org import Org

QUARTERS = 8
"""Whole quarters of history before the current one."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company on the morning of ``today``; its latest events are of the day before.

    ``crm``: rows by Salesforce object, in the order to insert them. ``erp``: records in the order of events.
    ``truth``: what they add up to. ``staff`` and ``deals`` are what they were made from.
    """

    seed: int
    today: date
    staff: Staff
    deals: Sequence[Deal]
    crm: Mapping[str, Sequence[CrmRow]]
    erp: Sequence[ErpRow]
    truth: Truth

    def digest(self) -> str:
        """SHA-256 over all rows: the same for the same seed and day."""
        digest = hashlib.sha256()
        for name, rows in self.crm.items():
            digest.update("\n".join(f"{name} {row}" for row in rows).encode())
        digest.update("\n".join(f"{row.kind} {row.record} {row.modified_at}" for row in self.erp).encode())
        return digest.hexdigest()

    def fill(self, org: Org, ledger: Ledger) -> None:
        """Load everything, with stamps in the past. Both must be empty; ``today`` must not lie after their clocks."""
        org.define("Account", {"Region__c": "picklist"})
        for name, rows in self.crm.items():
            org.insert(name, rows)
        for row in self.erp:
            ledger.put(row.kind, row.record, at=row.modified_at)


def generate(seed: int, today: date) -> Company:
    """The company of this seed, with eight quarters of history and the current one up to ``today``."""
    start = quarters_later(quarter_start(today), -QUARTERS)
    staff = hire(seed, start)
    quotas = set_quotas(staff, start, today)
    customers = win_customers(seed, staff)
    deals = sell(seed, staff, customers, quotas, start, today)
    deliveries = deliver(seed, deals, today)
    tables = (
        crm_rows.reference_rows(seed, start, today),
        crm_rows.staff_rows(staff, quotas, start),
        crm_rows.customer_rows(customers, start),
        crm_rows.deal_rows(deals),
        crm_rows.paper_rows(seed, deals),
        crm_rows.lead_rows(seed, customers, deals, start, today),
    )
    crm = dict(itertools.chain.from_iterable(table.items() for table in tables))
    erp = list(erp_rows(seed, customers, deliveries, start, today))
    return Company(seed, today, staff, deals, crm, erp, add_up(deals, deliveries))
