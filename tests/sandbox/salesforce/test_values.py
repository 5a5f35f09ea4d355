"""What always holds of ids, amounts and cells, whatever their value."""

import csv
import doctest
import io
from decimal import Decimal
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.bulk import delimited
from sandbox.salesforce.bulk.delimited import cell, dialect
from sandbox.salesforce.rest.calls import from_json, to_json
from sandbox.salesforce.soql import date_ranges
from sandbox.salesforce.store import ids, schema, values
from sandbox.salesforce.store.ids import long_id, make_id
from sandbox.salesforce.store.schema import parse_field
from sandbox.salesforce.store.values import stored

AMOUNT = parse_field("Amount", "currency")


@pytest.mark.parametrize("module", [date_ranges, delimited, ids, schema, values])
def test_examples_in_docstrings(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@given(st.decimals(min_value=-(10**16) + 1, max_value=10**16 - 1, places=2, allow_nan=False))
def test_an_amount_survives_the_wire_to_the_digit(amount: Decimal) -> None:
    text = to_json(stored(AMOUNT, amount)).decode()
    assert "." in text
    assert "e" not in text.lower()
    assert from_json(text.encode()) == amount


@given(st.integers(min_value=0, max_value=62**9 - 1))
def test_ids_are_told_from_their_short_form(number: int) -> None:
    made = make_id("006", number)
    assert long_id(made[:15]) == long_id(made) == made


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_any_text_survives_a_line_of_csv(cells: list[str]) -> None:
    form = dialect("SEMICOLON", "CRLF")
    assert next(csv.reader(io.StringIO(form.line(cells), newline=""), delimiter=";")) == cells


def test_cells_of_every_kind() -> None:
    assert [cell(value) for value in (None, True, 7, Decimal("7.0"), "2026-11-21")] == [
        "",
        "true",
        "7",
        "7.0",
        "2026-11-21",
    ]
