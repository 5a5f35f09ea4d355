"""Release schedules: the parts of a component's earning, weighted over one denominator."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from compensation.plans.periods import Calendar
from compensation.plans.plan import Plan
from compensation.plans.releases import Moment, Release

IN_PROPORTION = (Moment.INVOICED, Moment.RECEIVED)
AFTER_DOCUMENTS = (*IN_PROPORTION, Moment.ORDERED, Moment.RECEIVED_IN_FULL, Moment.RENEWED)
_AT_ONCE = ((Fraction(1), Release()),)


@dataclass(frozen=True)
class Schedule:
    """How a component releases: parts with their shares, and when an unpaid invoice takes its earning back."""

    number: int
    parts: tuple[tuple[Fraction, Release], ...]
    unpaid_after_days: int | None
    calendar: Calendar

    @property
    def whole(self) -> int:
        """What all weights add up to if the shares make 100 %."""
        return lcm(1, *((share / part.instalments).denominator for share, part in self.parts))

    def weight(self, number: int) -> int:
        """The weight of one instalment of a part."""
        share, part = self.parts[number]
        return int(share / part.instalments * self.whole)

    @property
    def proportional(self) -> tuple[int, ...]:
        """The numbers of the parts that are released as documents come in."""
        return tuple(number for number, (_, part) in enumerate(self.parts) if is_proportional(part))

    @property
    def follows_amounts(self) -> bool:
        """Whether it matters how much is invoiced or received."""
        in_full = any(part.when is Moment.RECEIVED_IN_FULL for _, part in self.parts)
        return bool(self.proportional) or in_full or self.unpaid_after_days is not None

    @property
    def follows_documents(self) -> bool:
        """Whether later documents of the deal matter to it, or the calendar alone."""
        waits = any(part.when in AFTER_DOCUMENTS for _, part in self.parts)
        return waits or self.follows_amounts

    @property
    def most_instalments(self) -> int:
        return max((part.instalments for _, part in self.parts), default=1)

    @property
    def is_at_once(self) -> bool:
        """Whether everything is released as it is credited."""
        shares = [share for share, part in self.parts if part.model_copy(update={"share": None}) == Release()]
        return sum(shares) == 1 and self.unpaid_after_days is None


def is_proportional(part: Release) -> bool:
    """Whether a part is released bit by bit."""
    return part.when in IN_PROPORTION


def schedules_of(plans: Sequence[Plan]) -> dict[tuple[str, str, str], Schedule]:
    """The schedules that hold anything back, by plan, version and component."""
    found = (
        ((plan.name, plan.version, component.name), component, plan.calendar)
        for plan in plans
        for component in plan.components
    )
    # An empty list of releases holds nothing back.
    schedules = {
        key: Schedule(number, component.releases or _AT_ONCE, component.clawback.unpaid_after_days, calendar)
        for number, (key, component, calendar) in enumerate(found)
    }
    return {key: schedule for key, schedule in schedules.items() if not schedule.is_at_once}
