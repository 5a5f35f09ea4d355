"""Who takes part in deals: those who share an opportunity, own it, or stand on an order."""

from sqlalchemy import CTE, ColumnElement, FromClause, exists, func, or_, select, true, union

from warehouse.canonical.deals import MEMBERS
from warehouse.canonical.tables import KINDS, child, payee_id

EMPLOYEES = KINDS["employee"].table
ASSIGNMENTS = child("employee", "assignments")
OPPORTUNITIES = KINDS["opportunity"].table
SHARES = child("opportunity", "shares")
ORDERS = KINDS["order"].table

_OF_OPPORTUNITY = (SHARES.c.opportunity_source == OPPORTUNITIES.c.source) & (
    SHARES.c.opportunity_ref == OPPORTUNITIES.c.ref
)


def participants(deal_id: ColumnElement[str] | None = None) -> CTE:
    """deal_id, payee_id of all who take part in deals (or in the one named): see ``warehouse.facts`` for the rule."""
    opportunity = MEMBERS.join(OPPORTUNITIES, _is_member(MEMBERS, "opportunity", OPPORTUNITIES))
    shared = opportunity.join(SHARES, _OF_OPPORTUNITY)
    order = MEMBERS.join(ORDERS, _is_member(MEMBERS, "order", ORDERS))
    parts = [
        select(MEMBERS.c.deal_id, payee_id(table, prefix).label("payee_id"))
        .select_from(source)
        # Said in each part: a database may not look into a union with a condition from outside it.
        .where(takes_part, true() if deal_id is None else MEMBERS.c.deal_id == deal_id)
        for source, table, prefix, takes_part in (
            (opportunity, OPPORTUNITIES, "owner_", ~exists().where(_OF_OPPORTUNITY, ~SHARES.c.is_overlay)),
            (shared, SHARES, "employee_", true()),
            (order, ORDERS, "employee_", ORDERS.c.employee_ref.is_not(None) & ~_decided_before_the_order()),
        )
    ]
    return union(*parts).cte("participants")


def _is_member(members: FromClause, kind: str, table: FromClause) -> ColumnElement[bool]:
    # Not the bare column: without statistics, SQLite would walk the index of all members of the kind, not of the deal.
    is_kind = func.coalesce(members.c.kind, "") == kind
    return is_kind & (members.c.source == table.c.source) & (members.c.ref == table.c.ref)


def _decided_before_the_order() -> ColumnElement[bool]:
    """The deal has an opportunity, or an order with an employee that comes before this one."""
    other, earlier = MEMBERS.alias("other"), ORDERS.alias("earlier")
    is_of_deal = other.c.deal_id == MEMBERS.c.deal_id
    has_opportunity = exists().where(is_of_deal, func.coalesce(other.c.kind, "") == "opportunity")
    is_earlier = other.c.position < MEMBERS.c.position
    has_employee = earlier.c.employee_ref.is_not(None)
    return or_(
        has_opportunity, exists().where(is_of_deal, is_earlier, _is_member(other, "order", earlier), has_employee)
    )
