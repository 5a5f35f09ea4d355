"""Pay of periods that stands on no single credit: openings, scorecards, matrices, pools, rankings, floors."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from compensation.plans.limits import Per
from compensation.plans.payouts import Among, Division, Pool, Ranking, Ties
from compensation.plans.shapes import Shape
from compensation.plans.typed_numbers import Number
from tests.compensation.oracle.book import Book
from tests.compensation.oracle.crediting import Credit, Rule
from tests.compensation.oracle.curve import Conditions, curve_of
from tests.compensation.oracle.figures import DAY, cell_of, score_of
from tests.compensation.oracle.lines import caps_on_curve
from tests.compensation.oracle.numbers import divided, half_away
from tests.compensation.oracle.records import Accumulated, Opening


class PeriodPays(Book):
    """A book that can pay periods."""

    def _open(self, rule: Rule) -> None:
        payout = rule.component.payout
        payable = [each for each in self.in_force[rule.number] if each.outcome is None]
        if payout.pool is not None:
            self._divide_pools(rule, payout.pool, payable)
        elif payout.ranking is not None:
            self._award_prizes(rule, payout.ranking, payable)
        else:
            for accumulator in payable:
                self._open_one(accumulator)

    def _open_one(self, accumulator: Accumulated) -> None:
        payout = accumulator.rule.component.payout
        if payout.scorecard:
            self._add(accumulator, "scorecard", self._score(accumulator))
        elif payout.matrix and payout.matrix.pays:
            self._add(accumulator, "matrix", self._cell(accumulator))
        elif payout.cases or payout.matrix:
            self._add_minor(accumulator, "opening", self._capped(accumulator, self._fixed(accumulator)))
        else:
            paid = self._rounded(accumulator.rule, self._curve(accumulator, 0).pay(Fraction(0)))
            self._add_minor(accumulator, "opening", self._capped(accumulator, paid))

    def _add(self, accumulator: Accumulated, kind: str, minor: Fraction | None) -> None:
        if minor is not None:
            self._add_minor(accumulator, kind, self._settled(accumulator, minor))

    def _add_minor(self, accumulator: Accumulated, kind: str, minor: int) -> None:
        day = min(accumulator.period.end - DAY, self.company.as_of)
        self.openings.append(Opening(accumulator.rule, accumulator.payee, accumulator.period, kind, day, minor, minor))

    def _fixed(self, accumulator: Accumulated) -> int:
        """What a component of cases opens with: its opening pay, no case's."""
        opening = self._conditions(accumulator).opening * accumulator.factor
        for gate in accumulator.failed:
            if gate.covers is None and not isinstance(gate.otherwise, Number) and gate.otherwise == "nothing":
                opening = Fraction(0)
            elif gate.covers is None and isinstance(gate.otherwise, Number):
                opening *= gate.otherwise.value
        return self._rounded(accumulator.rule, opening)

    def _capped(self, accumulator: Accumulated, opened: int) -> int:
        """What a period opens with, within its cap; where that bends the curve, what it pays is rounded after it."""
        cap = accumulator.rule.component.cap
        accumulator.opened = opened
        if cap is None or cap.per is not Per.PERIOD or cap.before_modifiers or caps_on_curve(accumulator.rule):
            return opened
        return min(opened, half_away(self._limit(accumulator, cap)))

    def _score(self, accumulator: Accumulated) -> Fraction | None:
        kpis = accumulator.rule.component.payout.scorecard or ()
        total, weights = Fraction(0), Fraction(0)
        for kpi in kpis:
            value = self._value(kpi.figure, accumulator)
            if value is None:
                return None
            total += kpi.weight.value * score_of(kpi, value)
            weights += kpi.weight.value
        return total / weights * (accumulator.target or 0)

    def _cell(self, accumulator: Accumulated) -> Fraction | None:
        matrix = accumulator.rule.component.payout.matrix
        assert matrix is not None
        row, column = (self._value(axis.by, accumulator) for axis in (matrix.rows, matrix.columns))
        if row is None or column is None:
            return None
        is_part = any(cell.is_percent for line in matrix.pays for cell in line)
        unit = (accumulator.target or 0) if is_part else self.company.minor(accumulator.rule.plan.currency)
        return cell_of(matrix, row, column) * unit

    def _settled(self, accumulator: Accumulated, minor: Fraction) -> int:
        """Cap before modifiers, modifiers, gates, cap, rounding."""
        conditions, cap = self._conditions(accumulator), accumulator.rule.component.cap
        if conditions.cap_before_modifiers is not None:
            minor = min(minor, conditions.cap_before_modifiers)
        minor *= accumulator.factor
        for gate in accumulator.failed:
            if gate.otherwise == "target":
                minor = min(minor, Fraction(accumulator.target or 0))
            else:
                minor *= gate.otherwise.value if isinstance(gate.otherwise, Number) else 0
        if cap is not None and cap.per is Per.PERIOD and not cap.before_modifiers:
            minor = min(minor, self._limit(accumulator, cap))
        return self._rounded(accumulator.rule, minor)

    def _lift(self, rule: Rule) -> None:
        """A floor on a period's pay is an opening of its own."""
        floor = rule.component.floor
        if floor is None or floor.per is not Per.PERIOD:
            return
        for accumulator in self.in_force[rule.number]:
            if accumulator.outcome is None:
                lines = sum(credit.earning for credit in self._continued(accumulator) if credit.outcome is None)
                lacking = half_away(self._limit(accumulator, floor)) - lines - self._opened(accumulator)
                if lacking > 0:
                    self._add_minor(accumulator, "floor", lacking)

    # pools and rankings

    def _groups(self, rule: Rule, among: Among, payable: list[Accumulated]) -> list[list[Accumulated]]:
        """Those who are together on the last day of the period, each group by name."""
        groups: dict[tuple[date, str], list[Accumulated]] = defaultdict(list)
        window = rule.component.window
        for each in sorted(payable, key=lambda each: (each.payee, each.period.start)):
            ends = [each.period.end, rule.plan.effective.ends_on, *([window.ends_on] if window else [])]
            row = self.company.on(each.payee, min(ends) - timedelta(days=1))
            name = "" if among is Among.PLAN or row is None else row.get(among.value) or ""
            groups[each.period.start, name].append(each)
        return list(groups.values())

    def _divide_pools(self, rule: Rule, pool: Pool, payable: list[Accumulated]) -> None:
        for members in self._groups(rule, pool.of, payable):
            positions = [
                sum(credit.position for credit in self._continued(each) if credit.is_measured) for each in members
            ]
            conditions = [self._conditions(each) for each in members]
            are_alike = all((each.factor, each.failed) == (members[0].factor, members[0].failed) for each in members)
            plain = replace(conditions[0], failed=(), factor=Fraction(1))
            size = self._pool_size(rule, pool.size, members, sum(positions), conditions[0] if are_alike else plain)
            weights: list[Fraction | int] = [max(position, 0) for position in positions]
            if pool.divided is Division.EQUALLY:
                weights = [1 for _ in members]
            elif pool.divided is not Division.BY_MEASURE:
                weights = [max(self._value(pool.divided, each) or Fraction(0), Fraction(0)) for each in members]
            for each, part in zip(members, divided(size, weights), strict=True):
                self._add_minor(each, "pool", part if are_alike else self._settled(each, Fraction(part)))

    def _continued(self, accumulator: Accumulated) -> list[Credit]:
        """The credits of the payee's period in all versions that go on with one another."""
        return [
            credit
            for version in self.versions(accumulator.rule)
            for credit in self.credits[version.number]
            if (credit.payee, credit.period) == (accumulator.payee, accumulator.period)
        ]

    def _pool_size(
        self, rule: Rule, shape: Shape, members: list[Accumulated], position: int, conditions: Conditions
    ) -> int:
        quota = members[0].quota
        if rule.component.quota.amount is None:
            quota = sum(each.quota or 0 for each in members)
        curve = curve_of(rule.component, shape, self._scales(members[0], quota), conditions)
        return self._rounded(rule, curve.pay(Fraction(position)))

    def _award_prizes(self, rule: Rule, ranking: Ranking, payable: list[Accumulated]) -> None:
        minor = self.company.minor(rule.plan.currency)
        for members in self._groups(rule, ranking.among, payable):
            values = [self._value(ranking.by, each) or Fraction(0) for each in members]
            for number, each in enumerate(members):
                won = _prize(values, number, [prize * minor for prize in _by_rank(ranking, values)], ranking.ties)
                self._add_minor(each, "ranking", self._settled(each, won))


def _by_rank(ranking: Ranking, values: list[Fraction]) -> list[Fraction]:
    """What each rank wins; a rank that begins below a share of all ranks is within it."""
    if ranking.prizes is not None:
        return [prize.value for prize in ranking.prizes]
    ranked = sum(value > 0 for value in values)
    within = (
        [top.prize.value for top in ranking.top or () if rank < top.share.value * ranked] for rank in range(ranked)
    )
    return [prizes[0] for prizes in within if prizes]


def _prize(values: list[Fraction], number: int, prizes: list[Fraction], ties: Ties) -> Fraction:
    """What one of the members wins; the prizes of the ranks that equals hold together are theirs."""
    own = values[number]
    equal = [each for each, value in enumerate(values) if value == own]
    rank = sum(value > own for value in values)
    held = prizes[rank : rank + len(equal)]
    if own <= 0 or not held:
        return Fraction(0)
    if len(equal) == 1 or ties is Ties.EACH:
        return held[0]
    if ties is Ties.NOBODY:
        return Fraction(0)
    return Fraction(divided(sum(held, Fraction(0)), [1] * len(equal))[equal.index(number)])
