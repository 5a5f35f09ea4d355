"""Two versions of a plan on one history."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from compensation import calculate
from compensation.review.comparison import compare
from tests.compensation.review.history import Invoice, facts_of
from tests.compensation.review.plans import plan_of

AS_OF = date(2026, 12, 31)
FLAT = plan_of("payout: {rate: 5%}")
TIERED = plan_of("payout: {marginal_tiers: [{from: 0, rate: 4%}, {from: 10000, rate: 8%}]}")
HISTORY = [Invoice("I1", "rita", 30_000), Invoice("I2", "sam", 8_000), Invoice("I3", "tom", 0)]


def test_winners_and_losers_are_told_by_payee_and_in_all() -> None:
    comparison = compare(facts_of(HISTORY), [FLAT], [TIERED], as_of=AS_OF)
    assert comparison.by_payee.rows() == [
        ("rita", "Rita", "USD", 150_000, 200_000, 50_000),
        ("tom", "Tom", "USD", 0, 0, 0),
        ("sam", "Sam", "USD", 40_000, 32_000, -8_000),
    ]
    assert comparison.total.rows() == [("USD", 190_000, 232_000, 42_000, 3, 1, 1)]


def test_a_component_that_one_side_lacks_pays_nothing_there() -> None:
    both = plan_of(
        "  - {component: commission, credited_on: invoice, period: quarter, payout: {rate: 5%}}\n"
        "  - {component: bonus, credited_on: invoice, period: quarter, payout: {steps: [{at: 20000, bonus: 300}]}}"
    )
    comparison = compare(facts_of(HISTORY[:1]), [FLAT], [both], as_of=AS_OF)
    rows = comparison.by_component.select("component", "old_minor", "new_minor", "difference_minor").rows()
    assert rows == [("bonus", 0, 30_000, 30_000), ("commission", 150_000, 150_000, 0)]


def test_a_plan_is_worth_as_much_as_itself() -> None:
    comparison = compare(facts_of(HISTORY), [TIERED], [TIERED], as_of=AS_OF)
    assert comparison.total.select("difference_minor", "winners", "losers").rows() == [(0, 0, 0)]


def test_what_happens_after_the_day_does_not_count() -> None:
    later = [*HISTORY, Invoice("I4", "rita", 99_000, on=date(2026, 6, 1))]
    early = compare(facts_of(later), [FLAT], [TIERED], as_of=date(2026, 3, 31))
    assert early.total.equals(compare(facts_of(HISTORY), [FLAT], [TIERED], as_of=date(2026, 3, 31)).total)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["rita", "sam"]), st.integers(0, 50_000)), min_size=1, max_size=6))
def test_the_sides_are_what_the_engine_pays_and_all_parts_add_up(sales: list[tuple[str, int]]) -> None:
    facts = facts_of([Invoice(f"I{number}", *sale) for number, sale in enumerate(sales)])
    comparison = compare(facts, [FLAT], [TIERED], as_of=AS_OF)
    for amount, plan in (("old_minor", FLAT), ("new_minor", TIERED)):
        paid = calculate(facts, [plan], as_of=AS_OF).totals()["earning_minor"].sum()
        frames = (comparison.by_component, comparison.by_payee, comparison.total)
        assert [frame[amount].sum() for frame in frames] == [paid] * 3
