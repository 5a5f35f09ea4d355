"""Commissions side by side: Tryton's own, and our earnings on the same documents as they arrive in our warehouse."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import polars as pl
from pydantic import SecretStr

from bonusbridge.configuration import Configuration, SourceConfiguration
from bonusbridge.wiring import open_jobs
from compensation import Facts, Plan, calculate
from tests.tryton_lab import TrytonLab
from warehouse import migrations
from warehouse.database import open_database, reading
from warehouse.facts import read_facts


class Pay(NamedTuple):
    """What a payee earns by a line of an invoice or credit note, or by a receipt (line 0), in the payee's currency.

    ``is_due`` is Tryton's: it may be paid by now.
    """

    payee_id: str
    document: str
    line: int
    amount: Decimal
    is_due: bool = True


@dataclass(frozen=True)
class Books:
    """What Tryton has paid, and what our plans pay; ``invoices`` and credit notes by the names that tests give them.

    ``literal_plans`` look at every line by itself, as Tryton's formulas do.
    """

    invoices: Mapping[str, int]
    tryton: Sequence[Pay]
    facts: Facts
    plans: Sequence[Plan]
    literal_plans: Sequence[Plan]

    @cached_property
    def by_deal(self) -> list[Pay]:
        """Our earnings, the positions of a deal running together over all its invoices and credit notes."""
        return self._earned(self.plans, self.facts.transactions)

    @cached_property
    def to_the_letter(self) -> list[Pay]:
        """Our earnings if each line of an invoice or credit note begins from zero."""
        return self._earned(self.literal_plans, self.facts.transactions)

    def by_line_and_payee(self, pays: Iterable[Pay], name: str) -> dict[tuple[int, str], Decimal]:
        """The amounts of an invoice or credit note, to the cent."""
        document = self._document(name)
        return {(pay.line, pay.payee_id): cents(pay.amount) for pay in pays if pay.document == document}

    def of(self, pays: Iterable[Pay], *names: str) -> list[Decimal]:
        """The amounts of these invoices and credit notes, in the order of their lines."""
        documents = [self._document(name) for name in names]
        found = sorted((pay for pay in pays if pay.document in documents), key=lambda pay: pay.line)
        return [pay.amount for pay in found]

    def received(self, name: str) -> Decimal:
        """What the money that came in for the invoice's deal earns in ours."""
        own = pl.col("transaction_id").str.starts_with(f"erp:{self._document(name)}:")
        (deal_id,) = self.facts.transactions.filter(own)["deal_id"].unique()
        of_deal = self.facts.transactions.filter(pl.col("deal_id") == deal_id)
        receipts = [pay for pay in self._earned(self.plans, of_deal) if pay.document.startswith("receipt")]
        return sum((pay.amount for pay in receipts), Decimal(0))

    def _earned(self, plans: Sequence[Plan], transactions: pl.DataFrame) -> list[Pay]:
        earned = calculate(replace(self.facts, transactions=transactions), plans, as_of=_today()).lines
        rows = earned.select("payee_id", "transaction_id", "earning_minor").iter_rows()
        return [_pay(*row) for row in rows]

    def _document(self, name: str) -> str:
        return f"{'return' if name.endswith('credited') else 'invoice'}:{self.invoices[name]}"


def _pay(payee_id: str, transaction_id: str, minor: int) -> Pay:
    _, kind, ref, line = transaction_id.split(":")
    return Pay(payee_id, f"{kind}:{ref}", int(line), Decimal(minor).scaleb(-2))


def cents(amount: Decimal) -> Decimal:
    """Tryton's four places, rounded as we round."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def read_commissions(lab: TrytonLab) -> list[Pay]:
    """All rows of Tryton's model ``commission``."""
    names = ["agent.party", "amount", "base_amount", "date", "origin", "origin.invoice"]
    rows = lab.call("model.commission.search_read", [], 0, None, None, names)
    return [
        Pay(
            payee_id=f"erp:{row['agent.']['party']}",
            document=f"{_kind(row['base_amount']['decimal'])}:{row['origin.']['invoice']}",
            line=int(row["origin"].removeprefix("account.invoice.line,")),
            amount=Decimal(row["amount"]["decimal"]),
            is_due=row["date"] is not None,
        )
        for row in rows
    ]


def _kind(base: str) -> str:
    return "return" if Decimal(base) < 0 else "invoice"


def read_facts_of(lab: TrytonLab, folder: Path, plan: Path) -> Facts:
    """What our jobs make of the lab: read by the connector, mapped, joined into deals, stored and read back."""
    url = f"sqlite:///{folder / 'warehouse.db'}"
    engine = open_database(url)
    migrations.upgrade(engine)
    access = {"url": lab.url, "database": lab.database, "username": lab.username, "password": SecretStr(lab.password)}
    source = SourceConfiguration(connector="tryton", mapping="tryton", settings=access)
    configured = Configuration(database=url, worker_id="test", plans=(plan,), sources={"erp": source})
    with open_jobs(configured, folder) as runner:
        outcome = runner.run("refresh")
    assert (outcome["failures"], outcome["rejected"]) == ([], 0)
    with reading(engine) as connection:
        frames = read_facts(connection, as_of=_today())
    engine.dispose()
    return Facts(**frames)


def _today() -> date:
    """Tryton goes by the real clock."""
    return datetime.now(UTC).date()
