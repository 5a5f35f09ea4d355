"""Parties: whom a document credits under a component, with which part of the whole."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from compensation.plans.components import Component, Covering, CreditTo, WhenLeft
from tests.compensation.oracle.company import CUSTOMER, Company, Row, contains
from tests.compensation.oracle.documents import Document
from tests.compensation.oracle.numbers import MILLION


class Party(NamedTuple):
    """``low`` to ``high`` is the part of the whole, in millionths; ``precedence`` that of who covers it."""

    payee: str
    role: str
    party: str
    via: str | None
    low: Fraction | int
    high: Fraction | int
    level: int = 0
    precedence: int = 0

    @property
    def order(self) -> tuple[int, int, str, Fraction | int, str, str]:
        """Owner by owner, each followed by the managers above; then overlays, who covers it, and the customer."""
        place = _LATER.index(self.party) if self.party in _LATER else -1
        return place, self.precedence, self.via or self.payee, self.low, self.party, self.payee


_LATER = ("overlay", "coverage", "customer")


def parties(company: Company, component: Component, document: Document) -> list[Party]:
    """Those whom the document credits, in their order."""
    return sorted(_parties(company, component, document), key=lambda party: party.order)


def _parties(company: Company, component: Component, document: Document) -> Iterator[Party]:
    if component.role_shares:
        yield from _by_role(company, component, document)
        return
    people = company.participants(document.seen["deal_id"])
    owners = [row for row in people if not row["is_overlay"]]
    yield from _owners(company, component, document, owners)
    if CreditTo.OVERLAYS in component.credit_to:
        for row in people:
            if row["is_overlay"] and _has_role(component, row["role"]):
                yield Party(row["payee_id"], row["role"], "overlay", None, 0, row["share"])
    if CreditTo.COVERAGE in component.credit_to:
        yield from _covering(company, component, document)
    if CreditTo.CUSTOMER in component.credit_to and document.seen["customer"] is not None:
        yield Party(CUSTOMER + document.seen["customer"], "customer", "customer", None, 0, MILLION)


def _has_role(component: Component, role: str) -> bool:
    return not component.roles or role in component.roles


def _present(company: Company, component: Component, document: Document, payee: str) -> str:
    """Whoever stands in on that day for somebody who has left, if the component says so."""
    if component.when_left is WhenLeft.SUCCESSOR:
        return company.successor(payee, document.credited_on)
    return payee


def _owners(company: Company, component: Component, document: Document, owners: list[Row]) -> Iterator[Party]:
    whole = sum(row["share"] for row in owners)
    if whole > MILLION or (whole < MILLION and component.remainder_to is None):
        return
    running = 0
    for row in owners:
        low, running = running, running + row["share"]
        payee = _present(company, component, document, row["payee_id"])
        if _has_role(component, row["role"]):
            yield from _with_managers(
                company, component, document, Party(payee, row["role"], "owner", None, low, running)
            )
    if component.remainder_to is not None and running < MILLION and _has_role(component, "remainder"):
        payee = _present(company, component, document, component.remainder_to)
        rest = Party(payee, "remainder", "owner", None, running, MILLION)
        yield from _with_managers(company, component, document, rest)


def _with_managers(company: Company, component: Component, document: Document, owner: Party) -> Iterator[Party]:
    if CreditTo.OWNERS in component.credit_to:
        yield owner
    for level, manager in enumerate(company.managers(owner.payee, document.credited_on)):
        wants_direct = CreditTo.DIRECT_MANAGER in component.credit_to and level == 0
        if wants_direct or CreditTo.ALL_MANAGERS in component.credit_to:
            party = "upper_manager" if level else "direct_manager"
            yield Party(manager, "manager", party, owner.payee, owner.low, owner.high, level + 1)


def _by_role(company: Company, component: Component, document: Document) -> Iterator[Party]:
    """Fixed shares, one role after another, equal among people of one role; the first one's manager comes last."""
    people = company.participants(document.seen["deal_id"])
    running, first = Fraction(0), None
    for role, share in component.role_shares.items():
        members = sorted({row["payee_id"] for row in people if row["role"] == role})
        for payee in members:
            part = share.value * MILLION / len(members)
            yield Party(payee, role, "owner", None, running, running + part)
            first, running = first or payee, running + part
    of_manager = component.role_shares.get("manager")
    above = next(company.managers(first, document.credited_on), None) if first is not None else None
    reserved = of_manager.value * MILLION if of_manager is not None else 0
    if of_manager is not None and above is not None:
        yield Party(above, "manager", "direct_manager", first, running, running + reserved, 1)
    if component.remainder_to is not None and running + reserved < MILLION:
        yield Party(component.remainder_to, "remainder", "owner", None, running + reserved, MILLION)


_COVERED = ("customer", "product", "product_family", "region", "channel")


def _covering(company: Company, component: Component, document: Document) -> Iterator[Party]:
    rows = [
        row
        for row in company.rows.get("coverage", ())
        if contains(row, document.credited_on)
        and _has_role(component, row["role"])
        and all(row[name] is None or row[name] == document.seen[name] for name in _COVERED)
    ]
    if component.covering is Covering.FIRST and rows:
        first = min(row["precedence"] for row in rows)
        rows = [row for row in rows if row["precedence"] == first]
    for row in sorted(rows, key=lambda row: (row["precedence"], row["payee_id"], row["role"])):
        payee, role, share = row["payee_id"], row["role"], row["share_millionths"]
        yield Party(payee, role, "coverage", None, 0, share, precedence=row["precedence"])
