"""Crediting: filter, parties, measure, currency, share. What comes out are credits; nothing is paid yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from compensation.plans.components import AccumulateBy, Attributes, Component, Event, SplitOf
from compensation.plans.measures import RateOfDay
from compensation.plans.payouts import OTHER, Axis
from compensation.plans.periods import Period, months_between, period_of
from compensation.plans.plan import Plan
from compensation.plans.typed_numbers import Bound, Number
from tests.compensation.oracle.company import Company, Row
from tests.compensation.oracle.documents import Archive, Document
from tests.compensation.oracle.measures import NotKnownError, Raw, measured
from tests.compensation.oracle.numbers import MILLION, half_away
from tests.compensation.oracle.parties import Party, parties


@dataclass(frozen=True)
class Rule:
    """A component of a plan, numbered through all plans."""

    number: int
    plan: Plan
    component: Component


@dataclass
class Credit:
    """What somebody is credited with under a rule; ``before`` and later fields are what the credit then earns."""

    rule: Rule
    document: Document
    party: Party
    period: Period
    order: tuple[object, ...]
    group: str = ""
    case: int | None = 0
    base_before: int = 0
    base: int = 0
    position: int = 0
    outcome: str | None = None
    is_measured: bool = True
    before: int = 0
    after: int = 0
    walked_base: int = 0
    quota: int | None = None
    ratio: Fraction | None = None
    calculated: int = 0
    earning: int = 0

    @property
    def payee(self) -> str:
        return self.party.payee

    @property
    def transaction_id(self) -> str:
        return str(self.document.row["transaction_id"])

    @property
    def day(self) -> date:
        return self.document.credited_on

    @property
    def place(self) -> tuple[str, str, str]:
        """Plan, component and payee."""
        return self.rule.plan.name, self.rule.component.name, self.payee

    @property
    def level(self) -> int:
        """How far above the owner."""
        return self.party.level

    @property
    def family(self) -> tuple[object, ...]:
        """What it has in common with the returns that reverse it."""
        deal = self.document.seen["deal_id"]
        return (deal, self.document.origin or self.transaction_id, self.document.instalment, *self.party)


def credited(company: Company, rules: Sequence[Rule]) -> list[Credit]:
    """The credits of all rules. With ``first_match`` a transaction belongs to the first of the rules that takes it."""
    archive = Archive(company)
    everything: list[Credit] = []
    consumed: set[tuple[int, str, str]] = set()
    for rule in rules:
        name = rule.component.first_match
        found = list(_of_rule(company, archive, rule))
        if name is not None:
            found = [each for each in found if (id(rule.plan), name, each.transaction_id) not in consumed]
            consumed |= {(id(rule.plan), name, each.transaction_id) for each in found}
        everything += found
    return everything


def _of_rule(company: Company, archive: Archive, rule: Rule) -> Iterator[Credit]:
    for document in archive.documents(rule.component):
        yield from credits_of(company, rule, document)


def credits_of(company: Company, rule: Rule, document: Document) -> Iterator[Credit]:
    """The credits of one document under a rule."""
    component, window = rule.component, rule.component.window
    is_open = window is None or window.contains(document.credited_on)
    if (
        not is_open
        or document.event != (component.credited_on or Event.EARNING)
        or not _passes(company, component, document)
    ):
        return
    for party in parties(company, component, document):
        is_in_force = company.has_component(rule.plan, component, party.payee, document.credited_on)
        if is_in_force and _is_own(company, component, document, party):
            yield _credit(company, rule, document, party)


def earning_document(
    company: Company, number: int, name: str, payee: str, day: date, minor: int, paid: Rule
) -> Document:
    """An earning as what credits somebody."""
    deal = f"earning|{paid.number}|{number}"
    row: Row = {
        **dict.fromkeys(("product", "product_family", "customer", "region", "channel", "document_type", "reverses_id")),
        "transaction_id": name,
        "deal_id": deal,
        "kind": "earning",
        "dated_on": day,
        "posting_sequence": number,
        "source": "",
        "source_ref": "",
        "currency": paid.plan.currency,
        "revenue_minor": minor,
        "margin_minor": None,
        "quantity_millionths": 0,
        "component": paid.component.name,
        "plan": paid.plan.name,
    }
    company.own(deal, payee)
    raw = {"earnings": minor, "revenue": minor, "quantity": 0, "count": MILLION, "deals": MILLION}
    return Document(row, row, "earning", day, dict.fromkeys(raw, 0), raw)


# the filter

_KEYS = {
    "products": "product",
    "product_families": "product_family",
    "customers": "customer",
    "regions": "region",
    "channels": "channel",
    "document_types": "document_type",
}


def _passes(company: Company, component: Component, document: Document) -> bool:
    wanted, unwanted = component.filter, component.filter.excluding
    return all(
        (not allowed or value in allowed) and value not in refused
        for value, allowed, refused in _filtered(company, wanted, unwanted, document)
    )


def _filtered(
    company: Company, wanted: Attributes, unwanted: Attributes, document: Document
) -> Iterator[tuple[str | None, Sequence[str], Sequence[str]]]:
    for key in _KEYS:
        yield attribute(company, document, _KEYS[key]), getattr(wanted, key), getattr(unwanted, key)
    for name in {**wanted.attributes, **unwanted.attributes}:
        value = attribute(company, document, name)
        yield value, wanted.attributes.get(name, ()), unwanted.attributes.get(name, ())


def attribute(company: Company, document: Document, name: str) -> str | None:
    """An attribute of the document that counts, built in or not."""
    if name in document.seen:
        return document.seen[name]  # type: ignore[no-any-return]  # rows are plain mappings
    return company.attributes.get(document.seen["transaction_id"], {}).get(name)


def _is_own(company: Company, component: Component, document: Document, party: Party) -> bool:
    if not component.filter.own:
        return True
    row = company.on(party.payee, document.credited_on)
    if row is None:
        return False
    values = ((attribute(company, document, name), row.get(name)) for name in component.filter.own)
    return all(value is not None and value == own for value, own in values)


# the credit


def _credit(company: Company, rule: Rule, document: Document, party: Party) -> Credit:
    component = rule.component
    period = period_of(document.credited_on, component.period, rule.plan.calendar)
    order = (*document.place, document.instalment, rule.number, party.order)
    credit = Credit(rule, document, party, period, order)
    lacks: list[str] = []
    credit.base_before, credit.base = _counted(company, credit, component.measure, lacks)
    _, credit.position = _counted(company, credit, component.looks_at, lacks)
    lacks += _place(company, credit)
    credit.outcome = min(lacks, key=_LACKS.index, default=None)
    credit.is_measured = credit.outcome is None
    return credit


_LACKS = ("no_margin", "no_measure", "no_rate", "no_team", "no_hiring_date", "no_case")
"""Which lack is told first."""


def _counted(company: Company, credit: Credit, name: str, lacks: list[str]) -> tuple[int, int]:
    """What the family amounts to before the document, and what the document adds."""
    try:
        before = _amount(company, credit, name, credit.document.before, is_before=True)
        return before, _amount(company, credit, name, credit.document.after) - before
    except NotKnownError as lack:
        lacks.append(lack.code)
        return 0, 0


def _amount(company: Company, credit: Credit, name: str, raw: Raw, *, is_before: bool = False) -> int:
    """The measure of what is credited: whole, part of a contract, in the plan's currency, shared."""
    document, plan = credit.document, credit.rule.plan
    if is_before and document.origin is None:
        return 0
    if document.stands_alone:
        turned = {key: None if value is None else -value for key, value in raw.items()}
        whole = -measured(name, turned, plan)
    else:
        whole = measured(name, raw, plan, is_rest=document.origin is not None)
    n, k = document.instalments, document.instalment
    if n > 1:
        whole = half_away(Fraction(whole * (k + 1), n)) - half_away(Fraction(whole * k, n))
    if plan.kind_of(name) != "money":
        return _shared(credit, whole)
    rate = _rate(company, credit)
    if rate is None:
        raise NotKnownError("no_rate")
    if credit.rule.component.converted_after_share:
        return half_away(_shared(credit, whole) * rate)
    return _shared(credit, half_away(whole * rate))


def whole_of(company: Company, credit: Credit, name: str, by: RateOfDay | None = None) -> int | None:
    """A measure of the whole document in the plan's currency, whoever is credited; None where it is not known."""
    whole_by = {"split": SplitOf.EARNING, "share": Number(Fraction(1)), **({"exchange_rate": by} if by else {})}
    component = credit.rule.component.model_copy(update=whole_by)
    whole = replace(credit, rule=replace(credit.rule, component=component))
    lacks: list[str] = []
    counted = _counted(company, whole, name, lacks)[1]
    return None if lacks else counted


def _shared(credit: Credit, whole: int) -> int:
    component, low, high = credit.rule.component, credit.party.low, credit.party.high
    if component.split is SplitOf.EARNING:
        low, high = 0, MILLION
    part = half_away(Fraction(whole) * high / MILLION) - half_away(Fraction(whole) * low / MILLION)
    return half_away(part * component.share.value)


def _rate(company: Company, credit: Credit) -> Fraction | None:
    origin, target = credit.document.seen["currency"], credit.rule.plan.currency
    if origin == target:
        return Fraction(1)
    match credit.rule.component.exchange_rate:
        case RateOfDay.PLAN_RATE:
            fixed = credit.rule.plan.plan_rates.get(origin)
            rate = fixed.value if fixed else None
        case RateOfDay.MONTH_AVERAGE:
            rate = company.month_average(origin, target, credit.day)
        case _:
            rate = company.rate(origin, target, credit.day)
    return company.in_minor(rate, origin, target)


def _place(company: Company, credit: Credit) -> list[str]:
    """Whose position it moves, and which case it belongs to; what lacks for that."""
    row, seen, lacks = company.on(credit.payee, credit.day), credit.document.seen, []
    match credit.rule.component.accumulate_by:
        case AccumulateBy.TEAM:
            team = row.get("team") if row else None
            credit.group = f"team:{team}"
            lacks += ["no_team"] if team is None else []
        case AccumulateBy.CUSTOMER:
            credit.group = f"{credit.payee}|{seen['customer']}"
        case AccumulateBy.DEAL:
            credit.group = f"{credit.payee}|{seen['deal_id']}"
        case AccumulateBy.TRANSACTION:
            credit.group = f"{credit.payee}|{seen['transaction_id']}"
        case _:
            credit.group = credit.payee
    lack, credit.case = _case(company, credit)
    return [*lacks, *([lack] if lack is not None else [])]


def _case(company: Company, credit: Credit) -> tuple[str | None, int | None]:
    payout = credit.rule.component.payout
    if payout.matrix and payout.matrix.rates:
        (lack, row), (other_lack, column) = (
            _on_axis(company, credit, axis) for axis in (payout.matrix.rows, payout.matrix.columns)
        )
        if row is None or column is None:
            return min((each for each in (lack, other_lack) if each), key=_LACKS.index), None
        return None, row * len(payout.matrix.columns) + column
    if not payout.cases or payout.by is None:
        return None, 0
    if payout.cases[0].when:
        word = _text(company, credit, payout.by)
        named = [n for n, case in enumerate(payout.cases) if word is not None and word in case.when]
        other = [n for n, case in enumerate(payout.cases) if OTHER in case.when]
        return (None, (named or other)[0]) if named or other else ("no_case", None)
    bounds = [(case.lower, case.upper) for case in payout.cases if case.lower is not None]
    return _numbered_case(company, credit, payout.by, bounds)


def _on_axis(company: Company, credit: Credit, axis: Axis) -> tuple[str | None, int | None]:
    if axis.begins:
        return _numbered_case(company, credit, axis.by, [(bound, None) for bound in axis.begins])
    word = _text(company, credit, axis.by)
    return (None, axis.values.index(word)) if word in axis.values else ("no_case", None)


def _text(company: Company, credit: Credit, name: str) -> str | None:
    return credit.party.role if name == "role" else attribute(company, credit.document, name)


def _numbered_case(
    company: Company, credit: Credit, by: str, bounds: Sequence[tuple[Bound, Number | None]]
) -> tuple[str | None, int | None]:
    if by == "instalment":
        value = Fraction(credit.document.instalment + 1)
    elif by == "tenure_months":
        hired = company.on(credit.payee, credit.day)
        if hired is None or hired.get("hired_on") is None:
            return "no_hiring_date", None
        value = Fraction(months_between(hired["hired_on"], credit.day) + 1)
    else:
        try:
            value = _own_measure(company, credit, by)
        except NotKnownError:
            return "no_case", None
    reached = [n for n, (lower, _) in enumerate(bounds) if reaches(value, lower)]
    if not reached:
        return "no_case", None
    upper = bounds[reached[-1]][1]
    return (None, reached[-1]) if upper is None or value <= upper.value else ("no_case", None)


def _own_measure(company: Company, credit: Credit, by: str) -> Fraction:
    """A number of the document itself, as it was first; of a return that stands alone, of what it takes back."""
    document, plan = credit.document, credit.rule.plan
    seen, sign = document.seen, -1 if document.stands_alone else 1
    own = {"revenue": seen["revenue_minor"], "margin": seen["margin_minor"], "quantity": seen["quantity_millionths"]}
    first: Raw = {**company.fields.get(seen["transaction_id"], {}), **own, "count": MILLION}
    raw = document.after if document.stands_alone else first
    turned = {key: None if value is None else sign * value for key, value in raw.items()}
    value = measured(by, turned, plan)
    if plan.kind_of(by) != "money":
        return Fraction(value, MILLION)
    rate = _rate(company, credit)
    if rate is None:
        raise NotKnownError("no_rate")
    return value * rate / company.minor(plan.currency)


def reaches(value: Fraction, bound: Bound) -> bool:
    """Whether the value has come as far as the bound."""
    return value > bound.value if bound.is_above else value >= bound.value
