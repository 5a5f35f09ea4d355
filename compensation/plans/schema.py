"""The JSON Schema of plan files, for editors that complete and check while somebody types."""

from typing import Any

from pydantic import BaseModel

from compensation.plans.describing import describe, models_of_the_language, summary
from compensation.plans.plan import Plan

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TITLE = "A BonusBridge plan file"
_YES_OR_NO: dict[str, Any] = {"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no"]}]}
_REMOVED = {"type": "boolean", "description": "`yes` takes away what the extended file has under this name."}
_IN_LISTS_MATCHED_BY_NAME = {"Component": "component", "Cap": "cap"}


def plan_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a plan file; numbers may be typed as texts such as ``8%``, truth values as yes and no.

    A file that extends another may leave out what that one says. What belongs together (exactly one shape of a payout,
    ascending bounds, names that exist) a schema cannot say; ``bonusbridge plan check`` does.
    """
    schema = Plan.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs")
    for model in models_of_the_language():
        _describe(schema if model is Plan else definitions[model.__name__], model)
    _loosen_for_extending(schema, definitions)
    whole = {"$schema": DIALECT, **schema, "title": _TITLE, "$defs": definitions}
    typed: dict[str, Any] = _as_typed(whole)
    return typed


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    schema["description"] = summary(model)
    for key, place in schema["properties"].items():
        place["description"] = describe(model, key).means


def _loosen_for_extending(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Whoever extends a file says only where they differ from it."""
    complete: dict[str, Any] = {"required": schema.pop("required"), "properties": {}}
    for model, name in _IN_LISTS_MATCHED_BY_NAME.items():
        definition = definitions[model]
        complete["properties"][f"{name}s"] = {"items": {"required": definition["required"]}}
        definition["required"] = [name]
        definition["properties"]["removed"] = _REMOVED
    schema |= {"if": {"required": ["extends"]}, "else": complete}


def _as_typed(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema of what people type: no nulls, no generated titles, yes and no for truth values, numbers as names."""
    if isinstance(schema, list):
        return [_as_typed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _as_typed(each) for key, each in schema.items() if not _is_noise(key, each)}
    if kept.get("type") == "boolean":
        del kept["type"]
        kept |= _YES_OR_NO
    if kept.get("type") == "string" and not kept.keys() & {"pattern", "format", "enum"}:
        kept["type"] = ["string", "number"]  # a name or a period may look like a number: 2026
    if "anyOf" in kept:
        choices = [choice for choice in kept.pop("anyOf") if choice != {"type": "null"}]
        kept |= choices[0] if len(choices) == 1 else {"anyOf": choices}
    return kept


def _is_noise(key: str, value: object) -> bool:
    is_generated_title = key == "title" and isinstance(value, str) and value != _TITLE
    is_object_as_default = key == "default" and (value is None or isinstance(value, dict | list))
    return is_generated_title or is_object_as_default
