"""What a token has to be before anybody believes it."""

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mashup_api.issuer import Issuer, Person, create_issuer_app
from mashup_api.problems import Problem
from mashup_api.settings import TokenSettings
from mashup_api.tokens import Claims, FetchedKeys, FixedKeys, TokenVerifier, open_keys
from sandbox.serving import serve

AUDIENCE = "bonusbridge"
ISSUER = "https://issuer.example"
ADA = "ada@example.com"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(ISSUER, AUDIENCE, [Person(ADA, "Ada", ("bonusbridge-administrator",))], now)


def settings(issuer: Issuer, **changes: object) -> TokenSettings:
    return TokenSettings.model_validate({"issuer": ISSUER, "audience": AUDIENCE, "jwks": issuer.jwks(), **changes})


def verify(token: str, settings: TokenSettings) -> Claims:
    return asyncio.run(TokenVerifier(settings, open_keys(settings)).verify(token))


def good_claims(**changes: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "email": ADA,
        "email_verified": True,
        "exp": now() + timedelta(minutes=1),
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def test_a_minted_token_is_believed(issuer: Issuer) -> None:
    claims = verify(issuer.mint(ADA, deal_id="crm:006A"), settings(issuer))
    assert (claims.email, claims.is_administrator, claims.deal_id) == (ADA, True, "crm:006A")


def test_the_issuer_signs_for_its_own_people_alone(issuer: Issuer) -> None:
    with pytest.raises(KeyError):
        issuer.mint("mallory@example.com")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"exp": datetime(2020, 1, 1, tzinfo=UTC)}, "expired"),
        ({"nbf": datetime(2200, 1, 1, tzinfo=UTC)}, "not valid yet"),
        ({"iss": "https://other.example"}, "another issuer"),
        ({"aud": "payroll"}, "another audience"),
        ({"exp": None}, "lacks"),
        ({"iss": None}, "lacks"),
        ({"aud": None}, "lacks"),
        ({"sub": None}, "lacks"),
    ],
)
def test_a_claim_that_breaks_a_rule_is_refused(issuer: Issuer, changes: dict[str, object], rule: str) -> None:
    token = issuer.sign(good_claims(**changes))
    with pytest.raises(Problem) as refused:
        verify(token, settings(issuer))
    assert refused.value.status == 401
    assert rule in refused.value.body.detail
    assert token not in refused.value.body.model_dump_json()


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_address_that_is_not_verified_names_nobody(issuer: Issuer, verified: object) -> None:
    token = issuer.sign(good_claims(email_verified=verified))
    assert verify(token, settings(issuer)).email is None


@pytest.mark.parametrize(
    "roles", ["bonusbridge-administrator", {"bonusbridge-administrator": True}, ["Administrator"], 7]
)
def test_only_the_named_role_in_a_list_makes_an_administrator(issuer: Issuer, roles: object) -> None:
    assert verify(issuer.sign(good_claims(roles=roles)), settings(issuer)).is_administrator is False


def test_a_token_of_another_key_is_refused(issuer: Issuer) -> None:
    other = Issuer(ISSUER, AUDIENCE, [Person(ADA, "Ada")], now)
    with pytest.raises(Problem, match="not signed in"):
        verify(other.mint(ADA), settings(issuer))


def test_a_changed_payload_is_refused(issuer: Issuer) -> None:
    head, payload, signature = issuer.mint(ADA).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["email"] = "boss@example.com"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    with pytest.raises(Problem) as refused:
        verify(f"{head}.{forged}.{signature}", settings(issuer))
    assert "signature is wrong" in refused.value.body.detail


def test_no_signature_and_a_public_key_as_secret_are_refused(issuer: Issuer) -> None:
    key_id = issuer.jwks()["keys"][0]["kid"]
    unsigned = jwt.encode(good_claims(), "", algorithm="none", headers={"kid": key_id})
    symmetric = jwt.encode(good_claims(), "x" * 64, algorithm="HS256", headers={"kid": key_id})
    for token in (unsigned, symmetric, "not.a.token", "", "x" * 10_000):
        with pytest.raises(Problem) as refused:
            verify(token, settings(issuer))
        assert refused.value.status == 401


def test_rsa_is_accepted_unless_pinned_away(issuer: Issuer) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwks = {"keys": [{**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "r", "alg": "RS256"}]}
    token = jwt.encode(good_claims(), private, algorithm="RS256", headers={"kid": "r"})
    assert verify(token, settings(issuer, jwks=jwks)).subject == "ada"
    with pytest.raises(Problem) as refused:
        verify(token, settings(issuer, jwks=jwks, algorithms=("ES256",)))
    assert "key that is not accepted" in refused.value.body.detail


def test_a_verified_token_is_remembered_until_it_expires(issuer: Issuer) -> None:
    token = issuer.mint(ADA)
    seconds = [now().timestamp()]
    keys = CountedKeys(issuer)
    verifier = TokenVerifier(settings(issuer), keys, lambda: seconds[0])
    for _ in range(3):
        asyncio.run(verifier.verify(token))
    assert keys.asked == 1
    seconds[0] += 3600  # what is remembered has expired; the library, which has the real time, is asked again
    asyncio.run(verifier.verify(token))
    assert keys.asked == 2


class CountedKeys(FixedKeys):
    def __init__(self, issuer: Issuer) -> None:
        super().__init__(issuer.jwks())
        self.asked = 0

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        self.asked += 1
        return await super().find(key_id)


@contextmanager
def served(issuer: Issuer, seen: list[str]) -> Iterator[str]:
    app = create_issuer_app(issuer)

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            seen.append(scope["path"])
        await app(scope, receive, send)

    with serve(counted) as url:
        yield f"{url}/.well-known/jwks.json"


def test_keys_are_fetched_once_and_unknown_ids_do_not_flood_the_issuer(issuer: Issuer) -> None:
    seen: list[str] = []
    with served(issuer, seen) as url:
        keys = FetchedKeys(url, monotonic=lambda: 0.0)
        known = issuer.jwks()["keys"][0]["kid"]

        async def ask() -> list[bool]:
            ids = [known, known, *(f"forged-{number}" for number in range(20))]
            return [await keys.find(key_id) is not None for key_id in ids]

        assert asyncio.run(ask()) == [True, True] + [False] * 20
    assert len(seen) == 1


def test_known_keys_stay_good_while_the_issuer_is_away_and_new_ones_arrive_later(issuer: Issuer) -> None:
    seconds = [0.0]
    with served(issuer, []) as url:
        keys = FetchedKeys(url, monotonic=lambda: seconds[0])
        known = issuer.jwks()["keys"][0]["kid"]
        assert asyncio.run(keys.find(known)) is not None
    seconds[0] = 10_000.0
    assert asyncio.run(keys.find(known)) is not None


def test_an_issuer_that_never_answered_is_a_problem_to_try_again(issuer: Issuer) -> None:
    unreachable = settings(issuer, jwks=None, jwks_url="http://127.0.0.1:9/jwks.json")
    with pytest.raises(Problem) as refused:
        verify(issuer.mint(ADA), unreachable)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "30")


def test_an_outage_is_no_bad_token_and_ends_with_it(issuer: Issuer) -> None:
    seconds, known = [0.0], issuer.jwks()["keys"][0]["kid"]
    app = Returning(create_issuer_app(issuer))
    with serve(app) as url:
        keys = FetchedKeys(f"{url}/.well-known/jwks.json", monotonic=lambda: seconds[0])
        for second in (0.0, 1.0, 9.0, 11.0, 12.0):
            seconds[0] = second
            with pytest.raises(Problem) as refused:
                asyncio.run(keys.find(known))
            assert refused.value.status == 503
        app.is_back = True
        seconds[0] = 22.0
        assert asyncio.run(keys.find(known)) is not None
        assert asyncio.run(keys.find("forged")) is None


class Returning:
    """An issuer that is away until it is back."""

    def __init__(self, issuer: ASGIApp) -> None:
        self.issuer, self.is_back = issuer, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.issuer if self.is_back else Response(status_code=502))(scope, receive, send)


@pytest.mark.parametrize("body", [b"[]", b'"keys"', b"7", b"null", b"{}", b'{"keys": ["x"]}', b"<html>", b"\xff"])
def test_what_is_no_key_set_is_no_keys(issuer: Issuer, body: bytes) -> None:
    with serve(Response(body, media_type="application/json")) as url, pytest.raises(Problem) as refused:
        verify(issuer.mint(ADA), settings(issuer, jwks=None, jwks_url=url))
    assert refused.value.status == 503


def test_a_private_key_never_leaves_the_issuer(issuer: Issuer) -> None:
    assert "d" not in issuer.jwks()["keys"][0]
    loaded = jwt.PyJWKSet.from_dict(issuer.jwks()).keys[0].key
    assert isinstance(loaded, ec.EllipticCurvePublicKey)
    assert loaded.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_settings_want_one_place_for_keys(issuer: Issuer) -> None:
    for changes in ({"jwks": None}, {"jwks_url": "https://issuer.example/jwks"}):
        with pytest.raises(ValueError, match="jwks_url or jwks"):
            settings(issuer, **changes)
