"""What figures are made of: factors by hand, metrics, groups, totals; on which days they hold."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import polars as pl
import pytest

from compensation.facts.assignments import Assignments
from compensation.facts.schemas import SCHEMAS
from compensation.figures.factors import ManualFactors
from compensation.figures.groups import Groups
from compensation.figures.metrics import Metrics
from compensation.figures.totals import Totals
from compensation.plans.figures import Of
from compensation.plans.payouts import Among
from compensation.plans.periods import Period
from tests.compensation.crediting.company import component, facts, plan

JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in range(1, 5))
Held = Sequence[tuple[date, date | None, str]]


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ([], None),
        ([(JANUARY, None, "0.8")], "0.8"),
        ([(JANUARY, FEBRUARY, "0.8")], None),
        ([(JANUARY, date(2026, 2, 2), "0.8")], "0.8"),
        ([(MARCH, None, "0.8")], None),
        ([(date(2026, 2, 28), APRIL, "0.8")], "0.8"),
        ([(FEBRUARY, MARCH, "0.9"), (JANUARY, None, "0.8")], "0.9"),
        ([(JANUARY, None, "0.8"), (MARCH, None, "0.9")], "0.8"),
    ],
)
def test_the_latest_that_holds_on_a_day_of_february(held: Held, found: str | None) -> None:
    """A span ends before ``to_on``."""
    spans = [{"from_on": start, "to_on": end} for start, end, _ in held]
    values = [value for _, _, value in held]
    factors = [
        {"payee_id": "ann", "modifier": "m", **span, "factor": value} for span, value in zip(spans, values, strict=True)
    ]
    metrics = [
        {"subject": "ann", "metric": "m", **span, "value": value} for span, value in zip(spans, values, strict=True)
    ]
    factor = ManualFactors(pl.DataFrame(factors, schema=SCHEMAS["factors"]))
    metric = Metrics(pl.DataFrame(metrics, schema=SCHEMAS["metrics"]))
    assert factor.of("m", "ann", Period("2026-02", FEBRUARY, MARCH)) == Fraction(found or 1)
    assert metric.value("ann", "m", FEBRUARY, MARCH) == (None if found is None else Fraction(found))
    assert factor.of("m", "bea", Period("2026-02", FEBRUARY, MARCH)) == 1
    assert metric.value("bea", "m", FEBRUARY, MARCH) is None


def test_groups() -> None:
    """Ann and bea are a team below max, who is below zoe; cid and zoe have no team, and nobody is above gus and hal."""
    people = (
        {"payee_id": "bea", "team": "A", "manager_id": "max"},
        {"payee_id": "ann", "team": "A", "manager_id": "max", "region": "North"},
        {"payee_id": "cid", "manager_id": "ivy"},
        {"payee_id": "max", "team": "B", "title": "Manager", "manager_id": "zoe"},
        {"payee_id": "zoe"},
        {"payee_id": "gus", "manager_id": "hal"},
        {"payee_id": "hal", "manager_id": "gus", "team": "B", "to_on": MARCH},
    )
    groups, own = Groups(Assignments(facts(people))), plan(component(), applies_to="{titles: Rep}")
    assert groups.members(Of.PAYEE, "ann", FEBRUARY, own) == ("ann",)
    assert groups.members(Of.TEAM, "ann", FEBRUARY, own) == ("ann", "bea")
    assert groups.members(Of.TEAM, "max", FEBRUARY, own) == ("hal", "max")
    assert groups.members(Of.TEAM, "max", MARCH, own) == ("max",)
    assert groups.members(Of.TEAM, "cid", FEBRUARY, own) == ()
    assert groups.members(Of.TEAM, "hal", MARCH, own) == ()
    assert groups.members(Of.REPORTS, "max", FEBRUARY, own) == ("ann", "bea")
    assert groups.members(Of.REPORTS, "zoe", FEBRUARY, own) == ("ann", "bea", "max")
    assert groups.members(Of.REPORTS, "ann", FEBRUARY, own) == ()
    assert groups.members(Of.REPORTS, "gus", FEBRUARY, own) == ("hal",)
    assert groups.members(Of.REPORTS, "ivy", FEBRUARY, own) == ("cid",)
    assert groups.members(Of.EVERYONE, "max", MARCH, own) == ("ann", "bea", "cid", "gus", "zoe")
    teams = [groups.team(who, MARCH) for who in ("ann", "cid", "hal")]
    assert teams == ["A", None, None]
    names = [groups.among(Among(of), "ann", FEBRUARY) for of in ("team", "title", "region", "plan")]
    assert names == ["A", "Rep", "North", ""]
    assert [groups.among(Among.REGION, who, FEBRUARY) for who in ("bea", "nobody")] == ["", ""]


def test_totals_between_days() -> None:
    key = ("", 0, "ann")
    rows = [(key, MARCH, 4, 3), (key, JANUARY, 10, 9), (key, FEBRUARY, 200, 0), (("", 1, "ann"), JANUARY, 5_000, 0)]
    totals = Totals(rows)
    assert totals.between(key, JANUARY, MARCH) == 210
    assert totals.between(key, FEBRUARY, APRIL) == 204
    assert totals.between(key, JANUARY, APRIL, direct=True) == 12
    assert totals.between(("x", 0, "ann"), JANUARY, APRIL) == 0
    assert [*totals.keys()] == [key, ("", 1, "ann")]
