"""Lines: credits walk along their accumulators, and each earns what its step on the curve pays."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from compensation.plans.components import Attribution, Mode, SplitOf
from compensation.plans.limits import Per
from compensation.plans.periods import months_between
from compensation.plans.releases import Clawback
from tests.compensation.oracle.crediting import Credit, Rule
from tests.compensation.oracle.curve import Curve
from tests.compensation.oracle.numbers import MILLION, divided, half_away

Limit = Callable[[Credit], int]
Round = Callable[[Fraction], int]


def walk(lines: Iterable[Credit]) -> None:
    """Gives each credit the position before and after it."""
    position = 0
    for credit in sorted(lines, key=lambda credit: credit.order):
        credit.before, credit.after = position, position + credit.position
        position = credit.after


@dataclass
class Way:
    """How far the lines of a payee's period have come: what was gained on the curve of each case, and the base."""

    gained: dict[tuple[str, int], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    base: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def earn(credit: Credit, curve: Curve, way: Way, rounded: Round, tied: Credit | None) -> None:
    """What the credit earns by itself; ``tied`` is what it reverses, if anything."""
    component = credit.rule.component
    if component.mode is Mode.CURVE:
        _earn_on_curve(credit, curve, way, rounded)
    elif component.mode is Mode.RATE_REACHED:
        below = way.base[credit.group]
        upto = way.base[credit.group] = below + credit.base
        before, after = curve.slope(Fraction(credit.before)), curve.slope(Fraction(credit.after))
        credit.earning = rounded(upto * after) - rounded(below * before)
    else:
        credit.ratio = _ratio(credit, curve) if tied is None or tied.ratio is None else tied.ratio
        upto_now, before_now = (credit.base_before + credit.base) * credit.ratio, credit.base_before * credit.ratio
        credit.earning = rounded(upto_now) - rounded(before_now)


def _earn_on_curve(credit: Credit, curve: Curve, way: Way, rounded: Round) -> None:
    component = credit.rule.component
    before, after = curve.pay(Fraction(credit.before)), curve.pay(Fraction(credit.after))
    if component.rounding.each_line:
        credit.earning = rounded(after - before)
    elif component.payout.cases or component.payout.matrix:
        below = way.gained[credit.group, credit.case or 0]
        upto = way.gained[credit.group, credit.case or 0] = below + after - before
        credit.earning = rounded(upto) - rounded(below)
    else:
        credit.earning = rounded(after) - rounded(before)


def _ratio(credit: Credit, curve: Curve) -> Fraction:
    """Pay for one of the base: where the credit begins, where it ends, or on the way."""
    before, after = Fraction(credit.before), Fraction(credit.after)
    match credit.rule.component.mode:
        case Mode.RATE_BEFORE:
            return curve.slope(before)
        case Mode.RATE_AFTER:
            return curve.slope(after)
    if before == after:
        return curve.slope(before)
    return (curve.pay(after) - curve.pay(before)) / (after - before)


# limits, in the order in which they act


def lift(lines: list[Credit], floor: Limit) -> None:
    """An original that pays anything pays at least the floor; its returns leave of it what they leave by the curve."""
    lifted: dict[tuple[object, ...], Fraction] = {}
    left: dict[tuple[object, ...], int] = {}
    for credit in lines:
        if credit.document.origin is None:
            if credit.earning > 0:
                paid = max(credit.earning, floor(credit))
                lifted[credit.family] = Fraction(paid, credit.earning)
                left[credit.family], credit.earning = credit.earning, paid
        elif not credit.rule.component.clawback.before_minimum and credit.family in lifted:
            ratio, below = lifted[credit.family], left[credit.family]
            upto = left[credit.family] = below + credit.earning
            credit.earning = half_away(upto * ratio) - half_away(below * ratio)


def claw_back(lines: list[Credit], clawback: Clawback) -> None:
    """Returns take back the share that the plan says for their age."""
    for credit in lines:
        if credit.document.origin is not None:
            months = months_between(credit.day, credit.document.row["dated_on"])
            credit.earning = half_away(credit.earning * _taken_back(clawback, months))


def _taken_back(clawback: Clawback, months: int) -> Fraction:
    if clawback.vests_over_months is not None:
        return Fraction(max(0, clawback.vests_over_months - (months + 1)), clawback.vests_over_months)
    if clawback.by_age:
        return next((step.share.value for step in clawback.by_age if months < step.within_months), Fraction(0))
    return clawback.share.value if clawback.share is not None else Fraction(1)


def part_of(credit: Credit, amount: int) -> int:
    """The party's part of an amount of the whole."""
    high, low = Fraction(amount) * credit.party.high / MILLION, Fraction(amount) * credit.party.low / MILLION
    return half_away(high) - half_away(low)


def less_below(lines: list[Credit]) -> None:
    """Managers earn what exceeds the most that anybody below them earns by an own rate; returns mirror it."""
    chains: dict[tuple[object, ...], list[Credit]] = defaultdict(list)
    for credit in lines:
        owner = credit.party.via or credit.payee
        chains[
            credit.transaction_id, credit.document.seen["deal_id"], credit.document.instalment, owner, credit.party.low
        ].append(credit)
    for chain in chains.values():
        most = 0
        for credit in sorted(chain, key=lambda credit: credit.level):
            own = credit.earning
            exceeding = max(0, abs(own) - most)
            credit.earning, most = -exceeding if own < 0 else exceeding, max(most, abs(own))


def bound(lines: list[Credit], group: Callable[[Credit], object], limit: Callable[[Credit, int], int]) -> None:
    """Each line becomes the difference that it makes to the bounded running total of its group."""
    running: dict[object, int] = defaultdict(int)
    reached: dict[object, int] = defaultdict(int)
    for credit in lines:
        key = group(credit)
        running[key] += credit.earning
        bounded = limit(credit, running[key])
        credit.earning, reached[key] = bounded - reached[key], bounded


def spread(lines: list[Credit], rounded: Round) -> None:
    """The total of each accumulator, divided by base over its lines; left as it is where the bases make nothing."""
    accumulators: dict[tuple[object, ...], list[Credit]] = defaultdict(list)
    for credit in lines:
        accumulators[credit.payee, credit.group, credit.period.start].append(credit)
    for own in accumulators.values():
        if sum(credit.base for credit in own) != 0:
            parts = divided(sum(credit.earning for credit in own), [credit.base for credit in own], rounded)
            for credit, part in zip(own, parts, strict=True):
                credit.earning = part


def limit_lines(
    rule: Rule, lines: list[Credit], floor: Limit, cap: Limit, others: Limit, opening: Limit, rounded: Round
) -> None:
    """All that changes the lines of a rule after the curve. ``others``: what named components earn of the same whole,
    ``opening``: what the payee's period opens with."""
    component = rule.component
    lines.sort(key=lambda credit: credit.order)
    if component.floor is not None and component.floor.per is Per.TRANSACTION:
        lift(lines, floor)
    if component.clawback.given("share", "by_age", "vests_over_months"):
        claw_back(lines, component.clawback)
    for credit in lines:
        if component.split is SplitOf.EARNING:
            credit.earning = part_of(credit, credit.earning)
        if component.less_earnings_of:
            credit.earning -= part_of(credit, others(credit))
    if component.less_paid_below:
        less_below(lines)
    if component.floor is not None and component.floor.per is Per.DEAL:
        bound(lines, _deal, lambda credit, total: max(total, floor(credit)) if total > 0 else total)
    if component.cap is not None and component.cap.per is Per.DEAL:
        bound(lines, _deal, lambda credit, total: min(total, cap(credit)))
    if component.cap is not None and component.cap.per is Per.TRANSACTION:
        bound(lines, _transaction, lambda credit, total: min(total, cap(credit)))
    if component.attribution is Attribution.PRO_RATA:
        spread(lines, rounded)
    if component.cap is not None and component.cap.per is Per.PERIOD and not caps_on_curve(rule):
        _cap_period(lines, cap, opening)


def _transaction(credit: Credit) -> object:
    """With its returns; of a contract that recurs all that is credited in the period."""
    deal = credit.document.seen["deal_id"]
    transaction = credit.document.origin or credit.transaction_id
    return deal, transaction, *credit.party, credit.payee, credit.group, credit.period.start


def _deal(credit: Credit) -> object:
    return credit.payee, credit.document.seen["deal_id"]


def _cap_period(lines: list[Credit], cap: Limit, opening: Limit) -> None:
    """What the payee has earned in the period, its opening first, stops at the cap."""
    totals: dict[tuple[object, ...], tuple[int, int]] = {}
    for credit in lines:
        key = (credit.payee, credit.period.start)
        opened = opening(credit)
        running, reached = totals.get(key, (opened, min(opened, cap(credit))))
        running += credit.earning
        bounded = min(running, cap(credit))
        credit.earning, totals[key] = bounded - reached, (running, bounded)


def caps_on_curve(rule: Rule) -> bool:
    """Whether one curve pays the whole period, so that the cap bends the curve and is rounded with it."""
    component, payout = rule.component, rule.component.payout
    is_alone = component.accumulate_by == "payee" and component.accumulate_with is None
    by_line = payout.cases or payout.matrix or component.less_earnings_of or component.less_paid_below
    return component.mode is Mode.CURVE and is_alone and not by_line and component.split is SplitOf.CREDIT
