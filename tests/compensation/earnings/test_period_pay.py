"""Pay of a period beside its lines: what it opens with, floors, pools, rankings, scorecards."""

from collections.abc import Sequence

import pytest

from compensation import Calculation
from tests.compensation.crediting.company import Row, component
from tests.compensation.earnings.test_limits import calculated, sold

PEOPLE = ({"payee_id": "ann"}, {"payee_id": "bea"}, {"payee_id": "cid"})
OWN_DEALS = [{"deal_id": who["payee_id"], "payee_id": who["payee_id"]} for who in PEOPLE]


def opened(found: Calculation, component: str = "pay") -> list[tuple[str, str, int]]:
    rows = found.openings.filter(component=component).sort("payee_id", "kind")
    return [row for row in rows.select("payee_id", "kind", "earning_minor").rows() if row[-1]]


def sales(*revenues: int) -> list[Row]:
    """What ann, bea and cid sold, each in a deal of their own."""
    names = (str(who["payee_id"]) for who in PEOPLE)
    pairs = zip(names, revenues, strict=False)
    return [sold(f"t{number}", revenue, deal_id=who) for number, (who, revenue) in enumerate(pairs)]


def paid(text: str, revenues: Sequence[int], more: str = "") -> list[tuple[str, str, int]]:
    return opened(calculated(text, sales(*revenues), more=more, people=PEOPLE, participants=OWN_DEALS))


@pytest.mark.parametrize(
    ("says", "rows"),
    [
        ("floor: 5", [("bea", "floor", 100), ("cid", "floor", 500)]),
        (
            "floor: 5, opening_pay: 3",
            [("ann", "opening", 300), ("bea", "opening", 300), ("cid", "floor", 200), ("cid", "opening", 300)],
        ),
        ("cap: 2, opening_pay: 3", [("ann", "opening", 200), ("bea", "opening", 200), ("cid", "opening", 200)]),
        (
            "cap: 2, opening_pay: 3, accumulate_by: deal",
            [("ann", "opening", 200), ("bea", "opening", 200), ("cid", "opening", 200)],
        ),
        ("floor: {of_target: 10%}, target_pay: 45.05", [("bea", "floor", 51), ("cid", "floor", 451)]),
    ],
)
def test_floors_and_what_a_period_opens_with(says: str, rows: list[tuple[str, str, int]]) -> None:
    assert paid(component(says, payout="{rate: 10%}"), (5_000, 4_000)) == rows


@pytest.mark.parametrize(
    ("divided", "revenues", "parts"),
    [
        ("equally", (10_000, 0, 0), [333, 334, 333]),
        ("by_measure", (3_000, 1_000, 0), [300, 100, 0]),
        ("by_measure", (3_000, -1_000, 1_000), [225, 0, 75]),
        ("by_measure", (0, 0, 0), [0, 0, 0]),
    ],
)
def test_a_pool_is_divided_by_subtraction(divided: str, revenues: tuple[int, ...], parts: list[int]) -> None:
    text = component(payout=f"{{pool: {{size: {{rate: 10%}}, of: plan, divided: {divided}}}}}")
    found = {who: minor for who, _, minor in paid(text, revenues)}
    assert [found.get(str(who["payee_id"]), 0) for who in PEOPLE] == parts


@pytest.mark.parametrize(
    ("ties", "revenues", "prizes"),
    [
        ("share", (3_000, 2_000, 1_000), [700, 400, 0]),
        ("share", (3_000, 3_000, 1_000), [550, 550, 0]),
        ("share", (3_000, 2_000, 2_000), [700, 200, 200]),
        ("each", (3_000, 3_000, 1_000), [700, 700, 0]),
        ("each", (3_000, 2_000, 2_000), [700, 400, 400]),
        ("share", (0, -1_000, 1_000), [0, 0, 700]),
    ],
)
def test_prizes_by_rank(ties: str, revenues: tuple[int, ...], prizes: list[int]) -> None:
    assert won(f"prizes: [7, 4], ties: {ties}", revenues) == prizes


@pytest.mark.parametrize(
    ("second", "ties", "revenues", "prizes"),
    [
        ("50%", "share", (3_000, 2_000, 1_000), [700, 400, 0]),
        ("50%", "share", (3_000, 0, -1_000), [700, 0, 0]),
        ("34%", "each", (3_000, 3_000, 1_000), [700, 700, 0]),
        ("34%", "nobody", (3_000, 3_000, 1_000), [0, 0, 0]),
        ("70%", "share", (1_000, 2_000, 2_000), [400, 550, 550]),
        ("10.5%", "share", (1_000, 2_000, 3_000), [0, 0, 700]),
    ],
)
def test_prizes_of_the_best_shares(second: str, ties: str, revenues: tuple[int, ...], prizes: list[int]) -> None:
    """A tenth of those who are ranked is one of them at least; the second share begins behind it."""
    assert won(f"top: [{{share: 10%, prize: 7}}, {{share: {second}, prize: 4}}], ties: {ties}", revenues) == prizes


def won(says: str, revenues: tuple[int, ...]) -> list[int]:
    contest = f"component: pay, period: year, payout: {{ranking: {{by: sold, {says}}}}}"
    text = f"{component(name='sales')}\n{contest}"
    found = {who: minor for who, _, minor in paid(text, revenues, "figures: {sold: {total_of: sales}}")}
    return [found.get(str(who["payee_id"]), 0) for who in PEOPLE]


@pytest.mark.parametrize(
    ("says", "pays"),
    [
        ("", [3_500, 4_000, 3_000]),
        ("cap: 35", [3_500, 3_500, 3_000]),
        ("cap: {amount: 35, before_modifiers: yes}", [3_500, 3_500, 3_000]),
        ("cap: {of_target: 90%}", [3_500, 3_600, 3_000]),
        ("rounding: {to: 10, mode: down}", [3_000, 4_000, 3_000]),
    ],
)
def test_a_scorecard_is_weighed(says: str, pays: list[int]) -> None:
    """The weights are those of 10 and 30 out of 40; the second KPI is met by everybody."""
    words = f", {says}" if says else ""
    own = "{kpi: own, figure: sold, weight: 10%, points: [{at: 0, score: 0%}, {at: 100, score: 100%}]}"
    met = "{kpi: met, figure: sold, weight: 30%, bands: [{from: 0, score: 100%}]}"
    card = f"component: pay, period: year, target_pay: 40, payout: {{scorecard: [{own}, {met}]}}{words}"
    found = paid(f"{component(name='sales')}\n{card}", (5_000, 10_000, 0), "figures: {sold: {total_of: sales}}")
    assert [minor for _, _, minor in found] == pays
