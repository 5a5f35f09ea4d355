"""The guide to the plan language: its plans are read and pay what they say, and nothing of the language is left out."""

import re
from enum import Enum
from pathlib import Path

import pytest

from compensation import Plan, failing_examples, parse_plan
from compensation.plans import examples
from compensation.plans.describing import models_of_the_language

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "plans.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
PROSE = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
SPOKEN_OF = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`]*)`", PROSE))))
MODELS = [model for model in models_of_the_language() if model.__module__ != examples.__name__]
KEYS = {field.alias or name for model in MODELS for name, field in model.model_fields.items()}
LEFT_OUT = {
    "plan": "plan: Documented",
    "currency": "currency: USD",
    "effective": "effective: {from: 2026-01-01}",
    "applies_to": "applies_to: {everyone: yes}",
    "components": "components: [{component: any, credited_on: invoice, period: year, payout: {rate: 1%}}]",
}


def plan_of(snippet: str) -> Plan:
    """The snippet, with what it leaves out of a plan added; what it may extend is the first plan of the page."""
    if re.search("^extends:", snippet, re.MULTILINE):
        return parse_plan(snippet, "docs/plans.md", lambda _: SNIPPETS[0])
    added = [text for key, text in LEFT_OUT.items() if not re.search(rf"^{key}:", snippet, re.MULTILINE)]
    return parse_plan("\n".join([snippet, *added]), "docs/plans.md")


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: re.split(r"[\n,]", snippet)[0][:40])
def test_a_documented_plan_is_read_and_pays_what_it_says(snippet: str) -> None:
    assert failing_examples(plan_of(snippet)) == []


def test_the_page_has_examples_that_are_run() -> None:
    assert sum(len(plan_of(snippet).examples) for snippet in SNIPPETS) >= 15


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_of_the_language_is_explained(key: str) -> None:
    assert key in SPOKEN_OF


def test_every_word_of_the_language_is_explained() -> None:
    fields = [field for model in MODELS for field in model.model_fields.values()]
    words = {str(word.value) for field in fields for enum in _enums_in(field.annotation) for word in enum}
    assert sorted(words - SPOKEN_OF) == []


def test_what_the_page_points_at_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PROSE)
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


def _enums_in(annotation: object) -> list[type[Enum]]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [annotation]
    return [enum for part in getattr(annotation, "__args__", ()) for enum in _enums_in(part)]
