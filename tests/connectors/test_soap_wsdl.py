"""A WSDL is loaded from one folder or one host; what it imports from elsewhere is refused by name, never asked for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.errors import ConnectorError, ProtocolError, TransientError
from connectors.soap import SoapConnector, SoapSettings
from sandbox.erp import wire

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WSDL = (wire.FOLDER / "erp.wsdl").read_text()
OWN_IMPORT = 'schemaLocation="messages.xsd"'


class Site:
    """A web site of fixed pages that notes who asked for what."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.url = ""

    def add(self, path: str, content: str, status: int = 200, **headers: str) -> None:
        self.pages[path] = (status, headers, content.encode())


@contextmanager
def site() -> Iterator[Site]:
    there = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.asked.append(self.path)
            status, headers, content = there.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        there.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield there
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def own() -> Iterator[Site]:
    with site() as there:
        there.add("/messages.xsd", (wire.FOLDER / "messages.xsd").read_text())
        there.add("/records.xsd", (wire.FOLDER / "records.xsd").read_text())
        there.add("/erp?wsdl", WSDL)
        yield there


@pytest.fixture
def foreign() -> Iterator[Site]:
    with site() as there:
        there.add("/messages.xsd", (wire.FOLDER / "messages.xsd").read_text())
        there.add("/records.xsd", (wire.FOLDER / "records.xsd").read_text())
        yield there


def connector(endpoint: str, wsdl: Path | None = None) -> SoapConnector:
    settings = {
        "service": "sandbox_erp",
        "endpoint": f"{endpoint}/erp",
        "credentials": {"company": "c", "user": "u", "password": "p-for-tests"},
        "retry": {"attempts": 1},
        **({"wsdl": wsdl} if wsdl else {}),
    }
    return SoapConnector("erp", SoapSettings.model_validate(settings), lambda: NOW)


def refusal(endpoint: str, wsdl: Path | None = None) -> ConnectorError:
    with pytest.raises(ProtocolError) as raised:
        connector(endpoint, wsdl).discover()
    return raised.value


def test_imports_from_the_services_own_host_are_loaded(own: Site) -> None:
    assert [stream.name for stream in connector(own.url).discover()][:2] == ["Customer", "Item"]
    assert own.asked == ["/erp?wsdl", "/messages.xsd", "/records.xsd"]


def test_an_import_from_another_host_is_refused_and_never_asked_for(own: Site, foreign: Site) -> None:
    own.add("/erp?wsdl", WSDL.replace(OWN_IMPORT, f'schemaLocation="{foreign.url}/messages.xsd"'))
    assert f"{foreign.url}/messages.xsd" in str(refusal(own.url))
    assert foreign.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "https://127.0.0.1/messages.xsd",
        "http://localhost:1/messages.xsd",
        "file:///etc/passwd",
        "/etc/passwd",
    ],
)
@pytest.mark.parametrize("is_pinned", [True, False])
def test_an_import_that_leaves_the_place_is_refused_by_name(
    own: Site, tmp_path: Path, location: str, is_pinned: bool
) -> None:
    text = WSDL.replace(OWN_IMPORT, f'schemaLocation="{location}"')
    own.add("/erp?wsdl", text)
    pinned = tmp_path / "erp.wsdl"
    pinned.write_text(text)
    if location == "/etc/passwd" and not is_pinned:
        location = f"{own.url}/etc/passwd"  # a path of the same host: asked for there, and not found
    assert location in str(refusal(own.url, pinned if is_pinned else None))


def test_a_pinned_wsdl_needs_no_network(tmp_path: Path) -> None:
    there = connector("http://127.0.0.1:9", wire.FOLDER / "erp.wsdl")
    assert {stream.name for stream in there.discover()} >= {"SalesOrder", "Invoice", "Receipt", "CreditMemo"}


def test_a_pinned_wsdl_may_not_reach_above_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pinned"
    folder.mkdir()
    (tmp_path / "messages.xsd").write_text((wire.FOLDER / "messages.xsd").read_text())
    (folder / "erp.wsdl").write_text(WSDL.replace(OWN_IMPORT, 'schemaLocation="../messages.xsd"'))
    assert "messages.xsd is refused: it is outside the folder" in str(
        refusal("http://127.0.0.1:9", folder / "erp.wsdl")
    )


def test_a_redirected_wsdl_or_import_is_refused(own: Site, foreign: Site) -> None:
    own.add("/messages.xsd", "", status=302, Location=f"{foreign.url}/messages.xsd")
    assert "redirect" in str(refusal(own.url))
    assert foreign.asked == []


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_or_an_entity_is_refused(own: Site, declaration: str) -> None:
    head, _, rest = WSDL.partition("?>")
    own.add("/erp?wsdl", f"{head}?>{declaration}{rest}")
    assert "the WSDL is refused: it declares a" in str(refusal(own.url))


@pytest.mark.parametrize("page", ["<html><body>Log in</body></html>", "not XML at all", "", "<a/>"])
def test_what_is_no_wsdl_is_said_to_be_none(own: Site, page: str) -> None:
    own.add("/erp?wsdl", page)
    assert refusal(own.url)


def test_a_wsdl_that_cannot_be_fetched_just_now_may_come_later(own: Site) -> None:
    own.add("/erp?wsdl", "<html>503</html>", status=503)
    with pytest.raises(TransientError):
        connector(own.url).discover()


def test_the_wsdls_own_address_is_not_followed(own: Site, foreign: Site) -> None:
    own.add("/erp?wsdl", WSDL.replace("http://localhost/erp", f"{foreign.url}/erp"))
    with pytest.raises(ConnectorError):
        connector(own.url).check()
    assert own.asked[-1] == "/erp"
    assert foreign.asked == []


def test_a_redirected_call_is_refused_and_its_credentials_go_nowhere(own: Site, foreign: Site) -> None:
    own.add("/erp", "", status=307, Location=f"{foreign.url}/erp")
    with pytest.raises(ProtocolError, match="redirect"):
        connector(own.url).check()
    assert foreign.asked == []


def test_a_wsdl_on_another_host_than_the_endpoint_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ValidationError, match="save it in a file"):
        SoapSettings.model_validate(
            {"service": "sandbox_erp", "endpoint": "http://127.0.0.1/erp", "wsdl": "http://192.0.2.1/erp?wsdl"}
        )


@pytest.mark.parametrize(("service", "said"), [("no_such", "neither shipped nor a file"), ("", "streams")])
def test_a_missing_description_is_told(service: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SoapSettings.model_validate({"service": service, "endpoint": "http://127.0.0.1/erp"})
