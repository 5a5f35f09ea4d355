"""The payee's currency: each release at the rate of its day; what is taken back takes what it had been converted to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tests.compensation.oracle.company import Company
from tests.compensation.oracle.numbers import half_away
from tests.compensation.oracle.releasing import Released


@dataclass(frozen=True)
class Converted:
    """A release with what it is in the payee's currency."""

    released: Released
    currency: str
    minor: int


class PayCurrency:
    """In which currency everybody is paid, and what amounts are in it."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def on(self, payee: str, day: date, otherwise: str) -> str:
        """That of the assignment of the day, or of the last one before; ``otherwise`` where none names any."""
        row = self._company.last_before(payee, day + timedelta(days=1))
        return (row["pay_currency"] if row else None) or otherwise

    def exact(self, minor: Fraction | int, origin: str, target: str, day: date) -> Fraction:
        """An amount in minor units of the other currency, not rounded."""
        rate = self._company.in_minor(self._company.rate(origin, target, day), origin, target)
        assert rate is not None, f"no rate from {origin} to {target} on {day}"
        return minor * rate

    def converted(self, releases: Iterable[Released]) -> list[Converted]:
        """The releases; those of one name are rounded in each currency on what they add up to."""
        standing: dict[object, tuple[int, Fraction]] = {}
        converted = []
        for each in sorted(releases, key=lambda each: each.day):
            currency = self.on(each.piece.payee, each.day, each.piece.plan.currency)
            key = (each.family, currency)
            before = standing.get(key, (0, Fraction(0)))
            rate = self.exact(1, each.piece.plan.currency, currency, each.day)
            after = standing[key] = _with(before, each.minor, rate)
            converted.append(Converted(each, currency, half_away(after[1]) - half_away(before[1])))
        return converted


def _with(standing: tuple[int, Fraction], more: int, rate: Fraction) -> tuple[int, Fraction]:
    """What is released and what that is worth, after more is released or a part is taken back."""
    minor, worth = standing
    if minor * more >= 0:
        return minor + more, worth + more * rate
    if abs(more) <= abs(minor):
        return minor + more, worth * Fraction(minor + more, minor)
    return minor + more, (minor + more) * rate
