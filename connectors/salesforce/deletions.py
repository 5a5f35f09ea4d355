"""The deleted feed: what left a stream in a window, for as long as the org remembers (15 days)."""

from datetime import datetime, timedelta

import msgspec

from connectors.errors import Place
from connectors.protocol import DeleteSupport, Deletions, SourceRecord
from connectors.salesforce.client import Call, Client
from connectors.salesforce.refusals import ForgottenError, NotReplicatedError
from connectors.salesforce.soql import instant_literal, parse_instant

_MOST_DAYS = timedelta(days=29)  # the feed takes 30 at most


class _Deleted(msgspec.Struct):
    id: str
    deletedDate: str  # noqa: N815 - Salesforce's name


class _Feed(msgspec.Struct):
    deletedRecords: list[_Deleted]  # noqa: N815 - Salesforce's name
    earliestDateAvailable: str  # noqa: N815


def read(client: Client, place: Place, since: datetime, until: datetime) -> Deletions:
    """Tombstones of deletions from ``since`` to ``until``, widened to whole minutes, which is what the feed knows.

    ``is_gap``: the org no longer remembers all of the window. Merged records are among the tombstones; an undeleted one
    comes back by its new SystemModstamp.
    """
    tombstones: dict[tuple[str, str], SourceRecord] = {}
    start, end = _whole_minute(since), _whole_minute(until) + timedelta(minutes=1)
    try:
        while start < end:
            stop = min(start + _MOST_DAYS, end)
            feed = client.rest(place, _call(place.stream, start, stop), _Feed)
            if parse_instant(feed.earliestDateAvailable) > since:
                return Deletions(_tombstones(place, feed), DeleteSupport.FEED, is_gap=True)
            tombstones |= {(one.ref, one.version): one for one in _tombstones(place, feed)}
            start = stop
    except ForgottenError:
        return Deletions((), DeleteSupport.FEED, is_gap=True)
    except NotReplicatedError:
        return Deletions((), DeleteSupport.UNSUPPORTED)
    return Deletions(tuple(tombstones.values()), DeleteSupport.FEED)


def _whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _call(sobject: str, start: datetime, end: datetime) -> Call:
    window = {"start": instant_literal(start), "end": instant_literal(end)}
    return Call(f"sobjects/{sobject}/deleted/", params=window)


def _tombstones(place: Place, feed: _Feed) -> tuple[SourceRecord, ...]:
    return tuple(_tombstone(place, one) for one in feed.deletedRecords)


def _tombstone(place: Place, deleted: _Deleted) -> SourceRecord:
    at = parse_instant(deleted.deletedDate)
    payload = msgspec.json.encode({"Id": deleted.id, "IsDeleted": True, "deletedDate": deleted.deletedDate}).decode()
    return SourceRecord(place.source, place.stream, deleted.id, instant_literal(at), at, payload, is_deleted=True)
