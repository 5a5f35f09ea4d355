"""Deals: which records belong together, as they were joined by the keys that they state."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Named, Table, TypedColumns, select

from mappings.deals import Deal
from mappings.records import Key
from warehouse.database import bulk
from warehouse.database.columns import METADATA

Member = tuple[str, str, str]
"""Kind, source and ref of a record."""


class DealColumns(TypedColumns):
    deal_id: Named[str] = Column(primary_key=True)
    source: Named[str]
    ref: Named[str]


DEALS = Table("deals", METADATA, DealColumns)


class DealMemberColumns(TypedColumns):
    deal_id: Named[str] = Column(ForeignKey(DEALS.c.deal_id, ondelete="CASCADE"), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    kind: Named[str]
    source: Named[str]
    ref: Named[str]


MEMBERS = Table("deal_members", METADATA, DealMemberColumns, Index(None, "kind", "source", "ref"))


def replace(connection: Connection, deals: Iterable[Deal]) -> set[str]:
    """These are all deals there are. Writes only what differs; returns the ids of deals that are new, other or gone."""
    wanted = {deal.deal_id: deal for deal in deals}
    members = {deal_id: [(kind, key.source, key.ref) for kind, key in deal.members] for deal_id, deal in wanted.items()}
    known = read_members(connection)
    changed = {deal_id for deal_id, found in members.items() if known.get(deal_id) != found}
    gone = known.keys() - wanted.keys()
    bulk.delete(connection, DEALS, ("deal_id",), [(deal_id,) for deal_id in gone])
    bulk.delete(connection, MEMBERS, ("deal_id",), [(deal_id,) for deal_id in changed])
    new = sorted(changed - known.keys())
    bulk.insert(connection, DEALS, ("deal_id", "source", "ref"), ((i, wanted[i].source, wanted[i].ref) for i in new))
    rows = (
        (deal_id, position, *member) for deal_id in sorted(changed) for position, member in enumerate(members[deal_id])
    )
    bulk.insert(connection, MEMBERS, ("deal_id", "position", "kind", "source", "ref"), rows)
    return changed | gone


def read_members(connection: Connection) -> dict[str, list[Member]]:
    """The members of every deal, in the order of the chain."""
    columns = MEMBERS.c
    found: defaultdict[str, list[Member]] = defaultdict(list)
    rows = select(columns.deal_id, columns.kind, columns.source, columns.ref).order_by(
        columns.deal_id, columns.position
    )
    for deal_id, kind, source, ref in bulk.fetch(connection, rows):
        found[deal_id].append((kind, source, ref))
    return dict(found)


def deals_of(connection: Connection, kind: str, key: Key) -> list[str]:
    """The ids of the deals that a record belongs to."""
    columns = MEMBERS.c
    place = (columns.kind == kind, columns.source == key.source, columns.ref == key.ref)
    return list(connection.scalars(select(columns.deal_id).where(*place).order_by(columns.deal_id)))
