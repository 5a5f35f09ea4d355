"""The gallery: every plan holds its own examples, and together they use every key and every word of the language."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest
from pydantic import BaseModel

from compensation import Plan, failing_examples, parse_plan
from compensation.plans.describing import models_of_the_language
from compensation.plans.examples import StoryExample

FOLDER = Path(__file__).parents[2] / "docs" / "plans"
FILES = sorted(FOLDER.glob("*.yaml"))
WITHOUT_CENTS = {"JPY"}


def gallery_plan(file: Path) -> Plan:
    def read_base(name: str) -> str:
        return (FOLDER / name).read_text(encoding="utf-8")

    return parse_plan(file.read_text(encoding="utf-8"), file.name, read_base)


each_plan = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@each_plan
def test_a_plan_of_the_gallery_holds_its_own_examples(file: Path) -> None:
    plan = gallery_plan(file)
    assert failing_examples(plan, 0 if plan.currency in WITHOUT_CENTS else 2) == []


@each_plan
def test_people_can_read_it(file: Path) -> None:
    plan = gallery_plan(file)
    assert plan.examples
    assert file.read_text(encoding="utf-8").startswith("# ")
    titles = [component.title for component in plan.components]
    assert all(title and title.en and re.search(r"[\u4e00-\u9fff]", title.zh_hans or "") for title in titles)
    assert len({component.headings["zh-Hans"] for component in plan.components}) == len(titles)


def test_the_gallery_is_in_order_and_large() -> None:
    numbers = [int(file.name[:2]) for file in FILES]
    assert numbers == list(range(1, len(FILES) + 1))
    assert len(FILES) >= 28


def test_the_gallery_tells_what_happens_and_also_the_unpleasant() -> None:
    stories = [each for file in FILES for each in gallery_plan(file).examples if isinstance(each, StoryExample)]
    documents = [document for story in stories for document in story.happens]
    expected = [expectation for story in stories for expectation in story.expects]
    assert len(stories) >= 45
    assert sum(document.kind == "return" for document in documents) >= 12
    assert sum(len(document.owners) > 1 for document in documents) >= 5
    assert sum(expectation.why is not None for expectation in expected) >= 15
    assert sum(story.closed_through is not None for story in stories) >= 1


def test_the_table_of_the_gallery_names_every_plan_in_order() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[.*?\]\((.*?\.yaml)\) \|", table, re.MULTILINE) == [file.name for file in FILES]


def test_every_key_of_the_language_is_used() -> None:
    used = {key for file in FILES for key in _keys_used(gallery_plan(file))}
    known = {(_home(model, name), name) for model in models_of_the_language() for name in model.model_fields}
    assert known - used == set()


def test_every_word_of_the_language_is_used() -> None:
    used = {word for file in FILES for word in _words_used(gallery_plan(file))}
    fields = [field for model in models_of_the_language() for field in model.model_fields.values()]
    known = {word for field in fields for words in _enums_in(field.annotation) for word in words}
    assert sorted(f"{type(word).__name__}: {word}" for word in known - used) == []


def test_a_plan_takes_something_away_from_what_it_extends() -> None:
    assert any("removed: yes" in file.read_text(encoding="utf-8") for file in FILES)


def _home(model: type, name: str) -> str:
    """The model that brings the key in; those built on it inherit it."""
    return next(each.__name__ for each in reversed(model.__mro__) if name in vars(each).get("__annotations__", {}))


def _keys_used(part: object) -> Iterator[tuple[str, str]]:
    for each in _parts_of(part):
        if isinstance(each, BaseModel):
            yield from ((_home(type(each), name), name) for name in each.model_fields_set)


def _words_used(part: object) -> Iterator[Enum]:
    return (each for each in _parts_of(part) if isinstance(each, Enum))


def _parts_of(part: object) -> Iterator[object]:
    """The part and all that is typed below it, without what is there unless given."""
    yield part
    if isinstance(part, BaseModel):
        inner = [getattr(part, name) for name in part.model_fields_set]
    elif isinstance(part, dict):
        inner = list(part.values())
    else:
        inner = list(part) if isinstance(part, tuple) else []
    for each in inner:
        yield from _parts_of(each)


def _enums_in(annotation: object) -> list[type[Enum]]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [annotation]
    return [enum for part in getattr(annotation, "__args__", ()) for enum in _enums_in(part)]
