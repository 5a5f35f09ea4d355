"""A local issuer of real tokens, for the demo and the tests: a stand-in for a company's identity provider.

Its ES256 key is made when it starts and never leaves the process. It signs for the people it was given and nobody else,
to the one client that knows its secret (the pretend CRM), for five minutes at most. Only the demo wires it.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Request
from jwt.algorithms import ECAlgorithm

from mashup_api.problems import Problem, install_problems

GRANT = "urn:bonusbridge:grant-type:widget"
LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo; ``roles`` as the tokens' roles claim says them."""

    email: str
    name: str
    roles: tuple[str, ...] = ()


class Issuer:
    """Signs tokens of ``url`` for ``audience``. ``clock`` gives the aware present instant."""

    def __init__(self, url: str, audience: str, people: Iterable[Person], clock: Callable[[], datetime]) -> None:
        self.url, self.audience = url, audience
        self.people = {person.email: person for person in people}
        self.client_id = "pretend-crm"
        self.client_secret = secrets.token_urlsafe(32)
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._key_id = secrets.token_hex(8)

    def jwks(self) -> dict[str, Any]:
        """The public key set (RFC 7517)."""
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self._key_id, "use": "sig", "alg": "ES256"}]}

    def mint(self, email: str, *, deal_id: str | None = None, lifetime: timedelta = LIFETIME) -> str:
        """An access token for one of the people, bound to ``deal_id`` if given; KeyError for anybody else."""
        person = self.people[email]
        now = self._clock()
        claims = {
            "iss": self.url,
            "aud": self.audience,
            "sub": person.email,
            "email": person.email,
            "email_verified": True,
            "name": person.name,
            "roles": list(person.roles),
            "iat": now,
            "exp": now + lifetime,
            "jti": secrets.token_hex(12),
        }
        return self.sign(claims if deal_id is None else {**claims, "deal": deal_id})

    def sign(self, claims: dict[str, Any]) -> str:
        """Signs claims as they are; what ``mint`` does with proper ones."""
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id, "typ": "at+jwt"})

    def is_client(self, authorization: str) -> bool:
        """Whether a Basic ``Authorization`` header proves the client."""
        try:
            given = base64.b64decode(authorization.removeprefix("Basic "), validate=True)
        except (binascii.Error, ValueError):
            return False
        return secrets.compare_digest(given, f"{self.client_id}:{self.client_secret}".encode())


def create_issuer_app(issuer: Issuer) -> FastAPI:
    """The issuer over HTTP: key set, metadata, and tokens for the client that proves itself."""
    app = FastAPI(title="Local issuer of the BonusBridge demo", openapi_url=None)
    install_problems(app)

    @app.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, Any]:
        return issuer.jwks()

    @app.get("/.well-known/openid-configuration")
    async def metadata() -> dict[str, Any]:
        return {
            "issuer": issuer.url,
            "jwks_uri": f"{issuer.url}/.well-known/jwks.json",
            "token_endpoint": f"{issuer.url}/token",
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    @app.post("/token")
    async def token(request: Request) -> dict[str, Any]:
        """``grant_type``, ``email`` and ``deal`` (``source:ref``) as a form, the client in Basic authentication."""
        if not issuer.is_client(request.headers.get("authorization", "")):
            raise _refused(401, "invalid-client", "The client is not known", "Send the client's id and secret.")
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        grant, email, deal = (form.get(name, [""])[0] for name in ("grant_type", "email", "deal"))
        if grant != GRANT or email not in issuer.people or not deal:
            raise _refused(400, "invalid-grant", "No token for this", f"Send grant_type={GRANT}, email and deal.")
        access_token = issuer.mint(email, deal_id=deal)
        return {"access_token": access_token, "token_type": "Bearer", "expires_in": int(LIFETIME.total_seconds())}

    return app


def _refused(status: int, name: str, title: str, remedy: str) -> Problem:
    return Problem(status, name, title, f"{title}.", remedy)
