"""The schema that editors use takes every plan file of ours, and refuses what is misspelt."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from compensation.plans.schema import plan_schema

ROOT = Path(__file__).parents[2]
PLAN = {"plan": "Reps", "currency": "USD", "effective": {"from": "2026-01-01"}, "applies_to": {"everyone": "yes"}}
RULE = {"component": "commission", "credited_on": "invoice", "period": "quarter", "payout": {"rate": "5%"}}


class AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2, as editors read it: days and yes or no are texts."""


AsEditorsRead.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("int", "float", "null")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def plan_files() -> list[Path]:
    folders = (ROOT / "bonusbridge" / "plans", ROOT / "tests", ROOT / "docs")
    files = sorted(path for folder in folders for path in folder.rglob("*.yaml"))
    return [path for path in files if re.search(r"^plan:", path.read_text(encoding="utf-8"), re.MULTILINE)]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def with_rule(**keys: object) -> dict[str, Any]:
    return {**PLAN, "components": [{**RULE, **keys}]}


@pytest.mark.parametrize("path", plan_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_plan_file_of_ours_fits(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    typed = yaml.load(path.read_text(encoding="utf-8"), Loader=AsEditorsRead)  # noqa: S506 - a safe loader with fewer types
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(typed)] == []


def test_the_published_schema_is_what_the_models_say() -> None:
    published = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
    assert published == plan_schema(), "run: bonusbridge plan schema > docs/plan.schema.json"


def test_there_are_plan_files_to_try() -> None:
    assert len(plan_files()) >= 6


FITS: dict[str, dict[str, Any]] = {
    "one word for a list": with_rule(credit_to="owners", filter={"products": "Router X"}),
    "a quota as an amount": with_rule(quota=250000),
    "a target pay in terms": with_rule(target_pay={"of_salary": "20%"}),
    "a cap as a percentage": with_rule(cap="250%"),
    "a bound that is above": with_rule(
        payout={"marginal_tiers": [{"from": 0, "rate": 0.04}, {"from": "above 100%", "rate": 1}]}
    ),
    "an extension that says where it differs": {
        "extends": "base.yaml",
        "components": [{"component": "a", "removed": "yes"}],
    },
    "a name like a number": {**with_rule(), "plan": 2026},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt key": (with_rule(perriod="year"), "components[0]"),
    "a word that is none": (with_rule(period="fortnight"), "components[0].period"),
    "a number in words": (with_rule(payout={"rate": "five percent"}), "components[0].payout.rate"),
    "a percentage for an amount": (with_rule(opening_pay="5%"), "components[0].opening_pay"),
    "a share beyond 1000%": (with_rule(share="1001%"), "components[0].share"),
    "a part beyond 100%": (with_rule(release=[{"share": "101%"}]), "components[0].release[0].share"),
    "a month beyond December": ({**with_rule(), "year_starts": 13}, "year_starts"),
    "no period": ({**PLAN, "components": [{"component": "a", "payout": {"rate": "1%"}}]}, "components[0]"),
    "a plan without rules": (PLAN, "$"),
}  # fmt: skip


@pytest.mark.parametrize("typed", FITS.values(), ids=FITS)
def test_what_may_be_typed_fits(typed: dict[str, Any], validator: jsonschema.Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(typed)] == []


@pytest.mark.parametrize(("typed", "place"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_be_typed_is_refused_there(
    typed: dict[str, Any], place: str, validator: jsonschema.Draft202012Validator
) -> None:
    assert [error.json_path for error in validator.iter_errors(typed)] == [place if place == "$" else f"$.{place}"]


def test_every_key_has_a_description() -> None:
    schema = plan_schema()
    objects = [schema, *(each for each in schema["$defs"].values() if each["type"] == "object")]
    assert [key for each in objects for key, place in each["properties"].items() if not place.get("description")] == []
