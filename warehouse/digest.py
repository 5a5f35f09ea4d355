"""A digest of what the warehouse holds, to compare two warehouses row for row."""

from hashlib import sha256

from sqlalchemy import Connection, Table, select

from warehouse.canonical.deals import DEALS, MEMBERS
from warehouse.canonical.rejects import REJECTS
from warehouse.canonical.tables import KINDS
from warehouse.landing import LANDING
from warehouse.results import EARNINGS, ESTIMATES

# Ours and of the moment: two warehouses with one content may differ in them.
OF_THE_MOMENT = {
    "id",
    "calculation_id",
    "landing_id",
    "landed_at",
    "last_landed_at",
    "read_at",
    "calculated_at",
    "retired_at",
}


def digest(connection: Connection) -> dict[str, str]:
    """SHA-256 in hex of each table's rows, without surrogate ids and times at which something was done.

    Landing, canonical records, rejects, deals, and what was calculated from them. Cursors are left out: where the last
    page ended depends on where a run was interrupted, and says nothing of the content.
    """
    tables: list[Table] = [LANDING, REJECTS, DEALS, MEMBERS, EARNINGS, ESTIMATES]
    for kind in KINDS.values():
        tables += [kind.table, *(child.table for child in kind.children)]
    return {table.name: _digest(connection, table) for table in tables}


def _digest(connection: Connection, table: Table) -> str:
    columns = [column for column in table.columns if column.name not in OF_THE_MOMENT]
    rows = sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
    return sha256("\n".join(rows).encode()).hexdigest()
