"""Components of plans as rules: numbered, so that one pass serves all plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from compensation.plans.components import Component
from compensation.plans.measures import MeasureKind
from compensation.plans.parts import Span
from compensation.plans.plan import Plan


@dataclass(frozen=True)
class Rule:
    """One component of one plan; ``number`` stands for it in frames, as ``plan_number`` does for its plan."""

    number: int
    plan_number: int
    plan: Plan
    component: Component

    @property
    def measure_kind(self) -> MeasureKind:
        """Whether it pays on money."""
        return self.plan.kind_of(self.component.measure)

    @property
    def position_kind(self) -> MeasureKind:
        """Whether its tiers look at money."""
        return self.plan.kind_of(self.component.looks_at)

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
    """The rules of the plans; ValueError if two of them have the same name and version."""
    if len({(plan.name, plan.version) for plan in plans}) < len(plans):
        raise ValueError("a plan is given twice; give each version of a plan once")
    pairs = [(number, plan, component) for number, plan in enumerate(plans) for component in plan.components]
    return tuple(Rule(number, *pair) for number, pair in enumerate(pairs))
