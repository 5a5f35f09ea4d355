"""Pay of a period beside its lines: what it opens with, floors, pools, rankings, scorecards."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from compensation import Calculation
from compensation.earnings.accumulators import AccumulatorKey
from compensation.earnings.calculation import history
from compensation.earnings.engine import Engine
from compensation.plans.periods import Period
from tests.compensation.crediting.company import Row, component, facts, plan
from tests.compensation.earnings.test_limits import LAST, calculated, earnings, sold

PEOPLE = ({"payee_id": "ann"}, {"payee_id": "bea"}, {"payee_id": "cid"})
OWN_DEALS = [{"deal_id": who["payee_id"], "payee_id": who["payee_id"]} for who in PEOPLE]


UP = "modifiers: [{modifier: up, by: sold, bands: [{from: 0, factor: 120%}]}]"


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
        ("floor: 4.01", [("bea", "floor", 1), ("cid", "floor", 401)]),
        (
            "cap: {amount: 2, per: transaction}, opening_pay: 3, accumulate_by: deal",
            [("ann", "opening", 300), ("bea", "opening", 300), ("cid", "opening", 300)],
        ),
        (
            f"cap: {{amount: 2, before_modifiers: yes}}, opening_pay: 3, {UP}",
            [("ann", "opening", 240), ("bea", "opening", 240), ("cid", "opening", 240)],
        ),
        ("cap: 2, opening_pay: 3", [("ann", "opening", 200), ("bea", "opening", 200), ("cid", "opening", 200)]),
        (
            "cap: 2, opening_pay: 3, accumulate_by: deal",
            [("ann", "opening", 200), ("bea", "opening", 200), ("cid", "opening", 200)],
        ),
        (
            "cap: {of_target: 10%}, target_pay: 45.05, opening_pay: 5, accumulate_by: deal",
            [("ann", "opening", 451), ("bea", "opening", 451), ("cid", "opening", 451)],
        ),
        ("floor: {of_target: 10%}, target_pay: 45.05", [("bea", "floor", 51), ("cid", "floor", 451)]),
    ],
)
def test_floors_and_what_a_period_opens_with(says: str, rows: list[tuple[str, str, int]]) -> None:
    assert paid(component(says, payout="{rate: 10%}"), (5_000, 4_000), "figures: {sold: {total_of: pay}}") == rows


def test_who_earns_just_the_floor_is_not_lifted() -> None:
    found = calculated(
        component("floor: 5", payout="{rate: 10%}"), sales(5_000), people=PEOPLE[:1], participants=OWN_DEALS
    )
    assert "floor" not in found.openings["kind"]


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
    ("divided", "revenues", "parts"),
    [
        ("by_measure", (2, 0, -1), [900, 0, 0]),
        ("sold", (3_000, -50, 1_000), [675, 0, 225]),
        ("selling", (3_000, 1_000, 0), [450, 450, 0]),
    ],
)
def test_who_sells_nothing_has_no_part(divided: str, revenues: tuple[int, ...], parts: list[int]) -> None:
    """Nine dollars among those who sell; ``selling`` is 1 for them, and for the others not known."""
    text = component(payout=f"{{pool: {{size: {{amount: 9}}, of: plan, divided: {divided}}}}}")
    figures = "figures: {sold: {total_of: sales}, selling: {ratio: [sold, sold]}}"
    found = {who: minor for who, _, minor in paid(f"{component(name='sales')}\n{text}", revenues, figures)}
    assert [found.get(str(who["payee_id"]), 0) for who in PEOPLE] == parts


def test_a_pool_whose_quotas_are_missing_and_count_as_met() -> None:
    """A fifth of 40 dollars, as at 100 % of a quota; a third of 800 cents each."""
    size = "{whole_amount_tiers: [{from: 0%, rate: 10%}, {from: 100%, rate: 20%}, {from: 200%, rate: 30%}]}"
    text = component("quota: {when_missing: is_met}", payout=f"{{pool: {{size: {size}, of: plan, divided: equally}}}}")
    assert [minor for _, _, minor in paid(text, (3_000, 1_000, 0))] == [267, 266, 267]


def test_the_first_of_a_pool_stands_for_its_quota() -> None:
    """Ann joins at the half of the year: with half of the quota of 100 dollars the 60 that are sold pay a fifth."""
    people: list[Row] = [{"payee_id": "ann", "from_on": date(2026, 7, 1)}, {"payee_id": "bea"}]
    size = "{whole_amount_tiers: [{from: 0%, rate: 10%}, {from: 100%, rate: 20%}]}"
    says = "quota: {amount: 100, prorated: by_months}"
    text = component(says, payout=f"{{pool: {{size: {size}, of: plan, divided: equally}}}}")
    found = calculated(text, [sold("t0", 6_000, deal_id="bea")], people=people, participants=OWN_DEALS)
    assert opened(found) == [("ann", "pool", 600), ("bea", "pool", 600)]


@pytest.mark.parametrize("turned", [1, -1])
def test_a_pool_is_divided_in_the_order_of_payees(turned: int) -> None:
    """Half of five cents is three for the first, and two are left, in whichever order the periods are named."""
    known = facts(PEOPLE[:2], transactions=sales(50), participants=OWN_DEALS)
    engine = Engine.of(known, [plan(component(payout="{pool: {size: {rate: 10%}, of: plan, divided: equally}}"))])
    year = Period("2026", date(2026, 1, 1), date(2027, 1, 1))
    keys = [AccumulatorKey("", 0, who, who, year) for who in ("ann", "bea")]
    earned = engine.run(engine.credits(history(known, LAST)), [], LAST, in_force=keys[::turned])
    assert {pay.key.payee_id: pay.minor for pay in earned.pays} == {"ann": 3, "bea": 2}


@pytest.mark.parametrize(
    ("says", "last_on"),
    [("", date(2026, 12, 31)), ("window: {from: 2026-01-01, through: 2026-06-30}", date(2026, 6, 30))],
)
def test_a_team_is_that_of_the_last_day(says: str, last_on: date) -> None:
    """Ann is in bea's team on that day alone, and takes the higher prize there; each would have it otherwise."""
    after = last_on + timedelta(days=1)
    people = (
        {"payee_id": "ann", "team": "A", "to_on": last_on},
        {"payee_id": "ann", "team": "B", "from_on": last_on, "to_on": after},
        {"payee_id": "ann", "team": "C", "from_on": after},
        {"payee_id": "bea", "team": "B"},
    )
    contest = "component: pay, period: year, payout: {ranking: {by: sold, among: team, prizes: [7, 4]}}"
    text = f"{component(name='sales')}\n{contest}{says and ', '}{says}"
    figures = "figures: {sold: {total_of: sales}}"
    found = calculated(text, sales(3_000, 2_000), more=figures, people=people, participants=OWN_DEALS)
    assert opened(found) == [("ann", "ranking", 700), ("bea", "ranking", 400)]


@pytest.mark.parametrize(
    ("ties", "revenues", "prizes"),
    [
        ("share", (3_000, 2_000, 1_000), [700, 400, 0]),
        ("share", (3_000, 3_000, 1_000), [550, 550, 0]),
        ("share", (3_000, 2_000, 2_000), [700, 200, 200]),
        ("each", (3_000, 3_000, 1_000), [700, 700, 0]),
        ("each", (3_000, 2_000, 2_000), [700, 400, 400]),
        ("share", (1_000, 1_000, 1_000), [367, 366, 367]),
        ("nobody", (3_000, 2_000, 2_000), [700, 0, 0]),
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
        (f"cap: {{amount: 35, before_modifiers: yes}}, {UP}", [4_200, 4_200, 3_600]),
        (f"cap: 35, {UP}", [3_500, 3_500, 3_500]),
        (f"{UP}, gates: [{{figure: sold, at_least: 1000, otherwise: target}}]", [4_000, 4_000, 3_600]),
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
    figures, text = "figures: {sold: {total_of: sales}}", f"{component(name='sales')}\n{card}"
    found = calculated(text, sales(5_000, 10_000), more=figures, people=PEOPLE, participants=OWN_DEALS)
    assert [minor for _, _, minor in opened(found)] == pays
    of_ann = found.scores.filter(payee_id="ann").select("kpi", "value", "score", "weighted")
    assert of_ann.rows() == [("own", "50", "1/2", "1/8"), ("met", "50", "1", "3/4")]


@pytest.mark.parametrize(
    ("grid", "pays"),
    [("[[1, 2], [3, 4]]", [400, 0, 100]), ("[[10%, 0], [0, 50%]]", [2_000, 0, 400]), ("[[0, 7], [5, 0]]", [0, 0, 0])],
)
def test_a_matrix_pays_amounts_or_parts_of_the_target_pay(grid: str, pays: list[int]) -> None:
    """Ann sells above both bounds; of bea one figure is not known, so she has no pay; cid sells below both bounds."""
    axes = "rows: {by: sold, from: [0, 50]}, columns: {by: selling, from: [0, 1]}"
    matrix = f"component: pay, period: year, target_pay: 40, payout: {{matrix: {{{axes}, pays: {grid}}}}}"
    figures = "figures: {sold: {total_of: sales}, selling: {product: [0.02, sold, {ratio: [sold, sold]}]}}"
    found = {who: minor for who, _, minor in paid(f"{component(name='sales')}\n{matrix}", (5_000, 0, 1_000), figures)}
    assert [found.get(str(who["payee_id"]), 0) for who in PEOPLE] == pays


def test_a_gate_leaves_the_target_pay() -> None:
    """A tenth of 200 dollars, and at most five because of the gate, though nothing else looks at a target pay."""
    text = component("target_pay: 5, gates: [{figure: sold, below: 100, otherwise: target}]", payout="{rate: 10%}")
    found = calculated(text, [sold("t0", 20_000)], more="figures: {sold: {total_of: pay}}")
    assert earnings(found) == [500]
