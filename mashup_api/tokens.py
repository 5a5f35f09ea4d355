"""Access tokens: verified once, then believed until they expire.

JWT after RFC 9068 and RFC 8725: the algorithm is pinned by configuration and by the key, never by the token;
``exp iss aud sub`` are required; keys come from the issuer's key set.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import httpx
import jwt

from mashup_api.problems import Problem, unauthenticated
from mashup_api.settings import TokenSettings

_REQUIRED = ["exp", "iss", "aud", "sub"]
_MAX_CACHED = 10_000
_MAX_TOKEN_LENGTH = 8_192


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. ``email`` is verified; ``deal_id`` binds the token to one deal."""

    subject: str
    email: str | None
    is_administrator: bool
    deal_id: str | None
    expires_at: float


class Keys(Protocol):
    """Where the issuer's public keys are found."""

    async def find(self, key_id: str) -> jwt.PyJWK | None: ...


class FixedKeys:
    """A key set that was configured."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = _by_id(jwks)

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        return self._keys.get(key_id)


class FetchedKeys:
    """A key set behind a URL: fetched in a thread, kept for ``lifetime`` seconds, asked again for an unknown key.

    Unknown keys cause at most one fetch in ``pause`` seconds, so that forged key ids cannot flood the issuer. If the
    issuer does not answer, known keys stay good; without any, every question is a 503 until it answers.
    """

    def __init__(
        self, url: str, *, monotonic: Callable[[], float] = time.monotonic, lifetime: float = 600, pause: float = 10
    ) -> None:
        self._url, self._monotonic, self._lifetime, self._pause = url, monotonic, lifetime, pause
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = -lifetime - pause
        self._lock = asyncio.Lock()

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        if self._is_stale(key_id):
            async with self._lock:
                if self._is_stale(key_id):
                    await self._refresh()
        if not self._keys and self._fetched_at < self._tried_at:
            raise _keys_unavailable()
        return self._keys.get(key_id)

    def _is_stale(self, key_id: str) -> bool:
        now = self._monotonic()
        is_wanted = key_id not in self._keys or now - self._fetched_at > self._lifetime
        return is_wanted and now - self._tried_at > self._pause

    async def _refresh(self) -> None:
        self._tried_at = self._monotonic()
        with suppress(httpx.HTTPError, ValueError, jwt.PyJWTError):
            self._keys = _by_id(await asyncio.to_thread(_fetch, self._url))
            self._fetched_at = self._tried_at


def _fetch(url: str) -> dict[str, Any]:
    response = httpx.get(url, timeout=5, follow_redirects=False)
    response.raise_for_status()
    keys = json.loads(response.content)
    if not isinstance(keys, dict):
        raise jwt.PyJWKSetError("a key set is a JSON object")
    return keys


def _by_id(jwks: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    return {key.key_id: key for key in jwt.PyJWKSet.from_dict(dict(jwks)).keys if key.key_id is not None}


def _keys_unavailable() -> Problem:
    return Problem(
        503,
        "issuer-unavailable",
        "Sign-in cannot be checked right now",
        "The issuer of the access tokens does not answer with its keys.",
        "Try again in a minute; an administrator can check tokens.jwks_url in the configuration.",
        headers={"Retry-After": "30"},
    )


class TokenVerifier:
    """Turns a bearer token into claims, or raises a 401 problem that says which rule it broke."""

    def __init__(self, settings: TokenSettings, keys: Keys, epoch: Callable[[], float] = time.time) -> None:
        self._settings, self._keys, self._epoch = settings, keys, epoch
        self._verified: dict[bytes, Claims] = {}

    async def verify(self, token: str) -> Claims:
        if len(token) > _MAX_TOKEN_LENGTH:
            raise unauthenticated("The access token is too long.")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is not None and known.expires_at > self._epoch():
            return known
        claims = self._claims(await self._decode(token))
        self._remember(digest, claims)
        return claims

    async def _decode(self, token: str) -> dict[str, Any]:
        try:
            key = await self._key(token)
            return jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=timedelta(seconds=self._settings.leeway_seconds),
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise unauthenticated(_RULES.get(type(error), "The access token cannot be believed.")) from error

    async def _key(self, token: str) -> jwt.PyJWK:
        header = jwt.get_unverified_header(token)
        key = await self._keys.find(str(header.get("kid", "")))
        if key is None or key.algorithm_name not in self._settings.algorithms:
            raise jwt.InvalidKeyError("no such key")
        return key

    def _claims(self, payload: Mapping[str, Any]) -> Claims:
        settings = self._settings
        roles = payload.get(settings.roles_claim, ())
        email = payload.get(settings.email_claim)
        is_verified = settings.email_verified_claim is None or payload.get(settings.email_verified_claim) is True
        deal_id = payload.get("deal")
        return Claims(
            subject=payload["sub"],
            email=email if isinstance(email, str) and email and is_verified else None,
            is_administrator=isinstance(roles, list) and settings.administrator_role in roles,
            deal_id=None if deal_id is None else str(deal_id),
            expires_at=float(payload["exp"]) + settings.leeway_seconds,
        )

    def _remember(self, digest: bytes, claims: Claims) -> None:
        if len(self._verified) >= _MAX_CACHED:
            now = self._epoch()
            self._verified = {known: kept for known, kept in self._verified.items() if kept.expires_at > now}
        if len(self._verified) >= _MAX_CACHED:
            self._verified.clear()
        self._verified[digest] = claims


_RULES: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "The access token has expired.",
    jwt.ImmatureSignatureError: "The access token is not valid yet.",
    jwt.InvalidAudienceError: "The access token is meant for another audience.",
    jwt.InvalidIssuerError: "The access token comes from another issuer.",
    jwt.MissingRequiredClaimError: "The access token lacks one of the claims exp, iss, aud and sub.",
    jwt.InvalidSignatureError: "The access token's signature is wrong.",
    jwt.InvalidAlgorithmError: "The access token is signed with an algorithm that is not accepted.",
    jwt.InvalidKeyError: "The access token is signed with a key that is not accepted.",
    jwt.DecodeError: "The access token is not a JSON Web Token.",
}


def open_keys(settings: TokenSettings) -> Keys:
    """The key set as configured."""
    if settings.jwks is not None:
        return FixedKeys(settings.jwks)
    if settings.jwks_url is None:
        raise ValueError("say where the issuer's keys are: set either jwks_url or jwks")
    return FetchedKeys(settings.jwks_url)
