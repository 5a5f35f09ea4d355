"""What an object's description promises: types, scales, external ids, and fields that change without a stamp."""

import msgspec

from connectors.errors import Place
from connectors.protocol import DeleteSupport, Field, Stream
from connectors.salesforce.client import Call, Client
from connectors.salesforce.settings import StreamSettings

_NUMERIC = frozenset({"currency", "double", "percent", "int", "long"})


class _Field(msgspec.Struct):
    name: str
    type: str
    scale: int = 0
    externalId: bool = False  # noqa: N815 - Salesforce's name
    calculated: bool = False


class _Describe(msgspec.Struct):
    fields: list[_Field]
    replicateable: bool = True


def describe(client: Client, place: Place, stream: StreamSettings) -> Stream:
    """All fields of the object; ``sweep`` has those read that are formulas, roll-ups or fields of a parent."""
    described = client.rest(place, Call(f"sobjects/{place.stream}/describe"), _Describe)
    calculated = {field.name for field in described.fields if field.calculated}
    deletes = DeleteSupport.FEED if described.replicateable else DeleteSupport.UNSUPPORTED
    sweep = tuple(name for name in stream.fields if name in calculated or "." in name)
    return Stream(place.stream, tuple(map(_field, described.fields)), deletes, sweep)


def _field(field: _Field) -> Field:
    scale = field.scale if field.type in _NUMERIC else None
    return Field(field.name, field.type, scale, field.externalId, field.calculated)
