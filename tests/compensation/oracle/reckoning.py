"""The whole calculation, step by step: from facts and plans to lines, openings, accumulated totals and figures."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import partial

from compensation.plans.components import Attribution
from compensation.plans.limits import Limit
from compensation.plans.plan import Plan
from tests.compensation.oracle.caps import apply_caps, show_what_caps_took
from tests.compensation.oracle.company import Company, Rows
from tests.compensation.oracle.crediting import Credit, Rule, credited, credits_of, earning_document
from tests.compensation.oracle.lines import Way, earn, limit_deals, limit_each, limit_periods, spread, walk_bases
from tests.compensation.oracle.numbers import half_away, rounded_to
from tests.compensation.oracle.period_pay import PeriodPays
from tests.compensation.oracle.records import Accumulated, Reckoning, pays_lines


def reckon(rows: Rows, plans: Sequence[Plan], as_of: date) -> Reckoning:
    """Everything that the facts earn under the plans, as known on the day."""
    return _Reckoner(Company(rows, as_of), plans).filled()


class _Reckoner(PeriodPays):
    """Pays component by component, those first whose earnings others look at."""

    def filled(self) -> Reckoning:
        """Everything, in its order."""
        done: set[int] = set()
        for credit in credited(self.company, self.rules):
            self.credits[credit.rule.number].append(credit)
        while len(done) < len(self.rules):
            for rule in self.rules:
                if rule.number not in done and self._waits_for(rule) <= done:
                    versions = self._together(rule)
                    self._pay(versions)
                    done |= {each.number for each in versions}
        apply_caps(self)
        show_what_caps_took(self)
        everything = [credit for own in self.credits.values() for credit in own]
        lines = [credit for credit in everything if credit.outcome is None and pays_lines(credit.rule)]
        return Reckoning(everything, lines, self.openings, list(self.accumulated.values()), self.values)

    def _waits_for(self, rule: Rule) -> set[int]:
        """What has to be paid first: for this rule, and for those whose positions run together with it."""
        together = (each for each in self.rules if self._walk_key(each) == self._walk_key(rule))
        return {number for each in together for number in self._stands_on(each)}

    def _stands_on(self, rule: Rule) -> set[int]:
        component = rule.component
        names = {*component.earnings_of, *component.less_earnings_of}
        for figure in component.figures:
            names |= set(rule.plan.earnings_behind(figure)) | self._credited_by_pay(rule, figure)
        return {
            version.number
            for each in self.rules
            if each.plan is rule.plan and each is not rule and each.component.name in names
            for version in self.versions(each)
        }

    def _credited_by_pay(self, rule: Rule, name: str) -> set[str]:
        """The components that a figure looks at and that are credited by what others earn."""
        figure = rule.plan.figures[name]
        looked_at = {
            each.component.name for each in self.rules if each.plan is rule.plan and each.component.earnings_of
        }
        return looked_at.intersection(figure.components).union(
            *(self._credited_by_pay(rule, each) for each in figure.names)
        )

    # one component

    def _together(self, rule: Rule) -> list[Rule]:
        """The versions of a component that go on with one another, the earliest first."""
        latest = max((rule, *self._later(rule)), key=lambda each: each.plan.effective.from_on)
        return self.versions(latest)[::-1]

    def _pay(self, versions: list[Rule]) -> None:
        for rule in versions:
            if rule.component.earnings_of:
                self.credits[rule.number] += self._credits_of_earnings(rule)
        together = [each for each in self.rules if self._walk_key(each) == self._walk_key(versions[0])]
        for each in together:
            self._prepare(each)
        self._walk(together)
        for rule in versions:
            self._open(rule)
        self._earn([rule for rule in versions if pays_lines(rule)])
        for rule in versions:
            self._lift(rule)

    def _credits_of_earnings(self, rule: Rule) -> list[Credit]:
        """Each earning of the named components is a document of its own, owned by who earned it."""
        paid = [
            each for each in self.rules if each.plan is rule.plan and each.component.name in rule.component.earnings_of
        ]
        lines = sorted(
            (
                credit
                for each in paid
                if pays_lines(each)
                for credit in self.credits[each.number]
                if credit.outcome is None
            ),
            key=lambda credit: credit.order,
        )
        earned = [(each.transaction_id, each.payee, each.day, each.earning, each.rule) for each in lines]
        earned += [
            (f"{each.kind} {each.period.label}", each.payee, each.earned_on, each.earning, each.rule)
            for each in self.openings
            if each.rule in paid and each.earning
        ]
        documents = [earning_document(self.company, number, *each) for number, each in enumerate(earned)]
        return [credit for document in documents for credit in credits_of(self.company, rule, document)]

    def _earn(self, versions: list[Rule]) -> None:
        """The lines of all versions, since limits hold them together."""
        lines = sorted(
            (credit for rule in versions for credit in self.credits[rule.number] if credit.outcome is None),
            key=lambda credit: credit.order,
        )
        walk_bases(lines)
        own = {rule.number: [credit for credit in lines if credit.rule is rule] for rule in versions}
        for rule in versions:
            self._earn_each(rule, own[rule.number])
        limit_deals(lines, self._floor, self._cap)
        for rule in versions:
            if rule.component.attribution is Attribution.PRO_RATA:
                spread(own[rule.number], partial(self._spread_to, rule))
        limit_periods(lines, self._cap, lambda credit: self._opened_with(versions, credit))

    def _earn_each(self, rule: Rule, paying: list[Credit]) -> None:
        first: dict[tuple[object, ...], Credit] = {}
        ways: dict[tuple[str, date], Way] = defaultdict(Way)
        for credit in paying:
            tied = first.get(credit.family) if credit.document.origin is not None else None
            first.setdefault(credit.family, credit)
            curve = self._curve(self._of(credit), credit.case or 0)
            way = ways[credit.payee, credit.period.start]
            earn(credit, curve, way, lambda value: self._rounded(rule, value), tied)
            credit.calculated = credit.earning
        limit_each(rule, paying, self._floor, lambda credit: self._others(rule, credit))

    def _floor(self, credit: Credit) -> int:
        return half_away(self._limit(self._of(credit), credit.rule.component.floor or Limit()))

    def _cap(self, credit: Credit) -> int:
        return half_away(self._limit(self._of(credit), credit.rule.component.cap or Limit()))

    def _spread_to(self, rule: Rule, value: Fraction) -> int:
        return rounded_to(value, self._increment(rule), "half_away")

    def _opened_with(self, versions: list[Rule], credit: Credit) -> int:
        """What the payee's period opens with, in whichever version it does."""
        places = ((rule.number, credit.payee, credit.period.start) for rule in versions)
        found = [self.accumulated[place] for place in places if place in self.accumulated]
        return sum(each.opened for each in found if each.period == credit.period)

    def _of(self, credit: Credit) -> Accumulated:
        return self.accumulated[credit.rule.number, credit.payee, credit.period.start]

    def _others(self, rule: Rule, credit: Credit) -> int:
        """What the components to be taken off earn on the same transaction."""
        names = rule.component.less_earnings_of
        return sum(
            each.earning
            for other in self.rules
            if other.plan is rule.plan and other.component.name in names
            for each in self.credits[other.number]
            if each.outcome is None
            and (each.transaction_id, each.document.instalment) == (credit.transaction_id, credit.document.instalment)
        )
