"""Tiers that nobody can reach, and rules that are never in force."""

import itertools
from collections.abc import Iterator

from compensation.plans.plan import Plan
from compensation.review.alone import Alone
from compensation.review.trials import pay_at
from compensation.review.warning import PlanWarning, about, paid, sold, warning

_FAR = 4


def unreachable_tiers(alone: Alone) -> Iterator[PlanWarning]:
    """Tiers that begin where the cap is reached already, and tiers too small for any sale."""
    yield from _empty(alone)
    if alone.component.cap is None:
        return
    open_ended = alone.without_cap()
    wanted = [amount for bend in open_ended.bends for amount in (bend - alone.step, bend, _FAR * bend)]
    capped, uncapped = pay_at(alone, [*wanted, *alone.bends]), pay_at(open_ended, wanted)
    for bend in open_ended.bends:
        most = capped[bend]
        is_capped = most == capped[_FAR * bend] < uncapped[_FAR * bend]
        if is_capped and most - capped[bend - alone.step] <= alone.smooth(alone.step):
            reached = min(amount for amount, pays in capped.items() if pays == most)
            yield about(
                alone, "unreachable_tier", at=sold(alone, bend), sold=sold(alone, reached), pays=paid(alone, most)
            )


def _empty(alone: Alone) -> Iterator[PlanWarning]:
    payout = alone.component.payout
    bounds = [tier.lower for tier in payout.tiers] or [step.at for step in payout.steps or ()]
    for bound, following in itertools.pairwise(bounds):
        scale = (alone.quota or 0) * alone.scale if bound.is_percent or following.is_percent else alone.scale
        first, next_first = (-(-each.value * scale // alone.step) * alone.step for each in (bound, following))
        if first == next_first and not following.is_above:
            yield about(alone, "empty_tier", at=sold(alone, int(first)), step=sold(alone, alone.step))


def never_in_force(plan: Plan) -> Iterator[PlanWarning]:
    """Components whose window lies outside the days of their plan."""
    for component in plan.components:
        window, days = component.window, plan.effective
        if window and max(window.from_on, days.from_on) >= min(window.ends_on, days.ends_on):
            yield warning(
                "never_in_force",
                plan,
                component.name,
                component=component.headings,
                start=window.from_on,
                end=window.through or window.from_on,
            )
