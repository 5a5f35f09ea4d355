"""After a change of a deal: what it touches is recalculated to the cents of a full calculation, and nothing else."""

from dataclasses import replace

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compensation import Facts, Plan, calculate, parse_plan
from compensation.partitions.crediting import credit_deals
from compensation.partitions.recalculating import CreditStore, Recalculation
from tests.compensation.worlds.small import LAST, Transaction, World, components, facts_of, plan_of, worlds

PROPERTY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
HANGING = parse_plan(
    """\
plan: Hanging
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
caps: [{cap: most, components: [direct, above], amount: 9000, period: year}]
components:
  - {component: direct, credited_on: invoice, period: quarter, payout: {rate: 5%}, opening_pay: 100}
  - {component: above, credited_on: invoice, credit_to: all_managers, period: month, payout: {rate: 2%}}
""",
    "hanging.yaml",
)
CHANGED = "crm:D0"
PLACE = ["payee_id", "plan", "component", "period_start"]


@PROPERTY
@given(worlds(), st.data())
def test_a_changed_deal_gives_the_lines_of_a_full_calculation(world: World, data: st.DataObject) -> None:
    plans = [plan_of([data.draw(components(f"c{number}")) for number in range(3)])]
    _assert_same(world, data.draw(st.sampled_from([1, 3, 7])), plans, [])


@PROPERTY
@given(worlds(), st.sampled_from([1, 3, 7]))
def test_where_pay_hangs_together_all_of_the_plan_is_recalculated(world: World, factor: int) -> None:
    _assert_same(world, factor, [HANGING], ["plan"])


def _assert_same(world: World, factor: int, plans: list[Plan], whole: list[str]) -> None:
    """``whole``: how much of a payee's pay takes the place of what was, beside the accumulators."""
    then, now = (
        facts_of(world),
        facts_of(replace(world, transactions=[_more(each, factor) for each in world.transactions])),
    )
    before, after = (calculate(facts, plans, as_of=LAST) for facts in (then, now))
    store = CreditStore(credit_deals(then, plans, as_of=LAST).credits)
    recalculation = Recalculation(then, plans, store, as_of=LAST)
    deals = replace(now, transactions=_of(now.transactions), participants=_of(now.participants))
    credited = recalculation.credited(deals)
    units = {*credited["unit"], *credit_deals(_only(then), plans, as_of=LAST).credits["unit"]}
    for unit in sorted(units):
        payee_id = unit.removeprefix("payee ")
        found = recalculation.of(unit, [CHANGED], credited)
        for name in ("lines", "openings") if whole else ("lines",):
            new, old, full = (
                getattr(each, name).filter(pl.col("payee_id") == payee_id) for each in (found, before, after)
            )
            kept = old.join(new, on=["payee_id", *whole] if whole else PLACE, how="anti")
            assert _sorted(pl.concat([kept, new])).equals(_sorted(full))


def _more(each: Transaction, factor: int) -> Transaction:
    if each.deal != CHANGED:
        return each
    return replace(each, revenue=each.revenue * factor, margin=each.margin * factor, quantity=each.quantity * factor)


def _only(facts: Facts) -> Facts:
    return replace(facts, transactions=_of(facts.transactions), participants=_of(facts.participants))


def _of(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("deal_id") == CHANGED)


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(frame.columns)
