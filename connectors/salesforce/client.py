"""The org as calls that are repeated where that may help: queries by pages, and single REST calls."""

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import msgspec

from connectors.errors import OutcomeUnknownError, Place, ProtocolError, TransientError
from connectors.retrying import Caller, Clock, Sleep
from connectors.salesforce.refusals import LocatorLostError
from connectors.salesforce.session import Session, Wire
from connectors.salesforce.settings import SalesforceSettings

Answer = TypeVar("Answer")
LOSSES = 3


class QueryPage(msgspec.Struct):
    """A page of a query: every record is its own JSON text, untouched."""

    records: list[msgspec.Raw]
    done: bool = True
    nextRecordsUrl: str | None = None  # noqa: N815 - Salesforce's name
    totalSize: int = 0  # noqa: N815 - Salesforce's name


class Call(NamedTuple):
    """A REST call below ``/services/data/vNN.0/``; ``path`` is made of checked names and literals only."""

    path: str
    method: str = "GET"
    params: dict[str, str] | None = None
    body: bytes | None = None
    headers: dict[str, str] | None = None


class Client:
    """Asks one org. Every call is under the concurrency cap and the retry policy; errors are ``ConnectorError``."""

    def __init__(self, source: str, settings: SalesforceSettings, clock: Clock, sleep: Sleep) -> None:
        self.session = Session(source, settings, clock)
        self.caller = Caller(settings.retry, clock, sleep)
        self._query_options = {"Sforce-Query-Options": f"batchSize={settings.page_size}"}

    def query(self, place: Place, soql: str, *, with_deleted: bool = False) -> Iterator[list[msgspec.Raw]]:
        """The records of ``soql``, page by page. ``LocatorLostError``: ask anew from the last record."""

        def first(wire: Wire) -> bytes:
            return bytes(wire.query(soql, include_deleted=with_deleted, headers=self._query_options))

        page = self._fetch(place, first, QueryPage)
        yield page.records
        while not page.done:
            page = self.more(place, page.nextRecordsUrl)
            yield page.records

    def query_all(self, place: Place, soql: str) -> list[msgspec.Raw]:
        """All records of a query whose result is small; a lost locator starts it anew."""
        for _attempt in range(LOSSES):
            with contextlib.suppress(LocatorLostError):
                return [raw for rows in self.query(place, soql) for raw in rows]
        raise TransientError(place, "the query's pages were lost again and again")

    def more(self, place: Place, next_url: str | None) -> QueryPage:
        """The page that an earlier answer named. Only the locator is taken from it, never the host or path."""
        locator = (next_url or "").rpartition("/")[2]
        if not locator.replace("-", "").isalnum() or not locator.isascii():
            raise ProtocolError(place, "the answer is not the last page but names no next one")

        def following(wire: Wire) -> bytes:
            return bytes(wire.query_more(locator, headers=self._query_options))

        return self._fetch(place, following, QueryPage)

    def rest(self, place: Place, call: Call, kind: type[Answer]) -> Answer:
        """The decoded answer of a call that only reads."""
        return self._fetch(place, lambda wire: _restful(wire, call), kind)

    def write(self, place: Place, call: Call, kind: type[Answer]) -> Answer:
        """The decoded answer of a call that writes; ``OutcomeUnknownError`` when it may or may not have happened."""

        def once() -> Answer:
            try:
                return _decode(place, self.session.ask(place, lambda wire: _restful(wire, call)), kind)
            except TransientError as error:
                raise OutcomeUnknownError(place, error.message) from None

        return self.caller.call(once)

    def _fetch(self, place: Place, call: Callable[[Wire], bytes], kind: type[Answer]) -> Answer:
        return self.caller.call(lambda: _decode(place, self.session.ask(place, call), kind))


@contextlib.contextmanager
def as_documented(place: Place) -> Iterator[None]:
    """Turns the failure to decode a record into a ``ProtocolError`` that does not quote it."""
    try:
        yield
    except (msgspec.DecodeError, ValueError) as error:
        raise ProtocolError(place, f"a record is not as documented ({type(error).__name__})") from None


def _restful(wire: Wire, call: Call) -> bytes:
    answer = wire.restful(call.path, call.params, call.method, data=call.body, headers=call.headers or {})
    return bytes(answer or b"null")


def _decode(place: Place, content: bytes, kind: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(place, f"the answer has another shape than documented: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise TransientError(place, "the answer is broken off or garbled") from None
