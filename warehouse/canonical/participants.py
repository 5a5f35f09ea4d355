"""Who takes part in deals: those who share an opportunity, own it, or stand on an order."""

from sqlalchemy import CTE, ColumnElement, func, select, true, union

from warehouse.canonical.deals import MEMBERS
from warehouse.canonical.tables import KINDS, child, payee_id

EMPLOYEES = KINDS["employee"].table
ASSIGNMENTS = child("employee", "assignments")
OPPORTUNITIES = KINDS["opportunity"].table
SHARES = child("opportunity", "shares")
ORDERS = KINDS["order"].table


# Not the bare column: without statistics, SQLite would walk the index of all members of the kind instead of the deal's.
_MEMBER_KIND = func.coalesce(MEMBERS.c.kind, "")


def participants(deal_id: ColumnElement[str] | None = None) -> CTE:
    """deal_id, payee_id of all who take part in deals (or in the one named): see ``warehouse.facts`` for the rule."""
    opportunity = MEMBERS.join(
        OPPORTUNITIES,
        (_MEMBER_KIND == "opportunity")
        & (MEMBERS.c.source == OPPORTUNITIES.c.source)
        & (MEMBERS.c.ref == OPPORTUNITIES.c.ref),
    )
    shared = opportunity.join(
        SHARES,
        (SHARES.c.opportunity_source == OPPORTUNITIES.c.source) & (SHARES.c.opportunity_ref == OPPORTUNITIES.c.ref),
    )
    order = MEMBERS.join(
        ORDERS, (_MEMBER_KIND == "order") & (MEMBERS.c.source == ORDERS.c.source) & (MEMBERS.c.ref == ORDERS.c.ref)
    )
    parts = [
        select(MEMBERS.c.deal_id, payee_id(table, prefix).label("payee_id"))
        .select_from(source)
        # Said in each part: a database may not look into a union with a condition from outside it.
        .where(true() if deal_id is None else MEMBERS.c.deal_id == deal_id)
        for source, table, prefix in (
            (opportunity, OPPORTUNITIES, "owner_"),
            (shared, SHARES, "employee_"),
            (order, ORDERS, "employee_"),
        )
    ]
    return union(*parts).cte("participants")
