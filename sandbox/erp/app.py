"""The ERP over HTTP: its WSDL and schemas, the SOAP 1.1 service, and the faults that were ordered.

``create_app(ledger)`` is an ASGI application for ``sandbox.serving.serve``. It answers ``GET /erp?wsdl`` (with the
address that it was asked at filled in), ``GET /messages.xsd`` and ``/records.xsd``, ``POST /erp``, and ``/__faults``.
"""

import asyncio
from decimal import Decimal

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.erp.ledger import Ledger
from sandbox.erp.operations import OPERATIONS, Operations, RefusedError
from sandbox.erp.wire import FOLDER, MESSAGES, NAMESPACES, NotAllowedError, check_message, parse, text_of
from sandbox.faults import Fault, routes

MAX_REQUEST_BYTES = 4_000_000
_SOAP = f"{{{NAMESPACES['soap']}}}"
_XML = "text/xml; charset=utf-8"
_UNAVAILABLE = "<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>"
_LOGIN_PAGE = "<html><head><title>Log in</title></head><body><form>User <input name='user'></form></body></html>"
_SOAP_FAULTS = {
    "invalid_credentials": ("INVALID_CREDENTIALS", "company, user or password is wrong", True),
    "invalid_session": ("INVALID_SESSION", "the token is unknown or has expired; log in again", True),
    "concurrency": ("CONCURRENCY_LIMIT_EXCEEDED", "too many requests at the same time; try again later", False),
    "unexpected_error": ("UNEXPECTED_ERROR", "an unexpected error occurred", False),
}
_TRANSPORT_FAULTS = ("html_503", "login_page", "timeout", *_SOAP_FAULTS)
_DEFAULT_SILENCE = 30.0


def create_app(ledger: Ledger) -> Starlette:
    """The ASGI application that serves the ledger."""
    operations = Operations(ledger)

    async def wsdl(request: Request) -> Response:
        fault = ledger.faults.take("wsdl", *_TRANSPORT_FAULTS)
        return await _faulty(fault, request) if fault else _wsdl(str(request.url.replace(query="")))

    async def service(request: Request) -> Response:
        return await _serve(ledger, operations, request)

    async def schema(request: Request) -> Response:
        return Response((FOLDER / request.url.path.removeprefix("/")).read_bytes(), media_type=_XML)

    return Starlette(
        routes=[
            Route("/erp", wsdl, methods=["GET"]),
            Route("/erp", service, methods=["POST"]),
            Route("/messages.xsd", schema, methods=["GET"]),
            Route("/records.xsd", schema, methods=["GET"]),
            *routes(ledger.faults),
        ]
    )


async def _serve(ledger: Ledger, operations: Operations, request: Request) -> Response:
    body = await request.body()
    try:
        header, message = _open_envelope(body)
        operation = etree.QName(message).localname
        if fault := ledger.faults.take(operation, *_TRANSPORT_FAULTS):
            return await _faulty(fault, request)
        check_message(message)
        operations.authenticate(header)
        answer = _envelope(operations.answer(operation, message))
    except RefusedError as refusal:
        return _fault(refusal)
    except NotAllowedError as error:
        return _fault(RefusedError("INVALID_REQUEST", str(error)))
    if fault := ledger.faults.take(operation, "truncated", "timeout_after_commit"):
        return _TruncatedResponse(answer) if fault.kind == "truncated" else await _silence(fault, request)
    return Response(answer, media_type=_XML)


def _open_envelope(body: bytes) -> tuple[etree._Element | None, etree._Element]:
    """The credentials header and the message of a SOAP 1.1 envelope."""
    if len(body) > MAX_REQUEST_BYTES:
        raise RefusedError("REQUEST_TOO_LARGE", f"a request may have {MAX_REQUEST_BYTES} bytes")
    envelope = parse(body)
    if envelope.tag != f"{_SOAP}Envelope":
        raise NotAllowedError("this is not a SOAP 1.1 envelope")
    messages = envelope.findall(f"{_SOAP}Body/*")
    if len(messages) != 1 or etree.QName(messages[0]).namespace != MESSAGES:
        raise NotAllowedError("the body must hold one message of the service")
    if etree.QName(messages[0]).localname not in OPERATIONS:
        raise RefusedError("UNKNOWN_OPERATION", f"there is no operation {etree.QName(messages[0]).localname}")
    for node in envelope.findall(f"{_SOAP}Header/*[@{_SOAP}mustUnderstand='1']"):
        if node.tag != f"{{{MESSAGES}}}credentials":
            raise RefusedError("MUST_UNDERSTAND", f"the header {node.tag} is not understood")
    return envelope.find(f"{_SOAP}Header/{{{MESSAGES}}}credentials"), messages[0]


def _wsdl(address: str) -> Response:
    document = etree.parse(FOLDER / "erp.wsdl")
    for node in document.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address"):
        node.set("location", address)
    return Response(etree.tostring(document, xml_declaration=True, encoding="utf-8"), media_type=_XML)


def _envelope(content: etree._Element) -> bytes:
    envelope = etree.Element(f"{_SOAP}Envelope", nsmap=NAMESPACES)
    etree.SubElement(envelope, f"{_SOAP}Body").append(content)
    etree.cleanup_namespaces(envelope, keep_ns_prefixes=["r", "xsi"])
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _fault(refusal: RefusedError) -> Response:
    """A SOAP fault, with status 500 as SOAP 1.1 has it (6.2)."""
    fault = etree.Element(f"{_SOAP}Fault", nsmap=NAMESPACES)
    etree.SubElement(fault, "faultcode").text = "soap:Client" if refusal.is_client else "soap:Server"
    etree.SubElement(fault, "faultstring").text = f"{refusal.code}: {refusal.message}"
    detail = etree.SubElement(etree.SubElement(fault, "detail"), f"{{{MESSAGES}}}fault")
    etree.SubElement(detail, f"{{{MESSAGES}}}code").text = refusal.code
    etree.SubElement(detail, f"{{{MESSAGES}}}message").text = refusal.message
    if refusal.retry_after is not None:
        etree.SubElement(detail, f"{{{MESSAGES}}}retryAfterSeconds").text = text_of(Decimal(str(refusal.retry_after)))
    return Response(_envelope(fault), status_code=500, media_type=_XML)


async def _faulty(fault: Fault, request: Request) -> Response:
    if fault.kind == "html_503":
        headers = {"Retry-After": f"{fault.seconds:.0f}"} if fault.seconds else {}
        return HTMLResponse(_UNAVAILABLE, status_code=503, headers=headers)
    if fault.kind == "login_page":
        return HTMLResponse(_LOGIN_PAGE)
    if fault.kind == "timeout":
        return await _silence(fault, request)
    code, message, is_client = _SOAP_FAULTS[fault.kind]
    retry_after = fault.seconds or None
    return _fault(RefusedError(code, fault.message or message, is_client=is_client, retry_after=retry_after))


async def _silence(fault: Fault, request: Request) -> Response:
    """Nothing until the client goes away, or the time is over."""
    try:
        async with asyncio.timeout(fault.seconds or _DEFAULT_SILENCE):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        pass
    return HTMLResponse("<html><body>Gateway Time-out</body></html>", status_code=504)


class _TruncatedResponse(Response):
    """Promises the whole body and breaks the connection after half of it."""

    media_type = _XML

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        raise ConnectionAbortedError("broken off on demand")
