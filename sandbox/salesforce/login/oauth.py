"""OAuth 2.0 as Salesforce offers it: client credentials, JWT bearer, password, authorization code, refresh token."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import answer, base_url, bearer
from sandbox.salesforce.store.values import instant_text

_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_SKEW_SECONDS = 180


class Refused(Exception):  # noqa: N818 - OAuth's own word for it
    """A token request that is refused, in OAuth's terms."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    challenge: str


class Logins:
    """The token end points of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._codes: dict[str, _Code] = {}
        self._grants: dict[str, Callable[[Mapping[str, str], Request], bool]] = {
            "client_credentials": self._client_credentials,
            "password": self._password,
            "urn:ietf:params:oauth:grant-type:jwt-bearer": self._jwt_bearer,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
        }

    def routes(self) -> list[Route]:
        return [
            Route("/services/oauth2/token", self._token, methods=["POST"]),
            Route("/services/oauth2/authorize", self._authorize, methods=["GET"]),
            Route("/services/oauth2/revoke", self._revoke, methods=["GET", "POST"]),
            Route("/services/oauth2/userinfo", self._userinfo, methods=["GET", "POST"]),
            Route("/id/{org_id}/{user_id}", self._identity, methods=["GET", "POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            grant = self._grants.get(form.get("grant_type", ""), _unknown_grant)
            gives_refresh_token = grant(form, request)
        except Refused as refused:
            return answer({"error": refused.error, "error_description": refused.description}, refused.status)
        return answer(
            self._issued(request, gives_refresh_token=gives_refresh_token), headers={"Cache-Control": "no-store"}
        )

    def _issued(self, request: Request, *, gives_refresh_token: bool) -> dict[str, str]:
        session = self._org.sessions.open(self._org.id, self._org.session_lifetime)
        base = base_url(request)
        issued = {
            "access_token": session.token,
            "instance_url": base,
            "id": f"{base}/id/{self._org.id}/{self._org.user_id}",
            "token_type": "Bearer",
            "issued_at": str(int(self._org.now().timestamp() * 1000)),
            "scope": "id api refresh_token" if gives_refresh_token else "id api",
        }
        signed = hmac.new(
            self._org.credentials.client_secret.encode(), (issued["id"] + issued["issued_at"]).encode(), "sha256"
        )
        issued["signature"] = base64.b64encode(signed.digest()).decode()
        return issued | ({"refresh_token": self._org.sessions.issue_refresh_token()} if gives_refresh_token else {})

    # -- the grants: each returns whether a refresh token comes with it, or raises Refused

    def _client_credentials(self, form: Mapping[str, str], request: Request) -> bool:
        self._check_client(form, request)
        return False

    def _password(self, form: Mapping[str, str], request: Request) -> bool:
        self._check_client(form, request)
        if not password_opens(self._org, form.get("username", ""), form.get("password", "")):
            raise Refused("invalid_grant", "authentication failure")
        return False

    def _jwt_bearer(self, form: Mapping[str, str], request: Request) -> bool:
        credentials = self._org.credentials
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                credentials.jwt_public_key,
                algorithms=["RS256"],
                audience=[*_AUDIENCES, base_url(request), *self._own_audience(request)],
                options={"require": ["iss", "sub", "aud", "exp"], "verify_exp": False},
            )
        except jwt.InvalidAudienceError:
            raise Refused("invalid_grant", "audience is invalid") from None
        except jwt.PyJWTError:
            raise Refused("invalid_grant", "invalid assertion") from None
        if int(claims["exp"]) + _SKEW_SECONDS < self._org.now().timestamp():
            raise Refused("invalid_grant", "expired authorization code")
        if claims["iss"] != credentials.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if claims["sub"] != credentials.username:
            raise Refused("invalid_grant", "user hasn't approved this consumer")
        return False

    def _authorization_code(self, form: Mapping[str, str], request: Request) -> bool:
        self._check_client(form, request)
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            raise Refused("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refused("redirect_uri_mismatch", "redirect_uri must match configuration")
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise Refused("invalid_grant", "invalid code verifier")
        return True

    def _refresh_token(self, form: Mapping[str, str], request: Request) -> bool:
        self._check_client(form, request)
        if not self._org.sessions.knows_refresh_token(form.get("refresh_token", "")):
            raise Refused("invalid_grant", "expired access/refresh token")
        return False

    # -- the other end points

    async def _authorize(self, request: Request) -> Response:
        """The user consents at once: there is nobody to ask."""
        asked = request.query_params
        if asked.get("client_id") != self._org.credentials.client_id or asked.get("response_type") != "code":
            return answer({"error": "invalid_client_id", "error_description": "client identifier invalid"}, 400)
        code = "aPrx" + secrets.token_urlsafe(40)
        self._codes[code] = _Code(asked.get("redirect_uri", ""), asked.get("code_challenge", ""))
        state = {"state": asked["state"]} if "state" in asked else {}
        return RedirectResponse(f"{asked.get('redirect_uri', '')}?{urlencode({'code': code} | state)}", 302)

    async def _revoke(self, request: Request) -> Response:
        form = {**request.query_params, **(await request.form() if request.method == "POST" else {})}
        if not self._org.sessions.revoke(str(form.get("token", ""))):
            return answer({"error": "invalid_token", "error_description": "token invalid"}, 400)
        return Response(status_code=200)

    async def _userinfo(self, request: Request) -> Response:
        self._org.sessions.find(bearer(request))
        user = self._org.table("User").rows[self._org.user_id]
        base = base_url(request)
        return answer(
            {
                "sub": f"{base}/id/{self._org.id}/{self._org.user_id}",
                "user_id": self._org.user_id,
                "organization_id": self._org.id,
                "preferred_username": user["Username"],
                "nickname": user["Alias"],
                "name": user["Name"],
                "given_name": user["FirstName"],
                "family_name": user["LastName"],
                "email": user["Email"],
                "email_verified": True,
                "zoneinfo": user["TimeZoneSidKey"],
                "locale": "en_US",
                "language": "en_US",
                "user_type": "STANDARD",
                "active": user["IsActive"],
                "updated_at": user["LastModifiedDate"],
                "urls": _service_urls(base),
            }
        )

    async def _identity(self, request: Request) -> Response:
        token = request.query_params.get("oauth_token") or bearer(request)
        self._org.sessions.find(token)
        if request.path_params["user_id"] != self._org.user_id:
            raise not_found()
        user = self._org.table("User").rows[self._org.user_id]
        base = base_url(request)
        return answer(
            {
                "id": f"{base}/id/{self._org.id}/{self._org.user_id}",
                "asserted_user": True,
                "user_id": self._org.user_id,
                "organization_id": self._org.id,
                "username": user["Username"],
                "nick_name": user["Alias"],
                "display_name": user["Name"],
                "email": user["Email"],
                "first_name": user["FirstName"],
                "last_name": user["LastName"],
                "timezone": user["TimeZoneSidKey"],
                "active": user["IsActive"],
                "user_type": "STANDARD",
                "language": "en_US",
                "locale": "en_US",
                "utcOffset": 0,
                "last_modified_date": instant_text(self._org.now()),
                "urls": _service_urls(base),
            }
        )

    # -- checks

    def _check_client(self, form: Mapping[str, str], request: Request) -> None:
        client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if client_id != self._org.credentials.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(secret.encode(), self._org.credentials.client_secret.encode()):
            raise Refused("invalid_client", "invalid client credentials")

    def _own_audience(self, request: Request) -> list[str]:
        """My Domain logins are addressed by the name that the client used."""
        return [f"https://{request.headers.get('host', '')}"]


def password_opens(org: Org, username: str, password: str) -> bool:
    """Whether this is the user's password followed by the security token (not needed from a trusted network)."""
    known = org.credentials
    accepted = [known.password + known.security_token] + ([known.password] if org.trusts_network else [])
    return username == known.username and any(hmac.compare_digest(password.encode(), p.encode()) for p in accepted)


def _unknown_grant(form: Mapping[str, str], request: Request) -> bool:  # noqa: ARG001 - all grants are called alike
    raise Refused("unsupported_grant_type", "grant type not supported")


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401) from None
    return client_id, secret


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _service_urls(base: str) -> dict[str, str]:
    rest = f"{base}/services/data/v{{version}}/"
    return {
        "rest": rest,
        "sobjects": f"{rest}sobjects/",
        "query": f"{rest}query/",
        "recent": f"{rest}recent/",
        "partner": f"{base}/services/Soap/u/{{version}}/",
        "enterprise": f"{base}/services/Soap/c/{{version}}/",
    }
