"""What each key of the plan language means, and a snippet that uses it: ``descriptions/*.yaml``."""

import inspect
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml
from pydantic import BaseModel

from compensation.plans.plan import Plan


class Description(NamedTuple):
    """One sentence, and a snippet of a plan file: keys of the plan, or of one component."""

    means: str
    example: str


def describe(model: type[BaseModel], key: str) -> Description:
    """The description of a key, also of one that the model inherits. KeyError if there is none."""
    texts = _texts()
    home = next(each.__name__ for each in model.__mro__ if key in texts.get(each.__name__, {}))
    return Description(**texts[home][key])


def described_keys() -> Iterator[tuple[str, str]]:
    """Every model and key that has a description."""
    return ((model, key) for model, keys in _texts().items() for key in keys)


def models_of_the_language() -> list[type[BaseModel]]:
    """The models of everything that a plan file may hold, the plan first, each before its parts."""
    found: list[type[BaseModel]] = []
    left: list[type[BaseModel]] = [Plan]
    while left:
        each = left.pop(0)
        if each not in found:
            found.append(each)
            parts = [part for field in each.model_fields.values() for part in _models_in(field.annotation)]
            left[:0] = [part for part in parts if part not in found]
    return found


def summary(described: type) -> str:
    """The first sentence of a docstring; empty if there is none of its own."""
    text = inspect.getdoc(described) if "__doc__" in vars(described) else ""
    return (text or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")


@cache
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    folder = resources.files(__package__) / "descriptions"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    texts: dict[str, dict[str, dict[str, str]]] = {}
    for file in files:
        # Every scalar as typed: YAML would make a truth value of the key 'on'.
        texts |= yaml.load(file.read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - it makes texts only
    return texts


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
