"""Stories in plan files: what people read when one does not hold, and what its words mean."""

from collections.abc import Callable

import pytest

from compensation import PlanError, failing_examples, parse_plan

REPS = """\
plan: Reps
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: [Rep]}
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout: {marginal_tiers: [{from: 0%, rate: 5%}, {from: 100%, rate: 10%}]}
examples:
  - example: a quarter
"""
SHARED = """\
    people: {Ann: {quota: 1000}, Ben: {has_plan: no}}
    happens:
      - {on: 2026-02-01, invoice: I1, owners: {Ann: 50%, Ben: 50%}, revenue: 3000}
"""


def failures(story: str, plan: str = REPS, exponent: int | Callable[[str], int] = 2) -> list[str]:
    """What is said of the story, without the name of the example."""
    said = failing_examples(parse_plan(plan + story, "reps.yaml"), exponent)
    return [each.removeprefix("example 'a quarter', ") for each in said]


EXPECTED = [
    ("payee: Ann, document: I1, credit: 1501", "Ann, I1: credit: expected 1501, came 1500"),
    ("payee: Ann, document: I1, share: 51%", "Ann, I1: share: expected 51%, came 50%"),
    ("payee: Ann, document: I1, position: 1501", "Ann, I1: position: expected 1501, came 1500"),
    ("payee: Ann, document: I1, attainment: 151%", "Ann, I1: attainment: expected 151%, came 150%"),
    ("payee: Ann, attainment: 1.49", "Ann: attainment: expected 1.49, came 1.5"),
    ("payee: Ann, slices: [50, 51]", "Ann: slices: expected [50, 51], came [50, 50]"),
    ("payee: Ann, in_tiers: [1000]", "Ann: in_tiers: expected [1000], came [1000, 500]"),
    ("payee: Ann, document: I1, rate: 6.66%", "Ann, I1: rate: expected 6.66%, came 6.666667%"),
    ("payee: Ann, component: commission, earns: 100.01", "Ann, commission: earns: expected 100.01, came 100"),
    ("payee: Ann, document: I1, earned_to_date: 1", "Ann, I1: earned_to_date: expected 1, came 100"),
    ("payee: Ann, calculated: 7", "Ann: calculated: expected 7, came 100"),
    ("payee: Ann, reduced_to: 50%", "Ann: reduced_to: expected 50%, came 100%"),
    ("payee: Ann, of_target: 50%", "Ann: of_target: expected 50%, came nothing"),
    ("payee: Ann, factor: 2", "Ann: factor: expected 2, came 1"),
    ("payee: Ben, why: no_quota", "Ben: why: expected no_quota, came nothing"),
    ("payee: Ann, period: 2026-02, released: 1", "Ann, 2026-02: released: expected 1, came 100"),
    ("payee: Ann, period: 2026-01, paid: 1", "Ann, 2026-01: paid: expected 1, came 0"),
    ("payee: Ann, waits: 1, owed: 2", "Ann: waits: expected 1, came 0 | Ann: owed: expected 2, came 0"),
    ("payee: Ann, guarantee: 1, adjusted: 2", "Ann: guarantee: expected 1, came 0 | Ann: adjusted: expected 2, came 0"),
    ("payee: Bob, earns: 0", "Bob: there is nobody called 'Bob'"),
    ("component: bonus, earns: 0", "everyone, bonus: there is no component 'bonus'"),
    ("document: I2, earns: 0", "everyone, I2: there is no document 'I2'"),
    ("document: I1, via: Bob, earns: 0", "everyone, I1, Bob: there is nobody called 'Bob'"),
]


@pytest.mark.parametrize(("expected", "said"), EXPECTED, ids=[expected for expected, _ in EXPECTED])
def test_what_does_not_hold_is_told_with_what_came(expected: str, said: str) -> None:
    assert " | ".join(failures(f"{SHARED}    expects: [{{{expected}}}]\n")) == said


HELD = {
    "a ratio holds as far as it is typed": f"""\
{SHARED}\
    expects:
      - {{payee: Ann, rate: 6.67%, attainment: 1.5}}
      - {{payee: everyone, document: I1, share: 50%, credit: 1500}}
""",
    "somebody without the plan takes part and earns nothing": f"""\
{SHARED}\
    expects: [{{payee: Ben, earns: 0}}, {{payee: Ben, credit: 0}}]
""",
    "a return takes back all of it, or what it says": """\
    people: {Ann: {quota: 1000}}
    happens:
      - {on: 2026-01-05, invoice: I1, owners: Ann, revenue: 400}
      - {on: 2026-01-06, invoice: I2, owners: Ann, revenue: 100}
      - {on: 2026-02-05, return: R1, reverses: I1}
      - {on: 2026-02-06, return: R2, reverses: I2, revenue: 60}
    expects:
      - {payee: Ann, document: R1, credit: -400, earns: -20}
      - {payee: Ann, document: R2, credit: -60, earns: -3}
      - {payee: Ann, position: 40, earns: 2}
""",
    "a number that is told twice is two lines of a document": """\
    people: {Ann: {quota: 1000}}
    happens:
      - {on: 2026-01-05, invoice: I1, owners: Ann, product: Drill, revenue: 100}
      - {on: 2026-01-05, invoice: I1, product: Saw, revenue: 200}
    expects: [{payee: Ann, document: I1, credit: 300, earns: 15}]
""",
    "a change of title ends the plan": """\
    people: {Ann: {quota: 1000, changes: [{on: 2026-02-01, title: Boss}]}}
    happens:
      - {on: 2026-01-31, invoice: I1, owners: Ann, revenue: 100}
      - {on: 2026-02-01, invoice: I2, owners: Ann, revenue: 100}
    expects: [{payee: Ann, document: I1, earns: 5}, {payee: Ann, document: I2, earns: 0, why: no_rule}]
""",
    "the last day is a day of work": """\
    people: {Ann: {quota: 1000, leaves_on: 2026-01-31}}
    happens:
      - {on: 2026-01-31, invoice: I1, owners: Ann, revenue: 100}
      - {on: 2026-02-01, invoice: I2, owners: Ann, revenue: 100}
    expects: [{payee: Ann, document: I1, earns: 5}, {payee: Ann, document: I2, earns: 0}]
""",
    "what comes to light after a close is adjusted": """\
    people: {Ann: {quota: 1000}}
    happens:
      - {on: 2026-01-10, invoice: I1, owners: Ann, revenue: 1000}
      - {on: 2026-01-20, known_on: 2026-02-03, invoice: I2, owners: Ann, revenue: 500}
      - {on: 2026-02-20, return: R1, reverses: I1, revenue: 200}
    closed_through: 2026-01-31
    expects:
      - {payee: Ann, document: I2, earns: 50}
      - {payee: Ann, document: R1, earns: -20}
      - {payee: Ann, period: 2026-01, paid: 50}
      - {payee: Ann, period: 2026-02, adjusted: 50, released: -20, paid: 30}
      - {payee: Ann, paid: 80}
""",
    "a corrected split moves what was paid": """\
    people: {Ann: {quota: 1000}, Ben: {quota: 2000}}
    happens:
      - {on: 2026-01-10, invoice: I1, owners: {Ann: 60%, Ben: 40%}, revenue: 2000}
      - {on: 2026-02-10, invoice: I2, owners: Ann, revenue: 500}
    corrections:
      - {document: I1, known_on: 2026-03-05, owners: {Ann: 50%, Ben: 50%}}
      - {document: I2, known_on: 2026-04-05, revenue: 9999}
    closed_through: 2026-01-31
    as_of: 2026-03-31
    expects:
      - {payee: Ann, document: I1, share: 50%, earns: 50}
      - {payee: Ben, document: I1, earns: 50}
      - {payee: Ann, document: I2, earns: 50}
      - {payee: Ann, period: 2026-01, paid: 70}
      - {payee: Ann, period: 2026-02, adjusted: -20, released: 50, paid: 30}
      - {payee: Ben, period: 2026-01, paid: 40}
      - {payee: Ben, period: 2026-02, adjusted: 10, paid: 10}
""",
    "one quota for the quarter serves whoever asks for a month's credits": """\
    people: {Ann: {quota: {revenue: 1000}}}
    happens:
      - {on: 2026-01-10, invoice: I1, owners: Ann, revenue: 500}
      - {on: 2026-02-10, invoice: I2, owners: Ann, revenue: 500}
      - {on: 2026-04-10, invoice: I3, owners: Ann, revenue: 500}
    expects:
      - {payee: Ann, period: 2026-02, earns: 25}
      - {payee: Ann, period: 2026-Q1, attainment: 100%, earns: 50}
      - {payee: Ann, period: 2026, earns: 75}
      - {payee: Ann, document: I2, of_total: 50%, earned_to_date: 50}
""",
}


@pytest.mark.parametrize("story", HELD.values(), ids=HELD.keys())
def test_a_story_holds(story: str) -> None:
    assert failures(story) == []


def test_a_currency_without_cents_and_a_payee_in_another() -> None:
    story = """\
    people: {Ann: {quota: 1000, currency: EUR}}
    exchange_rates: [{from: JPY, to: EUR, on: 2026-01-01, rate: 0.00625}]
    happens: [{on: 2026-01-10, invoice: I1, owners: Ann, revenue: 991}]
    expects: [{payee: Ann, earns: 50, paid: 0.31}]
"""
    assert failures(story, REPS.replace("USD", "JPY"), {"JPY": 0, "EUR": 2}.__getitem__) == []


CAPPED = """\
    people: {Ann: {quota: 1000}}
    happens:
      - {on: 2026-01-10, invoice: I1, owners: Ann, revenue: 1000}
      - {on: 2026-02-10, invoice: I2, owners: Ann, revenue: 1000}
    expects:
      - {payee: Ann, document: I2, calculated: 100, earns: 30}
      - {payee: Ann, calculated: 150, earns: 80}
"""


@pytest.mark.parametrize("cap", ["cap: 80", "cap: {amount: 80, per: period, before_modifiers: yes}"])
def test_calculated_is_what_caps_of_any_kind_begin_with(cap: str) -> None:
    assert failures(CAPPED, REPS.replace("    period: quarter\n", f"    period: quarter\n    {cap}\n")) == []
    together = "caps: [{cap: together, components: commission, amount: 80, period: quarter}]\nexamples:"
    assert failures(CAPPED, REPS.replace("examples:", together)) == []


def test_an_owner_who_is_not_among_the_people_is_told() -> None:
    story = f"{SHARED.replace('Ben: 50%', 'Bob: 50%')}    expects: [{{payee: Ann, earns: 0}}]\n"
    assert failures(story) == ["example 'a quarter' cannot be run: invoice I1: 'Bob' is not among the people"]


def test_a_correction_of_nothing_known_is_told() -> None:
    story = (
        f"{SHARED}    corrections: [{{document: I9, known_on: 2026-02-02}}]\n    expects: [{{payee: Ann, earns: 0}}]\n"
    )
    assert failures(story) == ["example 'a quarter' cannot be run: corrections: there is no document 'I9'"]


DECLINING = """\
plan: Insurance
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
components:
  - component: residual
    credited_on: booking
    recurs: {every: year, times: 10}
    period: year
    payout:
      by: instalment
      cases: [{from: 1, rate: 50%}, {from: 2, to: 9, rate: 5%}, {from: 10, rate: 2%}]
examples:
  - example: a quarter
"""


def test_a_residual_declines_by_instalment() -> None:
    story = """\
    people: {Ann: {}}
    happens: [{on: 2026-03-01, booking: Policy, owners: Ann, revenue: 1200}]
    as_of: 2035-12-31
    expects:
      - {payee: Ann, period: 2026, earns: 600}
      - {payee: Ann, period: 2027, earns: 60}
      - {payee: Ann, period: 2034, earns: 60}
      - {payee: Ann, period: 2035, rate: 2%, earns: 24}
      - {payee: Ann, document: Policy, earns: 1104}
"""
    assert failures(story, DECLINING) == []


TWO_PERIODS = """\
plan: Reps
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
figures:
  best month: {max: [{attainment_of: monthly}, 50%]}
  sold: {total_of: yearly, of: everyone}
components:
  - component: monthly
    credited_on: invoice
    period: month
    payout: {marginal_tiers: [{from: 0%, rate: 5%}, {from: 100%, rate: 10%}]}
  - component: yearly
    credited_on: invoice
    period: year
    payout: {rate: 1%}
examples:
  - example: a quarter
"""


def test_figures_and_attainment_are_known_also_where_no_component_looks_at_them() -> None:
    story = """\
    people: {Ann: {quota: {monthly: 1000, yearly: 20000}}, Ben: {quota: {monthly: 500}}}
    happens:
      - {on: 2026-01-10, invoice: I1, owners: Ann, revenue: 1200}
      - {on: 2026-02-10, invoice: I2, owners: Ann, revenue: 800}
      - {on: 2026-02-11, invoice: I3, owners: Ben, revenue: 500}
    expects:
      - {payee: Ann, component: yearly, attainment: 10%, earns: 20}
      - {payee: Ann, component: yearly, document: I1, attainment: 6%}
      - {payee: Ann, component: monthly, period: 2026-02, attainment: 80%, figure: {best month: 80%, sold: 1300}}
      - {payee: Ben, period: 2026-01, figure: {best month: 50%}}
      - {payee: Ben, period: 2026, figure: {sold: 2500}}
"""
    assert failures(story, TWO_PERIODS) == []


@pytest.mark.parametrize("key", ["quota", "target_pay"])
def test_a_quota_or_target_pay_of_nothing_known_is_told(key: str) -> None:
    story = f"""\
    people: {{Ann: {{{key}: {{bonus: 1000}}}}}}
    expects: [{{payee: Ann, earns: 0}}]
"""
    (said,) = failures(story)
    assert said.startswith(f"example 'a quarter' cannot be run: {key}: 'bonus' is no component of the plan")


def test_customers_are_payees_of_rebates() -> None:
    rebate = REPS.replace("titles: [Rep]", "all_customers: yes").replace(
        "credited_on", "credit_to: customer\n    credited_on"
    )
    story = """\
    people: {Acme: {quota: 1000}}
    happens: [{on: 2026-01-10, invoice: I1, customer: Acme, revenue: 1200}]
    expects: [{payee: Acme, attainment: 120%, earns: 70}, {payee: everyone, earns: 70}]
"""
    assert failures(story, rebate) == []


def test_what_cannot_be_calculated_is_told_as_a_failure() -> None:
    story = """\
    people: {Ann: {quota: 1000, currency: EUR}}
    happens: [{on: 2026-01-10, invoice: I1, owners: Ann, revenue: 100}]
    expects: [{payee: Ann, earns: 5}]
"""
    (said,) = failures(story)
    assert said.startswith("example 'a quarter' cannot be run: rates: none from USD to EUR")


def test_a_period_is_written_as_statements_name_it() -> None:
    with pytest.raises(PlanError, match="'2026-2' names no period"):
        failures(f"{SHARED}    expects: [{{payee: Ann, period: 2026-2, earns: 0}}]\n")


SHORT = """\
plan: Reps
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
components:
  - component: bonus
    credited_on: invoice
    period: quarter
    target_pay: 1000
    payout: {marginal_tiers: [{from: 0%, multiplier: 1}, {from: 100%, multiplier: 2}]}
examples:
  - {example: from half way, component: bonus, quota: 500, starts_at: 250, credits: [250, 250], pays: [500, 1000]}
  - {example: of another, component: bonus, quota: 500, target_pay: 2000, credits: [250], pays: [1000]}
"""


def test_a_short_example_may_begin_anywhere_and_have_its_own_target_pay() -> None:
    assert failing_examples(parse_plan(SHORT, "reps.yaml")) == []
