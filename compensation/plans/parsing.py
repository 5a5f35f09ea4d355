"""Turns the text of a plan file into a plan, or into an error that says where and what to do."""

import difflib
import hashlib
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from compensation.errors import PlanError
from compensation.plans.composition import ReadBase, composed
from compensation.plans.plan import Plan
from compensation.plans.yaml_text import Document


def parse_plan(text: str, path: str, read_base: ReadBase | None = None) -> Plan:
    """The plan in ``text``; ``path`` names the file in errors, ``read_base`` reads the file that it may extend.

    PlanError: file, line, key, problem and remedy.
    """
    document, texts = composed(text, path, read_base)
    try:
        plan = Plan.model_validate(document.content)
    except ValidationError as error:
        raise _plan_errors(error, document)[0] from None
    return plan.versioned(hashlib.sha256(texts.encode()).hexdigest()[:16])


def plan_errors(text: str, path: str, read_base: ReadBase | None = None) -> list[PlanError]:
    """Everything that :func:`parse_plan` refuses, in the order of the file."""
    try:
        document, _ = composed(text, path, read_base)
        Plan.model_validate(document.content)
    except PlanError as error:
        return [error]
    except ValidationError as error:
        return sorted(_plan_errors(error, document), key=lambda each: (each.path != path, each.line))
    return []


def _plan_errors(error: ValidationError, document: Document) -> list[PlanError]:
    """One for each place, the telling ones first: a mistyped key also leaves its right spelling missing."""
    details = [detail for detail in error.errors() if not _is_short_by_mistakes(detail)]
    details.sort(key=lambda detail: detail["type"] != "extra_forbidden")
    mistyped = {detail["loc"][:-1] for detail in details if detail["type"] == "extra_forbidden"}
    telling = [detail for detail in details if detail["type"] != "missing" or detail["loc"][:-1] not in mistyped]
    errors = [_plan_error(detail, document) for detail in telling]
    return list({(each.path, each.line, each.key): each for each in reversed(errors)}.values())[::-1]


def _is_short_by_mistakes(detail: ErrorDetails) -> bool:
    """Whether a list has enough parts, of which some are refused for themselves."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def known_keys(model: type[BaseModel] = Plan) -> set[str]:
    """Every key of the plan language."""
    return {field.alias or name for each in _models_below(model) for name, field in each.model_fields.items()}


def _models_below(model: type[BaseModel]) -> set[type[BaseModel]]:
    found, left = set(), [model]
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += [part for field in each.model_fields.values() for part in _models_in(field.annotation)]
    return found


_TAGS = ("short", "story", "Number", "Figure", "Measure", "str")
"""What pydantic puts into a place beside the keys of the file: which form of a union was tried."""


def _plan_error(detail: ErrorDetails, document: Document) -> PlanError:
    place = tuple(part for part in detail["loc"] if part not in _TAGS)
    context = detail.get("ctx", {})
    place, index = context.get("place", place), context.get("index")
    if index is not None:
        place = (*_innermost_list(place, document.content), index)
    path, line = document.place_of(place)
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    what, remedy = _wording(detail, place)
    return PlanError(path, line, key, what, remedy)


def _innermost_list(place: tuple[str | int, ...], content: object) -> tuple[str | int, ...]:
    """The list of tiers or steps that a payout at ``place`` holds."""
    payout: Any = content
    for part in place:
        payout = payout[part]
    name = next(key for key in ("marginal_tiers", "whole_amount_tiers", "steps", "points") if key in payout)
    return (*place, name)


def _wording(detail: ErrorDetails, place: tuple[str | int, ...]) -> tuple[str, str]:
    match detail["type"]:
        case "missing":
            return "is missing", f"add '{place[-1]}'"
        case "too_short":
            return "is too short", f"list at least {detail['ctx']['min_length']}"
        case "extra_forbidden":
            return "is not a key of the plan language", _similar(str(place[-1]))
        case "enum":
            return f"'{detail['input']}' is unknown", f"choose {detail['ctx']['expected']}"
        case _:
            what, _, remedy = detail["msg"].partition("; ")
            return what, remedy or f"correct the value '{detail['input']}'"


def _similar(key: str) -> str:
    known = sorted(known_keys())
    near = [each for each in known if each.startswith(f"{key}_")] or difflib.get_close_matches(key, known, n=1)
    return f"did you mean '{near[0]}'?" if near else "remove it"


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
