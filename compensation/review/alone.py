"""A component by itself: what it pays along its position, without who is credited for what."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from compensation.curves.compiling import compile_curve, unit_scale
from compensation.curves.curve import Curve
from compensation.curves.terms import Terms
from compensation.exact import rounded
from compensation.plans.components import (
    AccumulateBy,
    Attribution,
    Component,
    CreditTo,
    Event,
    Filter,
    WhenLeft,
)
from compensation.plans.figures import Gate
from compensation.plans.measures import MeasureKind
from compensation.plans.parts import People, Span
from compensation.plans.payments import Payments
from compensation.plans.payouts import Case, Payout
from compensation.plans.periods import Period, PeriodKind, period_of
from compensation.plans.plan import AppliesTo, Plan, State
from compensation.plans.quotas import Proration, QuotaTerms, TargetPay
from compensation.plans.releases import Clawback, Release
from compensation.plans.rules import Rule, rules_of
from compensation.plans.shapes import Shape
from compensation.plans.typed_numbers import Number

_USUAL_QUOTA = {MeasureKind.MONEY: Fraction(100_000), MeasureKind.NUMBER: Fraction(100)}
_USUAL_TARGET_PAY = Fraction(10_000)
_BY_ITSELF = (AccumulateBy.DEAL, AccumulateBy.TRANSACTION)
_SHAPE_KEYS = tuple(Shape.model_fields)


@dataclass(frozen=True)
class Alone:
    """One component (or one of its cases) as the only rule of a plan for everybody, credited on plain invoices.

    ``quota`` (in units of the position) is the plan's own, else a usual one; None if nothing needs it. ``digits`` are
    those of the plan currency's minor unit.
    """

    plan: Plan
    component: Component
    case: str
    quota: Fraction | None
    digits: int

    @property
    def rule(self) -> Rule:
        return rules_of([self.plan])[0]

    @property
    def is_money(self) -> bool:
        """Whether positions are money."""
        return self.rule.position_kind is MeasureKind.MONEY

    @property
    def scale(self) -> int:
        """Integer units of the position in one unit as typed."""
        return unit_scale(self.rule.position_kind, self.digits)

    @property
    def step(self) -> int:
        """The smallest sale: a minor unit of money, one whole unit of everything else."""
        return 1 if self.is_money else self.scale

    @cached_property
    def curve(self) -> Curve:
        """What it pays by position, with all gates passed."""
        target = self.component.target_pay.amount if self.component.target_pay else None
        quota = None if self.quota is None else rounded(self.quota * self.scale)
        terms = Terms(quota=quota, target_minor=target.value * 10**self.digits if target else None)
        return compile_curve(self.rule, terms, self.digits)

    @property
    def bends(self) -> list[int]:
        """Ascending sales at which something may change: the first on each piece, and on either side of each gate."""
        starts = [segment.threshold for segment in self.curve.segments]
        gates = [self._first_beyond(gate) for gate in self.component.gates]
        return sorted({-(-start // self.step) * self.step for start in (*starts, *gates) if start > 0})

    @property
    def stretches(self) -> list[tuple[int, int | None, Fraction]]:
        """Between bends: where each begins, where the next does (None for the last), and what a unit pays on it."""
        starts = [0, *self.bends]
        rates = [self.curve.piece_at(start).slope for start in starts]
        return list(zip(starts, [*starts[1:], None], rates, strict=True))

    def smooth(self, amount: int) -> int:
        """The most that so much more may pay without a jump: the best rate on it, and what rounding may add."""
        curve = self.curve
        best = max(abs(piece.slope) for piece in curve.pieces)
        return math.ceil(best * amount) + curve.rounding.increment

    def without_cap(self) -> "Alone":
        """The same, as if there were no cap."""
        component = self.component.model_copy(update={"cap": None})
        plan = self.plan.model_copy(update={"components": (component,)})
        return replace(self, plan=plan, component=component)

    @property
    def runs_together(self) -> bool:
        """Whether sales of a period add up, and do not each begin from zero."""
        return self.component.accumulate_by not in _BY_ITSELF

    @property
    def period(self) -> Period:
        """The first period in which it is tried."""
        return _first_period(self.plan, self.component)

    def _first_beyond(self, gate: Gate) -> int:
        """The first position that fares otherwise than the smaller ones."""
        comparison, number = gate.condition
        place = number.value * self.scale * ((self.quota or 0) if number.is_percent else 1)
        return math.ceil(place) if comparison in ("at_least", "below") else math.floor(place) + 1


def components_alone(plan: Plan, digits: int) -> Iterator[Alone]:
    """Every component that pays along a curve, each of its cases by itself."""
    for component in plan.components:
        for case, payout in _payouts(component):
            yield _alone(plan, component, payout, case, digits)


def _payouts(component: Component) -> Iterator[tuple[str, Payout]]:
    payout = component.payout
    if payout.pool:
        yield "", _as_payout(payout.pool.size)
    elif payout.cases:
        yield from ((_case_name(case), _as_payout(case)) for case in payout.cases)
    elif not payout.matrix and payout.needs_credits:
        yield "", payout


def _case_name(case: Case) -> str:
    if case.lower is None:
        return ", ".join(case.when)
    return f"{case.lower.value * 100}%" if case.lower.is_percent else f"{case.lower.value}"


def _as_payout(shape: Shape) -> Payout:
    return Payout(**{key: getattr(shape, key) for key in _SHAPE_KEYS if key in shape.model_fields_set})


def _alone(plan: Plan, component: Component, payout: Payout, case: str, digits: int) -> Alone:
    kinds = plan.kind_of(component.measure), plan.kind_of(component.looks_at)
    measure, position = _plain_measures(component, *kinds)
    reduced = _reduced(plan, component, payout).model_copy(update={"measure": measure, "position": position})
    looks_at_quota = any(plan.figures[gate.figure].attainment_of for gate in reduced.gates)
    quota = _quota(plan, component, kinds[1]) if reduced.needs_quota or looks_at_quota else None
    if quota is not None:
        reduced = reduced.model_copy(update={"quota": QuotaTerms(amount=Number(quota))})
    return Alone(_plan_of(plan, reduced), reduced, case, quota, digits)


def _plain_measures(component: Component, measure: MeasureKind, position: MeasureKind) -> tuple[str, str | None]:
    """Built-in measures of the same kinds, so that sales need no more than an amount."""
    plain = "revenue" if measure is MeasureKind.MONEY else "quantity"
    if component.looks_at == component.measure or (measure is position is MeasureKind.NUMBER):
        return plain, None
    return plain, "margin" if position is measure else "quantity" if position is MeasureKind.NUMBER else "revenue"


def _quota(plan: Plan, component: Component, kind: MeasureKind) -> Fraction:
    """The plan's own quota for one period of the component, else a usual one."""
    terms = component.quota
    if terms.amount is None:
        return _USUAL_QUOTA[kind]
    if terms.for_period is None:
        return terms.amount.value * terms.share.value
    first = plan.effective.from_on
    whole, part = (period_of(first, each, plan.calendar) for each in (terms.for_period, component.period))
    parts = max(1, round((whole.end - whole.start) / (part.end - part.start)))
    return terms.amount.value * terms.share.value / parts


def _reduced(plan: Plan, component: Component, payout: Payout) -> Component:
    target = component.target_pay
    amount = target.amount if target and target.amount else Number(_USUAL_TARGET_PAY)
    return component.model_copy(
        update={
            **_PLAIN,
            "payout": payout,
            "gates": tuple(gate for gate in component.gates if _is_own(plan, component, gate)),
            "accumulate_by": component.accumulate_by if component.accumulate_by in _BY_ITSELF else AccumulateBy.PAYEE,
            "target_pay": TargetPay(amount=amount) if target else None,
        }
    )


_PLAIN: Mapping[str, object] = {
    "credited_on": Event.INVOICE,
    "earnings_of": (),
    "credit_to": (CreditTo.OWNERS,),
    "roles": (),
    "role_shares": {},
    "remainder_to": None,
    "when_left": WhenLeft.NOBODY,
    "share": Number(Fraction(1)),
    "only_for": People(),
    "filter": Filter(),
    "first_match": None,
    "window": None,
    "recurs": None,
    "accumulate_with": None,
    "continues": False,
    "quota": QuotaTerms(),
    "less_earnings_of": (),
    "less_paid_below": False,
    "opening_prorated": Proration.NONE,
    "modifiers": (),
    "attribution": Attribution.CROSSING,
    "clawback": Clawback(),
    "release": (Release(),),
}
"""What a component is without its surroundings."""


def _is_own(plan: Plan, component: Component, gate: Gate) -> bool:
    """Whether the gate looks at nothing but what the component itself counts in the same period."""
    figure = plan.figures[gate.figure]
    return component.name in (figure.attainment_of, figure.total_of) and figure.over in (None, component.period)


def _first_period(plan: Plan, component: Component) -> Period:
    kind = PeriodKind.YEAR if component.period is PeriodKind.EVER else component.period
    return period_of(plan.effective.from_on, kind, plan.calendar)


def _plan_of(plan: Plan, component: Component) -> Plan:
    kept = {gate.figure: plan.figures[gate.figure] for gate in component.gates}
    return plan.model_copy(
        update={
            "state": State.EXECUTING,
            "effective": Span.model_construct(from_on=_first_period(plan, component).start, through=None),
            "applies_to": AppliesTo(everyone=True),
            "measures": {},
            "figures": kept,
            "components": (component,),
            "caps": (),
            "payments": Payments(),
            "examples": (),
        }
    )
