"""Which plans' pay hangs together beyond one accumulator, and beyond one payee."""

from collections.abc import Iterator

from compensation.curves.compiling import caps_on_curve
from compensation.plans.components import AccumulateBy, Attribution, Component, Mode
from compensation.plans.figures import Figure, Of
from compensation.plans.limits import Per
from compensation.plans.plan import Plan


def hangs_together(plan: Plan) -> bool:
    """Whether a credit of the plan can change what others of the same payee earn, beyond their own accumulator."""
    return bool(plan.caps) or any(_is_entangled(component) for component in plan.components)


def is_shared(plan: Plan) -> bool:
    """Whether a credit of one payee can change what others earn under the plan."""
    together = any(cap.of is not Of.PAYEE or (cap.share is not None and cap.per is Per.DEAL) for cap in plan.caps)
    by_figure = any(figure.of is not Of.PAYEE for each in plan.figures.values() for figure in _within(each))
    return together or by_figure or any(_is_shared(component) for component in plan.components)


def looks_at_pay(plan: Plan) -> bool:
    """Whether pay of other components, and so of other periods, is looked at."""
    by_figure = any(list(plan.earnings_behind(name)) for name in plan.figures)
    return bool(plan.caps) or by_figure or any(component.earnings_of for component in plan.components)


def _is_entangled(component: Component) -> bool:
    cap, floor = component.cap, component.floor
    beyond_lines = (
        (cap and cap.per is Per.DEAL)
        or (cap and cap.per is Per.PERIOD and not caps_on_curve(component))
        or (floor and floor.per is not Per.TRANSACTION)
    )
    by_case = component.payout.cases or component.payout.matrix
    beyond_curve = (
        component.mode is Mode.RATE_REACHED
        or component.attribution is Attribution.PRO_RATA
        or (by_case and component.mode is Mode.CURVE and not component.rounding.each_line)
    )
    return bool(
        beyond_lines
        or beyond_curve
        or list(component.figures)
        or not component.pays_by_line
        or component.accumulate_with
        or component.continues
        or component.earnings_of
        or component.less_earnings_of
        or component.accumulate_by is AccumulateBy.TEAM
    )


def _is_shared(component: Component) -> bool:
    payout = component.payout
    by_others = component.earnings_of or component.less_earnings_of or component.less_paid_below
    return bool(payout.pool or payout.ranking or by_others or component.accumulate_by is AccumulateBy.TEAM)


def _within(figure: Figure) -> Iterator[Figure]:
    yield figure
    for term in figure.written_out:
        yield from _within(term)
