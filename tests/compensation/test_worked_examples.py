"""Published worked examples, paid as their authors say: each is a plan file, and each published number is expected."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from compensation import Plan, failing_examples, parse_plan
from compensation.plans.examples import StoryExample
from mappings.money import exponent
from tests.compensation.published_numbers import COMPARED, compared, expected_at, leaves, off_by_one

FOLDER = Path(__file__).parent / "published"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "numbers.yaml")
INEXPRESSIBLE: dict[str, str] = {}
"""Published examples that our language cannot say, and why."""
Published = dict[str, dict[str, Any]]


def plan_of(name: str) -> Plan:
    def read(base: str) -> str:
        return (FOLDER / base).read_text(encoding="utf-8")

    return parse_plan(read(name), name, read)


def plans_of(example: str) -> list[Plan]:
    """The plan of a published example, and those that vary it."""
    return [plan_of(name) for name in FILES if name == f"{example}.yaml" or name.startswith(f"{example}.")]


@pytest.fixture(scope="module")
def published(test_data: Path) -> Published:
    """The published examples by their ids, every number as it is spelled."""
    text = (test_data / "data" / "worked_examples.json").read_text(encoding="utf-8")
    return {each["id"]: each for each in json.loads(text, parse_float=Fraction, parse_int=Fraction)}


@pytest.mark.parametrize("name", FILES)
def test_a_published_plan_pays_as_published(name: str) -> None:
    plan = plan_of(name)
    assert plan.examples
    assert failing_examples(plan, exponent) == []


def test_every_published_example_has_a_plan_file(published: Published) -> None:
    missing = [name for name in published if f"{name}.yaml" not in FILES]
    assert missing == sorted(INEXPRESSIBLE)
    assert len(INEXPRESSIBLE) < 0.03 * len(published)


def test_every_published_number_is_expected_in_a_plan_file(published: Published) -> None:
    addresses = yaml.safe_load((FOLDER / "numbers.yaml").read_text(encoding="utf-8"))
    differences = []
    for name in published.keys() - INEXPRESSIBLE.keys():
        expected, plans = dict(leaves(addresses[name])), plans_of(name)
        for place, number in leaves(published[name]["expected"]):
            if isinstance(number, Fraction) and (
                place not in expected or expected_at(expected[place], plans) != number
            ):
                differences.append(f"{name}{place}: {number} is published, see '{expected.get(place)}'")
    assert differences == []


def test_every_key_of_an_expectation_is_compared() -> None:
    """Numbers that are one off in their last place are told, each of them; tried on a file for every key."""
    seen: set[str] = set()
    for plan in map(plan_of, FILES):
        stories = [each for each in plan.examples if isinstance(each, StoryExample)]
        keys = [key for story in stories for each in story.expects for key in compared(each)]
        if not seen.issuperset(keys):
            seen.update(keys)
            wrong = [each.model_copy(update={"expects": tuple(map(off_by_one, each.expects))}) for each in stories]
            said = failing_examples(plan.model_copy(update={"examples": tuple(wrong)}), exponent)
            assert len(said) == len(keys), plan.name
    assert COMPARED - seen == {"adjusted", "guarantee"}, "see test_plan_stories.py"
