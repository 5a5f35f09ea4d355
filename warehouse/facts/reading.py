"""All frames of a calculation, read in one go."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection

from warehouse.facts.deals import read_deals, read_participants
from warehouse.facts.lines import Scope, read_members
from warehouse.facts.people import deals_touching, read_assignments, read_currencies, read_quotas, read_rates
from warehouse.facts.transactions import read_transactions


class FactsRead(NamedTuple):
    """``frames`` by name; ``left_out``: what could not be given to a deal and why, and how often."""

    frames: dict[str, pl.DataFrame]
    left_out: dict[str, int]


def read_facts(
    connection: Connection, *, as_of: date, payees: Collection[str] | None = None
) -> dict[str, pl.DataFrame]:
    """The frames transactions, participants, assignments, quotas, rates, currencies and deals.

    ``payees`` restricts deals to those in which these or anybody who ever stood below them take part. Money is Int64
    minor units, quantities and shares Int64 millionths, rates exact text, days Date. FactsError if an amount leaves
    64 bits.
    """
    return read_facts_and_gaps(connection, as_of=as_of, payees=payees).frames


def read_facts_and_gaps(connection: Connection, *, as_of: date, payees: Collection[str] | None = None) -> FactsRead:
    """The same, with what was left out: a kind and a reason as text (none if nothing was), and how many lines."""
    scope = Scope(None if payees is None else deals_touching(connection, payees))
    members = read_members(connection, scope)
    transactions, bases, left_out = read_transactions(connection, members, scope, as_of)
    frames = {
        "transactions": transactions,
        "participants": read_participants(connection, members, scope),
        "assignments": read_assignments(connection),
        "quotas": read_quotas(connection),
        "rates": read_rates(connection),
        "deals": read_deals(connection, members, scope, bases),
    }
    return FactsRead(frames | {"currencies": read_currencies(frames)}, _counted(left_out))


def _counted(left_out: pl.DataFrame) -> dict[str, int]:
    counts = left_out.group_by("kind", "reason").len().sort("kind", "reason")
    return {f"{kind} {reason}": count for kind, reason, count in counts.iter_rows()}
