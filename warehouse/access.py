"""Who is who, and who stands below whom: selects for ``Reader.rows`` (or a connection), with their parameters.

A payee id is ``source:ref`` of the employee, a deal id ``source:ref`` of the deal.
"""

from sqlalchemy import CTE, ColumnElement, Date, bindparam, func, or_, select, union

from warehouse.canonical.deals import DEALS
from warehouse.canonical.participants import ASSIGNMENTS, EMPLOYEES, participants
from warehouse.canonical.tables import payee_id
from warehouse.landing import STREAMS
from warehouse.results import ESTIMATES, PLANS

EMPLOYEES_BY_EMAIL = (
    select(payee_id(EMPLOYEES).label("payee_id"), EMPLOYEES.c.name)
    .where(func.lower(EMPLOYEES.c.email) == func.lower(bindparam("email", type_=EMPLOYEES.c.email.type)))
    .where(EMPLOYEES.c.is_active)
    .order_by(EMPLOYEES.c.source, EMPLOYEES.c.ref)
)
"""payee_id, name of the active employees with the address ``email``, in whatever case (of ASCII letters)."""

EMPLOYEE_NAME = select(EMPLOYEES.c.name).where(payee_id(EMPLOYEES) == bindparam("payee_id"))
"""name of ``payee_id``."""


def _below(on: ColumnElement[bool]) -> CTE:
    manager = payee_id(ASSIGNMENTS, "manager_")
    report = payee_id(ASSIGNMENTS, "employee_").label("payee_id")
    below = select(report).where(manager == bindparam("payee_id"), on).cte("below", recursive=True)
    # UNION drops who was found before, and so ends in a tree that has become a circle.
    return below.union(select(report).where(manager == below.c.payee_id, on))


_DAY = bindparam("on", type_=Date)
_IN_FORCE = (ASSIGNMENTS.c.from_on <= _DAY) & or_(ASSIGNMENTS.c.to_on.is_(None), ASSIGNMENTS.c.to_on > _DAY)
_BELOW = _below(_IN_FORCE)

PEOPLE_BELOW = select(_BELOW.c.payee_id).where(_BELOW.c.payee_id != bindparam("payee_id")).order_by(_BELOW.c.payee_id)
"""payee_id of everybody who reports to ``payee_id``, directly or through others, on the day ``on``."""


_PARTICIPANTS = participants(bindparam("deal_id"))
_PEOPLE = union(
    select(_PARTICIPANTS.c.payee_id),
    select(ESTIMATES.c.payee_id).where(ESTIMATES.c.deal_id == bindparam("deal_id"), ESTIMATES.c.retired_at.is_(None)),
).cte("people")

PEOPLE_OF_DEAL = (
    select(_PEOPLE.c.payee_id, EMPLOYEES.c.name)
    .select_from(_PEOPLE.outerjoin(EMPLOYEES, payee_id(EMPLOYEES) == _PEOPLE.c.payee_id))
    .where(_PEOPLE.c.payee_id.is_not(None))
    .order_by(_PEOPLE.c.payee_id)
)
"""payee_id, name (None if the employee is not known) of all who take part in ``deal_id`` or have an estimate for it."""

DEAL_EXISTS = select(DEALS.c.deal_id).where(DEALS.c.deal_id == bindparam("deal_id"))
"""deal_id, if the deal is there."""

CURRENT_ESTIMATE = select(ESTIMATES.c.document, ESTIMATES.c.calculated_at, ESTIMATES.c.inputs_hash).where(
    ESTIMATES.c.deal_id == bindparam("deal_id"),
    ESTIMATES.c.payee_id == bindparam("payee_id"),
    ESTIMATES.c.retired_at.is_(None),
)
"""document, calculated_at, inputs_hash (the ETag) of ``payee_id``'s estimate for ``deal_id``."""

CURRENT_ESTIMATES_OF_DEAL = (
    select(ESTIMATES.c.payee_id, ESTIMATES.c.document, ESTIMATES.c.calculated_at, ESTIMATES.c.inputs_hash)
    .where(ESTIMATES.c.deal_id == bindparam("deal_id"), ESTIMATES.c.retired_at.is_(None))
    .order_by(ESTIMATES.c.payee_id)
)
"""payee_id, document, calculated_at, inputs_hash of everybody's estimates for ``deal_id``."""

FRESHNESS = (
    select(
        STREAMS.c.source,
        func.min(STREAMS.c.complete_through).label("complete_through"),
        func.min(STREAMS.c.read_at).label("read_at"),
        func.max(STREAMS.c.last_landed_at).label("last_landed_at"),
    )
    .where(STREAMS.c.complete_through.is_not(None))
    .group_by(STREAMS.c.source)
    .order_by(STREAMS.c.source)
)
"""source, complete_through and read_at of its stream that is furthest behind, last_landed_at of any."""

PLANS_IN_FORCE = select(PLANS.c.version, PLANS.c.name, PLANS.c.text).where(PLANS.c.is_current).order_by(PLANS.c.name)
"""version, name, text of the plans in force."""
