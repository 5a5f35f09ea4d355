"""A window's count, exact sums and id digest, asked of the org itself."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors.errors import Place, TransientError
from connectors.protocol import Reconciliation
from connectors.salesforce.client import LOSSES, Client, as_documented
from connectors.salesforce.refusals import LocatorLostError
from connectors.salesforce.soql import instant_literal, select


def reconcile(
    client: Client, place: Place, sobject: str, sums: tuple[str, ...], since: datetime, until: datetime
) -> Reconciliation:
    """Of the records whose SystemModstamp is in [since, until); ``sums`` names the amounts to add up."""
    window = f"SystemModstamp >= {instant_literal(since)} AND SystemModstamp < {instant_literal(until)}"
    soql = select(("Id", *sums), sobject, window)
    for _attempt in range(LOSSES):
        try:
            return _counted(client, place, soql, sums)
        except LocatorLostError:
            continue  # half a count is none
    raise TransientError(place, "the query's pages were lost again and again")


def _counted(client: Client, place: Place, soql: str, sums: tuple[str, ...]) -> Reconciliation:
    amounts = [(name, Decimal | None, None) for name in sums]
    row_type: type[Any] = msgspec.defstruct("Row", [("Id", str), *amounts])
    decoder = msgspec.json.Decoder(row_type)
    ids: list[str] = []
    totals = dict.fromkeys(sums, Decimal(0))
    for rows in client.query(place, soql):
        with as_documented(place):
            page = [decoder.decode(raw) for raw in rows]
        for row in page:
            ids.append(row.Id)
            for name in sums:
                totals[name] += getattr(row, name) or 0
    digest = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
    return Reconciliation(len(ids), totals, digest)
