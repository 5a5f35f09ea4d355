"""Lines: credits walk along their accumulators, and each earns what its step on the curve pays."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from compensation.plans.components import Mode, SplitOf
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


def walk_bases(lines: Iterable[Credit]) -> None:
    """Gives each credit the base of those before it: of the payee's group in the period, whatever the version."""
    walked: dict[object, int] = defaultdict(int)
    for credit in sorted(lines, key=lambda credit: credit.order):
        place = credit.payee, credit.group, credit.period
        credit.walked_base = walked[place]
        walked[place] += credit.base


@dataclass
class Way:
    """How far the lines of a payee's period have come: what was gained on the curve of each case."""

    gained: dict[tuple[str, int], Fraction] = field(default_factory=lambda: defaultdict(Fraction))


def earn(credit: Credit, curve: Curve, way: Way, rounded: Round, tied: Credit | None) -> None:
    """What the credit earns by itself; ``tied`` is what it reverses, if anything."""
    component = credit.rule.component
    if component.mode is Mode.CURVE:
        _earn_on_curve(credit, curve, way, rounded)
    elif component.mode is Mode.RATE_REACHED:
        below, upto = credit.walked_base, credit.walked_base + credit.base
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
    """An original that pays anything pays at least the floor; its returns take back by the same ratio."""
    lifted: dict[tuple[object, ...], Fraction] = {}
    returned: dict[tuple[object, ...], int] = defaultdict(int)
    for credit in lines:
        if credit.document.origin is None:
            if credit.earning > 0:
                paid = max(credit.earning, floor(credit))
                lifted[credit.family] = Fraction(paid, credit.earning)
                credit.earning = paid
        elif not credit.rule.component.clawback.before_minimum and credit.family in lifted:
            ratio, below = lifted[credit.family], returned[credit.family]
            upto = returned[credit.family] = below + credit.earning
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
    """Each line becomes the difference that it makes to the running total of its group within its own limit."""
    running: dict[object, int] = defaultdict(int)
    for credit in lines:
        below = running[group(credit)]
        upto = running[group(credit)] = below + credit.earning
        credit.earning = limit(credit, upto) - limit(credit, below)


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


def limit_each(rule: Rule, lines: list[Credit], floor: Limit, others: Limit) -> None:
    """What changes the lines of a rule one by one. ``others``: what named components earn of the same whole."""
    component = rule.component
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


def limit_deals(lines: list[Credit], floor: Limit, cap: Limit) -> None:
    """Floors and caps that hold several lines together, be they of one version of a plan or of several."""

    def at_least(credit: Credit, total: int) -> int:
        return max(total, floor(credit)) if _has(credit, "floor", Per.DEAL) and total > 0 else total

    def at_most(per: Per, credit: Credit, total: int) -> int:
        return min(total, cap(credit)) if _has(credit, "cap", per) else total

    bound(lines, _deal, at_least)
    bound(lines, _deal, partial(at_most, Per.DEAL))
    bound(lines, _transaction, partial(at_most, Per.TRANSACTION))


def limit_periods(lines: list[Credit], cap: Limit, opening: Limit) -> None:
    """Caps of periods that are no part of a curve. ``opening``: what the payee's period opens with."""
    opened = {(credit.payee, credit.period): opening(credit) for credit in lines}
    for place, minor in opened.items():
        _cap_period([credit for credit in lines if (credit.payee, credit.period) == place], cap, minor)


def _has(credit: Credit, name: str, per: Per) -> bool:
    limit = getattr(credit.rule.component, name)
    return limit is not None and limit.per is per


def _deal(credit: Credit) -> object:
    return credit.payee, credit.document.seen["deal_id"]


def _transaction(credit: Credit) -> object:
    """An instalment is a transaction of its own; one version's lines hold no other's."""
    return credit.rule.number, credit.family


def _cap_period(lines: list[Credit], cap: Limit, opened: int) -> None:
    """What the payee has earned in the period, its opening first, stops at the cap."""
    running = opened
    for credit in lines:
        below, running = running, running + credit.earning
        if _has(credit, "cap", Per.PERIOD) and not caps_on_curve(credit.rule):
            credit.earning = min(running, cap(credit)) - min(below, cap(credit))


def caps_on_curve(rule: Rule) -> bool:
    """Whether one curve pays the whole period, so that the cap bends the curve and is rounded with it."""
    component, payout = rule.component, rule.component.payout
    is_alone = component.accumulate_by == "payee" and component.accumulate_with is None
    by_line = payout.cases or payout.matrix or component.less_earnings_of or component.less_paid_below
    return component.mode is Mode.CURVE and is_alone and not by_line and component.split is SplitOf.CREDIT
