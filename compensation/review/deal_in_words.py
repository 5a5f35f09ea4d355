"""What a deal has earned somebody, line by line in words, and why not where it has not."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import polars as pl

from compensation.crediting.coverage import CUSTOMER
from compensation.crediting.filters import FILTERED, is_allowed
from compensation.crediting.parties import PARTIES
from compensation.earnings.calculation import Calculation, calculate
from compensation.earnings.engine import Engine
from compensation.estimates.explaining import Explainer
from compensation.estimates.reasons import Money, Ratio, Reason, Word, decimal_text, money, reason
from compensation.exact import MILLIONTHS
from compensation.facts.assignments import Assignment, covers, has_component
from compensation.facts.frames import Facts
from compensation.plans.plan import Plan
from compensation.plans.rules import Rule
from compensation.review.warning import sentences

_KEY = ("plan", "plan_version", "component")


class Told(NamedTuple):
    """One earning line with its reasons; without ``earning`` nothing is earned, and the reasons say why.

    ``component`` is its title by language; empty, as is the transaction, where the reasons are about all.
    """

    payee_id: str
    name: str
    transaction_id: str
    dated_on: date | None
    component: Mapping[str, str]
    earning: Money | None
    reasons: tuple[Reason, ...]


def deal_in_words(
    facts: Facts, plans: Sequence[Plan], deal_id: str, payee_id: str | None = None, *, as_of: date
) -> list[Told]:
    """Every earning line of the deal up to ``as_of``, of one payee or of all who take part or are credited.

    Then, for each of them, what was credited without pay and which conditions failed. A deal without documents up to
    then gives nothing.
    """
    calculation = calculate(facts, plans, as_of=as_of)
    telling = _Telling(facts, plans, calculation, deal_id, as_of)
    return [told for payee in telling.payees(payee_id) for told in telling.of(payee)]


class _Telling:
    def __init__(
        self, facts: Facts, plans: Sequence[Plan], calculation: Calculation, deal_id: str, as_of: date
    ) -> None:
        self._of_deal = pl.col("deal_id") == deal_id
        self._facts, self._calculation, self._as_of = facts, calculation, as_of
        self._engine = Engine.of(facts, plans)
        self._explainer = Explainer(facts, plans, as_of)
        happened = facts.transactions.filter(self._of_deal, pl.col("kind") != "expected", pl.col("dated_on") <= as_of)
        self._documents = list(happened.sort("dated_on", "transaction_id").iter_rows(named=True))
        self._shares = list(facts.participants.filter(self._of_deal).iter_rows(named=True))
        self._titles = {_named(rule): rule.component.headings for rule in self._engine.paying}

    def payees(self, wanted: str | None) -> list[str]:
        if not self._documents:
            return []
        if wanted is not None:
            return [wanted]
        credited = self._calculation.credits.filter(self._of_deal)["payee_id"]
        return sorted({*credited, *(share["payee_id"] for share in self._shares)})

    def of(self, payee_id: str) -> Iterator[Told]:
        is_theirs = pl.col("payee_id") == payee_id
        lines = self._calculation.lines.filter(self._of_deal, is_theirs)
        credited = self._calculation.credits.filter(self._of_deal, is_theirs)
        for line in lines.iter_rows(named=True):
            yield self._told(line, self._earned(line), self._explainer.explain(line))
        for line in credited.filter(pl.col("outcome").is_not_null()).iter_rows(named=True):
            yield self._told(line, None, (self._outcome(line),))
        left = tuple(
            self._why_not(payee_id, {tuple(line[key] for key in _KEY) for line in credited.iter_rows(named=True)})
        )
        if left:
            yield Told(payee_id, self._name(payee_id), "", None, {}, None, left)

    def _told(self, line: dict[str, Any], earning: Money | None, reasons: tuple[Reason, ...]) -> Told:
        title = self._titles[tuple(line[key] for key in _KEY)]
        payee_id = line["payee_id"]
        return Told(payee_id, self._name(payee_id), line["transaction_id"], line["dated_on"], title, earning, reasons)

    def _earned(self, line: dict[str, Any]) -> Money:
        return money(line["earning_minor"], line["currency"], self._engine.rates.exponent(line["currency"]))

    def _name(self, payee_id: str) -> str:
        return self._engine.assignments.name(payee_id)

    def _outcome(self, line: dict[str, Any]) -> Reason:
        """Each outcome's sentence takes what it needs of these."""
        currencies = {each["transaction_id"]: each["currency"] for each in self._documents}
        return reason(
            line["outcome"],
            component=self._titles[tuple(line[key] for key in _KEY)],
            period=line["period_label"],
            from_currency=currencies.get(line["transaction_id"], line["currency"]),
            to_currency=line["currency"],
            day=line["credited_on"],
        )

    def _why_not(self, payee_id: str, credited: set[tuple[Any, ...]]) -> Iterator[Reason]:
        """What kept the rules from crediting the payee: of the whole deal, else rule by rule."""
        owned = sum(share["share_millionths"] for share in self._shares if not share["is_overlay"])
        if not credited and owned not in (0, MILLIONTHS):
            yield reason("splits_not_whole", total=Ratio(ratio=decimal_text(Fraction(owned, MILLIONTHS))))
            return
        day = self._documents[-1]["dated_on"]
        assignment = self._engine.assignments.on(payee_id, day)
        if assignment is None and payee_id.startswith(CUSTOMER):
            return
        if assignment is None:
            yield reason("no_assignment", name=self._name(payee_id), day=day)
            return
        in_force = [rule for rule in self._engine.paying if rule.plan.effective.contains(day)]
        covering = [rule for rule in in_force if covers(rule.plan, assignment)]
        if not in_force:
            yield reason("no_plan", day=day)
        elif not covering:
            yield reason("title_not_covered", day=day, name=assignment.name, title=assignment.title)
        for rule in covering:
            if _named(rule) not in credited:
                yield from self._condition(rule, assignment)

    def _condition(self, rule: Rule, assignment: Assignment) -> Iterator[Reason]:
        """The first condition of the rule that fails."""
        component, title = rule.component, rule.component.headings
        documents = [
            each for each in self._documents if component.credited_on and each["kind"] == component.credited_on
        ]
        in_time = [each for each in documents if rule.valid_from <= each["dated_on"] < rule.valid_to]
        mine = [share for share in self._shares if share["payee_id"] == assignment.payee_id]
        held = {"overlay" if share["is_overlay"] else "owner" for share in mine}
        if not has_component(rule, assignment):
            yield reason("not_for_position", component=title, name=assignment.name, title=assignment.title)
        elif held and not held & {party for to in component.credit_to for party in PARTIES[to]}:
            yield reason("role_not_credited", component=title, role=Word(word=mine[0]["role"]))
        elif not documents and component.credited_on:
            document = sentences()[component.credited_on.value]
            yield reason("not_yet_documented", sentences(), component=title, document=document, day=self._as_of)
        elif documents and not in_time:
            last_day = rule.valid_to - timedelta(days=1)
            yield reason("outside_window", component=title, start=rule.valid_from, end=last_day)
        else:
            yield from _refusal(rule, in_time)


def _refusal(rule: Rule, documents: Sequence[dict[str, Any]]) -> Iterator[Reason]:
    """An attribute that keeps all documents out; nothing if one of them passes."""
    refusals = [
        next(((FILTERED[key], each[FILTERED[key]]) for key in FILTERED if _refuses(rule, key, each)), None)
        for each in documents
    ]
    if refusals and refusals[0] and all(refusals):
        attribute, value = refusals[0]
        title = rule.component.headings
        yield reason("filtered", component=title, attribute=Word(word=attribute), value=value or "-")


def _refuses(rule: Rule, key: str, document: dict[str, Any]) -> bool:
    return not is_allowed(rule.component, key, document[FILTERED[key]])


def _named(rule: Rule) -> tuple[str, str, str]:
    return rule.plan.name, rule.plan.version, rule.component.name
