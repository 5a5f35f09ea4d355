"""Normalise: landed versions become canonical records by the source's mapping, a page a transaction.

How far a mapping version has come is stored with what it made. A mended mapping is another version: it starts from the
beginning, and what an older one made or rejected goes when it has caught up.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from jobs.work import Source, Work
from mappings.language import Mapped, Unmappable
from mappings.records import CanonicalRecord
from warehouse import canonical, landing
from warehouse.canonical import rejects
from warehouse.database import writing
from warehouse.landing import LandedVersion

PAGE = 1000


class Normalised(NamedTuple):
    """What one page became. ``warnings`` counts records that were kept although something was missing."""

    read: int = 0
    mapped: int = 0
    rejected: int = 0
    warnings: dict[str, int] = {}  # noqa: RUF012 - never changed, and NamedTuple has no factories
    is_last: bool = False


def normalise_page(work: Work, source: Source) -> Normalised:
    """Maps the next page of landed versions of one source and remembers how far it came, in one transaction."""
    version = source.mapping_version
    with writing(work.engine) as connection:
        after = landing.read_progress(connection, source.name, version)
        versions = landing.read_since(connection, source.name, after, PAGE)
        if not versions:
            canonical.drop_other_versions(connection, source.name, version)
            rejects.drop_other_versions(connection, source.name, version)
            return Normalised(is_last=True)
        page = _map_page(connection, source, versions)
        landing.save_progress(connection, source.name, version, versions[-1].landing_id)
    work.progress("normalise", source.name, len(versions))
    return page


def _map_page(connection: Connection, source: Source, versions: list[LandedVersion]) -> Normalised:
    made: list[tuple[LandedVersion, Sequence[CanonicalRecord]]] = []
    refused: list[tuple[LandedVersion, Unmappable]] = []
    warnings: Counter[str] = Counter()
    for landed in versions:
        try:
            mapped = _map(source, landed)
        except Unmappable as error:
            mapped = Mapped(())
            refused.append((landed, error))
        made.append((landed, mapped.records))
        warnings.update(mapped.warnings)
    canonical.replace(connection, made, source.mapping_version)
    rejects.replace(connection, versions, refused, source.mapping_version)
    count = sum(len(records) for _, records in made)
    return Normalised(len(versions), count, len(refused), dict(warnings))


def _map(source: Source, landed: LandedVersion) -> Mapped:
    if landed.is_deleted:
        return Mapped(())
    return source.mapping.apply(
        landed.stream, landed.source, landed.ref, landed.modified_at, landed.payload, sources=source.refers_to
    )
