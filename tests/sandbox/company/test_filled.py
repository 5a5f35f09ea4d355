"""What stands in the org and in the ledger, by their own field names, is what the company says of itself."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.erp.ledger import KINDS
from tests.sandbox.company.conftest import Filled


def test_everything_arrived_with_stamps_in_the_past(filled: Filled) -> None:
    for name, rows in filled.company.crm.items():
        stored = filled.org.records(name)
        assert len(stored) == len(rows) + (1 if name == "User" else 0)  # the integration's own user
        stamps = [str(row["SystemModstamp"]) for row in stored if row["Id"] != filled.org.user_id]
        assert max(stamps) < "2026-11-21"
        assert all(str(row["CreatedDate"]) <= str(row["SystemModstamp"]) for row in stored)
    counts = Counter(row.kind for row in filled.company.erp)
    for kind in KINDS:
        records = filled.ledger.modified(kind)
        assert len(records) == counts[kind]
        assert all(record.modified_at < datetime(2026, 11, 21, tzinfo=UTC) for record in records)


def test_every_reference_leads_somewhere(filled: Filled) -> None:
    ids = {name: {row["Id"] for row in filled.org.records(name)} for name in filled.org.objects}
    for name in filled.company.crm:
        references = [field for field in filled.org.objects[name].stored if field.reference_to]
        for row in filled.org.records(name):
            for field in references:
                assert row[field.name] is None or row[field.name] in ids[str(field.reference_to)], (name, field.name)
    opportunities = ids["Opportunity"]
    linked = [
        record["crmOpportunityId"] for record in filled.ledger.records("SalesOrder") if "crmOpportunityId" in record
    ]
    assert set(linked) <= opportunities
    assert {record["crmAccountId"] for record in filled.ledger.records("Customer")} == ids["Account"]
    assert {record["crmProductId"] for record in filled.ledger.records("Item")} == ids["Product2"]


def test_stages_decide_what_is_won_and_closed(filled: Filled) -> None:
    for row in filled.org.records("Opportunity"):
        assert row["IsWon"] == (row["StageName"] == "Closed Won")
        assert row["IsClosed"] == str(row["StageName"]).startswith("Closed")
        assert row["Probability"] is not None
        assert row["ForecastCategoryName"]


def test_lines_add_up_to_the_amount_of_their_opportunity(filled: Filled) -> None:
    totals: Counter[str] = Counter()
    for line in filled.org.records("OpportunityLineItem"):
        assert line["TotalPrice"] == _amount(line["UnitPrice"]) * _amount(line["Quantity"])
        totals[str(line["OpportunityId"])] += int(_amount(line["TotalPrice"]) * 100)
    amounts = {row["Id"]: row["Amount"] for row in filled.org.records("Opportunity")}
    assert {key for key, amount in amounts.items() if amount is not None} == set(totals)
    assert all(int(_amount(amounts[key]) * 100) == total for key, total in totals.items())


def test_the_erps_documents_add_up_to_the_truth(filled: Filled) -> None:
    deal_of = {}
    totals: Counter[tuple[str, str]] = Counter()
    for order in filled.ledger.records("SalesOrder"):
        deal_of[order["number"]] = key = str(order.get("crmOpportunityId", order["number"]))
        _check_totals(order)
        if order["status"] != "cancelled":
            totals[key, "ordered"] += _minor(order["total"])
    for kind, name in (("Invoice", "invoiced"), ("CreditMemo", "returned")):
        for document in filled.ledger.records(kind):
            _check_totals(document)
            assert _minor(document["total"]) + _minor(document["taxTotal"]) == _minor(document["grossTotal"])
            for line in _lines(document):
                totals[deal_of[line["orderNumber"]], name] += _minor(line["amount"])
    truth = filled.company.truth.deals
    for row in filled.org.records("Opportunity"):
        assert truth[str(row["Id"])].booked_minor == (_minor(row["Amount"]) if row["IsWon"] else 0)
    for key, deal in truth.items():
        found = tuple(totals[key, name] for name in ("ordered", "invoiced", "returned"))
        assert found == (deal.ordered_minor, deal.invoiced_minor, deal.returned_minor)
        assert all(deal_of[number] == key for number in deal.order_numbers)


def test_what_is_returned_was_billed_on_the_line_that_the_credit_memo_names(filled: Filled) -> None:
    invoices = {record["number"]: record for record in filled.ledger.records("Invoice")}
    for credit in filled.ledger.records("CreditMemo"):
        billed = {line["lineNumber"]: line for line in _lines(invoices[credit["invoiceNumber"]])}
        for line in _lines(credit):
            origin = billed[line["invoiceLineNumber"]]
            assert (line["item"], line["orderNumber"]) == (origin["item"], origin["orderNumber"])
            assert 0 < line["quantity"] <= origin["quantity"]


def test_receipts_settle_invoices_that_exist_and_never_more_than_their_gross(filled: Filled) -> None:
    received: Counter[str] = Counter()
    currencies = {record["number"]: record["currency"] for record in filled.ledger.records("Invoice")}
    for receipt in filled.ledger.records("Receipt"):
        allocations: Any = receipt["allocation"]
        assert _minor(receipt["amount"]) == sum(_minor(part["amount"]) for part in allocations)
        assert {currencies[part["invoiceNumber"]] for part in allocations} == {receipt["currency"]}
        received.update({part["invoiceNumber"]: _minor(part["amount"]) for part in allocations})
    for record in filled.ledger.records("Invoice"):
        truth = filled.company.truth.invoices[str(record["number"])]
        assert _minor(record["grossTotal"]) == truth.gross_minor >= received[truth.number] == truth.received_minor


def test_the_status_of_an_order_tells_what_was_invoiced(filled: Filled) -> None:
    pieces: Counter[str] = Counter()
    for invoice in filled.ledger.records("Invoice"):
        for line in _lines(invoice):
            pieces[line["orderNumber"]] += int(line["quantity"])
    seen: Counter[object] = Counter()
    for order in filled.ledger.records("SalesOrder"):
        whole = sum(int(line["quantity"]) for line in _lines(order))
        billed = pieces[str(order["number"])]
        expected = "open" if not billed else "invoiced" if billed == whole else "partiallyInvoiced"
        assert order["status"] in ({"cancelled"} if not billed else set()) | {expected}
        seen[order["status"]] += 1
    assert set(seen) == {"open", "invoiced", "partiallyInvoiced", "cancelled"}


def _check_totals(document: Any) -> None:  # noqa: ANN401 - a record of any kind with lines
    assert _minor(document["total"]) == sum(_minor(line["amount"]) for line in _lines(document))
    for line in _lines(document):
        assert line["amount"] == line["unitPrice"] * line["quantity"]


def _lines(document: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a record of any kind with lines
    return list(document["line"])


def _minor(amount: object) -> int:
    minor = _amount(amount) * 100
    assert minor == int(minor)
    return int(minor)


def _amount(value: object) -> Decimal:
    assert isinstance(value, Decimal)
    return value
