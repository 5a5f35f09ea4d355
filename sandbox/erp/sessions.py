"""Who may ask: the one user's password, and the tokens that login gave for it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of the one user; the password is made anew each time."""

    company: str = "TSTDRV1"
    user: str = "integration@sandbox.example"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)

    def has_password(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.password.encode())


class Sessions:
    """Tokens that live for ``lifetime``; ``opened`` counts the logins."""

    def __init__(self, now: Callable[[], datetime], lifetime: timedelta = timedelta(minutes=20)) -> None:
        self.lifetime = lifetime
        self.opened = 0
        self._now = now
        self._tokens: dict[str, datetime] = {}

    def open(self) -> tuple[str, datetime]:
        """A new token and when it expires."""
        now = self._now()
        token, expires_at = secrets.token_urlsafe(24), now + self.lifetime
        self._tokens = {known: end for known, end in self._tokens.items() if end > now} | {token: expires_at}
        self.opened += 1
        return token, expires_at

    def is_open(self, token: str) -> bool:
        expires_at = self._tokens.get(token)
        return expires_at is not None and expires_at > self._now()

    def expire_all(self) -> None:
        self._tokens = {}
