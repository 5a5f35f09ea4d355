"""Caps, floors, clawbacks and shares of lines, to the cent."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from compensation import Calculation, calculate
from compensation.earnings.limits import kept_back
from tests.compensation.crediting.company import Row, component, facts, plan

LAST = date(2026, 12, 31)
ALONE = ({"payee_id": "ann"},)
PEOPLE = ({"payee_id": "ann"}, {"payee_id": "bea"})
CHAIN = ({"payee_id": "ann", "manager_id": "max"}, {"payee_id": "max", "manager_id": "zoe"}, {"payee_id": "zoe"})


def sold(name: str, revenue: int, day: date = date(2026, 2, 10), **more: str) -> dict[str, Any]:
    place = int(name[1:])
    return {"transaction_id": name, "revenue_minor": revenue, "dated_on": day, "posting_sequence": place, **more}


def returned(name: str, revenue: int, of: str, day: date = date(2026, 3, 10)) -> dict[str, Any]:
    return sold(name, revenue, day, kind="return", reverses_id=of)


def calculated(
    text: str,
    documents: Sequence[Row],
    *,
    more: str = "",
    people: Sequence[Row] = PEOPLE,
    participants: Sequence[Row] = ALONE,
) -> Calculation:
    known = facts(people, transactions=documents, participants=participants)
    return calculate(known, [plan(text, more=more)], as_of=LAST)


def earnings(found: Calculation, name: str = "pay") -> list[int]:
    lines = found.lines.filter(component=name).sort("dated_on", "transaction_id", "payee_id")
    return lines["earning_minor"].to_list()


def paid(
    says: str,
    *documents: Row,
    payout: str = "{rate: 10%}",
    people: Sequence[Row] = PEOPLE,
    participants: Sequence[Row] = ALONE,
) -> list[int]:
    text = component(says, payout=payout)
    return earnings(calculated(text, documents, people=people, participants=participants))


@pytest.mark.parametrize(
    ("says", "revenues", "earns"),
    [
        ("cap: {amount: 5, per: transaction}", (4_990, 5_000, 5_010, 9_000), [499, 500, 500, 500]),
        ("floor: {amount: 5, per: transaction}", (4_990, 5_010, 1, 10), [500, 501, 0, 500]),
        ("cap: {amount: 5, per: deal}", (4_000, 2_000, 1_000), [400, 100, 0]),
        ("floor: {amount: 5, per: deal}", (1_000, 2_000, 4_000), [500, 0, 200]),
        ("floor: {amount: 5, per: deal}", (10,), [500]),
        ("accumulate_by: transaction, cap: 5", (4_000, 2_000, 1_000), [400, 100, 0]),
        ("accumulate_by: transaction, opening_pay: 2, cap: 5", (1_000, 2_500, 1_000), [100, 200, 0]),
        ("accumulate_by: transaction, opening_pay: 7, cap: 5", (1_000, 2_500), [0, 0]),
        ("floor: {amount: 5, per: transaction}, cap: {amount: 7, per: deal}", (1_000, 2_000, 90), [500, 200, 0]),
        ("cap: {of_target: 50%, per: deal}, target_pay: 10.01", (9_000,), [501]),
    ],
)
def test_caps_and_floors_of_lines(says: str, revenues: tuple[int, ...], earns: list[int]) -> None:
    assert paid(says, *(sold(f"t{number}", revenue) for number, revenue in enumerate(revenues))) == earns


def test_deals_and_payees_have_limits_of_their_own() -> None:
    documents = [sold("t0", 9_000), sold("t1", 9_000, deal_id="E"), sold("t2", 9_000)]
    shares: list[Row] = [
        {"payee_id": "ann", "share_millionths": 600_000},
        {"payee_id": "bea", "share_millionths": 400_000},
        {"deal_id": "E", "payee_id": "bea"},
    ]
    assert paid("cap: {amount: 7, per: deal}", *documents, participants=shares) == [540, 360, 700, 160, 340]


@pytest.mark.parametrize(
    ("says", "back", "earns"),
    [
        ("cap: {amount: 5, per: transaction}", (-2_000, -4_000, -4_000), [500, 0, -100, -400]),
        ("floor: {amount: 5, per: transaction}", (-500, -500), [500, -250, -250]),
        ("floor: {amount: 5, per: transaction}, clawback: {before_minimum: yes}", (-500, -500), [500, -50, -50]),
        ("floor: {amount: 5, per: deal}", (-500, -500), [500, 0, -500]),
        ("clawback: {share: 50%}", (-1_000,), [100, -50]),
        (
            "clawback: {by_age: [{within_months: 1, share: 100%}, {within_months: 2, share: 40%}]}",
            (-1_000,),
            [100, -40],
        ),
        ("clawback: {by_age: [{within_months: 1, share: 100%}]}", (-1_000,), [100, 0]),
        ("clawback: {vests_over_months: 4}", (-1_000,), [100, -50]),
    ],
)
def test_returns_under_limits(says: str, back: tuple[int, ...], earns: list[int]) -> None:
    revenue = -sum(back)
    documents = [sold("t0", revenue), *(returned(f"t{number}", part, "t0") for number, part in enumerate(back, 1))]
    assert paid(says, *documents) == earns


@pytest.mark.parametrize(
    ("says", "months", "share"),
    [
        ("vests_over_months: 4", (0, 1, 3, 4, 9), ("3/4", "1/2", "0", "0", "0")),
        ("share: 30%", (0, 99), ("3/10", "3/10")),
        (
            "by_age: [{within_months: 2, share: 100%}, {within_months: 4, share: 30%}]",
            (0, 1, 2, 3, 4),
            ("1", "1", "3/10", "3/10", "0"),
        ),
        ("before_minimum: yes", (0, 99), ("1", "1")),
    ],
)
def test_the_share_that_a_return_takes_back(says: str, months: tuple[int, ...], share: tuple[str, ...]) -> None:
    clawback = plan(component(f"clawback: {{{says}}}")).components[0].clawback
    assert [kept_back(clawback, each) for each in months] == [Fraction(each) for each in share]


def test_the_total_is_divided_by_base() -> None:
    tiers = "{whole_amount_tiers: [{from: 0, rate: 10%}, {from: 100, rate: 20%}]}"
    documents = [sold("t0", 3_333), sold("t1", 3_333), sold("t2", 3_335)]
    assert paid("", *documents, payout=tiers) == [333, 334, 1_333]
    assert paid("attribution: pro_rata", *documents, payout=tiers) == [667, 666, 667]
    assert paid("attribution: pro_rata, rounding: {to: 1}", *documents, payout=tiers) == [700, 600, 700]
    assert paid("attribution: pro_rata, rounding: {to: 0.01}", *documents, payout=tiers) == [667, 666, 667]
    assert paid("attribution: pro_rata, rounding: {to: 0.001}", *documents, payout=tiers) == [667, 666, 667]
    nothing = [sold("t0", 3_000), sold("t1", -3_000)]
    assert paid("attribution: pro_rata", *nothing) == [300, -300]
    below = [sold("t0", -3_000), sold("t1", -1_000)]
    assert paid("attribution: pro_rata", *below, payout="{rate: 5%}") == [-150, -50]


def test_the_earning_is_split_and_not_the_measure() -> None:
    tiers = "{marginal_tiers: [{from: 0, rate: 0%}, {from: 50, rate: 10%}]}"
    thirds = [{"payee_id": "ann", "share_millionths": 333_333}, {"payee_id": "bea", "share_millionths": 666_667}]
    assert paid("", sold("t0", 10_000), payout=tiers, participants=thirds) == [0, 167]
    assert paid("split: earning", sold("t0", 10_000), payout=tiers, participants=thirds) == [167, 333]


def test_what_others_earned_on_the_transaction_is_taken_off() -> None:
    text = "\n".join(
        (
            component(name="first", payout="{rate: 3%}"),
            component(name="second", payout="{rate: 2%}"),
            component("less_earnings_of: first, credited_on: invoice"),
        )
    )
    halves = [{"payee_id": who, "share_millionths": 500_000} for who in ("ann", "bea")]
    documents = [sold("t0", 10_000), sold("t1", 5_000)]
    assert earnings(calculated(text, documents, participants=halves)) == [-100, -100, -50, -50]


def test_of_a_component_of_the_same_name_in_another_plan_nothing_is_taken_off() -> None:
    """10.00 less 3.00, as the other plan's 5.00 are no concern of this one."""
    first = component(name="first", payout="{rate: 3%}")
    net = component("less_earnings_of: first, credited_on: invoice", name="net", payout="{rate: 10%}")
    other = plan(component(name="first", payout="{rate: 5%}")).model_copy(update={"name": "Q"})
    known = facts(transactions=[sold("t0", 10_000)])
    assert earnings(calculate(known, [plan(f"{first}\n{net}"), other], as_of=LAST), "net") == [700]


def test_managers_earn_what_exceeds_those_below() -> None:
    by_role = "{by: role, cases: [{when: owner, rate: 10%}, {when: manager, rate: 12%}]}"
    cases = "credit_to: [owners, all_managers], less_paid_below: yes, mode: rate_after"
    found = paid(cases, sold("t0", 10_000), sold("t1", -10_000), payout=by_role, people=CHAIN)
    assert found == [1_000, 200, 0, -1_000, -200, 0]
    less = by_role.replace("12%", "8%")
    assert paid(cases, sold("t0", 10_000), payout=less, people=CHAIN) == [1_000, 0, 0]
    cent = by_role.replace("10%", "4%")
    assert paid(cases, sold("t0", 10), sold("t1", -10), payout=cent, people=CHAIN) == [0, 1, 0, 0, -1, 0]


@pytest.mark.parametrize(
    ("cap", "revenues", "earns"),
    [
        ("amount: 5, period: year", (3_000, 1_000, 3_000), [300, 200, 0, 0, 0, 0]),
        ("amount: 5, period: year, attribution: pro_rata", (3_000, 1_000, 1_000), [150, 150, 50, 50, 50, 50]),
        ("amount: 5, period: year, attribution: pro_rata", (1_000, 1_000), [100] * 4),
        ("amount: 10, period: year, attribution: pro_rata", (3_000, 2_000), [300, 300, 200, 200]),
        ("amount: 7, period: month", (3_000, 1_000, 3_000), [300, 300, 100, 0, 0, 0]),
        ("amount: 7, per: deal", (3_000, 1_000, 3_000), [300, 300, 100, 0, 0, 0]),
        ("amount: 5, per: transaction", (3_000, 1_000, 3_000), [300, 200, 100, 100, 300, 200]),
        ("amount: 5, per: transaction", (2_000, 2_500, 2_510), [200, 200, 250, 250, 251, 249]),
        ("amount: 5.005, period: year", (3_000,), [300, 201]),
        ("share: 10%, measure: revenue, per: transaction", (3_000, 1_000), [300, 0, 100, 0]),
        ("share: 10%, measure: revenue, per: transaction", (-3_000,), [-300, -300]),
        ("share: 15%, measure: revenue, per: deal", (3_000, 1_000), [300, 300, 0, 0]),
    ],
)
def test_a_cap_over_components(cap: str, revenues: tuple[int, ...], earns: list[int]) -> None:
    names = "\n".join(component(name=name, payout="{rate: 10%}") for name in ("pay", "also"))
    documents = [sold(f"t{number}", revenue) for number, revenue in enumerate(revenues)]
    found = calculated(names, documents, more=f"caps: [{{cap: all, components: [pay, also], {cap}}}]")
    rows = found.lines.sort("transaction_id", "earning_minor", descending=[False, True])
    assert rows["earning_minor"].to_list() == earns


def test_two_caps_over_one_component() -> None:
    """4.00 each; the second cap leaves 5.00 to the first and the third component, in their order."""
    names = "\n".join(component(name=name, payout="{rate: 10%}") for name in ("one", "two", "three"))
    caps = [f"{{cap: {name}, components: [one, {name}], amount: {most}, period: year}}" for name, most in BOTH]
    found = calculated(names, [sold("t0", 4_000)], more=f"caps: [{', '.join(caps)}]")
    assert [earnings(found, name) for name in ("one", "two", "three")] == [[400], [400], [100]]


def test_each_cap_takes_its_share_of_its_own_measure() -> None:
    """3.00 each; 5 % of the revenue of 30.00, and of the margin of 10.00."""
    names = "\n".join(component(name=name, payout="{rate: 10%}") for name in ("one", "two"))
    caps = [
        f"{{cap: {name}, components: {name}, share: 5%, measure: {measure}, per: deal}}"
        for name, measure in (("one", "revenue"), ("two", "margin"))
    ]
    documents = [{**sold("t0", 3_000), "margin_minor": 1_000}]
    found = calculated(names, documents, more=f"caps: [{', '.join(caps)}]")
    assert [earnings(found, name) for name in ("one", "two")] == [[150], [50]]


BOTH = (("two", 9), ("three", 5))
CONTRACT = "recurs: {every: month, times: 3}"


@pytest.mark.parametrize("period", ["month", "year"])
def test_each_instalment_of_a_contract_is_a_transaction_to_its_cap(period: str) -> None:
    says = f"{CONTRACT}, period: {period}, cap: {{amount: 6, per: transaction}}"
    assert paid(says, sold("t0", 10_000)) == [600, 600, 600]


@pytest.mark.parametrize(
    ("cap", "earns"),
    [
        ("amount: 15", [1_000, 500, 1_000, 1_000]),
        ("share: 15%, measure: revenue", [1_000, 500, 1_000, 1_000]),
        ("amount: 6", [600, 0, 600, 600]),
    ],
)
def test_and_to_a_cap_over_components(cap: str, earns: list[int]) -> None:
    """The first instalment shares its cap with what else the same invoice pays; those to come have theirs alone."""
    names = "\n".join((component(CONTRACT, payout="{rate: 10%}"), component(name="also", payout="{rate: 10%}")))
    more = f"caps: [{{cap: all, components: [pay, also], {cap}, per: transaction}}]"
    lines = calculated(names, [sold("t0", 10_000)], more=more).lines
    assert lines.sort("instalment", "component", descending=[False, True])["earning_minor"].to_list() == earns


def test_a_cap_takes_its_share_of_what_its_components_credit_after_others_came_first() -> None:
    """15 % of the 10.00 that is left to the cap's component, and not of the 40.00 that the deal measures."""
    first = component("first_match: sale, filter: {products: Scanner}", name="launch", payout="{rate: 10%}")
    names = "\n".join((first, component("first_match: sale", payout="{rate: 50%}")))
    cap = "caps: [{cap: all, components: pay, share: 15%, measure: revenue, per: deal}]"
    found = calculated(names, [sold("t0", 3_000, product="Scanner"), sold("t1", 1_000)], more=cap)
    assert (earnings(found, "launch"), earnings(found)) == ([300], [150])


@pytest.mark.parametrize(
    ("of", "earns"), [("payee", [500, 500, 500]), ("team", [500, 0, 500]), ("everyone", [500, 0, 0])]
)
def test_whose_pay_a_cap_holds_together(of: str, earns: list[int]) -> None:
    people = [{"payee_id": who, "team": team} for who, team in (("ann", "A"), ("bea", "A"), ("cid", "B"))]
    shares = [{"deal_id": who, "payee_id": who} for who in ("ann", "bea", "cid")]
    documents = [sold(f"t{number}", 9_000, deal_id=who) for number, who in enumerate(("ann", "bea", "cid"))]
    cap = f"caps: [{{cap: all, components: pay, amount: 5, of: {of}, period: year}}]"
    text = component(payout="{rate: 10%}")
    assert earnings(calculated(text, documents, more=cap, people=people, participants=shares)) == earns


BY_PLAN = component("exchange_rate: plan_rate", name="one", payout="{rate: 10%}")
BY_DAY = component(name="two", payout="{rate: 5%}")
SHARE_OF_A_DEAL = "caps: [{cap: deal, components: [one, two], share: 10%, measure: revenue, of: everyone, per: deal"


@pytest.mark.parametrize(
    ("by", "rates", "paid_to"),
    [
        ("", [("EUR", "1")], [(200_00, 50_00), (100_00, 0)]),
        (", exchange_rate: credited_on", [("EUR", "1")], [(200_00, 50_00), (100_00, 0)]),
        (", exchange_rate: plan_rate", [("EUR", "1")], [(200_00, 50_00), (200_00, 0)]),
        ("", [], [(200_00,), (200_00,)]),
        (", exchange_rate: credited_on", [], [(200_00,), (0,)]),
    ],
)
def test_a_share_cap_converts_by_its_own_rate_or_that_of_the_last_component_that_knows_one(
    by: str, rates: list[tuple[str, str]], paid_to: list[tuple[int, ...]]
) -> None:
    """1,000 euro are 2,000 dollars by the plan's rate, 1,000 by the day's; one pays 10 %, two pays 5 %."""
    known = facts(
        transactions=[sold("t1", 100_000, currency="EUR")],
        participants=ALONE,
        rates=[{"from_currency": each, "to_currency": "USD", "rate": rate} for each, rate in rates],
    )
    both = plan(f"{BY_PLAN}\n{BY_DAY}", more=f"plan_rates: {{EUR: 2}}\n{SHARE_OF_A_DEAL}{by}}}]")
    lines = calculate(known, [both], as_of=LAST).lines
    assert [tuple(lines[name]) for name in ("calculated_minor", "earning_minor")] == paid_to


def test_a_total_is_divided_within_each_payee() -> None:
    """Ann's 150.00 earn 5.00 and 20.00, bea's 50.00 earn 5.00: half of it on each sale."""
    quarters = [{"payee_id": "ann", "share_millionths": 750_000}, {"payee_id": "bea", "share_millionths": 250_000}]
    tiers = "{marginal_tiers: [{from: 0, to: 50, rate: 10%}, {from: 50, rate: 20%}]}"
    sales = (sold("t0", 10_000), sold("t1", 10_000))
    assert paid("attribution: pro_rata", *sales, payout=tiers, participants=quarters) == [1_250, 250, 1_250, 250]


def test_a_total_below_zero_is_divided_with_its_sign() -> None:
    assert paid("attribution: pro_rata", sold("t0", 100), sold("t1", -101), payout="{rate: 100%}") == [100, -101]


def test_what_another_component_does_not_credit_is_not_less() -> None:
    """2.00 less 1.00 of the first; of the second nothing is paid elsewhere."""
    other = component("filter: {products: A}", name="other", payout="{rate: 1%}")
    net = component("credited_on: invoice, less_earnings_of: other", name="net", payout="{rate: 2%}")
    found = calculated(f"{other}\n{net}", [sold("t0", 10_000, product="A"), sold("t1", 10_000, product="B")])
    assert earnings(found, "net") == [100, 200]


def test_two_returns_of_a_day_each_take_back_their_part_once() -> None:
    """Half of 2.00 and of 3.00."""
    sales = (sold("t0", 10_000), returned("t1", -2_000, "t0"), returned("t2", -3_000, "t0"))
    assert paid("clawback: {share: 50%}", *sales) == [1_000, -100, -150]


def test_a_cap_of_the_period_counts_what_opens_it_to_the_cent() -> None:
    """Each deal by itself, at all that is sold: nothing, and neither a cent more nor less, opens the period."""
    assert paid("accumulate_by: deal, cap: 5", sold("t0", 9_000), payout="{rate: 100%}") == [500]


def test_a_cap_on_the_curve_leaves_what_a_return_does_not_take_back() -> None:
    """The return takes back half of 5.00, and the next sale earns 5.00 again: the curve is capped, and not the pay."""
    documents = (sold("t0", 9_000), returned("t1", -9_000, "t0"), sold("t2", 9_000, date(2026, 4, 10)))
    assert paid("clawback: {share: 50%}, cap: 5", *documents, payout="{rate: 10%}") == [500, -250, 500]


def test_who_has_no_quota_opens_no_period_under_a_cap() -> None:
    tiers = "{marginal_tiers: [{from: 0%, rate: 10%}]}"
    known = facts(
        PEOPLE,
        transactions=[sold("t0", 9_000)],
        participants=ALONE,
        quotas=[{"payee_id": "ann", "from_on": date(2026, 1, 1), "to_on": date(2027, 1, 1), "quota_minor": 10_000}],
    )
    capped = plan(component("accumulate_by: deal, cap: 5", payout=tiers))
    assert earnings(calculate(known, [capped], as_of=LAST)) == [500]


def test_parts_of_a_return_take_back_a_lifted_pay_without_a_remainder() -> None:
    """1.00 is lifted to 5.01, of which 67 and then 33 hundredths are left: 3.36 and 1.65."""
    documents = [sold("t0", 1_000), sold("t1", 600)]
    documents += [returned(f"t{number}", part, "t0") for number, part in ((2, -333), (3, -333), (4, -334))]
    assert paid("floor: {amount: 5.01, per: transaction}", *documents, payout="{rate: 10%}") == [
        *(501, 501),
        *(-165, -171, -165),
    ]


def test_a_return_of_what_paid_nothing_takes_back_as_calculated() -> None:
    tiers = "{marginal_tiers: [{from: 0, rate: 0%}, {from: 5, rate: 10%}]}"
    documents = [sold("t0", 500), sold("t1", 1_000), returned("t2", -500, "t0")]
    assert paid("floor: {amount: 5, per: transaction}", *documents, payout=tiers) == [0, 500, -50]
