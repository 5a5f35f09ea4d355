"""Pay for splitting an order into two, or for merging two into one."""

from collections.abc import Iterator

from compensation.plans.components import Mode
from compensation.plans.limits import Per
from compensation.review.alone import Alone
from compensation.review.trials import in_first_period, pay
from compensation.review.warning import PlanWarning, about, paid, sold

_ROUND_NUMBERS = tuple(figure * 10**power for power in range(8) for figure in (1, 2, 5))


def splitting(alone: Alone) -> Iterator[PlanWarning]:
    """The smallest order, of round numbers and of those around the bounds, that pays otherwise in two parts."""
    if _cannot_matter(alone):
        return
    orders = [(whole, part) for whole in _sizes(alone) for part in _parts(alone, whole)]
    worlds = [
        world
        for whole, part in orders
        for world in (in_first_period(alone, whole), in_first_period(alone, part, whole - part))
    ]
    pays = pay(alone, worlds)
    rounding = 2 * alone.curve.rounding.increment
    for code, sign in (("splitting_pays", 1), ("merging_pays", -1)):
        for (whole, part), of_whole, of_parts in zip(orders, pays[::2], pays[1::2], strict=True):
            if sign * (of_parts - of_whole) > rounding:
                yield about(
                    alone,
                    code,
                    whole=sold(alone, whole),
                    first=sold(alone, part),
                    second=sold(alone, whole - part),
                    pays_whole=paid(alone, of_whole),
                    pays_parts=paid(alone, of_parts),
                )
                break


def _cannot_matter(alone: Alone) -> bool:
    """On one curve for all sales of a period it does not matter how they are cut."""
    component = alone.component
    limits = [limit for limit in (component.cap, component.floor) if limit and limit.per is not Per.PERIOD]
    return alone.runs_together and component.mode is Mode.CURVE and not limits and not component.rounding.each_line


def _sizes(alone: Alone) -> list[int]:
    around = {size for bend in alone.bends for size in (bend, 2 * bend)}
    return sorted(size for size in {number * alone.scale for number in _ROUND_NUMBERS} | around if size > alone.step)


def _parts(alone: Alone, whole: int) -> Iterator[int]:
    """One half, and a small part."""
    for divisor in (2, 10):
        part = whole // divisor // alone.step * alone.step
        if part:
            yield part
