"""The time that acceptance tests and their counterparts go by."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Stands still until it is moved; sleeping moves it and is noted."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    def pass_by(self, **duration: float) -> None:
        self.now += timedelta(**duration)
