"""Generated histories: what earlier closes posted and paid by what was known then, which is not what is known now."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from compensation import Plan
from compensation.plans.periods import Period
from tests.compensation.oracle import Settled, reckon, settle_up
from tests.compensation.oracle.company import Row
from tests.compensation.oracle.paying import Payment
from tests.compensation.worlds.companies import CUSTOMERS, LAST, REPS, Rows

_CLOSES = (
    (date(2026, 4, 30),),
    (date(2026, 6, 30),),
    (date(2026, 3, 31), date(2026, 8, 31)),
    (date(2026, 5, 31), date(2026, 12, 31)),
)


def with_payers(random: Random, rows: Rows) -> Rows:
    """The company with receipts that name invoices, invoices of several lines, changes of currency, and holds."""
    by_deal: dict[str, list[Row]] = defaultdict(list)
    for row in rows["transactions"]:
        by_deal[row["deal_id"]].append(row)
    added = [row for own in by_deal.values() for row in _paid_for(random, own)]
    rows["transactions"] += added
    for row in rows["assignments"]:
        if random.random() < 0.2:
            row["pay_currency"] = random.choice((None, "USD", "EUR", "JPY"))
        if random.random() < 0.2:
            row["hired_on"] = random.choice((None, row["from_on"]))
    rows["holds"] = [hold for deal in random.sample(sorted(by_deal), 6) for hold in _holds(random, by_deal[deal])]
    return rows


def _paid_for(random: Random, own: list[Row]) -> list[Row]:
    """More receipts of a deal; and which invoices all of them pay, if that is known there."""
    invoices = [row for row in own if row["kind"] == "invoice"]
    for row in invoices[1:]:
        if random.random() < 0.3:
            row["document_id"] = invoices[0]["document_id"]
    added = [_receipt(random, row) for row in invoices if random.random() < 0.4]
    receipts = [*(row for row in own if row["kind"] == "receipt"), *added]
    if random.random() < 0.5 and invoices:
        for row in receipts:
            row["settles_id"] = random.choice(invoices)["document_id"] if random.random() < 0.8 else None
    return added


def _receipt(random: Random, invoice: Row) -> Row:
    name = f"{invoice['transaction_id']}-p"
    part = random.choice((1, 1, 2))
    day = min(date(2026, 12, 31), invoice["dated_on"] + timedelta(days=random.randrange(120)))
    paid = {"revenue_minor": invoice["revenue_minor"] // part, "margin_minor": 0, "settles_id": invoice["document_id"]}
    named = {"transaction_id": name, "source_ref": name, "document_id": f"doc-{name}"}
    return {**invoice, **named, **paid, "kind": "receipt", "dated_on": day, "posting_sequence": 5}


def _holds(random: Random, own: list[Row]) -> Iterator[Row]:
    """A hold of a deal or of one of its documents, and at times another one that ends later."""
    start = date(2026, random.randrange(1, 11), random.choice((1, 10)))
    ends = start + timedelta(days=random.randrange(1, 80))
    last = random.choice((None, LAST, ends + timedelta(days=7), ends + timedelta(days=60)))
    for number, (first, end) in enumerate(random.choice((((start, last),), ((start, ends), (ends, last))))):
        yield {
            "deal_id": own[0]["deal_id"],
            "document_id": random.choice((None, random.choice(own)["document_id"])),
            "from_on": first - timedelta(days=random.choice((0, 7))),
            "to_on": end,
            "author": "m0",
            "reason": f"reason {number}",
        }


def with_history(random: Random, rows: Rows, plans: Sequence[Plan], as_of: date) -> Rows:
    """The rows with what one or two closes up to the day posted and paid."""
    closed = random.sample(sorted({plan.name for plan in plans}), k=max(1, len({plan.name for plan in plans}) * 2 // 3))
    own = [plan for plan in plans if plan.name in closed]
    history: Rows = {"posted": [], "paid": []}
    is_recorded = {name: random.random() < 0.6 for name in closed}
    for day in random.choice([closes for closes in _CLOSES if closes[-1] <= as_of]):
        known = {**_known_then(random, rows, day), **history}
        settled = settle_up(reckon(known, own, day), known, own, day)
        history = _closed(settled, history, day, is_recorded)
    forgotten = {name: random.random() for name in closed}
    history["posted"] = [row for row in history["posted"] if forgotten[row["plan"]] > 0.1]
    history["paid"] = [row for row in history["paid"] if forgotten[row["plan"]] < 0.9]
    return {**rows, **history}


def _known_then(random: Random, rows: Rows, day: date) -> Rows:
    """Some documents were not known yet, some had other amounts or customers, and some deals other owners."""
    unknown = {row["transaction_id"] for row in rows["transactions"] if random.random() < 0.06}
    transactions = []
    for row in rows["transactions"]:
        if {row["transaction_id"], row["reverses_id"]} & unknown:
            continue
        known = dict(row)
        if random.random() < 0.08 and row["kind"] != "return":
            known["revenue_minor"] += random.randrange(-(row["revenue_minor"] // 3), 9_000)
        if random.random() < 0.04:
            known["customer"] = random.choice(CUSTOMERS)
        if random.random() < 0.04:
            known["dated_on"] = min(day, row["dated_on"] + timedelta(days=random.randrange(40)))
        transactions.append(known)
    moved = {row["deal_id"] for row in rows["participants"] if random.random() < 0.05}
    participants = [
        {**row, "payee_id": random.choice(REPS)} if row["deal_id"] in moved and not row["is_overlay"] else row
        for row in rows["participants"]
    ]
    holds = [row for row in rows["holds"] if random.random() < 0.7]
    return {**rows, "transactions": transactions, "participants": participants, "holds": holds}


def _closed(settled: Settled, before: Rows, day: date, is_recorded: dict[str, bool]) -> Rows:
    """History after the close of every period that has ended by the day."""
    ended = [each for each in settled.payments if each.period.end <= day + timedelta(days=1)]
    latest = {each.plan.name: each.period for each in sorted(ended, key=lambda each: each.period.start)}
    posted = _posted(settled, before["posted"], latest, is_recorded)
    return {"posted": [*before["posted"], *posted], "paid": [*before["paid"], *map(_paid, ended)]}


_LINE = ("payee_id", "plan", "component", "transaction_id", "party", "period_label")


def _posted(
    settled: Settled, before: list[Row], latest: dict[str, Period], is_recorded: dict[str, bool]
) -> Iterator[Row]:
    """What of closed lines differs from what had been posted: earned, and where that is recorded, released."""
    earned: dict[tuple[str, ...], int] = defaultdict(int)
    released: dict[tuple[str, ...], int] = defaultdict(int)
    currencies: dict[tuple[str, ...], str] = {}
    for row in before:
        line = tuple(row[name] for name in _LINE)
        earned[line] -= row["earning_minor"]
        released[line] -= row["released_minor"] or 0
        currencies[line] = row["currency"]
    for piece in settled.pieces:
        if piece.plan.name in latest and piece.day < latest[piece.plan.name].end:
            earned[piece.line] += piece.earning
            currencies[piece.line] = piece.plan.currency
    for each in (converted.released for converted in settled.releases):
        if each.piece.plan.name in latest and each.day < latest[each.piece.plan.name].end:
            released[each.piece.line] += each.minor
    for line, minor in earned.items():
        name = line[1]
        recorded = released[line] if is_recorded[name] else None
        if name in latest and (minor or recorded):
            values = {"posted_in": latest[name].label, "earning_minor": minor, "released_minor": recorded}
            yield {**dict(zip(_LINE, line, strict=True)), **values, "currency": currencies[line]}


def _paid(payment: Payment) -> Row:
    amounts = {"paid_minor": payment.paid, "owed_minor": payment.owed, "carried_minor": payment.carried_out}
    place = {"payee_id": payment.payee, "plan": payment.plan.name, "period_label": payment.period.label}
    return {**place, **amounts, "currency": payment.currency}
