"""What one component would pay for a deal, tier by tier, with its reasons."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from itertools import groupby
from typing import Any

from compensation.crediting.conversion import Conversion, month_average
from compensation.curves.curve import Curve, Slice
from compensation.curves.pieces import Piece
from compensation.earnings.accumulators import Accumulators
from compensation.earnings.engine import Engine
from compensation.estimates.deal_estimate import (
    EstimatedComponent,
    EstimatedPeriod,
    EstimatedTier,
    ExpectedPayment,
    ExpectedRelease,
)
from compensation.estimates.reasons import Money, Ratio, Reason, decimal_text, money, reason
from compensation.estimates.schedules import expected_releases
from compensation.exact import MILLIONTHS
from compensation.plans.components import Event, Mode
from compensation.plans.measures import MeasureKind
from compensation.plans.rules import Rule

Line = dict[str, Any]


def components(
    engine: Engine, accumulators: Accumulators, lines: Sequence[Line], currency: str
) -> Iterator[EstimatedComponent]:
    """One component per accumulator; ``lines`` are those of one payee that pay, in the engine's order.

    ``accumulators``: those of the run; ``currency``: what the deal is in.
    """
    for _, together in groupby(lines, key=lambda line: line["accumulator"]):
        yield EarnedLines(engine, accumulators, tuple(together), currency).component()


@dataclass(frozen=True)
class EarnedLines:
    """The engine's lines of one payee in one accumulator, one after another, as they are told to people.

    ``currency``: what the deal is in.
    """

    engine: Engine
    accumulators: Accumulators
    lines: Sequence[Line]
    currency: str

    @property
    def rule(self) -> Rule:
        return self.engine.rules[self.lines[0]["rule"]]

    @property
    def curve(self) -> Curve:
        return self._curve_of(self.lines[0])

    def _curve_of(self, line: Line) -> Curve:
        """The curve of the line's accumulator; where a component pays by cases, that of the line's case."""
        row = self.accumulators.rows[line["accumulator"]]
        payout = self.rule.component.payout
        if row.terms is not None and (payout.cases or payout.matrix):
            number = self.accumulators.curves.number(self.rule.number, row.terms, line["case_no"])
            return self.accumulators.curves.compiled[number]
        if row.curve is None:
            raise ValueError(f"a line of '{self.rule.component.name}' that pays nothing has no curve")
        return self.accumulators.curves.compiled[row.curve]

    def component(self) -> EstimatedComponent:
        line, quota = self.lines[0], self.lines[0]["quota_minor"]
        last_day = line["period_end"] - timedelta(days=1)
        return EstimatedComponent(
            plan=self.rule.plan.name,
            plan_version=self.rule.plan.version,
            component=self.rule.component.name,
            title=self.rule.component.headings,
            role=line["role"],
            share=self._share,
            credit=self._credit,
            quota=None if quota is None else self._position(quota),
            before=self._position(self._before),
            after=self._position(self._after),
            attainment_before=None if quota is None else _attainment(self._before, quota),
            attainment_after=None if quota is None else _attainment(self._after, quota),
            earning=self._pay(sum(each["earning_minor"] for each in self.lines)),
            tiers=tuple(self._tier(part) for part in self._parts),
            period=EstimatedPeriod(label=line["period_label"], start=line["period_start"], end=last_day),
            payment=ExpectedPayment(
                event=self.rule.component.credited_on or Event.EARNING, expected_on=line["credited_on"]
            ),
            schedule=tuple(self._schedule()),
            reasons=tuple(self.reasons()),
        )

    def _schedule(self) -> Iterator[ExpectedRelease]:
        exponent = self.engine.rates.exponent(self.rule.plan.currency)
        by_day: dict[date, int] = defaultdict(int)
        for line in self.lines:
            by_day[line["credited_on"]] += line["earning_minor"]
        for day, earning in sorted(by_day.items()):
            yield from expected_releases(self.rule, earning, day, exponent)

    def reasons(self) -> Iterator[Reason]:
        """How the lines are credited and what they earn, step by step."""
        share, via = Ratio(ratio=self._share), {each["via_payee_id"] for each in self.lines} - {None}
        names = ", ".join(sorted({self.engine.assignments.name(payee_id) for payee_id in via}))
        if self.rule.component.earnings_of:
            yield reason("credited_earning_of" if via else "credited_earning", via=names, credit=self._credit)
        elif via:
            yield reason("credited_manager", share=share, via=names, credit=self._credit)
        else:
            yield reason(f"credited_{self.lines[0]['party']}", share=share, credit=self._credit)
        yield from self._conversion()
        yield self._progress()
        for part in self._parts:
            yield self._slice(part)
        yield from self._terms()
        yield from self._limited()

    def _terms(self) -> Iterator[Reason]:
        """What gates and modifiers of the period made of the curve; the tiers' pay above includes it."""
        terms, component = self.accumulators.rows[self.lines[0]["accumulator"]].terms, self.rule.component
        if terms is None:
            return
        for number in terms.failed:
            gate = component.gates[number]
            comparison, bound = gate.condition
            bound_text: Money | Ratio = Ratio(ratio=decimal_text(bound.value))
            if not bound.is_percent:
                bound_text = Money(amount=decimal_text(bound.value), currency=None)
            yield reason(f"gate_{comparison}", figure=gate.figure, bound=bound_text)
        if terms.factor != 1:
            names = ", ".join(modifier.modifier for modifier in component.modifiers)
            yield reason("modified", modifiers=names, factor=decimal_text(terms.factor, 6))

    def _limited(self) -> Iterator[Reason]:
        """What limits made of what the curve pays."""
        calculated, earning = (sum(each[name] for each in self.lines) for name in ("calculated_minor", "earning_minor"))
        if calculated != earning:
            yield reason("limited", calculated=self._pay(calculated), left=self._pay(earning))

    @property
    def _before(self) -> int:
        return int(self.lines[0]["before"])

    @property
    def _after(self) -> int:
        return int(self.lines[-1]["after"])

    @cached_property
    def _share(self) -> str:
        parties = {(each["party_no"], each["share_millionths"]) for each in self.lines}
        return _share_text(sum(share for _, share in parties), self.rule.component.share.value)

    @cached_property
    def _credit(self) -> Money:
        return self._measure(self.rule.measure_kind, sum(each["base"] for each in self.lines))

    @cached_property
    def _parts(self) -> tuple[Slice, ...]:
        """The tiers that the lines reach; their earnings add up to those of the lines."""
        component = self.rule.component
        if component.mode is Mode.CURVE and not (component.payout.cases or component.payout.matrix):
            return tuple(self._slices())
        at = "before" if component.mode is Mode.RATE_BEFORE else "after"
        return tuple(
            Slice(self._curve_of(each).piece_at(each[at]), each["base"], each["calculated_minor"])
            for each in self.lines
        )

    def _slices(self) -> Iterator[Slice]:
        """Line by line, since others may stand between them; what lies on one piece is told once."""
        walked = [part for line in self.lines for part in self.curve.slices(int(line["before"]), int(line["after"]))]
        for piece in dict.fromkeys(part.piece for part in walked):
            own = [part for part in walked if part.piece is piece or part.piece == piece]
            yield Slice(piece, sum(part.measure for part in own), sum(part.earning for part in own))

    def _conversion(self) -> Iterator[Reason]:
        origin, target, day = self.currency, self.rule.plan.currency, self.lines[0]["credited_on"]
        is_converted = origin != target and self.rule.measure_kind is MeasureKind.MONEY
        if is_converted and not self.rule.component.earnings_of:
            rates = self.engine.rates
            ratio = Conversion.of(self.rule).minor_ratio(origin, day, rates, partial(month_average, rates))
            if ratio is not None:
                rate = ratio * Fraction(10) ** (rates.exponent(origin) - rates.exponent(target))
                yield reason("converted", from_currency=origin, to_currency=target, day=day, rate=decimal_text(rate, 6))

    def _progress(self) -> Reason:
        label, quota = self.lines[0]["period_label"], self.lines[0]["quota_minor"]
        if quota is None:
            before, after = self._position(self._before), self._position(self._after)
            return reason("position", period=label, before=before, after=after)
        ratios = (Ratio(ratio=_attainment(position, quota)) for position in (self._before, self._after))
        return reason("attainment", period=label, quota=self._position(quota), before=next(ratios), after=next(ratios))

    def _slice(self, part: Slice) -> Reason:
        earning, payout, piece = self._pay(part.earning), self.rule.component.payout, part.piece
        if not part.earning and not piece.slope and piece.intercept > 0 and not payout.has_amounts:
            return reason("cap_reached", slice=self._measure(self.rule.measure_kind, part.measure))
        if not part.earning and not piece.slope:
            return reason("nothing_yet", bound=self._bound(piece.lower if piece.upper is None else piece.upper))
        if payout.steps or (payout.has_amounts and not piece.slope):
            return reason("fixed_amount", bound=self._bound(piece.lower), earning=earning)
        rate, is_curve = self._rate(piece), self.rule.component.mode is Mode.CURVE
        if payout.whole_amount_tiers and piece.lower and is_curve:
            return reason("whole_amount", bound=self._bound(piece.lower), rate=rate, earning=earning)
        by_measure = "unit_slice" if self.rule.measure_kind is MeasureKind.NUMBER else "tier_slice"
        measure = self._measure(self.rule.measure_kind, part.measure)
        return reason(by_measure if is_curve else "line_rate", slice=measure, rate=rate, earning=earning)

    def _tier(self, part: Slice) -> EstimatedTier:
        upper = part.piece.upper
        return EstimatedTier(
            lower=decimal_text(part.piece.lower),
            upper=None if upper is None else decimal_text(upper),
            unit=self.curve.unit,
            rate=decimal_text(part.piece.rate),
            slice=self._measure(self.rule.measure_kind, part.measure),
            earning=self._pay(part.earning),
        )

    def _rate(self, piece: Piece) -> Money | Ratio:
        text = decimal_text(piece.rate)
        if self.rule.measure_kind is MeasureKind.NUMBER:
            return Money(amount=text, currency=self.rule.plan.currency)
        return Ratio(ratio=text)

    def _bound(self, bound: Fraction) -> Money | Ratio:
        text = decimal_text(bound)
        if self.curve.unit == "attainment":
            return Ratio(ratio=text)
        return Money(amount=text, currency=self.rule.plan.currency if self.curve.unit == "money" else None)

    def _position(self, position: int) -> Money:
        return self._measure(self.rule.position_kind, position)

    def _measure(self, kind: MeasureKind, amount: int) -> Money:
        if kind is MeasureKind.NUMBER:
            return Money(amount=decimal_text(Fraction(amount, MILLIONTHS)), currency=None)
        return self._pay(amount)

    def _pay(self, minor: int) -> Money:
        currency = self.rule.plan.currency
        return money(minor, currency, self.engine.rates.exponent(currency))


@lru_cache(maxsize=4_096)
def _share_text(millionths: int, of_rule: Fraction) -> str:
    return decimal_text(Fraction(millionths, MILLIONTHS) * of_rule)


@lru_cache(maxsize=65_536)
def _attainment(position: int, quota: int) -> str:
    return decimal_text(Fraction(position, quota), 4)
