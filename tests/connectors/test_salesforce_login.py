"""Every login, what it refuses, and where tokens may go."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from connectors.errors import AuthenticationError, ProtocolError, TransientError
from connectors.salesforce import SalesforceSettings
from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.acceptance.faulty import Fault
from tests.acceptance.salesforce_org import SalesforceOrg

FLOWS = ("client_credentials", "jwt_bearer", "password", "password by SOAP")


@pytest.fixture
def system() -> Iterator[SalesforceOrg]:
    with SalesforceOrg.started() as counterpart:
        yield counterpart


def login(org: Org, flow: str) -> dict[str, str]:
    shown = org.credentials
    return {
        "client_credentials": {"client_id": shown.client_id, "client_secret": shown.client_secret},
        "jwt_bearer": {
            "client_id": shown.client_id,
            "username": shown.username,
            "private_key": shown.jwt_private_key,
        },
        "password": {
            "client_id": shown.client_id,
            "client_secret": shown.client_secret,
            "username": shown.username,
            "password": shown.password,
            "security_token": shown.security_token,
        },
        "password by SOAP": {
            "username": shown.username,
            "password": shown.password,
            "security_token": shown.security_token,
        },
    }[flow] | {"flow": flow.split()[0]}


@pytest.mark.parametrize("flow", FLOWS)
def test_every_login_opens_the_org(system: SalesforceOrg, flow: str) -> None:
    (ref,) = system.org.insert("Opportunity", [{"Name": "A", "StageName": "Prospecting", "CloseDate": "2026-06-30"}])
    connector = system.connect(login=login(system.org, flow))
    assert [record.ref for record in connector.get_by_ids("Opportunity", [ref]).records] == [ref]
    assert connector.check().time_zone == "GMT"


@pytest.mark.parametrize(
    ("flow", "field"),
    [
        ("client_credentials", "client_secret"),
        ("client_credentials", "client_id"),
        ("jwt_bearer", "username"),
        ("password", "password"),
        ("password by SOAP", "password"),
        ("password by SOAP", "security_token"),
    ],
)
def test_every_wrong_login_is_an_authentication_error_at_once(system: SalesforceOrg, flow: str, field: str) -> None:
    wrong = login(system.org, flow) | {field: "wr0ng-one"}
    with pytest.raises(AuthenticationError, match="the login is refused") as raised:
        system.connect(login=wrong).check()
    assert "wr0ng-one" not in str(raised.value)
    assert len(system.proxy.requests) == 1


def test_a_private_key_that_is_none_is_refused_without_a_call(system: SalesforceOrg) -> None:
    with pytest.raises(AuthenticationError, match="PEM"):
        system.connect(login=login(system.org, "jwt_bearer") | {"private_key": "no key"}).check()
    assert system.proxy.requests == []


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize(
    ("fault", "kind"), [(Fault.LOGIN_PAGE, ProtocolError), (Fault.UNAVAILABLE_PAGE, TransientError)]
)
def test_a_page_instead_of_a_token_is_not_taken_for_one(
    system: SalesforceOrg, flow: str, fault: Fault, kind: type[Exception]
) -> None:
    system.proxy.arm(fault, count=100)
    with pytest.raises(kind):
        system.connect(login=login(system.org, flow)).check()


@pytest.mark.parametrize("flow", FLOWS)
def test_a_login_that_fails_in_passing_is_tried_again(system: SalesforceOrg, flow: str) -> None:
    system.proxy.arm(Fault.UNAVAILABLE_PAGE)
    system.connect(login=login(system.org, flow)).check()
    assert len(system.waits) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.my.salesforce.com",
        "http://192.168.0.7:8080",
        "http://127.0.0.1.attacker.example",
        "https://user:password@acme.my.salesforce.com",
        "https://acme.my.salesforce.com/services/data",
        "https://acme.my.salesforce.com?x=1",
        "acme.my.salesforce.com",
        "ftp://acme.my.salesforce.com",
    ],
)
def test_an_address_that_is_not_safe_or_not_whole_is_refused(url: str) -> None:
    credentials = {"flow": "client_credentials", "client_id": "id", "client_secret": "secret"}
    with pytest.raises(ValidationError):
        SalesforceSettings.model_validate({"instance_url": url, "login": credentials})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "https://a.example/"])
def test_plain_http_is_for_loopback(url: str) -> None:
    credentials = {"flow": "client_credentials", "client_id": "id", "client_secret": "secret"}
    assert SalesforceSettings.model_validate({"instance_url": url, "login": credentials}).instance_url in url


def test_the_environment_changes_nothing(system: SalesforceOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    assert system.connect().check().system


def test_a_redirect_is_not_followed(system: SalesforceOrg) -> None:
    with redirecting_to(system.url) as url, pytest.raises(ProtocolError, match="redirect"):
        system.connect(instance_url=url).check()
    assert system.proxy.requests == []


def test_tls_with_a_certificate_of_its_own(system: SalesforceOrg, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    with serve(create_app(system.org), tls=(certificate, key)) as url:
        with contextlib.closing(system.connect(instance_url=url, ca_file=certificate)) as connector:
            assert connector.check().system
        with pytest.raises(ProtocolError, match="not trusted"):
            system.connect(instance_url=url).check()


@contextlib.contextmanager
def redirecting_to(target: str) -> Iterator[str]:
    class Redirect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response_only(307)
            self.send_header("Location", target + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Certificate and key files for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files
