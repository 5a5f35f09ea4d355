"""Pay of a period that stands on no single credit: openings, scorecards, matrices, rankings, pools, floors."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from compensation.curves.compiling import caps_on_curve, compile_curve, limit_minor
from compensation.curves.terms import Terms
from compensation.earnings.accumulators import Accumulator, AccumulatorKey, Accumulators
from compensation.exact import rounded, rounded_to
from compensation.figures.evaluating import Figures
from compensation.figures.groups import Groups
from compensation.figures.tables import cell_of, score_of
from compensation.plans.components import Component
from compensation.plans.figures import Otherwise
from compensation.plans.limits import Limit, Per
from compensation.plans.payouts import Among, Division, Kpi, Matrix, Pool, Ranking, Ties
from compensation.plans.periods import Period
from compensation.plans.rules import Rule
from compensation.plans.typed_numbers import Number


class PeriodPay(NamedTuple):
    """``kind``: opening, scorecard, matrix, ranking, pool, floor or cap."""

    key: AccumulatorKey
    kind: str
    minor: int


Payable = Sequence[tuple[Accumulator, Terms]]
Scores = list[tuple[AccumulatorKey, str, Fraction, Fraction, Fraction]]


class PeriodPays:
    """Calculates the pay of periods, rule by rule. ``minors``: minor units in a unit, by rule.

    ``scores``: of the scorecards calculated so far the KPI, its figure, its score, and that times its weight.
    """

    def __init__(self, accumulators: Accumulators, figures: Figures, groups: Groups, minors: Mapping[int, int]) -> None:
        self._accumulators, self._figures, self._groups, self._minors = accumulators, figures, groups, minors
        self.scores: Scores = []

    def of(self, rule: Rule, in_force: Sequence[AccumulatorKey]) -> list[PeriodPay]:
        """What the rule pays those who have it (``in_force``: its keys), period by period, beside its lines."""
        rows = (self._accumulators.of_key(key) for key in in_force)
        payable = [(row, row.terms) for row in rows if row.terms is not None]
        payout = rule.component.payout
        if payout.pool:
            return list(self._pools(rule, payout.pool, payable))
        if payout.ranking:
            return list(self._rankings(rule, payout.ranking, payable))
        if payout.needs_credits:
            return list(self._openings(rule, payable))
        return [pay for row, terms in payable for pay in self._own(rule, row.key, terms)]

    def floors(
        self,
        rule: Rule,
        floor: Limit,
        in_force: Sequence[AccumulatorKey],
        paid: Mapping[tuple[str, str, Period], int],
    ) -> Iterator[PeriodPay]:
        """What lifts everybody's pay of a period to the floor; ``paid``: by scenario, payee and period."""
        for key in in_force:
            terms = self._accumulators.of_key(key).terms
            if terms is not None:
                least = rounded(limit_minor(floor, terms, self._minors[rule.number]))
                lacking = least - paid.get((key.scenario, key.payee_id, key.period), 0)
                if lacking > 0:
                    yield PeriodPay(key, "floor", lacking)

    def _openings(self, rule: Rule, payable: Payable) -> Iterator[PeriodPay]:
        """What periods open with, under a cap that is no part of the curve."""
        cap, opening, unit = rule.component.cap, self._accumulators.curves.opening, self._minors[rule.number]
        if cap is not None and (cap.per is not Per.PERIOD or caps_on_curve(rule.component)):
            cap = None
        for row, terms in payable:
            if row.curve is not None:
                minor = opening(row.curve)
                if cap is not None:
                    minor = min(minor, rounded(limit_minor(cap, terms, unit)))
                yield PeriodPay(row.key, "opening", minor)

    def _own(self, rule: Rule, key: AccumulatorKey, terms: Terms) -> Iterator[PeriodPay]:
        payout = rule.component.payout
        kind, part = "scorecard", None
        if payout.scorecard:
            part = self._score(payout.scorecard, rule, key, terms)
        elif payout.matrix:
            kind, part = "matrix", self._cell(payout.matrix, rule, key, terms)
        if part is not None:
            yield PeriodPay(key, kind, self._settled(rule.component, terms, part, self._minors[rule.number]))

    def _score(self, kpis: Sequence[Kpi], rule: Rule, key: AccumulatorKey, terms: Terms) -> Fraction | None:
        """The weighted score times the target pay, in minor units."""
        values = [self._value(kpi.figure, rule, key) for kpi in kpis]
        known = [(kpi, value) for kpi, value in zip(kpis, values, strict=True) if value is not None]
        if len(known) < len(kpis):
            return None
        weights = sum((kpi.weight.value for kpi in kpis), Fraction(0))
        scores = [(kpi.kpi, value, score_of(kpi, value), kpi.weight.value / weights) for kpi, value in known]
        self.scores += [(key, kpi, value, score, score * weight) for kpi, value, score, weight in scores]
        return sum((score * weight for _, _, score, weight in scores), Fraction(0)) * _target(terms)

    def _cell(self, matrix: Matrix, rule: Rule, key: AccumulatorKey, terms: Terms) -> Fraction | None:
        row, column = (self._value(axis.by, rule, key) for axis in (matrix.rows, matrix.columns))
        if row is None or column is None:
            return None
        cell = cell_of(matrix, row, column)
        is_part = any(number.is_percent for line in matrix.pays for number in line)
        return cell * (_target(terms) if is_part else self._minors[rule.number])

    def _value(self, figure: str, rule: Rule, key: AccumulatorKey) -> Fraction | None:
        return self._figures.value(figure, rule, key.scenario, key.payee_id, key.period)

    def _settled(self, component: Component, terms: Terms, minor: Fraction, unit: int) -> int:
        """With factors, gates, cap and rounding of the component."""
        cap = component.cap
        if cap and cap.before_modifiers:
            minor = min(minor, limit_minor(cap, terms, unit))
        minor *= terms.factor
        for number in terms.failed:
            left = component.gates[number].otherwise
            if left is Otherwise.TARGET:
                minor = min(minor, _target(terms))
            else:
                minor *= left.value if isinstance(left, Number) else 0
        if cap and not cap.before_modifiers:
            minor = min(minor, limit_minor(cap, terms, unit))
        return rounded_to(minor, component.rounding.increment(unit), component.rounding.mode.value)

    def _pools(self, rule: Rule, pool: Pool, payable: Payable) -> Iterator[PeriodPay]:
        """The size of each group's pool, divided by subtraction on running weights, in the order of payees.

        The first of them stands for the group where a quota is the plan's own, and not each payee's.
        Gates and modifiers that are the same for all change the size; otherwise each member's own change the part.
        """
        unit = self._minors[rule.number]
        for members in self._by_group(rule, payable, pool.of):
            positions, terms = [self._position(rule, key) for key in members], [*members.values()]
            are_alike = len({(each.factor, each.failed) for each in terms}) == 1
            shared = terms[0] if are_alike else terms[0]._replace(factor=Fraction(1), failed=())
            size = self._size(rule, shared, terms, sum(positions))
            parts = self._parts(size, self._weights(rule, pool, [*members], positions))
            for (key, own), part in zip(members.items(), parts, strict=True):
                minor = part if are_alike else self._settled(rule.component, own, Fraction(part), unit)
                yield PeriodPay(key, "pool", minor)

    @staticmethod
    def _parts(size: int, weights: Sequence[Fraction]) -> Iterator[int]:
        whole, running, paid = sum(weights), Fraction(0), 0
        for weight in weights:
            running += weight
            upto = rounded(Fraction(size) * running / whole) if whole else 0
            yield upto - paid
            paid = upto

    def _position(self, rule: Rule, key: AccumulatorKey) -> int:
        """The payee's position in the period, in all versions that go on with one another."""
        places = ((key.scenario, number, key.payee_id) for number in self._figures.versions[rule.number])
        return sum(self._figures.positions.between(place, key.period.start, key.period.end) for place in places)

    def _size(self, rule: Rule, shared: Terms, terms: Sequence[Terms], position: int) -> int:
        quota = shared.quota if rule.component.quota.amount else sum(each.quota or 0 for each in terms)
        exponent = len(str(self._minors[rule.number])) - 1
        return compile_curve(rule, shared._replace(quota=quota), exponent).pay_at(position)

    def _weights(
        self, rule: Rule, pool: Pool, members: Sequence[AccumulatorKey], positions: Sequence[int]
    ) -> list[Fraction]:
        if pool.divided is Division.EQUALLY:
            return [Fraction(1)] * len(members)
        if pool.divided is Division.BY_MEASURE:
            return [Fraction(max(position, 0)) for position in positions]
        values = (self._value(pool.divided, rule, key) for key in members)
        return [value if value is not None and value > 0 else Fraction(0) for value in values]

    def _rankings(self, rule: Rule, ranking: Ranking, payable: Payable) -> Iterator[PeriodPay]:
        unit = self._minors[rule.number]
        for members in self._by_group(rule, payable, ranking.among):
            found = {key: self._value(ranking.by, rule, key) for key in members}
            values = {key: value for key, value in found.items() if value is not None}
            by_rank = ranking.prizes_among(sum(value > 0 for value in values.values()))
            prizes = _prizes(values, [prize.value * unit for prize in by_rank], ranking.ties)
            for key, terms in members.items():
                won = prizes.get(key, Fraction(0))
                yield PeriodPay(key, "ranking", self._settled(rule.component, terms, won, unit))

    def _by_group(self, rule: Rule, payable: Payable, among: Among) -> Iterable[Mapping[AccumulatorKey, Terms]]:
        groups: dict[tuple[str, Period, str], dict[AccumulatorKey, Terms]] = defaultdict(dict)
        for key, terms in sorted((row.key, terms) for row, terms in payable):
            last_day = min(key.period.end - timedelta(days=1), rule.valid_to - timedelta(days=1))
            groups[key.scenario, key.period, self._groups.among(among, key.payee_id, last_day)][key] = terms
        return groups.values()


def _target(terms: Terms) -> Fraction:
    return terms.target_minor or Fraction(0)


def _prizes(
    values: Mapping[AccumulatorKey, Fraction], prizes: Sequence[Fraction], ties: Ties
) -> dict[AccumulatorKey, Fraction]:
    """The prize of each by rank; only what is above zero has a rank."""
    won: dict[AccumulatorKey, Fraction] = {}
    rank = 0
    for value in sorted({value for value in values.values() if value > 0}, reverse=True):
        equal = [key for key, each in values.items() if each == value]
        open_prizes = prizes[rank : rank + len(equal)]
        rank += len(equal)
        if not open_prizes:
            break
        if len(equal) == 1 or ties is Ties.EACH:
            won |= dict.fromkeys(equal, open_prizes[0])
        elif ties is Ties.SHARE:
            whole = sum(open_prizes, Fraction(0))
            running = [rounded(whole * number / len(equal)) for number in range(len(equal) + 1)]
            won |= {key: Fraction(upto - below) for key, (below, upto) in zip(equal, pairwise(running), strict=True)}
    return won


def earned_on(period: Period, as_of: date) -> date:
    """The day on which pay of a period counts: its last, or ``as_of`` while it lasts; never before it begins."""
    return max(period.start, min(period.end - timedelta(days=1), as_of))
