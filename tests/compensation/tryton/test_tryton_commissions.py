"""Two commission plans of a real Tryton, written as ours: the same commissions on the same invoices, to the cent.

Where ours pay something else on purpose, both numbers stand here with the reason. Tryton applies a plan's formula to
each line of an invoice or credit note by itself and pays in four places; ours are rounded to the cent.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from compensation import Plan, failing_examples, parse_plan
from tests.compensation.tryton.commissions import Books, cents, read_commissions, read_facts_of
from tests.compensation.tryton.sales import Item, Sales
from tests.tryton_lab import TrytonLab

SAM, EVA, PAT = "Sam Seller", "Eva Euro", "Pat Paid"
PLAN_FILES = [Path(__file__).with_name(f"{name}.yaml") for name in ("on_posting", "on_posting_in_euros", "on_payment")]
TEXTS = {path.name: path.read_text("utf-8") for path in PLAN_FILES}
PLANS = [parse_plan(text, name) for name, text in TEXTS.items()]
LITERALLY = {"accumulate_by: deal": "accumulate_by: transaction", "returns: origin": "returns: current"}

BIG = Item("Licence", 12, "1000.10")
ORDINARY: dict[str, tuple[str, str, list[Item]]] = {
    "below the bound": (SAM, "USD", [Item("Licence", 3, "1234.57"), Item("Consulting day", 2, "799.99")]),
    "on the bound": (SAM, "USD", [Item("Licence", 4, "1250.00")]),
    "above the bound": (SAM, "USD", [Item("Licence", 7, "1033.33"), Item("Workshop", 3, "817.77")]),
    "sold in euros, paid in dollars": (SAM, "EUR", [Item("Analytics", 6, "999.95"), Item("Workshop", 1, "333.33")]),
    "sold in dollars, paid in euros": (EVA, "USD", [Item("Licence", 7, "999.99"), Item("Workshop", 1, "415.55")]),
    "in euros": (EVA, "EUR", [Item("Licence", 5, "1111.11"), Item("Consulting day", 3, "700.07")]),
}
SPLIT = ["first part", "second part", "in two lines"]
RETURNED = ["whole, credited", "returned in part", "returned in part, credited"]


@pytest.fixture(scope="module")
def books(own_tryton_lab: TrytonLab, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """After all that happens below."""
    sales = Sales(own_tryton_lab)
    sales.employ(EVA, PAT)
    invoices = {name: sales.sell(agent, *items, currency=code) for name, (agent, code, items) in ORDINARY.items()}
    invoices |= split(sales) | taken_back(sales) | paid_and_unpaid(sales)
    invoices["a cent"] = sales.sell(EVA, Item("Consulting day", 1, "801.22"))
    facts = read_facts_of(own_tryton_lab, tmp_path_factory.mktemp("books"), PLAN_FILES[0])
    literal_plans = [parse_plan(literal(text), name) for name, text in TEXTS.items()]
    return Books(invoices, read_commissions(own_tryton_lab), facts, PLANS, literal_plans)


def literal(text: str) -> str:
    """The plan as Tryton applies it: to every line from zero, without a look at what a return takes back."""
    for ours, tryton in LITERALLY.items():
        text = text.replace(ours, tryton)
    return text


def split(sales: Sales) -> dict[str, int]:
    order = sales.order(SAM, BIG)
    return {
        "first part": sales.invoice(order, only=7),
        "second part": sales.invoice(order),
        "in two lines": sales.sell(SAM, Item("Licence", 4, "1000.10"), Item("Analytics", 4, "1000.10")),
    }


def taken_back(sales: Sales) -> dict[str, int]:
    whole, returned, cancelled = (sales.sell(SAM, BIG) for _ in range(3))
    sales.pay(whole)
    return {
        "whole": whole,
        "whole, credited": sales.take_back(whole),
        "returned in part": returned,
        "returned in part, credited": sales.take_back(returned, only=5),
        "cancelled": cancelled,
        "cancelled, credited": sales.cancel(cancelled),
    }


def paid_and_unpaid(sales: Sales) -> dict[str, int]:
    items = Item("Licence", 2, "1234.57"), Item("Workshop", 1, "99.99")
    in_parts, in_part, unpaid, cancelled = (sales.sell(PAT, *items) for _ in range(4))
    in_euros = sales.sell(PAT, *items, currency="EUR")
    sales.pay(in_euros)
    for part in ("1000.01", None):
        sales.pay(in_parts, part)
    sales.pay(in_part, "1000.01")
    return {
        "paid in euros": in_euros,
        "paid in parts": in_parts,
        "paid in part": in_part,
        "unpaid": unpaid,
        "unpaid, cancelled": cancelled,
        "unpaid, cancelled, credited": sales.cancel(cancelled),
    }


def test_the_plans_are_what_our_files_say_they_are(tryton_lab: TrytonLab) -> None:
    names = ["plan.name", "plan.commission_method", "category.name", "formula"]
    rows = tryton_lab.call("model.commission.plan.line.search_read", [], 0, None, [["id", "ASC"]], names)
    found = [
        (row["plan."]["name"], row["plan."]["commission_method"], (row["category."] or {}).get("name"), row["formula"])
        for row in rows
    ]
    assert found == [
        ("On posting", "posting", "Software", "amount * 0.10 if amount <= 5000 else 500 + (amount - 5000) * 0.15"),
        ("On posting", "posting", None, "amount * 0.05"),
        ("On payment", "payment", None, "amount * 0.07"),
    ]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.name))
def test_the_examples_in_our_plans_hold(plan: Plan) -> None:
    assert failing_examples(plan) == []


def test_an_invoiced_deal_earns_what_tryton_pays_line_by_line(books: Books) -> None:
    for name, (_, _, items) in ORDINARY.items():
        ours = books.by_line_and_payee(books.by_deal, name)
        assert ours == books.by_line_and_payee(books.tryton, name), name
        assert len(ours) == len(items)


@pytest.mark.parametrize("name", [*ORDINARY, *SPLIT, "whole", *RETURNED])
def test_to_the_letter_ours_pay_what_tryton_pays_on_split_and_returned_deals_too(books: Books, name: str) -> None:
    ours = books.by_line_and_payee(books.to_the_letter, name)
    assert ours == books.by_line_and_payee(books.tryton, name) != {}


def test_an_order_split_into_two_invoices(books: Books) -> None:
    """Tryton pays 250.00 less, since each invoice begins in the lowest tier again; ours pay for the deal, so that how
    it is invoiced changes nothing."""
    assert books.of(books.tryton, "whole") == [Decimal("1550.1800")]
    assert books.of(books.by_deal, "whole") == [Decimal("1550.18")]
    assert books.of(books.tryton, *SPLIT[:2]) == [Decimal("800.1050"), Decimal("500.0750")]
    assert books.of(books.by_deal, *SPLIT[:2]) == [Decimal("800.11"), Decimal("750.07")]


def test_software_in_two_lines_of_an_invoice(books: Books) -> None:
    """For the same reason: 8,000.80 of software is above the bound in ours, in Tryton no line of it is."""
    assert books.of(books.tryton, "in two lines") == [Decimal("400.0400"), Decimal("400.0400")]
    assert books.of(books.by_deal, "in two lines") == [Decimal("400.04"), Decimal("550.08")]


def test_a_deal_that_is_paid_for_and_then_taken_back(books: Books) -> None:
    """Tryton leaves the agent 350.06, since its formula takes -12,001.20 for an amount up to 5,000, at 10 %; in ours a
    return goes back down the tiers that its invoice went up, and a deal that came to nothing pays nothing."""
    assert books.of(books.tryton, "whole", "whole, credited") == [Decimal("1550.1800"), Decimal("-1200.1200")]
    assert books.of(books.by_deal, "whole", "whole, credited") == [Decimal("1550.18"), Decimal("-1550.18")]


def test_a_deal_of_which_a_part_is_taken_back(books: Books) -> None:
    """Ours leave what the remaining 7,000.70 earn by themselves, 800.11; Tryton leaves 1,050.13."""
    names = ("returned in part", "returned in part, credited")
    assert books.of(books.tryton, *names) == [Decimal("1550.1800"), Decimal("-500.0500")]
    assert books.of(books.by_deal, *names) == [Decimal("1550.18"), Decimal("-750.07")]


def test_a_deal_whose_unpaid_invoice_is_cancelled(books: Books) -> None:
    """In ours a cancelled invoice is none, and its credit note takes back nothing; Tryton leaves 350.06 here too."""
    names = ("cancelled", "cancelled, credited")
    assert books.of(books.tryton, *names) == [Decimal("1550.1800"), Decimal("-1200.1200")]
    assert books.of(books.by_deal, *names) == []


@pytest.mark.parametrize("name", ["paid in parts", "paid in euros", "unpaid"])
def test_commission_on_payment_is_due_when_tryton_says(books: Books, name: str) -> None:
    due = [pay for pay in books.tryton if pay.is_due]
    assert books.received(name) == cents(sum(books.of(due, name), Decimal(0)))
    assert sum(books.of(books.tryton, name)) > 0, "known from the invoice on"


def test_an_invoice_that_is_paid_in_part(books: Books) -> None:
    """Tryton waits for the last cent; ours pay for what has come in: 833.34 of it net of taxes."""
    due = [pay for pay in books.tryton if pay.is_due]
    assert books.of(due, "paid in part") == []
    assert books.of(books.tryton, "paid in part") == [Decimal("172.8398"), Decimal("6.9993")]
    assert books.received("paid in part") == Decimal("58.33")


def test_commission_on_payment_of_a_cancelled_deal(books: Books) -> None:
    """A flat rate takes back what it gave, so both end at nothing."""
    names = ("unpaid, cancelled", "unpaid, cancelled, credited")
    assert sum(books.of(books.tryton, *names)) == 0
    assert books.of(books.by_deal, *names) == []


def test_a_converted_amount_that_is_rounded_first(books: Books) -> None:
    """801.22 dollars are 721.098 euros, of which Tryton pays 5 %; ours round to 721.10 before: at most a cent apart."""
    assert books.of(books.tryton, "a cent") == [Decimal("36.0549")]
    assert books.of(books.by_deal, "a cent") == [Decimal("36.06")]
