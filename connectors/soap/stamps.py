"""Instants and versions of records, from the wire's text."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.errors import Place, SchemaDriftError
from connectors.protocol import SourceRecord
from connectors.soap.description import StreamDescription
from connectors.soap.shapes import Json, text_at


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An ``xsd:dateTime`` in UTC; without an offset it is local time in ``zone``. ValueError if it is neither.

    An hour that daylight saving repeats counts as its first occurrence, so that no cursor gets ahead of the records.

    >>> instant("2026-10-25T02:30:00", ZoneInfo("Europe/Berlin"))
    datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.timezone.utc)
    >>> instant("2011-12-16T13:37:57.000-08:00", ZoneInfo("UTC"))
    datetime.datetime(2011, 12, 16, 21, 37, 57, tzinfo=datetime.timezone.utc)
    """
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def repeated_hour(zone: ZoneInfo) -> timedelta:
    """How far local time may fall back in ``zone``: a horizon has to be longer by that."""
    winter, summer = (datetime(2026, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7))
    return abs(winter - summer)


class Reader:
    """Turns the records of one stream into source records."""

    def __init__(self, place: Place, description: StreamDescription, zone: ZoneInfo) -> None:
        self._place = place
        self._description = description
        self._zone = zone

    def record(self, found: Json, payload: str) -> SourceRecord:
        """SchemaDriftError if the record lacks its id or stamp, or the stamp is no instant."""
        ref = text_at(found, self._description.ref)
        if not ref:
            raise SchemaDriftError(self._place, f"a record has no {self._description.ref}; mend the path of its id")
        modified_at = self._instant(ref, text_at(found, self._description.modified))
        version = text_at(found, self._description.version) if self._description.version else modified_at.isoformat()
        return SourceRecord(self._place.source, self._place.stream, ref, version, modified_at, payload)

    def tombstone(self, ref: str, deleted_at: str) -> SourceRecord:
        moment = self._instant(ref, deleted_at)
        place = self._place
        return SourceRecord(place.source, place.stream, ref, moment.isoformat(), moment, "{}", is_deleted=True)

    def _instant(self, ref: str, text: str) -> datetime:
        try:
            return instant(text, self._zone)
        except ValueError as error:
            place = Place(self._place.source, self._place.stream, ref)
            raise SchemaDriftError(place, "its stamp is missing or no instant; mend the path") from error
