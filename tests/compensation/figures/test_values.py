"""The values of figures, one by one."""

from datetime import date
from itertools import pairwise

import pytest

from compensation import Calculation, calculate
from tests.compensation.crediting.company import Row, component, facts, plan
from tests.compensation.earnings.test_limits import LAST, sold

PEOPLE: list[Row] = [
    {"payee_id": "ann", "team": "A", "manager_id": "max", "hired_on": date(2026, 2, 10)},
    {"payee_id": "bea", "team": "A", "manager_id": "max"},
    {"payee_id": "max", "team": "B"},
]
STARTS = [date(2026, month, 1) for month in (1, 4, 7, 10)] + [date(2027, 1, 1)]
QUOTAS = {"ann": (40_000, 10_000, 10_000, 10_000), "bea": (None, 6_000, None, None)}
SALES = component(
    "period: quarter, credit_to: [owners, direct_manager]",
    name="sales",
    payout="{marginal_tiers: [{from: 0%, rate: 1%}]}",
)
FIGURES = {
    "own": "attainment_of: sales",
    "whole_year": "attainment_of: sales, over: year",
    "year_to_date": "attainment_of: sales, over: year, quota: to_date",
    "ever": "attainment_of: sales, over: ever",
    "of_team": "attainment_of: sales, of: team",
    "total": "total_of: sales",
    "year_total": "total_of: sales, over: year",
    "reports": "total_of: sales, of: reports",
    "all": "total_of: sales, of: everyone",
    "earned": "earnings_of: sales",
    "earned_by_all": "earnings_of: sales, of: everyone",
    "tenure": "tenure_months: yes",
    "liked": "metric: liked",
    "team_liked": "metric: liked, of: team",
    "all_liked": "metric: liked, of: everyone",
    "sum": "sum: [total, 2, {total_of: sales, over: year}]",
    "difference": "difference: [total, 2]",
    "product": "product: [total, 2, 0.1]",
    "ratio": "ratio: [total, 30]",
    "halves": "ratio: [total, 30], rounded_to: 0.5",
    "least": "min: [total, 40]",
    "most": "max: [total, 40]",
    "nothing": "ratio: [total, 0]",
    "unknown": "sum: [1, nothing]",
}


@pytest.fixture(scope="module")
def calculated() -> Calculation:
    kpis = ", ".join(f"{{kpi: {name}, figure: {name}, weight: 1}}" for name in FIGURES)
    card = f"component: card, period: quarter, target_pay: 1, payout: {{scorecard: [{kpis}]}}"
    texts = ", ".join(f"{name}: {{{text}}}" for name, text in FIGURES.items())
    spans = list(pairwise(STARTS))
    quotas = [
        {"payee_id": who, "from_on": start, "to_on": end, "quota_minor": amount}
        for who, amounts in QUOTAS.items()
        for (start, end), amount in zip(spans, amounts, strict=True)
        if amount is not None
    ]
    known = facts(
        PEOPLE,
        transactions=[
            sold("t0", 10_000),
            sold("t1", 5_000, date(2026, 5, 10)),
            sold("t2", 3_000, date(2026, 5, 10), deal_id="E"),
        ],
        participants=[{"payee_id": "ann"}, {"payee_id": "bea", "deal_id": "E"}],
        quotas=quotas,
        metrics=[{"subject": who, "value": value} for who, value in (("bea", "0.7"), ("A", "0.8"), ("", "0.9"))],
    )
    return calculate(known, [plan(f"{SALES}\n{card}", more=f"figures: {{{texts}}}")], as_of=LAST)


@pytest.mark.parametrize(
    ("who", "values"),
    [
        (
            "ann",
            {
                "own": "1/2",
                "whole_year": "3/14",
                "year_to_date": "3/10",
                "ever": "3/14",
                "of_team": "1/2",
                "total": "50",
                "year_total": "150",
                "reports": "0",
                "all": "80",
                "earned": "1/2",
                "earned_by_all": "4/5",
                "tenure": "5",
                "liked": "9/10",
                "team_liked": "4/5",
                "all_liked": "9/10",
                "sum": "202",
                "difference": "48",
                "product": "10",
                "ratio": "5/3",
                "halves": "3/2",
                "least": "40",
                "most": "50",
                "nothing": None,
                "unknown": None,
            },
        ),
        (
            "bea",
            {"own": "1/2", "whole_year": "1/2", "of_team": "1/2", "total": "30", "tenure": None, "liked": "7/10"},
        ),
        (
            "max",
            {
                "own": None,
                "whole_year": None,
                "of_team": None,
                "total": "80",
                "reports": "80",
                "all": "80",
                "earned": "0",
                "team_liked": None,
                "liked": "9/10",
            },
        ),
    ],
)
def test_the_figures_of_the_second_quarter(calculated: Calculation, who: str, values: dict[str, str | None]) -> None:
    """Ann sold 100 dollars of 400 and then 50 of 100 (700 in the year), bea 30 of 60; max is their manager."""
    found = calculated.figures.filter(payee_id=who, period_label="2026-Q2").select("figure", "value")
    assert {name: value for name, value in found.rows() if name in values} == values


def test_a_team_attains_the_quotas_that_are_known(calculated: Calculation) -> None:
    """In the first quarter ann alone has one."""
    found = calculated.figures.filter(period_label="2026-Q1", figure="of_team").select("payee_id", "value")
    assert found.rows() == [("ann", "1/4"), ("bea", "1/4"), ("max", None)]
