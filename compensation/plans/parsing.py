"""Turns the text of a plan file into a plan, or into an error that says where and what to do."""

import difflib
import hashlib
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from compensation.errors import PlanError
from compensation.plans.plan import Plan
from compensation.plans.yaml_text import Document, read_document


def parse_plan(text: str, path: str) -> Plan:
    """The plan in ``text``; ``path`` names the file in errors. PlanError: file, line, key, problem and remedy."""
    document = read_document(text, path)
    try:
        plan = Plan.model_validate(document.content)
    except ValidationError as error:
        # A mistyped key also leaves its right spelling missing: the typing error is the one to tell.
        first = min(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
        raise _plan_error(first, document, path) from None
    return plan.versioned(hashlib.sha256(text.encode()).hexdigest()[:16])


def known_keys(model: type[BaseModel] = Plan) -> set[str]:
    """Every key of the plan language."""
    keys = set()
    for name, field in model.model_fields.items():
        keys.add(field.alias or name)
        for part in _models_in(field.annotation):
            keys |= known_keys(part)
    return keys


def _plan_error(detail: ErrorDetails, document: Document, path: str) -> PlanError:
    place = tuple(detail["loc"])
    index = detail.get("ctx", {}).get("index")
    if index is not None:
        place = (*_innermost_list(place, document.content), index)
    line = document.line_of(place)
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    what, remedy = _wording(detail, place)
    return PlanError(path, line, key, what, remedy)


def _innermost_list(place: tuple[str | int, ...], content: object) -> tuple[str | int, ...]:
    """The list of tiers or steps that a payout at ``place`` holds."""
    payout: Any = content
    for part in place:
        payout = payout[part]
    name = next(key for key in ("marginal_tiers", "whole_amount_tiers", "steps") if key in payout)
    return (*place, name)


def _wording(detail: ErrorDetails, place: tuple[str | int, ...]) -> tuple[str, str]:
    match detail["type"]:
        case "missing":
            return "is missing", f"add '{place[-1]}'"
        case "extra_forbidden":
            return "is not a key of the plan language", _similar(str(place[-1]))
        case "enum":
            return f"'{detail['input']}' is unknown", f"choose {detail['ctx']['expected']}"
        case _:
            what, _, remedy = detail["msg"].partition("; ")
            return what, remedy or f"correct the value '{detail['input']}'"


def _similar(key: str) -> str:
    near = difflib.get_close_matches(key, sorted(known_keys()), n=1)
    return f"did you mean '{near[0]}'?" if near else "remove it"


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
