"""A real Tryton all the way: its deals arrive by JSON-RPC, are joined and earn to the cent; what changes there follows.

The lab's documents bear the day of their seeding, so the jobs go by the real clock.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from bonusbridge.configuration import Configuration, SourceConfiguration
from bonusbridge.wiring import open_jobs
from compensation import DealEstimate
from jobs.workflows import Outcome
from mappings.records import Receipt
from tests.tryton_lab import TrytonLab, credit, decimal, pay_part
from warehouse import canonical, results
from warehouse.canonical.deals import read_members
from warehouse.database import open_database, reading
from warehouse.digest import digest
from warehouse.results import EARNINGS

TIERED = """
  - component: {name}
    credited_on: invoice
    credit_to: owners
    measure: revenue
    period: quarter
    mode: {mode}
    payout:
      marginal_tiers:
        - {{from: 0, to: 5000, rate: 10%}}
        - {{from: 5000, rate: 15%}}
"""
ALL_ON_ONE_CURVE, ACME_ON_ITS_OWN, EACH_AT_ITS_RATE = "all on one curve", "Acme on its own", "each at its rate"
PLAN = f"""
plan: Field sales
currency: USD
effective: {{from: 2020-01-01}}
applies_to: {{everyone: yes}}
components:
{TIERED.format(name=ALL_ON_ONE_CURVE, mode="curve")}
{TIERED.format(name=ACME_ON_ITS_OWN, mode="curve")}    filter: {{customers: Acme}}
{TIERED.format(name=EACH_AT_ITS_RATE, mode="sliced")}
"""
CREDITED, PAID, UNPAID = "erp:1", "erp:2", "erp:3"
LANDED = 34


@dataclass(frozen=True)
class Warehouse:
    """What the jobs fill from the lab."""

    configuration: Configuration
    engine: Engine
    folder: Path

    def refresh(self) -> Outcome:
        with open_jobs(self.configuration, self.folder) as runner:
            outcome: Outcome = runner.run("refresh")
        assert (outcome["failures"], outcome["rejected"]) == ([], 0)
        return outcome

    def digest(self) -> dict[str, str]:
        with reading(self.engine) as connection:
            return digest(connection)

    def kinds_of(self, deal_id: str) -> Counter[str]:
        with reading(self.engine) as connection:
            return Counter(kind for kind, _, _ in read_members(connection)[deal_id])

    def earned(self, component: str) -> dict[str, Decimal]:
        """By deal, of the newest calculation."""
        columns = EARNINGS.c
        with reading(self.engine) as connection:
            newest = results.latest_calculation(connection)
            assert newest is not None
            sums = select(columns.deal_id, func.sum(columns.earning_minor)).where(
                columns.calculation_id == newest.id, columns.component == component, columns.deal_id.is_not(None)
            )
            rows = connection.execute(sums.group_by(columns.deal_id)).all()
        return {str(deal_id): Decimal(int(minor)).scaleb(-2) for deal_id, minor in rows}

    def receipts_of(self, invoice: int) -> list[Decimal]:
        with reading(self.engine) as connection:
            receipts = [each for each in canonical.read(connection, "receipt") if isinstance(each, Receipt)]
        parts = [part for receipt in receipts for part in receipt.allocations if part.invoice_key.ref == str(invoice)]
        return sorted(part.amount.amount for part in parts)

    def estimated_amount(self, deal_id: str) -> str:
        """The deal's amount that its owner's estimate goes by."""
        with reading(self.engine) as connection:
            found = [
                each.estimate for each in results.current_estimates(connection) if each.estimate.deal_id == deal_id
            ]
        (estimate,) = (DealEstimate.model_validate_json(each.document) for each in found)
        assert estimate.deal.amount is not None
        return estimate.deal.amount.amount


def open_warehouse(lab: TrytonLab, database_url: str, folder: Path) -> Iterator[Warehouse]:
    plan = folder / "field_sales.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    access = {"url": lab.url, "database": lab.database, "username": lab.username, "password": SecretStr(lab.password)}
    source = SourceConfiguration(connector="tryton", mapping="tryton", settings=access)
    configured = Configuration(database=database_url, worker_id="test", plans=(plan,), sources={"erp": source})
    engine = open_database(database_url)
    yield Warehouse(configured, engine, folder)
    engine.dispose()


@pytest.fixture
def seeded(tryton_lab: TrytonLab, database_url: str, tmp_path: Path) -> Iterator[Warehouse]:
    """Of the company as it was seeded."""
    yield from open_warehouse(tryton_lab, database_url, tmp_path)


@pytest.fixture
def followed(own_tryton_lab: TrytonLab, database_url: str, tmp_path: Path) -> Iterator[Warehouse]:
    """Of a company that changes."""
    yield from open_warehouse(own_tryton_lab, database_url, tmp_path)


def test_deals_of_a_real_erp_earn_to_the_cent_and_a_credited_one_nothing(seeded: Warehouse) -> None:
    first = seeded.refresh()
    assert first["landed"] == LANDED
    every_opportunity_is_one_deal_with_its_documents(seeded)
    each_deal_earns_what_the_plan_says(seeded)
    a_second_refresh_changes_nothing(seeded)


def every_opportunity_is_one_deal_with_its_documents(seeded: Warehouse) -> None:
    sold = {"opportunity": 1, "order": 1, "invoice": 1}
    of_invoices = {deal: dict(seeded.kinds_of(deal)) for deal in (CREDITED, PAID, UNPAID)}
    commissions = {deal: kinds.pop("rep_commission", 0) for deal, kinds in of_invoices.items()}
    assert of_invoices == {
        CREDITED: {**sold, "receipt": 1, "credit_note": 1},
        PAID: {**sold, "receipt": 1},
        UNPAID: sold,
    }
    assert commissions[CREDITED] == 4, "the ERP's own: of two lines, and of both taken back"


def each_deal_earns_what_the_plan_says(seeded: Warehouse) -> None:
    """Invoiced on one day: 13,600, 5,600 and 3,600; then all of the first is credited."""
    assert seeded.earned(ACME_ON_ITS_OWN) == {CREDITED: Decimal("0.00")}
    of_each = {CREDITED: Decimal("0.00"), PAID: Decimal("840.00"), UNPAID: Decimal("540.00")}
    assert seeded.earned(EACH_AT_ITS_RATE) == of_each
    # On one curve a return goes back down from where all deals stand, which leaves what the others earn without it.
    without_the_credited = Decimal("500.00") + Decimal("4200.00") * Decimal("0.15")
    assert sum(seeded.earned(ALL_ON_ONE_CURVE).values()) == without_the_credited


def a_second_refresh_changes_nothing(seeded: Warehouse) -> None:
    before = seeded.digest()
    second = seeded.refresh()
    assert (second["landed"], second["mapped"], second["deals"], second["estimates"]) == (0, 0, 0, 0)
    assert seeded.digest() == before


def test_what_happens_in_a_real_erp_is_there_after_one_refresh(
    followed: Warehouse, own_tryton_lab: TrytonLab, database_kind: str
) -> None:
    """Both databases follow one server, so each has an invoice of its own credited."""
    lab, credited = own_tryton_lab, {"sqlite": 2, "postgresql": 3}[database_kind]
    deal_id, renewal = f"erp:{credited}", open_opportunity(own_tryton_lab, Decimal("1000.00"))
    followed.refresh()
    kinds, receipts, earned = followed.kinds_of(deal_id), followed.receipts_of(3), followed.earned(EACH_AT_ITS_RATE)
    assert earned[deal_id] > 0
    assert followed.estimated_amount(f"erp:{renewal}") == "1000.00"
    pay_part(lab, 3, Decimal("100.01"))
    credit(lab, credited)
    lab.call("model.sale.opportunity.write", [renewal], {"amount": decimal(Decimal("1234.56"))})
    assert 0 < followed.refresh()["landed"] < LANDED
    assert followed.receipts_of(3) == sorted([*receipts, Decimal("100.01")])
    assert followed.kinds_of(deal_id)["credit_note"] == kinds["credit_note"] + 1
    assert followed.earned(EACH_AT_ITS_RATE) == {**earned, deal_id: Decimal("0.00")}
    assert followed.estimated_amount(f"erp:{renewal}") == "1234.56"


def open_opportunity(lab: TrytonLab, amount: Decimal) -> int:
    """Of the seeded employee, with a seeded customer."""
    row = {"description": "Renewal", "party": 1, "employee": 1, "amount": decimal(amount)}
    (opened,) = lab.call("model.sale.opportunity.create", [row])
    lab.call("model.sale.opportunity.opportunity", [opened])
    return int(opened)
