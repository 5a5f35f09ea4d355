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
    found = calculated(case.says, sold("t0", 4_000, FEBRUARY), sold("t1", 2_000, AUGUST), payout=case.payout)
    assert earnings(found) == list(case.earns)
    assert sum(found.openings["earning_minor"]) == case.opens


def test_a_version_that_does_not_continue_begins_afresh() -> None:
    documents = (sold("t0", 4_000, FEBRUARY), sold("t1", 2_000, AUGUST))
    for says in ("cap: {amount: 5, per: deal}", "accumulate_by: deal, cap: 5"):
        assert earnings(calculated((says,), *documents, continues="no")) == [400, 200]
    assert earnings(calculated(("mode: rate_reached",), *documents, continues="no", payout=REACHED)) == [40, 20]


def test_what_is_posted_late_comes_after_what_the_next_version_has_earned() -> None:
    late = sold("t2", 4_000, FEBRUARY)
    assert earnings(calculated(("accumulate_by: deal, cap: 5",), sold("t1", 3_000, AUGUST), late)) == [300, 200]


def test_payees_go_on_each_with_their_own() -> None:
    documents = [sold(name, 4_000, day, deal_id=name) for name, day in (("t0", FEBRUARY), ("t1", AUGUST))]
    owners = [{"deal_id": "t0", "payee_id": "ann"}, {"deal_id": "t1", "payee_id": "bea"}]
    people = ({"payee_id": "ann"}, {"payee_id": "bea"})
    known = facts(people, transactions=documents, participants=owners)
    found = calculate(known, versions(("accumulate_by: deal, cap: 5",)), as_of=LAST)
    assert earnings(found) == [400, 400]


def sold(name: str, revenue: int, day: date, **more: str) -> Row:
    place = int(name[1:])
    return {"transaction_id": name, "revenue_minor": revenue, "dated_on": day, "posting_sequence": place, **more}


def versions(says: Sequence[str], payout: str = "{rate: 10%}", continues: str = "yes") -> list[Plan]:
    """One that ends in June, and one from July on."""
    spans = ("{from: 2026-01-01, through: 2026-06-30}", "{from: 2026-07-01}")
    more = ("", f"continues: {continues}")
    texts = (says[0], says[-1])
    return [
        parse_plan(
            f"plan: P\ncurrency: USD\neffective: {span}\napplies_to: {{everyone: yes}}\n"
            f"components: [{{{component(', '.join(filter(None, (text, goes_on))), payout=payout)}}}]\n",
            "plan.yaml",
        )
        for span, text, goes_on in zip(spans, texts, more, strict=True)
    ]


def calculated(
    says: Sequence[str], *documents: Row, payout: str = "{rate: 10%}", continues: str = "yes"
) -> Calculation:
    return calculate(facts(transactions=documents), versions(says, payout, continues), as_of=LAST)


def earnings(found: Calculation) -> list[int]:
    return found.lines.sort("transaction_id")["earning_minor"].to_list()
