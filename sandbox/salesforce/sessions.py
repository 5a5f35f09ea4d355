"""Sessions and what dies with them: access tokens, refresh tokens, authorization codes, query locators."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.salesforce.errors import invalid_session
from sandbox.salesforce.soql.query import Result


@dataclass(slots=True)
class Session:
    """One login. ``cursors`` are the query results that are still to be fetched, by locator."""

    token: str
    expires_at: datetime
    cursors: dict[str, tuple[Result, int]] = field(default_factory=dict)


class Sessions:
    """Who is logged in. Tokens live for ``lifetime`` after login, by the org's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._sessions: dict[str, Session] = {}
        self._refresh_tokens: set[str] = set()
        self.logins = 0

    def open(self, org_id: str, lifetime: timedelta) -> Session:
        session = Session(f"{org_id[:15]}!AQ4AQ{secrets.token_urlsafe(66)}", self._now() + lifetime)
        self._sessions[session.token] = session
        self.logins += 1
        return session

    def find(self, token: str) -> Session:
        """The live session of an access token; INVALID_SESSION_ID otherwise."""
        session = self._sessions.get(token)
        if session is None or session.expires_at <= self._now():
            self._sessions.pop(token, None)
            raise invalid_session()
        return session

    def revoke(self, token: str) -> bool:
        """End the session of an access token, or forget a refresh token; False if it was neither."""
        if token in self._refresh_tokens:
            self._refresh_tokens.remove(token)
            return True
        return self._sessions.pop(token, None) is not None

    def expire_all(self) -> None:
        self._sessions.clear()

    def issue_refresh_token(self) -> str:
        token = "5Aep861" + secrets.token_urlsafe(60)
        self._refresh_tokens.add(token)
        return token

    def knows_refresh_token(self, token: str) -> bool:
        return token in self._refresh_tokens
