"""Money: an integer of minor units and its ISO 4217 code, one value."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_MINOR = 2**63 - 1

MinorUnits = Annotated[int, Field(strict=True, ge=-MAX_MINOR, le=MAX_MINOR)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

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
        if not amount.is_finite():
            raise ValueError(f"{amount} is not an amount: it is not a finite number")
        if amount.adjusted() > 18:
            raise ValueError(f"an amount of more than 19 digits does not fit ({amount.adjusted() + 1} digits)")
        minor = amount.scaleb(exponent(currency))
        if minor != minor.to_integral_value():
            raise ValueError(f"{amount} {currency} has a fraction of its minor unit; say how it is to be rounded")
        return cls(minor=int(minor), currency=currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"
