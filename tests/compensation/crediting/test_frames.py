"""Facts: what fits, and what is refused with frame, column and row."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date

import polars as pl
import pytest

from compensation import Facts
from compensation.errors import FactsError
from compensation.facts.schemas import MAY_BE_ABSENT, SCHEMAS
from tests.compensation.crediting.company import facts

REQUIRED = ("transactions", "participants", "assignments", "quotas", "rates", "currencies", "deals")
SPAN = {"from_on": [date(2026, 1, 1)], "to_on": [None]}


def given(**changes: pl.DataFrame) -> Facts:
    frames = {each.name: getattr(facts(), each.name) for each in fields(Facts)}
    return Facts(**{**frames, **changes})


def test_what_a_caller_does_not_know_may_be_left_out() -> None:
    known = {name: getattr(facts(), name) for name in REQUIRED}
    old = {name: frame.drop(MAY_BE_ABSENT.get(name, ())) for name, frame in known.items()}
    complete = Facts(**old)
    for name, schema in SCHEMAS.items():
        assert dict(getattr(complete, name).schema) == schema


def test_further_columns_are_ignored() -> None:
    more = facts().deals.with_columns(pl.lit(1).alias("colour"))
    assert "colour" not in given(deals=more).deals.columns


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("measures", {"transaction_id": ["t"], "measure": ["arr"]}, "measures: column value is missing"),
        (
            "measures",
            {"transaction_id": ["t"], "measure": ["arr"], "value": [1.5]},
            "measures.value: has type Float64, Int64 is wanted",
        ),
        (
            "measures",
            {"transaction_id": ["t", "t"], "measure": ["arr", "arr"], "value": [1, 2]},
            "measures.measure: 't', 'arr' stands twice",
        ),
        (
            "attributes",
            {"transaction_id": ["t", "u"], "attribute": ["a", None], "value": ["x", "y"]},
            "attributes.attribute: row 1 has no value",
        ),
        (
            "metrics",
            {"subject": ["ann"], "metric": ["nps"], **SPAN, "value": ["many"]},
            "metrics.value: row 0 is no exact number",
        ),
        (
            "factors",
            {"payee_id": ["a"], "modifier": ["m"], **SPAN, "factor": ["1/0"], "author": [None], "reason": [None]},
            "factors.factor: row 0 is no exact number",
        ),
        ("absences", {"payee_id": ["ann"], "from_on": [None], "to_on": [None]}, "absences.from_on: row 0 has no value"),
        (
            "targets",
            {
                "payee_id": ["a"],
                "component": ["c"],
                "from_on": [date(2026, 2, 1)],
                "to_on": [date(2026, 2, 1)],
                "target_minor": [1],
                "currency": ["USD"],
            },
            "targets.to_on: row 0 does not lie after its from_on",
        ),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(name: str, rows: Mapping[str, list[object]], message: str) -> None:
    with pytest.raises(FactsError) as error:
        given(**{name: pl.DataFrame(rows)})
    assert message in str(error.value)


def test_ratios_and_decimals_are_exact_numbers() -> None:
    rows = pl.DataFrame({"subject": "", "metric": "rate", **SPAN, "value": ["1/3"]})
    decimal = rows.with_columns(pl.lit("0.25").alias("value"))
    assert given(metrics=pl.concat([rows, decimal])).metrics["value"].to_list() == ["1/3", "0.25"]
