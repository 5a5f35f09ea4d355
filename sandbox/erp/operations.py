"""The operations of the service: a checked request message in, the response message out."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from lxml import etree

from sandbox.erp.ledger import Ledger, Stored
from sandbox.erp.wire import (
    MESSAGES,
    NAMESPACES,
    NotAllowedError,
    Record,
    Value,
    instant,
    record_element,
    record_of,
    text_of,
)
from sandbox.faults import Fault

SEARCHES = {
    "searchCustomers": "Customer",
    "searchItems": "Item",
    "searchExchangeRates": "ExchangeRate",
    "searchSalesOrders": "SalesOrder",
    "searchInvoices": "Invoice",
    "searchReceipts": "Receipt",
    "searchCreditMemos": "CreditMemo",
    "searchCommissionNotes": "CommissionNote",
}
OPERATIONS = frozenset(
    {"login", "getServerTime", "searchMoreWithId", "getList", "getDeleted", "upsertCommissionNotes", *SEARCHES}
)
DEFAULT_PAGE_SIZE = 200
MAX_PAGE_SIZE = 1000
MAX_WRITE_ROWS = 100
_KEPT_SEARCHES = 200
_MAX_DIGITS = 18


class RefusedError(Exception):
    """The request is refused: becomes a SOAP fault with ``code``; ``is_client``: as it is it will never succeed."""

    def __init__(self, code: str, message: str, *, is_client: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_client = is_client
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Search:
    """Its pages were cut when it was made: later changes do not move them."""

    search_id: str
    page_size: int
    pages: tuple[tuple[Stored, ...], ...]

    @property
    def total(self) -> int:
        return sum(map(len, self.pages))


class Operations:
    """Answers requests from a ledger; keeps the latest searches."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._searches: OrderedDict[str, Search] = OrderedDict()
        self._answers: dict[str, Callable[[etree._Element], etree._Element]] = {
            "login": self._login,
            "getServerTime": self._get_server_time,
            "searchMoreWithId": self._search_more,
            "getList": self._get_list,
            "getDeleted": self._get_deleted,
            "upsertCommissionNotes": self._upsert_commission_notes,
        }

    def answer(self, operation: str, request: etree._Element) -> etree._Element:
        """The response; RefusedError where the request is one that the service refuses."""
        if operation in SEARCHES:
            return self._search(operation, request)
        return self._answers[operation](request)

    def authenticate(self, credentials: etree._Element | None) -> None:
        """RefusedError unless the header names the ledger's user with its password or a token that still lives."""
        if credentials is None:
            raise RefusedError("INVALID_CREDENTIALS", "the header credentials is missing")
        expected = self._ledger.credentials
        given = (_text(credentials, "company"), _text(credentials, "user"))
        if given != (expected.company, expected.user):
            raise RefusedError("INVALID_CREDENTIALS", "company or user is unknown")
        token = _text(credentials, "token")
        if token is None and not expected.has_password(_text(credentials, "password") or ""):
            raise RefusedError("INVALID_CREDENTIALS", "the password is wrong")
        if token is not None and not self._ledger.sessions.is_open(token):
            raise RefusedError("INVALID_SESSION", "the token is unknown or has expired; log in again")

    def _login(self, _: etree._Element) -> etree._Element:
        token, expires_at = self._ledger.sessions.open()
        return _response("login", token=token, expiresAt=expires_at)

    def _get_server_time(self, _: etree._Element) -> etree._Element:
        return _response("getServerTime", serverTime=self._ledger.now().astimezone(UTC), timeZone="UTC")

    def _search(self, operation: str, request: etree._Element) -> etree._Element:
        start, end = _instant(request, "modifiedFrom"), _instant(request, "modifiedUntil")
        _check_window(start, end)
        page_size = _page_size(request)
        found = self._ledger.modified(SEARCHES[operation], start, end)
        pages = _cut(found, page_size, self._ledger.faults.take(operation, "short_page", "empty_page"))
        search = Search(secrets.token_hex(8), page_size, pages)
        self._keep(search)
        return _search_page(operation, search, 1)

    def _keep(self, search: Search) -> None:
        self._searches[search.search_id] = search
        while len(self._searches) > _KEPT_SEARCHES:
            self._searches.popitem(last=False)

    def _search_more(self, request: etree._Element) -> etree._Element:
        search = self._searches.get(_text(request, "searchId") or "")
        if search is None:
            raise RefusedError("INVALID_SEARCH_ID", "the search is unknown or no longer kept; search again")
        page_index = _integer(request, "pageIndex", 1)
        if not 1 <= page_index <= len(search.pages):
            raise RefusedError("INVALID_PAGE", f"page {page_index} of {len(search.pages)} does not exist")
        return _search_page("searchMoreWithId", search, page_index)

    def _get_list(self, request: etree._Element) -> etree._Element:
        kind = _text(request, "kind") or ""
        wanted = [node.text or "" for node in request.findall(f"{{{MESSAGES}}}internalId")]
        if len(wanted) > MAX_PAGE_SIZE:
            raise RefusedError("TOO_MANY_IDS", f"at most {MAX_PAGE_SIZE} ids at a time")
        stored = {internal_id: self._ledger.get(kind, internal_id) for internal_id in wanted}
        response = _response("getList")
        response.extend(record_element("found", kind, one.record) for one in stored.values() if one)
        for internal_id in (internal_id for internal_id, one in stored.items() if one is None):
            _add(response, "missing", internal_id)
        return response

    def _get_deleted(self, request: etree._Element) -> etree._Element:
        start, end = _instant(request, "deletedFrom"), _instant(request, "deletedUntil")
        _check_window(start, end)
        if start is None or end is None or start < self._ledger.now() - self._ledger.retention:
            days = self._ledger.retention.days
            raise RefusedError("WINDOW_TOO_OLD", f"deletions are remembered for {days} days; resync the records")
        page_size, page_index = _page_size(request), _integer(request, "pageIndex", 1)
        deletions = self._ledger.deleted(_text(request, "kind") or "", start, end)
        pages = -(-len(deletions) // page_size)
        if page_index != 1 and not 1 <= page_index <= pages:
            raise RefusedError("INVALID_PAGE", f"page {page_index} of {pages} does not exist")
        response = _response(
            "getDeleted", totalRecords=len(deletions), pageSize=page_size, totalPages=pages, pageIndex=page_index
        )
        for deletion in deletions[(page_index - 1) * page_size : page_index * page_size]:
            node = etree.SubElement(response, f"{{{MESSAGES}}}deletedRecord")
            _add(node, "kind", deletion.kind)
            _add(node, "internalId", deletion.internal_id)
            _add(node, "deletedDate", deletion.deleted_at)
        return response

    def _upsert_commission_notes(self, request: etree._Element) -> etree._Element:
        rows = [record_of(node, "CommissionNoteRow") for node in request]
        if len(rows) > MAX_WRITE_ROWS:
            raise RefusedError("TOO_MANY_ROWS", f"at most {MAX_WRITE_ROWS} notes at a time")
        external_ids = [row["externalId"] for row in rows]
        response = _response("upsertCommissionNotes")
        for row in rows:
            if external_ids.count(row["externalId"]) > 1:
                outcome = _rejected("DUPLICATE_EXTERNAL_ID", "the request has this externalId more than once")
            else:
                outcome = self._write_note(row)
            result = etree.SubElement(response, f"{{{MESSAGES}}}result")
            for name, value in {"externalId": row["externalId"], **outcome}.items():
                _add(result, name, value)
        return response

    def _write_note(self, row: Record) -> dict[str, Value]:
        if self._ledger.faults.take(str(row["externalId"]), "row_locked"):
            return _rejected("RECORD_LOCKED", "the note is being changed by somebody else; try again")
        if reason := self._note_objection(row):
            return _rejected("INVALID_ROW", reason)
        earlier = self._ledger.find("CommissionNote", "externalId", row["externalId"])
        if earlier is None:
            return {"status": "created", "internalId": self._ledger.put("CommissionNote", row)}
        if all(earlier.record.get(name) == row.get(name) for name in earlier.record.keys() - _STAMPS | row.keys()):
            return {"status": "unchanged", "internalId": earlier.internal_id}
        note = {**row, "internalId": earlier.internal_id}
        return {"status": "updated", "internalId": self._ledger.put("CommissionNote", note)}

    def _note_objection(self, row: Record) -> str:
        amount, invoice = row["amount"], row.get("invoiceNumber")
        if not isinstance(amount, Decimal) or len(amount.as_tuple().digits) > _MAX_DIGITS:
            return f"amount has more than {_MAX_DIGITS} digits"
        if amount != round(amount, 2):
            return "amount has a fraction of a cent"
        if invoice and not self._ledger.find("Invoice", "number", invoice):
            return f"invoiceNumber: there is no invoice {invoice}"
        return "" if row["externalId"] else "externalId is empty"


_STAMPS = {"internalId", "createdDate", "lastModifiedDate"}


def _cut(found: Sequence[Stored], page_size: int, fault: Fault | None) -> tuple[tuple[Stored, ...], ...]:
    """Full pages and a last one; a fault makes the first one short or empty, the rest comes on the next ones."""
    first = page_size if fault is None else page_size // 2 if fault.kind == "short_page" else 0
    rest = [tuple(found[start : start + page_size]) for start in range(first, len(found), page_size)]
    return (tuple(found[:first]), *rest) if found else ()


def _search_page(operation: str, search: Search, page_index: int) -> etree._Element:
    response = _response(
        operation,
        searchId=search.search_id,
        totalRecords=search.total,
        pageSize=search.page_size,
        totalPages=len(search.pages),
        pageIndex=page_index,
    )
    page = search.pages[page_index - 1] if search.pages else ()
    response.extend(record_element("record", stored.kind, stored.record) for stored in page)
    return response


def _check_window(start: datetime | None, end: datetime | None) -> None:
    if start and end and end < start:
        raise RefusedError("BAD_SEARCH", "the window ends before it starts")


def _page_size(request: etree._Element) -> int:
    page_size = _integer(request, "pageSize", DEFAULT_PAGE_SIZE)
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise RefusedError("BAD_SEARCH", f"pageSize is 1 to {MAX_PAGE_SIZE}, not {page_size}")
    return page_size


def _rejected(code: str, message: str) -> dict[str, Value]:
    return {"status": "rejected", "code": code, "message": message}


def _response(operation: str, **values: Value) -> etree._Element:
    response = etree.Element(f"{{{MESSAGES}}}{operation}Response", nsmap=NAMESPACES)
    for name, value in values.items():
        _add(response, name, value)
    return response


def _add(parent: etree._Element, name: str, value: Value) -> None:
    etree.SubElement(parent, f"{{{MESSAGES}}}{name}").text = text_of(value)


def _text(parent: etree._Element, name: str) -> str | None:
    return parent.findtext(f"{{{MESSAGES}}}{name}")


def _integer(parent: etree._Element, name: str, default: int) -> int:
    return int(_text(parent, name) or default)


def _instant(parent: etree._Element, name: str) -> datetime | None:
    text = _text(parent, name)
    try:
        return instant(text) if text else None
    except ValueError as error:
        raise NotAllowedError(f"{name}: {text} is not an instant between the years 1 and 9999") from error
