"""A real Tryton's sales, from opportunity to credit note, as they arrive; and its habits, each seen on the server."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import (
    AuthenticationError,
    InvalidRowError,
    PermissionDeniedError,
    Place,
    ProtocolError,
    SchemaDriftError,
)
from connectors.protocol import Cursor, DeleteSupport, EventRequest, Outcome
from connectors.tryton import TrytonConnector, TrytonSettings
from tests.tryton_lab import TrytonLab, pay_part

Payload = dict[str, Any]


def now() -> datetime:
    return datetime.now(UTC)


def connector(lab: TrytonLab, **changes: object) -> TrytonConnector:
    settings = {
        "url": lab.url,
        "database": lab.database,
        "username": lab.username,
        "password": lab.password,
        "safety_horizon": 0,
        **changes,
    }
    return TrytonConnector("erp", TrytonSettings.model_validate(settings), now, sleep=lambda _seconds: None)


def payloads(lab: TrytonLab, stream: str) -> dict[str, Payload]:
    pages = connector(lab).read(stream, None, now())
    return {record.ref: json.loads(record.payload) for page in pages for record in page.records}


@pytest.fixture(scope="module")
def company(tryton_lab: TrytonLab) -> Mapping[str, dict[str, Payload]]:
    """Every stream of the seeded company, by ref."""
    return {stream: payloads(tryton_lab, stream) for stream in connector(tryton_lab).streams}


def test_every_stream_arrives(company: Mapping[str, dict[str, Payload]]) -> None:
    assert {stream: len(records) for stream, records in company.items()} == {
        "party.party": 7,
        "product.product": 3,
        "company.employee": 1,
        "currency.currency.rate": 3,
        "commission.plan": 2,
        "commission.agent": 3,
        "sale.opportunity": 3,
        "sale.sale": 3,
        "account.invoice": 4,
        "account.move.line": 2,
        "commission": 8,
    }


def test_a_deal_can_be_followed_from_opportunity_to_receipt(company: Mapping[str, dict[str, Payload]]) -> None:
    opportunity = company["sale.opportunity"]["1"]
    sale = company["sale.sale"]["1"]
    invoice = company["account.invoice"]["1"]
    (receipt,) = [one for one in company["account.move.line"].values() if one["invoice_payments"][0]["id"] == 1]
    assert (opportunity["party"]["name"], opportunity["amount"]) == ("Acme", "13600.00")
    assert sale["origin"] == {"model": "sale.opportunity", "id": 1}
    assert [line["amount"] for line in sale["lines"]] == ["12000.00", "1600.00"]
    assert sale["agent"]["party"]["name"] == "Sam Seller"
    assert [line["origin"] for line in invoice["lines"]] == [{"model": "sale.line", "id": line} for line in (1, 2)]
    assert (invoice["sales"], invoice["untaxed_amount"], invoice["total_amount"]) == ([1], "13600.00", "16320.00")
    assert (receipt["credit"], receipt["currency"]["code"]) == ("16320.00", "USD")


def test_a_credit_note_names_the_invoice_that_it_takes_back(company: Mapping[str, dict[str, Payload]]) -> None:
    invoice, credit_note = company["account.invoice"]["1"], company["account.invoice"]["4"]
    assert [one["id"] for one in credit_note["origin_invoices"]] == [invoice["id"]]
    assert [line["origin"]["model"] for line in credit_note["lines"]] == ["account.invoice.line"] * 2
    assert Decimal(invoice["untaxed_amount"]) + Decimal(credit_note["untaxed_amount"]) == 0
    assert credit_note["sales"] == []


def test_prices_rates_and_commissions_keep_their_digits(company: Mapping[str, dict[str, Payload]]) -> None:
    assert company["commission"]["1"]["amount"] == "1550.0000"
    assert company["commission"]["1"]["origin"] == {"model": "account.invoice.line", "id": 1, "invoice": 1}
    assert {one["rate"] for one in company["currency.currency.rate"].values()} == {"1", "0.80", "0.90"}
    assert company["product.product"]["1"]["list_price_used"] == "1000", "a price is the user's company's"
    assert company["product.product"]["1"]["template"]["categories"][0]["name"] == "Software"
    assert company["product.product"]["1"]["active"] is True, "SQLite says 1"


def test_a_record_that_was_never_written_has_the_stamp_of_its_creation(tryton_lab: TrytonLab) -> None:
    (record,) = connector(tryton_lab).get_by_ids("company.employee", ["1"]).records
    payload = json.loads(record.payload)
    assert payload["write_date"] is None
    stamps = (payload["create_date"], payload["party"]["create_date"], payload["party"]["write_date"])
    assert record.modified_at == max(datetime.fromisoformat(stamp) for stamp in stamps if stamp)


def test_discover_tells_types_of_paths_through_relations(tryton_lab: TrytonLab) -> None:
    streams = {stream.name: stream for stream in connector(tryton_lab).discover()}
    types = {field.name: field.native_type for field in streams["account.invoice"].fields}
    assert types["total_amount"] == "numeric"
    assert types["lines.origin"] == "reference"
    assert types["agent.party.name"] == "char"
    assert streams["account.invoice"].deletes is DeleteSupport.UNSUPPORTED
    assert streams["account.invoice"].sweep


def test_check_tells_who_may_read_what(tryton_lab: TrytonLab) -> None:
    health = connector(tryton_lab).check()
    assert health.system == "Tryton 8.2"
    assert "account.invoice" in health.scopes
    assert abs(health.clock_skew) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("stream", "said"),
    [("sale.opportunity", "'no_such_field'"), ("no.such.model", "'no.such.model'")],
)
def test_a_field_or_model_that_is_gone_is_drift(tryton_lab: TrytonLab, stream: str, said: str) -> None:
    there = connector(tryton_lab, streams={stream: {"fields": ["no_such_field"]}}, only=[stream])
    with pytest.raises(SchemaDriftError, match=said):
        list(there.read(stream, None, now()))
    with pytest.raises((SchemaDriftError, PermissionDeniedError)):
        there.discover()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"password": "wrong-for-tests"}, AuthenticationError),
        ({"username": "nobody"}, AuthenticationError),
        ({"database": "elsewhere"}, ProtocolError),
    ],
)
def test_who_is_not_let_in_is_told_why(tryton_lab: TrytonLab, changes: Mapping[str, object], kind: type) -> None:
    with pytest.raises(kind) as raised:
        connector(tryton_lab, **changes).check()
    assert "wrong-for-tests" not in str(raised.value)


@pytest.mark.parametrize("cursor", ["", "1", '{"after": "yesterday"}', '{"last_id": "x"}'])
def test_a_foreign_cursor_is_refused(tryton_lab: TrytonLab, cursor: str) -> None:
    with pytest.raises(ProtocolError, match="cursor"):
        list(connector(tryton_lab).read("party.party", Cursor(cursor), now()))


def test_there_are_no_events(tryton_lab: TrytonLab) -> None:
    with pytest.raises(ProtocolError, match="sends no events"):
        connector(tryton_lab).verify_event(EventRequest("POST", "/", {}, b""))


class Follower:
    """Reads what has changed since it last looked."""

    def __init__(self, lab: TrytonLab, stream: str) -> None:
        self._connector = connector(lab)
        self._stream = stream
        self._cursor: Cursor | None = None
        self.look()

    def look(self) -> dict[str, Payload]:
        found: dict[str, Payload] = {}
        for page in self._connector.read(self._stream, self._cursor, now()):
            self._cursor = page.cursor
            found |= {record.ref: json.loads(record.payload) for record in page.records}
        return found


@pytest.fixture
def lab(own_tryton_lab: TrytonLab) -> TrytonLab:
    """A server whose company may be changed."""
    return own_tryton_lab


def test_a_line_that_changes_by_itself_brings_its_document(lab: TrytonLab) -> None:
    line = {"product": 1, "quantity": 1, "unit": 1}
    (ref,) = lab.call("model.sale.opportunity.create", [{"description": "Deal", "lines": [["create", [line]]]}])
    follower = Follower(lab, "sale.opportunity")
    assert follower.look() == {}
    (row,) = lab.call("model.sale.opportunity.read", [ref], ["lines"])
    lab.call("model.sale.opportunity.line.write", row["lines"], {"quantity": 7})
    found = follower.look()
    assert list(found) == [str(ref)]
    assert found[str(ref)]["lines"][0]["quantity"] == 7


def test_a_part_payment_brings_the_invoice_and_the_receipt(lab: TrytonLab) -> None:
    invoices, receipts = Follower(lab, "account.invoice"), Follower(lab, "account.move.line")
    pay_part(lab, 3, Decimal("1000.00"))
    assert invoices.look()["3"]["payment_lines"][0]["credit"] == "1000.00"
    assert [one["credit"] for one in receipts.look().values()] == ["1000.00"]


def test_an_archived_record_is_still_read(lab: TrytonLab) -> None:
    follower = Follower(lab, "party.party")
    lab.call("model.party.party.write", [4], {"active": False})
    assert {ref: one["active"] for ref, one in follower.look().items()} == {"4": False}


def test_a_deletion_leaves_no_trace_and_a_sweep_finds_it(lab: TrytonLab) -> None:
    there = connector(lab)
    (ref,) = lab.call("model.party.party.create", [{"name": "Soon gone"}])
    before = there.reconcile("party.party", now() - timedelta(days=400), now())
    lab.call("model.party.party.delete", [ref])
    assert there.read_deleted("party.party", now() - timedelta(days=1), now()).tombstones == ()
    assert there.get_by_ids("party.party", [str(ref)]).missing == (str(ref),)
    after = there.reconcile("party.party", now() - timedelta(days=400), now())
    assert (after.count, after.id_digest != before.id_digest) == (before.count - 1, True)


def test_a_refused_row_says_why_and_quotes_no_amount(lab: TrytonLab) -> None:
    rows = [
        {"reference": "R-1", "description": "Deal", "amount": Decimal("10.00")},
        {"reference": "R-2", "description": "Deal", "amount": Decimal("10.12345")},
    ]
    results = connector(lab).write("sale.opportunity", rows, "reference", "run-1")
    assert [result.outcome for result in results] == [Outcome.CREATED, Outcome.REJECTED]
    assert "Amount" in results[1].reason
    assert "12345" not in results[1].reason


def test_a_record_that_moved_meanwhile_is_not_overwritten(lab: TrytonLab, monkeypatch: pytest.MonkeyPatch) -> None:
    (ref,) = lab.call("model.sale.opportunity.create", [{"reference": "C-1", "description": "Deal"}])
    there = connector(lab)
    looked = there._call

    def look_and_be_overtaken(place: Place, method: str, *params: object, context: Payload | None = None) -> object:
        found = looked(place, method, *params, context=context)
        lab.call("model.sale.opportunity.write", [ref], {"description": "by somebody else"})
        return found

    monkeypatch.setattr(there, "_call", look_and_be_overtaken)
    row = {"reference": "C-1", "description": "ours"}
    (result,) = there.write("sale.opportunity", [row], "reference", "run-1")
    assert result.outcome is Outcome.REJECTED
    assert "somebody else changed" in result.reason
    (stored,) = lab.call("model.sale.opportunity.read", [ref], ["description"])
    assert stored["description"] == "by somebody else"


def test_an_id_that_is_none_is_never_asked_for(tryton_lab: TrytonLab) -> None:
    with pytest.raises(InvalidRowError):
        connector(tryton_lab).get_by_ids("sale.sale", ["1; DROP TABLE"])
