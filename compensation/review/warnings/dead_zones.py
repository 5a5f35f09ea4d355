"""Dead zones: selling more pays nothing, for a while or from some point on."""

from collections.abc import Iterator

from compensation.review.alone import Alone
from compensation.review.trials import in_first_period, pay
from compensation.review.warning import PlanWarning, about, paid, sold


def dead_zones(alone: Alone) -> Iterator[PlanWarning]:
    """One for each stretch on which nothing is paid for more; a fixed amount for each sale is none."""
    for start, end in flat_stretches(alone):
        further = 2 * start + 1000 * alone.scale if end is None else end - alone.step
        before, after = pay(alone, [in_first_period(alone, *_sales(start, at)) for at in (start, further)])
        if before == after:
            code = "dead_end" if end is None else "dead_zone"
            yield about(alone, code, start=sold(alone, start), end=sold(alone, further), pays=paid(alone, before))


def flat_stretches(alone: Alone) -> list[tuple[int, int | None]]:
    """Where the curve is flat for longer than one sale, from where to where; adjoining ones are one."""
    if alone.component.payout.amount is not None and not alone.runs_together:
        return []
    flat: list[tuple[int, int | None]] = []
    for start, end, rate in alone.stretches:
        if rate or (end is not None and end - start <= alone.step):
            continue
        is_level = bool(flat) and flat[-1][1] == start and alone.curve.pay_at(start) == alone.curve.pay_at(flat[-1][0])
        if is_level:
            flat[-1] = flat[-1][0], end
        else:
            flat.append((start, end))
    return flat


def _sales(start: int, at: int) -> list[int]:
    return [amount for amount in (start, at - start) if amount]
