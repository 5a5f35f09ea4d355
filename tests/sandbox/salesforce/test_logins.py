"""Every login that simple-salesforce offers, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceExpiredSession
from simple_salesforce.login import SalesforceLogin

from sandbox.salesforce.org import Org
from tests.sandbox.salesforce.conftest import Client, Clock

Login = Callable[[Org], dict[str, Any]]
ONE_USER = "SELECT Username FROM User"


def client_credentials(org: Org) -> dict[str, Any]:
    return {
        "consumer_key": org.credentials.client_id,
        "consumer_secret": org.credentials.client_secret,
        "domain": "acme.my",
    }


def password_and_token_by_soap(org: Org) -> dict[str, Any]:
    known = org.credentials
    return {"username": known.username, "password": known.password, "security_token": known.security_token}


def password_from_trusted_network(org: Org) -> dict[str, Any]:
    org.trusts_network = True
    return {"username": org.credentials.username, "password": org.credentials.password, "organizationId": org.id}


def password_by_oauth(org: Org) -> dict[str, Any]:
    known = org.credentials
    secret = {"consumer_key": known.client_id, "consumer_secret": known.client_secret}
    return secret | {"username": known.username, "password": known.password + known.security_token}


def jwt_bearer(org: Org) -> dict[str, Any]:
    known = org.credentials
    return {"username": known.username, "consumer_key": known.client_id, "privatekey": known.jwt_private_key}


LOGINS = [
    client_credentials,
    password_and_token_by_soap,
    password_from_trusted_network,
    password_by_oauth,
    jwt_bearer,
]


@pytest.mark.parametrize("login", LOGINS)
def test_simple_salesforce_logs_in(login: Login, org: Org, session: requests.Session) -> None:
    sf = Salesforce(session=session, **login(org))
    assert sf.query(ONE_USER)["records"][0]["Username"] == org.credentials.username


def test_key_file_and_existing_session_work_too(org: Org, session: requests.Session, base: str, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(org.credentials.jwt_private_key)
    known = org.credentials
    first = Salesforce(username=known.username, consumer_key=known.client_id, privatekey_file=str(key), session=session)
    second = Salesforce(session_id=first.session_id, instance_url=base, session=session)
    assert second.query(ONE_USER)["totalSize"] == 1


@pytest.mark.parametrize("login", LOGINS)
def test_a_wrong_secret_is_refused(login: Login, org: Org, session: requests.Session) -> None:
    arguments = login(org)
    wrong = "consumer_secret" if "consumer_secret" in arguments else "password"
    if "privatekey" in arguments:
        arguments["consumer_key"] = "somebody else"
    else:
        arguments[wrong] = "wrong"
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(session=session, **arguments)


def test_the_login_call_takes_a_password_alone_from_a_trusted_network(org: Org, session: requests.Session) -> None:
    org.trusts_network = True
    known = org.credentials
    token, _ = SalesforceLogin(session=session, username=known.username, password=known.password)
    sf = Salesforce(session=session, session_id=token, instance="acme.my.salesforce.com")
    assert sf.query(ONE_USER)["records"][0]["Username"] == known.username


def test_a_password_alone_opens_nothing_from_an_unknown_network(org: Org, session: requests.Session) -> None:
    arguments = password_from_trusted_network(org)
    org.trusts_network = False
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(session=session, **arguments)


def test_another_organisation_is_refused(org: Org, session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(session=session, **password_from_trusted_network(org) | {"organizationId": "00D5g0000000009"})


def test_refusals_of_the_token_end_point(org: Org, base: str) -> None:
    known = org.credentials
    client = {"client_id": known.client_id, "client_secret": known.client_secret}
    cases: list[tuple[dict[str, str], str]] = [
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": known.client_id}, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x"} | client, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x"} | client, "invalid_grant"),
        ({"grant_type": "password", "username": known.username, "password": known.password} | client, "invalid_grant"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"}, "invalid_grant"),
    ]
    for form, error in cases:
        refused = httpx.post(f"{base}/services/oauth2/token", data=form, trust_env=False)
        assert (refused.status_code, refused.json()["error"]) == (400, error)


def test_an_expired_session_is_told_and_simple_salesforce_logs_in_again(
    org: Org, sf: Client, session: requests.Session, base: str, clock: Clock
) -> None:
    clock.advance(hours=2)
    given = Salesforce(session_id=sf.session_id, instance_url=base, session=session)
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        given.query(ONE_USER)
    assert org.sessions.logins == 1
    assert sf.query(ONE_USER)["totalSize"] == 1
    assert org.sessions.logins == 2


def test_userinfo_tells_who_is_logged_in_and_revoke_ends_it(org: Org, sf: Client) -> None:
    told = sf.oauth2("userinfo")
    assert (told["user_id"], told["organization_id"]) == (org.user_id, org.id)
    token = sf.session_id
    sf.oauth2("revoke", params={"token": token}, method="POST")
    sf.query(ONE_USER)
    assert sf.session_id != token


@pytest.mark.parametrize(("kind", "namespace"), [("u", "partner"), ("c", "enterprise")])
def test_soap_login_of_both_wsdls(org: Org, base: str, kind: str, namespace: str) -> None:
    known = org.credentials
    login = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<login xmlns="urn:{namespace}.soap.sforce.com"><username>{known.username}</username>'
        f"<password>{known.password}{known.security_token}</password></login></e:Body></e:Envelope>"
    )
    answered = httpx.post(f"{base}/services/Soap/{kind}/60.0", content=login, trust_env=False)
    assert f"<serverUrl>{base}/services/Soap/{kind}/60.0/{org.id[:15]}</serverUrl>" in answered.text
    for wrong in ("no xml", "<a/>"):
        refused = httpx.post(f"{base}/services/Soap/{kind}/60.0", content=wrong, trust_env=False)
        assert (refused.status_code, "UNKNOWN_EXCEPTION" in refused.text) == (500, True)
