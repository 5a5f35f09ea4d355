"""What of the releases of a period is paid, owed and carried."""

from datetime import date

import pytest

from compensation import FactsError
from compensation.payments.settlement import settle
from compensation.plans.parts import Span
from tests.compensation.payments.cases import (
    REP,
    Document,
    Known,
    assignment,
    columns,
    earnings_of,
    facts_of,
    plan,
    settled,
)

JANUARY, DECEMBER = date(2026, 1, 31), date(2026, 12, 31)


def monthly(*gross: int) -> list[Document]:
    """Invoices that earn so much month by month, in units."""
    return [
        Document(f"i{month}", "invoice", date(2026, month, 15), 100, minor * 100)
        for month, minor in enumerate(gross, 1)
    ]


def paid(
    terms: str,
    *gross: int,
    names: tuple[str, ...] = ("paid",),
    as_of: date | None = None,
    known: Known | None = None,
) -> list[list[int]]:
    """Columns of the payments, in units, of months that earn so much."""
    day = as_of or date(2026, len(gross), 28)
    settlement = settled(monthly(*gross), plan(terms=terms), as_of=day, known=known)
    return [[row[place] // 100 for row in columns(settlement, *names)] for place in range(len(names))]


def test_a_recoverable_draw_is_repaid_out_of_what_exceeds_it() -> None:
    """A published case: a draw of 2000 a month."""
    assert paid("{draw: {amount: 2000}}", 2750, 3000, 1500, 2375, 3000, 2750, names=("paid", "owed")) == [
        [2750, 3000, 2000, 2000, 2875, 2750],
        [0, 0, 500, 125, 0, 0],
    ]


def test_a_weekly_draw() -> None:
    """A published case: a draw of 1000 a week."""
    weeks = [
        Document(f"i{week}", "invoice", date(2026, 3, 1 + 7 * week), 100, gross * 100)
        for week, gross in enumerate((400, 600, 1200, 1500, 1400))
    ]
    known: Known = {"assignments": [assignment(from_on=date(2026, 3, 1))]}
    drawn = plan(terms="{period: week, draw: {amount: 1000}}")
    settlement = settled(weeks, drawn, as_of=date(2026, 3, 29), known=known)
    assert columns(settlement, "paid", "owed") == [
        (1000_00, 600_00),
        (1000_00, 1000_00),
        (1000_00, 800_00),
        (1000_00, 300_00),
        (1100_00, 0),
    ]


@pytest.mark.parametrize(
    ("kind", "pays", "owes"), [("recoverable", [1500, 2000], [1000, 0]), ("non_recoverable", [1500, 3000], [0, 0])]
)
def test_a_recoverable_draw_and_one_that_is_not(kind: str, pays: list[int], owes: list[int]) -> None:
    """A published case: a draw of 1500."""
    assert paid(f"{{draw: {{amount: 1500, kind: {kind}}}}}", 500, 3000, names=("paid", "owed")) == [pays, owes]


def test_a_draw_paid_in_advance_is_deducted() -> None:
    """A published case: 1165.40 earned, 766.15 already drawn."""
    document = Document("i", "invoice", date(2026, 1, 15), 100, 1165_40)
    terms = "{draw: {amount: 766.15, paid_in_advance: yes}}"
    settlement = settled([document], plan(terms=terms), as_of=date(2026, 1, 31))
    assert columns(settlement, "draw", "paid", "owed") == [(-766_15, 399_25, 0)]


@pytest.mark.parametrize(
    ("terms", "gross", "pays", "owes"),
    [
        ("{amount: 1000, recovered_from: 2026-03-01}", (400, 1500, 1500), [1000, 1500, 1000], [600, 600, 100]),
        ("{amount: 1000, recovered_from: 2026-02-28}", (400, 1500), [1000, 1000], [600, 100]),
        ("{amount: 1000, recovered_share: 50%}", (400, 1500, 2000), [1000, 1250, 1650], [600, 350, 0]),
        ("{amount: 1000, balance_resets: quarter}", (400, 900, 900, 1500), [1000, 1000, 1000, 1500], [600, 700, 0, 0]),
        (
            "{amount: 1000, window: {from: 2026-01-01, through: 2026-02-28}}",
            (400, 900, 200, 900),
            [1000, 1000, 0, 400],
            [600, 700, 500, 0],
        ),
        ("{amount: 1000, months: 2}", (400, 900, 200, 900), [1000, 1000, 0, 400], [600, 700, 500, 0]),
        (
            "{amount: 1000, months: 2, forgiven_after_months: 3}",
            (0, 900, 200, 900),
            [1000, 1000, 0, 900],
            [1000, 1100, 0, 0],
        ),
        ("{amount: 1000}", (0, 0), [1000, 1000], [1000, 2000]),
        ("{amount: 1000}", (-500, 3000), [1000, 1500], [1500, 0]),
    ],
)
def test_terms_of_draws(terms: str, gross: tuple[int, ...], pays: list[int], owes: list[int]) -> None:
    rows = paid(f"{{draw: {terms}}}", *gross, names=("paid", "owed"))
    assert rows == [pays, owes]


@pytest.mark.parametrize("kind", ["week", "month", "quarter", "half-year", "year", "ever"])
def test_all_time_has_no_end_at_which_a_draw_would_be_forgiven(kind: str) -> None:
    terms = f"{{period: ever, draw: {{amount: 1000, balance_resets: {kind}}}}}"
    assert paid(terms, 400, names=("paid", "owed"), as_of=DECEMBER) == [[1000], [600]]


def test_all_time_lies_in_nobodys_first_months() -> None:
    assert paid("{period: ever, guarantee: {amount: 1000, months: 3}}", 400, as_of=DECEMBER) == [[400]]


def test_a_weekly_draw_is_forgiven_in_the_week_in_which_the_month_ends() -> None:
    """The first three weeks owe 300; March ends on the Tuesday of the last one, and nothing is left of its debt."""
    known: Known = {"assignments": [assignment(from_on=date(2026, 3, 9))]}
    drawn = plan(terms="{period: week, draw: {amount: 100, balance_resets: month}}", starts="2026-03-09")
    settlement = settled([], drawn, as_of=date(2026, 4, 6), known=known)
    assert columns(settlement, "owed") == [(100_00,), (200_00,), (300_00,), (0,), (100_00,)]


def test_a_guarantee_counts_from_the_hiring_that_was_in_force() -> None:
    """Hired in 2020, and again in April 2026: the guarantee of the second start does not lift January to March."""
    again = [
        assignment(hired_on=date(2020, 1, 1), to_on=date(2026, 4, 1)),
        assignment(from_on=date(2026, 4, 1), hired_on=date(2026, 4, 1)),
    ]
    terms = "{guarantee: {amount: 1000, months: 1}}"
    for assignments in (again, again[::-1]):
        assert paid(terms, 500, 500, 500, 500, 500, known={"assignments": assignments}) == [[500, 500, 500, 1000, 500]]


def test_an_assignment_that_names_no_hiring_goes_on_with_that_of_the_one_before() -> None:
    """Hired again on 15 January: the third month of tenure is over in April."""
    people = [
        assignment(hired_on=date(2020, 1, 1), to_on=date(2026, 2, 1)),
        assignment(from_on=date(2026, 2, 1), hired_on=date(2026, 1, 15), to_on=date(2026, 3, 1)),
        assignment(from_on=date(2026, 3, 1)),
    ]
    terms = "{guarantee: {amount: 1000, months: 3}}"
    assert paid(terms, 500, 500, 500, 500, known={"assignments": people}) == [[500, 1000, 1000, 500]]


def test_who_comes_on_the_last_day_of_a_period_is_hired_in_it() -> None:
    people = [assignment(from_on=date(2026, 2, 28))]
    terms = "{guarantee: {amount: 1000, months: 1}}"
    assert paid(terms, 500, 500, 500, known={"assignments": people}) == [[500, 1000, 500]]


def test_a_draw_is_for_those_who_have_any_version_of_the_plan_in_the_period() -> None:
    """The old version pays by quarters and lends; whoever joins in its last quarter, under the new one, has a draw."""
    ended = Span.model_validate({"from": date(2026, 1, 1), "through": JANUARY})
    first = plan(terms="{period: quarter, draw: {amount: 1000}}").model_copy(update={"effective": ended})
    second = plan(starts="2026-02-01")
    facts = facts_of(assignments=[assignment(from_on=date(2026, 3, 1))])
    settlement = settle(earnings_of([], first), facts, [first, second], as_of=date(2026, 3, 31))
    assert columns(settlement, "period_label", "draw") == [("2026-Q1", 1000_00)]


def test_a_draw_is_for_those_who_have_the_plan() -> None:
    people = [assignment(from_on=date(2026, 2, 10), to_on=date(2026, 4, 1)), assignment("crm:x", title="Clerk")]
    settlement = settled(
        [], plan(terms="{draw: {amount: 1000}}"), as_of=date(2026, 6, 30), known={"assignments": people}
    )
    rows = settlement.payments.select("payee_id", "period_label", "paid_minor", "owed_minor").rows()
    assert rows[:2] == [(REP, "2026-02", 1000_00, 1000_00), (REP, "2026-03", 1000_00, 2000_00)]
    assert {row[0] for row in rows} == {REP}
    assert [row[2] for row in rows[2:]] == [0, 0, 0]


@pytest.mark.parametrize(
    ("terms", "pays"),
    [
        ("{amount: 1000, months: 3}", [1000, 1000, 1200, 1000, 300]),
        ("{amount: 1000, window: {from: 2026-02-01, through: 2026-02-28}}", [500, 1000, 1200, 100, 300]),
        ("{amount: 1000}", [1000, 1000, 1200, 1000, 1000]),
        ("{steps: [{through_month: 1, amount: 1000}, {through_month: 3, amount: 700}]}", [1000, 1000, 1200, 700, 300]),
    ],
)
def test_a_guarantee_lifts_without_being_owed(terms: str, pays: list[int]) -> None:
    hired = [assignment(hired_on=date(2026, 2, 15))]
    rows = paid(
        f"{{guarantee: {terms}}}", 500, 900, 1200, 100, 300, names=("paid", "owed"), known={"assignments": hired}
    )
    assert rows == [pays, [0] * 5]


@pytest.mark.parametrize(
    ("below", "pays", "carries", "lapses"),
    [
        ("carried_forward", [0, 0, 110, 0], [40, 80, 0, 20], [0, 0, 0, 0]),
        ("forfeited", [0, 0, 0, 0], [0, 0, 0, 0], [40, 40, 30, 20]),
    ],
)
def test_less_than_the_minimum_waits_or_is_lost(
    below: str, pays: list[int], carries: list[int], lapses: list[int]
) -> None:
    terms = f"{{minimum_payout: {{amount: 100, below: {below}}}}}"
    rows = paid(terms, 40, 40, 30, 20, names=("paid", "carried_out", "lapsed"))
    assert rows == [pays, carries, lapses]


@pytest.mark.parametrize(
    ("above", "pays", "carries", "lapses"),
    [
        ("carried_forward", [100, 100, 100, 60], [150, 80, 30, 0], [0, 0, 0, 0]),
        ("forfeited", [100, 30, 50, 30], [0, 0, 0, 0], [150, 0, 0, 0]),
    ],
)
def test_more_than_the_maximum_is_banked_or_lost(
    above: str, pays: list[int], carries: list[int], lapses: list[int]
) -> None:
    terms = f"{{maximum_payout: {{amount: 100, above: {above}}}}}"
    rows = paid(terms, 250, 30, 50, 30, names=("paid", "carried_out", "lapsed"))
    assert rows == [pays, carries, lapses]


def test_what_is_banked_pays_later_draws() -> None:
    """The second month earns nothing; what the first has left is paid before any draw."""
    terms = "{maximum_payout: {amount: 100}, draw: {amount: 80}}"
    assert paid(terms, 250, 0, 0, names=("paid", "draw", "owed")) == [[100, 100, 80], [0, 0, 30], [0, 0, 30]]


def test_exactly_the_minimum_is_paid() -> None:
    assert paid("{minimum_payout: {amount: 100}}", 100) == [[100]]


@pytest.mark.parametrize(
    ("negative", "pays", "carries", "lapses"),
    [
        ("carried_forward", [0, 10], [-10, 0], [0, 0]),
        ("forgiven", [0, 20], [0, 0], [-10, 0]),
        ("paid_back", [-10, 20], [0, 0], [0, 0]),
    ],
)
def test_a_negative_balance(negative: str, pays: list[int], carries: list[int], lapses: list[int]) -> None:
    """A published case: a balance of -10, then 20 earned, pays 10."""
    rows = paid(f"{{negative_balance: {negative}}}", -10, 20, names=("paid", "carried_out", "lapsed"))
    assert rows == [pays, carries, lapses]


def test_what_was_owed_and_carried_when_the_last_period_closed_goes_on() -> None:
    before = [
        (REP, "Sales", "2026-02", 0, 700_00, -10_00, "USD"),
        (REP, "Sales", "2026-01", 0, 900_00, 0, "USD"),
    ]
    drawn = plan(terms="{draw: {amount: 200}}")
    for rows in (before, before[::-1]):
        settlement = settled(monthly(999, 999, 900), drawn, as_of=date(2026, 3, 31), known={"paid": rows})
        assert columns(settlement, "period_label", "carried_in", "recovered", "paid", "owed") == [
            ("2026-03", -10_00, 690_00, 200_00, 10_00)
        ]


def test_a_label_that_is_no_period_of_the_plan_is_an_error() -> None:
    with pytest.raises(FactsError, match="'2026-Q1' is no period in which 'Sales' pays"):
        paid("{}", 10, known={"paid": [(REP, "Sales", "2026-Q1", 0, 0, 0, "USD")]})


def test_a_quarterly_plan_whose_year_begins_in_april_pays_by_its_quarters() -> None:
    settlement = settled(
        monthly(10, 20, 30, 40), plan(terms="{period: quarter}", extra="year_starts: 4"), as_of=date(2026, 4, 30)
    )
    assert columns(settlement, "period_label", "paid") == [("FY2026-Q4", 60_00), ("FY2027-Q1", 40_00)]


@pytest.mark.parametrize(
    ("period", "labels"),
    [("two-weeks", ["2026-01-09-2W", "2026-02-06-2W"]), ("half-month", ["2026-01-H1", "2026-02-H1"])],
)
def test_payroll_of_every_other_week_or_twice_a_month(period: str, labels: list[str]) -> None:
    """Two weeks follow from a day on which any of them begins."""
    payroll = plan(terms=f"{{period: {period}}}", extra="two_weeks_start: 2026-03-06")
    settlement = settled(monthly(10, 20), payroll, as_of=date(2026, 2, 28))
    assert columns(settlement, "period_label", "paid") == list(zip(labels, (10_00, 20_00), strict=True))


def test_a_new_version_of_a_plan_pays_by_its_own_terms() -> None:
    first = plan(terms="{minimum_payout: {amount: 100}}")
    second = plan(starts="2026-03-01")
    documents = monthly(40, 40, 10)
    earned, facts = earnings_of(documents, first), facts_of(documents)
    settlement = settle(earned, facts, [second, first], as_of=date(2026, 3, 31))
    assert columns(settlement, "paid", "carried_out") == [(0, 40_00), (0, 80_00), (90_00, 0)]


def test_releases_after_the_day_are_not_paid() -> None:
    held = plan("release: [{when: credited, after_months: 1}]")
    settlement = settled(monthly(40, 40), held, as_of=date(2026, 2, 28))
    assert columns(settlement, "period_label", "paid") == [("2026-02", 40_00)]


def test_the_period_may_be_all_time() -> None:
    assert paid("{period: ever}", 10, 20, as_of=DECEMBER) == [[30]]
