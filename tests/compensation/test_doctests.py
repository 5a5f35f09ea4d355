"""The examples in docstrings hold."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "exact",
        "plans.typed_numbers",
        "plans.periods",
        "estimates.reasons",
        "payments.balances",
        "payments.pay_currency",
    ],
)
def test_the_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"compensation.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
