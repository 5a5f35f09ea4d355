"""Components of plans as rules: numbered, so that one pass serves all plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from compensation.plans.components import NO_PAYOUT, Component, Mode, SplitOf
from compensation.plans.measures import MeasureKind
from compensation.plans.parts import Span
from compensation.plans.periods import Period, period_of
from compensation.plans.plan import Plan
from compensation.plans.typed_numbers import Number


@dataclass(frozen=True)
class Rule:
    """One component of one plan; ``number`` stands for it in frames, as ``plan_number`` does for its plan.

    With ``cap`` it pays nothing, but measures what the plan's cap of that name takes its share of.
    """

    number: int
    plan_number: int
    plan: Plan
    component: Component
    cap: str | None = None

    @property
    def place(self) -> int:
        """Where its component, or the one that it measures for, stands in the plan."""
        return [each.name for each in self.plan.components].index(self.component.name)

    @property
    def measure_kind(self) -> MeasureKind:
        """Whether it pays on money."""
        return self.plan.kind_of(self.component.measure)

    @property
    def position_kind(self) -> MeasureKind:
        """Whether its tiers look at money."""
        return self.plan.kind_of(self.component.looks_at)

    def period_of(self, day: date) -> Period:
        """The component's period that the day lies in."""
        return period_of(day, self.component.period, self.plan.year_starts)

    @property
    def valid_from(self) -> date:
        """The first day on which it credits."""
        return max(span.from_on for span in self._spans)

    @property
    def valid_to(self) -> date:
        """The first day after the last on which it credits."""
        return min(span.ends_on for span in self._spans)

    @property
    def _spans(self) -> tuple[Span, ...]:
        effective, window = self.plan.effective, self.component.window
        return (effective, window) if window else (effective,)


def rules_of(plans: Sequence[Plan]) -> tuple[Rule, ...]:
    """The rules of the plans, then those that measure what caps take their share of.

    ValueError if two plans have the same name and version.
    """
    if len({(plan.name, plan.version) for plan in plans}) < len(plans):
        raise ValueError("a plan is given twice; give each version of a plan once")
    paying = [(number, plan, component, None) for number, plan in enumerate(plans) for component in plan.components]
    measuring = [
        (number, plan, _measuring(component, cap.measure), cap.cap)
        for number, plan in enumerate(plans)
        for cap in plan.caps
        for component in (plan.component(name) for name in cap.components)
        if cap.measure is not None and component.credited_on is not None
    ]
    return tuple(Rule(number, *rule) for number, rule in enumerate([*paying, *measuring]))


def _measuring(component: Component, measure: str) -> Component:
    """A component that credits everybody whom the given one credits with the whole measure, and pays nothing."""
    plain = {"gates": (), "modifiers": (), "position": None, "mode": Mode.CURVE, "payout": NO_PAYOUT}
    whole = {"split": SplitOf.EARNING, "share": Number(Fraction(1)), "measure": measure}
    return component.model_copy(update={**plain, **whole})
