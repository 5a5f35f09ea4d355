"""What has to be calculated in one place: which plans are undivided, which deals belong together, what is refused."""

from collections.abc import Sequence

import pytest

from compensation import CompensationError, FactsError, PayOverflowError, parse_plan
from compensation.partitions.deals import deal_places
from compensation.partitions.refusals import first_refusal, refusal_of
from compensation.partitions.units import Units
from tests.compensation.crediting.company import facts

PAY = "{component: pay, credited_on: invoice, measure: revenue, period: quarter, payout: {rate: 5%}"
POOL = "payout: {pool: {of: team}, rate: 1%}"
CASES = {
    "own credits": ([PAY + "}"], "", False),
    "a manager's roll-up": ([PAY + ", credit_to: [owners, all_managers]}"], "", False),
    "splits of the earning": ([PAY + ", split: earning}"], "", False),
    "a cap on one's own pay": ([PAY + ", cap: 5000}"], "", False),
    "one's own attainment": ([PAY + "}"], "figures: {met: {attainment_of: pay}}", False),
    "the team's attainment": ([PAY + "}"], "figures: {met: {attainment_of: pay, of: team}}", True),
    "a team's accumulator": ([PAY + ", accumulate_by: team}"], "", True),
    "what those below got": ([PAY + ", credit_to: [owners, direct_manager], less_paid_below: yes}"], "", True),
    "a budget of everybody": (
        [PAY + "}"],
        "caps: [{cap: budget, components: [pay], amount: 9000, of: everyone, period: year}]",
        True,
    ),
    "a share of the deal": (
        [PAY + "}"],
        "caps: [{cap: part, components: [pay], share: 10%, measure: margin, per: deal}]",
        True,
    ),
    "others' earnings": (
        [PAY + "}", PAY.replace("pay,", "override,").replace("credited_on: invoice", "earnings_of: pay") + "}"],
        "",
        True,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_is_divided_by_payees_unless_pay_depends_on_others(name: str) -> None:
    components, more, is_undivided = CASES[name]
    if "override" in components[-1]:
        components = [components[0], components[1].replace("measure: revenue", "measure: earnings")]
    text = ["plan: P", "currency: USD", "effective: {from: 2026-01-01}", "applies_to: {everyone: yes}"]
    written = "\n".join([*text, *([more] if more else []), "components:", *(f"  - {each}" for each in components)])
    units = Units.of([parse_plan(written + "\n", "p.yaml")])
    assert units.name("P", "ann") == ("plan P" if is_undivided else "payee ann")


def test_deals_between_which_something_was_returned_have_one_place() -> None:
    rows: list[dict[str, object]] = [{"transaction_id": f"t{number}", "deal_id": f"D{number}"} for number in range(40)]
    back: dict[str, object] = {"kind": "return", "revenue_minor": -1}
    rows += [
        {"transaction_id": "r1", "deal_id": "D7", "reverses_id": "t3", **back},
        {"transaction_id": "r2", "deal_id": "D3", "reverses_id": "t31", **back},
        {"transaction_id": "r3", "deal_id": "D5", "reverses_id": "nothing known", **back},
    ]
    known = facts(
        transactions=rows, participants=[{"deal_id": f"D{number}", "payee_id": "ann"} for number in range(50)]
    )
    places = dict(deal_places(known, 16).iter_rows())
    alone = dict(deal_places(facts(transactions=rows[:40], participants=[]), 16).iter_rows())
    tied = ("D3", "D31", "D7")
    assert {places[deal] for deal in tied} == {alone["D3"]}
    assert all(places[deal] == place for deal, place in alone.items() if deal not in tied)
    assert len(places) == 50
    assert len(set(places.values())) > 8


UNITS = [*(f"payee p{number}" for number in range(10, 30)), "plan A", "plan B"]


@pytest.mark.parametrize(
    ("guilty", "named"),
    [
        ({}, None),
        ({"payee p17": ("p17", "c"), "payee p12": ("p12", "b"), "payee p29": ("p29", "a")}, ("p12", "b")),
        ({"payee p17": ("p17", "c"), "plan B": ("p11", "z")}, ("p11", "z")),
        ({"payee p17": ("p17", "c"), "plan B": ("p17", "b"), "plan A": ("p18", "a")}, ("p17", "b")),
        ({unit: (unit.split()[1], "c") for unit in UNITS}, ("A", "c")),
    ],
)
def test_of_many_refused_units_the_first_payee_is_named(
    guilty: dict[str, tuple[str, str]], named: tuple[str, str] | None
) -> None:
    attempts: list[int] = []

    def attempt(units: Sequence[str]) -> None:
        attempts.append(len(units))
        for unit in reversed(units):  # whichever comes last, were they attempted together
            if unit in guilty:
                raise PayOverflowError(*guilty[unit], "the total")

    refused = refusal_of(UNITS, attempt)
    assert (named is None) == (refused is None)
    if isinstance(refused, PayOverflowError):
        assert (refused.payee_id, refused.component) == named
    assert len(attempts) < 2 * len(UNITS) / 3


def test_facts_that_do_not_fit_are_told_before_amounts_too_large() -> None:
    errors: list[CompensationError] = [PayOverflowError("a", "c", "it"), FactsError("rates: b"), FactsError("rates: a")]
    assert str(first_refusal(errors)) == "rates: a"
    assert first_refusal([]) is None


def test_facts_that_do_not_fit_are_not_searched_for_by_halving() -> None:
    attempts = []

    def attempt(units: Sequence[str]) -> None:
        attempts.append(units)
        raise FactsError("rates: none")

    assert str(refusal_of(UNITS, attempt)) == "rates: none"
    assert len(attempts) == 1
