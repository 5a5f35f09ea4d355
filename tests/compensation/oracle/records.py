"""What a reckoning is made of: pay of periods, accumulated periods of payees, and the whole."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property

from compensation.plans.figures import Gate
from compensation.plans.periods import Period
from tests.compensation.oracle.crediting import Credit, Rule
from tests.compensation.oracle.curve import Curve


@dataclass
class Opening:
    """Pay of a period that stands on no credit. ``kind``: opening, scorecard, matrix, pool, ranking, floor, cap."""

    rule: Rule
    payee: str
    period: Period
    kind: str
    earned_on: date
    earning: int
    calculated: int = 0

    @property
    def place(self) -> tuple[str, str, str]:
        """Plan, component and payee."""
        return self.rule.plan.name, self.rule.component.name, self.payee


@dataclass
class Accumulated:
    """A payee's period in a component: the terms on which it pays, or the ``outcome`` that says what is missing.

    A ``quota`` of 0 is one that is lacking and taken for met.
    """

    rule: Rule
    payee: str
    period: Period
    quota: int | None = None
    target: int | None = None
    outcome: str | None = None
    factor: Fraction = Fraction(1)
    failed: tuple[Gate, ...] = ()
    opened: int = 0
    credits: list[Credit] = field(default_factory=list)
    curves: dict[int, Curve] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str, str]:
        """Plan, component and payee."""
        return self.rule.plan.name, self.rule.component.name, self.payee


@dataclass
class Reckoning:
    """All that was credited and earned; ``figures`` by payee, plan, figure, component that looks at it, and period."""

    credits: list[Credit]
    lines: list[Credit]
    openings: list[Opening]
    accumulated: list[Accumulated]
    figures: dict[tuple[str, str, str, str, str], Fraction | None]

    def earned(self, accumulated: Accumulated) -> int:
        """All that the payee earns in the component's period."""
        opened = self._opened[accumulated.rule.number, accumulated.payee, accumulated.period]
        lines = accumulated.credits if pays_lines(accumulated.rule) else []
        return opened + sum(credit.earning for credit in lines if credit.outcome is None)

    @cached_property
    def _opened(self) -> dict[tuple[int, str, Period], int]:
        opened: dict[tuple[int, str, Period], int] = defaultdict(int)
        for each in self.openings:
            opened[each.rule.number, each.payee, each.period] += each.earning
        return opened


def pays_lines(rule: Rule) -> bool:
    """Whether each credit earns by itself, and not the period or the group alone."""
    payout = rule.component.payout
    return payout.needs_credits and payout.pool is None
