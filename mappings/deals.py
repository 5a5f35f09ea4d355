"""Which records make up one deal: joined by the keys that they state, by nothing else.

Keys point from later kinds of document to earlier ones (a receipt to its invoice or, as a refund, to a credit note, an
invoice to its orders, an order to its opportunity), so one walk in the order of the chain joins all of them, whatever
order they arrived in.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from mappings.records import (
    CanonicalRecord,
    Contract,
    CreditNote,
    Invoice,
    Key,
    Lead,
    Line,
    Opportunity,
    Order,
    Quote,
    Receipt,
    RepCommission,
)

Member: TypeAlias = tuple[str, Key]


class Dangling(NamedTuple):
    """A key that ``holder`` states although no record has it (yet)."""

    holder: Member
    missing: Member


class Deal(NamedTuple):
    """The records of one deal, in the order of the chain and then of their keys.

    ``ref`` is the opportunity's, or ``{kind}:{ref}`` of the first document where no opportunity is stated.
    ``dangling``: what its members point at and nobody has. A document that bills or settles documents of
    several deals is a member of each of them; its lines then say which of them they belong to.
    """

    source: str
    ref: str
    members: tuple[Member, ...]
    dangling: tuple[Dangling, ...] = ()

    @property
    def deal_id(self) -> str:
        return f"{self.source}:{self.ref}"


_Identity: TypeAlias = tuple[str, str, str]  # kind, source, ref
_DealKey: TypeAlias = tuple[str, str]  # source, ref
_Target: TypeAlias = tuple[tuple[str, ...], Key]  # a key, and the kinds of record that it may be of
_Choice: TypeAlias = Sequence[_Target]


class _Link(NamedTuple):
    """How a kind finds its deals: the first of ``choices`` of which a document is there decides."""

    kind: str
    choices: Callable[..., Iterable[_Choice]]
    starts_deal: bool = True


def join(records: Iterable[CanonicalRecord]) -> Iterator[Deal]:
    """The deals of all records, ordered by key; the order of the records is of no consequence.

    Leads and other systems' commissions belong to the deal that they point at, and make none of their own. Records
    outside the chain (customers, products …) are passed over.
    """
    by_kind = _sorted_by_kind(records)
    quotes_of = _quotes_by_contract(by_kind["quote"])
    deals_of: dict[_Identity, tuple[_DealKey, ...]] = {}
    members: dict[_DealKey, list[Member]] = defaultdict(list)
    dangling: dict[_DealKey, list[Dangling]] = defaultdict(list)
    for link in _CHAIN.values():
        for record in by_kind[link.kind]:
            member = (link.kind, record.key)
            choices = list(link.choices(record))
            if link.kind == "contract":
                choices.extend(_one(key, "quote") for key in quotes_of.get(record.key, ()))
            found = _found(choices, deals_of) or _own(link, record)
            deals_of[_identity(*member)] = found
            missing = [Dangling(member, target) for target in _missing(choices, deals_of)]
            for deal in found:
                members[deal].append(member)
                dangling[deal].extend(missing)
    for source, ref in sorted(members):
        yield Deal(source, ref, tuple(members[source, ref]), tuple(dangling.get((source, ref), ())))


def _sorted_by_kind(records: Iterable[CanonicalRecord]) -> dict[str, list[CanonicalRecord]]:
    by_kind: dict[str, list[CanonicalRecord]] = defaultdict(list)
    for record in records:
        link = _CHAIN.get(type(record))
        if link is not None:
            by_kind[link.kind].append(record)
    for kind_records in by_kind.values():
        kind_records.sort(key=lambda record: (record.source, record.ref))
    return by_kind


def _quotes_by_contract(quotes: Iterable[CanonicalRecord]) -> dict[Key, list[Key]]:
    """The one pair of kinds that systems tie from either end: Salesforce's contracts do not name their quotes."""
    found: dict[Key, list[Key]] = defaultdict(list)
    for quote in quotes:
        if isinstance(quote, Quote) and quote.contract_key is not None:
            found[quote.contract_key].append(quote.key)
    return found


def _identity(kind: str, key: Key) -> _Identity:
    return (kind, key.source, key.ref)


def _found(choices: Iterable[_Choice], deals_of: dict[_Identity, tuple[_DealKey, ...]]) -> tuple[_DealKey, ...]:
    for choice in choices:
        deals = {deal for target in choice for deal in _deals_of(target, deals_of)}
        if deals:
            return tuple(sorted(deals))
    return ()


def _deals_of(target: _Target, deals_of: dict[_Identity, tuple[_DealKey, ...]]) -> tuple[_DealKey, ...]:
    """Those of the first kind that has the key: systems may number each kind of document for itself."""
    kinds, key = target
    return next((deals_of[found] for kind in kinds if (found := _identity(kind, key)) in deals_of), ())


def _missing(choices: Iterable[_Choice], deals_of: dict[_Identity, tuple[_DealKey, ...]]) -> list[Member]:
    targets = dict.fromkeys(target for choice in choices for target in choice)
    return [(kinds[0], key) for kinds, key in targets if not any(_identity(kind, key) in deals_of for kind in kinds)]


def _own(link: _Link, record: CanonicalRecord) -> tuple[_DealKey, ...]:
    if link.kind == "opportunity":
        return ((record.source, record.ref),)
    return ((record.source, f"{link.kind}:{record.ref}"),) if link.starts_deal else ()


def _one(key: Key | None, *kinds: str) -> _Choice:
    return () if key is None else ((kinds, key),)


def _several(keys: Iterable[Key], *kinds: str) -> _Choice:
    return tuple((kinds, key) for key in keys)


def _origins(lines: Iterable[Line]) -> list[Key]:
    return [line.origin_key for line in lines if line.origin_key is not None]


def _nothing(_: Opportunity) -> Iterable[_Choice]:
    return ()


def _of_opportunity(record: Lead | Quote) -> Iterable[_Choice]:
    yield _one(record.opportunity_key, "opportunity")


def _of_contract(contract: Contract) -> Iterable[_Choice]:
    yield _one(contract.opportunity_key, "opportunity")
    yield _one(contract.quote_key, "quote")


def _of_order(order: Order) -> Iterable[_Choice]:
    yield _one(order.opportunity_key, "opportunity")
    yield _one(order.contract_key, "contract")
    yield _one(order.quote_key, "quote")


def _of_invoice(invoice: Invoice) -> Iterable[_Choice]:
    yield _several([*invoice.order_keys, *_origins(invoice.lines)], "order")
    yield _one(invoice.opportunity_key, "opportunity")


def _of_receipt(receipt: Receipt) -> Iterable[_Choice]:
    yield _several([allocation.invoice_key for allocation in receipt.allocations], "invoice", "credit_note")


def _of_credit_note(note: CreditNote) -> Iterable[_Choice]:
    named = [] if note.invoice_key is None else [note.invoice_key]
    yield _several([*named, *_origins(note.lines)], "invoice")
    yield _one(note.opportunity_key, "opportunity")


def _of_commission(commission: RepCommission) -> Iterable[_Choice]:
    yield _one(commission.invoice_key, "invoice", "credit_note")


# In the order of the chain: a kind points only at kinds above it, so keys cannot go round in a circle.
_CHAIN: dict[type[CanonicalRecord], _Link] = {
    Opportunity: _Link("opportunity", _nothing),
    Lead: _Link("lead", _of_opportunity, starts_deal=False),
    Quote: _Link("quote", _of_opportunity),
    Contract: _Link("contract", _of_contract),
    Order: _Link("order", _of_order),
    Invoice: _Link("invoice", _of_invoice),
    CreditNote: _Link("credit_note", _of_credit_note),
    Receipt: _Link("receipt", _of_receipt),
    RepCommission: _Link("rep_commission", _of_commission, starts_deal=False),
}
