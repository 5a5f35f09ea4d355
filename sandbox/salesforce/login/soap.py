"""``login`` and ``logout`` of the SOAP API (partner and enterprise), which clients use to get a session."""

from xml.sax.saxutils import escape

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.login.oauth import password_opens
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import base_url

_NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
_REFUSED = "Invalid username, password, security token; or user locked out."


class _SoapFaultError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


class SoapLogins:
    """``/services/Soap/u/{version}`` and ``/services/Soap/c/{version}``."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        paths = ("/services/Soap/{kind:str}/{version}", "/services/Soap/{kind:str}/{version}/{org_id}")
        return [Route(path, self._respond, methods=["POST"]) for path in paths]

    async def _respond(self, request: Request) -> Response:
        namespace = _NAMESPACES.get(request.path_params["kind"], _NAMESPACES["u"])
        try:
            body, status = self._answer(await request.body(), request, namespace), 200
        except _SoapFaultError as fault:
            body, status = _fault(fault), 500
        envelope = (
            '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
            ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
            f' xmlns="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        )
        return Response(envelope, status, media_type="text/xml")

    def _answer(self, sent: bytes, request: Request, namespace: str) -> str:
        try:
            envelope = etree.fromstring(sent, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            raise _SoapFaultError("UNKNOWN_EXCEPTION", "the request is no XML") from None
        login = envelope.find(f".//{{{namespace}}}login")
        if login is not None:
            return self._login(envelope, login, request, namespace)
        if envelope.find(f".//{{{namespace}}}logout") is not None:
            return self._logout(envelope, namespace)
        raise _SoapFaultError("UNKNOWN_EXCEPTION", "only login and logout are spoken here")

    def _login(self, envelope: etree._Element, login: etree._Element, request: Request, namespace: str) -> str:
        name = login.findtext(f"{{{namespace}}}username") or ""
        password = login.findtext(f"{{{namespace}}}password") or ""
        org_id = envelope.findtext(f".//{{{namespace}}}organizationId")
        if not password_opens(self._org, name, password) or (org_id and org_id[:15] != self._org.id[:15]):
            raise _SoapFaultError("INVALID_LOGIN", _REFUSED)
        session = self._org.sessions.open(self._org.id, self._org.session_lifetime)
        kind, version = request.path_params["kind"], request.path_params["version"]
        url = f"{base_url(request)}/services/Soap/{kind}/{version}/{self._org.id[:15]}"
        seconds = int(self._org.session_lifetime.total_seconds())
        return (
            f"<loginResponse><result><metadataServerUrl>{escape(url.replace('/u/', '/m/'))}</metadataServerUrl>"
            f"<passwordExpired>false</passwordExpired><sandbox>true</sandbox><serverUrl>{escape(url)}</serverUrl>"
            f"<sessionId>{escape(session.token)}</sessionId><userId>{self._org.user_id}</userId><userInfo>"
            f"<organizationId>{self._org.id}</organizationId><organizationName>BonusBridge Sandbox</organizationName>"
            f"<sessionSecondsValid>{seconds}</sessionSecondsValid><userEmail>{escape(name)}</userEmail>"
            f"<userId>{self._org.user_id}</userId><userName>{escape(name)}</userName>"
            "</userInfo></result></loginResponse>"
        )

    def _logout(self, envelope: etree._Element, namespace: str) -> str:
        token = envelope.findtext(f".//{{{namespace}}}sessionId") or ""
        if not self._org.sessions.revoke(token):
            raise _SoapFaultError("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
        return "<logoutResponse/>"


def _fault(fault: _SoapFaultError) -> str:
    kind = "LoginFault" if fault.code == "INVALID_LOGIN" else "UnexpectedErrorFault"
    message = escape(fault.message)
    return (
        f'<soapenv:Fault xmlns:sf="urn:fault.partner.soap.sforce.com"><faultcode>sf:{fault.code}</faultcode>'
        f"<faultstring>{fault.code}: {message}</faultstring><detail>"
        f'<sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{fault.code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}></detail></soapenv:Fault>"
    )
