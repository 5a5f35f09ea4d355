"""The plan files in the documentation are read and pay what they say."""

import re
from pathlib import Path

import pytest

from compensation import Plan, failing_examples, parse_plan
from compensation.plans.parsing import known_keys

PAGE = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
LEFT_OUT = {
    "plan": "plan: Documented",
    "currency": "currency: USD",
    "effective": "effective: {from: 2026-01-01}",
    "applies_to": "applies_to: {everyone: yes}",
    "components": "components: [{component: any, credited_on: invoice, period: year, payout: {rate: 1%}}]",
}


def plan_of(snippet: str) -> Plan:
    """The snippet, with what it leaves out of a plan added."""
    added = [text for key, text in LEFT_OUT.items() if not re.search(rf"^{key}:", snippet, re.MULTILINE)]
    return parse_plan("\n".join([snippet, *added]), "docs/plans.md")


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: re.split(r"[\n,]", snippet)[0][:40])
def test_a_documented_plan_is_read_and_pays_what_it_says(snippet: str) -> None:
    assert failing_examples(plan_of(snippet)) == []


def test_the_page_has_examples_that_are_run() -> None:
    assert sum(len(plan_of(snippet).examples) for snippet in SNIPPETS) >= 9


@pytest.mark.parametrize("key", sorted(known_keys()))
def test_every_key_of_the_language_is_explained_and_shown(key: str) -> None:
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    assert f"`{key}" in prose
    assert any(re.search(rf"\b{key}:", snippet) for snippet in SNIPPETS)
