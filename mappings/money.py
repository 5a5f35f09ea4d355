"""Money: an integer of minor units and its ISO 4217 code, one value."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_MINOR = 2**63 - 1

MinorUnits = Annotated[int, Field(strict=True, ge=-MAX_MINOR, le=MAX_MINOR)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

# Scaling in the default context would round beyond 28 digits without a word.
_EXACT = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])

# ISO 4217 (list of 2024): codes whose minor unit is not a hundredth.
_EXPONENTS = {
    currency: digits
    for digits, currencies in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for currency in currencies.split()
}


def exponent(currency: str) -> int:
    """Digits after the point of the currency's minor unit: 2 for most, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def minor_units(amount: Decimal, currency: str, rounding: str | None = None) -> int:
    """The exact amount in minor units; ``rounding`` (of ``decimal``) is for amounts that are finer than they are.

    Raises ValueError, which does not spell out the amount: not finite, more than 64 bits, or finer than the minor
    unit and no rounding given.
    """
    if not amount.is_finite():
        raise ValueError("is not a finite number")
    if amount and amount.adjusted() > 18:
        raise ValueError(f"has {amount.adjusted() + 1} digits before the point; no more than 19 fit")
    digits = exponent(currency)
    try:
        minor = amount.scaleb(digits, _EXACT)
        whole = minor.to_integral_value(rounding or ROUND_HALF_EVEN)
    except (Inexact, InvalidOperation) as error:
        raise ValueError("has more than 100 digits") from error
    if whole != minor and rounding is None:
        raise ValueError(f"is finer than the minor unit of {currency} ({digits} digits); say how it is to be rounded")
    if abs(whole) > MAX_MINOR:
        raise ValueError(f"does not fit into 64 bits of minor units of {currency}")
    return int(whole)


class Money(BaseModel):
    """An amount in minor units of its currency.

    >>> Money.of(Decimal("12.50"), "USD")
    Money(minor=1250, currency='USD')
    >>> str(Money.of(Decimal("12.50"), "USD"))
    '12.50 USD'
    """

    model_config = ConfigDict(frozen=True)

    minor: MinorUnits
    currency: CurrencyCode

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """The exact amount; ValueError if it is not finite, has a fraction of a minor unit or leaves 64 bits."""
        return cls(minor=minor_units(amount, currency), currency=currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"
