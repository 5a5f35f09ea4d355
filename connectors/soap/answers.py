"""What an HTTP answer of a SOAP service means: the message in its body, or the error that it is."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from lxml import etree
from requests import Response

from connectors.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    InvalidRowError,
    OutcomeUnknownError,
    PermissionDeniedError,
    Place,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaDriftError,
    TransientError,
)
from connectors.retrying import parse_retry_after
from connectors.soap.description import FaultRule

_ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_LONGEST_QUOTE = 300
_AMOUNT = re.compile(r"\d+[.,]\d+")  # what a fault says may quote what was written: it need not be passed on


class SessionExpiredError(AuthenticationError):
    """The token is no longer taken: log in again."""


class SearchExpiredError(TransientError):
    """The service has forgotten the search: search again from the last cursor."""


class FeedGapError(ConnectorError):
    """The service no longer remembers that part of its deletions."""


_KINDS: dict[str, type[ConnectorError]] = {
    "authentication": AuthenticationError,
    "session_expired": SessionExpiredError,
    "permission": PermissionDeniedError,
    "quota": QuotaExhaustedError,
    "transient": TransientError,
    "conflict": ConflictError,
    "invalid_row": InvalidRowError,
    "schema_drift": SchemaDriftError,
    "protocol": ProtocolError,
    "search_expired": SearchExpiredError,
    "feed_gap": FeedGapError,
}


class Answers:
    """Reads answers by the rules of one service. ``mask`` takes secrets out of what a fault says."""

    def __init__(self, rules: Sequence[FaultRule], clock: Callable[[], datetime], mask: Callable[[str], str]) -> None:
        self._rules = rules
        self._clock = clock
        self._mask = mask

    def message(self, place: Place, response: Response, *, is_write: bool) -> etree._Element:
        """The first element of the SOAP body; the error if there is none, or if it is a fault."""
        envelope = _envelope(response)
        if envelope is None:
            raise self._refusal(place, response, is_write=is_write)
        body = next((child for child in envelope if _local(child) == "Body"), None)
        content = next(iter(() if body is None else body.iterchildren(tag=etree.Element)), None)
        if content is None:
            raise ProtocolError(place, "the SOAP body is empty")
        if _local(content) == "Fault":
            raise self._fault(place, content)
        return content

    def failure(self, place: Place, code: str, message: str) -> ConnectorError:
        """An answer that says itself that it failed."""
        by_rule = self._by_rule(place, f"{code}\n{message}", None)
        return by_rule or InvalidRowError(place, self._quote(f"{code} {message}"))

    def _fault(self, place: Place, fault: etree._Element) -> ConnectorError:
        texts = [text.strip() for text in map(str, fault.itertext()) if text.strip()]
        names = [_local(node) for node in fault.iter(etree.Element)]  # a detail element's name often is the code
        error = self._by_rule(place, "\n".join((*texts, *names)), fault)
        if error is not None:
            return error
        code = next((text for text in texts if text), "").rpartition(":")[2]
        # SOAP 1.1, 4.4.1: a message in which the Client is at fault is not to be sent again unchanged.
        is_ours = code.split(".")[0] in ("Client", "Sender", "VersionMismatch", "MustUnderstand")
        kind = ProtocolError if is_ours else TransientError
        return kind(place, self._quote(" ".join(texts)))

    def _by_rule(self, place: Place, text: str, fault: etree._Element | None) -> ConnectorError | None:
        rule = next((rule for rule in self._rules if rule.contains in text), None)
        if rule is None:
            return None
        said = self._quote(" ".join(text.split("\n")[:3]))
        if rule.kind == "rate_limited":
            return RateLimitedError(place, said, self._retry_at(rule, fault))
        return _KINDS[rule.kind](place, said)

    def _retry_at(self, rule: FaultRule, fault: etree._Element | None) -> datetime | None:
        if fault is None or not rule.retry_after:
            return None
        found = next((node.text for node in fault.iter(etree.Element) if _local(node) == rule.retry_after), None)
        try:
            return self._clock() + timedelta(seconds=float(found or ""))
        except (ValueError, OverflowError):
            return None

    def _refusal(self, place: Place, response: Response, *, is_write: bool) -> ConnectorError:
        """An answer without a SOAP envelope: a proxy's page, or one that was cut off."""
        code = response.status_code
        if code == 401:
            return AuthenticationError(place, "HTTP 401: the credentials are refused")
        if code == 403:
            return PermissionDeniedError(place, "HTTP 403: the service may not be called with these credentials")
        if code == 429:
            retry_at = parse_retry_after(response.headers.get("Retry-After"), self._clock())
            return RateLimitedError(place, "HTTP 429: too many requests", retry_at)
        if code == 503:  # from before the service: nothing was done
            return TransientError(place, "HTTP 503 without a SOAP message")
        if code >= 500 or (code == 200 and _looks_cut_off(response)):
            what = f"HTTP {code} without a whole SOAP message"
            return (
                OutcomeUnknownError(place, f"{what}; the write may have happened")
                if is_write
                else TransientError(place, what)
            )
        return ProtocolError(place, f"HTTP {code} with a page that is no SOAP message; check endpoint, proxy and login")

    def _quote(self, text: str) -> str:
        return _AMOUNT.sub("…", self._mask(text))[:_LONGEST_QUOTE]


def _envelope(response: Response) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(response.content, parser)
    except etree.XMLSyntaxError:
        return None
    if root.getroottree().docinfo.internalDTD is not None:  # SOAP forbids it, and entities come with it
        return None
    return root if root.tag in [f"{{{namespace}}}Envelope" for namespace in _ENVELOPES] else None


def _looks_cut_off(response: Response) -> bool:
    start = response.content[:400].lower()
    return b"envelope" in start or "xml" in response.headers.get("Content-Type", "").replace("xhtml", "")


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname
