"""Up to which amounts is calculated, exactly; beyond, whose and which are too large is told, and nothing is paid.

``2**62`` is half of what 64 bits hold, 5 · 10^37 half of what an exact column does.
"""

from datetime import date

import pytest

from compensation import PayOverflowError
from compensation.exact import MAX_MINOR
from compensation.payments.paying import payments_frame
from compensation.payments.settlement import settle
from tests.compensation.payments.cases import (
    INVOICE,
    ON_RECEIPT,
    REP,
    Document,
    Known,
    assignment,
    earnings_of,
    facts_of,
    plan,
    released,
    settled,
    waiting,
)

HALF = 2**62
LATER = date(2026, 2, 10)
JANUARY, MARCH = date(2026, 1, 31), date(2026, 3, 31)


def too_large(what: str, payee_id: str = REP) -> pytest.RaisesExc[PayOverflowError]:
    return pytest.raises(PayOverflowError, match=f"payee {payee_id}, component '.*': {what} is too large")


@pytest.mark.parametrize("place", range(10))
@pytest.mark.parametrize("sign", [1, -1])
def test_a_payment(place: int, sign: int) -> None:
    named = (REP, "Sales", "1", "2026-01", date(2026, 1, 1), date(2026, 2, 1), "USD")
    amounts = [0] * 10
    amounts[place] = sign * MAX_MINOR
    assert payments_frame([(*named, *amounts)]).row(0)[7:] == tuple(amounts)
    amounts[place] += sign
    with too_large("the payment of 2026-01"):
        payments_frame([(*named, *amounts)])


def test_what_is_released_in_a_period() -> None:
    """Of those who have too much, the first is told."""
    one, other = (INVOICE._replace(id=name, earns={"b": HALF // 2, "a": HALF // 2}) for name in ("i", "j"))
    known: Known = {"assignments": [assignment("a"), assignment("b")]}
    assert settled([one, other], plan(), known=known).payments["paid_minor"].to_list() == [HALF, HALF]
    assert settled([one, other], plan(), known=known).releases.height == 4
    more = other._replace(earns={"b": -HALF // 2 - 2**20, "a": -HALF // 2 - 2**20})
    with too_large("what is released in a period", "a"):
        settled([one, more], plan(), known=known)


def test_what_moves_in_a_deal() -> None:
    """Once for the invoice and once for what it is measured by, three times for its instalments and once more."""
    of = plan("release: [{when: received, instalments: 3}, {share: 0%, when: received, instalments: 2}]")
    invoice, paid = INVOICE._replace(revenue=HALF // 8), Document("r", "receipt", date(2026, 1, 20), 0)
    assert released(settled([invoice, paid._replace(revenue=1)], of, as_of=JANUARY)) == []
    assert released(settled([invoice._replace(revenue=HALF // 12), paid._replace(revenue=HALF // 12)], of)) == [
        ("2026-01-20", "received", 333),
        ("2026-02-20", "received", 334),
        ("2026-03-20", "received", 333),
    ]
    wide, other = invoice._replace(revenue=HALF // 7), plan(ON_RECEIPT).model_copy(update={"name": "Other"})
    with too_large("what is moved in the deal of i"):
        settle(earnings_of([wide], of), facts_of([wide]), [of, other], as_of=MARCH)
    with too_large("what is moved in the deal of i"):
        settled([invoice._replace(revenue=-HALF // 7)], of)
    whatever = [invoice._replace(revenue=MAX_MINOR)]
    assert waiting(settled(whatever, plan("release: [{when: renewed}]"))) == [("renewed", None, 1_000)]


def test_what_a_family_earns() -> None:
    halves = plan("release: [{when: credited, instalments: 2}]")
    back = Document("c", "return", date(2026, 1, 20), -10_000, -HALF // 2, reverses="i")
    documents = [INVOICE._replace(earns=HALF // 2), back]
    other = [documents[0]._replace(id="j", deal="o"), back._replace(id="d", reverses="j", deal="o")]
    released_of = released(settled([*documents, *other], halves))
    assert sorted(row[2] for row in released_of) == [-HALF // 4, -HALF // 4, HALF // 4, HALF // 4]
    documents[1] = back._replace(earns=-HALF // 2 - 2**20)
    with too_large("what i earns"):
        settled(documents, halves)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_released_of_it(sign: int) -> None:
    """Two thirds of 2^31 are calculated in more than 64 bits, and thousandths of 10^17 leave even these."""
    earned, revenue = 2**31, 3 * 2**30
    thirds = [
        INVOICE._replace(earns=sign * earned, revenue=revenue),
        Document("r", "receipt", LATER, revenue // 3 * 2),
        INVOICE._replace(id="j", earns=3, revenue=3, deal="other"),
        Document("s", "receipt", date(2026, 2, 11), 1, deal="other"),
        Document("c", "return", date(2026, 2, 12), -revenue, -sign * earned, reverses="i"),
    ]
    nearly = sign * ((2 * earned - 1) // 3)  # 2^32 leaves 1 when divided by 3
    assert [row[2] for row in released(settled(thirds, plan(ON_RECEIPT)))] == [nearly, 1, -nearly]
    half = plan("release: [{share: 50%, when: received}, {when: credited}]")
    cent = Document("b", "booking", INVOICE.on, HALF // 2, sign)
    assert [row[2] for row in released(settled([cent], half))] == [sign]
    large, most = INVOICE._replace(revenue=10**17), plan("release: [{share: 0.1%, when: received}, {when: credited}]")
    fits, wide = (large._replace(earns=sign * tens * 10**16) for tens in (24, 26))
    assert [row[2] for row in released(settled([fits], most))] == [sign * 999 * 24 * 10**13]
    with too_large("the release of i"):
        settled([wide], most)


def test_what_is_paid_in_another_currency() -> None:
    def euros(earned: int, rate: str, component: str = "", *, of: tuple[str, str] = ("USD", "EUR")) -> list[int]:
        known: Known = {
            "assignments": [assignment(pay_currency="EUR")],
            "rates": [(*of, date(2026, 1, 1), rate)],
        }
        return settled([INVOICE._replace(earns=earned)], plan(component), known=known).releases["pay_minor"].to_list()

    assert euros(HALF // 4, "4") == [HALF]
    assert euros(HALF // 2, "4", "release: [{when: credited, instalments: 2}]") == [HALF] * 2
    for each in (HALF // 4 + 2**20, -HALF // 4 - 2**20):
        with too_large("what is paid in EUR"):
            euros(each, "4")
    with too_large("what is paid in EUR"):
        euros(HALF // 2 + 2, "4", "release: [{when: credited, instalments: 2}]")
    nearly_one = "1.0000000000000000001"
    assert euros(24 * 10**17, nearly_one) == [24 * 10**17]
    with too_large("what is paid in EUR"):
        euros(26 * 10**17, nearly_one)
    with too_large("what is paid in EUR"):
        euros(1_000, str(9 * 10**37), of=("EUR", "USD"))
