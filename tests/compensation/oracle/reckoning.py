"""The whole calculation, step by step: from facts and plans to lines, openings, accumulated totals and figures."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from compensation.plans.limits import Limit
from compensation.plans.plan import Plan
from tests.compensation.oracle.caps import apply_cap, show_what_caps_took
from tests.compensation.oracle.company import Company, Rows
from tests.compensation.oracle.crediting import Credit, Rule, credited, credits_of, earning_document
from tests.compensation.oracle.lines import Way, earn, limit_lines
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
            # The first that can be paid: of versions that go on with one another the earlier.
            rule = next(each for each in self.rules if each.number not in done and self._waits_for(each) <= done)
            self._pay(rule)
            done.add(rule.number)
        for plan in {id(rule.plan): rule.plan for rule in self.rules}.values():
            for cap in plan.caps:
                apply_cap(self, plan, cap)
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
            names |= set(rule.plan.earnings_behind(figure))
        return {
            version.number
            for each in self.rules
            if each.plan is rule.plan and each is not rule and each.component.name in names
            for version in self.versions(each)
        }

    # one component

    def _pay(self, rule: Rule) -> None:
        if rule.component.earnings_of:
            self.credits[rule.number] += self._credits_of_earnings(rule)
        together = [each for each in self.rules if self._walk_key(each) == self._walk_key(rule)]
        for each in together:
            self._prepare(each)
        self._walk(together)
        self._open(rule)
        if pays_lines(rule):
            self._earn(rule)
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

    def _earn(self, rule: Rule) -> None:
        paying = [credit for credit in self.credits[rule.number] if credit.outcome is None]
        paying.sort(key=lambda credit: credit.order)
        first: dict[tuple[object, ...], Credit] = {}
        ways: dict[tuple[str, date], Way] = defaultdict(Way)
        for credit in paying:
            tied = first.get(credit.family) if credit.document.origin is not None else None
            first.setdefault(credit.family, credit)
            curve = self._curve(self._of(credit), credit.case or 0)
            way = ways[credit.payee, credit.period.start]
            earn(credit, curve, way, lambda value: self._rounded(rule, value), tied)
            credit.calculated = credit.earning
        component = rule.component
        limit_lines(
            rule,
            paying,
            lambda credit: half_away(self._limit(self._of(credit), component.floor or Limit())),
            lambda credit: half_away(self._limit(self._of(credit), component.cap or Limit())),
            lambda credit: self._others(rule, credit),
            lambda credit: self._of(credit).opened,
            lambda value: rounded_to(value, self._increment(rule), "half_away"),
        )

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
