"""Small companies: what somebody earned and which documents came in, written as a bookkeeper would, and settled."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, TypedDict, Unpack

import polars as pl

from compensation import Facts, Plan, parse_plan
from compensation.facts.schemas import SCHEMAS
from compensation.payments.settlement import Settlement, settle

REP = "crm:rep"
DEAL = "crm:deal"
AS_OF = date(2026, 12, 31)

_LINES: dict[str, Any] = {
    **dict.fromkeys(("transaction_id", "deal_id", "payee_id", "plan", "plan_version", "component", "role"), pl.String),
    **dict.fromkeys(("party", "via_payee_id", "document_id", "reverses_id", "period_label", "currency"), pl.String),
    **dict.fromkeys(("dated_on", "credited_on"), pl.Date),
    **dict.fromkeys(("instalment", "earning_minor"), pl.Int64),
}
_OPENINGS: dict[str, Any] = {
    **dict.fromkeys(("payee_id", "plan", "plan_version", "component", "period_label", "currency", "kind"), pl.String),
    "earned_on": pl.Date,
    "earning_minor": pl.Int64,
}


Row = dict[str, str | date | int | None]


class Known(TypedDict, total=False):
    """What else is known: assignments (one rep unless given), rates, and what earlier closes posted and paid."""

    assignments: Sequence[Row]
    rates: Sequence[tuple[str, str, date, str]]
    posted: Sequence[tuple[str | int | None, ...]]
    paid: Sequence[tuple[str | int, ...]]
    holds: Sequence[tuple[str | date | None, ...]]


class Document(NamedTuple):
    """A transaction, and what it earns each payee of ``earns`` (nobody: nothing), in minor units."""

    id: str
    kind: str
    on: date
    revenue: int = 0
    earns: int | dict[str, int] = 0
    reverses: str | None = None
    document: str | None = None
    settles: str | None = None
    deal: str = DEAL
    currency: str = "USD"

    @property
    def earned(self) -> dict[str, int]:
        return self.earns if isinstance(self.earns, dict) else {REP: self.earns}


INVOICE = Document("i", "invoice", date(2026, 1, 10), 10_000, 1_000)
RATES = [("USD", "EUR", date(2026, 1, 1), "0.9"), ("USD", "EUR", date(2026, 2, 1), "0.8")]
ON_RECEIPT = "release: [{when: received}]"


class Earnings(NamedTuple):
    lines: pl.DataFrame
    openings: pl.DataFrame


def plan(component: str = "", terms: str = "", *, extra: str = "", starts: str = "2026-01-01") -> Plan:
    """A plan with one component, its release and clawback as flow mappings, and terms of payment."""
    return parse_plan(
        f"""\
plan: Sales
currency: USD
effective: {{from: {starts}}}
applies_to: {{titles: Rep}}
{extra}
components:
  - component: commission
    credited_on: invoice
    period: month
    payout: {{rate: 10%}}
    {component}
{f"payments: {terms}" if terms else ""}
""",
        "plan.yaml",
    )


def assignment(payee_id: str = REP, **given: str | date) -> Row:
    """An assignment as a rep, since the year began unless given."""
    empty = dict.fromkeys(SCHEMAS["assignments"])
    return {**empty, "payee_id": payee_id, "name": payee_id, "title": "Rep", "from_on": date(2026, 1, 1), **given}


def facts_of(documents: Sequence[Document] = (), **known: Unpack[Known]) -> Facts:
    rows = [_transaction(place, each) for place, each in enumerate(documents)]
    posted = [(*each, None) if len(each) == 9 else each for each in known.get("posted", ())]
    return Facts(
        transactions=_frame("transactions", rows),
        participants=_frame("participants"),
        assignments=_frame("assignments", known.get("assignments", [assignment()])),
        quotas=_frame("quotas"),
        rates=_frame("rates", known.get("rates", ())),
        currencies=_frame("currencies", [("USD", 2), ("EUR", 2), ("JPY", 0)]),
        deals=_frame("deals"),
        posted=_frame("posted", posted),
        paid=_frame("paid", known.get("paid", ())),
        holds=_frame("holds", known.get("holds", ())),
    )


def earnings_of(
    documents: Sequence[Document], of: Plan, openings: Sequence[tuple[date, int]] = (), component: str = "commission"
) -> Earnings:
    """The calculation's lines of the documents, and openings (day, earned) of the rep."""
    rule = (of.name, of.version, component)
    origins = {each.id: each.on for each in documents}
    lines = [
        (
            *(each.id, each.deal, payee, *rule, "AE", "owner", None, each.document, each.reverses),
            *(f"{origins.get(each.reverses or each.id, each.on):%Y-%m}", of.currency, each.on, each.on, 0, minor),
        )
        for each in documents
        for payee, minor in each.earned.items()
        if minor
    ]
    opened = [(REP, *rule, f"{day:%Y-%m}", of.currency, "opening", day, minor) for day, minor in openings]
    return Earnings(
        pl.DataFrame(lines, schema=_LINES, orient="row"), pl.DataFrame(opened, schema=_OPENINGS, orient="row")
    )


def settled(
    documents: Sequence[Document],
    of: Plan,
    *,
    as_of: date = AS_OF,
    openings: Sequence[tuple[date, int]] = (),
    known: Known | None = None,
) -> Settlement:
    """The settlement of documents under a plan, with what else is known (see :func:`facts_of`)."""
    happened = [each for each in documents if each.on <= as_of]
    return settle(earnings_of(happened, of, openings), facts_of(documents, **(known or {})), [of], as_of=as_of)


def released(settlement: Settlement) -> list[tuple[str, str, int]]:
    """Day, moment and minor units of each release."""
    rows = settlement.releases.sort("released_on", maintain_order=True)
    return [
        (str(day), moment, minor)
        for day, moment, minor in rows.select("released_on", "moment", "release_minor").iter_rows()
    ]


def waiting(settlement: Settlement) -> list[tuple[str, str | None, int]]:
    """Moment, expected day and minor units of what waits."""
    rows = settlement.waiting.select("waits_for", "expected_on", "waiting_minor").iter_rows()
    return [(moment, day and str(day), minor) for moment, day, minor in rows]


def columns(settlement: Settlement, *names: str) -> list[tuple[Any, ...]]:
    """Columns of the payments, without their suffix, period by period."""
    return settlement.payments.select(name if name == "period_label" else f"{name}_minor" for name in names).rows()


def _transaction(place: int, each: Document) -> Row:
    return {
        **dict.fromkeys(SCHEMAS["transactions"]),
        "transaction_id": each.id,
        "deal_id": each.deal,
        "kind": each.kind,
        "dated_on": each.on,
        "posting_sequence": place,
        "source": "erp",
        "source_ref": each.id,
        "currency": each.currency,
        "revenue_minor": each.revenue,
        "quantity_millionths": 1_000_000,
        "reverses_id": each.reverses,
        "document_id": each.document,
        "settles_id": each.settles,
    }


def _frame(name: str, rows: Sequence[Any] = ()) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMAS[name], orient="row")
