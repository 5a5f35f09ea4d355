"""Canonical records: put, taken away and read back as they were."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, Table, select, tuple_

from mappings.records import RECORD_KINDS, CanonicalRecord, Key
from warehouse.canonical.tables import KINDS, Child, Kind
from warehouse.database import bulk
from warehouse.landing import LANDING, LandedVersion

KEYS_A_QUERY = 1_000

_KIND_OF_MODEL = {model: name for name, model in RECORD_KINDS.items()}


def replace(
    connection: Connection,
    made: Sequence[tuple[LandedVersion, Sequence[CanonicalRecord]]],
    mapping_version: str,
    kinds: Collection[str] = tuple(RECORD_KINDS),
) -> None:
    """What each source record's latest version gives (nothing, if it is deleted or refused) replaces all that its
    earlier versions gave; ``kinds`` are those that the mapping can make, if that is known.
    """
    retract(connection, [landed for landed, _ in made], kinds)
    pairs = [(record, landed.landing_id) for landed, records in made for record in records]
    put(
        connection,
        [record for record, _ in pairs],
        landing_ids=[landing_id for _, landing_id in pairs],
        mapping_version=mapping_version,
    )


def put(
    connection: Connection, records: Sequence[CanonicalRecord], *, landing_ids: Sequence[int], mapping_version: str
) -> None:
    """Inserts or replaces records, each with the id of the landed version that it was made from.

    Of records with one key the last counts. Putting the same again changes nothing.
    """
    by_kind: defaultdict[str, dict[Key, tuple[CanonicalRecord, int]]] = defaultdict(dict)
    for record, landing_id in zip(records, landing_ids, strict=True):
        by_kind[_KIND_OF_MODEL[type(record)]][record.key] = (record, landing_id)
    for name, found in by_kind.items():
        _put_kind(connection, KINDS[name], list(found.values()), mapping_version)


def remove(connection: Connection, kind: str, keys: Iterable[Key]) -> int:
    """Removes the records with these keys; returns how many were there."""
    rows = ((key.source, key.ref) for key in keys)
    return bulk.delete(connection, KINDS[kind].table, ("source", "ref"), rows)


def retract(
    connection: Connection, versions: Iterable[LandedVersion], kinds: Collection[str] = tuple(RECORD_KINDS)
) -> int:
    """Removes all that was made from any version of these source records; returns how many records went.

    Before what the latest version gives is put: it may give less than an older one did, or nothing.
    """
    origins = sorted({(version.source, version.stream, version.ref) for version in versions})
    origin = tuple_(LANDING.c.source, LANDING.c.stream, LANDING.c.ref)
    count = 0
    while chunk := origins[:KEYS_A_QUERY]:
        del origins[:KEYS_A_QUERY]
        landed = select(LANDING.c.id).where(origin.in_(chunk))
        for kind in kinds:
            table = KINDS[kind].table
            count += connection.execute(table.delete().where(table.c.landing_id.in_(landed))).rowcount
    return count


def drop_other_versions(connection: Connection, source: str, mapping_version: str) -> int:
    """Removes what other versions of the mapping made of a source, once all of it was mapped again; returns the count.

    ``source`` is that of the records, which is that of the system they came from.
    """
    count = 0
    for kind in KINDS.values():
        columns = kind.table.c
        stale = kind.table.delete().where(columns.source == source, columns.mapping_version != mapping_version)
        count += connection.execute(stale).rowcount
    return count


def read(
    connection: Connection, kind: str, *, source: str | None = None, keys: Collection[Key] | None = None
) -> list[CanonicalRecord]:
    """The records of a kind ordered by key: all, those of one source, or those of the given keys that are there."""
    if keys is None:
        return _read_where(connection, KINDS[kind], source, None)
    remaining = iter(sorted({(key.source, key.ref) for key in keys if source in (None, key.source)}))
    records: list[CanonicalRecord] = []
    while chunk := list(islice(remaining, KEYS_A_QUERY)):
        records += _read_where(connection, KINDS[kind], source, chunk)
    return records


def read_all(connection: Connection, kinds: Iterable[str] = tuple(RECORD_KINDS)) -> Iterator[CanonicalRecord]:
    """All records of several kinds, kind by kind."""
    for kind in kinds:
        yield from read(connection, kind)


def _put_kind(
    connection: Connection, kind: Kind, found: Sequence[tuple[CanonicalRecord, int]], mapping_version: str
) -> None:
    names = (*kind.shape.names, "landing_id", "mapping_version")
    rows = ((*kind.shape.write(record), landing_id, mapping_version) for record, landing_id in found)
    bulk.upsert(connection, kind.table, names, rows)
    keys = [(record.source, record.ref) for record, _ in found]
    for child in kind.children:
        bulk.delete(connection, child.table, child.key_names, keys)
        child_rows = (row for record, _ in found for row in child.rows(record, (record.source, record.ref)))
        bulk.insert(connection, child.table, (*child.key_names, "position", *child.shape.names), child_rows)


def _read_where(
    connection: Connection, kind: Kind, source: str | None, keys: Sequence[tuple[str, str]] | None
) -> list[CanonicalRecord]:
    children = {child.field: _items(connection, child, source, keys) for child in kind.children}
    columns = [kind.table.c[name] for name in kind.shape.names]
    found = _narrow(select(*columns), kind.table, ("source", "ref"), source, keys)
    records = []
    for row in connection.execute(found):
        fields = kind.shape.read(tuple(row))
        key = (fields["source"], fields["ref"])
        fields |= {field: items.get(key, ()) for field, items in children.items()}
        records.append(kind.model.model_validate(fields))
    return sorted(records, key=lambda record: (record.source, record.ref))


def _items(
    connection: Connection, child: Child, source: str | None, keys: Sequence[tuple[str, str]] | None
) -> dict[tuple[str, str], list[Any]]:
    key = [child.table.c[name] for name in child.key_names]
    columns = [child.table.c[name] for name in child.shape.names]
    found = _narrow(
        select(*key, *columns).order_by(*key, child.table.c.position), child.table, child.key_names, source, keys
    )
    items: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for item_source, item_ref, *values in connection.execute(found):
        items[item_source, item_ref].append(child.item(tuple(values)))
    return items


def _narrow(
    statement: Select[Any],
    table: Table,
    key_names: tuple[str, str],
    source: str | None,
    keys: Sequence[tuple[str, str]] | None,
) -> Select[Any]:
    key_source, key_ref = (table.c[name] for name in key_names)
    if source is not None:
        statement = statement.where(key_source == source)
    if keys is not None:
        statement = statement.where(tuple_(key_source, key_ref).in_(keys))
    return statement
