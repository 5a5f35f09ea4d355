"""The book: what is known of every payee, component and period, and what was earned so far."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from compensation.plans.components import AccumulateBy
from compensation.plans.limits import Limit, Per
from compensation.plans.periods import Period
from compensation.plans.plan import Plan
from compensation.plans.shapes import Shape
from tests.compensation.oracle.company import Company
from tests.compensation.oracle.crediting import Credit, Rule
from tests.compensation.oracle.curve import Conditions, Curve, Scales, curve_of
from tests.compensation.oracle.figures import DAY, Figures, factor_of, is_passed
from tests.compensation.oracle.lines import caps_on_curve, walk
from tests.compensation.oracle.numbers import MILLION, rounded_to
from tests.compensation.oracle.records import Accumulated, Opening, pays_lines
from tests.compensation.oracle.terms import Quota, Terms


class Book:
    """Accumulators, their walks, terms and curves."""

    def __init__(self, company: Company, plans: Sequence[Plan]) -> None:
        self.company = company
        numbered = enumerate((plan, component) for plan in plans if plan.pays for component in plan.components)
        self.rules = [Rule(number, plan, component) for number, (plan, component) in numbered]
        self._named: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in self.rules:
            self._named[rule.plan.name, rule.component.name].append(rule)
        self.terms = Terms(company)
        self.credits: dict[int, list[Credit]] = {rule.number: [] for rule in self.rules}
        self.accumulated: dict[tuple[int, str, date], Accumulated] = {}
        self.in_force: dict[int, list[Accumulated]] = {rule.number: [] for rule in self.rules}
        self.openings: list[Opening] = []
        self.figures = Figures(company, self.terms, self.rules, self)
        self.values: dict[tuple[str, str, str, str, str], Fraction | None] = {}
        self._prepared: set[int] = set()

    def _prepare(self, rule: Rule) -> None:
        """Who has the component when, and on which terms; credits of somebody without terms are not paid."""
        if rule.number in self._prepared:
            return
        self._prepared.add(rule.number)
        for payee in self.company.candidates(rule.plan):
            continued = {period for later in self._later(rule) for period in self.terms.in_force(later, payee)}
            for period in self.terms.in_force(rule, payee):
                if period not in continued:
                    self.in_force[rule.number].append(self._accumulator(rule, payee, period))
        for credit in self.credits[rule.number]:
            self._accumulator(rule, credit.payee, credit.period).credits.append(credit)
        for accumulator in [each for each in self.accumulated.values() if each.rule is rule]:
            self._find_terms(accumulator)
            for credit in accumulator.credits:
                credit.quota = accumulator.quota
                credit.outcome = credit.outcome or accumulator.outcome

    def _accumulator(self, rule: Rule, payee: str, period: Period) -> Accumulated:
        key = (rule.number, payee, period.start)
        if key not in self.accumulated:
            self.accumulated[key] = Accumulated(rule, payee, period)
        return self.accumulated[key]

    def _walk(self, together: list[Rule]) -> None:
        """Positions run together over the rules that share them."""
        walks: dict[tuple[str, date], list[Credit]] = defaultdict(list)
        for rule in together:
            for credit in self.credits[rule.number]:
                if credit.outcome is None:
                    walks[credit.group, credit.period.start].append(credit)
        for together_in_order in walks.values():
            walk(together_in_order)

    def _walk_key(self, rule: Rule) -> tuple[object, ...]:
        component = rule.component
        if component.continues and self._earlier(rule) is not None:
            return self._walk_key(self._earlier(rule) or rule)
        if component.accumulate_with is not None:
            return id(rule.plan), component.accumulate_with
        return id(rule.plan), component.name, "alone"

    def _earlier(self, rule: Rule) -> Rule | None:
        namesakes = self._named[rule.plan.name, rule.component.name]
        before = [each for each in namesakes if each.plan.effective.from_on < rule.plan.effective.from_on]
        return max(before, key=lambda each: each.plan.effective.from_on, default=None)

    def versions(self, rule: Rule) -> list[Rule]:
        """The rule, and those of the earlier versions that it goes on with."""
        earlier = self._earlier(rule) if rule.component.continues else None
        return [rule, *(self.versions(earlier) if earlier is not None else [])]

    def _later(self, rule: Rule) -> list[Rule]:
        """Those of later versions that go on with the rule; what they have in force is paid by them alone."""
        namesakes = self._named[rule.plan.name, rule.component.name]
        return [each for each in namesakes if each is not rule and rule in self.versions(each)]

    # terms

    def _find_terms(self, accumulator: Accumulated) -> None:
        rule, payee, period = accumulator.rule, accumulator.payee, accumulator.period
        component = rule.component
        if component.needs_quota:
            quota = self._quota(accumulator)
            accumulator.quota = 0 if quota.is_met else quota.amount
            if accumulator.quota is None:
                accumulator.outcome = quota.outcome
                return
        if component.needs_target:
            accumulator.target, lack = self.terms.target(rule, payee, period)
            if accumulator.target is None:
                accumulator.outcome = lack
                return
        self._find_factor(accumulator)

    def _quota(self, accumulator: Accumulated) -> Quota:
        """The payee's, or where positions of a team run together, the team's."""
        rule, payee, period = accumulator.rule, accumulator.payee, accumulator.period
        row = self.company.last_before(payee, min(period.end, self.company.as_of + DAY))
        team = row.get("team") if row else None
        is_shared = rule.component.accumulate_by is AccumulateBy.TEAM and rule.component.quota.amount is None
        if is_shared and team is not None:
            return self.terms.team_quota(rule, team, period)
        return self.terms.quota(rule, payee, period)

    def _find_factor(self, accumulator: Accumulated) -> None:
        for modifier in accumulator.rule.component.modifiers:
            value = self._manual(accumulator, modifier.modifier)
            if modifier.by is not None:
                found = self._value(modifier.by, accumulator)
                if found is None:
                    accumulator.outcome = "no_figure"
                    return
                value = found
            accumulator.factor *= factor_of(modifier, value)
        for looks_at_own in (False, True):
            self._check_gates(accumulator, looks_at_own=looks_at_own)

    def _check_gates(self, accumulator: Accumulated, *, looks_at_own: bool) -> None:
        rule = accumulator.rule
        if looks_at_own:
            self.figures.own_pay = self._own_pay(accumulator)
        for gate in rule.component.gates:
            if (rule.component.name in rule.plan.earnings_behind(gate.figure)) is looks_at_own:
                value = self._value(gate.figure, accumulator)
                if value is None:
                    accumulator.outcome = "no_figure"
                elif not is_passed(gate, value):
                    accumulator.failed = (*accumulator.failed, gate)
        order = rule.component.gates
        accumulator.failed = tuple(sorted(accumulator.failed, key=order.index))

    def _own_pay(self, accumulator: Accumulated) -> Fraction:
        """What the component pays in the period without the gates that look at it, in units of the currency."""
        end = sum(credit.position for credit in accumulator.credits if credit.is_measured)
        if accumulator.outcome is not None or not pays_lines(accumulator.rule):
            return Fraction(0)
        paid = self._rounded(accumulator.rule, self._compiled(accumulator, 0).pay(Fraction(end)))
        return Fraction(paid, self.company.minor(accumulator.rule.plan.currency))

    def _value(self, name: str, accumulator: Accumulated) -> Fraction | None:
        rule, payee, period = accumulator.rule, accumulator.payee, accumulator.period
        value = self.figures.value(name, rule, payee, period)
        self.values[payee, rule.plan.name, name, rule.component.name, period.label] = value
        return value

    def _manual(self, accumulator: Accumulated, modifier: str) -> Fraction:
        """The latest factor by hand that holds on a day of the period."""
        held = [
            (row["from_on"], Fraction(row["factor"]))
            for row in self.company.rows.get("factors", ())
            if (row["payee_id"], row["modifier"]) == (accumulator.payee, modifier)
            and row["from_on"] < accumulator.period.end
            and (row["to_on"] or date.max) > accumulator.period.start
        ]
        return max(held)[1] if held else Fraction(1)

    # curves

    def _curve(self, accumulator: Accumulated, case: int) -> Curve:
        if case not in accumulator.curves:
            accumulator.curves[case] = self._compiled(accumulator, case)
        return accumulator.curves[case]

    def _compiled(self, accumulator: Accumulated, case: int) -> Curve:
        shape = _shape(accumulator.rule, case)
        return curve_of(accumulator.rule.component, shape, self._scales(accumulator), self._conditions(accumulator))

    def _scales(self, accumulator: Accumulated, quota: int | None = None) -> Scales:
        plan, component = accumulator.rule.plan, accumulator.rule.component
        minor = self.company.minor(plan.currency)
        unit = minor if plan.kind_of(component.looks_at) == "money" else MILLION
        known = quota or accumulator.quota or None
        return Scales(None if known is None else Fraction(known), unit, minor, Fraction(accumulator.target or 0))

    def _conditions(self, accumulator: Accumulated) -> Conditions:
        rule, component = accumulator.rule, accumulator.rule.component
        opening = Fraction(0)
        if component.opening_pay is not None:
            part = self.terms.proration(rule, accumulator.payee, accumulator.period, component.opening_prorated)
            opening = component.opening_pay.value * self.company.minor(rule.plan.currency) * part
        cap = component.cap if component.cap is not None and component.cap.per is Per.PERIOD else None
        most = None if cap is None else self._limit(accumulator, cap)
        before = most if cap is not None and cap.before_modifiers else None
        after = most if cap is not None and not cap.before_modifiers and caps_on_curve(rule) else None
        return Conditions(opening, accumulator.failed, accumulator.factor, before, after)

    def _limit(self, accumulator: Accumulated, limit: Limit) -> Fraction:
        if limit.of_target is not None:
            return limit.of_target.value * (accumulator.target or 0)
        amount = limit.amount.value if limit.amount is not None else Fraction(0)
        return amount * self.company.minor(accumulator.rule.plan.currency)

    def _rounded(self, rule: Rule, value: Fraction) -> int:
        return rounded_to(value, self._increment(rule), rule.component.rounding.mode.value)

    def _increment(self, rule: Rule) -> int:
        to = rule.component.rounding.to
        return max(int(to.value * self.company.minor(rule.plan.currency)), 1) if to is not None else 1

    def _opened(self, accumulator: Accumulated) -> int:
        return sum(
            opening.earning
            for opening in self.openings
            if (opening.rule, opening.payee, opening.period)
            == (accumulator.rule, accumulator.payee, accumulator.period)
        )

    def earned_between(self, rule: Rule, payee: str, start: date, end: date, *, direct: bool) -> int:
        lines = sum(
            credit.earning
            for credit in self.credits[rule.number]
            if credit.outcome is None
            and pays_lines(rule)
            and credit.payee == payee
            and start <= credit.day < end
            and (not direct or credit.party.via is None)
        )
        own = (each for each in self.openings if each.rule is rule and each.payee == payee)
        return lines + sum(each.earning for each in own if start <= each.earned_on < end)


def _shape(rule: Rule, case: int) -> Shape:
    payout = rule.component.payout
    if payout.pool is not None:
        return payout.pool.size
    if payout.matrix is not None:
        row, column = divmod(case, len(payout.matrix.columns))
        return Shape(rate=payout.matrix.rates[row][column])
    return payout.shapes[case]
