"""What a run stands on: what was booked before, totals that figures look at, what other components pay; and totals."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from compensation import Calculation, PayOverflowError
from compensation.earnings.accumulators import AccumulatorKey
from compensation.earnings.calculation import history
from compensation.earnings.engine import Engine
from compensation.earnings.runs import Earned
from compensation.exact import MAX_MINOR, exact_series
from compensation.plans.periods import Period
from tests.compensation.crediting.company import Row, component, facts, plan
from tests.compensation.earnings.test_limits import ALONE, LAST, PEOPLE, calculated, earnings, paid, sold

YEAR = Period("2026", date(2026, 1, 1), date(2027, 1, 1))
TEN = "{rate: 10%}"


def test_positions_begin_where_those_that_are_booked_end() -> None:
    """Ann is at 40 dollars, bea at none; from 50 on a tenth is paid."""
    known = facts(
        PEOPLE,
        transactions=[sold("t0", 3_000), sold("t1", 3_000, deal_id="E")],
        participants=[{"payee_id": "ann"}, {"payee_id": "bea", "deal_id": "E"}],
    )
    tiers = component(payout="{marginal_tiers: [{from: 0, rate: 0%}, {from: 50, rate: 10%}]}")
    engine = Engine.of(known, [plan(tiers)])
    starts = {AccumulatorKey("", 0, "ann", "ann", YEAR): 4_000}
    earned = engine.run(engine.credits(history(known, LAST)), [], LAST, starts)
    assert earned.lines.select("before", "earning_minor").rows() == [(4_000, 200), (0, 0)]


@pytest.mark.parametrize(("through", "pays"), [(None, 1_000), ({("", 0): date(2026, 5, 10)}, 2_500)])
def test_a_rule_is_calculated_as_of_a_day_of_its_own(through: dict[tuple[str, int], date] | None, pays: int) -> None:
    """Five dollars for each month since the first of January, the second and the fifth of which have begun."""
    known = facts([{"payee_id": "ann", "hired_on": date(2026, 1, 1)}])
    months = "modifiers: [{modifier: months, by: months, at_least: 0, at_most: 99}]"
    text = f"component: pay, period: ever, opening_pay: 5, {months}"
    engine = Engine.of(known, [plan(text, more="figures: {months: {tenure_months: yes}}")])
    day = date(2026, 2, 10)
    earned = engine.run(engine.credits(history(known, day)), [""], day, through=through)
    assert [pay.minor for pay in earned.pays] == [pays]


@pytest.mark.parametrize(("revenue", "earns"), [(4_500, 225), (5_000, 500), (6_000, 600)])
def test_a_gate_reads_what_its_own_component_pays(revenue: int, earns: int) -> None:
    """A tenth of what is sold; the half of it where it is less than five dollars."""
    text = component("gates: [{figure: earned, at_least: 5, otherwise: 50%}]", payout=TEN)
    assert earnings(calculated(text, [sold("t0", revenue)], more="figures: {earned: {earnings_of: pay}}")) == [earns]


@pytest.mark.parametrize("also", ["", component("period: year", name="also")])
def test_half_months_count_their_own_days(also: str) -> None:
    """Ten dollars in the first half of February, 100 in the second; a tenth is paid only for the second."""
    text = component("period: half-month, gates: [{figure: sold, at_least: 50}]", payout=TEN)
    documents = [sold("t0", 1_000, date(2026, 2, 2)), sold("t1", 10_000, date(2026, 2, 20))]
    found = calculated(f"{also}\n{text}", documents, more="figures: {sold: {total_of: pay}}")
    assert earnings(found) == [0, 1_000]


SCORED = "period: year, target_pay: 40, payout: {scorecard: [{kpi: k, figure: counted, weight: 1}]}"


def scored(text: str, figure: str, documents: Sequence[Row]) -> Calculation:
    """Forty dollars for each dollar that the figure counts."""
    return calculated(f"{text}\ncomponent: bonus, {SCORED}", documents, more=f"figures: {{counted: {{{figure}}}}}")


def bonus(found: Calculation, who: str = "ann") -> list[int]:
    return found.openings.filter(component="bonus", payee_id=who)["earning_minor"].to_list()


def test_a_total_leaves_out_what_falls_into_no_case() -> None:
    cases = component(payout="{by: product, cases: [{when: A, rate: 1%}]}")
    documents = [sold("t0", 100, product="A"), sold("t1", 300, product="B")]
    assert bonus(scored(cases, "total_of: pay", documents)) == [4_000]


def test_a_total_counts_what_is_credited_by_the_pay_of_others() -> None:
    """A tenth of ten dollars credits the override with one, whichever of them the plan names first."""
    on_pay = "component: on_pay, earnings_of: pay, measure: earnings, period: year, payout: {rate: 1%}"
    for figure in ("total_of: on_pay", "sum: [again, 0]}, again: {total_of: on_pay"):
        found = scored(f"{on_pay}\n{component(payout=TEN)}", figure, [sold("t0", 1_000)])
        assert bonus(found) == [4_000]


def test_a_component_whose_total_stands_on_its_own_pay_is_refused() -> None:
    text = component("gates: [{figure: counted, at_least: 1}]", payout=TEN)
    on_pay = "component: on_pay, earnings_of: pay, measure: earnings, period: year, payout: {rate: 1%}"
    with pytest.raises(ValueError, match="'on_pay' stands on itself; break the circle"):
        calculated(f"{text}\n{on_pay}", [], more="figures: {counted: {total_of: on_pay}}")


def test_what_a_period_opens_with_where_pay_goes_by_cases_is_of_no_case() -> None:
    """The points of the first case pay five dollars at nothing; nothing is sold, and the fixed pay is two."""
    cases = "{by: product, cases: [{when: A, points: [{at: 0, pays: 5}, {at: 9, pays: 9}]}]}"
    assert calculated(component("opening_pay: 2", payout=cases), []).openings["earning_minor"].to_list() == [200, 200]


def test_openings_use_up_a_cap_payee_by_payee() -> None:
    """Three and four dollars each, eight dollars for everybody: ann has seven of them."""
    fixed = (f"component: {name}, period: year, opening_pay: {pays}" for name, pays in (("a", 3), ("b", 4)))
    cap = "caps: [{cap: all, components: [a, b], amount: 8, period: year, of: everyone}]"
    found = calculated("\n".join(fixed), [], more=cap).openings
    sums = found.group_by("payee_id", "component").agg(pl.col("earning_minor").sum()).sort("payee_id", "component")
    assert sums["earning_minor"].to_list() == [300, 400, 100, 0]


def test_instalments_use_up_a_cap_and_credit_an_override_one_after_the_other() -> None:
    """Two components pay 1.00 in each of two months, under a cap of 2.50 and over tiers from 2.00 on."""
    again = "recurs: {every: month, times: 2}"
    both = "\n".join(component(again, name=name, payout=TEN) for name in ("one", "two"))
    cap = "caps: [{cap: all, components: [one, two], amount: 2.5, per: deal}]"
    capped = calculated(both, [sold("t0", 1_000)], more=cap).lines.sort("component", "instalment")
    assert capped["earning_minor"].to_list() == [100, 50, 100, 0]
    tiers = "{marginal_tiers: [{from: 0, rate: 0%}, {from: 2, rate: 100%}]}"
    override = f"component: top, earnings_of: [one, two], measure: earnings, period: year, payout: {tiers}"
    found = calculated(f"{both}\n{override}", [sold("t0", 1_000)])
    credited = found.lines.filter(component="top").select("credited_on", "earning_minor").rows()
    february, march = date(2026, 2, 10), date(2026, 3, 10)
    assert credited == [(february, 0), (february, 0), (march, 100), (march, 100)]


HALF = MAX_MINOR // 2 + 1
OWNED = {"D": "ann", "E": "ann", "F": "bea", "G": "bea"}
DEALS = [{"deal_id": deal, "payee_id": who} for deal, who in OWNED.items()]
FREE = component("accumulate_by: deal", payout="{rate: 0%}")


def totalled(text: str, *credited: tuple[str, int]) -> Earned:
    """What credits of any size earn, of which documents could not be that large."""
    documents = [sold(f"t{number}", 1, deal_id=deal) for number, (deal, _) in enumerate(credited)]
    known = facts(PEOPLE, transactions=documents, participants=DEALS)
    engine = Engine.of(known, [plan(text)])
    found = engine.credits(history(known, LAST)).sort("transaction_id", "rule")
    sizes = exact_series([size for _, size in credited for _ in engine.rules])
    found = found.with_columns(sizes.alias("base"), sizes.alias(_position(text)))
    return engine.run(found, [""], LAST)


def _position(text: str) -> str:
    """The column that is as large as the base: another one where pay looks at quantities."""
    return "family_base" if "position:" in text else "position"


def dollars(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


@pytest.mark.parametrize(
    ("text", "credited", "payee_id"),
    [
        (FREE, [("F", HALF), ("G", HALF), ("D", HALF), ("E", HALF)], "ann"),
        (FREE, [("D", HALF), ("F", HALF), ("G", -HALF)], "bea"),
        (FREE.replace("0%", "100%"), [("D", HALF), ("E", HALF), ("F", 1)], "ann"),
        (f"component: pay, period: year, opening_pay: {dollars(HALF)}, floor: {dollars(MAX_MINOR + 9)}", [], "ann"),
        (f"component: pay, period: year, opening_pay: 0.09, floor: {dollars(MAX_MINOR + 9)}", [], "ann"),
    ],
)
def test_a_total_that_cannot_be_stored_is_refused(text: str, credited: list[tuple[str, int]], payee_id: str) -> None:
    with pytest.raises(PayOverflowError) as refused:
        totalled(text, *credited)
    told = (refused.value.payee_id, refused.value.component, refused.value.what)
    assert told == (payee_id, "pay", "the total of 2026")


def test_totals_that_can_be_stored_are_not_refused() -> None:
    """Together the payees have more than any of them may have."""
    found = totalled(FREE, ("D", HALF - 1), ("E", HALF - 1), ("F", HALF))
    assert found.lines["position"].to_list() == [HALF - 1, HALF - 1, HALF]
    fixed = totalled(f"component: pay, period: year, opening_pay: {dollars(MAX_MINOR)}")
    assert [pay.minor for pay in fixed.pays] == [MAX_MINOR, MAX_MINOR]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_first_credit_that_cannot_be_stored_is_named(sign: int) -> None:
    free = "mode: rate_after, position: quantity"
    text = "\n".join(component(free, name=name, payout="{rate: 0%}") for name in ("pay", "also"))
    kept = [("F", 5), ("D", sign * MAX_MINOR)]
    assert totalled(text, *kept).lines["base"].to_list() == [5, 5, sign * MAX_MINOR, sign * MAX_MINOR]
    with pytest.raises(PayOverflowError) as refused:
        totalled(text, *kept, ("F", sign * (MAX_MINOR + 1)), ("D", MAX_MINOR + 1))
    assert (refused.value.payee_id, refused.value.component, refused.value.what) == ("bea", "pay", "the base of 2026")


def test_a_quota_that_cannot_be_stored_is_named() -> None:
    spans = [(date(2026, 1, 1), date(2026, 7, 1)), (date(2026, 7, 1), date(2027, 1, 1))]
    sizes = {"ann": HALF, "bea": 5}
    quotas = [
        {"payee_id": who, "from_on": start, "to_on": end, "quota_minor": size}
        for who, size in sizes.items()
        for start, end in spans
    ]
    known = facts(PEOPLE, transactions=[sold("t0", 5)], quotas=quotas)
    text = component(payout="{marginal_tiers: [{from: 0%, rate: 1%}]}")
    engine = Engine.of(known, [plan(text)])
    with pytest.raises(PayOverflowError) as refused:
        engine.run(engine.credits(history(known, LAST)), [""], LAST)
    assert refused.value.what == "the quota_minor of 2026"


def test_what_others_pay_is_credited_again_up_to_today() -> None:
    """A dollar of October, once a month for half a year, of which three months have come."""
    again = "period: year, recurs: {every: month, times: 6}, payout: {rate: 100%}"
    override = f"component: top, earnings_of: pay, measure: earnings, {again}"
    found = calculated(f"{component(payout=TEN)}\n{override}", [sold("t0", 1_000, date(2026, 10, 10))])
    assert earnings(found, "top") == [100, 100, 100]


def test_everything_is_told_in_whole_minor_units() -> None:
    assert paid("mode: rate_after", sold("t0", 5_000), payout=TEN) == [500]
    found = calculated(component("mode: rate_after", payout=TEN), [sold("t0", 5_000)])
    assert {found.lines.schema[name] for name in found.lines.columns if name.endswith("_minor")} == {pl.Int64}


def test_a_component_that_continues_nothing_begins() -> None:
    assert paid("continues_earlier_version: yes", sold("t0", 5_000), payout=TEN, participants=ALONE) == [500]
