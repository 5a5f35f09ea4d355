"""The components of an estimate: what each would pay, tier by tier, with its reasons."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple

from compensation.curves import Curve, Piece
from compensation.deal_estimate import EstimatedComponent, EstimatedPeriod, EstimatedTier, ExpectedPayment
from compensation.plan import Measure, Mode
from compensation.run import Ground
from compensation.sentences import Money, Ratio, Reason, decimal_text, reason
from compensation.terms import Term

Line = dict[str, Any]


class _TierPart(NamedTuple):
    piece: Piece
    measure: int
    earning: int


class ComponentWriter:
    """Writes the components of estimates from the engine's lines."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def components(self, lines: Sequence[Line], currency: str) -> Iterator[EstimatedComponent]:
        """One component per accumulator; ``lines`` are those of one payee that pay, in the engine's order.

        ``currency``: what the deal is in.
        """
        for _, together in groupby(lines, key=lambda line: line["accumulator"]):
            yield self._component(list(together), currency)

    def reasons(self, term: Term, curve: Curve, lines: Sequence[Line], currency: str) -> Iterator[Reason]:
        """How the lines (of one accumulator, one after another) are credited and what they earn, step by step."""
        line, credit = lines[0], self._measure(term, term.component.measure, sum(each["base"] for each in lines))
        share = Ratio(ratio=_share(term, lines))
        if line["via_payee_id"]:
            names = sorted({self._ground.staff.name(each["via_payee_id"]) for each in lines if each["via_payee_id"]})
            yield reason("credited_manager", share=share, via=", ".join(names), credit=credit)
        else:
            yield reason(f"credited_{line['party']}", share=share, credit=credit)
        yield from self._conversion(term, currency, line["credited_on"])
        yield self._progress(term, line, lines[-1])
        for part in _parts(term, curve, lines):
            yield self._slice(term, curve, part)

    def _component(self, lines: list[Line], currency: str) -> EstimatedComponent:
        line, term = lines[0], self._ground.terms[lines[0]["term"]]
        curve = self._ground.book.curves[line["curve"]]
        before, after, quota = line["before"], lines[-1]["after"], line["quota_minor"]
        tiers = tuple(self._tier(term, curve, part) for part in _parts(term, curve, lines))
        credit = sum(each["base"] for each in lines)
        return EstimatedComponent(
            plan=term.plan.name,
            plan_version=term.plan.version,
            component=term.component.name,
            title={language: term.component.heading(language) for language in ("en", "zh-Hans")},
            role=line["role"],
            share=_share(term, lines),
            credit=self._measure(term, term.component.measure, credit),
            quota=None if quota is None else self._position(term, quota),
            before=self._position(term, before),
            after=self._position(term, after),
            attainment_before=None if quota is None else _attainment(before, quota),
            attainment_after=None if quota is None else _attainment(after, quota),
            earning=self._ground.money(sum(each["earning_minor"] for each in lines), term.plan.currency),
            tiers=tiers,
            period=_period(line),
            payment=ExpectedPayment(event=term.component.credited_on.value, expected_on=line["credited_on"]),
            reasons=tuple(self.reasons(term, curve, lines, currency)),
        )

    def _conversion(self, term: Term, origin: str, day: date) -> Iterator[Reason]:
        target = term.plan.currency
        rate = self._ground.rates.rate(origin, target, day)
        if origin != target and rate is not None and term.component.measure is not Measure.QUANTITY:
            yield reason("converted", from_currency=origin, to_currency=target, day=day, rate=decimal_text(rate, 6))

    def _progress(self, term: Term, first: Line, last: Line) -> Reason:
        label, quota = first["period_label"], first["quota_minor"]
        if quota is None:
            before, after = self._position(term, first["before"]), self._position(term, last["after"])
            return reason("position", period=label, before=before, after=after)
        before_ratio, after_ratio = (Ratio(ratio=_attainment(each, quota)) for each in (first["before"], last["after"]))
        return reason(
            "attainment", period=label, quota=self._position(term, quota), before=before_ratio, after=after_ratio
        )

    def _slice(self, term: Term, curve: Curve, part: _TierPart) -> Reason:
        earning = self._ground.money(part.earning, term.plan.currency)
        payout, rate = term.component.payout, self._rate(term, part.piece)
        bound = self._bound(term, curve, part.piece.lower)
        if not part.earning and not part.piece.slope:
            upper = part.piece.upper if part.piece.upper is not None else part.piece.lower
            return reason("nothing_yet", bound=self._bound(term, curve, upper))
        if payout.steps or (payout.has_amounts and not part.piece.slope):
            return reason("fixed_amount", bound=bound, earning=earning)
        if payout.whole_amount_tiers and part.piece.lower and term.component.mode is Mode.CURVE:
            return reason("whole_amount", bound=bound, rate=rate, earning=earning)
        measure = self._measure(term, term.component.measure, part.measure)
        if term.component.mode is not Mode.CURVE:
            return reason("line_rate", slice=measure, rate=rate, earning=earning)
        code = "unit_slice" if term.component.measure is Measure.QUANTITY else "tier_slice"
        return reason(code, slice=measure, rate=rate, earning=earning)

    def _tier(self, term: Term, curve: Curve, part: _TierPart) -> EstimatedTier:
        upper = part.piece.upper
        return EstimatedTier(
            lower=decimal_text(part.piece.lower),
            upper=None if upper is None else decimal_text(upper),
            unit=curve.unit,
            rate=decimal_text(part.piece.rate),
            slice=self._measure(term, term.component.measure, part.measure),
            earning=self._ground.money(part.earning, term.plan.currency),
        )

    def _rate(self, term: Term, piece: Piece) -> Money | Ratio:
        text = decimal_text(piece.rate)
        if term.component.measure is Measure.QUANTITY:
            return Money(amount=text, currency=term.plan.currency)
        return Ratio(ratio=text)

    def _bound(self, term: Term, curve: Curve, bound: Fraction) -> Money | Ratio:
        if curve.unit == "attainment":
            return Ratio(ratio=decimal_text(bound))
        return Money(amount=decimal_text(bound), currency=term.plan.currency if curve.unit == "money" else None)

    def _position(self, term: Term, amount: int) -> Money:
        return self._measure(term, term.component.looks_at, amount)

    def _measure(self, term: Term, measure: Measure, amount: int) -> Money:
        if measure is Measure.QUANTITY:
            return Money(amount=decimal_text(Fraction(amount, 10**6)), currency=None)
        return self._ground.money(amount, term.plan.currency)


def _share(term: Term, lines: Sequence[Line]) -> str:
    parties = {(each["party_no"], each["share_millionths"]) for each in lines}
    return decimal_text(Fraction(sum(share for _, share in parties), 10**6) * term.component.share.value)


def _parts(term: Term, curve: Curve, lines: Sequence[Line]) -> list[_TierPart]:
    """The tiers that the lines reach; their earnings add up to those of the lines."""
    if term.component.mode is Mode.CURVE:
        walk = curve.slices(lines[0]["before"], lines[-1]["after"])
        return [_TierPart(*part) for part in walk]
    parts = []
    for line in lines:
        at = line["before"] if term.component.mode is Mode.RATE_BEFORE else line["after"]
        parts.append(_TierPart(curve.piece_at(at), line["base"], line["earning_minor"]))
    return parts


def _period(line: Line) -> EstimatedPeriod:
    last_day = line["period_end"] - timedelta(days=1)
    return EstimatedPeriod(label=line["period_label"], start=line["period_start"], end=last_day)


def _attainment(position: int, quota: int) -> str:
    return decimal_text(Fraction(position, quota), 4)
