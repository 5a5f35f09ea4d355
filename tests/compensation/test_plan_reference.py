"""The reference of the plan language tells every key, and its snippets are plans that are read and hold."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from compensation import Plan, failing_examples, parse_plan
from compensation.plans.describing import describe, described_keys, models_of_the_language
from compensation.plans.reference import plan_reference

PAGE = Path(__file__).parents[2] / "docs" / "plan-reference.md"
SNIPPETS = list(dict.fromkeys(re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)))
BARE_PLAN: dict[str, Any] = {
    "plan": "Shown",
    "currency": "USD",
    "effective": {"from": "2026-01-01"},
    "applies_to": {"everyone": "yes"},
    "components": [{"component": "commission"}],
}
BARE_RULE = {"component": "commission", "credited_on": "invoice", "period": "quarter", "payout": {"rate": "5%"}}
KEYS = [
    (model, field.alias or name) for model in models_of_the_language() for name, field in model.model_fields.items()
]


def plan_of(snippet: str) -> Plan:
    """The snippet with what it leaves out of a plan; the file that it may extend is the bare one."""
    shown = yaml.load(snippet, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts only
    bare = {**BARE_PLAN, "components": [BARE_RULE]}
    if "extends" in shown:
        return parse_plan(snippet, "shown.yaml", lambda _: yaml.safe_dump(bare))
    plan = {**BARE_PLAN, **shown}
    plan["components"] = [_rule(component) for component in plan["components"]]
    return parse_plan(yaml.safe_dump(plan, allow_unicode=True), "shown.yaml")


def _rule(shown: dict[str, Any]) -> dict[str, Any]:
    left_out = {
        key: deepcopy(text) for key, text in BARE_RULE.items() if key != "credited_on" or "earnings_of" not in shown
    }
    if shown.get("measure") == "quantity":
        left_out["payout"] = {"per_unit": "5"}
    return {**left_out, **shown}


def test_the_page_is_what_the_models_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == plan_reference(), (
        "run: bonusbridge plan reference > docs/plan-reference.md"
    )


@pytest.mark.parametrize(("model", "key"), KEYS, ids=[f"{model.__name__}.{key}" for model, key in KEYS])
def test_every_key_is_described_and_its_snippet_uses_it(model: type, key: str) -> None:
    described = describe(model, key)
    assert re.fullmatch(r"[`A-Z].*[.]", described.means), "one sentence"
    assert re.search(rf"(^|[\s{{]){key}:", described.example)


def test_no_description_is_of_a_key_that_is_gone() -> None:
    known = {(base.__name__, key) for model, key in KEYS for base in model.__mro__}
    assert [described for described in described_keys() if described not in known] == []


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.strip().splitlines()[-1].strip()[:60])
def test_a_snippet_is_a_plan_that_is_read_and_whose_examples_hold(snippet: str) -> None:
    assert failing_examples(plan_of(snippet)) == []
