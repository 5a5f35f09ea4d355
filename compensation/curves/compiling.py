"""A rule, one of its cases and the terms of a period become a curve: shape, gates, caps and factors in their order."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from compensation.curves.curve import Curve, CurveRounding, Unit, curve_of
from compensation.curves.pieces import Piece, above, capped, scaled
from compensation.curves.shaping import Shaper
from compensation.curves.terms import Terms
from compensation.exact import MILLIONTHS
from compensation.plans.components import NO_PAYOUT, AccumulateBy, BelowZero, Component, Mode, SplitOf
from compensation.plans.figures import Gate, Otherwise
from compensation.plans.limits import Limit, Per
from compensation.plans.measures import MeasureKind
from compensation.plans.rules import Rule
from compensation.plans.shapes import Shape
from compensation.plans.typed_numbers import Bound, Number

_ONE, _ZERO = Fraction(1), Fraction(0)
FIXED_PAY = -1
"""The case of a curve that pays what a period opens with, and nothing on credits."""


def compile_curve(rule: Rule, terms: Terms, exponent: int, case: int = 0) -> Curve:
    """The curve of a component (of its ``case``, of its pool) for the terms.

    ``exponent`` counts the digits of the plan currency's minor unit. ValueError if the terms lack a needed quota.
    """
    return Compiler(rule, terms, exponent).curve(case)


def unit_scale(kind: MeasureKind, exponent: int) -> int:
    """Integer units of a position in one unit as typed: minor units of money, millionths of a quantity."""
    return MILLIONTHS if kind is MeasureKind.NUMBER else 10**exponent


def caps_on_curve(component: Component) -> bool:
    """Whether the component's cap is a part of its curve, and not of what its lines add up to."""
    payout = component.payout
    by_lines = payout.cases or payout.matrix or component.less_earnings_of or component.less_paid_below
    is_alone = component.accumulate_by is AccumulateBy.PAYEE and component.accumulate_with is None
    return component.mode is Mode.CURVE and is_alone and not by_lines and component.split is SplitOf.CREDIT


class Compiler:
    """Applies, in this order: partial gates, a cap before modifiers, modifiers, gates, the cap."""

    def __init__(self, rule: Rule, terms: Terms, exponent: int) -> None:
        self._rule, self._component, self._terms = rule, rule.component, terms
        self._minor = 10**exponent

    def curve(self, case: int) -> Curve:
        shape, gates = self._shape(case), self._failed(partial=True)
        if self._is_met(shape):
            pieces = self._met(shape, gates)
        else:
            pieces = self._partly_closed(self._pieces(shape, self._pays_nothing_below), gates, shape)
        pieces = self._capped(self._with_opening(pieces), before_modifiers=True)
        pieces = scaled(pieces, self._terms.factor)
        for gate in self._failed(partial=False):
            if gate.otherwise is not Otherwise.BASE_RATE:
                pieces = self._closed(pieces, gate)
        return curve_of(self._capped(pieces, before_modifiers=False), self._unit(shape), self._rounding())

    def _shape(self, case: int) -> Shape:
        payout = self._component.payout
        if case == FIXED_PAY:
            return NO_PAYOUT
        if payout.pool:
            return payout.pool.size
        if payout.matrix and payout.matrix.rates:
            row, column = divmod(case, len(payout.matrix.columns))
            return Shape(rate=payout.matrix.rates[row][column])
        return payout.shapes[case]

    def _is_met(self, shape: Shape) -> bool:
        """Whether a quota is wanted that is lacking and counts as met: then one unit of the position is all of it."""
        return self._terms.quota == 0 and (shape.is_by_attainment or shape.has_multipliers)

    def _shaper(self, shape: Shape) -> Shaper:
        return Shaper(
            shape,
            scale=_ONE if self._is_met(shape) else self._scale(shape),
            quota=Fraction(self._terms.quota or 1),
            target_minor=self._terms.target_minor or _ZERO,
            minor=self._minor,
            upper_included=self._component.upper_included,
        )

    def _scale(self, shape: Shape) -> Fraction:
        return self._quota if shape.is_by_attainment else Fraction(self._unit_scale)

    @property
    def _unit_scale(self) -> int:
        return MILLIONTHS if self._rule.position_kind is MeasureKind.NUMBER else self._minor

    @property
    def _quota(self) -> Fraction:
        if self._terms.quota is None:
            raise ValueError(f"component '{self._component.name}' needs a quota")
        return Fraction(self._terms.quota)

    def _whole(self, shape: Shape) -> Fraction:
        """The quota, in units of the position."""
        return _ONE if self._is_met(shape) else self._quota

    @property
    def _pays_nothing_below(self) -> bool:
        return self._component.below_zero is BelowZero.NOTHING

    def _pieces(self, shape: Shape, nothing_below_zero: bool) -> list[Piece]:
        """The shape's own; with a gate that leaves the base rate, one for everything."""
        pieces = self._shaper(shape).pieces(nothing_below_zero=nothing_below_zero)
        if not self._leaves_base_rate:
            return pieces
        slope = self._base_slope(shape)
        straight = pieces[0]._replace(start=None, intercept=_ZERO, slope=slope, upper=None, rate=slope)
        return _from_zero(straight) if nothing_below_zero else [straight]

    @property
    def _leaves_base_rate(self) -> bool:
        return any(gate.otherwise is Otherwise.BASE_RATE for gate in self._failed(partial=False))

    def _met(self, shape: Shape, gates: Sequence[Gate]) -> list[Piece]:
        """What is paid at 100 % of the quota: rate and amount there on everything, or the same pay whatever is sold."""
        ungated = _at_quota(self._shaper(shape).pieces(nothing_below_zero=False))
        of_quota = [gate for gate in gates if gate.covers and gate.covers.is_percent]
        paid = _at_quota(self._partly_closed(self._pieces(shape, nothing_below_zero=False), of_quota, shape))
        own = [tier for tier in shape.tiers if tier.lower.value == ungated.lower]
        is_base = any(gate.otherwise is Otherwise.BASE_RATE and self._covers_quota(gate) for gate in of_quota)
        paying = shape.tiers[:1] if is_base or self._leaves_base_rate else own
        by_measure = paying[0].multiplier is None if paying else shape.pays_rate or shape.pays_per_unit
        if not by_measure:
            return [paid._replace(start=None, intercept=paid.at(_ONE), slope=_ZERO, upper=None)]
        fixed = self._money(own[0].amount) if own and not self._leaves_base_rate else _ZERO
        straight = paid._replace(start=None, intercept=fixed, upper=None)
        pieces = _from_zero(straight) if self._pays_nothing_below else [straight]
        return self._partly_closed(pieces, [gate for gate in gates if gate not in of_quota], shape)

    def _covers_quota(self, gate: Gate) -> bool:
        """Whether what is earned at 100 % is a part of what the gate covers."""
        return gate.covers is not None and (gate.covers.value, self._begins_above(gate.covers)) < (_ONE, True)

    def _money(self, amount: Number | None) -> Fraction:
        return amount.value * self._minor if amount else _ZERO

    def _with_opening(self, pieces: list[Piece]) -> list[Piece]:
        opening = self._component.opening_pay
        if opening is None:
            return pieces
        fixed = opening.value * self._minor * self._terms.opening_share
        return [piece._replace(intercept=piece.intercept + fixed) for piece in pieces]

    def _failed(self, *, partial: bool) -> list[Gate]:
        gates = (self._component.gates[number] for number in self._terms.failed)
        return [gate for gate in gates if (gate.covers is not None) is partial]

    def _partly_closed(self, pieces: list[Piece], gates: Iterable[Gate], shape: Shape) -> list[Piece]:
        for gate in gates:
            if (bound := gate.covers) is not None:
                place = bound.value * (self._whole(shape) if bound.is_percent else self._unit_scale)
                share, slope = self._left(gate, shape)
                pieces = above(pieces, place, is_above=self._begins_above(bound), slope=slope, share=share)
        return pieces

    def _begins_above(self, bound: Bound) -> bool:
        return bound.is_above or (self._component.upper_included and bound.value > 0)

    def _closed(self, pieces: list[Piece], gate: Gate) -> list[Piece]:
        if gate.otherwise is Otherwise.TARGET:
            return capped(pieces, self._terms.target_minor or _ZERO)
        return scaled(pieces, gate.otherwise.value if isinstance(gate.otherwise, Number) else _ZERO)

    def _left(self, gate: Gate, shape: Shape) -> tuple[Fraction, Fraction]:
        """Which part of the pay, and what slope beside it, a gate that is not passed leaves."""
        if isinstance(gate.otherwise, Number):
            return gate.otherwise.value, _ZERO
        if gate.otherwise is Otherwise.BASE_RATE:
            return _ZERO, self._base_slope(shape)
        return _ZERO, _ZERO

    def _base_slope(self, shape: Shape) -> Fraction:
        """The slope of the first tier; of a shape without tiers the first that pays for what is sold."""
        pieces = self._shaper(shape).pieces(nothing_below_zero=False)
        if shape.tiers:
            own = [piece for piece in pieces if piece.lower == shape.tiers[0].lower.value]
            return own[-1].slope
        return next((piece.slope for piece in pieces if piece.slope), _ZERO)

    def _capped(self, pieces: list[Piece], *, before_modifiers: bool) -> list[Piece]:
        cap = self._component.cap
        if cap is None or cap.per is not Per.PERIOD or cap.before_modifiers is not before_modifiers:
            return pieces
        if not before_modifiers and not caps_on_curve(self._component):
            return pieces
        return capped(pieces, limit_minor(cap, self._terms, self._minor))

    def _unit(self, shape: Shape) -> Unit:
        if shape.is_by_attainment:
            return "attainment"
        return "quantity" if self._rule.position_kind is MeasureKind.NUMBER else "money"

    def _rounding(self) -> CurveRounding:
        rounding = self._component.rounding
        return CurveRounding(rounding.increment(self._minor), rounding.mode)


def _at_quota(pieces: Sequence[Piece]) -> Piece:
    """The piece on which 100 % lies, where one unit of the position is the quota."""
    return [each for each in pieces if each.start is None or each.start < 1 or (each.start == 1 and not each.is_above)][
        -1
    ]


def _from_zero(straight: Piece) -> list[Piece]:
    """Where nothing is taken below zero, what is fixed stays."""
    return [straight._replace(slope=_ZERO, rate=_ZERO, upper=_ZERO), straight._replace(start=_ZERO, is_above=False)]


def limit_minor(limit: Limit, terms: Terms, minor: int) -> Fraction:
    """A limit in minor units."""
    if limit.of_target is not None:
        return limit.of_target.value * (terms.target_minor or _ZERO)
    return limit.amount.value * minor if limit.amount else _ZERO
