"""Figures: numbers of a whole period, for a payee and a component that looks at them."""

import itertools
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Protocol

from compensation.plans.figures import Figure, Gate, Modifier, Of, QuotaTaken
from compensation.plans.payouts import Kpi, Matrix
from compensation.plans.periods import Period, PeriodKind, months_between, period_of, periods_between
from compensation.plans.typed_numbers import Bound, Number
from tests.compensation.oracle.company import FOREVER, Company
from tests.compensation.oracle.crediting import Credit, Rule, reaches
from tests.compensation.oracle.measures import product
from tests.compensation.oracle.numbers import MILLION, half_away
from tests.compensation.oracle.terms import Terms

DAY = timedelta(days=1)
_LENGTHS = list(PeriodKind)


class Pay(Protocol):
    """What has been credited and earned so far."""

    credits: dict[int, list[Credit]]

    def versions(self, rule: Rule) -> list[Rule]: ...

    def earned_between(self, rule: Rule, payee: str, start: date, end: date, *, direct: bool) -> int: ...


class Figures:
    """Answers for one payee and period at a time."""

    def __init__(self, company: Company, terms: Terms, rules: Sequence[Rule], pay: Pay) -> None:
        self._company, self._terms, self._pay = company, terms, pay
        self._rules = {(id(rule.plan), rule.component.name): rule for rule in rules}
        self.own_pay: Fraction | None = None

    def value(self, name: str, rule: Rule, payee: str, period: Period) -> Fraction | None:
        """The figure that the plan calls so; None if it cannot be known."""
        return self._value(rule.plan.figures[name], rule, payee, period)

    def _value(self, figure: Figure, rule: Rule, payee: str, period: Period) -> Fraction | None:
        found = self._source(figure, rule, payee, period)
        if found is not None and figure.rounded_to is not None:
            return half_away(found / figure.rounded_to.value) * figure.rounded_to.value
        return found

    def _source(self, figure: Figure, rule: Rule, payee: str, period: Period) -> Fraction | None:
        if figure.operator is not None:
            terms = [self._term(term, rule, payee, period) for term in figure.terms]
            known = [term for term in terms if term is not None]
            return OPERATORS[figure.operator](known) if len(known) == len(terms) else None
        if figure.attainment_of is not None:
            return self._attainment(figure, self._rule(rule, figure.attainment_of), rule, payee, period)
        if figure.total_of is not None:
            looked_at = self._rule(rule, figure.total_of)
            return Fraction(self._position(figure, looked_at, rule, payee, period)) / self._unit(looked_at)
        if figure.earnings_of:
            return self._earnings(figure, rule, payee, period)
        if figure.metric is not None:
            return self._metric(figure, figure.metric, rule, payee, period)
        row = self._company.on(payee, period.end - DAY)
        hired = row.get("hired_on") if row else None
        return None if hired is None else Fraction(months_between(hired, period.end - DAY) + 1)

    def _term(self, term: Number | Figure | str, rule: Rule, payee: str, period: Period) -> Fraction | None:
        if isinstance(term, Number):
            return term.value
        figure = rule.plan.figures[term] if isinstance(term, str) else term
        return self._value(figure, rule, payee, period)

    def _rule(self, rule: Rule, name: str) -> Rule:
        return self._rules[id(rule.plan), name]

    def _unit(self, rule: Rule) -> int:
        is_money = rule.plan.kind_of(rule.component.looks_at) == "money"
        return self._company.minor(rule.plan.currency) if is_money else MILLION

    # when and who

    def _whole(self, figure: Figure, rule: Rule, period: Period) -> Period:
        return period_of(period.end - DAY, figure.over or rule.component.period, rule.plan.calendar)

    def _window(self, figure: Figure, rule: Rule, period: Period) -> tuple[date, date]:
        whole = self._whole(figure, rule, period)
        return whole.start, min(whole.end, period.end)

    def _members(self, figure: Figure, rule: Rule, payee: str, end: date) -> list[str]:
        company, day = self._company, end - DAY
        if figure.of is Of.PAYEE:
            return [payee]
        present = {each: row for each in company.people if (row := company.on(each, day)) is not None}
        if figure.of is Of.TEAM:
            team = present[payee].get("team") if payee in present else None
            return [each for each, row in present.items() if team is not None and row.get("team") == team]
        if figure.of is Of.REPORTS:
            return [each for each in present if payee in company.managers(each, day)]
        return [each for each in present if company.fits(rule.plan, present[each])]

    # what

    def _position(self, figure: Figure, looked_at: Rule, rule: Rule, payee: str, period: Period) -> int:
        start, end = self._window(figure, rule, period)
        members = self._members(figure, rule, payee, end)
        return sum(
            credit.position
            for each in self._pay.versions(looked_at)
            for credit in self._pay.credits[each.number]
            if credit.is_measured
            and credit.payee in members
            and start <= credit.day < end
            and (figure.of is Of.PAYEE or credit.party.via is None)
        )

    def _attainment(self, figure: Figure, looked_at: Rule, rule: Rule, payee: str, period: Period) -> Fraction | None:
        members = self._members(figure, rule, payee, self._window(figure, rule, period)[1])
        quotas = [self._quota(figure, looked_at, rule, each, period) for each in members]
        known = [quota for quota in quotas if quota is not None]
        if not known or (figure.of is Of.PAYEE and None in quotas):
            return None
        return Fraction(self._position(figure, looked_at, rule, payee, period), sum(known))

    def _quota(self, figure: Figure, looked_at: Rule, rule: Rule, payee: str, period: Period) -> int | None:
        whole = self._whole(figure, rule, period)
        kind, own = figure.over or rule.component.period, looked_at.component.period
        if _LENGTHS.index(kind) <= _LENGTHS.index(own):
            return self._terms.quota(looked_at, payee, whole).amount
        last = (whole.end if figure.quota is QuotaTaken.WHOLE else period.end) - DAY
        parts = periods_between(whole.start, last, own, rule.plan.calendar)
        amounts = [self._terms.quota(looked_at, payee, part).amount for part in parts]
        known = [amount for amount in amounts if amount is not None]
        return sum(known) if known else None

    def _earnings(self, figure: Figure, rule: Rule, payee: str, period: Period) -> Fraction:
        start, end = self._window(figure, rule, period)
        total, direct = Fraction(0), figure.of is not Of.PAYEE
        for name in figure.earnings_of:
            earner = self._rule(rule, name)
            if earner is rule:
                total += self.own_pay or 0
                continue
            members = self._members(figure, rule, payee, end)
            minor = sum(
                self._pay.earned_between(version, each, start, end, direct=direct)
                for each in members
                for version in self._pay.versions(earner)
            )
            total += Fraction(minor, self._company.minor(rule.plan.currency))
        return total

    def _metric(self, figure: Figure, metric: str, rule: Rule, payee: str, period: Period) -> Fraction | None:
        start, end = self._window(figure, rule, period)
        row = self._company.on(payee, end - DAY)
        subjects = {Of.PAYEE: (payee, ""), Of.TEAM: ((row.get("team") if row else None) or "",)}.get(figure.of, ("",))
        for subject in subjects:
            held = [
                (row["from_on"], Fraction(row["value"]))
                for row in self._company.rows.get("metrics", ())
                if (row["subject"], row["metric"]) == (subject, metric)
                and row["from_on"] < end
                and (row["to_on"] or FOREVER) > start
            ]
            if held:
                return max(held)[1]
        return None


OPERATORS: dict[str, Callable[[list[Fraction]], Fraction | None]] = {
    "sum": lambda terms: sum(terms, Fraction(0)),
    "difference": lambda terms: terms[0] - terms[1],
    "product": product,
    "ratio": lambda terms: terms[0] / terms[1] if terms[1] else None,
    "min": min,
    "max": max,
}


# tables on figures


def is_passed(gate: Gate, value: Fraction) -> bool:
    comparison, number = gate.condition
    passed = {"at_least": value >= number.value, "above": value > number.value, "at_most": value <= number.value}
    return passed.get(comparison, value < number.value)


def factor_of(modifier: Modifier, value: Fraction) -> Fraction:
    """Of the band, 1 before the first; on the line between points; or the value itself, then kept within bounds."""
    if modifier.bands:
        value = _last([(band.lower, band.factor) for band in modifier.bands], value, otherwise=Fraction(1))
    elif modifier.points:
        value = on_line([(point.at.value, point.factor.value) for point in modifier.points], value)
    if modifier.rounded_to is not None:
        value = half_away(value / modifier.rounded_to.value) * modifier.rounded_to.value
    return _within(value, modifier.at_least, modifier.at_most)


def score_of(kpi: Kpi, value: Fraction) -> Fraction:
    """Of the band, 0 before the first; on the line between points; or the value itself, then kept within bounds."""
    if kpi.bands:
        value = _last([(band.lower, band.score) for band in kpi.bands], value, otherwise=Fraction(0))
    elif kpi.points:
        value = on_line([(point.at.value, point.score.value) for point in kpi.points], value)
    return _within(value, kpi.floor, kpi.cap)


def cell_of(matrix: Matrix, row: Fraction, column: Fraction) -> Fraction:
    """The number where row and column meet, 0 before the first of them; between bounds if it is interpolated."""
    rows, columns = matrix.rows.begins, matrix.columns.begins
    down = [number for number, bound in enumerate(rows) if reaches(row, bound)]
    over = [number for number, bound in enumerate(columns) if reaches(column, bound)]
    if not down or not over:
        return Fraction(0)
    if matrix.interpolated:
        across = [
            on_line([(bound.value, cell.value) for bound, cell in zip(columns, line, strict=True)], column)
            for line in matrix.grid
        ]
        return on_line([(bound.value, found) for bound, found in zip(rows, across, strict=True)], row)
    return matrix.grid[down[-1]][over[-1]].value


def on_line(points: list[tuple[Fraction, Fraction]], value: Fraction) -> Fraction:
    """On the straight lines between points; before the first and after the last as there."""
    if value <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in itertools.pairwise(points):
        if value <= right:
            return low + (high - low) * (value - left) / (right - left)
    return points[-1][1]


def _last(bands: list[tuple[Bound, Number]], value: Fraction, otherwise: Fraction) -> Fraction:
    reached = [number.value for bound, number in bands if reaches(value, bound)]
    return reached[-1] if reached else otherwise


def _within(value: Fraction, least: Number | None, most: Number | None) -> Fraction:
    if least is not None:
        value = max(value, least.value)
    return value if most is None else min(value, most.value)
