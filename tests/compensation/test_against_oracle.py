"""The engine against the oracle, to the cent, on generated companies and plans over the whole language."""

import random

import pytest

from compensation.examples.outcome import currencies_of, happened
from compensation.plans.examples import StoryExample
from mappings.money import exponent
from tests.compensation.test_worked_examples import FILES, plan_of
from tests.compensation.worlds import NOT_YET
from tests.compensation.worlds.comparing import compared, differences_on
from tests.compensation.worlds.comparing_settled import differences_when_settled
from tests.compensation.worlds.rows import rows_of

WORLDS, ROUNDS = 7, 4
"""Together these are more than ten thousand payees' periods in which something is credited or paid."""


@pytest.mark.parametrize("first", range(0, WORLDS * ROUNDS, WORLDS))
def test_every_cent_is_the_same(first: int) -> None:
    cases = 0
    for seed in range(first, first + WORLDS):
        comparison = compared(seed)
        assert not comparison.differences, "\n\n".join(comparison.differences[:3])
        cases += comparison.cases
    assert cases >= 10_000 // ROUNDS


CORNERS = (
    *("versions", "other_limits", "limits", "deal", "transaction", "rate_reached", "accumulate_by"),
    *("caps", "share_caps", "first_match", "recurs", "returns_current"),
)
"""Where features meet: limits that go on from version to version, instalments under them, shares of what is left."""


@pytest.mark.parametrize("seed", [7_002, 7_003, 7_005, 7_010])
def test_every_cent_is_the_same_where_features_meet(seed: int) -> None:
    comparison = compared(seed, plans=8, wanted=CORNERS)
    assert not comparison.differences, "\n\n".join(comparison.differences[:3])
    assert comparison.cases >= 200


ODD = (
    *("oddities", "cases", "matrix_rates", "rare_axes", "rare_filters", "filter", "own", "accumulate_by", "roles"),
    *("coverage", "role_shares", "role_remainder", "remainder", "recurs"),
    *("earnings_of", "successor", "exchange", "returns_current"),
    *("per_seat", "by_seats", "margin_ratio", "few_seats", "more_seats"),
    *("by_revenue", "by_margin", "by_margin_ratio", "by_count", "by_instalment"),
)
"""What is credited in unusual ways, in companies with oddities."""


@pytest.mark.parametrize("seed", [0, 3])
def test_every_cent_is_the_same_where_companies_are_odd(seed: int) -> None:
    comparison = compared(seed, plans=4, wanted=ODD)
    assert not comparison.differences, "\n\n".join(comparison.differences[:3])
    assert comparison.cases >= 300


@pytest.mark.parametrize("name", FILES)
def test_the_oracle_pays_published_examples_alike(name: str) -> None:
    """What the engine pays there is as published, see the worked examples; so the oracle is right about them too."""
    plan = plan_of(name)
    for example in plan.examples:
        if isinstance(example, StoryExample):
            told = happened(plan, example, {each: exponent(each) for each in currencies_of(plan, example)})
            rows = rows_of(told.facts)
            earned = differences_on(rows, [told.plan], example.name, told.as_of)
            settled = differences_when_settled(told.settlement, rows, [told.plan], example.name, told.as_of)
            assert not [*earned.differences, *settled.differences]


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_every_cent_is_the_same_a_million_times() -> None:
    seeds = random.SystemRandom()
    cases = 0
    while cases < 1_000_000:
        seed = seeds.randrange(10**12)
        print(f"seed {seed}, {cases} cases so far")  # noqa: T201  # says how to repeat it
        comparison = compared(seed)
        assert not comparison.differences, "\n\n".join(comparison.differences[:3])
        cases += comparison.cases


def test_nothing_of_the_language_is_left_out() -> None:
    assert not NOT_YET
