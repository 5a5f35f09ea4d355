"""Pay that depends on the order of sales."""

from collections.abc import Iterator

from compensation.plans.components import Mode
from compensation.review.alone import Alone
from compensation.review.trials import Sale, pay
from compensation.review.warning import PlanWarning, about, base, paid, sold


def ordering(alone: Alone) -> Iterator[PlanWarning]:
    """The smallest two sales that pay otherwise the other way round. Along one curve there are none."""
    if alone.component.mode is Mode.CURVE or not alone.runs_together:
        return
    pairs = [pair for bend in alone.bends for pair in _pairs(alone, bend)]
    pays = pay(alone, [world for pair in pairs for world in (pair, pair[::-1])])
    rounding = 2 * alone.curve.rounding.increment
    for (first, second), one_way, other_way in zip(pairs, pays[::2], pays[1::2], strict=True):
        if abs(one_way - other_way) > rounding:
            yield _told(alone, first, second, one_way, other_way)
            return


def _told(alone: Alone, first: Sale, second: Sale, one_way: int, other_way: int) -> PlanWarning:
    pays = {"pays_first": paid(alone, one_way), "pays_second": paid(alone, other_way)}
    sales = {"first": sold(alone, first.amount), "second": sold(alone, second.amount)}
    if first.base is None or second.base is None:
        return about(alone, "order_decides", **sales, **pays)
    bases = {"first_base": base(alone, first.base), "second_base": base(alone, second.base)}
    return about(alone, "order_decides_by_position", **sales, **bases, **pays)


def _pairs(alone: Alone, bend: int) -> Iterator[list[Sale]]:
    """A smaller and a larger sale that cross the bend together; of what is paid on, the larger has the smaller part."""
    day, half = alone.period.start, max(bend // 2 // alone.step, 1) * alone.step
    differs = alone.component.position is not None
    for larger in (bend, 2 * bend):
        yield [Sale(half, day, half if differs else None), Sale(larger, day, larger // 10 if differs else None)]
