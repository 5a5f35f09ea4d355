"""What must always hold: releases against a slow reckoning by hand, families, balances."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compensation.payments.balances import Bounds, settle_period
from compensation.plans.payments import NegativeBalance, NotPaidOut
from compensation.plans.periods import months_after
from compensation.plans.plan import Plan
from tests.compensation.payments.cases import REP, Document, Known, assignment, plan, released, settled

PROPERTY = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
FIRST = date(2026, 1, 5)
_days = st.integers(0, 150).map(lambda days: FIRST + timedelta(days=days))
_amounts = st.integers(1, 5_000)


@st.composite
def deals(draw: st.DrawFn) -> list[Document]:
    """A booking or invoice that earns, what is invoiced and received of it, and returns of a part of it."""
    kind = draw(st.sampled_from(["booking", "invoice"]))
    revenue, earning = draw(_amounts), draw(st.integers(-700, 3_000))
    documents = [Document("x", kind, FIRST, revenue, earning, document="X")]
    left, gained = revenue, earning
    for number in range(draw(st.integers(0, 2))):
        part, back = draw(st.integers(0, left)), draw(st.integers(0, abs(gained)))
        sign = 1 if gained >= 0 else -1
        documents.append(Document(f"c{number}", "return", draw(_days), -part, -sign * back, reverses="x"))
        left, gained = left - part, gained - sign * back
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["invoice", "receipt"]))
        documents.append(Document(f"y{number}", kind, draw(_days), draw(_amounts), document="Y"))
    return documents


_PARTS = (
    "{share: 30%, when: credited}",
    "{share: 22.2%, when: credited, after_months: 2, instalments: 3}",
    "{share: 20%, when: month_end}",
    "{share: 25%, when: received, after_days: 10}",
    "{share: 10%, when: invoiced, instalments: 2}",
    "{share: 12.5%, when: received_in_full}",
)


@st.composite
def releases(draw: st.DrawFn) -> Plan:
    parts = draw(st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3, unique=True))
    return plan(
        f"release: [{', '.join(parts)}, {{when: {draw(st.sampled_from(['received', 'credited', 'quarter_end']))}}}]"
    )


def reckoned(documents: list[Document], of: Plan, day: date) -> int:
    """What is released of the first document's family by the day, by the words of the plan."""
    earned = sum(each.earned[REP] for each in documents if each.on <= day)
    fraction = sum(
        (
            share * _come(documents, part.when.value, part.after_days, part.after_months, part.instalments, day)
            for share, part in of.components[0].releases
        ),
        Fraction(0),
    )
    return _rounded(fraction * earned)


def _come(documents: list[Document], when: str, days: int, months: int, instalments: int, day: date) -> Fraction:
    if when not in ("invoiced", "received", "received_in_full"):
        return Fraction(_matured(_calendar(when), days, months, instalments, day), instalments)
    if when == "invoiced" and documents[0].kind == "invoice":
        return Fraction(_matured(FIRST, days, months, instalments, day), instalments)
    basis, flows = _flows(documents, when)
    if when == "received_in_full":
        return Fraction(int(_is_full(basis, flows, day)))
    come = [(late, amount) for on, amount in flows for late in _later(on, days, months, instalments)]
    held = Fraction(0)
    for on in sorted({on for on, _ in (*basis, *come) if on <= day}):
        due, so_far = (sum(amount for moved, amount in each if moved <= on) for each in (basis, come))
        held = held if due == 0 else min(Fraction(1), max(Fraction(0), Fraction(so_far, due * instalments)))
    return held


def _flows(documents: list[Document], when: str) -> tuple[list[tuple[date, int]], list[tuple[date, int]]]:
    """What moves the basis, and what comes in."""
    origin = documents[0]
    basis = [(each.on, each.revenue) for each in documents if each.kind in (origin.kind, "return")]
    wanted = "invoice" if when == "invoiced" else "receipt"
    return basis, [(each.on, each.revenue) for each in documents if each.kind == wanted]


def _is_full(basis: list[tuple[date, int]], flows: list[tuple[date, int]], day: date) -> bool:
    state = False
    for on, is_full in _full(basis, flows):
        if on <= day:
            state = is_full
    return state


def _full(basis: list[tuple[date, int]], flows: list[tuple[date, int]]) -> list[tuple[date, bool]]:
    states, last = list[tuple[date, bool]](), False
    for on in sorted({on for on, _ in (*basis, *flows)}):
        due = sum(amount for moved, amount in basis if moved <= on)
        come = sum(amount for moved, amount in flows if moved <= on)
        last = last if due == 0 else come >= due
        states.append((on, last))
    return states


def _calendar(when: str) -> date:
    return {"credited": FIRST, "month_end": date(2026, 1, 31), "quarter_end": date(2026, 3, 31)}[when]


def _later(on: date, days: int, months: int, instalments: int) -> list[date]:
    moment = months_after(on, months) + timedelta(days=days)
    return [max(FIRST, months_after(moment, number)) for number in range(instalments)]


def _matured(on: date, days: int, months: int, instalments: int, day: date) -> int:
    return sum(late <= day for late in _later(on, days, months, instalments))


def _rounded(value: Fraction) -> int:
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return -whole if value < 0 else whole


@PROPERTY
@given(deals(), releases(), st.lists(_days, min_size=1, max_size=4))
def test_released_to_date_is_always_the_fraction_of_what_is_earned_by_then(
    documents: list[Document], of: Plan, days: list[date]
) -> None:
    entries = released(settled(documents, of))
    for day in days:
        assert sum(minor for on, _, minor in entries if on <= str(day)) == reckoned(documents, of, day), day


@PROPERTY
@given(deals(), releases(), _days)
def test_what_is_released_and_what_waits_make_the_earning(documents: list[Document], of: Plan, day: date) -> None:
    settlement = settled(documents, of, as_of=day)
    earned = sum(each.earned[REP] for each in documents if each.on <= day)
    known = [*settlement.releases["release_minor"], *settlement.waiting["waiting_minor"]]
    assert sum(known) == earned


@PROPERTY
@given(deals(), releases(), _days)
def test_a_full_return_leaves_nothing_released_in_any_currency(documents: list[Document], of: Plan, day: date) -> None:
    left = sum(each.earned[REP] for each in documents)
    emptied = [*documents, Document("z", "return", date(2026, 8, 1), -documents[0].revenue, -left, reverses="x")]
    rates = [("USD", "EUR", FIRST, "0.9137"), ("USD", "EUR", day, "0.8811")]
    known: Known = {"assignments": [assignment(pay_currency="EUR")], "rates": rates}
    settlement = settled(emptied, of, known=known)
    assert settlement.releases["release_minor"].sum() == 0
    assert settlement.releases["pay_minor"].sum() == 0
    assert settlement.waiting.is_empty()


@PROPERTY
@given(deals(), releases(), st.randoms(use_true_random=False))
def test_the_same_documents_in_any_order_release_the_same(documents: list[Document], of: Plan, random: object) -> None:
    first, *rest = documents
    one, other = settled(documents, of), settled([*reversed(rest), first], of)
    keys = ["released_on", "moment", "transaction_id", "share", "release_minor"]
    assert (
        one.releases.sort(keys, nulls_last=True)
        .select(keys)
        .equals(other.releases.sort(keys, nulls_last=True).select(keys))
    )


_bounds = st.builds(
    Bounds,
    draw=st.none() | st.integers(0, 2_000),
    is_recoverable=st.booleans(),
    is_paid_in_advance=st.booleans(),
    recovered=st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(0)]),
    is_forgiven_after=st.booleans(),
    guarantee=st.none(),
    minimum=st.integers(0, 300),
    below_minimum=st.sampled_from(NotPaidOut),
    maximum=st.none() | st.integers(300, 2_500),
    above_maximum=st.sampled_from(NotPaidOut),
    negative=st.sampled_from(NegativeBalance),
)
_gross = st.lists(st.integers(-3_000, 5_000), min_size=1, max_size=12)


@PROPERTY
@given(_gross, _bounds)
def test_every_cent_of_a_period_is_somewhere(gross: list[int], bounds: Bounds) -> None:
    owed, carried = 0, 0
    for each in gross:
        paid = settle_period(each + carried, owed, bounds)
        lifted = each + carried + paid.draw - paid.recovered + paid.guarantee
        assert lifted == paid.paid + paid.carried_out + paid.lapsed
        assert paid.owed >= 0
        owed, carried = paid.owed, paid.carried_out


@PROPERTY
@given(_gross, st.integers(0, 2_000))
def test_a_recoverable_draw_follows_the_formula(gross: list[int], draw: int) -> None:
    """balance = max(0, balance + draw - gross), paid = gross + the change of the balance."""
    balances = list(accumulate(gross, lambda balance, each: max(0, balance + draw - each), initial=0))
    owed = 0
    for each, (before, after) in zip(gross, pairwise(balances), strict=True):
        paid = settle_period(each, owed, Bounds(draw=draw))
        assert (paid.owed, paid.paid) == (after, each + after - before)
        owed = paid.owed


@PROPERTY
@given(_gross)
def test_what_is_paid_adds_up_to_what_is_released_but_for_what_is_carried(gross: list[int]) -> None:
    documents = [
        Document(f"i{number}", "invoice", date(2026, number + 1, 7), 1, minor, deal=f"d{number}")
        for number, minor in enumerate(gross)
    ]
    settlement = settled(documents, plan(terms="{minimum_payout: {amount: 10}}"))
    carried = settlement.payments["carried_out_minor"].to_list()[-1:] or [0]
    assert settlement.payments.select(pl.col("paid_minor").sum()).item() + carried[0] == sum(gross)
