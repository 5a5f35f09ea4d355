"""The reference of the plan language, as a page: every key with its meaning, what may stand there, and a snippet."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from compensation.plans.components import Component
from compensation.plans.describing import describe, models_of_the_language, summary
from compensation.plans.plan import Plan
from compensation.plans.schema import plan_schema
from compensation.plans.typed_numbers import Number

_INTRODUCTION = """\
# Reference of the plan language

Every key of a [plan file](plans.md). This page is written by `bonusbridge plan reference`; `bonusbridge plan schema`
gives the same to an editor, which then completes and checks while you type.

Numbers are typed `8%`, `0.08` or `50000` and stay exact. Days are typed `2026-01-31`. Where a list is wanted a single
word will do if the key says so. The snippets leave out what a plan needs besides.
"""
_ABOVE_COMPONENTS = ("measures", "figures", "plan_rates")


def plan_reference() -> str:
    """The page in Markdown."""
    definitions = plan_schema()
    parts = [_INTRODUCTION]
    for model in models_of_the_language():
        schema = definitions if model is Plan else definitions["$defs"][model.__name__]
        parts.append("\n".join(_section(model, schema, definitions["$defs"])))
    return "\n".join(parts)


def laid_out(example: str) -> str:
    """The snippet as it stands in a plan file: keys of a component under ``components``."""
    blocks = re.findall(r"^\S.*\n?(?:^ .*\n?)*", example, re.MULTILINE)
    of_component = [block for block in blocks if _key(block) in _keys(Component)]
    of_plan = [block for block in blocks if block not in of_component]
    above = [block for block in of_plan if _key(block) in _ABOVE_COMPONENTS or not of_component]
    below = [block for block in of_plan if block not in above]
    return "".join(_ended(block) for block in [*above, *_component(of_component), *below])


def _component(blocks: list[str]) -> Iterator[str]:
    if not blocks:
        return
    named = any(_key(block) == "component" for block in blocks)
    lines = [] if named else ["component: commission"]
    lines += [line for block in blocks for line in block.splitlines()]
    yield "components:\n  - " + "\n    ".join(lines)


def _section(model: type[BaseModel], schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    yield f"## {model.__name__}\n"
    yield f"{summary(model)}\n"
    own = [key for key in _keys(model) if not _is_inherited(model, key)]
    if model.__mro__[1] in models_of_the_language():
        base = model.__mro__[1].__name__
        yield f"All keys of [{base}](#{base.lower()}), and:\n"
    for example, keys in _by_example(model, own).items():
        for key in keys:
            place = schema["properties"][key]
            terms = "; ".join(_terms(model, key, place, definitions))
            yield f"- **`{key}`**: {describe(model, key).means} ({terms})"
        yield f"\n```yaml\n{laid_out(example)}```\n"


def _by_example(model: type[BaseModel], keys: list[str]) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for key in keys:
        shown.setdefault(describe(model, key).example, []).append(key)
    return shown


def _terms(model: type[BaseModel], key: str, place: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    yield _kind(place, definitions)
    field = next(field for name, field in model.model_fields.items() if (field.alias or name) == key)
    default = _spelled(field.default)
    if field.is_required():
        yield "required"
    elif default:
        yield f"`{default}` unless given"


def _spelled(default: object) -> str:
    """A default as it would be typed; empty for one that says nothing."""
    match default:
        case bool():
            return "yes" if default else "no"
        case Number():
            return f"{default.value * 100}%" if default.value == 1 else f"{default.value}"
        case (StrEnum() as word,):
            return word.value
        case StrEnum() | str() | int():
            return str(default)
        case _:
            return ""


def _kind(place: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What may stand there, in words."""
    if "$ref" in place:
        name = place["$ref"].rpartition("/")[2]
        words = definitions[name].get("enum")
        return f"one of {_words(words)}" if words else f"[{name}](#{name.lower()})"
    if "enum" in place:
        return "yes or no" if "yes" in place["enum"] else _words(place["enum"])
    choices = place.get("anyOf") or place.get("oneOf")
    if choices:
        return _choice([_kind(choice, definitions) for choice in choices])
    match place.get("type"):
        case "array":
            return f"list of {_kind(place['items'], definitions)}"
        case "object":
            inner = place.get("additionalProperties") or next(iter(place["patternProperties"].values()))
            return f"by name, {_kind(inner, definitions)}"
        case "integer":
            return f"a whole number from {place['minimum']} to {place['maximum']}"
        case "boolean":
            return "yes or no"
        case "number":
            return "number"
        case _:
            return _text(place)


def _text(place: dict[str, Any]) -> str:
    pattern = place.get("pattern", "")
    if place.get("format") == "date":
        return "a day"
    if "above" in pattern:
        return "a bound"
    if r"\d" in pattern:
        return "a number or percentage" if "%" in pattern else "an amount"
    return "text"


def _choice(kinds: list[str]) -> str:
    """A number with its spelling is one kind, as is yes with no; a word or a list of them is told as such."""
    told = [kind for kind in dict.fromkeys(kinds) if kind != "number"]
    lists = [kind for kind in told if f"list of {kind}" in told]
    told = [f"{kind} or a list" if kind in lists else kind for kind in told if kind.removeprefix("list of ") == kind]
    if len(told) == 1:
        return told[0]
    return f"{', '.join(told[:-1])} or {told[-1]}"


def _words(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_inherited(model: type[BaseModel], key: str) -> bool:
    base = model.__mro__[1]
    return issubclass(base, BaseModel) and key in _keys(base)


def _key(block: str) -> str:
    return block.partition(":")[0]


def _ended(block: str) -> str:
    return block if block.endswith("\n") else f"{block}\n"
