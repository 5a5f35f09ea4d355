"""Credits are the same to the cent whichever way they are found: by packed numbers or by all columns, in 64 bits or in
exact integers.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from compensation import Facts, packing
from compensation.crediting import amounts
from compensation.exact_columns import EXACT_TYPE
from tests.compensation.crediting.company import Row, component, credits_of, facts, plan

PAID = plan(
    "\n".join(
        (
            component(name="plain"),
            component("position: quantity, mode: sliced, share: 33.3%", name="third"),
            component("converted_after_share: yes, share: 12.5%, exchange_rate: month_average", name="late"),
            component("measure: count, period: month, accumulate_by: deal", name="count", payout="{per_unit: 1}"),
            component("credit_to: direct_manager, share: 7%, period: quarter", name="led"),
            component("filter: {products: [A, B], excluding: {regions: [North]}}", name="some"),
            component("first_match: best, filter: {products: [C]}", name="best"),
            component("first_match: best", name="next"),
            component("accumulate_by: customer", name="cased", payout="{by: product, cases: [{when: A, rate: 1%}]}"),
        )
    )
)
RATES = (
    {"from_currency": "EUR", "to_currency": "USD", "rate": "1.0837"},
    {"from_currency": "EUR", "to_currency": "USD", "rate": "1.1219", "valid_from": date(2026, 6, 3)},
    {"from_currency": "USD", "to_currency": "JPY", "rate": "151.37", "valid_from": date(2026, 3, 1)},
)


def company(seed: int) -> Facts:
    """Sales to all sorts of customers in three currencies, with returns, of deals that two of three people share."""
    chance = Random(seed)  # noqa: S311  # the same company for the same seed
    sales: list[Row] = []
    for number in range(60):
        sale = {
            "transaction_id": f"t{number:02}",
            "deal_id": f"d{chance.randrange(12):02}",
            "dated_on": date(2026, 1, 5) + timedelta(chance.randrange(300)),
            "posting_sequence": chance.randrange(10**6),
            "currency": chance.choice(("USD", "EUR", "JPY")),
            "revenue_minor": chance.randrange(1, 10**7),
            "quantity_millionths": chance.randrange(1, 9) * 10**6,
            "customer": chance.choice(("X", "Y", None)),
            "product": chance.choice(("A", "B", "C", None)),
            "region": chance.choice(("North", "South", None)),
        }
        sales.append(sale)
        if number % 4 == 0:
            part = -(int(str(sale["revenue_minor"])) // chance.randrange(1, 4))
            back = {"transaction_id": f"r{number:02}", "kind": "return", "reverses_id": sale["transaction_id"]}
            sales.append({**sale, **back, "revenue_minor": part, "dated_on": date(2026, 11, 2)})
    people: list[Row] = [
        {"payee_id": "boss"},
        *({"payee_id": name, "manager_id": "boss"} for name in ("ann", "bob", "cid")),
    ]
    people[2] = {**people[2], "from_on": date(2026, 4, 1), "to_on": date(2026, 9, 1)}
    shared = [
        {"payee_id": who, "deal_id": f"d{deal:02}", "share_millionths": part}
        for deal in range(12)
        for who, part in zip(chance.sample(("ann", "bob", "cid"), 2), (333_333, 666_667), strict=True)
    ]
    return facts(people, transactions=sales, participants=shared, rates=RATES)


def _packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", 0)


def _packed_too_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", 0)
    monkeypatch.setattr(packing, "_WIDEST", 0)


def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amounts, "narrowest_for", lambda *_: EXACT_TYPE)


@pytest.fixture(scope="module", params=range(2))
def plainly(request: pytest.FixtureRequest) -> tuple[Facts, pl.DataFrame]:
    given = company(request.param)
    return given, credits_of(given, PAID)


@pytest.mark.parametrize("way", [_packed, _packed_too_wide, _exact])
def test_the_credits_are_the_same(
    way: Callable[[pytest.MonkeyPatch], None], plainly: tuple[Facts, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    given, found = plainly
    assert found.height > 500
    assert {*found["outcome"].unique()} == {None, "no_rate", "no_case"}
    way(monkeypatch)
    assert_frame_equal(credits_of(given, PAID), found)
