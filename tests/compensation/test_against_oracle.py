"""The engine against the oracle, to the cent, on generated plans and credits."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compensation import Calculation, calculate
from tests.compensation.oracle import Component, World, earnings
from tests.compensation.worlds import LAST, TITLES, components, facts_of, plan_of, worlds

# Shrinking a generated company takes minutes; the seed that Hypothesis prints repeats a failure.
THOROUGH = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


def engine_lines(calculation: Calculation) -> dict[tuple[Any, ...], int]:
    columns = ("transaction_id", "component", "payee_id", "via_payee_id", "earning_minor")
    return {tuple(key): earning for *key, earning in calculation.lines.select(columns).iter_rows()}


@THOROUGH
@given(worlds(), st.data())
def test_every_line_earns_the_same_cents(world: World, data: st.DataObject) -> None:
    check_lines(world, data)


@pytest.mark.soak
@settings(THOROUGH, max_examples=5_000)
@given(worlds(), st.data())
def test_every_line_earns_the_same_cents_at_length(world: World, data: st.DataObject) -> None:
    check_lines(world, data)


def check_lines(world: World, data: st.DataObject) -> None:
    written: list[Component] = [data.draw(components(f"c{number}")) for number in range(3)]
    expected = earnings(world, written, TITLES, "USD")
    calculation = calculate(facts_of(world), [plan_of(written)], as_of=LAST)
    assert engine_lines(calculation) == expected.lines


@THOROUGH
@given(worlds(), st.data())
def test_opening_and_lines_add_up_to_the_rounded_total(world: World, data: st.DataObject) -> None:
    written = [data.draw(components(f"c{number}", mode="curve")) for number in range(2)]
    calculation = calculate(facts_of(world), [plan_of(written)], as_of=LAST)
    expected = earnings(world, written, TITLES, "USD").totals
    openings: dict[tuple[str, str, date], int] = {
        (row["payee_id"], row["component"], row["period_start"]): row["earning_minor"]
        for row in calculation.openings.iter_rows(named=True)
    }
    totals = {
        (row["payee_id"], row["component"], row["period_start"]): row["earning_minor"]
        for row in calculation.totals().iter_rows(named=True)
    }
    assert totals.keys() == openings.keys()
    assert totals == {key: openings[key] + expected.get(key, 0) for key in openings}
