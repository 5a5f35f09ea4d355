"""Plan files: what they may say, how errors read, and the shipped ones with their own examples."""

from fractions import Fraction
from pathlib import Path

import pytest

from compensation import PlanError, failing_examples, parse_plan
from compensation.plans.parsing import plan_errors

PLANS = sorted((Path(__file__).parents[2] / "bonusbridge" / "plans").glob("*/*.yaml"))

PLAN = """\
plan: Reps
currency: USD
effective: {from: 2026-01-01}
applies_to: {titles: Rep}
components:
  - component: commission
    credited_on: invoice
    period: quarter
    payout:
      marginal_tiers:
        - {from: 0%, to: 100%, rate: 0.08}
        - {from: 100%, rate: 8.5%}
"""


@pytest.mark.parametrize("path", PLANS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_plan_holds_its_own_examples(path: Path) -> None:
    plan = parse_plan(path.read_text(encoding="utf-8"), path.name)
    assert plan.examples
    assert failing_examples(plan) == []


def test_a_wrong_example_is_told() -> None:
    text = PLAN + "examples:\n  - {example: wrong, component: commission, quota: 100, credits: [100], pays: [9]}\n"
    assert failing_examples(parse_plan(text, "reps.yaml")) == [
        "example 'wrong': expected [0, 900], the plan pays [0, 800] (in minor units)"
    ]


def test_numbers_are_read_exactly_from_their_text() -> None:
    tiers = parse_plan(PLAN, "reps.yaml").components[0].payout.tiers
    assert [tier.rate.value for tier in tiers if tier.rate] == [Fraction(8, 100), Fraction(85, 1000)]


def test_the_version_changes_with_the_text() -> None:
    assert parse_plan(PLAN, "a").version == parse_plan(PLAN, "b").version
    assert parse_plan(PLAN, "a").version != parse_plan(PLAN + "# dearer\n", "a").version


def _with(old: str, new: str) -> str:
    assert old in PLAN
    return PLAN.replace(old, new)


def _gated(figures: str) -> str:
    """The plan, paying only if the figure that is called ``late`` lets it."""
    gated = _with("invoice", "invoice\n    gates: [{figure: late, at_least: 1}]")
    return gated.replace("components:", f"figures: {{{figures}}}\ncomponents:")


def _left_at_base_rate(payout: str) -> str:
    gate = "gates: [{figure: late, at_least: 1, otherwise: base_rate}]"
    component = f"{{component: b, credited_on: invoice, period: year, payout: {{{payout}}}, {gate}}}"
    return f"{PLAN}  - {component}\nfigures: {{late: {{metric: late}}}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            _with("applies_to: {titles: Rep}", "applies_to: {all_customers: yes}\npayments: {draw: {amount: 100}}"),
            "payments: draws and guarantees are for people, not for customers; leave it out, or pay a floor",
        ),
        (_with("to: 100%", "to: 110%"), "line 12: components.1.payout.marginal_tiers.2: tiers overlap; let each begin"),
        (_with("to: 100%", "to: 90%"), "line 12: components.1.payout.marginal_tiers.2: tiers leave a gap; let each"),
        (
            _with("{from: 0%, to: 100%", "{from: 200%"),
            "line 12: components.1.payout.marginal_tiers.2: tiers are not in asc",
        ),
        (
            _with("100%, rate: 8.5%", "100%, to: 200%, rate: 1"),
            "line 12: components.1.payout.marginal_tiers.2: the last tier ends",
        ),
        (
            _with("from: 100%, rate", "from: 100000, rate"),
            "line 9: components.1.payout: bounds mix percentages of quota and am",
        ),
        (
            _with("rate: 0.08", "rate: 8.5.1%"),
            "line 11: components.1.payout.marginal_tiers.1.rate: '8.5.1%' is not a number; wri",
        ),
        (_with("rate: 0.08", "rate: NaN"), "rate: 'NaN' is not a number"),
        (_with("rate: 0.08", "rate: 1e400"), "rate: '1e400' is not a number"),
        (
            _with("rate: 0.08", "rate: -8%"),
            "line 11: components.1.payout.marginal_tiers.1: a tier has no negative bound",
        ),
        (_with("rate: 0.08", "rate: 8%, per_unit: 3"), "a tier pays in one way; give one of rate"),
        (
            _with("period:", "perriod:"),
            "line 8: components.1.perriod: is not a key of the plan language; did you mean 'perio",
        ),
        (
            _with("invoice", "invoice\n    continues: yes"),
            "components.1.continues: is not a key of the plan language; did you mean 'continues_earlier_version'?",
        ),
        (_with("    period: quarter\n", ""), "line 6: components.1.period: is missing; add 'period'"),
        (
            _with("quarter", "fortnight"),
            "line 8: components.1.period: 'fortnight' is unknown; choose 'week', 'two-weeks', 'half-month'",
        ),
        (
            _with("invoice", "invoice\n    only_for: {titles: Manager}"),
            "components.1.only_for: the plan has nobody of these titles; choose among Rep, or add to 'applies_to'",
        ),
        (
            PLAN + "caps: [{cap: all, components: commission, amount: 9, period: year, exchange_rate: plan_rate}]\n",
            "line 13: caps.1: an amount is not converted by a rate of the deal; leave out 'exchange_rate'",
        ),
        (
            PLAN + "  - {component: b, period: year, payout: {ranking: {by: f}}}\n",
            "line 13: components.2.payout.ranking: a ranking has prizes for ranks or for top shares; give either",
        ),
        (
            PLAN
            + "  - {component: b, period: year, payout: {ranking: {by: f, top: "
            + "[{share: 20%, prize: 1}, {share: 10%, prize: 2}]}}}\n",
            "the top shares are not in ascending order; sort them by 'share'",
        ),
        (
            PLAN + "payments: {minimum_payout: {amount: 50}, maximum_payout: {amount: 40}}\n",
            "line 13: payments: the minimum payout exceeds the maximum; correct one of them",
        ),
        (
            PLAN + "payments: {guarantee: {months: 3}}\n",
            "payments.guarantee: a guarantee is one amount or goes by steps; give 'amount' (and 'months'), or 'steps'",
        ),
        (
            PLAN + "payments: {guarantee: {steps: [{through_month: 3, amount: 1}, {through_month: 3, amount: 2}]}}\n",
            "payments.guarantee: the steps are not in ascending order; sort them by 'through_month'",
        ),
        (_with("invoice", "invoice\n    only_for: {}"), "has to say for whom; give titles, regions, channels, teams"),
        (
            _with("{titles: Rep}", "{all_customers: yes}").replace("invoice", "invoice\n    only_for: {titles: Rep}"),
            "components.1.only_for: the plan is for customers; choose them by 'filter'",
        ),
        (
            _with("quarter", "two-weeks"),
            "line 8: components.1.period: two weeks may begin in any week; give the plan 'two_weeks_start'",
        ),
        (
            _gated("late: {total_of: commission, over: month}"),
            "line 5: figures.late: 'month' is shorter than the period of 'commission' (quarter); leave out 'over'",
        ),
        (
            _gated("late: {sum: [1, half]}, half: {ratio: [2, {metric: csat, over: half-month}]}"),
            "line 5: figures.half: 'half-month' is shorter than the period of 'commission' (quarter); leave out 'over'",
        ),
        (
            _gated("late: {metric: csat}")
            + "  - {component: b, credited_on: order, period: year, payout: {matrix: {rows: {by: region, values: [N]}, "
            + "columns: {by: late, from: [0]}, rates: [[1%]]}}}\n",
            "components.2: cases and rates look at a transaction, 'late' is a figure; use a matrix that 'pays'",
        ),
        *(
            (
                _left_at_base_rate(payout),
                "line 13: components.2: a payout without a rate has no base rate; leave nothing",
            )
            for payout in (
                "points: [{at: 0%, pays: 0}, {at: 100%, pays: 5}]",
                "steps: [{at: 50%, bonus: 1}]",
                "pool: {size: {amount: 5}, of: plan, divided: equally}",
                "matrix: {rows: {by: late, from: [0, 1]}, columns: {by: late, from: [0, 1]}, pays: [[1, 2], [3, 4]]}",
            )
        ),
        (_with("{titles: Rep}", "{everyone: no}"), "line 4: applies_to: has to say who; give titles"),
        (
            _with("2026-01-01}", "2026-01-01, through: 2025-01-01}"),
            "line 3: effective: 'through' lies before 'from'; swap",
        ),
        (_with("currency: USD", "currency: dollars"), "line 2: currency"),
        (_with("currency: USD", "currency:"), "line 2: currency: has no value; give it one"),
        (_with("currency: USD", "plan: Again"), "line 2: plan: the key stands twice; keep one"),
        (_with("period: quarter", "period: quarter\n    mode: sliced\n    payout: {rate: 1%}"), "the key stands twice"),
        (
            _with("rate: 0.08", "amount: 500"),
            "components.1.payout: an amount is no pay per slice; use whole_amount_tiers",
        ),
        (_with("rate: 0.08", "multiplier: 1"), "line 6: components.1: parts of a target pay need a target pay"),
        (
            _gated("late: {tenure_months: yes}").replace("at_least: 1", "at_least: 1, otherwise: target"),
            "components.1: parts of a target pay need a target pay",
        ),
        (
            _with("rate: 0.08", "per_unit: 5"),
            "line 6: components.1: per_unit pays on a number; set 'measure: quantity'",
        ),
        (_with("invoice", "invoice\n    position: margin"), "mode 'curve' pays on the measure that its tiers look at"),
        (PLAN + PLAN[PLAN.index("  - ") :], "two components are called 'commission'; rename one"),
        ("- a\n- b\n", "line 1: a plan is a mapping of keys; begin with 'plan: <name>'"),
        ("plan: [\n", "line 2: not readable as YAML"),
        ("plan: a\x00b\n", "line 1: not readable as YAML"),
        ("[" * 100_000, "line 1: is nested deeper than 50 levels; close the brackets before it"),
        ("plan: &a [x, y]\ncurrency: *a\n", "currency: is an alias of another part; write the part out"),
    ],
)
def test_a_malformed_plan_says_where_and_what_to_do(text: str, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan(text, "reps.yaml")
    assert str(caught.value).startswith("reps.yaml, line ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_with("quarter", "fortnight"), "line 8: components.1.period: 'fortnight' is unknown"),
        (PLAN[: PLAN.index("        - {from: 100%")].replace("rate", "rte"), "tiers.1.rte: is not a key"),
        (
            PLAN[: PLAN.index("  - ")].replace("components:", "components: []"),
            "components: is too short; list at least 1",
        ),
    ],
)
def test_what_is_wrong_in_the_only_part_of_a_list_is_told_and_not_that_the_list_is_short(
    text: str, message: str
) -> None:
    (error,) = plan_errors(text, "reps.yaml")
    assert message in str(error)
