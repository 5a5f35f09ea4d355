"""What a client needs to log in. Made anew in each process; nothing here opens anything else."""

import functools
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of one connected app (``client_*``, the JWT key pair as PEM) and one integration user."""

    client_id: str
    client_secret: str
    username: str
    password: str
    security_token: str
    jwt_private_key: str
    jwt_public_key: str


@functools.cache
def make_credentials() -> Credentials:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Credentials(
        client_id="3MVG9" + secrets.token_urlsafe(48),
        client_secret=secrets.token_hex(32).upper(),
        username="integration@sandbox.example",
        password=secrets.token_urlsafe(12),
        security_token=secrets.token_urlsafe(18),
        jwt_private_key=private.decode(),
        jwt_public_key=public.decode(),
    )
