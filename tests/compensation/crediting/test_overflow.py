"""The narrowest integers that hold all that is calculated on the way to a credit, and credits too large for any."""

from collections.abc import Mapping, Sequence

import polars as pl
import pytest

from compensation.crediting.matched import Matched
from compensation.crediting.overflow import narrowest_for
from compensation.errors import PayOverflowError
from compensation.exact_columns import EXACT_TYPE, SHORT_TYPE
from compensation.plans.rules import rules_of
from tests.compensation.crediting.company import component, plan

RULES = rules_of([plan(f"{component(name='second')}\n{component(name='first')}")])
FITS = 2**62 - 5
"""The largest amount of which 2 * (amount + 2) + 2 * 1, the last step's products, and twice one are below 2**63."""


def narrowest(
    columns: Mapping[str, Sequence[int | None]], names: Sequence[str] = ("base",), unit: int = 1
) -> pl.DataType:
    """Of credits with those factors: the first of each component to bea, then to ann; before is 0 unless it is told."""
    number = len(next(iter(columns.values())))
    zeros = {f"{name}_before": [0] * number for name in names}
    factors = {name: pl.Series(values, dtype=EXACT_TYPE) for name, values in {**zeros, **columns}.items()}
    raw = pl.DataFrame({"rule": [at % 2 for at in range(number)], **factors})
    rows = pl.DataFrame({"document": [0] * number, "place": [at // 2 for at in range(number)], "rule": raw["rule"]})
    matched = Matched(rows, pl.DataFrame(), pl.DataFrame({"payee_id": ["bea", "ann"]}))
    return narrowest_for(raw, matched, RULES, names, unit)


@pytest.mark.parametrize(
    ("columns", "fits"),
    [
        ({"base_after": [FITS]}, True),
        ({"base_after": [-FITS]}, True),
        ({"base_after": [FITS + 1]}, False),
        ({"base_after": [-FITS - 1]}, False),
        ({"base_after": [0], "base_before": [FITS + 1]}, False),
        ({"base_after": [1, -FITS - 1]}, False),
    ],
)
def test_an_amount_alone(columns: Mapping[str, list[int]], fits: bool) -> None:
    assert narrowest(columns) == (SHORT_TYPE if fits else EXACT_TYPE)


@pytest.mark.parametrize(
    ("num", "den", "fits"),
    [
        (2**61 - 2, 1, True),
        (2**61 - 1, 1, False),
        (2**61 - 4, 6, True),
        (2**61 - 3, 6, False),
        (1, 2**62 - 4, True),
        (1, 2**62 - 3, False),
    ],
)
def test_a_rate_by_an_amount_and_beside_its_denominator(num: int, den: int, fits: bool) -> None:
    """Of nothing, converted last: two steps have added one each, 2 * (0 + 2) * num + 2 + 2 * den is below 2**63.

    The rate is one by (2**62 - 4): 2 * (0 + 2) + 2 + 2**63 - 8 is 2**63 - 2.
    """
    found = narrowest({"base_after": [0], "base_num": [num], "base_den": [den]})
    assert found == (SHORT_TYPE if fits else EXACT_TYPE)


def test_the_largest_numerator_stands_beside_the_largest_denominator_of_other_credits() -> None:
    assert narrowest({"base_after": [0, 0], "base_num": [2**61 - 4, 1], "base_den": [1, 6]}) == SHORT_TYPE
    assert narrowest({"base_after": [0, 0], "base_num": [2**61 - 3, 1], "base_den": [1, 6]}) == EXACT_TYPE


@pytest.mark.parametrize(("amount", "fits"), [(2**60 - 4, True), (2**60 - 3, False)])
def test_a_share_of_a_part(amount: int, fits: bool) -> None:
    """Four eighths, then three of a third of it: the first product is 2 * (amount + 1) * 4 + 2 * 8 + 2 * 3 < 2**63."""
    found = narrowest({"base_after": [amount], "credited_to": [4], "share_num": [1], "share_den": [3]}, unit=8)
    assert found == (SHORT_TYPE if fits else EXACT_TYPE)


@pytest.mark.parametrize(("amount", "fits"), [(2**62 - 103, True), (2**62 - 102, False)])
def test_a_part_of_a_whole_that_is_counted_finely(amount: int, fits: bool) -> None:
    """A hundredth: 2 * (amount + 1) * 1 + 2 * 100 + 2 * 1 is below 2**63."""
    assert narrowest({"base_after": [amount], "credited_to": [1]}, unit=100) == (SHORT_TYPE if fits else EXACT_TYPE)


def test_what_looks_at_another_measure_counts_as_much() -> None:
    both = ("base", "position")
    assert narrowest({"base_after": [1], "position_after": [FITS]}, both) == SHORT_TYPE
    assert narrowest({"base_after": [1], "position_after": [FITS + 1]}, both) == EXACT_TYPE


def test_no_credits_fit_anywhere() -> None:
    assert narrowest({"base_after": []}) == SHORT_TYPE


def test_what_is_missing_is_as_small_as_nothing() -> None:
    assert narrowest({"base_after": [None, 5], "base_num": [None, 1], "base_den": [None, 1]}) == SHORT_TYPE


BEYOND = FITS + 2
"""Rounded three times it is 2**62, twice of which is beyond what is stored."""


@pytest.mark.parametrize(
    ("columns", "payee", "name"),
    [
        ({"base_after": [1, BEYOND, 1, 1]}, "bea", "first"),
        ({"base_after": [BEYOND, BEYOND]}, "bea", "first"),
        ({"base_after": [1, -BEYOND, BEYOND, 1]}, "ann", "second"),
        ({"base_after": [1, 1], "base_before": [-BEYOND, 0]}, "bea", "second"),
        ({"base_after": [2**61, 9, 9, 2**61], "base_num": [1, 2, 2, 2], "base_den": [1] * 4}, "ann", "first"),
        ({"base_after": [9, 2**61, 9, 9], "base_num": [None, 2, 1, 1], "base_den": [None, 1, 1, 1]}, "bea", "first"),
        ({"base_after": [9, -(2**61)], "base_num": [2, 2], "base_den": [1, 1]}, "bea", "first"),
        ({"base_after": [2**61, 9], "share_num": [2, 1], "share_den": [1, 1]}, "bea", "second"),
    ],
)
def test_the_first_payee_and_component_beyond_all_integers_is_named(
    columns: Mapping[str, list[int | None]], payee: str, name: str
) -> None:
    with pytest.raises(PayOverflowError) as refused:
        narrowest(columns)
    assert (refused.value.payee_id, refused.value.component, refused.value.what) == (payee, name, "a credit")


def test_credits_that_fit_one_by_one_are_not_refused_for_the_largest_factors_of_all() -> None:
    assert narrowest({"base_after": [2**61, 9], "base_num": [1, 2], "base_den": [1, 1]}) == EXACT_TYPE
    assert narrowest({"base_after": [2**61, 2**61], "base_num": [1, 4], "base_den": [1, 4]}) == EXACT_TYPE
    assert narrowest({"base_after": [2**61, 2**61], "share_num": [1, 4], "share_den": [1, 4]}) == EXACT_TYPE
    assert narrowest({"base_after": [BEYOND], "base_num": [None], "base_den": [None]}) == EXACT_TYPE
    assert narrowest({"base_after": [None, 2**61], "base_num": [3 * 2**59, 1], "base_den": [1, 1]}) == EXACT_TYPE


def test_what_the_tiers_look_at_is_refused_as_well() -> None:
    both = ("base", "position")
    with pytest.raises(PayOverflowError):
        narrowest({"base_after": [1], "position_after": [BEYOND]}, both)
