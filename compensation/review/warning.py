"""A warning about a plan: what it makes worth while, with the smallest example, as data and as sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources

import yaml

from compensation.estimates.reasons import LANGUAGES, Money, Parameter, Reason, decimal_text, money, reason
from compensation.exact import MILLIONTHS
from compensation.plans.measures import MeasureKind
from compensation.plans.plan import Plan
from compensation.review.alone import Alone


@dataclass(frozen=True)
class PlanWarning:
    """``why.code`` is its kind, ``why.params`` the example, ``why.text`` the sentences by language.

    ``component`` is empty where the warning is about several or none.
    """

    plan: str
    component: str
    why: Reason

    @property
    def code(self) -> str:
        return self.why.code


def warning(code: str, plan: Plan, component: str, /, **params: Parameter) -> PlanWarning:
    """The warning with its sentences."""
    return PlanWarning(plan.name, component, reason(code, sentences(), **params))


def about(alone: Alone, code: str, /, **params: Parameter) -> PlanWarning:
    """A warning about a component by itself; the sentence names the case and the quota that it was tried with."""
    place: dict[str, Parameter] = {"component": _heading(alone), "tried": _tried(alone)}
    return warning(code, alone.plan, alone.component.name, **place, **params)


def paid(alone: Alone, minor: int) -> Money:
    """Pay, in the plan's currency."""
    return money(minor, alone.plan.currency, alone.digits)


def base(alone: Alone, measured: int) -> Money:
    """What is paid on, where that is not the position: money, or units."""
    if alone.rule.measure_kind is MeasureKind.MONEY:
        return money(measured, alone.plan.currency, alone.digits)
    return Money(amount=decimal_text(Fraction(measured, MILLIONTHS)), currency=None)


def sold(alone: Alone, position: int) -> Money:
    """A position: money, or units."""
    if alone.is_money:
        return money(position, alone.plan.currency, alone.digits)
    return Money(amount=decimal_text(Fraction(position, alone.scale)), currency=None)


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """The sentences of warnings by code and language."""
    texts: Mapping[str, Mapping[str, str]] = yaml.load(
        (resources.files(__package__) / "sentences.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader
    )
    return texts


def _heading(alone: Alone) -> Mapping[str, str]:
    if not alone.case:
        return alone.component.headings
    return {language: f"{heading} ({alone.case})" for language, heading in alone.component.headings.items()}


def _tried(alone: Alone) -> Mapping[str, str]:
    """With which quota, in words; nothing without one."""
    if alone.quota is None:
        return dict.fromkeys(LANGUAGES, "")
    quota = Money(
        amount=f"{Decimal(decimal_text(alone.quota)):f}", currency=alone.plan.currency if alone.is_money else None
    )
    return reason("tried_with_quota", sentences(), quota=quota).text
