"""The value of a figure for a payee and a period."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import reduce

from compensation.exact import MILLIONTHS, rounded_to
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.quotas import Quotas
from compensation.figures.groups import Groups
from compensation.figures.metrics import Metrics
from compensation.figures.totals import Totals
from compensation.plans.figures import Figure, Of, QuotaTaken
from compensation.plans.measures import MeasureKind
from compensation.plans.periods import Period, PeriodKind, months_between, period_of, periods_between
from compensation.plans.rules import Rule
from compensation.plans.typed_numbers import Number

_LENGTHS = list(PeriodKind)
_DAY = timedelta(days=1)


class Figures:
    """Looks up and combines what figures are made of. A figure without a value is None: nobody has reported it yet."""

    def __init__(
        self,
        rules: Sequence[Rule],
        versions: Mapping[int, tuple[int, ...]],
        assignments: Assignments,
        quotas: Quotas,
        rates: ExchangeRates,
        metrics: Metrics,
        groups: Groups,
        as_of: Callable[[str, int], date],
    ) -> None:
        """``as_of``: the day as of which a scenario's rule is calculated."""
        self.rules = {(rule.plan_number, rule.component.name): rule for rule in rules if rule.cap is None}
        self.versions = versions
        self.assignments, self.quotas, self.rates = assignments, quotas, rates
        self.metrics, self.groups, self.as_of = metrics, groups, as_of
        self.positions, self.earnings = Totals(()), Totals(())
        self.own_pay: dict[tuple[str, int, str], Fraction] = {}

    def value(self, name: str, rule: Rule, scenario: str, payee_id: str, period: Period) -> Fraction | None:
        """The figure that the plan calls ``name``, for the component of ``rule`` that looks at it in the period."""
        return _Asked(self, rule, scenario, payee_id, period).named(name)


class _Asked:
    """One question: for whom, for which component, in which period."""

    def __init__(self, book: Figures, rule: Rule, scenario: str, payee_id: str, period: Period) -> None:
        self._book, self._rule, self._scenario = book, rule, scenario
        self._payee_id, self._period = payee_id, period

    def named(self, name: str) -> Fraction | None:
        return self._value(self._rule.plan.figures[name])

    def _value(self, figure: Figure) -> Fraction | None:
        found = self._source(figure)
        if found is None or figure.rounded_to is None:
            return found
        step = figure.rounded_to.value
        return rounded_to(found / step) * step

    def _source(self, figure: Figure) -> Fraction | None:
        if figure.operator:
            terms = [self._term(term) for term in figure.terms]
            known = [term for term in terms if term is not None]
            return _OPERATORS[figure.operator](known) if len(known) == len(terms) else None
        if figure.attainment_of:
            return self._attainment(figure, self._rule_of(figure.attainment_of))
        if figure.total_of:
            rule = self._rule_of(figure.total_of)
            return Fraction(self._position(figure, rule), self._units(rule))
        if figure.earnings_of:
            return self._earned(figure)
        if figure.metric:
            return self._metric(figure, figure.metric)
        return self._tenure()

    def _term(self, term: Number | Figure | str) -> Fraction | None:
        if isinstance(term, Number):
            return term.value
        return self.named(term) if isinstance(term, str) else self._value(term)

    def _rule_of(self, component: str) -> Rule:
        return self._book.rules[self._rule.plan_number, component]

    def _whole(self, figure: Figure) -> Period:
        """The whole period that the figure is over, up to whose end or the component's it counts."""
        kind = figure.over or self._rule.component.period
        return period_of(self._before(self._period.end), kind, self._rule.plan.calendar)

    def _window(self, figure: Figure) -> tuple[date, date]:
        whole = self._whole(figure)
        return whole.start, min(whole.end, self._period.end)

    def _last_day(self, figure: Figure) -> date:
        """Of the window; of one without end, that of the calculation."""
        return self._before(self._window(figure)[1])

    def _before(self, end: date) -> date:
        return self._book.as_of(self._scenario, self._rule.number) if end == date.max else end - _DAY

    def _members(self, figure: Figure) -> tuple[str, ...]:
        last_day = self._last_day(figure)
        return self._book.groups.members(figure.of, self._payee_id, last_day, self._rule.plan)

    def _position(self, figure: Figure, rule: Rule) -> int:
        return self._summed(self._book.positions, figure, rule)

    def _summed(self, totals: Totals, figure: Figure, rule: Rule) -> int:
        start, end = self._window(figure)
        direct = figure.of is not Of.PAYEE
        return sum(
            totals.between((self._scenario, number, each), start, end, direct=direct)
            for each in self._members(figure)
            for number in self._book.versions[rule.number]
        )

    def _units(self, rule: Rule) -> int:
        if rule.position_kind is MeasureKind.NUMBER:
            return MILLIONTHS
        return int(10 ** self._book.rates.exponent(rule.plan.currency))

    def _attainment(self, figure: Figure, rule: Rule) -> Fraction | None:
        quotas = [self._quota(figure, rule, each) for each in self._members(figure)]
        known = [quota for quota in quotas if quota is not None]
        if not known:
            return None
        return Fraction(self._position(figure, rule), sum(known))

    def _quota(self, figure: Figure, rule: Rule, payee_id: str) -> int | None:
        """For the whole period that the figure is over, or for the component's periods up to now."""
        whole, kind = self._whole(figure), figure.over or self._rule.component.period
        if _LENGTHS.index(kind) <= _LENGTHS.index(rule.component.period):
            return self._book.quotas.found(rule, payee_id, whole).quota
        last = whole.end if figure.quota is QuotaTaken.WHOLE else self._period.end
        first = rule.plan.effective.from_on if whole.start == date.min else whole.start
        periods = periods_between(first, self._before(last), rule.component.period, rule.plan.calendar)
        quotas = [self._book.quotas.found(rule, payee_id, period).quota for period in periods]
        known = [quota for quota in quotas if quota is not None]
        return sum(known) if known else None

    def _earned(self, figure: Figure) -> Fraction:
        rules = [self._rule_of(name) for name in figure.earnings_of]
        minor = sum(self._summed(self._book.earnings, figure, rule) for rule in rules if rule is not self._rule)
        own = self._book.own_pay[self._scenario, self._rule.number, self._payee_id] if self._rule in rules else 0
        return Fraction(minor, 10 ** self._book.rates.exponent(self._rule.plan.currency)) + own

    def _metric(self, figure: Figure, metric: str) -> Fraction | None:
        start, end = self._window(figure)
        subject = {
            Of.PAYEE: lambda: self._payee_id,
            Of.TEAM: lambda: self._book.groups.team(self._payee_id, self._before(end)) or "",
        }.get(figure.of, lambda: "")()
        found = self._book.metrics.value(subject, metric, start, end)
        if found is None and figure.of is Of.PAYEE:
            return self._book.metrics.value("", metric, start, end)
        return found

    def _tenure(self) -> Fraction | None:
        last_day = self._last_day(Figure(tenure_months=True))
        own = self._book.assignments.on(self._payee_id, last_day)
        if own is None or own.hired_on is None:
            return None
        return Fraction(months_between(own.hired_on, last_day) + 1)


def _ratio(terms: Sequence[Fraction]) -> Fraction | None:
    return terms[0] / terms[1] if terms[1] else None


_OPERATORS: dict[str, Callable[[Sequence[Fraction]], Fraction | None]] = {
    "sum": lambda terms: sum(terms, Fraction(0)),
    "difference": lambda terms: terms[0] - terms[1],
    "product": lambda terms: reduce(lambda left, right: left * right, terms, Fraction(1)),
    "ratio": _ratio,
    "min": min,
    "max": max,
}
