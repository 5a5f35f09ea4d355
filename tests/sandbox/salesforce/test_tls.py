"""Over TLS with a certificate authority of the test's own: trusted by those who are told, refused by the others."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from sandbox.salesforce.app import create_app
from sandbox.salesforce.org import Org
from sandbox.serving import serve
from tests.sandbox.salesforce.conftest import Loopback, Node

_LOOPBACK = ipaddress.ip_address("127.0.0.1")
_SIGNS_ONLY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, is_ca: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named(issuer)).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    made = made.add_extension(authority, critical=False)
    if is_ca:
        made = made.add_extension(_SIGNS_ONLY, critical=True)
    else:
        made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(_LOOPBACK)]), critical=False)
    return made.sign(signer, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The folder with ``ca.pem``, and the server's ``cert.pem`` and ``key.pem`` signed by it."""
    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _certificate("Throw-away CA", root, "Throw-away CA", root, is_ca=True)
    cert = _certificate("sandbox", leaf, "Throw-away CA", root, is_ca=False)
    (tmp_path / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (tmp_path / "cert.pem").write_bytes(cert.public_bytes(Encoding.PEM))
    pem = leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    return tmp_path


def test_both_clients_work_over_tls(org: Org, authority: Path, node: Node) -> None:
    ca = authority / "ca.pem"
    with (
        serve(create_app(org), tls=(authority / "cert.pem", authority / "key.pem")) as base,
        requests.Session() as session,
    ):
        assert base.startswith("https://127.0.0.1:")
        session.trust_env, session.verify = False, str(ca)
        session.mount("https://acme.my.salesforce.com", Loopback(base))
        session.mount(base, HTTPAdapter())
        known = org.credentials
        key, secret = known.client_id, known.client_secret
        sf = Salesforce(consumer_key=key, consumer_secret=secret, domain="acme.my", session=session)
        assert sf.query("SELECT Id FROM User")["totalSize"] == 1
        assert node("tls.mjs", base=base, ca=str(ca)) == {"url": base, "total": 1}
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{base}/services/data", trust_env=False)
