"""The terms of each accumulator: quota, target pay, factors and gates, or why it cannot pay."""

from collections.abc import Callable
from fractions import Fraction

from compensation.curves.terms import PLAIN_TERMS, Terms
from compensation.facts.presence import Presence
from compensation.facts.quotas import Quotas
from compensation.facts.targets import Targets
from compensation.figures.evaluating import Figures
from compensation.figures.factors import ManualFactors
from compensation.figures.tables import factor_of, is_passed, manual_factor
from compensation.plans.components import AccumulateBy, Component
from compensation.plans.figures import Modifier
from compensation.plans.periods import Period
from compensation.plans.quotas import Proration
from compensation.plans.rules import Rule

Found = tuple[Terms | None, str | None]
OwnPay = Callable[[Rule, Terms, str, str, Period], Fraction]
"""What the rule itself pays a payee in a period of a scenario on some terms, in units of the currency."""


class TermsBook:
    """Finds terms, each once; for all scenarios together where no figure is looked at.

    ``own_pay`` answers gates that look at what their own component pays.
    """

    def __init__(
        self,
        quotas: Quotas,
        targets: Targets,
        presence: Presence,
        figures: Figures,
        factors: ManualFactors,
        own_pay: OwnPay,
    ) -> None:
        self._quotas, self._targets, self._presence = quotas, targets, presence
        self._figures, self._factors = figures, factors
        self._own_pay = own_pay
        self._known: dict[tuple[int, str, str, str, Period], Found] = {}
        self._alike: dict[int, bool] = {}

    def of(self, rule: Rule, scenario: str, payee_id: str, accumulates_for: str, period: Period) -> Found:
        """The terms, or the outcome that says what is missing: no_quota, no_target_pay, no_salary, no_figure …"""
        if rule.number not in self._alike:
            self._alike[rule.number] = _are_alike(rule.component)
        if self._alike[rule.number]:
            return _PLAIN
        component = rule.component
        shared = accumulates_for if component.accumulate_by is AccumulateBy.TEAM else ""
        by_figures = component.modifiers or component.gates
        key = (rule.number, scenario if by_figures else "", payee_id, shared, period)
        if key not in self._known:
            self._known[key] = self._find(rule, scenario, payee_id, shared, period)
        return self._known[key]

    def _find(self, rule: Rule, scenario: str, payee_id: str, team: str, period: Period) -> Found:
        component = rule.component
        quota, outcome = self._quotas.of(rule, payee_id, period, accumulates_for=team or None)
        if outcome:
            return None, outcome
        target, outcome = self._targets.of(rule, payee_id, period) if component.needs_target else (None, None)
        if outcome:
            return None, outcome
        opening_share = self._presence.share(rule, payee_id, period, component.opening_prorated)
        plain = Terms(quota, None if target is None else Fraction(target), opening_share=opening_share)
        if not component.modifiers and not component.gates:
            return plain, None
        return self._with_figures(plain, rule, scenario, payee_id, period)

    def _with_figures(self, plain: Terms, rule: Rule, scenario: str, payee_id: str, period: Period) -> Found:
        factor = Fraction(1)
        for modifier in rule.component.modifiers:
            found = self._factor(modifier, rule, scenario, payee_id, period)
            if found is None:
                return None, "no_figure"
            factor *= found
        terms = plain._replace(factor=factor)
        for own in (False, True):
            failed = self._failed(terms, rule, scenario, payee_id, period, own=own)
            if failed is None:
                return None, "no_figure"
            terms = terms._replace(failed=tuple(sorted({*terms.failed, *failed})))
        return terms, None

    def _factor(self, modifier: Modifier, rule: Rule, scenario: str, payee_id: str, period: Period) -> Fraction | None:
        if modifier.by is None:
            return manual_factor(modifier, self._factors.of(modifier.modifier, payee_id, period))
        value = self._figures.value(modifier.by, rule, scenario, payee_id, period)
        return None if value is None else factor_of(modifier, value)

    def _failed(
        self, terms: Terms, rule: Rule, scenario: str, payee_id: str, period: Period, *, own: bool
    ) -> list[int] | None:
        """The gates not passed, among those that look at the component's own pay or among the others."""
        failed = []
        for number, gate in enumerate(rule.component.gates):
            looks_at_own = rule.component.name in rule.plan.earnings_behind(gate.figure)
            if looks_at_own is own:
                if own:
                    self._figures.own_pay[scenario, rule.number, payee_id] = self._own_pay(
                        rule, terms, scenario, payee_id, period
                    )
                value = self._figures.value(gate.figure, rule, scenario, payee_id, period)
                if value is None:
                    return None
                if not is_passed(gate, value):
                    failed.append(number)
        return failed


_PLAIN: Found = (PLAIN_TERMS, None)


def _are_alike(component: Component) -> bool:
    """Whether nothing of a payee or period changes its terms."""
    asks = component.needs_quota or component.needs_target or component.modifiers or component.gates
    return not asks and component.opening_prorated is Proration.NONE
