"""A component that continues goes on with what its version before had reached, in caps and floors as on its curve."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pytest

from compensation import Calculation, Plan, calculate, parse_plan
from tests.compensation.crediting.company import Row, component, facts

FEBRUARY, AUGUST, LAST = date(2026, 2, 10), date(2026, 8, 10), date(2026, 12, 31)
REACHED = "{marginal_tiers: [{from: 0, to: 50, rate: 1%}, {from: 50, rate: 10%}]}"


class Case(NamedTuple):
    """``says``: what the component says in both versions, or in the first and in the second, beside ``payout``.

    40.00 sold in February and 20.00 in August earn ``earns`` cents, at 10 % unless ``payout`` is another.
    """

    says: tuple[str, ...]
    earns: tuple[int, int]
    payout: str = "{rate: 10%}"
    opens: int = 0


def sold(name: str, revenue: int, day: date, **more: str) -> Row:
    place = int(name[1:])
    return {"transaction_id": name, "revenue_minor": revenue, "dated_on": day, "posting_sequence": place, **more}


SOLD = (sold("t0", 4_000, FEBRUARY), sold("t1", 2_000, AUGUST))
CASES = {
    "a period's cap, position by position": Case(("accumulate_by: deal, cap: 5",), (400, 100)),
    "a period's cap on rates": Case(("mode: rate_after, cap: 5",), (400, 100)),
    "what opens the period counts first": Case(("accumulate_by: deal, opening_pay: 2, cap: 5",), (300, 0), opens=200),
    "a deal's cap": Case(("cap: {amount: 5, per: deal}",), (400, 100)),
    "a deal's floor": Case(("floor: {amount: 5, per: deal}",), (500, 0), "{rate: 5%}"),
    "a deal's floor that is passed": Case(("floor: {amount: 5, per: deal}",), (500, 100)),
    "each transaction has its cap, whatever the version": Case(("cap: {amount: 5, per: transaction}",), (400, 200)),
    "a higher cap lets through what is earned from now on": Case(
        ("cap: {amount: 3, per: deal}", "cap: {amount: 5, per: deal}"), (300, 100)
    ),
    "a lower cap takes nothing back": Case(("cap: {amount: 5, per: deal}", "cap: {amount: 3, per: deal}"), (400, 0)),
    "a cap is used up by what was earned before there was one": Case(("", "cap: {amount: 5, per: deal}"), (400, 100)),
    "a cap that is given up": Case(("cap: {amount: 3, per: deal}", ""), (300, 200)),
    "all of the period at the rate reached": Case(("mode: rate_reached",), (40, 560), REACHED),
    "at the rate reached, after another mode": Case(("mode: rate_after", "mode: rate_reached"), (40, 560), REACHED),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_version_that_continues(case: Case) -> None:
    found = calculated(versions(case.says, payout=case.payout), *SOLD)
    assert earnings(found) == list(case.earns)
    assert sum(found.openings["earning_minor"]) == case.opens


def test_a_version_that_does_not_continue_begins_afresh() -> None:
    for says in ("cap: {amount: 5, per: deal}", "accumulate_by: deal, cap: 5"):
        assert earnings(calculated(versions((says,), continues="no"), *SOLD)) == [400, 200]
    assert earnings(calculated(versions(("mode: rate_reached",), continues="no", payout=REACHED), *SOLD)) == [40, 20]


def test_what_is_posted_late_comes_after_what_the_next_version_has_earned() -> None:
    late = sold("t2", 4_000, FEBRUARY)
    assert earnings(calculated(versions(("accumulate_by: deal, cap: 5",)), sold("t1", 3_000, AUGUST), late)) == [
        300,
        200,
    ]


@pytest.mark.parametrize(
    ("cap", "earns"),
    [
        (("amount: 9, period: year",), [400, 400, 100, 0]),
        (("amount: 9, per: deal",), [400, 400, 100, 0]),
        (("amount: 6, per: transaction",), [400, 200, 200, 200]),
        (("share: 15%, measure: revenue, per: deal",), [400, 400, 100, 0]),
        (("amount: 6, period: year, attribution: pro_rata",), [200, 200, 100, 100]),
        (("amount: 6, period: year", "amount: 9, period: year"), [400, 200, 100, 0]),
        (("amount: 6, period: year", "amount: 6, period: quarter"), [400, 200, 200, 200]),
        (("amount: 6, period: year", "amount: 6, period: year, attribution: pro_rata"), [400, 200, 200, 200]),
    ],
)
def test_a_cap_over_components_goes_on_with_them(cap: Sequence[str], earns: list[int]) -> None:
    """``pay`` and ``also`` earn 4.00 each in February and 2.00 each in August; another period is another cap."""
    caps = [f"caps: [{{cap: all, components: [pay, also], {each}}}]" for each in (cap[0], cap[-1])]
    assert earnings(calculated(versions(names=("pay", "also"), more=caps), *SOLD)) == earns
    afresh = versions(names=("pay", "also"), more=caps, continues="no")
    assert earnings(calculated(afresh, *SOLD))[2:] == [200, 100 if "15%" in cap[0] else 200]


CAP = "caps: [{cap: all, components: [pay, also], amount: 9, period: year}]"


def test_a_cap_goes_on_with_one_of_its_components_however_the_versions_are_given() -> None:
    first, second = versions(names=("pay", "also"), more=(CAP, CAP))
    pay, also = second.components
    one = second.model_copy(update={"components": (pay, also.model_copy(update={"continues": False}))})
    assert earnings(calculated([one, first], *SOLD)) == [400, 400, 100, 0]


def test_a_cap_goes_on_with_the_version_before_and_no_earlier_one() -> None:
    """What came in February is forgotten with the version of July, with which that of October goes on."""
    until, summer, autumn = "2026-01-01, through: {}", "2026-07-01, through: 2026-09-30", "2026-10-01"
    spans = ((until.format("2026-06-30"), summer), (until.format("2026-09-30"), autumn))
    (first, second), (_, third) = (
        versions(names=("pay", "also"), more=(CAP, CAP), continues=continues, spans=span)
        for continues, span in zip(("no", "yes"), spans, strict=True)
    )
    documents = (*SOLD, sold("t2", 3_000, date(2026, 10, 10)))
    assert earnings(calculated([first, second, third], *documents)) == [400, 400, 200, 200, 300, 200]


@pytest.mark.parametrize(("attribution", "earns"), [("crossing", [300, 200]), ("pro_rata", [214, 286])])
def test_what_is_posted_late_comes_after_what_the_next_version_has_earned_under_a_cap(
    attribution: str, earns: list[int]
) -> None:
    """Divided are 5.00 by 3.00 and 4.00: 2.14 for the first."""
    cap = f"caps: [{{cap: all, components: pay, amount: 5, period: year, attribution: {attribution}}}]"
    capped = versions(more=(cap, cap))
    assert earnings(calculated(capped, sold("t1", 3_000, AUGUST), sold("t2", 4_000, FEBRUARY))) == earns


def test_payees_go_on_each_with_their_own() -> None:
    documents = [sold(name, 4_000, day, deal_id=name) for name, day in (("t0", FEBRUARY), ("t1", AUGUST))]
    owners = [{"deal_id": "t0", "payee_id": "ann"}, {"deal_id": "t1", "payee_id": "bea"}]
    people = ({"payee_id": "ann"}, {"payee_id": "bea"})
    known = facts(people, transactions=documents, participants=owners)
    found = calculate(known, versions(("accumulate_by: deal, cap: 5",)), as_of=LAST)
    assert earnings(found) == [400, 400]


def versions(
    says: Sequence[str] = ("",),
    *,
    payout: str = "{rate: 10%}",
    continues: str = "yes",
    names: Sequence[str] = ("pay",),
    more: Sequence[str] = ("", ""),
    spans: Sequence[str] = ("2026-01-01, through: 2026-06-30", "2026-07-01"),
) -> list[Plan]:
    """One that ends in June, and one from July on; ``more``: what each says beside its components."""
    texts = (says[0], ", ".join(filter(None, (says[-1], f"continues_earlier_version: {continues}"))))
    written = []
    for span, text, rest in zip(spans, texts, more, strict=True):
        components = "".join(f"  - {{{component(text, name=name, payout=payout)}}}\n" for name in names)
        head = f"plan: P\ncurrency: USD\neffective: {{from: {span}}}\napplies_to: {{everyone: yes}}\n{rest}\n"
        written.append(parse_plan(f"{head}components:\n{components}", "plan.yaml"))
    return written


def calculated(plans: Sequence[Plan], *documents: Row) -> Calculation:
    return calculate(facts(transactions=documents), plans, as_of=LAST)


def earnings(found: Calculation) -> list[int]:
    """Transaction by transaction, component by component as the plan has them."""
    lines = found.lines.sort("transaction_id", "component", descending=[False, True])
    return lines["earning_minor"].to_list()
