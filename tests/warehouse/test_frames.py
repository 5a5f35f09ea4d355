"""Exact arithmetic on frames."""

import doctest
from decimal import ROUND_HALF_UP, Decimal, localcontext
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.canonical import tables
from warehouse.database import engine
from warehouse.facts import frames
from warehouse.facts.frames import FactsError, millionths, quotient, running_shares

MINOR = st.integers(-(2**63) + 1, 2**63 - 1)


@pytest.mark.parametrize("module", [frames, tables, engine])
def test_examples_in_the_documentation_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


@given(MINOR, MINOR, MINOR.filter(bool))
def test_a_quotient_is_rounded_half_away_from_zero(numerator: int, factor: int, divisor: int) -> None:
    with localcontext() as context:
        context.prec = 200
        exact = Decimal(numerator * factor) / divisor
        # A tie is decided before the division is cut off at 200 digits: ties end within a few digits of the point.
        expected = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert quotient([numerator], [factor], [divisor]) == [expected]


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=8), MINOR)
def test_shares_add_up_to_what_their_weights_are_worth(weights: list[int], amount: int) -> None:
    total = sum(map(abs, weights)) or 1
    rows = [("a", weight, amount, total) for weight in weights] + [("b", 1, 7, 1)]
    frame = pl.DataFrame(rows, schema=["group", "weight", "amount", "total"], orient="row")
    *shares, other = running_shares(frame, ["group"], "weight", "amount", "total")
    assert sum(shares) == quotient([sum(weights)], [amount], [total])[0]
    assert other == 7


def test_a_quantity_that_does_not_fit_is_named() -> None:
    with pytest.raises(FactsError, match="10000000000000 is too large"):
        millionths(pl.Series(["1", "10000000000000"]))
