"""Money is exact: what comes in as a number of the wire goes out as the same number, or is refused."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.money import MAX_MINOR, Money, exponent, minor_units

currencies = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])
minors = st.integers(-MAX_MINOR, MAX_MINOR)


@given(minors, currencies)
def test_every_amount_of_whole_minor_units_comes_back_as_it_was(minor: int, currency: str) -> None:
    amount = Decimal(minor).scaleb(-exponent(currency))
    assert minor_units(amount, currency) == minor
    assert Money(minor=minor, currency=currency).amount == amount


@given(minors, currencies, st.integers(1, 30))
def test_trailing_zeros_change_nothing(minor: int, currency: str, zeros: int) -> None:
    digits = exponent(currency)
    text = f"{Decimal(minor).scaleb(-digits):f}"
    padded = Decimal(text + ("." if digits == 0 else "") + "0" * zeros)
    assert minor_units(padded, currency) == minor


@given(minors, currencies, st.integers(1, 60))
def test_a_fraction_of_a_minor_unit_is_refused_however_small(minor: int, currency: str, place: int) -> None:
    text = f"{Decimal(minor).scaleb(-exponent(currency)):f}"
    finer = text + ("." if "." not in text else "") + "0" * (place - 1) + "1"
    with pytest.raises(ValueError, match=r"finer than the minor unit|more than 100 digits"):
        minor_units(Decimal(finer), currency)


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=6), currencies)
def test_a_declared_rounding_moves_an_amount_by_no_more_than_half_a_minor_unit(amount: Decimal, currency: str) -> None:
    minor = minor_units(amount, currency, ROUND_HALF_EVEN)
    assert abs(Decimal(minor).scaleb(-exponent(currency)) - amount) <= Decimal("0.5").scaleb(-exponent(currency))


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("NaN", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("1e400", "401 digits before the point"),
        ("10000000000000000000", "20 digits before the point"),
        ("9223372036854775807", "does not fit into 64 bits"),
        ("92233720368547758.08", "does not fit into 64 bits"),
        ("0." + "1" * 200, "more than 100 digits"),
        ("12.345", "finer than the minor unit of USD"),
    ],
)
def test_what_does_not_fit_is_refused_without_spelling_out_the_amount(amount: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        minor_units(Decimal(amount), "USD")
    assert amount not in str(refused.value)


def test_eighteen_digits_are_exact() -> None:
    assert str(Money.of(Decimal("12345678901234567.89"), "USD")) == "12345678901234567.89 USD"
    assert str(Money.of(Decimal(123456789012345678), "JPY")) == "123456789012345678 JPY"
    assert str(Money.of(Decimal("-0.01"), "USD")) == "-0.01 USD"
