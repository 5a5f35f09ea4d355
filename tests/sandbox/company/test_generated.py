"""The company is believable, agrees with itself, and is the same again for the same seed and day."""

import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.company import Company, generate
from sandbox.company.deliveries import Deliveries, deliver
from sandbox.company.pipeline import LOST, WON, Deal
from sandbox.company.quarters import quarter_end, quarter_start, quarters_later
from tests.sandbox.company.conftest import TODAY

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def deliveries(company: Company) -> Deliveries:
    return deliver(company.seed, company.deals, company.today)


def test_the_same_seed_and_day_give_the_same_company_in_another_process(company: Company) -> None:
    imports = "from datetime import date; from sandbox.company import generate"
    program = f"{imports}; print(generate(7, date(2026, 11, 21)).digest())"
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-c", program]
        environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        printed = subprocess.run(  # noqa: S603 - our own interpreter
            command, env=environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout
        assert printed.strip() == company.digest()


def test_another_seed_or_day_gives_another_company(company: Company) -> None:
    others = {generate(8, TODAY).digest(), generate(7, TODAY + timedelta(days=1)).digest()}
    assert len(others | {company.digest()}) == 3


def test_a_tree_of_three_levels(company: Company) -> None:
    staff = company.staff
    assert (len(staff.managers), len(staff.reps), len(staff.specialists)) == (4, 40, 4)
    assert staff.vice_president.manager_id is None
    assert {manager.manager_id for manager in staff.managers} == {staff.vice_president.id}
    under = Counter(rep.manager_id for rep in staff.reps)
    assert under == {manager.id: 10 for manager in staff.managers}
    assert {person.currency for person in staff.everybody} == {"USD", "EUR", "GBP"}
    assert len({person.email for person in staff.everybody}) == 49
    assert all(person.email.isascii() for person in staff.everybody)


def test_the_pipeline_has_the_size_that_was_asked_for(company: Company) -> None:
    stages = Counter(deal.stage for deal in company.deals)
    assert 2_700 <= len(company.deals) <= 3_300
    assert len(stages) == 8
    assert 0.35 <= stages[WON] / (stages[WON] + stages[LOST]) <= 0.55
    horizon = quarter_end(quarters_later(quarter_start(TODAY), 1))
    near = [deal for deal in company.deals if deal.is_open and deal.close_on <= horizon]
    assert len(near) >= 150
    amounts = sorted(deal.amount_minor or 0 for deal in company.deals if deal.is_open)
    assert amounts[-1] > 150_000_000
    assert amounts[-5] > 50_000_000
    assert 50_000_00 > amounts[len(amounts) // 2] > 10_000_00
    assert any(deal.is_open and deal.amount_minor is None for deal in company.deals)
    assert len({deal.customer.id for deal in company.deals}) >= 120
    assert len({line.product.id for deal in company.deals for line in deal.lines}) == 20
    assert len({line.product.cost_percent for deal in company.deals for line in deal.lines}) >= 10, "margins differ"


def test_later_stages_close_sooner(company: Company) -> None:
    this_quarter = quarter_end(quarter_start(TODAY))
    early = [deal for deal in company.deals if deal.stage in {"Prospecting", "Qualification"}]
    late = [deal for deal in company.deals if deal.stage == "Negotiation/Review"]
    assert _share(late, this_quarter) > 0.6 > 0.3 > _share(early, this_quarter)


def test_most_reps_attain_between_half_and_one_and_a_half_of_their_quota(company: Company) -> None:
    won: Counter[tuple[str, date]] = Counter()
    for deal in company.deals:
        if deal.stage == WON:
            won[deal.owner.id, quarter_start(deal.close_on)] += deal.amount_minor or 0
    reps = {rep.id for rep in company.staff.reps}
    rows: Any = company.crm["ForecastingQuota"]
    ended = [row for row in rows if row["QuotaOwnerId"] in reps and row["StartDate"] < quarter_start(TODAY)]
    percents = [won[row["QuotaOwnerId"], row["StartDate"]] / row["QuotaAmount"] for row in ended]  # cents over dollars
    believable = [percent for percent in percents if 50 <= percent <= 150]
    assert len(percents) > 280
    assert 0.85 < len(believable) / len(percents) < 1
    assert min(percents) < 50
    assert max(percents) > 150


def test_splits_of_owners_add_up_and_overlays_come_on_top(company: Company) -> None:
    for deal in company.deals:
        assert sum(split.percent for split in deal.splits if not split.is_overlay) == 100
        assert deal.splits[0].person == deal.owner
        assert len({split.person.id for split in deal.splits}) == len(deal.splits)
    kinds = Counter((len(deal.splits), any(split.is_overlay for split in deal.splits)) for deal in company.deals)
    assert min(kinds[1, False], kinds[2, False], kinds[2, True], kinds[3, True]) > 20


def test_orders_differ_from_what_was_won(company: Company, deliveries: Deliveries) -> None:
    booked = {deal.id: deal.amount_minor for deal in company.deals}
    ordered: Counter[str] = Counter()
    for order in deliveries.orders:
        ordered[order.deal.id] += sum(item.amount_minor for item in order.items)
    ratios = Counter((ordered[key] > (booked[key] or 0)) - (ordered[key] < (booked[key] or 0)) for key in ordered)
    assert ratios[0] > 700
    assert ratios[-1] > 150
    assert ratios[1] > 15
    assert sum(order.is_cancelled for order in deliveries.orders) > 10
    assert 1 <= sum(not order.is_linked for order in deliveries.orders) < 30
    assert {(order.dated_on - order.deal.close_on).days for order in deliveries.orders} == {1, 2, 3}


def test_deliveries_payments_and_returns_are_of_all_sorts(company: Company, deliveries: Deliveries) -> None:
    invoices_of = Counter(number for invoice in deliveries.invoices for number in invoice.order_numbers)
    assert sum(count > 1 for count in invoices_of.values()) > 100
    assert sum(len(invoice.order_numbers) > 1 for invoice in deliveries.invoices) > 5
    received = {number: truth.received_minor for number, truth in company.truth.invoices.items()}
    settled = {number for receipt in deliveries.receipts for number, _ in receipt.allocations}
    overdue = [
        one for one in deliveries.invoices if one.due_on < TODAY - timedelta(days=90) and one.number not in settled
    ]
    part_paid = [one for one in deliveries.invoices if 0 < received[one.number] < one.gross_minor]
    due = {invoice.number: invoice.due_on for invoice in deliveries.invoices}
    late = [r for r in deliveries.receipts if (r.received_on - due[r.allocations[0][0]]).days > 9]
    assert min(len(overdue), len(part_paid), len(late)) > 20
    whole = sum(credit.items == credit.invoice.items for credit in deliveries.returns)
    assert 5 < whole < len(deliveries.returns) - 5


@pytest.mark.parametrize(
    ("seed", "today"),
    [(7, TODAY), (1, date(2026, 1, 1)), (2, date(2028, 2, 29)), (3, date(2026, 12, 31)), (4, date(2027, 4, 2))],
)
def test_documents_agree_with_each_other(seed: int, today: date) -> None:
    company = generate(seed, today)
    documents = deliver(seed, company.deals, today)
    ordered: Counter[tuple[str, str]] = Counter()
    for order in documents.orders:
        assert order.dated_on < today
        ordered.update(
            {} if order.is_cancelled else {(order.number, item.product.id): item.quantity for item in order.items}
        )
    for invoice in documents.invoices:
        assert invoice.dated_on < today
        assert invoice.gross_minor > 0
        ordered.subtract({(item.order_number, item.product.id): item.quantity for item in invoice.items})
    assert min(ordered.values()) >= 0
    assert sum(receipt.amount_minor for receipt in documents.receipts) == sum(
        truth.received_minor for truth in company.truth.invoices.values()
    )
    for credit in documents.returns:
        assert credit.invoice.dated_on < credit.dated_on < today
        assert 0 < credit.gross_minor <= credit.invoice.gross_minor
    for truth in company.truth.invoices.values():
        assert 0 <= truth.received_minor <= truth.gross_minor
    assert all(amount > 0 for receipt in documents.receipts for _, amount in receipt.allocations)
    assert all(receipt.received_on < today for receipt in documents.receipts)
    assert all(deal.created_on < today and deal.modified_on < today for deal in company.deals)
    assert all(deal.close_on < today for deal in company.deals if not deal.is_open)


def _share(deals: list[Deal], closed_by: date) -> float:
    return sum(deal.close_on <= closed_by for deal in deals) / len(deals)
