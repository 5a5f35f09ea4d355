"""What is earned is the same to the cent in 64 bits and in exact integers, by packed numbers and by all columns."""

from collections.abc import Callable

import pytest
from polars.testing import assert_frame_equal

from compensation import Calculation, calculate, packing
from compensation.earnings import lines
from compensation.exact_columns import EXACT_TYPE
from tests.compensation.crediting.company import component, plan
from tests.compensation.crediting.test_ways import company
from tests.compensation.earnings.test_limits import LAST

TIERS = (
    "{marginal_tiers: [{from: 0, to: 50000, rate: 1.7%}, {from: 50000, to: 90000, rate: 3%}, {from: 90000, rate: 7%}]}"
)
PAID = plan(
    "\n".join(
        (
            component(name="tiers", payout=TIERS),
            component("period: quarter, rounding: {to: 0.05, mode: half_even}", name="to_fives", payout=TIERS),
            component("accumulate_by: deal, opening_pay: 3", name="deals", payout=TIERS),
            component("rounding: {each_line: yes}", name="by_line"),
            component(name="cases", payout="{by: product, cases: [{when: A, rate: 1.3%}, {when: other, rate: 0.1%}]}"),
        )
    )
)


def _packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", 0)


def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "refuse_overflow", lambda *_: EXACT_TYPE)


def calculated(seed: int) -> Calculation:
    return calculate(company(seed), [PAID], as_of=LAST)


@pytest.mark.parametrize("way", [_packed, _exact])
def test_the_earnings_are_the_same(way: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plainly = calculated(2)
    assert plainly.lines["earning_minor"].n_unique() > 150
    way(monkeypatch)
    assert_frame_equal(calculated(2).lines, plainly.lines)
